#!/usr/bin/python3 -B
"""What must hold: whatever is wrong with the inputs of a mechanism is refused on every rank with its exit code and
exactly one sentence that names file and place, and no mechanism.h5 is there then."""
import json

import numpy as np

import mechanisms
import study as studies
from assay import (BAD_CONFIG, BAD_INPUT, BAD_RUN, CANNOT_FIT, FAULT_INJECTED, OK, check, finish, folder, run,
                   sentences, side_by_side)



def config(**changes):
    """Keys of the section with dots for nesting; None removes one."""
    def damage(m):
        for path, value in changes.items():
            *outer, last = path.split("__")
            section = m.config["mechanism"]
            for name in outer:
                section = section.setdefault(name, {})
            if value is None:
                section.pop(last, None)
            else:
                section[last] = value
        mechanisms.write_config(m)
    return damage


def lines(name, function):
    def damage(m):
        path = m.folder / name
        studies.write_lines(path, function([json.loads(line) for line in path.read_text().splitlines()]))
    return damage


def changed(index, **values):
    def function(records):
        records[index].update(values)
        return records
    return function


def measured(**changes):
    """Attributes of the mechanism before its tensors are written."""
    def damage(m):
        for name, function in changes.items():
            setattr(m, name, function(getattr(m, name)))
        mechanisms.write(m)
    return damage


def put(place, value):
    def function(array):
        array = array.copy()
        array[place] = value
        return array
    return function


def after(name, function):
    return measured(after=lambda arrays: {**arrays, name: function(arrays[name])})


POLICY = {"level": "policy", "probes": None, "behaviour": None, "interventions": None, "controls": None, "pairs": None,
          "recomposition": None, "baselines": None}
CASES = [  # name, damage, exit code, part of the sentence
    ("no-probes", config(probes=None), BAD_CONFIG, "mechanism.probes: is missing: the level \"network\""),
    ("no-interventions", config(interventions=None), BAD_CONFIG, "mechanism.interventions: is missing"),
    ("main", config(interventions__mean=None, controls=None, interventions__main="mean"), BAD_CONFIG,
     "mechanism.interventions.main: expected one that is measured, found \"mean\""),
    ("lonely-controls", config(controls__mean="measured.safetensors#controls", interventions__mean=None), BAD_CONFIG,
     "mechanism.controls.mean: expected interventions.mean"),
    ("lonely-source", config(interventions__patch=None), BAD_CONFIG, "mechanism.interventions.source: expected"),
    ("half-pairs", config(pairs__after=None), BAD_CONFIG, "mechanism.pairs: expected both file and after"),
    ("half-curve", config(recomposition__top=None), BAD_CONFIG, "mechanism.recomposition"),
    ("half-links", config(links={"key": "label"}), BAD_CONFIG, "mechanism.links: expected queries, key and values"),
    ("same-names", config(behaviour__names=["refuses", "refuses"]), BAD_CONFIG, "found \"refuses\" twice"),
    ("kinds", config(parts__kinds=["circuit"]), BAD_CONFIG, "mechanism.parts.kinds: expected \"feature\""),
    ("folds", config(folds=61), BAD_CONFIG, "mechanism.folds: expected at most the 60 probes, found 61"),
    ("no-policy", config(**{**POLICY, "parts": None}), BAD_CONFIG, "policy: is missing"),
    ("memory", config(memory="1 MiB", bootstrap={"resamples": 100000}), CANNOT_FIT, "mechanism.memory: a rank needs"),
    ("kind", lines("parts.jsonl", changed(3, kind="circuit")), BAD_INPUT, "parts.jsonl: line 4: kind: expected"),
    ("repeated", lines("parts.jsonl", changed(3, id="part-1")), BAD_INPUT, "parts.jsonl: line 4: id"),
    ("members", lines("parts.jsonl", changed(2, members=[1, 1])), BAD_INPUT, "line 3: members: expected each number"),
    ("negative", lines("parts.jsonl", changed(2, members=[-1])), BAD_INPUT, "line 3: members: expected a list"),
    ("text", lines("parts.jsonl", changed(2, label="a\u0007")), BAD_INPUT, "parts.jsonl: line 3: label"),
    ("fewer", lines("parts.jsonl", lambda records: records[:-1]), BAD_INPUT, "expected 13 x 60 x 2 (parts x"),
    ("pair", lines("pairs.jsonl", changed(1, second="part-77")), BAD_INPUT, "pairs.jsonl: line 2: second: expected"),
    ("twice", lines("pairs.jsonl", changed(1, second="part-2")), BAD_INPUT, "line 2: second: expected another part"),
    ("no-pairs", lines("pairs.jsonl", lambda records: []), BAD_INPUT, "pairs.jsonl: expected at least one pair"),
    ("not-finite", after("zero", put((3, 4, 1), np.nan)), BAD_INPUT, "measured.safetensors#zero"),
    ("probability", measured(intact=put((3, 1), 1.5)), BAD_INPUT, "probe 3, behaviour \"complies\": expected a prob"),
    ("sizes", measured(k=put(2, 1)), BAD_INPUT, "k.npy: expected whole numbers, ascending, found 1 at place 2"),
    ("shape", after("mean", lambda array: array[:, :-1]), BAD_INPUT, "mechanism.interventions.mean"),
    ("missing", lambda m: (m.folder / "measured.safetensors").unlink(), BAD_INPUT, "measured.safetensors"),
]


def check_case(path, case):
    name, damage, code, part = case
    ranks = 1 + 2 * (CASES.index(case) % 2)
    m = mechanisms.make(path / name, kind="probability")
    damage(m)
    outcome = run("mechanism", m.path, ranks=ranks)
    said = sentences(outcome)
    check(outcome.code == code, f"{name} on {ranks} ranks: exit code {code}", outcome.code, outcome.err)
    check(len(said) == 1 and part in said[0], f"{name} on {ranks} ranks: one sentence with {part}", outcome.err)
    check(not (m.folder / "run/mechanism.h5").exists(), f"{name}: no table")
    checked = run("check", m.path)
    check(checked.code != OK or name in ("not-finite", "sizes"), f"{name}: check finds it",
          checked.out, checked.err)


def check_faults(path):
    """The k-th agreement fails on rank 1: the same code everywhere, until there is none left to fail."""
    m = mechanisms.make(path / "faults")
    for k in range(1, 200, 5):
        outcome = run("mechanism", m.path, ranks=2, env={"ASSAY_FAIL_AGREE": f"{k},1"})
        if outcome.code == OK:
            break
        check(outcome.code == FAULT_INJECTED, f"agreement {k}: the injected fault on every rank", outcome)
        check(not (m.folder / "run/mechanism.h5").exists(), f"agreement {k}: no table")
    check(k > 5 and outcome.code == OK, "after the last agreement the job succeeds", k)


def check_policy_level(path):
    """Without policy.h5 there is no model."""
    import policies
    policy = policies.make(path / "level", n_probe=30, n_feature=8)
    policy.config["mechanism"] = {"level": "policy"}
    target = policies.write_config(policy)
    outcome = run("mechanism", target, ranks=2)
    check(outcome.code == BAD_RUN and "there is no policy.h5 yet" in outcome.err, "no policy.h5", outcome)


with folder() as path:
    side_by_side(lambda case: check_case(path, case), CASES)
    check_faults(path)
    check_policy_level(path)
finish()
