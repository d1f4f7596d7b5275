"""Records formats-*.h5, small files with everything that HDF5File reads and some of what it refuses, as each version of the format
writes it. Whatever lies in a group `rule` has values that a test computes again: the value at i is (37 i + 11) mod 101, less 50
where there is a sign, a quarter of that in floats."""

from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5f, h5p, h5s, h5t

FIXTURES = Path(__file__).resolve().parent.parent / "HDF5Tests" / "Fixtures"
VERSIONS = {"earliest": "earliest", "v108": "v108", "v110": "v110", "latest": "v200"}


def values(shape: tuple[int, ...], kind: str) -> np.ndarray:
    numbers = (np.arange(int(np.prod(shape))) * 37 + 11) % 101
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        numbers = (numbers - 50) / 4
    elif dtype.kind == "i":
        numbers = numbers - 50
    return numbers.reshape(shape).astype(dtype)


def main() -> None:
    FIXTURES.mkdir(exist_ok=True)
    for name, version in VERSIONS.items():
        bounds = version if version == "earliest" else (version, version)
        with h5py.File(FIXTURES / f"formats-{name}.h5", "w", libver=bounds, meta_block_size=512) as file:
            record_types(file.create_group("rule/types"))
            # Those of 1.8 are the earliest ones.
            if name != "v108":
                record_layouts(file.create_group("rule/layouts"), has_arrays=name == "latest")
            record_fills(file.create_group("fill"))
            record_texts(file.create_group("texts"))
            record_groups(file)
            record_attributes(file)
            if name in ("earliest", "latest"):
                record_refused(file.create_group("refused"))
    record_sizes()


def record_types(group: h5py.Group) -> None:
    for order in "<>":
        for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
            if order == "<" or kind[1] != "1":
                group[kind + ("le" if order == "<" else "be")] = values((2, 3), order + kind)
    group["f4scalar"] = values((), "f4")
    group["f4empty"] = values((0, 3), "f4")
    group.create_dataset("f8null", data=h5py.Empty("f8"))
    group["named"] = np.dtype("<i4")
    group.create_dataset("i4named", data=values((4,), "i4"), dtype=group["named"])


def record_layouts(group: h5py.Group, has_arrays: bool) -> None:
    def add(name: str, shape: tuple[int, ...], kind: str = "f4", **keys) -> h5py.Dataset:
        return group.create_dataset(name, data=values(shape, kind), **keys)

    compact = h5p.create(h5p.DATASET_CREATE)
    compact.set_layout(h5d.COMPACT)
    made = h5d.create(group.id, b"i2compact", h5t.STD_I16LE, h5s.create_simple((3, 5)), compact)
    made.write(h5s.ALL, h5s.ALL, values((3, 5), "i2"))

    all_filters = {"compression": 4, "shuffle": True, "fletcher32": True}
    add("f4ragged", (5, 7), chunks=(2, 3))
    add("f8ragged_filtered", (5, 7), "f8", chunks=(2, 3), **all_filters)
    add("f4four_axes", (3, 2, 5, 4), chunks=(2, 2, 2, 3), compression=1)
    add("f4one_chunk", (5, 7), chunks=(5, 7))
    add("f4one_chunk_filtered", (5, 7), chunks=(5, 7), compression=9)
    add("u1larger_chunk", (5,), "u1", chunks=(64,), maxshape=(None,))
    add("i2sum", (9, 3), "i2", chunks=(4, 3), fletcher32=True)
    add("u1odd_sum", (3, 3), "u1", chunks=(3, 3), fletcher32=True)
    add("i8shuffled", (31,), "i8", chunks=(7,), shuffle=True)
    add("f4grows", (40, 3), chunks=(3, 2), maxshape=(None, 3))
    add("f4grows_filtered", (3, 40), chunks=(2, 3), maxshape=(3, None), compression=1)
    add("u2grows_twice", (6, 7), "u2", chunks=(1, 2), maxshape=(None, None))
    add("u2grows_twice_filtered", (6, 7), "u2", chunks=(2, 2), maxshape=(None, None), compression=1)
    # Of a shape that may become larger, or has been.
    add("f4may_grow", (4, 5), chunks=(2, 2), maxshape=(9, 11))
    add("f4has_shrunk", (9, 4), chunks=(2, 4), maxshape=(None, 4)).resize((5, 4))
    made = add("i4masked", (12,), "i4", chunks=(4,), compression=4, shuffle=True)
    made.id.write_direct_chunk((4,), values((12,), "i4")[4:8].tobytes(), filter_mask=3)
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_chunk((2, 3))
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    made = h5d.create(group.id, b"f4early", h5t.IEEE_F32LE, h5s.create_simple((5, 7)), early)
    made.write(h5s.ALL, h5s.ALL, values((5, 7), "f4"))
    if has_arrays:
        # Arrays of so many chunks that they have pages; of an array that may be large, most pages are not there.
        add("u1pages", (1100,), "u1", chunks=(1,))
        add("u1extensible_blocks", (300, 2), "u1", chunks=(1, 2), maxshape=(None, 2))


def record_fills(group: h5py.Group) -> None:
    """Names end with what stands where nobody has written."""

    def add(name: str, written: bool = False, **keys) -> None:
        made = group.create_dataset(name, (5, 4), "<i2", **keys)
        if written:
            made[1, 2] = 5

    for kind, keys in (("contiguous", {}), ("chunked", {"chunks": (2, 3)})):
        for fill in (None, 7):
            end = fill or 0
            add(f"{kind}_{end}", fillvalue=fill, **keys)
            add(f"{kind}_written_{end}", written=True, fillvalue=fill, **keys)
    add("chunked_never_0", fillvalue=7, fill_time="never", chunks=(2, 3))
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    early.set_fill_value(np.array(9, "<i2"))
    h5d.create(group.id, b"early_9", h5t.STD_I16LE, h5s.create_simple((5, 4)), early)


def record_texts(group: h5py.Group) -> None:
    texts = ["a", "", "text \u00e9 \u2602", "x" * 300]
    group.create_dataset("variable", data=texts, dtype=h5py.string_dtype())
    group.create_dataset("ascii", data=["a", "bc"], dtype=h5py.string_dtype("ascii"))
    group.create_dataset("deflated", data=texts, dtype=h5py.string_dtype(), chunks=(3,), compression=1)
    group.create_dataset("square", data=[["a", "b"], ["c", "d"]], dtype=h5py.string_dtype())
    group.create_dataset("unwritten", (3,), dtype=h5py.string_dtype())
    group.create_dataset("zeros", data=np.array([b"ab", b"", b"abcd"]))
    for name, padding in ((b"terminated", h5t.STR_NULLTERM), (b"spaces", h5t.STR_SPACEPAD)):
        kind = h5t.C_S1.copy()
        kind.set_size(5)
        kind.set_strpad(padding)
        made = h5d.create(group.id, name, kind, h5s.create_simple((2,)))
        filler = b" " if padding == h5t.STR_SPACEPAD else b"\0"
        stored = np.array([text.ljust(5, filler) for text in (b"ab", b"abcd")], "V5")
        made.write(h5s.ALL, h5s.ALL, stored, kind)
    group.create_dataset("flags", data=np.array([[True, False], [False, True]]))


def record_groups(file: h5py.File) -> None:
    for name, tracks in (("few", False), ("many", False), ("ordered", True)):
        group = file.create_group(f"groups/{name}", track_order=tracks)
        for index in range(3 if name == "few" else 20):
            group[f"link {index}"] = h5py.SoftLink("/rule/types/i4le") if index % 2 else file["rule/types/f4le"]
    nested = file.create_group("groups/deep/deeper/deepest")
    nested["up"] = h5py.SoftLink("../few")
    nested["near"] = h5py.SoftLink("./back")
    nested["back"] = h5py.SoftLink("/groups/few/link 0")


def record_attributes(file: h5py.File) -> None:
    for name, count in (("few", 3), ("many", 20)):
        group = file.create_group(f"attributes/{name}")
        for index in range(count):
            group.attrs[f"number {index}"] = index
        group.attrs["floats"] = values((2, 3), "f4")
        group.attrs["one"] = np.float32(0.5)
        group.attrs["big"] = np.array([-2, 3], ">i8")
        group.attrs["text"] = "text \u00e9"
        group.attrs["fixed"] = np.bytes_("fixed")
        group.attrs["texts"] = ["a", "", "bc"]
        group.attrs["empty"] = h5py.Empty("f4")
        group.attrs.create("named", [1, 2], dtype=file["rule/types/named"])
    file["rule/types/f4le"].attrs["unit"] = "m"


def record_refused(group: h5py.Group) -> None:
    group.create_dataset("lzf", data=np.zeros(64), chunks=(64,), compression="lzf")
    group.create_dataset("scaleoffset", data=np.zeros(64, "i4"), chunks=(64,), scaleoffset=3)
    group.create_dataset("compound", data=np.zeros(2, [("a", "f4"), ("b", "i8")]))
    group.create_dataset("longdouble", data=np.zeros(2, np.longdouble))
    few = h5t.STD_I32LE.copy()
    few.set_precision(20)
    h5d.create(group.id, b"bits", few, h5s.create_simple((2,)))
    bias = h5t.IEEE_F32LE.copy()
    bias.set_ebias(100)
    h5d.create(group.id, b"bias", bias, h5s.create_simple((2,)))


def record_sizes() -> None:
    """Addresses and lengths of 4 and 2 bytes; a file behind bytes of somebody else."""
    for size in (4, 2):
        creation = h5p.create(h5p.FILE_CREATE)
        creation.set_sizes(size, size)
        made = h5f.create(str(FIXTURES / f"formats-sizes{size}.h5").encode(), h5f.ACC_TRUNC, creation)
        file = h5py.File(made)
        file["rule/f4"] = values((2, 3), "f4")
        file.create_dataset("rule/i4", data=values((5, 5), "i4"), chunks=(2, 2), compression=1)
        file["texts"] = ["a", "bc"]
        file.attrs["unit"] = "m"
        file.close()
    with h5py.File(FIXTURES / "formats-userblock.h5", "w", userblock_size=1024) as file:
        file["rule/f4"] = values((2, 3), "f4")
        file.create_dataset("rule/i4", data=values((5, 5), "i4"), chunks=(2, 2))
        file["texts"] = ["a", "bc"]
        file.attrs["unit"] = "m"


if __name__ == "__main__":
    main()
