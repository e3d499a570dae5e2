#!/usr/bin/python3
"""What must hold: gradient rows are scored as they lie in the stores of others, and every byte of a store is an input.

Shards of npy, safetensors and HDF5, TRAK stores, bergson indexes (whole rows, and one module per layer): the scores lie
within 2^-11 or 2^-18 of Σ_k η_k Σ_l |g_l||g'_l| of those that numpy computes in float64, tables are the same on any
number of ranks, and a store that does not fit is refused with one sentence before anything is written."""
import hashlib
import json
import math
import os
import shutil

import h5py
import numpy as np

import study as studies
from assay import BAD_INPUT, DIFFERS, check, files_below, finish, folder, run, run_well, sentences

LIMITS = {2: 2.0**-11, 3: 2.0**-18}
CODES = {"f16": ("float16", "<f2"), "bf16": ("bfloat16", "<V2"), "f32": ("float32", "<f4"), "f64": ("float64", "<f8")}


# ---- writers --------------------------------------------------------------------------------------------------------


def gradients(study, checkpoint, side):
    """layer → its stored rows."""
    return {layer: data["stored"][side]["gradient"][0] for layer, data in study.data[checkpoint].items()}


def write_trak(study, checkpoint):
    """As TRAK's MmapSaver: a folder per model, features and marks of the train set, gradients of the targets."""
    base = study.folder / f"captures/{checkpoint}/gradient"
    base.mkdir(parents=True)
    (train,), (queries,) = (gradients(study, checkpoint, side).values() for side in ("train", "queries"))
    marks = np.ones((len(train), 1), np.int32)
    for name, array in (("features", train), ("grads", train), ("test_grads", queries), ("_is_featurized", marks)):
        stored = np.lib.format.open_memmap(base / f"{name}.mmap", mode="w+", dtype=array.dtype, shape=array.shape)
        stored[:] = array
        stored.flush()


def write_index(path, modules, dtype):
    """As bergson's create_index: rows of all modules one after another, and what they are."""
    path.mkdir(parents=True)
    rows = np.concatenate(list(modules.values()), axis=1)
    rows.tofile(path / "gradients.bin")
    sizes, (name, code) = {module: array.shape[1] for module, array in modules.items()}, CODES[dtype]
    structure = {"names": list(sizes), "formats": [f"({size},){code}" for size in sizes.values()],
                 "itemsize": rows.itemsize * rows.shape[1]}
    (path / "info.json").write_text(json.dumps({"num_grads": len(rows), "dtype": structure, "grad_sizes": sizes,
                                                "base_dtype": name}, indent=2))


def write_bergson(study, checkpoint):
    base = study.folder / f"captures/{checkpoint}"
    train = gradients(study, checkpoint, "train")
    for i, rows in enumerate(studies.shards(study)):
        write_index(base / f"gradient-{i:05d}", {layer: array[rows] for layer, array in train.items()}, study.dtype)
    write_index(base / "gradient-queries", gradients(study, checkpoint, "queries"), study.dtype)


def write_hdf5_shards(study, checkpoint):
    base = study.folder / f"captures/{checkpoint}"
    base.mkdir(parents=True)
    parts = {f"train-{i}": {layer: array[rows] for layer, array in gradients(study, checkpoint, "train").items()}
             for i, rows in enumerate(studies.shards(study))}
    for name, layers in {**parts, "queries": gradients(study, checkpoint, "queries")}.items():
        with h5py.File(base / f"{name}.h5", "w") as file:
            for layer, array in layers.items():
                file.create_dataset(f"{layer}/gradient", data=array, chunks=(4, array.shape[1]), compression="gzip")


studies.WRITERS.update({"trak": write_trak, "modules": write_bergson, "whole": write_bergson,
                        "hdf5 shards": write_hdf5_shards})
studies.NAMES.update({
    "trak": ("captures/{checkpoint}/%s/features.mmap", "captures/{checkpoint}/%s/test_grads.mmap"),
    "modules": ("captures/{checkpoint}/%s-0*/gradients.bin#{layer}",
                "captures/{checkpoint}/%s-queries/gradients.bin#{layer}"),
    "whole": ("captures/{checkpoint}/%s-0*/gradients.bin", "captures/{checkpoint}/%s-queries/gradients.bin"),
    "hdf5 shards": ("captures/{checkpoint}/train-*.h5:/{layer}/%s", "captures/{checkpoint}/queries.h5:/{layer}/%s")})


def make(folder, form, **choices):
    """A study of gradient rows; what is read as one row is one layer to the program."""
    usual = {"kind": "rows", "form": form, "n_train": 75, "layers": {"fc1": (1, 13), "fc2": (1, 5)}}
    study = studies.make(folder, **{**usual, **choices})
    if form == "whole":
        study.config["influence"]["layers"] = ["all"]
    studies.write_config(study)
    return study


# ---- checks ---------------------------------------------------------------------------------------------------------


def load_table(study):
    with h5py.File(study.folder / "run/influence.h5") as file:
        table = {}
        file.visititems(lambda name, item: table.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        return table


def by_layer(study):
    """Scores and bounds of each layer of the program, [L, n, m], from the float64 values of what is stored."""
    scores, bounds = [], []
    for layers in [list(study.layers)] if study.form == "whole" else [[layer] for layer in study.layers]:
        score = bound = 0
        for rate, checkpoint in zip(study.rates, study.checkpoints):
            train, queries = (np.hstack([study.data[checkpoint][layer][side]["gradient"] for layer in layers])
                              for side in ("train", "queries"))
            score = score + rate * train @ queries.T
            bound = bound + rate * np.outer(np.linalg.norm(train, axis=1), np.linalg.norm(queries, axis=1))
        scores.append(score)
        bounds.append(bound)
    return np.array(scores), np.array(bounds)


def check_scores(study, table, what, digits):
    scores, bounds = by_layer(study)
    error = np.max(np.abs(table["scores"] - scores.sum(axis=0)) / bounds.sum(axis=0))
    check(error <= LIMITS[digits], f"{what}: the error is within 2^{math.log2(LIMITS[digits]):.0f}", error)
    check(error > 0, f"{what}: some rounding must be seen, or nothing was compared")
    print(f"{what}: {digits} digits: error 2^{math.log2(error):.1f}")
    for j, index in enumerate(table["top/proponents/index"]):
        error = np.abs(table["top/proponents/by_layer"][j] - scores[:, index, j].T) / bounds[:, index, j].T
        check(np.max(error) <= LIMITS[digits], f"{what}: each layer's part of query {j}", np.max(error))


def check_inputs(study, table, what):
    """The list of inputs hashes to what lies there and covers every byte of every capture once, bar rows of HDF5."""
    covered = {}
    for path, kind, (offset, _), (size, _), digest in zip(*(table[f"inputs/{name}"] for name in (
            "path", "kind", "place", "count", "sha256"))):
        if not check((study.folder / path.decode()).is_file(), f"{what}: the input {path} is a file"):
            continue
        if kind == 0:
            content = (study.folder / path.decode()).read_bytes()
            check(hashlib.sha256(content[offset:offset + size]).digest() == bytes(digest) and size > 0,
                  f"{what}: bytes {offset} to {offset + size} of {path.decode()}")
            covered.setdefault(path.decode(), []).append((offset, offset + size, len(content)))
    for path, ranges in covered.items():
        ranges.sort()
        ends = [0, *(end for _, end, _ in ranges)]
        check([begin for begin, _, _ in ranges] == ends[:-1] and ends[-1] == ranges[0][2], f"{what}: all of {path}",
              ranges)
    unused = {"grads.mmap"} if study.form == "trak" else set()
    captures = {str(path.relative_to(study.folder)) for path in files_below(study.folder / "captures")
                if path.name not in unused}
    check(captures <= set(covered), f"{what}: every file of the captures is an input", captures - set(covered))


def check_study(study, what, digits=2):
    study.config["influence"]["digits"] = digits
    studies.write_config(study)
    files = []
    for ranks in (1, 3):
        shutil.rmtree(study.folder / "run", ignore_errors=True)
        run_well("influence", study.path, "--quiet", ranks=ranks)
        files.append((study.folder / "run/influence.h5").read_bytes())
    check(files[0] == files[1], f"{what}: the same table on 1 rank and on 3")
    table = load_table(study)
    check_scores(study, table, what, digits)
    check_inputs(study, table, what)
    return table


# ---- tests ----------------------------------------------------------------------------------------------------------


def test_forms(base):
    for form, dtypes in (("trak", ("f16", "f32")), ("modules", ("f16", "bf16", "f32")), ("whole", ("bf16", "f64")),
                         ("npy", ("f16",)), ("safetensors", ("bf16",)), ("hdf5 shards", ("f32",))):
        for dtype in dtypes:
            layers = {"layer": (1, 40)} if form == "trak" else {"fc1": (1, 13), "model.fc2": (1, 5), "fc3": (1, 30)}
            study = make(base / f"{form}-{dtype}", form, dtype=dtype, layers=layers)
            check_study(study, f"{form} of {dtype}", 2 if dtype.endswith("16") else 3)


def test_modules_are_columns(base):
    """All modules together are the whole rows: the same gradients, so that the scores are the same but for rounding."""
    scores, bounds = [], []
    for form in ("whole", "modules"):
        study = make(base / f"columns-{form}", form, seed=5)
        scores.append(check_study(study, f"{form} of one index", 3)["scores"])
        bounds.append(by_layer(study)[1].sum(axis=0))
    error = np.max(np.abs(scores[0] - scores[1]) / sum(bounds))
    check(error <= LIMITS[3], "modules add up to whole rows", error)


def test_same_store(base):
    """One index for all checkpoints, and its training rows as queries: inputs that are used more than once."""
    for form in ("modules", "whole"):
        study = make(base / f"same-{form}", form, n_checkpoint=2, rates=(0.5, 0.25))
        first = study.checkpoints[0]
        shutil.rmtree(study.folder / "captures" / study.checkpoints[1])
        study.data[study.checkpoints[1]] = study.data[first]
        captures = study.config["influence"]["captures"]
        for side in ("train", "queries"):
            captures[side]["gradient"] = captures[side]["gradient"].replace("{checkpoint}", first)
        check_study(study, f"{form} of one index for two checkpoints", 3)


def test_sealed(base):
    """A byte changed in any file of a store is found under the seal."""
    for form in ("trak", "modules"):
        study = make(base / f"sealed-{form}", form, layers={"a": (1, 6)}, n_checkpoint=1)
        study.config["seal"] = {"key": "audit.key"}
        studies.write_config(study)
        run_well("run", study.path, "--quiet")
        run_well("verify", study.folder / "run", "--quiet", ranks=2)
        for path in files_below(study.folder / "captures"):
            if path.name == "grads.mmap":
                continue
            whole = path.read_bytes()
            for at in {0, len(whole) // 2, len(whole) - 1}:
                path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                outcome = run("verify", study.folder / "run")
                check(outcome.code == DIFFERS and path.name in outcome.out, f"byte {at} of {path.name} changed",
                      outcome)
            path.write_bytes(whole)


def refuse(study, what, *parts, ranks=1):
    outcome = run("influence", study.path, ranks=ranks)
    said = sentences(outcome)
    check(outcome.code == BAD_INPUT and len(said) == 1 and all(part in said[0] for part in parts), f"refused: {what}",
          parts, outcome)
    check(not (study.folder / "run/influence.h5").exists(), f"{what}: nothing is written")


def test_refused(base):
    study = make(base / "unfinished", "trak", layers={"a": (1, 4)})
    marker = study.folder / f"captures/{study.checkpoints[2]}/gradient/_is_featurized.mmap"
    marks = np.load(marker, mmap_mode="r+")
    marks[40] = 0
    marks.flush()
    for ranks in (1, 3):
        refuse(study, "a TRAK store that is not complete", "found 1 that are not, the first in row 40", ranks=ranks)
    os.remove(marker)
    run_well("influence", study.path, "--quiet")

    study = make(base / "sizes", "modules")
    shard = study.folder / f"captures/{study.checkpoints[1]}/gradient-00001"
    rows, info = (shard / "gradients.bin").read_bytes(), (shard / "info.json").read_text()
    (shard / "gradients.bin").write_bytes(rows[:-4])
    refuse(study, "an index that is cut off", "gradient-00001/gradients.bin: expected 2160 bytes", "found 2156")
    (shard / "gradients.bin").write_bytes(rows)
    changed = json.loads(info)
    del changed["dtype"]
    changed["grad_sizes"]["fc2"] += 1
    (shard / "info.json").write_text(json.dumps(changed))
    refuse(study, "an index whose sizes do not add up", "do not belong together")
    changed["grad_sizes"].update(fc1=12, fc2=6)
    (shard / "info.json").write_text(json.dumps(changed))
    refuse(study, "shards with other columns", "all shards must be rows of one tensor")
    changed["grad_sizes"].update(fc1=13, fc2=5)
    changed["base_dtype"] = "int32"
    (shard / "info.json").write_text(json.dumps(changed))
    refuse(study, "an index of integers", '"base_dtype": expected float16, bfloat16, float32 or float64', '"int32"')
    (shard / "info.json").write_text(info)
    (shard / "gradients.bin").write_bytes(rows[:4 * 18] + np.float32(np.nan).tobytes() + rows[4 * 18 + 4:])
    outcome = run("influence", study.path)
    check(outcome.code == BAD_INPUT and "gradients.bin#fc1: expected finite numbers, found NaN in row 31 (row 1 of "
          "this file), column 0" in outcome.err, "a NaN is found in its module", outcome)
    (shard / "gradients.bin").write_bytes(rows)
    shutil.rmtree(study.folder / "run")
    studies.write_config(study, layers=["fc1", "fc3"])
    refuse(study, "a module that is not there", 'expected a module "fc3" in "grad_sizes", found fc1, fc2')

    study = make(base / "columns", "npy", layers={"a": (1, 4)})
    np.save(study.folder / f"captures/{study.checkpoints[0]}/a.gradient-00001.npy", np.zeros((30, 5), np.float32))
    refuse(study, "npy shards with other columns", "expected f32 [30, 4] in all but the first", "found f32 [30, 5]")
    np.save(study.folder / f"captures/{study.checkpoints[0]}/a.gradient-00001.npy", np.zeros((30, 4)))
    refuse(study, "npy shards of another type", "found f64 [30, 4]: all shards must be rows of one tensor")


with folder() as temporary:
    for test in (test_forms, test_modules_are_columns, test_same_store, test_sealed, test_refused):
        test(temporary)
finish()
