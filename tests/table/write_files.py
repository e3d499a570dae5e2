"""Writes one good table and many bad ones with h5py; usage: write_files.py DIRECTORY.

DIRECTORY/list has a line "FILE<tab>PART" for each: PART is in the sentence that refuses the file, "" if it is good."""
import os
import sys

import h5py
import numpy as np

os.chdir(sys.argv[1])
listed = []


def describe(data, unit="1", text="what it is"):
    data.attrs["unit"] = np.bytes_(unit.encode())
    data.attrs["description"] = np.bytes_(text.encode())
    return data


def write(name, part, fill, libver=("v108", "v108")):
    with h5py.File(name, "w", libver=libver) as file:
        fill(file)
    listed.append((name, part))


def good(file):
    file.attrs["format"] = np.bytes_(b"assay table 1")
    describe(file.create_dataset("a/score", data=np.arange(12, dtype="<f8").reshape(3, 4)))
    describe(file.create_dataset("a/index", data=np.arange(5, dtype="<i8")))
    describe(file.create_dataset("b/name", data=np.array([b"one", b"three"])))
    describe(file.create_dataset("b/code", data=np.arange(24, dtype="<i4").reshape(2, 3, 4)))
    describe(file.create_dataset("sign", data=np.arange(-3, 3, dtype="i1")))
    describe(file.create_dataset("none", shape=(0, 3), dtype="u1"))


def one(**arguments):
    return lambda file: describe(file.create_dataset("x", **arguments))


def attributes(**pairs):
    def fill(file):
        data = file.create_dataset("x", data=np.zeros(3))
        for name, value in pairs.items():
            data.attrs[name] = value

    return fill


def low_level(make_type):
    def fill(file):
        h5py.h5d.create(file.id, b"x", make_type(), h5py.h5s.create_simple((3,)))
        describe(file["x"])

    return fill


def padded_with_spaces():
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(4)
    kind.set_strpad(h5py.h5t.STR_SPACEPAD)
    return kind


def compact(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((3,)), properties)
    describe(file["x"])


def external(file):
    describe(file.create_dataset("x", shape=(3,), dtype="<f8", external=[("elsewhere.bin", 0, 24)]))


def virtual(file):
    layout = h5py.VirtualLayout(shape=(3,), dtype="<f8")
    layout[:] = h5py.VirtualSource("good", "a/score", shape=(3, 4))[:, 0]
    describe(file.create_virtual_dataset("x", layout))


def never_allocated(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((3,)), properties)
    describe(file["x"])


def two_names(file):
    describe(file.create_dataset("x", data=np.zeros(3)))
    file["y"] = file["x"]


def linked(link):
    def fill(file):
        good(file)
        file["z"] = link

    return fill


write("good", "", good)
write("good-old", "", good, ("earliest", "v108"))
write("good-latest", "", good, ("latest", "latest"))
write("good-scalar", "", one(data=np.float64(1.5)))
write("good-empty", "", lambda file: None)
write("texts", "", one(data=np.array([[b"one", b"two"], [b"three", b"four"]])))
write("chunked", "another layout", one(data=np.zeros(3), chunks=(2,)))
write("compressed", "another layout", one(data=np.zeros(3), compression="gzip"))
write("compact", "another layout", compact)
write("external", "another layout", external)
write("virtual", "another layout", virtual, ("latest", "latest"))
write("late", "inside the file", never_allocated)
for kind in (">f8", ">i4", ">i8", "<f4", "<f2", "<i2", "<u4", "<u8", "?", "<c16"):
    name = "type" + kind.replace("<", "l").replace(">", "b").replace("?", "o")
    write(name, "found another type", one(data=np.zeros(3, kind)))
write("compound", "found another type", one(data=np.zeros(3, [("a", "<f8"), ("b", "<i4")])))
write("variable", "found another type", one(data=["a", "b"], dtype=h5py.string_dtype()))
write("spaces", "found another type", low_level(padded_with_spaces))
write("opaque", "found another type", one(data=np.zeros(3, "V4")))
write("four", "expected 0 to 3 dimensions, found 4", one(data=np.zeros((1, 2, 3, 4))))
write("null", "found none", one(data=h5py.Empty("<f8")))
write("twice", "overlapping", two_names)
write("soft", "found a link", linked(h5py.SoftLink("/a/score")))
write("dangling", "found a link", linked(h5py.SoftLink("/nowhere")))
write("outward", "found a link", linked(h5py.ExternalLink("good", "/a/score")))
write("datatype", "found a link or something else", linked(np.dtype("<f8")))
write("no-unit", "expected an attribute unit", attributes(description=np.bytes_(b"x")))
write("no-text", "expected an attribute description", attributes(unit=np.bytes_(b"x")))
write("number", "attribute unit: expected one zero-padded string", attributes(unit=1.5, description=np.bytes_(b"x")))
write("array", "attribute unit: expected one", attributes(unit=np.array([b"a", b"b"]), description=np.bytes_(b"x")))
write("free-length", "attribute unit: expected one", attributes(unit="1", description=np.bytes_(b"x")))
for name, unit in (("latin", b"\xb5s"), ("inner-zero", b"a\0b")):
    write(name, "attribute unit: expected valid UTF-8", attributes(unit=np.bytes_(unit), description=np.bytes_(b"x")))
write("file-number", "the file: attribute n: expected one", lambda file: file.attrs.__setitem__("n", 3))

with open("good", "rb") as file:
    content = file.read()
for name, bytes_, part in (
    ("shortened", content[:-1], "expected an HDF5 file"),
    ("halved", content[: len(content) // 2], "expected an HDF5 file"),
    ("nothing", b"", "expected an HDF5 file"),
    ("text", b"id,score\n1,2\n" * 99, "expected an HDF5 file"),
):
    with open(name, "wb") as file:
        file.write(bytes_)
    listed.append((name, part))
os.mkdir("folder")
listed += [("folder", "found a directory"), ("absent", "cannot be read")]
with open("list", "w") as file:
    file.writelines(f"{name}\t{part}\n" for name, part in listed)
