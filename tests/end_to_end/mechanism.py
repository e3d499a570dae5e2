#!/usr/bin/python3 -B
"""What must hold: effects, intervals, interference, recomposition and baselines are those of numpy and scikit-learn;
planted parts are found and all others are not; with the symbolic policy as the model they are its closed form; the
same bytes come from any number of ranks, and the table is sealed and verified like every other."""
import json

import h5py
import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.neighbors import KNeighborsRegressor

import mechanisms
import policies
from assay import DIFFERS, check, finish, folder, run, run_well, side_by_side
from mechanisms import PLANTED

FOLDS = 5


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


def near(found, expected, limit=1e-12):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    return found.shape == expected.shape and np.allclose(found, expected, rtol=limit, atol=limit, equal_nan=True)


# ---- localisation ---------------------------------------------------------------------------------------------------


def check_effects(m, found, name, counts):
    effect = np.moveaxis(m.intact - m.after[name], 2, 0)  # behaviour, part, probe
    at = f"effects/{name}/"
    fold = np.arange(m.n_probe) % FOLDS
    check(near(found[at + "mean"], effect.mean(2)), f"{name}: mean effects")
    check(near(found[at + "magnitude"], np.abs(effect).mean(2)), f"{name}: magnitudes")
    means = effect @ counts.T / m.n_probe
    for end, q in (("low", 2.5), ("high", 97.5)):
        check(near(found[at + end], np.percentile(means, q, axis=2)), f"{name}: the {end} end of intervals")
    folds = np.stack([effect[:, :, fold == f].mean(2) for f in range(FOLDS)], 2)
    check(near(found[at + "fold"], folds), f"{name}: means of folds")
    check((found[at + "folds_agreeing"] == (np.sign(folds) == np.sign(effect.mean(2))[:, :, None]).sum(2)).all(),
          f"{name}: agreeing folds")
    categories = np.stack([effect[:, :, m.category == c].mean(2) for c in np.unique(m.category)], 2)
    order = np.argsort(np.array(mechanisms.CATEGORIES)[np.unique(m.category)])
    check(near(found[at + "category"], categories[:, :, order]), f"{name}: means of categories")
    check((np.take_along_axis(np.abs(effect.mean(2)), found[at + "order"], 1)[:, :-1] + 1e-15
           >= np.take_along_axis(np.abs(effect.mean(2)), found[at + "order"], 1)[:, 1:]).all(), f"{name}: order")
    return effect


def check_controls(m, found, effect):
    control = np.moveaxis(m.intact - m.controls["zero"], 3, 0).mean(3)  # behaviour, part, control
    mean = effect.mean(2)
    check(near(found["effects/zero/control_mean"], control.mean(2)), "means of controls")
    check(near(found["effects/zero/control_deviation"], control.std(2, ddof=1)), "deviations of controls")
    score = (mean - control.mean(2)) / control.std(2, ddof=1)
    check(near(found["effects/zero/score"], score, 1e-9), "scores")
    exceeded = (np.abs(control) >= np.abs(mean)[:, :, None]).sum(2)
    check((found["effects/zero/exceeded"] == exceeded).all(), "controls that exceed a part")
    check(near(found["effects/zero/p"], (1 + exceeded) / (1 + control.shape[2])), "p")
    passing = np.zeros_like(control)
    for r in range(control.shape[2]):
        rest = np.delete(control, r, 2)
        passing[:, :, r] = (np.abs(control[:, :, r]) > np.abs(rest).max(2)) & (
            np.abs(control[:, :, r] - rest.mean(2)) >= 3 * rest.std(2, ddof=1))
    check(near(found["effects/zero/chance"], passing.mean(2)), "how many controls would pass")
    expected = ((found["effects/zero/low"] > 0) | (found["effects/zero/high"] < 0)) & (exceeded == 0) & (
        np.abs(score) >= 3) & (found["effects/zero/folds_agreeing"] == FOLDS)
    check((found["effects/zero/localised"] == expected).all(), "which parts are localised")
    planted = np.zeros(m.n_part, bool)
    planted[list(PLANTED)] = True
    check((found["effects/zero/localised"][:, planted] == 1).all(), "planted parts are found")
    check((found["effects/zero/localised"][:, ~planted] == 0).all(), "parts like random ones are not",
          found["effects/zero/localised"])
    check((found["effects/mean/exceeded"] == -1).all() and not found["effects/mean/localised"].any(),
          "without controls nothing is localised")


# ---- interference and recomposition ---------------------------------------------------------------------------------


def check_interference(m, found, effect, counts):
    both = np.moveaxis(m.intact - m.both, 2, 0)
    alone = np.stack([effect[:, a] + effect[:, b] for a, b in m.pairs], 1)
    check(near(found["interference/both"], both.mean(2)), "effects of pairs")
    check(near(found["interference/sum"], alone.mean(2)), "sums of effects")
    check(near(found["interference/excess"], (both - alone).mean(2), 1e-11), "interference")
    check(near(found["interference/low"], np.percentile((both - alone) @ counts.T / m.n_probe, 2.5, axis=2), 1e-11),
          "intervals of interference")
    if m.kind == "value":  # the one product of the network, in closed form
        check(np.isclose(found["interference/excess"][0, 0], -m.v[0] * (m.a[:, 2] * m.a[:, 5]).mean()),
              "the planted interaction is what it is")
        check(np.abs(found["interference/excess"][1]).max() < 1e-12, "a linear behaviour has no interference")


def check_recomposition(m, found):
    def r2(rebuilt):
        return np.array([[r2_score(m.intact[:, b], rebuilt[s][:, b]) for s in range(len(m.k))] for b in range(2)])

    check((found["recomposition/k"] == m.k).all(), "sizes")
    check(near(found["recomposition/r2"], r2(m.top)), "R2 of the strongest parts")
    check(near(found["recomposition/r2"][:, -1], [1, 1]), "all parts are the whole")
    draws = np.stack([r2(m.random[:, d]) for d in range(4)])
    for name, value in (("r2", draws.mean(0)), ("r2_low", draws.min(0)), ("r2_high", draws.max(0))):
        check(near(found["recomposition/random_" + name], value), f"random parts: {name}")
    for b in range(2):
        enough = np.flatnonzero(np.minimum.accumulate(r2(m.top)[b, ::-1])[::-1] >= 0.9)[0]
        check(found["recomposition/enough"][b] == enough, "the size that is enough")
        residual = m.intact[:, b] - m.top[enough, :, b]
        check(near(found["recomposition/residual"][b], residual), "residuals")
        check((found["recomposition/unexplained"][b] == (np.abs(residual) > m.intact[:, b].std())).all(), "unexplained")
        if m.kind == "probability":
            auc = [roc_auc_score(m.intact[:, b] >= 0.5, m.top[s][:, b]) for s in range(len(m.k))]
            check(near(found["recomposition/auc"][b], auc), "AUC of the strongest parts")


def gcv(x, y, strength):
    """n |e|² / (n − degrees of freedom)² of a ridge with an intercept."""
    x, y = x - x.mean(0), y - y.mean()
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    shrunk = s ** 2 / (s ** 2 + strength)
    return len(y) * ((y - u @ (shrunk * (u.T @ y))) ** 2).sum() / (len(y) - 1 - shrunk.sum()) ** 2


def check_baselines(m, found):
    fold, inputs = np.arange(m.n_probe) % FOLDS, m.a[:, :5] ** 2
    ridge, neighbours = np.zeros((2, m.n_probe)), np.zeros((2, m.n_probe))
    for f in range(FOLDS):
        fitted, left = fold != f, fold == f
        for b in range(2):
            best = min((0.01, 1, 100), key=lambda v: gcv(m.a[fitted], m.intact[fitted, b], v))
            ridge[b, left] = Ridge(alpha=best).fit(m.a[fitted], m.intact[fitted, b]).predict(m.a[left])
        neighbours[:, left] = KNeighborsRegressor(5, algorithm="brute").fit(
            inputs[fitted], m.intact[fitted]).predict(inputs[left]).T
    check(list(found["baselines/name"]) == ["ridge on activations", "neighbours on inputs"], "baselines")
    for i, (name, expected) in enumerate((("ridge", ridge), ("neighbours", neighbours))):
        check(near(found["baselines/prediction"][i], expected, 1e-8), f"{name}: scikit-learn's predictions")
        check(near(found["baselines/r2"][i], [r2_score(m.intact[:, b], expected[b]) for b in range(2)], 1e-8),
              f"{name}: R2")
    kinds = found["failure_kinds/name"][found["failures/kind"]]
    check({"not localised", "interference"} <= set(kinds), "what is left open is said", kinds)


def check_given(path, kind):
    m = mechanisms.make(path / kind, kind=kind)
    run_well("check", m.path)
    out = run_well("run", m.path, ranks=2).out
    found = read(m.folder / "run/mechanism.h5")
    counts = mechanisms.resamples(1, m.n_probe, 50)
    effect = check_effects(m, found, "zero", counts)
    check_controls(m, found, effect)
    check_interference(m, found, effect, counts)
    check_effects(m, found, "mean", counts)
    patched = check_effects(m, found, "patch", counts)
    gap = (m.intact - m.intact[m.source]).sum(0)
    check(near(found["effects/patch/recovered"], patched.sum(2) / gap[:, None], 1e-9), "what patching recovers")
    check_recomposition(m, found)
    check_baselines(m, found)
    summary = out[out.index("Mechanism:"):out.index("seal  ")].splitlines()
    check(max(map(len, summary)) <= 100, "the summary fits 100 columns", max(summary, key=len))
    check("part-2" in out and "rebuilt" in out and "open:" in out, "the summary names parts and what is open", out)
    key = next(line.split()[1] for line in out.splitlines() if line.startswith("key "))
    run_well("verify", m.folder / "run", "--key", key)
    again = run_well("mechanism", m.path)
    check("unchanged" in again.out, "what is there is not made again", again.out)


# ---- any ranks, the policy as the model -----------------------------------------------------------------------------


def check_ranks(path):
    m = mechanisms.make(path / "ranks")
    tables = {}

    def one(ranks):
        run_well("mechanism", m.path, "--directory", m.folder / f"run-{ranks}", "--quiet", ranks=ranks)
        tables[ranks] = (m.folder / f"run-{ranks}/mechanism.h5").read_bytes()

    side_by_side(one, (1, 2, 3, 5))
    check(all(tables[ranks] == tables[1] for ranks in tables), "the same bytes on 1, 2, 3 and 5 ranks")


def check_kinds(path):
    """Only some kinds of parts: the same of each, and a seal that still covers every byte of the inputs."""
    m = mechanisms.make(path / "kinds", mechanism={"pairs": {}})
    run_well("run", m.path)
    whole = read(m.folder / "run/mechanism.h5")
    m.config["mechanism"]["parts"]["kinds"] = ["neuron"]
    m.config["run"]["directory"] = "neurons"
    out = run_well("run", mechanisms.write_config(m, "neurons.json"), ranks=2).out
    found = read(m.folder / "neurons/mechanism.h5")
    check(list(found["parts/id"]) == list(whole["parts/id"][1::2]), "every second part")
    for name in ("mean", "low", "score", "fold", "exceeded"):
        check((found[f"effects/zero/{name}"] == whole[f"effects/zero/{name}"][:, 1::2]).all(), f"some kinds: {name}")
    key = next(line.split()[1] for line in out.splitlines() if line.startswith("key "))
    run_well("verify", m.folder / "neurons", "--key", key)
    raw = bytearray((m.folder / "measured.safetensors").read_bytes())
    raw[len(raw) // 2] ^= 1
    (m.folder / "measured.safetensors").write_bytes(raw)
    check(run("verify", m.folder / "neurons", "--key", key).code == DIFFERS, "a byte of any part is under the root")


def check_policy(path):
    policy = policies.make(path / "policy", n_probe=80, n_feature=20, kind="value", integer=True, sparse=True)
    policies.add_pairs(policy)
    config = json.loads((policy.folder / "config.json").read_text())
    config["mechanism"] = {"level": "policy", "controls": {"count": 6}, "bootstrap": {"resamples": 20}}
    del config["seal"]
    policy.path = policy.folder / "mechanism.json"
    policy.path.write_text(json.dumps(config))
    run_well("run", policy.path, ranks=3)
    found, model = read(policy.folder / "run/mechanism.h5"), read(policy.folder / "run/policy.h5")
    w, x = model["coefficients"], policy.x
    check(near(found["effects/zero/mean"], w * x.mean(0), 1e-6), "zero: coefficient x mean")
    check(np.abs(found["effects/mean/mean"]).max() < 1e-5, "mean: nothing on the mean of a linear model")
    check(near(found["effects/mean/magnitude"], np.abs(w) * np.abs(x - x.mean(0)).mean(0), 1e-5), "mean: magnitudes")
    check(near(found["parts/policy_effect"], w * x.mean(0), 1e-6), "foreseen effects")
    full = [r2_score(policy.y[:, b], x @ w[b] + model["intercept"][b]) for b in range(2)]
    check(near(found["recomposition/r2"][:, -1], full, 1e-6), "all features are the whole policy")
    check(near(found["recomposition/random_r2"][:, -1], full, 1e-6), "all features in any order")
    for b in range(2):
        order = np.argsort(-np.abs(w[b]) * model["features/deviation"], kind="stable")
        k = found["recomposition/k"][2]
        rebuilt = model["intercept"][b] + x.mean(0) @ w[b] + (x - x.mean(0))[:, order[:k]] @ w[b, order[:k]]
        check(np.isclose(found["recomposition/r2"][b, 2], r2_score(policy.y[:, b], rebuilt), atol=1e-6),
              "the strongest features alone")
    fold = [r2_score(policy.y[:, b], model["fold_prediction"][b]) for b in range(2)]
    check(near(found["baselines/r2"][0], fold, 1e-9), "the policy by folds")
    check((found["links/pairs/pair"] == model["features/top_pairs/pair"][:, :, :10]).all(), "pairs behind features")
    check(found["@level"].decode() == "policy", "the level is said", found["@level"])
    rho = [spearmanr(found["effects/zero/mean"][b], w[b] * x.mean(0)).correlation for b in range(2)]
    check(near(found["policy_agreement"], rho, 1e-9), "Spearman's correlation with what was foreseen")


with folder() as path:
    side_by_side(lambda kind: check_given(path, kind), ("value", "probability"), 2)
    check_ranks(path)
    check_kinds(path)
    check_policy(path)
finish()
