"""Records jpegs.h5: JPEG files as cameras, editors and crawlers leave them, and the pixels that Pillow reads from them.

Groups: `plain`, in order; `warned`, whole, with something in them that should not be; `lost`, a part of the picture is
not there, without pixels."""

import io

import numpy as np
import PIL
from PIL import Image

import fixture
from jpeg_writer import segment, write

# Y, Cb, Cr: (across, down).
SAMPLINGS = {
    "1x1": [(1, 1)] * 3, "2x1": [(2, 1), (1, 1), (1, 1)], "2x2": [(2, 2), (1, 1), (1, 1)],
    "1x2": [(1, 2), (1, 1), (1, 1)], "4x1": [(4, 1), (1, 1), (1, 1)], "4x2": [(4, 2), (1, 1), (1, 1)],
    "3x1": [(3, 1), (1, 1), (1, 1)], "1x3": [(1, 3), (1, 1), (1, 1)], "1x4": [(1, 4), (1, 1), (1, 1)],
    "2x4": [(2, 4), (1, 1), (1, 1)], "3x2": [(3, 2), (1, 1), (1, 1)],
    "2x2 2x1 1x2": [(2, 2), (2, 1), (1, 2)], "1x1 2x2 1x1": [(1, 1), (2, 2), (1, 1)],
}


def picture(height=37, width=53):
    """Slopes and edges in all channels."""
    y, x = np.mgrid[:height, :width]
    channels = [4 * x + y, 255 - 5 * y, 3 * np.abs(x - y) + 40 * ((x // 7 + y // 5) % 2)]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def marker(file, code, number=0):
    """Where a marker stands, the `number`-th of its kind; entropy-coded data has none but restarts."""
    places = [i for i in range(len(file) - 1) if file[i] == 0xFF and file[i + 1] == code]
    return places[number]


def put(file, place, more):
    return file[:place] + more + file[place:]


def changed(file, place, values):
    return file[:place] + bytes(values) + file[place + len(values):]


def files():
    """(group, name) to bytes."""
    base = write(picture(), SAMPLINGS["2x2"], restart=3)
    apart = write(picture(), SAMPLINGS["2x2"], scans=[[0], [1], [2]])
    # The start and end of the entropy-coded data, and the second of three restarts in it.
    scan, end, restart = marker(base, 0xDA) + 14, len(base) - 2, marker(base, 0xD1)
    found = {("plain", name): write(picture(), factors) for name, factors in SAMPLINGS.items()}
    found["plain", "restarts"] = base
    found["plain", "scan each"] = apart
    found["plain", "4x4 scan each"] = write(picture(), [(4, 4), (1, 1), (1, 1)], scans=[[0], [1], [2]])
    found["plain", "one pixel 4x2"] = write(picture(1, 1), SAMPLINGS["4x2"])
    found["plain", "fill before a marker"] = put(base, marker(base, 0xDA), b"\xFF\xFF")
    found["plain", "behind the end"] = base + b"\0\1\2\xFF\xD8\xFF"
    file = io.BytesIO()
    Image.fromarray(picture()).save(file, "JPEG", quality=80, progressive=True)
    progressive = file.getvalue()
    found["plain", "progressive"] = progressive

    for name, place in [("start", 2), ("DQT", marker(base, 0xDB)), ("SOS", marker(base, 0xDA)), ("RST1", restart),
                        ("EOI", end)]:
        found["warned", f"two bytes before {name}"] = put(base, place, b"\x12\x34")
    found["warned", "forty bytes before EOI"] = put(base, end, b"\x12\x34" * 20)
    found["warned", "stuffed zeros before EOI"] = put(base, end, b"\xFF\0" * 20)
    found["warned", "zeros for the spectrum"] = write(picture(), SAMPLINGS["2x2"], spectral=(0, 0, 0))
    found["warned", "JFIF 2.1"] = changed(base, 11, [2])
    found["warned", "Adobe transformation 7"] = put(base[:2] + base[20:], 2, segment(0xEE, b"Adobe\0\x64\0\0\0\0\x07"))
    found["warned", "progressive without last scans"] = progressive[:marker(progressive, 0xDA, 3)] + b"\xFF\xD9"

    found["lost", "cut"] = base[:scan + (end - scan) // 2]
    found["lost", "cut and ended"] = base[:scan + (end - scan) // 2] + b"\xFF\xD9"
    found["lost", "without EOI"] = base[:end]
    found["lost", "restart missing"] = base[:restart] + base[restart + 2:]
    found["lost", "interval missing"] = base[:restart] + base[marker(base, 0xD2):]
    found["lost", "restarts exchanged"] = changed(base, restart + 1, [0xD5])
    found["lost", "all ones"] = changed(base, scan + 8, b"\xFF\0" * 16)
    found["lost", "no scan of Cr"] = apart[:marker(apart, 0xDA, 2)] + b"\xFF\xD9"
    found["lost", "progressive cut"] = progressive[:-20] + b"\xFF\xD9"
    # Pillow and libjpeg do not divide them.
    found["lost", "3x1 2x1"] = write(picture(), [(3, 1), (2, 1), (1, 1)])
    found["lost", "more pixels than bytes"] = changed(base, marker(base, 0xC0) + 5, [0x7F, 0xFF, 0x0F, 0xFF])
    return found


def record(file):
    file.attrs["pillow"] = PIL.__version__
    found = files()
    for (group, name), data in found.items():
        file[f"{group}/files/{name}"] = np.frombuffer(data, np.uint8)
        if group != "lost":
            # Bytes to skip are just that, also behind the first marker, where Pillow does not look for a second.
            readable = found["plain", "restarts"] if name.startswith("two bytes") else data
            file[f"{group}/pixels/{name}"] = np.asarray(Image.open(io.BytesIO(readable)).convert("RGB"))


RULES = [fixture.Rule(".*", fixture.exact)]

if __name__ == "__main__":
    fixture.run(__doc__, record, RULES)
