"""Small studies for the end-to-end tests: samples, queries, checkpoints and captures, written by numpy alone."""
import json
import pathlib
import struct
import types

import h5py
import numpy as np

from assay import SOURCE

STORED = {"f16": ("F16", np.float16), "f32": ("F32", np.float32), "f64": ("F64", np.float64),
          "bf16": ("BF16", np.uint16), "i64": ("I64", np.int64), "i32": ("I32", np.int32)}

POLICIES, LICENSES = ("books", "crawl", "forum"), ("CC-BY-4.0", "MIT", None)


# ---- numbers and files ----------------------------------------------------------------------------------------------


def store_as(values, dtype):
    """An array as it is stored, and the float64 values that it then stands for."""
    if dtype != "bf16":
        stored = np.asarray(values).astype(STORED[dtype][1])
        return stored, stored.astype(np.float64)
    bits = np.asarray(values, np.float32).view(np.uint32).astype(np.uint64)
    stored = ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return stored, (stored.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def write_safetensors(path, tensors):
    """tensors: name → (stored array, dtype)."""
    header, offset = {}, 0
    for name, (array, dtype) in tensors.items():
        header[name] = {"dtype": STORED[dtype][0], "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(np.ascontiguousarray(array).tobytes() for array, _ in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def write_npy(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)


# ---- a study --------------------------------------------------------------------------------------------------------

DEFAULTS = {"n_train": 70, "n_query": 5, "n_checkpoint": 3, "layers": {"fc1": (7, 5), "fc2": (5, 3)}, "seed": 1,
            "kind": "factors", "positions": None, "dtype": "f32", "form": "safetensors", "bias": True, "shard_rows": 30,
            "rates": (0.5, 0.2, 0.1), "losses": (2.0, 1.0, 0.5)}


def make(folder, **choices):
    """A whole study below `folder`, and its config in folder/config.json.

    study.positions: lengths of a sequence axis, {"train": …, "queries": …}, or None.
    study.data[checkpoint][layer][side][name] are the float64 values that the captures hold."""
    study = types.SimpleNamespace(**{**DEFAULTS, **choices}, folder=pathlib.Path(folder))
    study.folder.mkdir(parents=True, exist_ok=True)
    study.rng = np.random.default_rng(study.seed)
    study.checkpoints = [f"step-{100 * k:06d}" for k in range(study.n_checkpoint)]
    write_records(study)
    study.data = {}
    for checkpoint in study.checkpoints:
        study.data[checkpoint] = {layer: make_layer(study, *shape) for layer, shape in study.layers.items()}
        WRITERS[study.form](study, checkpoint)
    study.config = config_of(study)
    write_config(study)
    return study


def write_records(study):
    rng, samples = study.rng, []
    for i in range(study.n_train):
        samples.append({"id": f"sample-{i:05d}", "split": "train", "policy": str(rng.choice(POLICIES)),
                        "license": LICENSES[rng.integers(3)], "source": f"archive-{rng.integers(4)}"})
        if i % 10 == 3:  # rows of the captures are the training samples alone
            samples.append({"id": f"other-{i:05d}", "split": "test", "policy": "held-out"})
    study.samples = [sample for sample in samples if sample["split"] == "train"]
    write_lines(study.folder / "samples.jsonl", samples)
    write_lines(study.folder / "queries.jsonl",
                [{"id": f"query-{j}", "text": f"what is {j}?"} for j in range(study.n_query)])
    records = []
    for k, name in enumerate(study.checkpoints):
        path = study.folder / f"checkpoints/{name}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(rng.bytes(100 + k))
        records.append({"name": name, "step": 100 * k, "learning_rate": study.rates[k],
                        "validation_loss": study.losses[k], "file": f"checkpoints/{name}.bin"})
    study.candidates = records
    write_lines(study.folder / "checkpoints.jsonl", records)


def make_layer(study, n_in, n_out):
    """Random captures of one layer; rows differ in size by orders of magnitude, as gradients do."""
    layer = {"stored": {}}
    for side, n in (("train", study.n_train), ("queries", study.n_query)):
        scale = 10 ** study.rng.uniform(-2, 1, (n, 1))
        names = {"input": study.rng.normal(size=(n, n_in)), "gradient": study.rng.normal(size=(n, n_out)) * scale}
        if study.positions:
            count = study.positions[side]
            names = {"input": study.rng.normal(size=(n, count, n_in)),
                     "gradient": study.rng.normal(size=(n, count, n_out)) * scale[:, :, None]}
        if study.kind == "last-layer":
            names = {"input": names["input"], "logits": study.rng.normal(size=(n, n_out)) * 3,
                     "labels": study.rng.integers(0, n_out, n)}
        if study.kind == "rows":
            names = {"gradient": names["gradient"]}
        layer[side], layer["stored"][side] = {}, {}
        for name, values in names.items():
            dtype = "i64" if name == "labels" else study.dtype
            stored, layer[side][name] = store_as(values, dtype)
            layer["stored"][side][name] = (stored, dtype)
    return layer


def stored_tensors(study, checkpoint, side):
    return {f"{layer}.{name}": tensor for layer, data in study.data[checkpoint].items()
            for name, tensor in data["stored"][side].items()}


def shards(study):
    return [slice(first, first + study.shard_rows) for first in range(0, study.n_train, study.shard_rows)]


def write_as_safetensors(study, checkpoint):
    base = study.folder / "captures" / checkpoint
    train = stored_tensors(study, checkpoint, "train")
    for i, rows in enumerate(shards(study)):
        write_safetensors(base / f"train-{i:05d}.safetensors",
                          {name: (array[rows], dtype) for name, (array, dtype) in train.items()})
    write_safetensors(base / "queries.safetensors", stored_tensors(study, checkpoint, "queries"))


def write_as_npy(study, checkpoint):
    base = study.folder / "captures" / checkpoint
    for name, (array, _) in stored_tensors(study, checkpoint, "train").items():
        for i, rows in enumerate(shards(study)):
            write_npy(base / f"{name}-{i:05d}.npy", array[rows])
    for name, (array, _) in stored_tensors(study, checkpoint, "queries").items():
        write_npy(base / f"queries-{name}.npy", array)


def write_as_hdf5(study, checkpoint):
    base = study.folder / "captures" / checkpoint
    base.mkdir(parents=True)
    for side in ("train", "queries"):
        with h5py.File(base / f"{side}.h5", "w") as file:
            for i, (name, (array, _)) in enumerate(stored_tensors(study, checkpoint, side).items()):
                # Contiguous, chunked and compressed, big-endian: whatever a user's writer chose.
                options = ({}, {"chunks": (min(4, len(array)), *array.shape[1:]), "compression": "gzip"})[i % 2]
                stored = array.astype(array.dtype.newbyteorder(">")) if i % 3 == 2 else array
                file.create_dataset(name.replace(".", "/"), data=stored, **options)


WRITERS = {"safetensors": write_as_safetensors, "npy": write_as_npy, "hdf5": write_as_hdf5}
NAMES = {"safetensors": ("captures/{checkpoint}/train-*.safetensors#{layer}.%s",
                         "captures/{checkpoint}/queries.safetensors#{layer}.%s"),
         "npy": ("captures/{checkpoint}/{layer}.%s-*.npy", "captures/{checkpoint}/queries-{layer}.%s.npy"),
         "hdf5": ("captures/{checkpoint}/train.h5:/{layer}/%s", "captures/{checkpoint}/queries.h5:/{layer}/%s")}
TENSORS = {"factors": ("input", "gradient"), "last-layer": ("input", "logits", "labels"), "rows": ("gradient",)}


def config_of(study):
    train, queries = NAMES[study.form]
    return {
        "run": {"name": "small", "directory": "run", "origin": "example.org/audit/small", "also": []},
        "samples": {"file": "samples.jsonl", "id": "id", "split": "split", "train": "train",
                    "group_by": ["policy", "license", "source"]},
        "checkpoints": {"file": "checkpoints.jsonl", "select": {"rule": "all"}},
        "influence": {
            "method": "tracin", "queries": "queries.jsonl", "layers": list(study.layers),
            "captures": {"kind": study.kind, "bias": study.bias,
                         "train": {name: train % name for name in TENSORS[study.kind]},
                         "queries": {name: queries % name for name in TENSORS[study.kind]}},
            "digits": 2, "block_rows": 16, "keep": {"top": 9, "scores": True}},
    }


def write_config(study, **changes):
    """Writes config.json with fields of the influence section changed."""
    study.config["influence"].update(changes)
    study.path = study.folder / "config.json"
    study.path.write_text(json.dumps(study.config, indent=1))
    return study.path


# ---- the reference workload, briefly --------------------------------------------------------------------------------


def make_trained(folder, **changes):
    """configs/digits.json with few epochs and a narrow network, its hand-over in folder/training; no seal."""
    text = (SOURCE / "configs/digits.json").read_text()
    for old, new in (("../runs/digits-training", "training"), ("../data", str(SOURCE / "data")),
                     ("digits-policies.json", str(SOURCE / "configs/digits-policies.json"))):
        text = text.replace(old, new)
    config = json.loads(text)
    config["run"]["directory"] = "run"
    config["train"].update(epochs=4, checkpoint_every=2, hidden=[24, 16])
    config["influence"].update(changes)
    del config["seal"]
    path = pathlib.Path(folder, "trained.json")
    path.write_text(json.dumps(config))
    return path
