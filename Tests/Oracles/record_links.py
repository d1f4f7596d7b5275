"""Records links.h5, what an HDF5 file can say of data that lies elsewhere, in circles, or nowhere; and texts.h5, texts of no
axes."""

import zlib
from pathlib import Path

import h5py
import numpy as np

FIXTURES = Path(__file__).resolve().parent.parent / "HDF5Tests" / "Fixtures"
OUT = FIXTURES / "links.h5"


def main() -> None:
    FIXTURES.mkdir(exist_ok=True)
    record_texts()
    with h5py.File(OUT, "w", libver=("earliest", "v110")) as file:
        file["group/values"] = np.arange(6, dtype=np.float32).reshape(2, 3)
        file["near"] = h5py.SoftLink("/group/values")
        file["group/beside"] = h5py.SoftLink("values")
        file["far"] = h5py.ExternalLink("other.h5", "/values")
        file["far_behind_near"] = h5py.SoftLink("/far")
        file["circle"] = h5py.SoftLink("/circle_back")
        file["circle_back"] = h5py.SoftLink("/circle")
        file["itself"] = h5py.SoftLink("/itself/below")
        file["dangling"] = h5py.SoftLink("/nothing")
        file.create_dataset("outside", (4,), np.uint8, external=[("/etc/passwd", 0, 4)])
        layout = h5py.VirtualLayout(shape=(4,), dtype=np.uint8)
        layout[:] = h5py.VirtualSource("other.h5", "values", shape=(4,))
        file.create_virtual_dataset("view", layout)
        file.create_dataset("promised", (1, 3, 32768, 16384), np.float32, chunks=(1, 1, 256, 256))
        # Four values, and a chunk of 4 GB to hold them.
        file.create_dataset("vast", (2, 2), np.float32, chunks=(32767, 32768), maxshape=(None, None))
        # 262144 places of one text of 4 KB: a reader would make 1 GB of it.
        texts = file.create_dataset("texts", (1 << 18,), h5py.string_dtype(), chunks=(1 << 14,), compression=9)
        texts[0:1] = ["x" * 4096]
        file.flush()
        place = zlib.decompress(texts.id.read_direct_chunk((0,))[1])[:16]
        for start in range(0, 1 << 18, 1 << 14):
            texts.id.write_direct_chunk((start,), zlib.compress(place * (1 << 14), 9))
        file.create_dataset("zeros", (4096, 2048), np.float32, chunks=(512, 512), compression=4)[:] = 0


def record_texts() -> None:
    """Scalars: of variable length, one that was never written, and of fixed length."""
    with h5py.File(FIXTURES / "texts.h5", "w", libver="earliest") as file:
        file["written"] = "text \u00e9"
        file.create_dataset("unwritten", (), h5py.string_dtype())
        file["fixed"] = np.bytes_("four")


if __name__ == "__main__":
    main()
