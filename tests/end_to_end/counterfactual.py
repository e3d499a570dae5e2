#!/usr/bin/python3 -B
"""What must hold: without examples and groups, the ridge head is the refit of scikit-learn to 1e-10, the network's
losses are sums of scores with the spread of a bootstrap, sets that flip a query are those of a greedy search that
refits each time, and figures against retrained models are those of scipy; the same bytes come from any number of
ranks, and the table is sealed, verified, and made anew only when what it is made from has changed."""
import json

import h5py
import numpy as np
from scipy.stats import pearsonr, spearmanr

import counterfactuals
import study as studies
from assay import DIFFERS, OK, check, finish, folder, root, run, run_well, side_by_side

EXACT = 1e-10


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


def near(found, expected, what, limit=EXACT):
    error = np.nan_to_num(np.abs(np.asarray(found) - expected))
    same = np.array_equal(np.isnan(found), np.isnan(expected))
    check(same and error.max(initial=0) <= limit, what, error.max(initial=0))


# ---- ridge ----------------------------------------------------------------------------------------------------------


def check_ridge(study, found, targets, strength):
    everyone = np.ones(study.n_train, bool)
    whole = counterfactuals.refit(study, everyone, targets, strength)
    predicted = whole.argmax(1)
    near(found["ridge/prediction"], whole, "outputs are those of scikit-learn")
    check(np.array_equal(found["ridge/predicted"], predicted), "what is predicted")
    near(found["ridge/margin"], counterfactuals.margins(whole, predicted), "margins")
    ones = []
    for i in range(study.n_train):
        outputs = counterfactuals.refit(study, np.arange(study.n_train) != i, targets, strength)
        ones.append(outputs - whole)
        near(found["ridge/loo/margin"][i], counterfactuals.margins(outputs, predicted) - found["ridge/margin"],
             f"margins without sample {i}")
    for s, name in enumerate(found["scenarios/name"]):
        gone = counterfactuals.members(study, name, found["samples/id"])
        check(found["scenarios/count"][s] == gone.sum(), f"{name}: how many it leaves out")
        outputs = counterfactuals.refit(study, ~gone, targets, strength)
        near(found["ridge/change/prediction"][s], outputs - whole, f"{name}: outputs of a refit")
        change = counterfactuals.margins(outputs, predicted) - found["ridge/margin"]
        near(found["ridge/change/margin"][s], change, f"{name}: margins of a refit")
        check(np.array_equal(found["ridge/flips_to"][s], outputs.argmax(1)), f"{name}: what is predicted then")
        check(np.array_equal(found["ridge/flips"][s], outputs.argmax(1) != predicted), f"{name}: what flips")
        added = counterfactuals.margins(whole + sum(one for one, out in zip(ones, gone) if out), predicted)
        near(found["ridge/additive/margin"][s], added - found["ridge/margin"], f"{name}: single effects added up")
        near(found["ridge/additivity_gap"][s], change - added + found["ridge/margin"], f"{name}: additivity gap")
    z = np.hstack([np.ones((study.n_train, 1)), study.x])
    a = z.T @ z + strength * np.diag([0] + [1] * study.x.shape[1])
    hat = np.einsum("ij,ij->i", z, np.linalg.solve(a, z.T).T)
    near(found["ridge/leverage"], hat, "leverages")
    near(found["ridge/loo/residual"], (targets - z @ np.linalg.solve(a, z.T @ targets)) / (1 - hat)[:, None],
         "leave-one-out residuals")


def check_ridge_flips(study, found, targets, strength):
    """The same greedy search, with a refit for every candidate of every step."""
    most = found["flips/ridge/member"].shape[1]
    flipped = 0
    for q in range(study.n_query):
        kept = np.ones(study.n_train, bool)
        predicted, margin, taken = found["ridge/predicted"][q], found["ridge/margin"][q], []
        while margin >= 0 and len(taken) < most:
            tried = np.full(study.n_train, np.inf)
            for i in np.flatnonzero(kept):
                without = kept.copy()
                without[i] = False
                outputs = counterfactuals.solve(study, without, targets, strength)[q]
                tried[i] = outputs[predicted] - np.delete(outputs, predicted).max()
            best = tried.argmin()
            if tried[best] >= margin:
                break
            kept[best], margin = False, tried[best]
            taken.append(best)
            near(found["flips/ridge/margin"][q][len(taken) - 1], margin, f"query {q}: margin after {len(taken)}")
        check(list(found["flips/ridge/member"][q][:len(taken)]) == taken, f"query {q}: the greedy set", taken)
        check(found["flips/ridge/count"][q] == len(taken), f"query {q}: its size")
        check(found["flips/ridge/flipped"][q] == (margin < 0), f"query {q}: whether it flips")
        near(found["flips/ridge/refit_margin"][q], margin, f"query {q}: the set fitted again")
        flipped += margin < 0
    check(0 < flipped, "some query flips")


# ---- the network ----------------------------------------------------------------------------------------------------


def check_network(study, found, scores, influence, scale):
    for s, name in enumerate(found["scenarios/name"]):
        gone = counterfactuals.members(study, name, found["samples/id"])
        expected = scale * scores[gone].sum(0)
        near(found["network/loss_change"][s], expected, f"{name}: sums of scores", 1e-12 * np.abs(scores).sum())
        kinds = found["network/uncertainty"][s]
        if gone.sum() >= 5:  # resampled members: the spread of a sum of so many draws
            error = scale * np.sqrt(gone.sum()) * scores[gone].std(0)
            ratio = found["network/standard_error"][s] / error
            check((kinds == 2).all() and (abs(ratio - 1) < 0.35).all(), f"{name}: spread of the bootstrap", ratio)
            check((found["network/low"][s] < expected).all() and (found["network/high"][s] > expected).all(),
                  f"{name}: the interval is about the sum")
        elif gone.sum() == 1:
            i = np.flatnonzero(gone)[0]
            for q in range(study.n_query):
                parts = [influence[f"top/{side}/by_checkpoint"][q][influence[f"top/{side}/index"][q] == i]
                         for side in ("proponents", "opponents")]
                parts = np.vstack(parts)
                check(kinds[q] == (len(parts) > 0), f"{name}: spread over checkpoints where they are known")
                if len(parts):
                    error = scale * np.sqrt(parts.shape[1]) * parts[0].std(ddof=1)
                    near(found["network/standard_error"][s][q], error, f"{name}: spread over checkpoints", 1e-9)
                    near(found["network/high"][s][q], expected[q] + 1.6448536269514722 * error, f"{name}: interval",
                         1e-9)


def check_network_flips(study, found, scores, scale):
    most = found["flips/network/member"].shape[1]
    for q in range(study.n_query):
        z, label = study.logits[q], study.query_labels[q]
        other = np.delete(z, label).max()
        level = z.copy()
        level[label] = other
        loss, threshold = np.log(np.exp(z).sum()) - z[label], np.log(np.exp(level).sum()) - other
        near(found["flips/network/start"][q], loss, f"query {q}: its loss", 1e-12)
        near(found["flips/network/threshold"][q], threshold, f"query {q}: its threshold", 1e-12)
        order = np.argsort(-scores[:, q], kind="stable")[:most]
        after = loss + scale * np.cumsum(scores[order, q])
        n = 0 if z[label] <= other else min(int((after < threshold).sum()) + 1, most)
        check(list(found["flips/network/member"][q][:n]) == list(order[:n]) and found["flips/network/count"][q] == n,
              f"query {q}: strongest proponents", n, found["flips/network/count"][q])
        near(found["flips/network/loss"][q][:n], after[:n], f"query {q}: losses", 1e-9)


# ---- retrained models -----------------------------------------------------------------------------------------------


def control(study, same_class):
    cosine = (study.inputs @ study.query_inputs.T) / np.outer(np.linalg.norm(study.inputs, axis=1),
                                                              np.linalg.norm(study.query_inputs, axis=1))
    return cosine * (study.labels[:, None] == study.query_labels) if same_class else cosine


def check_truth(study, found, scores):
    expected = {"tracin (this run)": scores, "other": study.other, "ridge leave-one-out": -found["ridge/loo/margin"],
                "same class x input cosine": control(study, True), "input cosine": control(study, False)}
    names = list(found["validation/method/name"])
    check(names == [*expected, "random"], "the methods", names)
    check(list(found["validation/method/control"]) == [0, 0, 0, 1, 1, 1], "the controls")
    base = study.baseline.mean(1)
    actual = {kind: study.outputs[kind].mean(1) - base for kind in study.outputs}
    removed = {kind: 1 - study.masks[kind].astype(float) for kind in study.masks}
    place = {"subsets": "subset", "leave-one-out": "loo", "groups": "group"}
    for kind, name in place.items():
        near(found[f"validation/{name}/actual"], actual[kind], f"{kind}: actual changes", 1e-12)
    for i, (name, values) in enumerate(expected.items()):
        limit = 1e-9 * np.abs(values).sum()
        for kind, at in place.items():
            near(found[f"validation/{at}/predicted"][i], removed[kind] @ values, f"{name}, {kind}: predictions", limit)
    for i, name in enumerate(names):
        predicted = {kind: found[f"validation/{at}/predicted"][i] for kind, at in place.items()}
        columns = range(study.n_query)
        lds = [spearmanr(predicted["subsets"][:, q], actual["subsets"][:, q]).statistic for q in columns]
        near(found["validation/lds/correlation"][i], lds, f"{name}: LDS by scipy", 1e-12)
        near(found["validation/lds/mean"][i], np.mean(lds), f"{name}: mean LDS", 1e-12)
        check(found["validation/lds/low"][i] < np.mean(lds) < found["validation/lds/high"][i], f"{name}: interval")
        one = [pearsonr(predicted["leave-one-out"][:, q], actual["leave-one-out"][:, q]).statistic for q in columns]
        near(found["validation/loo/pearson"][i], one, f"{name}: leave-one-out by scipy", 1e-12)
        both = predicted["groups"].ravel(), actual["groups"].ravel()
        near(found["validation/group/pearson"][i], pearsonr(*both).statistic, f"{name}: groups, Pearson", 1e-12)
        near(found["validation/group/spearman"][i], spearmanr(*both).statistic, f"{name}: groups, Spearman", 1e-12)
        x, y = (np.vstack(list(values.values())) for values in (predicted, actual))
        near(found["validation/method/slope"][i], np.median((x * y).sum(0) / (x * x).sum(0)), f"{name}: slope", 1e-9)
    ceiling = [spearmanr(*study.outputs["subsets"][:, :, q].T).statistic for q in range(study.n_query)]
    near(found["validation/lds/ceiling"], ceiling, "the noise ceiling", 1e-12)
    check(abs(found["validation/lds/mean"][-1]) < 0.3 < found["validation/lds/mean"][1], "random is far behind a "
          "method that knows the weights", found["validation/lds/mean"])
    wanted = [list(found["scenarios/name"]).index(f"policy={policy}") for policy in ("books", "crawl")]
    check(list(found["validation/group/scenario"]) == wanted, "groups of the truth are found among the scenarios")


# ---- the cases ------------------------------------------------------------------------------------------------------


def whole_run(base):
    study = counterfactuals.make(base / "whole")
    counterfactuals.add_truth(study)
    said = run_well("run", study.path).out
    for part in ("Counterfactual:", "policy=crawl", "not additive", "LDS", "noise ceiling",
                 "flipped by few removals", "foretold"):
        check(part in said, f"the summary tells of {part}", said)
    check(max(map(len, said[said.index("Counterfactual:"):].split("\nseal")[0].splitlines())) <= 100, "100 columns")
    found, influence = (read(study.folder / f"run/{name}.h5") for name in ("counterfactual", "influence"))
    targets = np.eye(counterfactuals.N_CLASS)[study.labels]
    check_ridge(study, found, targets, 0.7)
    check_ridge_flips(study, found, targets, 0.7)
    check_network(study, found, influence["scores"], influence, 0.25)
    check_network_flips(study, found, influence["scores"], 0.25)
    check_truth(study, found, influence["scores"])
    return study


def any_ranks(study):
    """The same root, and so the same bytes of every table, on any number of ranks."""
    expected = (study.folder / "run/counterfactual.h5").read_bytes()

    def compare(ranks):
        directory = study.folder / f"run-{ranks}"
        run_well("run", study.path, "--directory", directory, "--quiet", ranks=ranks)
        check((directory / "counterfactual.h5").read_bytes() == expected, f"{ranks} ranks: the same bytes")
        check(root(directory) == root(study.folder / "run"), f"{ranks} ranks: the same root")
    side_by_side(compare, (2, 3, 5), workers=2)


def sealed(study):
    directory = study.folder / "run"
    run_well("verify", directory)
    check("counterfactual  unchanged" in run_well("counterfactual", study.path).out, "what is unchanged is left alone")
    table = directory / "counterfactual.h5"
    whole = table.read_bytes()
    at = whole.index(np.float64(read(table)["ridge/margin"][0]).tobytes())
    table.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
    outcome = run("verify", directory)
    check(outcome.code == DIFFERS and "/ridge/margin" in outcome.out + outcome.err, "a flipped bit is found", outcome)
    table.write_bytes(whole)
    studies.write_npy(study.folder / "truth/baseline.npy", study.baseline + 1)
    check("counterfactual  done" in run_well("counterfactual", study.path).out, "a changed input is noticed")
    check(read(table)["validation/subset/actual"][0, 0] + 1 - study.outputs["subsets"][0, :, 0].mean() + study.baseline[
        0, :, 0].mean() < 1e-12, "and used")


def few_scores(base):
    """Without all scores: totals of groups as influence.h5 has them, single examples where they are among the top."""
    study = counterfactuals.make(base / "few")
    study.config["influence"]["keep"] = {"top": 9, "scores": False}
    del study.config["counterfactual"]["ridge"], study.config["seal"]
    run_well("run", counterfactuals.write(study), "--quiet", ranks=2)
    found, influence = (read(study.folder / f"run/{name}.h5") for name in ("counterfactual", "influence"))
    for s, (name, kind) in enumerate(zip(found["scenarios/name"], found["scenarios/kind"])):
        change = found["network/loss_change"][s]
        if kind == "group":
            column, value = name.split("=", 1)
            at = list(influence[f"groups/{column}/value"]).index(value)
            near(change, 0.25 * influence[f"groups/{column}/net"][:, at], f"{name}: the total", 1e-12)
        elif kind == "example":
            row = found["scenarios/member"][found["scenarios/member_start"][s]]
            for q in range(study.n_query):
                kept = {int(i): score for side in ("proponents", "opponents") for i, score in zip(
                    influence[f"top/{side}/index"][q], influence[f"top/{side}/score"][q])}
                near(change[q], 0.25 * kept.get(row, np.nan), f"{name}: where it is known", 1e-12)
        else:
            check(np.isnan(change).all() or name == "one more", f"{name}: nobody knows")
    check("ridge/margin" not in found, "no ridge was asked for")


def other_targets(base):
    """One output with a threshold; and classes by a key of the samples."""
    study = counterfactuals.make(base / "targets")
    y = study.x @ np.arange(1, 9) + np.random.default_rng(9).normal(size=study.n_train)
    studies.write_npy(study.folder / "y.npy", y)
    del study.config["influence"], study.config["seal"], study.config["counterfactual"]["network"]
    ridge = study.config["counterfactual"]["ridge"]
    del ridge["labels"]
    ridge.update(targets="y.npy", threshold=1.5)
    run_well("counterfactual", counterfactuals.write(study), "--quiet", ranks=2)
    found = read(study.folder / "run/counterfactual.h5")
    outputs = counterfactuals.refit(study, np.ones(study.n_train, bool), y, 0.7)
    near(found["ridge/margin"], np.abs(outputs - 1.5), "one output: the distance to the threshold")
    check(np.array_equal(found["ridge/predicted"], outputs >= 1.5), "one output: its side")
    gone = counterfactuals.members(study, "policy=crawl", found["samples/id"])
    s = list(found["scenarios/name"]).index("policy=crawl")
    without = counterfactuals.refit(study, ~gone, y, 0.7)
    near(found["ridge/change/margin"][s], (without - outputs) * np.sign(outputs - 1.5), "one output: its change")
    del ridge["targets"]
    ridge.update(key="source", threshold=0.5)
    run_well("counterfactual", counterfactuals.write(study), "--directory", study.folder / "keyed", "--quiet")
    found = read(study.folder / "keyed/counterfactual.h5")
    sources = sorted({s["source"] for s in study.samples})
    check(list(found["classes/name"]) == sources, "classes by a key")
    targets = np.array([[s["source"] == name for name in sources] for s in study.samples], float)
    near(found["ridge/prediction"], counterfactuals.refit(study, np.ones(study.n_train, bool), targets, 0.7),
         "classes by a key: outputs")


with folder() as temporary:
    everything = whole_run(temporary)
    any_ranks(everything)
    sealed(everything)
    few_scores(temporary)
    other_targets(temporary)
finish()
