"""Autoencoder, probes and pairs of a hand-over, recomputed with numpy in double precision from the final checkpoint."""
import json

import numpy as np

from hand_over_files import as_double, backward, check, forward, load_lines, load_safetensors, log_softmax, n_layer_of


def encode(sae, k, rows):
    """Top-k, then ReLU; among equals the first."""
    before = (rows - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]
    order = np.argsort(-before, axis=1, kind="stable")[:, :k]
    features = np.zeros_like(before)
    np.put_along_axis(features, order, np.take_along_axis(before, order, axis=1), axis=1)
    return np.maximum(features, 0)


def square_sum(x):
    return float((x * x).sum())


def check_autoencoder(root, config, summary, hidden, checkpoint):
    """The files in SAELens' layout, and how well they reconstruct; returns the weights and k."""
    cfg = json.loads((root / "sae/cfg.json").read_text())
    width, features, k = hidden.shape[1], config["features"], config["active"]
    expected = {"architecture": "topk", "d_in": width, "d_sae": features, "k": k, "dtype": "float32", "device": "cpu",
                "rescale_acts_by_decoder_norm": False, "apply_b_dec_to_input": True, "normalize_activations": "none",
                "reshape_activations": "none"}
    metadata = cfg.pop("metadata")
    check(cfg == expected, f"sae/cfg.json: {cfg}")
    check(metadata["hook_name"].startswith(checkpoint["name"] + " fc") and metadata["sae_lens_version"] >= "6",
          f"sae/cfg.json: {metadata}")
    stored = load_safetensors(root / "sae/sae_weights.safetensors")
    shapes = {"W_enc": (width, features), "b_enc": (features,), "W_dec": (features, width), "b_dec": (width,)}
    check({name: t.shape for name, t in stored.items()} == shapes, "shapes of the autoencoder")
    check(all(t.dtype == np.float32 for t in stored.values()), "the autoencoder is float32")
    sae = as_double(stored)
    check(np.abs(np.linalg.norm(sae["W_dec"], axis=1) - 1).max() < 1e-6, "decoder rows have norm 1")
    check(np.abs(sae["b_dec"] - hidden.mean(axis=0)).max() < 1e-5, "the centre is the mean")

    active = encode(sae, k, hidden)
    centred = hidden - hidden.mean(axis=0)
    explained = 1 - square_sum(hidden - active @ sae["W_dec"] - sae["b_dec"]) / square_sum(centred)
    check(abs(explained - summary["explained_variance"]) < 1e-5, f"explained variance is {explained}")
    n_dead = features - int((active > 0).any(axis=0).sum())
    check(abs(n_dead - summary["dead_features"]) <= 1 and n_dead <= features // 20, f"{n_dead} dead features")
    values = np.linalg.svd(centred, compute_uv=False)
    plain = square_sum(values[:k]) / square_sum(values)
    check(explained >= 0.95 and explained > plain + 0.05,
          f"{k} features explain {explained}, {k} principal components {plain}")
    print(f"{k} of {features} features explain {explained:.4f} ({k} principal components: {plain:.4f}), {n_dead} dead")
    return sae, k, active


def check_features(root, active, labels):
    """Labels follow from the training samples that excite a feature; float32 may see one of them otherwise."""
    notes = load_lines(root / "policy/features.jsonl")
    check([note["index"] for note in notes] == list(range(active.shape[1])), "a line per feature")
    counts = np.stack([(active[labels == digit] > 0).sum(axis=0) for digit in range(10)], axis=1)
    for note, count in zip(notes, counts):
        total, most = int(count.sum()), int(count.argmax())
        text = f"feature {note['index']}: {note}, counted {count}"
        check(abs(note["active"] * len(labels) - total) < 1.5, text)
        if total == 0:
            check(note["label"] == "dead", text)
        elif np.sort(count)[-1] > np.sort(count)[-2] + 2 and abs(2 * count[most] - total) > 3:
            check(note["label"] == f"{'mostly' if 2 * count[most] > total else 'often'} {most}", text)
            check(abs(note["share"] - count[most] / total) < 2 / total, text)


def check_chosen(rows, split, labels, n, what):
    """n of the split, in order of digits and rows, and no digit is short while another still has more."""
    check(len(rows) == min(n, len(split)) and set(rows) <= set(split), f"{what}: {len(rows)} of the right split")
    check([(labels[r], r) for r in rows] == sorted({(labels[r], r) for r in rows}), f"{what}: order")
    taken, there = (np.bincount(labels[list(part)], minlength=10) for part in (rows, split))
    short = taken < there
    check(not short.any() or taken.max() - taken[short].min() <= 1, f"{what}: even over digits, {taken} of {there}")
    for digit in range(10):
        own = [r for r in split if labels[r] == digit][: taken[digit]]
        check(own == [r for r in rows if labels[r] == digit], f"{what}: the first of digit {digit}")


def respond(weights, images, behaviours):
    inputs, logits = forward(weights, images / 16.0)
    return inputs[-1], np.exp(log_softmax(logits))[:, behaviours]


def step(weights, image, label, rate):
    """One step of SGD on one example."""
    inputs, logits = forward(weights, image[None] / 16.0)
    gradients = backward(weights, inputs, logits, np.array([label]))
    updated = dict(weights)
    for k, gradient in enumerate(gradients, start=1):
        updated[f"fc{k}.weight"] = weights[f"fc{k}.weight"] - rate * gradient.T @ inputs[k - 1]
        updated[f"fc{k}.bias"] = weights[f"fc{k}.bias"] - rate * gradient[0]
    return updated


def distance(found, expected):
    return max(float((np.abs(f - e) / (1 + np.abs(e))).max()) for f, e in zip(found, expected))


def check_probes(root, probes, weights, images, labels, behaviours):
    lines = load_lines(root / "policy/probes.jsonl")
    for line, row in zip(lines, probes):
        digit = int(labels[row])
        check(line == {"id": f"digit-{row:04d}", "category": f"digit {digit}",
                       "expected": [f"says {digit}"] if digit in behaviours else []}, f"probe {row}: {line}")
    found = load_safetensors(root / "policy/probes.safetensors")
    check(found["hidden"].dtype == np.float32 and found["probability"].dtype == np.float64, "types of the probes")
    expected = respond(weights, images[probes], behaviours)
    check(found["hidden"].shape == expected[0].shape and found["probability"].shape == expected[1].shape,
          "shapes of the probes")
    off = distance((found["hidden"], found["probability"]), expected)
    check(off < 1e-5, f"probes are off by {off}")
    return expected


def check_pairs(root, pairs, probes, weights, images, labels, config):
    """Every pair's response is that of the network after one step on it, and on no other, at this rate."""
    found, behaviours, rate = (load_safetensors(root / "policy/pairs.safetensors"), config["behaviours"],
                               config["learning_rate"])
    shape = (len(pairs), len(probes))
    check(found["hidden"].shape[:2] == shape and found["probability"].shape == shape + (len(behaviours),),
          "shapes of the pairs")
    before, moved, worst, blind = respond(weights, images[probes], behaviours), [], 0, 0
    for i, row in enumerate(pairs):
        response = found["hidden"][i], found["probability"][i]
        updated = step(weights, images[row], labels[row], rate)
        off = distance(response, respond(updated, images[probes], behaviours))
        worst = max(worst, off)
        check(off < 1e-5, f"pair {row} is off by {off}")
        moved.append(distance(response, before))
        if moved[-1] > 0.1:
            other = step(weights, images[row], labels[row], 1.01 * rate)
            blind += distance(response, respond(other, images[probes], behaviours)) < 3e-5
    check(np.median(moved) > 1e-3 and max(moved) > 0.1, f"pairs move the network: {np.quantile(moved, [0, .5, 1])}")
    check(blind == 0, f"a rate one percent higher would not be noticed on {blind} pairs")
    print(f"{len(pairs)} pairs on {len(probes)} probes: off by {worst:.1e} after moving by {np.median(moved):.1e} in "
          f"the median, {max(moved):.1f} at most")


def check_intended(lines, active, labels, n):
    """The features that stand out most on the probes of the pair's digit, the first one first."""
    means = {digit: active[labels == digit].mean(axis=0) - active[labels != digit].mean(axis=0) for digit in range(10)}
    for line in lines:
        contrast, intended = means[line["label"]], line["intended"]
        check(len(intended) == n == len(set(intended)), f"{line['id']}: {intended}")
        rest = np.delete(contrast, intended)
        ordered = np.append(contrast[intended], max(rest.max(), 0))
        check((np.diff(ordered) <= 1e-5).all(), f"{line['id']}: {intended}, {ordered}")


def check_policy_files(root, manifest, checkpoint, images, labels):
    config, summary = manifest["config"]["train"], manifest["summary"]
    samples = load_lines(root / "samples.jsonl")
    split = {name: [i for i, s in enumerate(samples) if s["split"] == name] for name in ("train", "validation")}
    weights = as_double(load_safetensors(root / checkpoint["file"]))
    hidden = forward(weights, images[split["train"]] / 16.0)[0][n_layer_of(weights) - 1]
    sae, k, active = check_autoencoder(root, config["sae"], summary, hidden, checkpoint)
    check_features(root, active, labels[split["train"]])

    asked = config["policy"]
    lines = load_lines(root / "policy/pairs.jsonl")
    probes = [int(line["id"][6:]) for line in load_lines(root / "policy/probes.jsonl")]
    pairs = [int(line["sample"][6:]) for line in lines]
    check(summary["probes"] == len(probes) and summary["pairs"] == len(pairs), "probes and pairs in the manifest")
    check_chosen(probes, split["validation"], labels, asked["probes"], "probes")
    check_chosen(pairs, split["train"], labels, asked["pairs"], "pairs")
    for line, row in zip(lines, pairs):
        told = {key: samples[row][key] for key in ("label", "policy", "license", "source")}
        told.update(id=f"pair-digit-{row:04d}", sample=samples[row]["id"], intended=line["intended"])
        check(line == told, f"pair {row}: {line}, expected {told}")
    on_probes, _ = check_probes(root, probes, weights, images, labels, asked["behaviours"])
    check_intended(lines, encode(sae, k, on_probes), labels[probes], asked["intended"])
    check_pairs(root, pairs, probes, weights, images, labels, asked)
