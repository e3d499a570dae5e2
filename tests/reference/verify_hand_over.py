"""Recomputes with numpy, in double precision and from the files alone, what a hand-over claims.

    verify_hand_over.py HAND_OVER DATA          exit code 0 only if everything holds
"""
import collections
import datetime
import hashlib
import json
import math
import pathlib
import sys

import numpy as np

from hand_over_files import (as_double, backward, check, failures, forward, load_lines, load_safetensors, log_softmax,
                             n_layer_of)
from verify_policy_files import check_policy_files


def check_manifest(root):
    manifest = json.loads((root / "train.json").read_text())
    listed = {entry["path"] for entry in manifest["files"]}
    found = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()} - {"train.json"}
    check(listed == found, f"the manifest lists what is there: {sorted(listed ^ found)[:5]}")
    for entry in manifest["files"]:
        raw = (root / entry["path"]).read_bytes()
        check(len(raw) == entry["bytes"], f"{entry['path']}: bytes")
        check(hashlib.sha256(raw).hexdigest() == entry["sha256"], f"{entry['path']}: sha256")
    return manifest


def check_samples(root, config, images, labels):
    samples = load_lines(root / "samples.jsonl")
    check(len(samples) == len(images), "a line per sample")
    for i, sample in enumerate(samples):
        check(sample["id"] == f"digit-{i:04d}", f"id of sample {i}")
        check(sample["sha256"] == hashlib.sha256(images[i].tobytes()).hexdigest(), f"sha256 of sample {i}")
        check(sample["label"] == labels[i], f"label of sample {i}")
        check(sample["governance"] == "invented for the demonstration", f"sample {i} says that it is invented")
    splits = collections.Counter(s["split"] for s in samples)
    check(splits["validation"] == config["validation"] and splits["test"] == config["test"], "sizes of the splits")
    check(sum(splits.values()) == splits["train"] + config["validation"] + config["test"], "three splits")
    for key, n_low, n_high in (("policy", 3, 4), ("license", 3, 3), ("source", 4, 5)):
        counts = collections.Counter(s[key] for s in samples)
        check(n_low <= len(counts) <= n_high, f"{key}: {dict(counts)}")
        most, least = max(counts.values()), min(counts.values())
        check(2 * most > 3 * least and least >= 20, f"{key} is unevenly spread: {dict(counts)}")
    counts = collections.Counter(s["owner"] for s in samples)
    check(len(counts) > 40 and max(counts.values()) > 100 and min(counts.values()) < 10, f"owners: {dict(counts)}")
    check({s["classification"] for s in samples} == {"public", "personal", "internal"}, "classifications")
    days = [datetime.date.fromisoformat(s["collected"]) for s in samples]
    check(min(days).year == 1998 and max(days).year in (2022, 2023), f"collected from {min(days)} to {max(days)}")
    check({s["license"] for s in samples} <= {"CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0"}, "licenses are SPDX names")
    return {name: [i for i, s in enumerate(samples) if s["split"] == name] for name in splits}


def check_order(root, config, n_train):
    order, rates = np.load(root / "order.npy"), np.load(root / "learning-rates.npy")
    epochs, batch = config["epochs"], config["batch"]
    steps = -(-n_train // batch)
    check(order.dtype == np.int64 and order.shape == (epochs * steps, batch), "shape of order.npy")
    check(rates.dtype == np.float64 and rates.shape == (epochs * steps,), "shape of learning-rates.npy")
    for epoch in order.reshape(epochs, steps * batch):
        check((np.sort(epoch[:n_train]) == np.arange(n_train)).all(), "an epoch uses every training row once")
        check((epoch[n_train:] == -1).all(), "only the end of an epoch is padded")
    rate, n = config["learning_rate"], len(rates)
    check(rate["schedule"] == "cosine", "the default schedule")

    def expected(step):
        return rate["final"] + (rate["initial"] - rate["final"]) * (1 + math.cos(math.pi * step / n)) / 2

    check(max(abs(rates[t] - expected(t)) for t in range(n)) < 1e-15, "the cosine schedule")
    return order, rates, expected


def check_capture(path, weights, images, labels, rows):
    tensors = load_safetensors(path)
    n_layer = n_layer_of(weights)
    names = {f"fc{k}.{part}" for k in range(1, n_layer + 1) for part in ("input", "gradient")} | {"logits", "labels"}
    check(set(tensors) == names, f"{path}: tensors {sorted(tensors)}")
    check((tensors["labels"] == labels[rows]).all() and tensors["labels"].dtype == np.int64, f"{path}: labels")
    inputs, logits = forward(weights, images[rows] / 16.0)
    gradients = backward(weights, inputs, logits, labels[rows])
    check(np.abs(tensors["logits"] - logits).max() < 1e-5 * (1 + np.abs(logits).max()), f"{path}: logits")
    for k in range(n_layer):
        for part, expected in (("input", inputs[k]), ("gradient", gradients[k])):
            found = tensors[f"fc{k + 1}.{part}"]
            check(found.dtype == np.float32 and found.shape == expected.shape, f"{path}: shape of fc{k + 1}.{part}")
            difference = np.abs(found - expected).max()
            check(difference < 1e-5, f"{path}: fc{k + 1}.{part} is off by {difference}")
    check(np.abs(tensors[f"fc{n_layer}.gradient"]).max() > 1e-3, f"{path}: gradients are not all zero")
    return len(rows)


def check_checkpoints(root, manifest, splits, images, labels, rate_at):
    config = manifest["config"]["train"]
    train, test, validation = (np.array(splits[name]) for name in ("train", "test", "validation"))
    checkpoints = load_lines(root / "checkpoints.jsonl")
    steps = -(-len(train) // config["batch"])
    epochs = sorted(set(range(0, config["epochs"], config["checkpoint_every"])) | {config["epochs"]})
    check([c["step"] for c in checkpoints] == [e * steps for e in epochs], "steps of the checkpoints")
    for checkpoint in checkpoints:
        check(set(checkpoint) == {"name", "step", "learning_rate", "validation_loss", "file"}, "keys of a checkpoint")
        check(abs(checkpoint["learning_rate"] - rate_at(checkpoint["step"])) < 1e-15, f"{checkpoint['name']}: rate")
        weights = as_double(load_safetensors(root / checkpoint["file"]))
        _, logits = forward(weights, images[validation] / 16.0)
        loss = -log_softmax(logits)[np.arange(len(validation)), labels[validation]].mean()
        check(abs(loss - checkpoint["validation_loss"]) < 1e-5, f"{checkpoint['name']}: validation loss {loss}")
        folder, done = root / "captures" / checkpoint["name"], 0
        for shard in sorted(folder.glob("train-*.safetensors")):
            rows = train[done : done + config["rows_per_shard"]]
            done += check_capture(shard, weights, images, labels, rows)
        check(done == len(train), f"{checkpoint['name']}: all training rows are captured")
        check_capture(folder / "queries.safetensors", weights, images, labels, test[: config["queries"]])
    accuracy = (logits.argmax(axis=1) == labels[validation]).mean()
    check(accuracy >= 0.95, f"validation accuracy {accuracy} is at least 0.95")
    check(accuracy == manifest["summary"]["validation_accuracy"], "validation accuracy in the manifest")
    _, logits = forward(weights, images[test] / 16.0)
    check((logits.argmax(axis=1) == labels[test]).mean() == manifest["summary"]["test_accuracy"], "test accuracy")
    probabilities = np.exp(log_softmax(logits))
    for q, query in enumerate(load_lines(root / "queries.jsonl")):
        best = logits[q].argmax()
        text = f"test image of a {labels[test[q]]}, predicted {best} (p = {probabilities[q, best]:.2f})"
        expected = {"id": f"digit-{test[q]:04d}", "text": text, "label": int(labels[test[q]]), "predicted": int(best)}
        check(query == expected, f"query {q}: {query}, expected {expected}")
    check(q + 1 == config["queries"], "the number of queries")
    print(f"validation accuracy {accuracy:.4f}")
    return checkpoints


def replay(weights, images, labels, train, order, rates):
    """Plain SGD in double precision."""
    weights = {name: value.copy() for name, value in weights.items()}
    for batch, rate in zip(order, rates):
        rows = train[batch[batch >= 0]]
        inputs, logits = forward(weights, images[rows] / 16.0)
        for k, delta in enumerate(backward(weights, inputs, logits, labels[rows]), start=1):
            weights[f"fc{k}.weight"] -= rate / len(rows) * delta.T @ inputs[k - 1]
            weights[f"fc{k}.bias"] -= rate / len(rows) * delta.sum(axis=0)
    return weights


def difference(a, b):
    return max(np.abs(a[name] - b[name]).max() for name in a)


def check_replay(root, checkpoints, splits, images, labels, order, rates):
    """Order and rates are those that were used: following them from step 0 leads to the next checkpoint's weights, and
    following others does not."""
    train, until = np.array(splits["train"]), checkpoints[1]["step"]
    first, second = (as_double(load_safetensors(root / c["file"])) for c in checkpoints[:2])
    moved = difference(first, second)
    check(moved > 0.1, f"the weights have moved, by {moved}")
    off = difference(replay(first, images, labels, train, order[:until], rates[:until]), second)
    check(off < 1e-4, f"replaying {until} steps is off by {off}")
    for text, other_order, other_rates in (
        ("two batches exchanged", np.concatenate([order[1::-1], order[2:until]]), rates[:until]),
        ("rates one percent higher", order[:until], 1.01 * rates[:until]),
    ):
        other = difference(replay(first, images, labels, train, other_order, other_rates), second)
        check(other > 3 * max(off, 1e-4), f"{text}: off by {other}, which would not be noticed beside {off}")
    print(f"replay of {until} steps: off by {off:.1e} after moving by {moved:.2f}")


def main():
    root, data = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    images, labels = np.load(data / "digits-images.npy"), np.load(data / "digits-labels.npy").astype("i8")
    manifest = check_manifest(root)
    config = manifest["config"]["train"]
    splits = check_samples(root, config, images, labels)
    order, rates, rate_at = check_order(root, config, len(splits["train"]))
    checkpoints = check_checkpoints(root, manifest, splits, images, labels, rate_at)
    check_replay(root, checkpoints, splits, images, labels, order, rates)
    check_policy_files(root, manifest, checkpoints[-1], images, labels)
    sys.exit(f"{len(failures)} failed" if failures else 0)


if __name__ == "__main__":
    main()
