#!/usr/bin/python3 -B
"""What must hold: whatever is wrong is refused on any number of ranks with its exit code and exactly one sentence that
names file and place, and no file has a final name then."""
import json
import os
import pathlib
import resource
import signal
import struct
import subprocess

import h5py
import numpy as np

from assay import (BAD_CONFIG, BAD_INPUT, BAD_KEY, BAD_RUN, BAD_USAGE, CANNOT_FIT, CANNOT_WRITE, OK, check, finish,
                   folder, root, run, run_well, sentences, side_by_side)
import study as studies

RANKS = (1, 3)
SHARD = "captures/step-000100/train-00001.safetensors"  # rows 30 to 59 of the second checkpoint


# ---- damage: each function spoils one thing of a fresh study --------------------------------------------------------


def edit_bytes(path, function):
    path.write_bytes(function(path.read_bytes()))


def edit_lines(study, name, function):
    """function(list of records) → the list to write instead."""
    path = study.folder / name
    studies.write_lines(path, function([json.loads(line) for line in path.read_text().splitlines()]))


def edit_config_text(study, old, new):
    text = study.path.read_text()
    assert old in text, old
    study.path.write_text(text.replace(old, new, 1))


def edit_header(path, function):
    """Changes the JSON header of a safetensors file; the data stay."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    function(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length:])


def replace_shard(study, name, change):
    """Writes the middle shard of the second checkpoint again, with one tensor changed."""
    tensors = {key: (array[30:60].copy(), dtype) for key, (array, dtype) in
               studies.stored_tensors(study, "step-000100", "train").items()}
    tensors[name] = change(*tensors[name])
    studies.write_safetensors(study.folder / SHARD, tensors)


def set_value(row, column, value):
    def change(array, dtype):
        array[row, column] = value
        return array, dtype
    return change


def shard(function):
    return lambda study: edit_bytes(study.folder / SHARD, function)


def header(function):
    return lambda study: edit_header(study.folder / SHARD, function)


def npy(function):
    return lambda study: edit_bytes(study.folder / "captures/step-000100/fc1.gradient-00001.npy", function)


def other_npy(array, **options):
    return lambda study: np.save(study.folder / "captures/step-000100/fc1.gradient-00001.npy", array, **options)


def influence(**changes):
    return lambda study: studies.write_config(study, **changes)


def section(name, **changes):
    def damage(study):
        study.config.setdefault(name, {}).update(changes)
        studies.write_config(study)
    return damage


def remove(name):
    return lambda study: (study.folder / name).unlink()


def text_edit(old, new):
    return lambda study: edit_config_text(study, old, new)


def lines(name, function):
    return lambda study: edit_lines(study, name, function)


def record(i, **changes):
    return lambda records: [{**r, **changes} if k == i else r for k, r in enumerate(records)]


def query_capture(function):
    def damage(study):
        tensors = studies.stored_tensors(study, "step-000000", "queries")
        function(tensors)
        studies.write_safetensors(study.folder / "captures/step-000000/queries.safetensors", tensors)
    return damage


def put(tensors, name, change):
    array, dtype = tensors[name]
    tensors[name] = change(array.copy(), dtype)


def hdf5(function):
    def damage(study):
        with h5py.File(study.folder / "captures/step-000100/train.h5", "r+") as file:
            function(file)
    return damage


def replace_dataset(file, name, array):
    del file[name]
    file[name] = array


def bad_label(study):
    replace_shard(study, "head.labels", lambda array, dtype: (np.where(np.arange(30) == 7, 6, array), dtype))


def with_key(write):
    """A key file made by write(path)."""
    def damage(study):
        section("seal", key="audit.key")(study)
        write(study.folder / "audit.key")
    return damage


def openssl_key(path, algorithm, mode=0o600, *options):
    subprocess.run(["openssl", "genpkey", "-algorithm", algorithm, *options, "-out", path], check=True,
                   capture_output=True)
    os.chmod(path, mode)


def garbage_key(path):
    path.write_text("-----BEGIN PRIVATE KEY-----\nno key\n-----END PRIVATE KEY-----\n")
    os.chmod(path, 0o600)


def run_below_a_file(study):
    (study.folder / "occupied").write_text("not a directory\n")
    section("run", directory="occupied/run")(study)


# ---- the refusals ---------------------------------------------------------------------------------------------------
# What is wrong; choices for the study; the damage; the exit code; what the sentence must contain.

ROWS, LAST, HDF5 = {"kind": "rows", "form": "npy"}, {"kind": "last-layer", "layers": {"head": (5, 6)}}, {"form": "hdf5"}
NPY = "captures/step-000100/fc1.gradient-00001.npy"
H5 = "captures/step-000100/train.h5"

REFUSALS = [
    # safetensors
    ("truncated safetensors", {}, shard(lambda raw: raw[:-10]), BAD_INPUT, [SHARD, "truncated"]),
    ("safetensors cut in its header", {}, shard(lambda raw: raw[:100]), BAD_INPUT, [SHARD]),
    ("safetensors of five bytes", {}, shard(lambda raw: raw[:5]), BAD_INPUT, [SHARD, "5 bytes"]),
    ("empty safetensors", {}, shard(lambda raw: b""), BAD_INPUT, [SHARD]),
    ("safetensors header longer than the file", {}, shard(lambda raw: struct.pack("<Q", 2**63) + raw[8:]), BAD_INPUT,
     [SHARD, "9223372036854775808"]),
    ("safetensors header that is no JSON", {}, shard(lambda raw: raw[:8] + b"x" + raw[9:]), BAD_INPUT, [SHARD]),
    ("offsets beyond the data", {}, header(lambda h: h["fc1.gradient"].update(data_offsets=[10**6, 10**6 + 600])),
     BAD_INPUT, [SHARD, "fc1.gradient"]),
    ("tensors that overlap", {}, header(lambda h: h["fc1.gradient"].update(data_offsets=[0, 600])), BAD_INPUT,
     [SHARD, "overlap"]),
    ("offsets that do not fit the shape", {}, header(lambda h: h["fc1.gradient"].update(shape=[31, 5])), BAD_INPUT,
     [SHARD, "fc1.gradient"]),
    ("a shape whose product overflows", {}, header(lambda h: h["fc1.gradient"].update(shape=[2**40, 2**40])),
     BAD_INPUT, [SHARD, "fc1.gradient"]),
    ("negative dimension", {}, header(lambda h: h["fc1.gradient"].update(shape=[-30, -5])), BAD_INPUT,
     [SHARD, "fc1.gradient"]),
    ("unknown dtype", {}, header(lambda h: h["fc1.gradient"].update(dtype="F8_E4M3")), BAD_INPUT,
     [SHARD, "fc1.gradient", "F8_E4M3"]),
    ("a tensor that is not there", {}, header(lambda h: h.pop("fc2.input")), BAD_INPUT, [SHARD, "fc2.input"]),
    ("shards of different dtypes", {},
     lambda study: replace_shard(study, "fc1.input", lambda a, _: (a.astype(np.float64), "f64")), BAD_INPUT,
     [SHARD, "fc1.input", "f64"]),
    ("shards of different widths", {}, lambda study: replace_shard(study, "fc1.input", lambda a, d: (a[:, :6], d)),
     BAD_INPUT, [SHARD, "fc1.input"]),
    # npy
    ("truncated npy", ROWS, npy(lambda raw: raw[:-10]), BAD_INPUT, [NPY, "truncated"]),
    ("npy cut in its header", ROWS, npy(lambda raw: raw[:40]), BAD_INPUT, [NPY]),
    ("npy header that promises more rows", ROWS, npy(lambda raw: raw.replace(b"(30, 5)", b"(99, 5)")), BAD_INPUT,
     [NPY, "truncated"]),
    ("npy that is longer than its header says", ROWS, npy(lambda raw: raw + b"more"), BAD_INPUT, [NPY, "longer"]),
    ("npy in Fortran order", ROWS, other_npy(np.asfortranarray(np.ones((30, 5), np.float32))), BAD_INPUT,
     [NPY, "Fortran"]),
    ("npy of complex numbers", ROWS, other_npy(np.ones((30, 5), np.complex64)), BAD_INPUT, [NPY, "c8"]),
    ("npy with pickled objects", ROWS, other_npy(np.array([[{}] * 5] * 30), allow_pickle=True), BAD_INPUT, [NPY, "O"]),
    ("no npy", ROWS, npy(lambda raw: b"\x89PNG" + raw[4:]), BAD_INPUT, [NPY]),
    # HDF5
    ("truncated HDF5", HDF5, lambda study: edit_bytes(study.folder / H5, lambda raw: raw[:-100]), BAD_INPUT, [H5]),
    ("no HDF5", HDF5, lambda study: edit_bytes(study.folder / H5, lambda raw: b"x" * 500), BAD_INPUT, [H5]),
    ("a dataset that is not there", HDF5, hdf5(lambda file: file.__delitem__("fc1/input")), BAD_INPUT,
     [H5, "/fc1/input"]),
    ("a dataset of strings", HDF5, hdf5(lambda file: replace_dataset(file, "fc1/input", np.array([b"x"] * 70))),
     BAD_INPUT, [H5, "/fc1/input"]),
    ("NaN in HDF5", HDF5, hdf5(lambda file: file["fc1/input"].__setitem__((61, 4), np.nan)), BAD_INPUT,
     [H5, "row 61", "column 4"]),
    # shapes and values
    ("one dimension", HDF5, hdf5(lambda file: replace_dataset(file, "fc1/input", np.ones(70))), BAD_INPUT,
     [H5, "1 dimension"]),
    ("four dimensions", HDF5, hdf5(lambda file: replace_dataset(file, "fc1/input", np.ones((70, 7, 1, 1)))), BAD_INPUT,
     [H5, "4 dimensions"]),
    ("positions of the input alone", HDF5,
     hdf5(lambda file: replace_dataset(file, "fc1/input", np.ones((70, 2, 7)))), BAD_INPUT, [H5, "1 position", "2"]),
    ("a row too many", HDF5, hdf5(lambda file: replace_dataset(file, "fc1/input", np.ones((71, 7)))), BAD_INPUT,
     [H5, "70", "71"]),
    ("fewer samples than rows", {}, lines("samples.jsonl", lambda records: records[1:]), BAD_INPUT,
     ["captures/", "69", "70"]),
    ("fewer queries than rows", {}, lines("queries.jsonl", lambda records: records[1:]), BAD_INPUT,
     ["queries.safetensors", "4", "5"]),
    ("queries of another width", {}, query_capture(lambda t: put(t, "fc1.input", lambda a, d: (a[:, :6].copy(), d))),
     BAD_INPUT, ["queries.safetensors", "fc1.input", "7", "6"]),
    ("NaN in a capture", {}, lambda study: replace_shard(study, "fc2.gradient", set_value(12, 1, np.nan)), BAD_INPUT,
     [SHARD, "fc2.gradient", "row 12", "column 1", "NaN"]),
    ("infinity in a capture", {}, lambda study: replace_shard(study, "fc1.input", set_value(29, 6, -np.inf)),
     BAD_INPUT, [SHARD, "fc1.input", "row 29", "column 6", "inf"]),
    ("NaN in a query", {}, query_capture(lambda t: put(t, "fc2.input", set_value(3, 2, np.nan))), BAD_INPUT,
     ["queries.safetensors", "fc2.input", "row 3", "column 2"]),
    ("a label out of range", LAST, bad_label, BAD_INPUT, [SHARD, "head.labels", "row 7", "0 to 5", "found 6"]),
    ("labels that are no integers", LAST,
     query_capture(lambda t: put(t, "head.labels", lambda a, _: (a.astype(np.float32), "f32"))), BAD_INPUT,
     ["queries.safetensors", "head.labels", "integer"]),
    ("gradients beyond the range of sums", {"dtype": "f64"},
     lambda study: replace_shard(study, "fc1.gradient", set_value(0, 0, 1e300)), BAD_INPUT, ["range"]),
    # records
    ("a sample's id twice", {}, lines("samples.jsonl", record(40, id="sample-00003")), BAD_INPUT,
     ["samples.jsonl", "line 41", "line 4", "sample-00003"]),
    ("a sample without an id", {}, lines("samples.jsonl", lambda r: r[:5] + [{"split": "train"}] + r[6:]), BAD_INPUT,
     ["samples.jsonl", "line 6", "id"]),
    ("no training sample", {}, section("samples", train="nothing"), BAD_INPUT, ["samples.jsonl", "nothing"]),
    ("a sample that is no JSON", {},
     lambda study: edit_bytes(study.folder / "samples.jsonl", lambda raw: raw.replace(b'{"id": "sample-00002', b"{id")),
     BAD_INPUT, ["samples.jsonl", "line 3"]),
    ("samples that are not UTF-8", {},
     lambda study: edit_bytes(study.folder / "samples.jsonl", lambda raw: raw.replace(b"sample-00002", b"sample-\xff")),
     BAD_INPUT, ["samples.jsonl", "line 3"]),
    ("a query's id twice", {}, lines("queries.jsonl", record(2, id="query-0")), BAD_INPUT,
     ["queries.jsonl", "line 3", "line 1"]),
    ("steps that go back", {}, lines("checkpoints.jsonl", record(2, step=50)), BAD_INPUT,
     ["checkpoints.jsonl", "line 3", "step"]),
    ("a negative learning rate", {}, lines("checkpoints.jsonl", record(1, learning_rate=-0.1)), BAD_INPUT,
     ["checkpoints.jsonl", "line 2", "learning_rate"]),
    ("no validation loss for the rule", {},
     lambda study: (section("checkpoints", select={"rule": "validation-improvement"})(study),
                    edit_lines(study, "checkpoints.jsonl", record(1, validation_loss=None))),
     BAD_INPUT, ["checkpoints.jsonl", "line 2", "validation_loss"]),
    ("a checkpoint that the config names and nobody has", {},
     section("checkpoints", select={"rule": "names", "names": ["step-000109"]}), BAD_INPUT,
     ["checkpoints.jsonl", "step-000109"]),
    # files that are not there
    ("no samples", {}, remove("samples.jsonl"), BAD_INPUT, ["samples.jsonl"]),
    ("no queries", {}, remove("queries.jsonl"), BAD_INPUT, ["queries.jsonl"]),
    ("no checkpoints", {}, remove("checkpoints.jsonl"), BAD_INPUT, ["checkpoints.jsonl"]),
    ("no query capture", {}, remove("captures/step-000200/queries.safetensors"), BAD_INPUT,
     ["captures/step-000200/queries.safetensors"]),
    ("a shard less", {}, remove(SHARD), BAD_INPUT, ["captures/step-000100/train-*.safetensors", "70", "40"]),
    ("a pattern without a match", {}, text_edit("train-*", "trian-*"), BAD_INPUT, ["trian-*"]),
    ("no weights of a checkpoint", {}, remove("checkpoints/step-000100.bin"), BAD_INPUT,
     ["checkpoints/step-000100.bin"]),
    ("no file that also belongs to it", {}, section("run", also=["notes.txt"]), BAD_INPUT, ["notes.txt"]),
    ("no config", {}, lambda study: study.path.unlink(), BAD_INPUT, ["config.json"]),
    # configs
    ("an unknown key", {}, text_edit('"digits"', '"digts"'), BAD_CONFIG, ["influence.digts", "digits"]),
    ("a repeated key", {}, text_edit('"digits": 2', '"digits": 2, "digits": 3'), BAD_CONFIG, ["influence.digits"]),
    ("a value out of range", {}, influence(digits=5), BAD_CONFIG, ["influence.digits", "5"]),
    ("a method that there is not", {}, influence(method="tracing"), BAD_CONFIG, ["influence.method", "tracing"]),
    ("a layer twice", {}, influence(layers=["fc1", "fc2", "fc1"]), BAD_CONFIG, ["influence.layers", "fc1"]),
    ("a layer that nobody captured", {}, influence(layers=["fc1", "fc9"]), BAD_INPUT, ["fc9"]),
    ("a group key with a slash", {}, section("samples", group_by=["policy", "a/b"]), BAD_CONFIG,
     ["samples.group_by", "a/b"]),
    ("a checkpoint for a method that uses all", {}, influence(checkpoint="step-000100"), BAD_CONFIG,
     ["influence.checkpoint", "tracin"]),
    ("a checkpoint that is not selected", {}, influence(method="gradient-dot", checkpoint="step-9"), BAD_CONFIG,
     ["influence.checkpoint", "step-9"]),
    ("captures without a name", {}, text_edit('"gradient": "captures', '"logits": "captures'), BAD_CONFIG,
     ["influence.captures.train.gradient"]),
    ("a capture name that the kind has no use for", {}, text_edit('"kind": "factors"', '"kind": "rows"'), BAD_CONFIG,
     ["influence.captures.train.input", "rows"]),
    ("a mark in braces that nothing stands for", {}, text_edit("{layer}.input", "{layr}.input"), BAD_CONFIG,
     ["influence.captures.train.input", "{layr}"]),
    ("a group key that no sample has", {}, section("samples", group_by=["licence"]), BAD_CONFIG,
     ["samples.group_by", "licence"]),
    ("an unknown backend", {}, influence(backend="cuda"), BAD_CONFIG, ["influence.backend", "cuda"]),
    ("no run section", {}, lambda study: (study.config.pop("run"), studies.write_config(study)), BAD_CONFIG, ["run"]),
    ("an origin with a space", {}, section("run", origin="example.org/my audit"), BAD_CONFIG, ["run.origin"]),
    ("a config that is no JSON", {}, text_edit("{", "{,"), BAD_CONFIG, ["config.json", "line 1"]),
    ("memory too small", {}, influence(memory="1 MiB"), CANNOT_FIT, ["influence.memory", "1.0 MiB"]),
    # keys and run directories
    ("a key that others may read", {}, with_key(lambda path: openssl_key(path, "ed25519", 0o644)), BAD_KEY,
     ["audit.key", "644"]),
    ("a key that is garbage", {}, with_key(garbage_key), BAD_KEY, ["audit.key"]),
    ("a key of another kind", {},
     with_key(lambda path: openssl_key(path, "EC", 0o600, "-pkeyopt", "ec_paramgen_curve:P-256")), BAD_KEY,
     ["audit.key", "Ed25519", "EC"]),
    ("a key that is a directory", {}, with_key(lambda path: path.mkdir()), BAD_KEY, ["audit.key"]),
    ("a run directory below a file", {}, run_below_a_file, CANNOT_WRITE, ["occupied"]),
]


def final_files(base):
    return [str(path.relative_to(base)) for name in ("influence.h5", "checkpoint") for path in base.rglob(name)]


def check_refusal(outcome, what, code, parts):
    """One agreed exit code, one sentence that names the place."""
    said = sentences(outcome)
    check(outcome.code == code, f"{what}: exit code {code}", outcome.code, outcome.err)
    check(len(said) == 1, f"{what}: exactly one sentence", outcome.err)
    for part in parts:
        check(part in outcome.err, f"{what}: the sentence names {part}", outcome.err)


def check_case(case):
    base, i, ranks = case
    name, choices, damage, code, parts = REFUSALS[i]
    what = f"{name}, on {ranks}"
    study = studies.make(base / f"refusal-{i}-{ranks}", **choices)
    damage(study)
    check_refusal(run("run", study.path, ranks=ranks), what, code, parts)
    met_last = ["influence.h5"] if code == BAD_KEY else []  # the key is needed when all else is done
    left = [path for path in final_files(study.folder) if pathlib.Path(path).name not in met_last]
    check(not left, f"{what}: no file has a final name", left)


def test_refusals(base):
    side_by_side(check_case, [(base, i, ranks) for i in range(len(REFUSALS)) for ranks in RANKS])


def test_other_config(base):
    """A run directory of another config is refused and stays as it is."""
    for ranks in RANKS:
        study = studies.make(base / f"other-{ranks}")
        run_well("run", study.path, "--quiet")
        before = {path: path.read_bytes() for path in (study.folder / "run").iterdir()}
        studies.write_config(study, digits=3)
        outcome = run("run", study.path, ranks=ranks)
        check_refusal(outcome, f"another config, on {ranks}", BAD_RUN, [str(study.folder / "run"), "run.json"])
        after = {path: path.read_bytes() for path in (study.folder / "run").iterdir()}
        check(before == after, f"another config, on {ranks}: nothing changed")


def test_journal(base):
    """A journal that is damaged, or of other inputs, is refused by name and not believed."""
    head = "assay influence journal v1\nfingerprint %s\ngeneration 1\nfiles %d\n"
    for ranks in RANKS:
        for name, text in (("garbage", "garbage\n"), ("empty", ""), ("other", head % ("0" * 64, 1)),
                           ("long", head % ("0" * 3900, 1)), ("many", head % ("0" * 64, 2**31 - 1))):
            study = studies.make(base / f"journal-{name}-{ranks}")
            (study.folder / "run/journal").mkdir(parents=True)
            (study.folder / "run/journal/influence.journal").write_text(text)
            outcome = run("run", study.path, ranks=ranks)
            check_refusal(outcome, f"journal: {name}, on {ranks}", BAD_RUN, ["influence.journal", "remove"])
            check(not final_files(study.folder), f"journal: {name}, on {ranks}: no file has a final name")


# ---- full disks -----------------------------------------------------------------------------------------------------


def mount(path, size):
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path], capture_output=True)
    return done.returncode == 0


def limit_files(size):
    """For where mounting is not allowed: a file that grows beyond this fails like one on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run_in_little_space(study, directory, size, ranks):
    """Outcome on a disk of `size` bytes, and what is left there under final names."""
    arguments = ("run", study.path, "--directory", directory)
    if not mount(directory, size):
        if ranks > 1:  # the limit would hit the shared memory of the ranks first
            return None, []
        return run(*arguments, preexec=lambda: limit_files(size)), final_files(directory)
    try:
        outcome = run(*arguments, ranks=ranks)
        table = directory / "influence.h5"
        return outcome, [(name, table.read_bytes() if name == "influence.h5" else root(directory))
                         for name in final_files(directory) if name in ("influence.h5", "seal/checkpoint")]
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def test_full_disk(base):
    """On every size of disk, from none to enough: a clean refusal, or the whole result."""
    study = studies.make(base / "full", n_train=300, n_query=8)
    section("seal", key="audit.key")(study)
    run_well("run", study.path, "--quiet")
    table, expected_root = (study.folder / "run/influence.h5").read_bytes(), root(study.folder / "run")
    pages = (len(table) + 4095) // 4096
    seen = set()
    for i, size in enumerate([1, 2, pages // 2, pages, pages + 1, pages + 3, pages + 6, pages + 9, 2 * pages + 60]):
        ranks = RANKS[i % 2]
        what = f"a disk of {size} pages, on {ranks}"
        outcome, left = run_in_little_space(study, base / f"disk-{i}", size * 4096, ranks)
        if outcome is None:
            continue
        seen.add(outcome.code)
        if outcome.code != OK:
            check_refusal(outcome, what, CANNOT_WRITE, [f"disk-{i}"])
        for name, content in left:
            check(content == (table if name == "influence.h5" else expected_root), f"{what}: {name} is complete")
        check(outcome.code == OK or "seal/checkpoint" not in dict(left), f"{what}: what failed is not sealed")
    check(seen == {OK, CANNOT_WRITE}, "disks were too small and large enough", seen)


def test_read_only(base):
    """A run directory that nobody may write to, as far as this user can be kept from it."""
    study = studies.make(base / "read-only")
    directory = base / "locked"
    if mount(directory, 65536):
        subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
    else:
        directory.chmod(0o555)
        if os.geteuid() == 0:
            return
    try:
        for ranks in RANKS:
            outcome = run("run", study.path, "--directory", directory / "run", ranks=ranks)
            check_refusal(outcome, f"a read-only directory, on {ranks}", CANNOT_WRITE, ["locked"])
    finally:
        subprocess.run(["umount", "--lazy", directory], capture_output=True)
        directory.chmod(0o755)


def test_usage(base):
    study = studies.make(base / "usage")
    for ranks in RANKS:
        for arguments, part in ((["rnu", study.path], "rnu"), (["run"], "CONFIG"),
                                (["run", study.path, "--fast"], "--fast"), (["run", study.path, "more"], "more"),
                                (["run", study.path, "--key"], "--key"),
                                (["verify", base / "nothing"], "nothing")):
            check_refusal(run(*arguments, ranks=ranks), f"assay {arguments}, on {ranks}", BAD_USAGE, [part])


with folder() as temporary:
    test_usage(temporary)
    test_refusals(temporary)
    test_other_config(temporary)
    test_journal(temporary)
    test_full_disk(temporary)
    test_read_only(temporary)
finish()
