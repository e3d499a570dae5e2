"""Reads the table of fixture.h with h5py and compares every value and property; usage: read_table.py FILE."""
import sys

import h5py
import numpy as np

expected = {
    "/top/score": ("<f8", (103, 7), "1", "score of a proponent, larger first"),
    "/top/sample": ("<i8", (103, 7), "1", "index of the training sample"),
    "/top/deep/er/sign": ("|i1", (11, 3, 5), "1", "−1, 0 or 1"),
    "/samples/id": ("|S13", (41,), "1", "id of the sample"),
    "/samples/code": ("<i4", (41,), "1", "index of its group"),
    "/samples/sha256": ("|u1", (41, 32), "1", "its digest"),
    "/total": ("<f8", (), "µs", "a scalar"),
    "/empty/rows": ("<f8", (0, 4), "1", "no row"),
    "/empty/columns": ("<i8", (5, 0), "", ""),
    "/empty/names": ("|S9", (0,), "1", "no name"),
    "/one": ("<i8", (1,), "1", "a single row"),
}
order = list(expected)


def values(path, dtype, shape):
    k = np.arange(int(np.prod(shape)), dtype=np.int64)
    d = order.index(path)
    integer = (k * 2654435761 + d * 40503) % 1000003 - 500000
    if dtype in ("|i1", "|u1"):
        flat = (k % 251 + d).astype(np.uint8).view(dtype)
    elif dtype.startswith("|S"):
        flat = np.array([f"é-{i}".encode() for i in k], dtype)
    elif dtype == "<f8":
        flat = integer / 64
    else:
        flat = integer.astype(dtype)
    return flat.reshape(shape)


def is_timeless(object_id):
    return not object_id.get_create_plist().get_obj_track_times()


with h5py.File(sys.argv[1], "r") as file:
    found, groups = {}, []

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found["/" + name] = item
        else:
            groups.append(item)

    file.visititems(visit)
    assert sorted(found) == sorted(expected), sorted(found)
    for path, (dtype, shape, unit, text) in expected.items():
        data = found[path]
        assert data.dtype.str == dtype and data.shape == shape, (path, data.dtype, data.shape)
        assert np.array_equal(data[()], values(path, dtype, shape)), path
        assert data.attrs["unit"].decode() == unit and data.attrs["description"].decode() == text, path
        for name in ("unit", "description"):
            kind = data.attrs.get_id(name).get_type()
            assert kind.get_cset() == h5py.h5t.CSET_UTF8 and not kind.is_variable_str()
        properties = data.id.get_create_plist()
        assert properties.get_layout() == h5py.h5d.CONTIGUOUS and properties.get_nfilters() == 0
        assert properties.get_alloc_time() == h5py.h5d.ALLOC_TIME_EARLY
        assert properties.get_fill_time() == h5py.h5d.FILL_TIME_NEVER
        assert is_timeless(data.id), path
    assert len(groups) == 5
    attributes = {name: value.decode() for name, value in file.attrs.items()}
    assert attributes == {"format": "assay table 1", "job": "influence", "note": "naïve × 2", "nothing": ""}, attributes

with open(sys.argv[1], "rb") as file:
    content = file.read()
# Version 2 object headers ("OHDR", 2, flags) store four times when bit 5 of the flags is set; version 1 headers, which
# have no signature, are never made.
headers = [i for i in range(len(content)) if content[i : i + 5] == b"OHDR\x02"]
assert len(headers) == 1 + 5 + len(expected), len(headers)
assert all(content[i + 5] & 0x20 == 0 for i in headers)
print("h5py agrees")
