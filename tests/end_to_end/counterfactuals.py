"""Small counterfactual problems for the end-to-end tests: a study with features and retrained models, by numpy alone,
and what independent code makes of them."""
import json

import numpy as np
from sklearn.linear_model import Ridge

import study as studies
from study import write_lines, write_npy, write_safetensors

N_CLASS, N_FEATURE, N_SEED = 3, 8, 2
LISTED = [{"name": "two and a policy", "ids": ["sample-00002", "sample-00005"], "groups": {"policy": ["books"]}},
          {"name": "one more", "ids": ["sample-00009"]}]


def make(folder, seed=1, **choices):
    """A study whose config also asks for a ridge head, flips and a comparison with (made-up) retrained models."""
    study = studies.make(folder, seed=seed, **choices)
    rng = np.random.default_rng(seed + 100)
    study.labels = rng.integers(0, N_CLASS, study.n_train)
    study.query_labels = rng.integers(0, N_CLASS, study.n_query)
    centres = 0.6 * rng.normal(size=(N_CLASS, N_FEATURE))
    study.x = (centres[study.labels] + rng.normal(size=(study.n_train, N_FEATURE))).astype(np.float32).astype(float)
    study.xq = (centres[study.query_labels] + rng.normal(size=(study.n_query, N_FEATURE))).astype(
        np.float32).astype(float)
    study.logits = rng.normal(size=(study.n_query, N_CLASS))
    study.logits[np.arange(study.n_query), study.query_labels] += 2
    study.inputs, study.query_inputs = rng.normal(size=(study.n_train, 6)), rng.normal(size=(study.n_query, 6))
    write_safetensors(study.folder / "features.safetensors", {
        "train": (study.x.astype(np.float32), "f32"), "queries": (study.xq.astype(np.float32), "f32"),
        "labels": (study.labels.astype(np.int64), "i64"), "query_labels": (study.query_labels.astype(np.int64), "i64"),
        "logits": (study.logits, "f64"), "inputs": (study.inputs, "f64"), "query_inputs": (study.query_inputs, "f64")})
    write_lines(study.folder / "scenarios.jsonl", LISTED)
    study.config["counterfactual"] = {
        "queries": "queries.jsonl", "scenarios": "scenarios.jsonl", "without": ["policy=crawl", "id=sample-00007"],
        "top": 2, "block_rows": 16, "flip": {"most": 12, "candidates": 70},
        "ridge": {"features": "features.safetensors#train", "labels": "features.safetensors#labels",
                  "queries": "features.safetensors#queries", "lambda": 0.7},
        "network": {"logits": "features.safetensors#logits", "labels": "features.safetensors#query_labels",
                    "scale": 0.25}}
    study.config["seal"] = {"key": "audit.key"}
    write(study)
    return study


def add_truth(study, seed=5, n_subset=20, n_one=12):
    """Retrained models whose outputs follow some weights, with noise of each seed: not those of any method."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(study.n_train, study.n_query))
    base = rng.normal(size=(1, N_SEED, study.n_query))
    study.masks = {"subsets": (rng.random((n_subset, study.n_train)) < 0.5).astype(np.uint8),
                   "leave-one-out": 1 - np.eye(study.n_train, dtype=np.uint8)[rng.permutation(study.n_train)[:n_one]],
                   "groups": np.array([[s["policy"] != p for s in study.samples] for p in ("books", "crawl")],
                                   np.uint8)}
    study.baseline, study.outputs = base, {}
    write_npy(study.folder / "truth/baseline.npy", base)
    for name, masks in study.masks.items():
        change = (1 - masks.astype(float)) @ weights
        study.outputs[name] = base + change[:, None] + 0.5 * rng.normal(size=(len(masks), N_SEED, study.n_query))
        write_npy(study.folder / f"truth/{name}.npy", masks)
        write_npy(study.folder / f"truth/{name}-loss.npy", study.outputs[name])
    study.other = weights + rng.normal(size=weights.shape)
    write_npy(study.folder / "other.npy", study.other)
    names = {key: f"truth/{name}{suffix}.npy" for name, stem in (
        ("subsets", "subset"), ("leave-one-out", "leave_one_out"), ("groups", "group"))
        for key, suffix in ((name.replace("-", "_"), ""), (f"{stem}_outputs", "-loss"))}
    study.config["counterfactual"]["truth"] = {
        "output": "loss", "baseline": "truth/baseline.npy", **names, "names": ["other"], "scores": ["other.npy"],
        "inputs": "features.safetensors#inputs", "labels": "features.safetensors#labels",
        "query_inputs": "features.safetensors#query_inputs", "query_labels": "features.safetensors#query_labels"}
    write(study)


def write(study, **changes):
    """Writes config.json with fields of the counterfactual section changed."""
    study.config["counterfactual"].update(changes)
    study.path = study.folder / "config.json"
    study.path.write_text(json.dumps(study.config, indent=1))
    return study.path


def members(study, name, ids):
    """Which training samples a scenario of this name leaves out."""
    listed = {scenario["name"]: scenario for scenario in LISTED}
    if name in listed:
        groups = listed[name].get("groups", {})
        return np.array([i in listed[name]["ids"] or any(s[key] in values for key, values in groups.items())
                         for i, s in zip(ids, study.samples)])
    key, value = name.split("=", 1)
    return np.array([(i if key == "id" else s[key] or "") == value for i, s in zip(ids, study.samples)])


def refit(study, kept, targets, strength):
    """Outputs for the queries by scikit-learn's ridge on some samples."""
    model = Ridge(alpha=strength, solver="cholesky").fit(study.x[kept], targets[kept])
    return model.predict(study.xq)


def solve(study, kept, targets, strength):
    """The same by normal equations, for searches that ask thousands of times."""
    x, mean, level = study.x[kept], study.x[kept].mean(0), targets[kept].mean(0)
    a = (x - mean).T @ (x - mean) + strength * np.eye(x.shape[1])
    return level + (study.xq - mean) @ np.linalg.solve(a, (x - mean).T @ (targets[kept] - level))


def margins(outputs, predicted):
    others = outputs.copy()
    rows = np.arange(len(outputs))
    others[rows, predicted] = -np.inf
    return outputs[rows, predicted] - others.max(1)
