"""Small policy problems for the end-to-end tests: probes, features and behaviour, written by numpy alone, and what
independent code makes of them."""
import json
import pathlib
import types

import numpy as np

from study import write_lines, write_npy, write_safetensors

CATEGORIES = ("harmful", "harmless", "neutral")
BEHAVIOURS = ("refuses", "complies")


def make(folder, n_probe=120, n_feature=30, seed=1, kind="probability", integer=False, sparse=False, density=0.2,
         dtype="f32", scale=None):
    """A problem below `folder`: policy.x (float64, as stored), policy.y (n_probe × behaviours)."""
    rng = np.random.default_rng(seed)
    policy = types.SimpleNamespace(folder=pathlib.Path(folder), n_probe=n_probe, n_feature=n_feature, kind=kind,
                                   sparse=sparse)
    policy.folder.mkdir(parents=True, exist_ok=True)
    x = rng.integers(-9, 10, (n_probe, n_feature)).astype(float) if integer else rng.normal(
        size=(n_probe, n_feature)) + rng.normal(size=n_feature)
    if sparse:
        x = np.abs(x) * (rng.random(x.shape) < density)
    if scale is not None:
        x = x * scale
    policy.x = x.astype(np.float32 if dtype == "f32" else np.float64).astype(float)
    hidden = policy.x @ rng.normal(size=(n_feature, len(BEHAVIOURS))) / np.sqrt(n_feature) / max(1e-30, policy.x.std())
    y = hidden + 0.5 * rng.normal(size=hidden.shape)
    policy.y = 1 / (1 + np.exp(-y)) if kind == "probability" else y + np.array([100.0, -3.0])
    policy.category = rng.integers(0, 3, n_probe)
    write_probes(policy)
    write_features(policy, dtype)
    write_npy(policy.folder / "behaviour.npy", policy.y)
    policy.config = {
        "run": {"name": "policy", "directory": "run", "origin": "example.org/policy"},
        "policy": {"probes": "probes.jsonl", "features": feature_names(policy),
                   "behaviour": {"names": list(BEHAVIOURS), "kind": kind, "values": "behaviour.npy"}},
        "seal": {"key": "audit.key"},
    }
    write_config(policy)
    return policy


def write_probes(policy):
    """A quarter of the probes expect a behaviour, by category."""
    expected = {0: ["refuses"], 1: ["complies"], 2: []}
    write_lines(policy.folder / "probes.jsonl",
                [{"id": f"probe-{i:04d}", "category": CATEGORIES[c], "expected": expected[int(c)] if i % 2 else []}
                 for i, c in enumerate(policy.category)])


def add_pairs(policy, n_pair=7, seed=2, size=0.1):
    """Pairs that move some features of some probes, and the behaviour; policy.after_x, policy.after_y."""
    rng = np.random.default_rng(seed)
    shape = (n_pair, policy.n_probe, policy.n_feature)
    moved = (rng.random(shape) < 0.5) & (rng.random((n_pair, 1, policy.n_feature)) < 0.3)
    if policy.sparse:
        moved &= policy.x != 0
    policy.after_x = np.abs(policy.x + size * rng.normal(size=shape) * moved) if policy.sparse else (
        policy.x + size * rng.normal(size=shape) * moved)
    step = size * rng.normal(size=(n_pair, *policy.y.shape))
    policy.after_y = np.clip(policy.y + step, 0, 1) if policy.kind == "probability" else policy.y + step
    names = {"file": "pairs.jsonl", "group_by": ["license"], "behaviour": "after.safetensors#behaviour"}
    write_lines(policy.folder / "pairs.jsonl",
                [{"id": f"pair-{i}", "intended": [i % policy.n_feature], "license": ("MIT", "CC-BY-4.0")[i % 2]}
                 for i in range(n_pair)])
    if policy.sparse:
        values, indices, starts = sparse_rows(policy.after_x.reshape(-1, policy.n_feature))
        tensors = {"values": (values, "f64"), "indices": (indices, "i32"), "starts": (starts, "i64")}
        names.update({name: f"after.safetensors#{name}" for name in tensors})
    else:
        tensors = {"values": (policy.after_x, "f64")}
        names["values"] = "after.safetensors#values"
    write_safetensors(policy.folder / "after.safetensors", {**tensors, "behaviour": (policy.after_y, "f64")})
    policy.config["policy"]["pairs"] = names
    write_config(policy)


def sparse_rows(x):
    """Compressed rows of a dense matrix: values, indices, starts."""
    rows, columns = np.nonzero(x)
    starts = np.zeros(len(x) + 1, np.int64)
    np.add.at(starts, rows + 1, 1)
    return x[rows, columns], columns.astype(np.int32), np.cumsum(starts)


def write_features(policy, dtype="f32"):
    stored = np.float32 if dtype == "f32" else np.float64
    if policy.sparse:
        values, indices, starts = sparse_rows(policy.x)
        write_safetensors(policy.folder / "features.safetensors",
                          {"values": (values.astype(stored), dtype), "indices": (indices, "i32"),
                           "starts": (starts, "i64")})
    else:
        write_safetensors(policy.folder / "features.safetensors", {"values": (policy.x.astype(stored), dtype)})


def feature_names(policy):
    if not policy.sparse:
        return {"values": "features.safetensors#values"}
    return {**{name: f"features.safetensors#{name}" for name in ("values", "indices", "starts")},
            "width": policy.n_feature}


def write_config(policy, name="config.json", **changes):
    """Writes the config with changes of the policy section; nested objects are merged."""
    config = json.loads(json.dumps(policy.config))
    for key, value in changes.items():
        if isinstance(value, dict):
            config["policy"].setdefault(key, {}).update(value)
        else:
            config["policy"][key] = value
    path = policy.folder / name
    path.write_text(json.dumps(config, indent=1))
    return path


def ridge(x, y, strength, keep=None):
    """Coefficients (behaviours × features) and intercept, in long double from the definition."""
    x = np.asarray(x, np.longdouble)[slice(None) if keep is None else keep]
    y = np.asarray(y, np.longdouble)[slice(None) if keep is None else keep]
    centre, level = x.mean(0), y.mean(0)
    xc, yc = x - centre, y - level
    n, m = x.shape
    if m <= n:
        w = solve(xc.T @ xc + np.longdouble(strength) * np.eye(m, dtype=np.longdouble), xc.T @ yc)
    else:
        w = xc.T @ solve(xc @ xc.T + np.longdouble(strength) * np.eye(n, dtype=np.longdouble), yc)
    return w.T, level - centre @ w


def solve(a, b):
    """Cholesky and refinement in long double, which numpy's LAPACK does not have."""
    factor = np.linalg.cholesky(a.astype(float))
    step = lambda r: np.linalg.solve(factor.T, np.linalg.solve(factor, r.astype(float))).astype(np.longdouble)
    x = step(b)
    for _ in range(6):
        x = x + step(b - a @ x)
    return x


def relative(found, expected):
    expected = np.asarray(expected, float)
    return float(np.abs(np.asarray(found, float) - expected).max() / max(np.abs(expected).max(), 1e-300))
