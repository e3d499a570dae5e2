"""Gradient stores as TRAK and bergson lay them out, written by numpy alone: good ones, and ones to be refused."""
import json
import os

import numpy as np

# Type: how bergson has called it, by numpy's name and by its code.
TYPE_NAMES = {
    "f16": ("float16", "<f2"),
    "bf16": ("bfloat16", "<V2"),
    "f32": ("float32", "<f4"),
    "f64": ("float64", "<f8"),
}


def write_mmap(path, array):
    """As TRAK's saver does: a file laid out full of zeros, then written in pieces."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=array.dtype, shape=array.shape)
    for first in range(0, len(array), 3):
        stored[first : first + 3] = array[first : first + 3]
    stored.flush()


def mark_featurized(folder, n, missing=(), shape=None, dtype=np.int32):
    marks = np.ones(shape or (n, 1), dtype)
    marks[list(missing)] = 0
    write_mmap(f"{folder}/_is_featurized.mmap", marks)


def index_info(sizes, n, kind="f32", count="num_grads", by_name=True):
    name, code = TYPE_NAMES[kind]
    item = 2 if kind == "bf16" else np.dtype(code).itemsize
    return {
        count: n,
        "dtype": {
            "names": list(sizes),
            "formats": [f"({size},){code}" for size in sizes.values()],
            "itemsize": item * sum(sizes.values()),
        },
        "grad_sizes": dict(sizes),
        "base_dtype": name if by_name else code,
    }


def write_index(folder, rows, info, name="gradients.bin"):
    """`info`: a dict, or the text of info.json."""
    os.makedirs(folder, exist_ok=True)
    rows.tofile(f"{folder}/{name}")
    with open(f"{folder}/info.json", "w") as file:
        if isinstance(info, str):
            file.write(info)
        else:
            json.dump(info, file, indent=2)


def good_trak(out, numbers):
    for kind in ("f16", "f32"):
        parts = []
        for model, marker in (("0", (7, 1)), ("1", (7,)), ("2", None)):
            folder = f"good/trak-{kind}/{model}"
            shapes = {"features": (7, 5), "grads": (7, 5), "out_to_loss": (7, 1), "test_grads": (4, 5)}
            for name, shape in shapes.items():
                values, doubles = numbers(kind, shape)
                write_mmap(f"{folder}/{name}.mmap", values)
                out.expect(f"{folder}/{name}.mmap", kind, values, doubles)
                if name == "features":
                    parts.append((values, doubles))
            if marker:
                mark_featurized(folder, 7, shape=marker)
        out.expect(f"good/trak-{kind}/*/features.mmap", kind, *(np.concatenate(side) for side in zip(*parts)))


def expect_index(out, name, kind, sizes, values, doubles):
    out.expect(name, kind, values, doubles)
    at = 0
    for module, size in sizes.items():
        if size:
            out.expect(f"{name}#{module}", kind, values[:, at : at + size], doubles[:, at : at + size])
        at += size


def good_bergson(out, numbers):
    sizes = {"model.layers.1.mlp.down_proj": 5, "a": 1, "b#c": 3, "none": 0, "größe": 2}
    for kind in TYPE_NAMES:
        for count in ("num_grads", "num_items"):
            values, doubles = numbers(kind, (6, 11))
            folder = f"good/index-{kind}-{count}"
            info = index_info(sizes, 6, kind, count, by_name=count == "num_items")
            if count == "num_items":
                del info["dtype"]
                info["num_grads"] = 6
            write_index(folder, values, info)
            for module in ("model.layers.1.mlp.down_proj", "a", "größe"):
                at = sum(list(sizes.values())[: list(sizes).index(module)])
                columns = slice(at, at + sizes[module])
                out.expect(f"{folder}/gradients.bin#{module}", kind, values[:, columns], doubles[:, columns])
            out.expect(f"{folder}/gradients.bin", kind, values, doubles)
    # Rows that a piece of reading ends in, rows that are longer than a piece, and modules that are.
    for name, n, sizes in (("tall", 2001, {"x": 100, "y": 200, "z": 1}), ("wide", 3, {"x": 1, "y": 200003, "z": 7})):
        values, doubles = numbers("f64", (n, sum(sizes.values())))
        write_index(f"good/index-{name}", values, index_info(sizes, n, "f64"))
        expect_index(out, f"good/index-{name}/gradients.bin", "f64", sizes, values, doubles)
    sizes, shards = {"x": 3, "y": 2}, []
    for shard, n in (("shard-10", 4), ("shard-11", 0), ("shard-9", 3)):
        values, doubles = numbers("bf16", (n, 5))
        write_index(f"good/index-shards/{shard}", values, index_info(sizes, n, "bf16"))
        shards.append((values, doubles))
    values, doubles = (np.concatenate(side) for side in zip(*shards))
    expect_index(out, "good/index-shards/shard-*/gradients.bin", "bf16", sizes, values, doubles)


def bad_trak(out):
    def store(name, n=6):
        folder = f"bad/trak-{name}/0"
        write_mmap(f"{folder}/features.mmap", np.ones((n, 3), "<f2"))
        return folder

    def refused(name, part, file="features.mmap"):
        out.refuse(f"bad/trak-{name}/0/{file}", part)

    mark_featurized(store("some"), 6, missing=(2, 5))
    refused("some", "bad/trak-some/0/_is_featurized.mmap: expected all 6 examples to be featurized, found 2 that are "
            "not, the first in row 2:")
    write_mmap("bad/trak-some/0/grads.mmap", np.ones((6, 3), "<f2"))
    refused("some", "found 2 that are not", file="grads.mmap")
    refused("some", "found 2 that are not", file="feature?.mmap")
    mark_featurized(store("none"), 6, missing=range(6))
    refused("none", "found 6 that are not, the first in row 0")
    mark_featurized(store("late", 300000), 300000, missing=[299999])
    refused("late", "found 1 that are not, the first in row 299999")
    mark_featurized(store("rows"), 5)
    refused("rows", "expected one i32 for each of the 6 rows of")
    mark_featurized(store("columns"), 6, shape=(6, 2))
    refused("columns", "found 6 rows of 2 i32")
    mark_featurized(store("type"), 6, dtype=np.int64)
    refused("type", "found 6 rows of 1 i64")
    with open(store("other") + "/_is_featurized.mmap", "wb") as file:
        file.write(b"1" * 100)
    refused("other", "_is_featurized.mmap: expected an npy file")
    os.mkdir(store("folder") + "/_is_featurized.mmap")
    refused("folder", "expected a regular file, found a directory")
    os.makedirs("bad/trak-shape/0")
    np.arange(12, dtype="<f4").tofile("bad/trak-shape/0/features.mmap")
    refused("shape", "expected an npy file")
    np.save("bad/trak-type-a.npy", np.ones((2, 3), "<f4"))
    np.save("bad/trak-type-b.npy", np.ones((2, 3), "<f2"))
    out.refuse("bad/trak-type-?.npy", "found f16 [2, 3]: all shards must be rows of one tensor")


def bad_bergson(out):
    rows = np.zeros((4, 5), "<f4")
    sizes = {"x": 3, "y": 2}
    write_index("bad/index-fine", rows, index_info(sizes, 4))

    def refused(name, part, change=None, tensor="", content=rows, text=None, **changes):
        info = index_info(sizes, 4)
        info.update(changes)
        for key in change or ():
            del info[key]
        write_index(f"bad/index-{name}", content, info if text is None else text)
        out.refuse(f"bad/index-{name}/gradients.bin{tensor}", part)

    def lacks(name, part, *keys):
        refused(name, part, change=keys)

    def structured(name, **changes):
        refused(name, 'expected "dtype" to have the names and sizes of "grad_sizes"',
                dtype={**index_info(sizes, 4)["dtype"], **changes})

    out.refuse("bad/index-fine/gradients.bin#z", 'expected a module "z" in "grad_sizes", found x, y')
    out.refuse("bad/index-fine/gradients.bin#X", 'expected a module "X"')
    out.refuse("bad/index-fine/gradients.bin#", "found an empty or reserved part")
    out.refuse("bad/index-fine/gradients.bin#-", "found an empty or reserved part")
    out.refuse("bad/index-fine/gradients.bin:/x", "expected an HDF5 file")
    out.refuse("bad/index-fine/info.json", "expected an npy file")
    refused("missing-many", "m19 and 5 more", tensor="#x", grad_sizes={f"m{k:02d}": 1 for k in range(25)})
    refused("missing-all", "found no module at all", tensor="#x", grad_sizes={})
    refused("no-columns", "at least one column", grad_sizes={}, content=rows[:0],
            dtype={"names": [], "formats": [], "itemsize": 0})
    refused("empty-module", "bad/index-empty-module/gradients.bin#y: expected at least one column", tensor="#y",
            change=["dtype"], grad_sizes={"x": 5, "y": 0})
    # Sizes that do not add up.
    belongs = "they do not belong together, or the file is truncated"
    refused("long", "gradients.bin: expected 80 bytes, 4 rows of 5 columns of f32 by", content=np.zeros((5, 5), "<f4"))
    refused("short", belongs, content=np.zeros(19, "<f4"))
    refused("empty", belongs, content=rows[:0])
    refused("more-rows", belongs, num_grads=5)
    refused("no-rows", belongs, num_grads=0)
    refused("more-columns", belongs, change=["dtype"], grad_sizes={"x": 3, "y": 3})
    refused("module-short", belongs, tensor="#x", content=np.zeros(19, "<f4"))
    refused("other-type", belongs, change=["dtype"], base_dtype="float16")
    refused("huge", "less than 2^63 bytes", change=["dtype"], num_grads=2**52, grad_sizes={"x": 2**52})
    refused("huge-row", "less than 2^63 bytes", change=["dtype"], num_grads=0,
            grad_sizes={f"m{k}": 2**53 - 1 for k in range(300)})
    refused("huge-sum", '"m1024": expected a number of columns', change=["dtype"],
            grad_sizes={f"m{k:04d}": 2**53 - 1 for k in range(1025)})
    # Numbers of rows.
    count = '"num_grads": expected an integer from 0 to 2^53 - 1, found '
    refused("negative", count + "-4", num_grads=-4)
    refused("fraction", count + "4.5", num_grads=4.5)
    refused("text", count + '"4"', num_grads="4")
    refused("beyond", count, num_grads=2**53)
    refused("items", '"num_items": expected an integer', change=["num_grads"], num_items=None)
    refused("two-counts", '"num_items" and "num_grads": expected one number of rows, found 5 and 4', num_items=5)
    lacks("no-count", '"num_grads": expected the number of rows, found nothing', "num_grads")
    refused("tokens", "found one per token", num_items=4, attribute_tokens=True)
    write_index("bad/index-token-file", rows, {**index_info(sizes, 4), "attribute_tokens": True}, "token_gradients.bin")
    out.refuse("bad/index-token-file/token_gradients.bin", "found one per token")
    out.refuse("bad/index-token-file/token_gradients.bin#x", "found one per token")
    # Types.
    for name, dtype in (("int", "int8"), ("big", ">f4"), ("bare", "f4"), ("torch", "torch.float32"), ("none", None),
                        ("number", 4), ("case", "Float32"), ("empty-text", ""), ("fp8", "float8_e4m3fn")):
        refused("type-" + name, '"base_dtype": expected float16, bfloat16, float32 or float64 (little-endian), found',
                base_dtype=dtype)
    lacks("no-type", '"base_dtype": expected', "base_dtype")
    # Sizes of modules.
    for name, wrong in (("list", [3, 2]), ("null", None), ("number", 5)):
        refused("sizes-" + name, '"grad_sizes": expected an object of modules and their sizes, found', grad_sizes=wrong)
    lacks("no-sizes", '"grad_sizes": expected an object', "grad_sizes")
    for name, wrong in (("negative", -2), ("fraction", 2.5), ("text", "2"), ("list", [2]), ("beyond", 2**53)):
        refused("size-" + name, '"y": expected a number of columns, found', grad_sizes={"x": 3, "y": wrong})
    # The structure that numpy reads by.
    structured("names", names=["y", "x"])
    structured("name", names=["x"], formats=["(3,)<f4"])
    structured("more-names", names=["x", "y", "z"], formats=["(3,)<f4", "(2,)<f4", "(0,)<f4"])
    structured("formats", formats=["(3,)<f4", "(2,)<f2"])
    structured("format-size", formats=["(2,)<f4", "(3,)<f4"])
    structured("format-kind", formats=["(3,)<f4", 2])
    structured("format-bare", formats=["(3,)<f4", "<f4"])
    structured("fewer-formats", formats=["(3,)<f4"])
    structured("itemsize", itemsize=24)
    structured("itemsize-odd", itemsize=21)
    structured("itemsize-text", itemsize="20")
    structured("offsets", offsets=[8, 0])
    structured("names-object", names={"x": 1, "y": 2})
    refused("structure-text", 'expected "dtype" to have', dtype="<f4")
    lacks_names = dict(index_info(sizes, 4)["dtype"])
    del lacks_names["names"]
    refused("structure-short", 'expected "dtype" to have', dtype={**lacks_names, "title": []})
    # JSON.
    fine = json.dumps(index_info(sizes, 4))
    refused("list", "expected a JSON object that describes", text="[4]")
    refused("no-text", "line 1", text="")
    refused("tail", "line 1", text=fine + "}")
    refused("repeated", "num_grads", text='{"num_grads": 5, ' + fine[1:])
    refused("repeated-module", "x", text=fine.replace('"grad_sizes": {', '"grad_sizes": {"x": 3, '))
    refused("limit", "expected at most 100000000 bytes, found 100000001")
    with open("bad/index-limit/info.json", "wb") as file:
        file.truncate(100_000_001)
    for name, make in (("no-info", None), ("info-folder", os.mkdir), ("info-pipe", os.mkfifo)):
        os.makedirs(f"bad/index-{name}")
        rows.tofile(f"bad/index-{name}/gradients.bin")
        if make:
            make(f"bad/index-{name}/info.json")
    out.refuse("bad/index-no-info/gradients.bin", "bad/index-no-info/info.json: cannot be read: No such file")
    out.refuse("bad/index-no-info/gradients.bin#x", "bad/index-no-info/info.json: cannot be read: No such file")
    out.refuse("bad/index-info-folder/gradients.bin", "info.json: expected a regular file, found a directory")
    out.refuse("bad/index-info-pipe/gradients.bin", "info.json: expected a regular file, found something else")
    os.makedirs("bad/index-no-rows-file")
    out.refuse("bad/index-no-rows-file/gradients.bin", "gradients.bin: cannot be read: No such file")
    # Shards that are not of one tensor.
    for name, second, kind in (("wider", {"x": 3, "y": 3}, "f32"), ("typed", sizes, "f16"),
                               ("turned", {"y": 2, "x": 3}, "f32"), ("named", {"x": 3, "z": 2}, "f32"),
                               ("cut", {"x": 2, "y": 3}, "f32")):
        for shard, modules, stored in (("a", sizes, "f32"), ("b", second, kind)):
            zeros = np.zeros((2, sum(modules.values())), TYPE_NAMES[stored][1])
            write_index(f"bad/index-{name}/{shard}", zeros, index_info(modules, 2, stored))
    out.refuse("bad/index-wider/*/gradients.bin", "expected f32 [2, 5] in all but the first dimension, as in")
    out.refuse("bad/index-typed/*/gradients.bin", "found f16 [2, 5]: all shards must be rows of one tensor")
    out.refuse("bad/index-cut/*/gradients.bin#x", "found f32 [2, 2]")
    turned = "expected columns of the same names and sizes in the same order as in"
    for name in ("turned", "named", "cut"):
        out.refuse(f"bad/index-{name}/*/gradients.bin", turned)
    out.refuse("bad/index-turned/*/gradients.bin#y", turned)
    out.refuse("bad/index-named/*/gradients.bin#y", 'expected a module "y"')
