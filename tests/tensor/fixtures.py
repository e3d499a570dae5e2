"""Files as users bring them, written by numpy, h5py and a few lines of plain Python; and the check of what was read.

fixtures.py write DIR        good files, refused ones, and what is expected of them
fixtures.py check DIR LIST   segments in LIST hash to what hashlib says and cover every byte once
fixtures.py dump FILE OUT    a safetensors file by the layout rules: header, then each tensor's bytes in hex
"""
import hashlib
import json
import os
import struct
import sys

import h5py
import numpy as np

import stores

TYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8", "i8": "i1", "u8": "u1", "i16": "<i2", "i32": "<i4", "i64": "<i8"}
random = np.random.default_rng(7)


def numbers(kind, shape):
    """An array of a type, and the same as float64; bf16 is held as uint16."""
    if kind == "bf16":
        wide = random.normal(size=shape).astype("<f4")
        bits = (wide.view("<u4") >> 16).astype("<u2")
        return bits, (bits.astype("<u4") << 16).view("<f4").astype("<f8")
    dtype = np.dtype(TYPES[kind])
    if dtype.kind == "f":
        values = (random.normal(size=shape) * 10.0 ** random.integers(-4, 4, size=shape)).astype(dtype)
    else:
        limit = np.iinfo(dtype)
        low, high = max(limit.min, -(2**53)), min(limit.max, 2**53)
        values = random.integers(low, high, size=shape, dtype=dtype, endpoint=True)
    return values, values.astype("<f8")


def save_safetensors(path, tensors, metadata=None, pad=0):
    """tensors: name -> (dtype, shape, bytes)"""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    save_raw_safetensors(path, json.dumps(header) + " " * pad, data)


def save_raw_safetensors(path, header, data=b"", length=None):
    header = header.encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header) if length is None else length) + header + data)


def save_npy(path, header, data, version=(1, 0)):
    with open(path, "wb") as file:
        header = header.encode()
        size = struct.pack("<H" if version[0] == 1 else "<I", len(header))
        file.write(b"\x93NUMPY" + bytes(version) + size + header + data)


class Writer:
    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        os.chdir(directory)
        for folder in ("good", "bad", "expect"):
            os.makedirs(folder, exist_ok=True)
        self.good, self.bad = [], []

    def expect(self, name, kind, values, doubles):
        """tensor_open(name) must give these values."""
        stem = f"expect/{len(self.good):03d}"
        with open(stem + ".raw", "wb") as file:
            file.write(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
        with open(stem + ".f64", "wb") as file:
            file.write(np.ascontiguousarray(doubles).astype("<f8").tobytes())
        self.good.append("\t".join([name, kind, ",".join(map(str, values.shape)), stem]))

    def refuse(self, name, part):
        """tensor_open(name) must fail, and `part` must be in the sentence."""
        self.bad.append(f"{name}\t{part}")

    def close(self):
        for name, lines in (("good.tsv", self.good), ("bad.tsv", self.bad)):
            with open(name, "w") as file:
                file.write("".join(line + "\n" for line in lines))


def good_safetensors(out):
    tensors, held = {}, {}
    for kind in [*TYPES, "bf16"]:
        values, doubles = numbers(kind, (5, 3))
        tensors["of " + kind] = (kind.upper(), (5, 3), values.tobytes())
        held["of " + kind] = (kind, values, doubles)
        tensors["unread " + kind] = ("F8_E4M3", (7,), b"1234567")
    shapes = {"vector": (7,), "cube": (4, 2, 3), "four": (3, 2, 2, 2), "empty": (0, 3), "größe": (2, 2)}
    for name, shape in shapes.items():
        values, doubles = numbers("f32", shape)
        tensors[name] = ("F32", shape, values.tobytes())
        held[name] = ("f32", values, doubles)
    extras = {"good/plain.safetensors": {}, "good/padded.safetensors": {"pad": 11, "metadata": {"a": "b"}}}
    for path, extra in extras.items():
        save_safetensors(path, tensors, **extra)
        for name, (kind, values, doubles) in held.items():
            out.expect(f"{path}#{name}", kind, values, doubles)
    values, doubles = numbers("f32", (4, 2))
    # A hole before and after the data, and keys in another order: allowed.
    header = json.dumps({"x": {"shape": [4, 2], "data_offsets": [5, 37], "dtype": "F32"}})
    save_raw_safetensors("good/holes.safetensors", header, b"12345" + values.tobytes() + b"tail")
    out.expect("good/holes.safetensors#x", "f32", values, doubles)
    # More than one piece of reading, and a row that is more than one.
    for name, shape in (("tall", (2001, 301)), ("wide", (2, 200003))):
        values, doubles = numbers("f64" if name == "wide" else "f32", shape)
        kind = "F64" if name == "wide" else "F32"
        save_safetensors(f"good/{name}.safetensors", {"x": (kind, shape, values.tobytes())})
        out.expect(f"good/{name}.safetensors#x", kind.lower(), values, doubles)


def good_npy(out):
    for kind, dtype in TYPES.items():
        for version in ((1, 0), (2, 0), (3, 0)):
            values, doubles = numbers(kind, (6, 4))
            path = f"good/{kind}-{version[0]}.npy"
            with open(path, "wb") as file:
                np.lib.format.write_array(file, values, version=version)
            out.expect(path, kind, values, doubles)
    for shape in ((9,), (3, 2, 4), (2, 3, 1, 2), (0, 5), (1, 1)):
        values, doubles = numbers("f32", shape)
        path = "good/shape-" + "x".join(map(str, shape)) + ".npy"
        np.save(path, values)
        out.expect(path, "f32", values, doubles)
    values, doubles = numbers("i16", (2, 2))
    save_npy("good/dense.npy", '{"shape":(2,2,),"fortran_order":False,"descr":"<i2"}', values.tobytes())
    out.expect("good/dense.npy", "i16", values, doubles)


def good_hdf5(out):
    options = {
        "contiguous": {},
        "chunked": {"chunks": True},
        "gzip": {"compression": "gzip", "shuffle": True, "chunks": (4, 3)},
        "checked": {"fletcher32": True, "chunks": (3, 2)},
        "growing": {"maxshape": (None, 7), "chunks": (5, 7)},
    }
    with h5py.File("good/all.h5", "w") as file, h5py.File("good/block.h5", "w", userblock_size=512) as block:
        for name, option in options.items():
            for kind, dtype in TYPES.items():
                for order in "<>":
                    values, doubles = numbers(kind, (13, 7))
                    path = f"/{name}/{kind}{'be' if order == '>' else 'le'}"
                    for target in (file, block):
                        target.create_dataset(path, data=values.astype(np.dtype(dtype).newbyteorder(order)), **option)
                    out.expect(f"good/all.h5:{path}", kind, values, doubles)
                    if kind == "f32":
                        out.expect(f"good/block.h5:{path}", kind, values, doubles)
        for shape in ((9,), (3, 2, 4), (2, 3, 1, 2), (0, 5)):
            values, doubles = numbers("f64", shape)
            path = "/shape/" + "x".join(map(str, shape))
            file.create_dataset(path, data=values)
            out.expect(f"good/all.h5:{path}", "f64", values, doubles)
        values, doubles = numbers("f32", (3, 2))
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3, 2))
        compact = h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, creation)
        compact.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
        out.expect("good/all.h5:/compact", "f32", values, doubles)
        file["soft"] = h5py.SoftLink("/compact")
        out.expect("good/all.h5:/soft", "f32", values, doubles)
        # A band of chunks larger than HDF5's own cache, read in blocks that end inside it.
        values, doubles = numbers("f32", (70, 9000))
        file.create_dataset("/band", data=values, chunks=(50, 1000), compression="gzip", compression_opts=1)
        out.expect("good/all.h5:/band", "f32", values, doubles)


def good_shards(out):
    """Names in bytewise order: part-10 before part-9, Z before a; an empty shard among them."""
    odd = "good/odd[1]*? \\{x}"
    os.makedirs(odd)
    parts = {"part-10": 4, "part-11": 0, "part-9": 3, "part-Z": 1, "part-a": 6, "part-b": 0}
    for kind in ("f32", "bf16", "i64"):
        arrays = {name: numbers(kind, (n, 3)) for name, n in parts.items()}
        values = np.concatenate([arrays[name][0] for name in sorted(parts)])
        doubles = np.concatenate([arrays[name][1] for name in sorted(parts)])
        for name, (array, _) in arrays.items():
            for folder in ("good", odd):
                tensor = (kind.upper(), array.shape, array.tobytes())
                save_safetensors(f"{folder}/{name}-{kind}.safetensors", {"x": tensor})
                if kind != "bf16":
                    np.save(f"{folder}/{name}-{kind}.npy", array)
                    with h5py.File(f"{folder}/{name}-{kind}.h5", "w") as file:
                        file["/g/x"] = array
        out.expect(f"good/part-*-{kind}.safetensors#x", kind, values, doubles)
        out.expect(f"goo?/part-*-{kind}.safetensors#x", kind, values, doubles)
        out.expect(f"./good/part-*-{kind}.safetensors#x", kind, values, doubles)
        if kind != "bf16":
            out.expect(f"good/part-*-{kind}.npy", kind, values, doubles)
            out.expect(f"good/part-*-{kind}.h5:/g/x", kind, values, doubles)
            some = [name for name in sorted(parts) if name in ("part-9", "part-a", "part-b")]
            chosen = [np.concatenate([arrays[name][k] for name in some]) for k in (0, 1)]
            out.expect(f"good/part-[9ab]-{kind}.npy", kind, *chosen)


def bad_npy(out):
    f4 = np.arange(12, dtype="<f4").reshape(3, 4)

    def refused(name, part, array=None, **header):
        path = f"bad/{name}.npy"
        if array is not None:
            np.save(path, array, allow_pickle=True)
        else:
            save_npy(path, header.get("text"), header.get("data", f4.tobytes()), header.get("version", (1, 0)))
        out.refuse(path, part)

    refused("big-endian", "big-endian >f4", f4.astype(">f4"))
    refused("fortran", "Fortran order", np.asfortranarray(f4))
    refused("object", "the numpy type '|O'", np.array([{}, []], dtype=object))
    refused("bool", "the numpy type '|b1'", f4 > 3)
    refused("complex", "the numpy type '<c8'", f4.astype("<c8"))
    refused("text", "the numpy type '<U1'", np.array([["a", "b"]]))
    refused("void", "the numpy type '|V2'", np.zeros((2, 2), "V2"))
    refused("unsigned", "the numpy type '<u4'", f4.astype("<u4"))
    refused("structured", "structured types are not read", np.zeros(3, [("a", "<f4")]))
    refused("scalar", "found a single number (0 dimensions)", np.float32(3))
    refused("five", "at most 4 dimensions, found 5", np.zeros((1, 1, 1, 1, 1), "<f4"))
    refused("no-columns", "at least one column, found shape [3, 0]", np.zeros((3, 0), "<f4"))
    good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"
    save_npy("bad/fine.npy", good, f4.tobytes())
    refused("long", "longer than one array", text=good, data=f4.tobytes() + b"!")
    refused("short", "the file is truncated", text=good, data=f4.tobytes()[:-1])
    refused("version", "version 1.0, 2.0 or 3.0, found 4.0", text=good, version=(4, 0))
    refused("minor", "version 1.0, 2.0 or 3.0, found 1.1", text=good, version=(1, 1))
    refused("huge", "less than 2^63 bytes", text=good.replace("(3, 4)", "(2305843009213693952, 4)"))
    refused("huge-columns", "less than 2^63 bytes", text=good.replace("(3, 4)", "(0, 4611686018427387904, 4)"))
    refused("limit", "at most 1048576 bytes", text=good + " " * (1 << 20), version=(2, 0))
    malformed = {
        "extra-key": good.replace("'shape'", "'more': 1, 'shape'"),
        "repeated-key": good.replace("'shape'", "'descr': '<f4', 'shape'"),
        "repeated-order": good.replace("'shape'", "'fortran_order': False, 'shape'"),
        "repeated-shape": good.replace("'shape'", "'shape': (3, 4), 'shape'"),
        "missing-key": good.replace("'fortran_order': False, ", ""),
        "missing-shape": good.replace(", 'shape': (3, 4)", ""),
        "missing-type": good.replace("'descr': '<f4', ", ""),
        "no-comma": good.replace("False, ", "False "),
        "no-colon": good.replace("'shape':", "'shape'"),
        "no-brace": good.replace("}", ""),
        "no-start": good.replace("{", ""),
        "not-a-tuple": good.replace("(3, 4)", "(12)"),
        "list": good.replace("(3, 4)", "[3, 4]"),
        "negative": good.replace("(3, 4)", "(-3, -4)"),
        "octal": good.replace("(3, 4)", "(03, 4)"),
        "float": good.replace("(3, 4)", "(3.0, 4)"),
        "two-commas": good.replace("(3, 4)", "(3,, 4)"),
        "only-comma": good.replace("(3, 4)", "(,)"),
        "beyond": good.replace("(3, 4)", "(18446744073709551619, 4)"),
        "beyond-less": good.replace("(3, 4)", "(9223372036854775808, 4)"),
        "many": good.replace("(3, 4)", "(" + "1, " * 65 + ")"),
        "order": good.replace("False", "0"),
        "escape": good.replace("'<f4'", "'\\x3cf4'"),
        "quotes": good.replace("'<f4'", "'<f4\""),
        "long-type": good.replace("'<f4'", "'<f4" + "4" * 40 + "'"),
        "code": good.replace("'<f4'", "__import__('os').getpid()"),
        "after": good + "x",
        "newline": good + "\n\n",
        "zero": good + "\0",
        "empty": "",
    }
    for name, text in malformed.items():
        refused("malformed-" + name, "expected an npy header {'descr'", text=text)
    refused("descr-empty", "the numpy type ''", text=good.replace("<f4", ""))
    refused("descr-bare", "the numpy type 'f4'", text=good.replace("<f4", "f4"))
    refused("descr-native", "the numpy type '=f4'", text=good.replace("<f4", "=f4"))
    refused("descr-bar", "the numpy type '|f4'", text=good.replace("<f4", "|f4"))
    with open("bad/length.npy", "wb") as file:
        file.write(b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + good.encode() + f4.tobytes())
    out.refuse("bad/length.npy", "expected an npy header of 4294967295 bytes")
    with open("bad/empty.npy", "wb"):
        pass
    out.refuse("bad/empty.npy", "name a tensor of a safetensors file as FILE#NAME")
    out.refuse("good/plain.safetensors", "name a tensor of a safetensors file as FILE#NAME")


def bad_safetensors(out):
    def entry(dtype="F32", shape=(2, 2), offsets=(0, 16)):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}

    def refused(name, part, header, data=b"0123456789abcdef", tensor="x", **more):
        text = header if isinstance(header, str) else json.dumps(header)
        save_raw_safetensors(f"bad/{name}.safetensors", text, data, **more)
        out.refuse(f"bad/{name}.safetensors#{tensor}", part)

    save_raw_safetensors("bad/fine.safetensors", json.dumps({"x": entry()}), b"0123456789abcdef")
    two = {"y": entry(), "x": entry("I8", (4, 4), (16, 32))}
    save_raw_safetensors("bad/two.safetensors", json.dumps(two), bytes(32))
    many = {f"t{k:02d}": entry(offsets=(0, 0), shape=(0, 2)) for k in range(25)}
    refused("missing", 'expected a tensor "x", found y, z', {"y": entry(), "z": entry(shape=(0,), offsets=(16, 16))})
    refused("missing-many", "t19 and 5 more", many)
    refused("missing-all", "found no tensor at all", {})
    refused("metadata", "found y", {"__metadata__": {"x": "y"}, "y": entry()}, tensor="__metadata__")
    refused("case", 'expected a tensor "x", found X', {"X": entry()})
    refused("unknown", "found BOOL", {"x": entry("BOOL", (4, 4))})
    refused("lower", "found f32", {"x": entry("f32")})
    refused("scalar", "a single number (0 dimensions)", {"x": entry(shape=(), offsets=(0, 4))})
    refused("five", "at most 4 dimensions, found 6", {"x": entry(shape=(2, 1, 1, 1, 1, 2))})
    refused("no-columns", "at least one column", {"x": entry(shape=(3, 0), offsets=(0, 0))})
    refused("size", "expected data_offsets that span 4 elements of 4 bytes (dtype F32), found 12 bytes",
            {"x": entry(offsets=(0, 12))})
    refused("size-other", 'tensor "y": expected data_offsets', {"x": entry(), "y": entry(offsets=(0, 12))})
    refused("overlap", 'tensors "x" and "y" overlap', {"x": entry(), "y": entry("U8", (4,), (12, 16))})
    refused("overlap-same", "overlap", {"x": entry(), "y": entry()})
    refused("overlap-unknown", "overlap", {"x": entry(), "y": entry("BOOL", (4,), (3, 4))})
    refused("outside", "ends at byte 17 of the data, which has only 16 bytes",
            {"x": entry(), "y": entry("U8", (1,), (16, 17))})
    refused("outside-far", "ends at byte 9007199254740991",
            {"x": entry(), "y": entry("U8", (2**53 - 1,), (0, 2**53 - 1))})
    refused("backward", '"data_offsets" to be', {"x": entry(offsets=(16, 0))})
    refused("negative", '"data_offsets" to be', {"x": entry(offsets=(-16, 0))})
    refused("fraction", '"data_offsets" to be', {"x": entry(offsets=(0, 16.5))})
    refused("beyond", '"data_offsets" to be', {"x": entry(offsets=(0, 2**53))})
    refused("text-offset", '"data_offsets" to be', {"x": entry(offsets=("0", "16"))})
    refused("one-offset", '"data_offsets" to be', {"x": entry(offsets=(16,))})
    refused("three-offsets", '"data_offsets" to be', {"x": entry(offsets=(0, 8, 16))})
    refused("no-offsets", '"data_offsets" to be', {"x": {"dtype": "F32", "shape": [2, 2]}})
    refused("no-shape", '"shape" to be a list', {"x": {"dtype": "F32", "data_offsets": [0, 16]}})
    refused("no-dtype", 'an object with "dtype"', {"x": {"shape": [2, 2], "data_offsets": [0, 16]}})
    refused("number-dtype", 'an object with "dtype"', {"x": entry(dtype=4)})
    refused("not-an-object", 'an object with "dtype"', {"x": entry(), "y": [1]})
    refused("negative-shape", '"shape" to hold integers', {"x": entry(shape=(-2, -2))})
    refused("fraction-shape", '"shape" to hold integers', {"x": entry(shape=(2.5, 2))})
    refused("huge-shape", "fewer than 2^63 elements", {"x": entry(shape=(2**40, 2**40))})
    refused("huge-bytes", "expected data_offsets that span", {"x": entry(shape=(2**31, 2**31), offsets=(0, 0))})
    refused("wrapping", "fewer than 2^63 elements", {"x": entry(shape=(2**32, 2**32, 1), offsets=(0, 0))})
    refused("list", "to be a JSON object", "[1, 2]")
    refused("not-json", "line 1", "{'x': 1}")
    refused("tail", "line 1", json.dumps({"x": entry()}) + "}")
    refused("repeated", "x", '{"x": %s, "x": %s}' % (json.dumps(entry()), json.dumps(entry())))
    refused("nothing", "line 1", "")
    refused("length", "found a length of 4096", {"x": entry()}, length=4096)
    refused("length-wraps", "found a length of 18446744073709551615", {"x": entry()}, length=2**64 - 1)
    with open("bad/header-limit.safetensors", "wb") as file:
        file.write(struct.pack("<Q", 100_000_001))
        file.truncate(200_000_000)
    out.refuse("bad/header-limit.safetensors#x", "at most 100000000 bytes")
    for name in ("short", "empty"):
        with open(f"bad/{name}.safetensors", "wb") as file:
            file.write(b"1234567" if name == "short" else b"")
        out.refuse(f"bad/{name}.safetensors#x", "expected a safetensors file, found only")


def bad_hdf5(out):
    with h5py.File("bad/other.h5", "w") as file:
        file["x"] = np.zeros((3, 2), "<f4")
        file["g/x"] = np.zeros((3, 2), "<f4")
    with h5py.File("bad/all.h5", "w") as file:

        def refused(name, part, **dataset):
            file.create_dataset(name, **dataset)
            out.refuse(f"bad/all.h5:/{name}", part)

        refused("bool", "an enumeration (or boolean)", data=np.ones((2, 2), bool))
        refused("complex", "a compound (structured or complex) type of 8 bytes", data=np.ones((2, 2), "<c8"))
        refused("structured", "a compound", data=np.zeros(3, [("a", "<f4")]))
        refused("text", "a string of 5 bytes", data=np.array([b"abcde"]))
        refused("texts", "a string", data=["a", "bc"], dtype=h5py.string_dtype())
        refused("ragged", "a variable-length type", shape=(2,), dtype=h5py.vlen_dtype(np.dtype("<f4")))
        refused("opaque", "an opaque type", data=np.zeros((2, 2), "V3"))
        refused("array", "an array type", shape=(2,), dtype=np.dtype(("<f4", (3,))))
        refused("u16", "an integer type of 2 bytes", data=np.zeros((2, 2), "<u2"))
        refused("u64", "an integer type of 8 bytes", data=np.zeros((2, 2), "<u8"))
        refused("long-double", "a floating-point type", data=np.zeros((2, 2), np.longdouble))
        refused("scalar", "a single number (0 dimensions)", data=np.float32(3))
        refused("null", "a single number (0 dimensions)", data=h5py.Empty("<f4"))
        refused("five", "at most 4 dimensions, found 5", data=np.zeros((1, 1, 1, 1, 1), "<f4"))
        refused("no-columns", "at least one column", data=np.zeros((3, 0), "<f4"))
        refused("never", "created but never written", shape=(3, 2), dtype="<f4")
        refused("never-chunked", "expected 4 chunks for its shape, found 0", shape=(4, 4), chunks=(2, 2), dtype="<f4")
        refused("some-chunks", "expected 4 chunks for its shape, found 2", shape=(4, 4), chunks=(2, 2), dtype="<f4")
        file["some-chunks"][:2] = 1
        refused("huge", "less than 2^63 bytes", shape=(2**62, 2**10), chunks=(1, 2), dtype="<f4")
        refused("many", "some were never written", shape=(2**40, 2**20), chunks=(1, 1), dtype="<f4")
        file.create_dataset("outside", shape=(3, 2), dtype="<f4", external=[("bad/outside.bin", 0, 24)])[:] = 1
        out.refuse("bad/all.h5:/outside", "keeps its data in external files")
        layout = h5py.VirtualLayout((3, 2), "<f4")
        layout[:] = h5py.VirtualSource("bad/other.h5", "x", (3, 2))
        file.create_virtual_dataset("virtual", layout)
        out.refuse("bad/all.h5:/virtual", "is virtual")
        file["link"] = h5py.ExternalLink("other.h5", "/x")
        file["group-link"] = h5py.ExternalLink("other.h5", "/g")
        out.refuse("bad/all.h5:/link", "expected a dataset of this name in the file itself")
        out.refuse("bad/all.h5:/group-link/x", "expected a dataset of this name in the file itself")
        out.refuse("bad/all.h5:/absent", "found /array, /bool, /complex, /five")
    out.refuse("bad/other.h5:/g", "found /g/x, /x")
    out.refuse("bad/other.h5:/g/y", "found /g/x, /x")
    with h5py.File("bad/none.h5", "w"):
        pass
    out.refuse("bad/none.h5:/x", "found no dataset at all")
    out.refuse("bad/fine.npy:/x", "expected an HDF5 file")


def bad_shards(out):
    for folder, arrays in {
        "columns": {"a": np.zeros((2, 3), "<f4"), "b": np.zeros((2, 4), "<f4")},
        "types": {"a": np.zeros((2, 3), "<f4"), "b": np.zeros((2, 3), "<f8")},
        "dimensions": {"a": np.zeros((2, 3), "<f4"), "b": np.zeros((2, 3, 1), "<f4")},
    }.items():
        os.makedirs("bad/" + folder)
        for name, array in arrays.items():
            np.save(f"bad/{folder}/{name}.npy", array)
    out.refuse("bad/columns/*.npy", "f32 [2, 3] in all but the first dimension, as in")
    out.refuse("bad/types/*.npy", "found f64 [2, 3]: all shards must be rows of one tensor")
    out.refuse("bad/dimensions/*.npy", "found f32 [2, 3, 1]")
    out.refuse("bad/columns/*.h5:/x", "expected at least one file, found no match in")
    out.refuse("bad/*/absent.npy", "expected at least one file")
    os.makedirs("bad/folders/a.npy")
    out.refuse("bad/folders/*.npy", "expected a regular file, found a directory")
    os.mkfifo("bad/pipe")
    for suffix in ("", "#x", ":/x"):
        out.refuse("bad/pipe" + suffix, "expected a regular file, found something else")
        out.refuse("bad/absent" + suffix, "No such file")
        out.refuse("bad/folders" + suffix, "expected a regular file, found a directory")
    for name in ("", "#x", "bad/fine.safetensors#", "bad/fine.safetensors#-", ":/x", "bad/other.h5:/"):
        out.refuse(name, "found an empty or reserved part")
    out.refuse("bad/\x01", "without control characters")
    os.makedirs("bad/control")
    np.save("bad/control/a\nb.npy", np.zeros((2, 2), "<f4"))
    out.refuse("bad/control/*.npy", "without control characters")


def write(directory):
    out = Writer(directory)
    for part in (good_safetensors, good_npy, good_hdf5, good_shards, bad_npy, bad_safetensors, bad_hdf5, bad_shards):
        part(out)
    for part in (stores.good_trak, stores.good_bergson):
        part(out, numbers)
    stores.bad_trak(out)
    stores.bad_bergson(out)
    for bits in ("f16", "bf16"):  # every one of the 65,536 values
        patterns = np.arange(65536, dtype="<u4")
        values = patterns.astype("<u2").view("<f2") if bits == "f16" else (patterns << 16).view("<f4")
        with np.errstate(invalid="ignore"):
            doubles = values.astype("<f8")
        save_safetensors(f"{bits}.safetensors", {"x": (bits.upper(), (65536,), patterns.astype("<u2").tobytes())})
        doubles.tofile(f"{bits}.f64")
    out.close()


def check(directory, listing):
    os.chdir(directory)
    covered, rows, faults = {}, {}, 0
    for line in open(listing, encoding="utf-8"):
        path, name, kind, offset, size, first, n, digest = line.rstrip("\n").split("\t")
        offset, size, first, n = int(offset), int(size), int(first), int(n)
        if kind == "raw":
            with open(path, "rb") as file:
                file.seek(offset)
                content = file.read(size)
            covered.setdefault(path, []).append((offset, offset + size))
        else:
            with h5py.File(path, "r") as file:
                data = file[name]
                content = data[first : first + n].astype(data.dtype.newbyteorder("<")).tobytes()
                row_bytes = data[:1].nbytes
                rows.setdefault((path, name, len(data)), []).append((first, first + n))
            faults += offset != first * row_bytes
        if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
            print("differs:", line, end="")
            faults += 1
    ends = {("bytes", path): (os.path.getsize(path), ranges) for path, ranges in covered.items()}
    ends.update({("rows", key): (key[2], ranges) for key, ranges in rows.items()})
    for what, (end, ranges) in ends.items():
        at = 0
        for begin, stop in sorted(ranges):
            faults += begin != at
            at = stop
        if at != end:
            print("not covered to its end:", what)
            faults += 1
    missing = {path for path, *_ in rows} - set(covered)
    sys.exit(1 if faults or missing or not ends else 0)


def dump(path, out):
    content = open(path, "rb").read()
    (length,) = struct.unpack("<Q", content[:8])
    text = content[8 : 8 + length].decode("utf-8")
    assert len(text.encode()) == length and length % 8 == 0 and text[0] == "{"
    header, data = json.loads(text), content[8 + length :]
    lines, at = [], 0
    for key, value in header.pop("__metadata__", {}).items():
        lines.append(f"metadata {key}={value}")
    for name, item in header.items():
        begin, end = item["data_offsets"]
        assert begin == at, "tensors follow each other"
        at = end
        lines.append(f"{name} {item['dtype']} {item['shape']} {data[begin:end].hex()}")
    assert at == len(data), "the data ends with the file"
    with open(out, "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    {"write": write, "check": check, "dump": dump}[sys.argv[1]](*sys.argv[2:])
