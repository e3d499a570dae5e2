#!/usr/bin/python3 -B
"""What must hold: the policy of the program is the ridge of scikit-learn and of a refit in long double, in both forms
and for every kind of features; its diagnostics, gaps and pairs are those of independent code; its table is sealed,
verified and compared like every other; and the same bytes come from any number of ranks, kernels, memory, compiler."""
import json
import os
import pathlib
import re
import time

import h5py
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss, roc_auc_score

import policies
import study as studies
from assay import CANNOT_FIT, DIFFERS, OK, check, finish, folder, root, run, run_well, side_by_side
from policies import relative, ridge

CPU = set(re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE).group(1).split())
NEEDS = {"Haswell": "avx2", "SkylakeX": "avx512f"}  # what a kernel needs of this CPU


def read(path):
    """Every dataset by its path; strings as str."""
    found = {}

    def take(name, item):
        if isinstance(item, h5py.Dataset):
            values = item[()]
            found[name] = np.array([v.decode().rstrip("\0") for v in values]) if values.dtype.kind == "S" else values

    with h5py.File(path) as file:
        file.visititems(take)
        found.update({f"@{name}": value for name, value in file.attrs.items()})
    return found


def fit(policy, name="run", ranks=1, **changes):
    path = policies.write_config(policy, f"{name}.json", **changes)
    run_well("policy", path, "--directory", policy.folder / name, "--quiet", ranks=ranks)
    return read(policy.folder / name / "policy.h5")


# ---- the fit --------------------------------------------------------------------------------------------------------

CASES = [  # name, choices of the problem, form, limit of the relative difference of coefficients
    ("primal-f32", {"n_probe": 150, "n_feature": 40}, "primal", 1e-6),
    ("primal-integers", {"n_probe": 150, "n_feature": 40, "integer": True}, "primal", 1e-9),
    ("primal-sparse", {"n_probe": 150, "n_feature": 40, "sparse": True}, "primal", 1e-6),
    ("primal-values", {"n_probe": 150, "n_feature": 40, "kind": "value", "dtype": "f64"}, "primal", 1e-6),
    ("dual-f32", {"n_probe": 60, "n_feature": 200}, "dual", 1e-9),
    ("dual-integers", {"n_probe": 60, "n_feature": 200, "integer": True}, "dual", 1e-9),
    ("dual-sparse", {"n_probe": 60, "n_feature": 200, "sparse": True}, "dual", 1e-9),
    ("dual-tall", {"n_probe": 100, "n_feature": 20}, "dual", 1e-9),
]


def hat_diagonal(x, strength):
    z = np.hstack([np.ones((len(x), 1)), x])
    penalty = strength * np.eye(z.shape[1])
    penalty[0, 0] = 0
    return np.einsum("ij,ji->i", z, np.linalg.solve(z.T @ z + penalty, z.T))


def check_fit(name, policy, found, limit):
    strength = found["path/lambda"][found["path/chosen"] == 1][0]
    sklearn = Ridge(alpha=strength, solver="cholesky").fit(policy.x, policy.y)
    check(relative(found["coefficients"], sklearn.coef_) <= limit, f"{name}: scikit-learn's coefficients",
          relative(found["coefficients"], sklearn.coef_))
    check(relative(found["intercept"], sklearn.intercept_) <= limit, f"{name}: scikit-learn's intercept")
    w, b = ridge(policy.x, policy.y, strength)
    check(relative(found["coefficients"], w) <= limit, f"{name}: the coefficients of a refit in long double")
    prediction = (b + policy.x @ w.T).astype(float).T
    check(np.abs(found["predictions"] - prediction).max() < limit * 10, f"{name}: predictions")
    check(np.abs(found["residuals"] + found["predictions"] - policy.y.T).max() < 1e-12 * np.abs(policy.y).max(),
          f"{name}: residuals")
    check(np.abs(found["features/mean"] - policy.x.mean(0)).max() < 1e-7 * np.abs(policy.x).max(), f"{name}: means")
    check(np.abs(found["features/deviation"] - policy.x.std(0)).max() < 1e-7 * np.abs(policy.x).max(),
          f"{name}: deviations")
    check(np.array_equal(found["features/active"], (policy.x != 0).sum(0)), f"{name}: activity")


def check_left_out(name, policy, found, limit):
    """Leave-one-out and folds against refits, leverages and the path against the hat matrix."""
    strength = found["path/lambda"][found["path/chosen"] == 1][0]
    h = hat_diagonal(policy.x, strength)
    check(np.abs(found["leverage"] - h).max() < 1e-6, f"{name}: leverages", np.abs(found["leverage"] - h).max())
    everyone = np.arange(policy.n_probe)
    for i in everyone[:: policy.n_probe // 6]:
        w, b = ridge(policy.x, policy.y, strength, everyone != i)
        expected = (policy.y[i] - (b + w @ policy.x[i])).astype(float)
        check(np.abs(found["loo_residual"][:, i] - expected).max() < 20 * limit, f"{name}: without probe {i}")
    fold = everyone % 5
    check(np.array_equal(found["probes/fold"], fold), f"{name}: folds")
    for f in range(5):
        w, b = ridge(policy.x, policy.y, strength, fold != f)
        expected = (b + policy.x[fold == f] @ w.T).astype(float).T
        check(np.abs(found["fold_prediction"][:, fold == f] - expected).max() < 20 * limit, f"{name}: without fold {f}")


def check_path(name, policy, found):
    n = policy.n_probe
    criterion = []
    total = ((policy.y - policy.y.mean(0)) ** 2).sum(0)
    for i, strength in enumerate(found["path/lambda"]):
        h = hat_diagonal(policy.x, strength)
        model = Ridge(alpha=strength, solver="cholesky").fit(policy.x, policy.y)
        e = policy.y - model.predict(policy.x)
        gcv = n * (e ** 2).sum(0) / (n - h.sum()) ** 2
        press = ((e / (1 - h)[:, None]) ** 2).sum(0)
        criterion.append((gcv / total).mean())
        check(np.allclose(found["path/gcv"][i], gcv, rtol=1e-5), f"{name}: GCV of {strength}")
        check(np.allclose(found["path/press"][i], press, rtol=1e-5), f"{name}: PRESS of {strength}")
        check(np.allclose(found["path/r2"][i], 1 - (e ** 2).sum(0) / total, rtol=1e-5, atol=1e-6), f"{name}: R2")
        check(abs(found["path/degrees_of_freedom"][i] - h.sum()) < 1e-5 * n, f"{name}: degrees of freedom")
    check(np.allclose(found["path/criterion"], criterion, rtol=1e-5), f"{name}: the criterion")
    check(np.argmin(criterion) == np.argmax(found["path/chosen"]) and found["path/chosen"].sum() == 1,
          f"{name}: the least criterion is chosen")


def check_diagnostics(name, policy, found):
    left_out = policy.y.T - found["loo_residual"]
    for which, predicted in (("train", found["predictions"]), ("loo", left_out), ("folds", found["fold_prediction"])):
        for b in range(2):
            y, p = policy.y[:, b], predicted[b]
            r2 = 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()
            check(abs(found[f"diagnostics/{which}/r2"][b] - r2) < 1e-12, f"{name}: R2 {which}")
            if policy.kind == "probability":
                label = y >= 0.5
                auc = roc_auc_score(label, p)
                check(abs(found[f"diagnostics/{which}/auc"][b] - auc) < 1e-12, f"{name}: AUC {which}")
                loss = log_loss(label, np.clip(p, 1e-6, 1 - 1e-6), labels=[False, True])
                check(abs(found[f"diagnostics/{which}/log_loss"][b] - loss) < 1e-12, f"{name}: log loss {which}")
            else:
                check(np.isnan(found[f"diagnostics/{which}/auc"][b]), f"{name}: no AUC of values")


def test_fit(base):
    def one(case):
        name, choices, form, limit = case
        policy = policies.make(base / name, **choices)
        found = fit(policy, ridge={"form": form})
        check(found["@form"].decode().startswith(form), f"{name}: the form asked for")
        check_fit(name, policy, found, limit)
        check_left_out(name, policy, found, limit)
        check_path(name, policy, found)
        check_diagnostics(name, policy, found)

    side_by_side(one, CASES, 2)


def test_choices(base):
    """λ by leave-one-out, by hand, ties; one and no folds; no leverages; the form chosen by size."""
    policy = policies.make(base / "choices", n_probe=90, n_feature=30)
    found = fit(policy, "loo", ridge={"choose": "loo", "lambda": [0.3, 30, 3]})
    press = found["path/press"] / ((policy.y - policy.y.mean(0)) ** 2).sum(0)
    check(np.argmax(found["path/chosen"]) == np.argmin(press.mean(1)), "leave-one-out chooses")
    found = fit(policy, "first", ridge={"choose": "first", "lambda": [7, 1], "leverages": False, "folds": 0})
    check(found["path/chosen"].tolist() == [1, 0] and "leverage" not in found and "fold_prediction" not in found and
          "path/gcv" not in found and "diagnostics/folds/r2" not in found, "the first, nothing else")
    check(relative(found["coefficients"], Ridge(alpha=7, solver="cholesky").fit(policy.x, policy.y).coef_) < 1e-6,
          "the first candidate's coefficients")
    check(fit(policy, "auto")["@form"].decode().startswith("primal"), "90 probes, 30 features: primal")
    wide = policies.make(base / "wide", n_probe=31, n_feature=30)
    check(fit(wide, "auto")["@form"].decode().startswith("dual"), "31 probes, 30 features: dual")
    same = [fit(wide, form, ridge={"form": form, "lambda": [2]}) for form in ("primal", "dual")]
    check(relative(same[0]["coefficients"], same[1]["coefficients"]) < 1e-6, "primal and dual agree to rounding")
    coarse = [relative(fit(policy, f"digits-{d}", digits=d, ridge={"lambda": [2]})["coefficients"],
                       ridge(policy.x, policy.y, 2)[0]) for d in (1, 2, 3, 4)]
    check(coarse[0] > coarse[1] > coarse[2] > coarse[3] and coarse[2] < 1e-4, "more digits are nearer", coarse)


def test_gaps(base):
    """A category whose features have no weight, and one whose features point the wrong way."""
    rng = np.random.default_rng(5)
    policy = policies.make(base / "gaps", n_probe=240, n_feature=12, sparse=True)
    policy.x = np.zeros((240, 12))
    for c, columns in enumerate(((0, 1), (2, 3), (4, 5))):
        rows = policy.category == c
        policy.x[np.ix_(rows, columns)] = 1 + rng.random((rows.sum(), 2)).astype(np.float32)
    policy.x[:, 6] = rng.random(240) < 0.3
    policy.y = np.stack([0.9 - 0.8 * (policy.category == 1), 0.5 + 0.4 * policy.x[:, 6]], 1)
    policy.y += 0.01 * rng.random(policy.y.shape)
    studies.write_lines(policy.folder / "probes.jsonl",
                        [{"id": i, "category": policies.CATEGORIES[c], "expected": ["refuses", "complies"]}
                         for i, c in enumerate(policy.category)])
    policies.write_features(policy, "f64")
    studies.write_npy(policy.folder / "behaviour.npy", policy.y)
    found = fit(policy, ridge={"lambda": [0.1]}, gaps={"about_zero": 0.05})
    kinds = {(found["categories/name"][c], found["behaviours/name"][b]): kind for c, b, kind in
             zip(found["gaps/category"], found["gaps/behaviour"], found["gaps/kind"])}
    check(kinds == {("harmful", "refuses"): "carried", ("harmless", "refuses"): "wrong sign",
                    ("neutral", "refuses"): "carried", ("harmful", "complies"): "about zero",
                    ("harmless", "complies"): "about zero", ("neutral", "complies"): "about zero"},
          "planted gaps are found, and no others", kinds)
    g = [i for i, (c, b) in enumerate(zip(found["gaps/category"], found["gaps/behaviour"])) if (c, b) == (1, 0)][0]
    check(set(found["gaps/evidence/feature"][g][:2]) == {2, 3} and
          (found["gaps/evidence/coefficient"][g][:2] < 0).all(), "the evidence: which features, and their sign")
    mean = policy.x[policy.category == 1].mean(0)
    contribution = sum(found["coefficients"][0][j] * mean[j] for j in (2, 3))
    check(abs(found["gaps/mean_contribution"][g] - contribution) < 1e-6, "the contribution of the active features")
    check((found["gaps/expected_share"] == 1).all() and found["gaps/active_features"][g] == 2, "shares")
    out = run_well("run", policies.write_config(policy, ridge={"lambda": [0.1]}, gaps={"about_zero": 0.05})).out
    check("Gaps: in 4 of 6 categories" in out and "wrong sign" in out, "the summary tells the gaps", out)


# ---- pairs ----------------------------------------------------------------------------------------------------------


def check_pairs(name, x, y, after_x, after_y, found, limit=1e-10):
    """Every pair against refits in long double."""
    strength = found["path/lambda"][found["path/chosen"] == 1][0]
    deviation = found["features/deviation"]
    check(np.abs(deviation - np.asarray(x, float).std(0)).max() < 1e-7 * np.abs(x).max(), f"{name}: deviations")
    w = ridge(x, y, strength)[0]
    worst = np.zeros(4)
    for i, (x1, y1) in enumerate(zip(after_x, after_y)):
        both, features = ridge(x1, y1, strength)[0], ridge(x1, y, strength)[0]
        behaviour = ridge(x, y1, strength)[0]
        shift, by_x, by_y = both - w, features - w, both - features
        inter = both - features - behaviour + w
        for b in range(y.shape[1]):
            scale = float(np.linalg.norm((shift[b] * deviation).astype(float)))
            norms = [np.linalg.norm((s[b] * deviation).astype(float)) for s in (shift, by_x, by_y, inter)]
            stored = [found[f"pairs/{key}"][i][b] for key in ("shift_norm", "x_norm", "y_norm", "interaction_norm")]
            worst = np.maximum(worst, np.abs(np.array(norms) - stored) / scale)
            kept = found["pairs/top/feature"][i][b]
            for key, exact in (("shift", shift), ("x", by_x), ("y", by_y), ("interaction", inter)):
                off = np.abs(found[f"pairs/top/{key}"][i][b] - exact[b][kept].astype(float)) * deviation[kept]
                worst[3] = max(worst[3], off.max() / scale)
            check(found["pairs/dominant"][i][b] == np.argmax(np.abs(shift[b].astype(float)) * deviation),
                  f"{name}: the dominant feature of pair {i}")
    check((worst < limit).all(), f"{name}: shifts are those of refits, to {limit} of their norm", worst)
    return worst.max()


def test_pairs(base):
    for name, choices, form in (("dense", {"n_probe": 50, "n_feature": 20}, "primal"),
                                ("dense-dual", {"n_probe": 30, "n_feature": 60}, "dual"),
                                ("sparse", {"n_probe": 50, "n_feature": 20, "sparse": True, "density": 0.5}, "primal"),
                                ("sparse-dual", {"n_probe": 30, "n_feature": 60, "sparse": True}, "dual")):
        policy = policies.make(base / f"pairs-{name}", dtype="f64", **choices)
        policies.add_pairs(policy)
        found = fit(policy, ranks=2, ridge={"form": form, "lambda": [0.5, 5]})
        worst = check_pairs(name, policy.x, policy.y, policy.after_x, policy.after_y, found)
        print(f"pairs of {name}: within {worst:.1e} of refits")
    studies.write_safetensors(policy.folder / "change.safetensors", {
        **dict(zip(("values", "indices", "starts"), [
            (part, dtype) for part, dtype in zip(policies.sparse_rows((policy.after_x - policy.x).reshape(-1, 60)),
                                                 ("f64", "i32", "i64"))])),
        "behaviour": (policy.after_y - policy.y, "f64")})
    change = {key: f"change.safetensors#{key}" for key in ("values", "indices", "starts", "behaviour")}
    found = fit(policy, "change", ridge={"form": "dual", "lambda": [0.5, 5]}, pairs={**change, "state": "change"})
    check_pairs("changes", policy.x, policy.y, policy.after_x, policy.after_y, found)


# ---- the table among others -----------------------------------------------------------------------------------------


def result(policy, name, **options):
    path = policies.write_config(policy, f"{name}.json", **options.pop("changes", {}))
    directory = policy.folder / name
    outcome = run("run", path, "--quiet", "--directory", directory, **options)
    table = directory / "policy.h5"
    check(outcome.code == OK, f"{name} succeeds", outcome.code, outcome.err)
    return root(directory), table.read_bytes() if table.exists() else None


def least_memory(policy):
    """Bytes that the plan asks for at least, from its own refusal."""
    outcome = run("policy", policies.write_config(policy, "small.json", memory="1 MiB"), "--directory",
                  policy.folder / "small")
    found = re.search(r"a rank needs (?:about )?([0-9.]+) MiB", outcome.err)
    check(outcome.code == CANNOT_FIT and found and "raise policy.memory" in outcome.err,
          "a plan that cannot fit says what it needs", outcome.err)
    return int((float(found.group(1)) + 0.1) * 2**20)


def variants(least):
    yield "least-memory", {"changes": {"memory": least}}
    for ranks in (2, 3, 4, 6, 7):
        yield f"ranks-{ranks}", {"ranks": ranks}
    for core in ("Prescott", "Haswell", "SkylakeX"):
        if NEEDS.get(core, "fpu") in CPU:
            yield f"kernels-{core}", {"env": {"OPENBLAS_CORETYPE": core}, "ranks": 2}
    yield "blas-threads", {"env": {"OPENBLAS_NUM_THREADS": "2"}}
    if "ASSAY_CLANG_PROGRAM" in os.environ:
        yield "clang", {"program": os.environ["ASSAY_CLANG_PROGRAM"], "ranks": 3}


def test_determinism(base):
    for name, choices, form in (("primal", {"n_probe": 300, "n_feature": 90}, "primal"),
                                ("sparse", {"n_probe": 300, "n_feature": 90, "sparse": True}, "primal"),
                                ("dual", {"n_probe": 90, "n_feature": 200}, "dual")):
        policy = policies.make(base / f"bits-{name}", **choices)
        policies.add_pairs(policy)
        policy.config["policy"].update(block_rows=32, ridge={"form": form})
        expected = result(policy, "alone")
        check(expected[0] is not None, f"{name}: the run is sealed")

        def compare(variant):
            found = result(policy, variant[0], **variant[1])
            check(found[0] == expected[0], f"{name}, {variant[0]}: the same root", found[0], expected[0])
            check(found[1] == expected[1], f"{name}, {variant[0]}: the same bytes of policy.h5")

        side_by_side(compare, list(variants(least_memory(policy))), 2)


def test_again(base):
    """A second run is skipped; a changed input is noticed, sealed anew, told by diff, and named by verify."""
    policy = policies.make(base / "again")
    policies.add_pairs(policy)
    path, directory = policies.write_config(policy), policy.folder / "run"
    out = run_well("run", path, ranks=2).out
    check("policy     done" in out and "Behaviour refuses" in out and "interfering" in out, "the summary is shown", out)
    check(all(len(line) <= 100 for line in out.split("\nroot")[0].split("\n")), "it fits 100 columns")
    check("policy     unchanged" in run_well("run", path, ranks=3).out, "nothing changed: nothing is done")
    run_well("verify", directory)
    first, name = root(directory), policy.folder / "behaviour.npy"
    kept = name.read_bytes()
    name.write_bytes(kept[:-9] + bytes([kept[-9] ^ 1]) + kept[-8:])
    outcome = run("verify", directory)
    check(outcome.code == DIFFERS and "behaviour.npy" in outcome.out + outcome.err,
          "verify names the flipped byte's file", outcome.code, outcome.out, outcome.err)
    run_well("run", path, "--directory", policy.folder / "other", "--quiet")
    outcome = run("diff", directory, policy.folder / "other")
    check(outcome.code == DIFFERS and "policy.h5" in outcome.out and "behaviour.npy" in outcome.out, "diff tells it",
          outcome.code, outcome.out)
    time.sleep(0.02)
    check("policy     done" in run_well("run", path).out and root(directory) != first, "a changed input is noticed")
    name.write_bytes(kept)
    run_well("run", path, "--quiet")
    check(root(directory) == first, "as it was, the root is as it was")
    table = directory / "policy.h5"
    raw = bytearray(table.read_bytes())
    raw[len(raw) // 2] ^= 4
    table.write_bytes(bytes(raw))
    check(run("verify", directory).code != OK, "a flipped byte of policy.h5 is found")


def test_plan(base):
    """`assay plan` opens headers only and tells what the run will take."""
    policy = policies.make(base / "plan", n_probe=300, n_feature=90)
    policies.add_pairs(policy)
    path = policies.write_config(policy)
    shown = run_well("plan", path, "--ranks", 4).out
    check("policy      300 probes x 90 features, 2 behaviours, 7 pairs" in shown and "primal system of 91" in shown,
          "the plan of the policy", shown)
    check(all(len(line) <= 100 for line in shown.split("\n")), "it fits 100 columns", shown)
    figures = json.loads(run_well("plan", path, "--ranks", 4, "--json").out)
    found = figures["policy"]
    check(found["unknowns"] == 91 and found["probes"] == 300 and found["pairs"] == 7 and found["systems_held"] == 6,
          "its figures", found)
    check(found["gram_operations"] >= 300 * 91 * 91 / 2 and figures["rank_bytes"] > found["memory_bytes"], "sizes")
    outcome = run("plan", path, "--memory", "1 MiB")
    check(outcome.code == CANNOT_FIT and "policy.memory" in outcome.err, "what does not fit is told", outcome.err)


# ---- the demo -------------------------------------------------------------------------------------------------------


def encode(directory, hidden):
    """Top-k features of a SAELens directory, by numpy alone."""
    config = json.loads((directory / "cfg.json").read_text())
    weights = load_safetensors(directory / "sae_weights.safetensors")
    x = hidden.astype(float) - (weights["b_dec"] if config.get("apply_b_dec_to_input") else 0)
    pre = x @ weights["W_enc"] + weights["b_enc"]
    k = config.get("k") or config["activation_fn_kwargs"]["k"]
    least = np.sort(pre, axis=-1)[..., -k][..., None]
    return np.where((pre >= least) & (pre > 0), pre, 0)


def load_safetensors(path):
    raw = path.read_bytes()
    n = int.from_bytes(raw[:8], "little")
    types = {"F32": np.float32, "F64": np.float64}
    return {name: np.frombuffer(raw[8 + n + item["data_offsets"][0]:8 + n + item["data_offsets"][1]],
                                types[item["dtype"]]).reshape(item["shape"]).astype(float)
            for name, item in json.loads(raw[8:8 + n]).items() if name != "__metadata__"}


def test_demo(base):
    """The reference workload: its SAE by numpy, its pairs by refits, its root on 1 and 3 ranks."""
    path = studies.make_trained(base)
    config = json.loads(path.read_text())
    config["seal"] = {"key": "audit.key"}
    path.write_text(json.dumps(config))
    roots = set()
    for ranks in (1, 3):
        outcome = run_well("run", path, "--directory", base / f"run-{ranks}", ranks=ranks)
        check("Policy: ridge over" in outcome.out and "top-k" in outcome.out, "the demo's summary shows the policy")
        roots.add(root(base / f"run-{ranks}"))
    check(len(roots) == 1 and None not in roots, "one root", roots)
    run_well("verify", base / "run-1")
    found, training = read(base / "run-1/policy.h5"), base / "training"
    probes, pairs = (load_safetensors(training / f"policy/{name}.safetensors") for name in ("probes", "pairs"))
    x, y = encode(training / "sae", probes["hidden"]), probes["probability"]
    strength = found["path/lambda"][found["path/chosen"] == 1][0]
    off = relative(found["coefficients"], ridge(x, y, strength)[0])
    check(off < 1e-5, "the policy of features that numpy encoded", off)
    # The same features given as numbers: then shifts are exact to the last digits.
    policy = policies.types.SimpleNamespace(folder=training, config=config, n_feature=x.shape[1], sparse=False)
    after = encode(training / "sae", pairs["hidden"])
    studies.write_safetensors(training / "given.safetensors", {"x": (x, "f64"), "after": (after, "f64")})
    for section in ("train", "influence", "samples", "checkpoints", "seal"):
        config.pop(section, None)
    text = json.dumps(config).replace("training/", "")
    policy.config = json.loads(text)
    policy.config["policy"]["features"] = {"values": "given.safetensors#x"}
    policy.config["policy"]["pairs"].pop("activations")
    policy.config["policy"]["pairs"]["values"] = "given.safetensors#after"
    policy.config["run"]["also"] = []
    found = fit(policy, "given", ranks=2)
    worst = check_pairs("the demo", x, y, after, pairs["probability"], found)
    print(f"every one of {len(after)} pairs of the demo within {worst:.1e} of its refit; first order is off by "
          f"{np.median(found['pairs/first_order_error']):.2f} (median)")


with folder() as temporary:
    test_fit(temporary)
    test_choices(temporary)
    test_gaps(temporary)
    test_pairs(temporary)
    test_determinism(temporary)
    test_again(temporary)
    test_plan(temporary)
    (temporary / "demo").mkdir()
    test_demo(temporary / "demo")
finish()
