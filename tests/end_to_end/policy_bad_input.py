#!/usr/bin/python3 -B
"""What must hold: whatever is wrong with the inputs of a policy is refused on any number of ranks with its exit code
and exactly one sentence that names file and place, and no policy.h5 is there then; a stop leaves nothing either."""
import json
import signal
import time

import numpy as np

import policies
import study as studies
from assay import (BAD_CONFIG, BAD_INPUT, CANNOT_FIT, OK, check, finish, folder, run, run_well, sentences, side_by_side,
                   start, wait)

RANKS = (1, 3)
NOT_CONVERGED = 9


# ---- damage: each function spoils one thing of a fresh problem ------------------------------------------------------


def config(**changes):
    return lambda policy: policies.write_config(policy, **changes)


def features(function):
    """function(x) → the features to write instead."""
    def damage(policy):
        policy.x = function(policy.x.copy())
        policies.write_features(policy, "f64")
    return damage


def put(array, place, value):
    array[place] = value
    return array


def behaviour(function):
    return lambda policy: studies.write_npy(policy.folder / "behaviour.npy", function(policy.y.copy()))


def pairs(**changes):
    """Pairs with tensors of their own: after (function of features), after_y."""
    def damage(policy):
        x, y = changes["x"](policy.after_x), changes["y"](policy.after_y)
        studies.write_safetensors(policy.folder / "after.safetensors", {"values": (x, "f64"), "behaviour": (y, "f64")})
    return damage


def same(array):
    return array


def lines(name, function):
    def damage(policy):
        path = policy.folder / name
        studies.write_lines(path, function([json.loads(line) for line in path.read_text().splitlines()]))
    return damage


def record(i, **changes):
    return lambda records: [{**r, **changes} if k == i else r for k, r in enumerate(records)]


def sparse(**changes):
    """Sparse rows with one tensor changed by a function."""
    def damage(policy):
        parts = dict(zip(("values", "indices", "starts"), policies.sparse_rows(policy.x)))
        for name, function in changes.items():
            parts[name] = function(parts[name].copy())
        kinds = {"values": "f64", "indices": "i32", "starts": "i64"}
        studies.write_safetensors(policy.folder / "features.safetensors",
                                  {name: (array, kinds[name]) for name, array in parts.items()})
    return damage


def sae(d_in=8, d_sae=24, names=("W_enc", "b_enc", "W_dec", "b_dec"), **cfg):
    """Activations of width 8 and an encoder in SAELens' layout instead of given features."""
    def damage(policy):
        rng = np.random.default_rng(3)
        shapes = {"W_enc": (d_in, d_sae), "b_enc": (d_sae,), "W_dec": (d_sae, d_in), "b_dec": (d_in,)}
        (policy.folder / "sae").mkdir()
        (policy.folder / "sae/cfg.json").write_text(json.dumps(
            {"architecture": "standard", "d_in": d_in, "d_sae": d_sae, "dtype": "float32",
             "apply_b_dec_to_input": False, "normalize_activations": "none", **cfg}))
        studies.write_safetensors(policy.folder / "sae/sae_weights.safetensors", {
            name: (rng.normal(size=shapes[name]).astype(np.float32), "f32") for name in names})
        studies.write_safetensors(policy.folder / "hidden.safetensors", {
            "hidden": (rng.normal(size=(policy.n_probe, 8)).astype(np.float32), "f32")})
        policy.config["policy"]["features"] = {"activations": "hidden.safetensors#hidden", "sae": "sae"}
        policies.write_config(policy)
    return damage


DENSE, SPARSE, PAIRS = {}, {"sparse": True}, {"pairs": True}

REFUSALS = [
    # the config
    ("no such probes", DENSE, config(probes="none.jsonl"), BAD_INPUT, ["none.jsonl"]),
    ("features of no kind", DENSE, lambda p: (p.config["policy"].update(features={}), policies.write_config(p)),
     BAD_CONFIG, ["policy.features"]),
    ("features of two kinds", DENSE, config(features={"activations": "features.safetensors#values", "sae": "sae"}),
     BAD_CONFIG, ["policy.features"]),
    ("sparse rows without their starts", SPARSE,
     lambda p: (p.config["policy"]["features"].pop("starts"), policies.write_config(p)), BAD_CONFIG,
     ["policy.features"]),
    ("an encoder without activations", DENSE, config(features={"sae": "sae"}), BAD_CONFIG,
     ["policy.features.activations"]),
    ("more folds than probes", DENSE, config(ridge={"folds": 41}), BAD_CONFIG, ["policy.ridge.folds", "40 probes"]),
    ("pairs without behaviour", DENSE, config(pairs={"file": "pairs.jsonl"}), BAD_CONFIG, ["policy.pairs.behaviour"]),
    ("an unknown key", DENSE, config(ridge={"lamda": [1]}), BAD_CONFIG, ["policy.ridge.lamda"]),
    ("a plan that cannot fit", DENSE, config(memory="1 MiB"), CANNOT_FIT, ["policy.memory", "raise policy.memory"]),
    # probes and labels
    ("a probe too few", DENSE, lines("probes.jsonl", lambda records: records[:-1]), BAD_INPUT,
     ["39 probes of probes.jsonl", "found 40"]),
    ("two probes of one id", DENSE, lines("probes.jsonl", record(7, id="probe-0002")), BAD_INPUT,
     ["probes.jsonl: line 8", "line 3"]),
    ("an unknown behaviour", DENSE, lines("probes.jsonl", record(3, expected=["sings"])), BAD_INPUT,
     ["probes.jsonl: line 4", "sings"]),
    ("a label of no feature", DENSE,
     lambda p: (studies.write_lines(p.folder / "labels.jsonl", [{"index": 12, "label": "x"}]),
                policies.write_config(p, features={"labels": "labels.jsonl"})), BAD_INPUT,
     ["labels.jsonl: line 1: index", "0 to 11"]),
    # features
    ("a feature that is no number", DENSE, features(lambda x: put(x, (33, 5), np.nan)), BAD_INPUT,
     ["features.safetensors", "row 33", "column 5"]),
    ("an infinite feature", DENSE, features(lambda x: put(x, (0, 0), -np.inf)), BAD_INPUT, ["features.safetensors"]),
    ("a feature beyond measure", DENSE, features(lambda x: put(x, (3, 4), 1e120)), BAD_INPUT, ["feature 4", "2^399"]),
    ("a row too few", DENSE, features(lambda x: x[:-1]), BAD_INPUT, ["policy.features", "40 probes", "found 39"]),
    ("a tensor that is not there", DENSE, config(features={"values": "features.safetensors#other"}), BAD_INPUT,
     ["features.safetensors", "other"]),
    ("indices out of order", SPARSE, sparse(indices=lambda a: put(a, slice(0, 2), a[1::-1])), BAD_INPUT,
     ["features.safetensors", "indices"]),
    ("an index beyond the width", SPARSE, sparse(indices=lambda a: put(a, -1, 12)), BAD_INPUT,
     ["features.safetensors"]),
    ("starts that go back", SPARSE, sparse(starts=lambda a: put(a, 5, 0)), BAD_INPUT, ["features.safetensors"]),
    ("starts beyond the entries", SPARSE, sparse(starts=lambda a: put(a, -1, a[-1] + 1)), BAD_INPUT,
     ["features.safetensors"]),
    # behaviour
    ("a behaviour too few", DENSE, behaviour(lambda y: y[:, :1]), BAD_INPUT, ["behaviour.npy", "2 names"]),
    ("a row of behaviour too many", DENSE, behaviour(lambda y: np.vstack([y, y[:1]])), BAD_INPUT,
     ["behaviour.npy", "40 probes", "found 41"]),
    ("no probability", DENSE, behaviour(lambda y: put(y, (5, 1), 1.25)), BAD_INPUT,
     ["behaviour.npy", "probe 5", "complies", "1.25"]),
    ("a behaviour that is no number", DENSE, behaviour(lambda y: put(y, (5, 1), np.nan)), BAD_INPUT, ["behaviour.npy"]),
    # an encoder
    ("an encoder of another width", DENSE, sae(d_in=9), BAD_INPUT, ["hidden.safetensors", "sae", "8", "9"]),
    ("an encoder without weights", DENSE, sae(names=("b_enc", "W_dec", "b_dec")), BAD_INPUT, ["sae", "W_enc"]),
    ("an unknown architecture", DENSE, sae(architecture="oracle"), BAD_INPUT, ["sae", "oracle"]),
    # pairs
    ("pairs of other probes", PAIRS, pairs(x=lambda x: x[:, :-1], y=lambda y: y[:, :-1]), BAD_INPUT,
     ["after.safetensors", "40"]),
    ("pairs of other features", PAIRS, pairs(x=lambda x: x[:, :, :-1], y=same), BAD_INPUT, ["after.safetensors", "12"]),
    ("a pair too few", PAIRS, pairs(x=lambda x: x[:-1], y=lambda y: y[:-1]), BAD_INPUT,
     ["policy.pairs", "7 pairs", "found 6"]),
    ("a pair that is no number", PAIRS, pairs(x=lambda x: put(x.copy(), (3, 2, 1), np.nan), y=same), BAD_INPUT,
     ["after.safetensors"]),
    ("a pair's behaviour that is no number", PAIRS, pairs(x=same, y=lambda y: put(y.copy(), (3, 2, 1), np.inf)),
     BAD_INPUT, ["after.safetensors"]),
    ("an intended feature that does not exist", PAIRS, lines("pairs.jsonl", record(2, intended=[12])), BAD_INPUT,
     ["pairs.jsonl: line 3", "intended", "12"]),
    ("a key to group by that no pair has", PAIRS, config(pairs={"group_by": ["colour"]}), BAD_CONFIG, ["colour"]),
    # numerics
    ("a hopeless primal system", DENSE,
     lambda p: (features(lambda x: put(x, (slice(None), 1), x[:, 0]))(p),
                policies.write_config(p, ridge={"lambda": [1e-30], "form": "primal"})), NOT_CONVERGED,
     ["policy.ridge.lambda 1e-30", "primal"]),
    ("a hopeless dual system", DENSE,
     lambda p: (features(lambda x: put(x, 1, x[0]))(p),
                policies.write_config(p, ridge={"lambda": [1e-30], "form": "dual"})), NOT_CONVERGED,
     ["policy.ridge.lambda 1e-30", "dual"]),
]


# What only reading the rows, or the sums themselves, can tell: the others are known to `assay check` too.
READ = {"a feature that is no number", "an infinite feature", "a feature beyond measure", "indices out of order",
        "an index beyond the width", "starts that go back", "no probability", "a behaviour that is no number",
        "a pair that is no number", "a pair's behaviour that is no number", "a hopeless primal system",
        "a hopeless dual system"}


def refuse(base, number, case):
    name, choices, damage, code, parts = case
    policy = policies.make(base / f"case-{number}", n_probe=40, n_feature=12, sparse=choices.get("sparse", False),
                           dtype="f64", density=0.4)
    if choices.get("pairs"):
        policies.add_pairs(policy)
    damage(policy)
    for ranks in RANKS:
        outcome = run("run", policy.folder / "config.json", ranks=ranks)
        said = sentences(outcome)
        check(outcome.code == code, f"{name}, {ranks} ranks: exit code {code}", outcome.code, outcome.err)
        check(len(said) == 1 and all(part in said[0] for part in parts), f"{name}, {ranks} ranks: one sentence with "
              f"{parts}", outcome.err)
        check(not (policy.folder / "run/policy.h5").exists() and not (policy.folder / "run/seal").exists(),
              f"{name}, {ranks} ranks: nothing has a final name")
    known = run("check", policy.folder / "config.json")
    said = known.code in (BAD_CONFIG, BAD_INPUT) and any(part in known.err for part in parts)
    check(known.code == OK if name in READ else said, f"{name}: check tells what can be known", known.code, known.err)


def test_check_lists_all(base):
    """`assay check` tells every problem at once."""
    policy = policies.make(base / "check", n_probe=40, n_feature=12)
    run_well("check", policies.write_config(policy))
    behaviour(lambda y: y[:, :1])(policy)
    lines("probes.jsonl", record(3, expected=["sings"]))(policy)
    outcome = run("check", policies.write_config(policy, features={"values": "features.safetensors#other"}))
    check(outcome.code == BAD_INPUT and all(part in outcome.err for part in ("sings", "\"other\"", "behaviour.npy")),
          "every problem at once", outcome.err)


def test_stop(base):
    """A stop leaves no policy.h5, and the same command makes the whole table."""
    policy = policies.make(base / "stop", n_probe=700, n_feature=900)
    path = policies.write_config(policy, ridge={"lambda": [2.0 ** k for k in range(-10, 20)]})
    process, table = start("policy", path, ranks=2), policy.folder / "run/policy.h5"
    until = time.monotonic() + 60
    while not (policy.folder / "run/run.json").exists() and time.monotonic() < until:
        time.sleep(0.01)  # until the job is at work, and listens
    time.sleep(0.3)
    process.send_signal(signal.SIGUSR1)
    outcome = wait(process)
    check("policy: stopped on request" in outcome.err and not table.exists(), "a stop in good order", outcome.code,
          outcome.err)
    run_well("policy", path, ranks=2)
    check(table.exists(), "the same command goes on to the end")


with folder() as temporary:
    side_by_side(lambda item: refuse(temporary, *item), list(enumerate(REFUSALS)), 3)
    print(f"{len(REFUSALS)} refusals")
    test_check_lists_all(temporary)
    test_stop(temporary)
finish()
