#!/usr/bin/python3 -B
"""What must hold: whatever is wrong with the inputs of a counterfactual is refused on any number of ranks with its exit
code and exactly one sentence that names file and place, `assay check` tells what can be known beforehand, and no
counterfactual.h5 is there then."""
import json

import numpy as np

import counterfactuals
import study as studies
from assay import BAD_CONFIG, BAD_INPUT, BAD_RUN, OK, check, finish, folder, run, run_well, sentences, side_by_side


NOT_CONVERGED = 9

# ---- damage: each function spoils one thing of a fresh problem ------------------------------------------------------


def config(part=None, **changes):
    def damage(study):
        section = study.config["counterfactual"]
        (section if part is None else section[part]).update(changes)
    return damage


def tensor(name, function):
    """Another tensor in the place of one of features.safetensors."""
    def damage(study):
        kinds = {"train": study.x, "queries": study.xq, "labels": study.labels, "logits": study.logits,
                 "query_labels": study.query_labels, "inputs": study.inputs, "query_inputs": study.query_inputs}
        kinds[name] = function(np.array(kinds[name], float))
        studies.write_safetensors(study.folder / "features.safetensors",
                                  {key: (np.asarray(values, float), "f64") for key, values in kinds.items()})
    return damage


def array(name, function):
    def damage(study):
        path = study.folder / name
        studies.write_npy(path, function(np.load(path)))
    return damage


def scenario(**record):
    return lambda study: studies.write_lines(study.folder / "scenarios.jsonl", [record])


def put(values, place, value):
    values[place] = value
    return values


KNOWN, READ = True, False  # whether `assay check` can tell, or only reading can

REFUSALS = [
    ("a scenario of an unknown key", scenario(name="x", idds=["sample-00001"]), BAD_INPUT,
     ["scenarios.jsonl: line 1", "idds"], KNOWN),
    ("a scenario without anything", scenario(name="x", ids=[]), BAD_INPUT,
     ["scenarios.jsonl: line 1", "names nothing"], KNOWN),
    ("a scenario of nobody", scenario(name="x", ids=["other-00003"]), BAD_INPUT, ["names nothing", "other-00003"],
     KNOWN),
    ("a scenario of everybody", scenario(name="x", groups={"policy": ["books", "crawl", "forum"]}), BAD_CONFIG,
     ["\"x\" names everything"], KNOWN),
    ("a scenario of an unknown column", scenario(name="x", groups={"author": "me"}), BAD_CONFIG,
     ["scenarios.jsonl: line 1", "author"], KNOWN),
    ("features of too few", tensor("train", lambda x: x[:-1]), BAD_INPUT, ["70 training samples", "found 69"], KNOWN),
    ("queries of another width", tensor("queries", lambda x: x[:, :-1]), BAD_INPUT, ["8 columns", "found 7"], KNOWN),
    ("a feature that is no number", tensor("train", lambda x: put(x, (33, 5), np.nan)), BAD_INPUT,
     ["features.safetensors", "row 33", "column 5"], READ),
    ("a feature twice, and no penalty",
     lambda study: (tensor("train", lambda x: put(x, (slice(None), 1), x[:, 0]))(study),
                    config("ridge", **{"lambda": 1e-30})(study)), NOT_CONVERGED,
     ["counterfactual.ridge.lambda", "1e-30"], READ),
    ("half a label", tensor("labels", lambda x: put(x, 7, 1.5)), BAD_INPUT, ["row 7", "integer", "1.5"], READ),
    ("a label that no logit has", tensor("query_labels", lambda x: put(x, 2, 3)), BAD_INPUT, ["row 2", "0 to 2"], READ),
    ("no such tensor", config("ridge", features="features.safetensors#other"), BAD_INPUT, ["other"], KNOWN),
    ("a mark that stands for nothing", lambda study: (config("ridge", features="{checkpoint}.npy")(study),
                                                      study.config.pop("checkpoints")), BAD_CONFIG,
     ["{checkpoint}", "section checkpoints"], KNOWN),
    ("no such checkpoint", config(checkpoint="step-9"), BAD_CONFIG, ["counterfactual.checkpoint", "step-9"], KNOWN),
    ("logits without a scale", lambda study: (study.config["counterfactual"]["network"].pop("scale"),
                                              study.config["counterfactual"].pop("truth")), BAD_CONFIG,
     ["network.scale"], READ),
    ("a mask of halves", array("truth/subsets.npy", lambda a: put(a, (4, 9), 2)), BAD_INPUT,
     ["truth/subsets.npy", "row 4, column 9", "found 2"], READ),
    ("a mask of everything", array("truth/subsets.npy", lambda a: put(a, 4, 0)), BAD_INPUT,
     ["row 4", "names everything"], READ),
    ("two left out as one", array("truth/leave-one-out.npy", lambda a: put(a, (3, slice(0, 9)), 0)), BAD_INPUT,
     ["row 3", "one training sample"], READ),
    ("outputs of too few", array("truth/groups-loss.npy", lambda a: a[:-1]), BAD_INPUT, ["truth/groups-loss.npy"],
     KNOWN),
    ("outputs of other queries", array("truth/groups-loss.npy", lambda a: a[:, :, :-1]), BAD_INPUT,
     ["[seeds x] 5 queries"], KNOWN),
    ("masks of other samples", array("truth/subsets.npy", lambda a: a[:, :-1]), BAD_INPUT, ["70 training samples"],
     KNOWN),
    ("scores of other queries", array("other.npy", lambda a: a[:, :-1]), BAD_INPUT, ["other.npy", "5 queries"], KNOWN),
    ("more proponents than are kept", config(top=10), BAD_CONFIG, ["counterfactual.top", "keep.top"], READ),
    ("no influence yet", lambda study: (study.folder / "run/influence.h5").unlink(), BAD_INPUT, ["influence.h5"], READ),
    ("influence of other queries", lambda study: (
        studies.write_lines(study.folder / "more.jsonl", [{"id": f"question-{j}"} for j in range(5)]),
        config(queries="more.jsonl")(study)), BAD_RUN, ["influence.h5", "more.jsonl"], READ),
]


def refuse(base, number, influence):
    name, damage, code, parts, known = REFUSALS[number]
    study = counterfactuals.make(base / f"case-{number}")
    counterfactuals.add_truth(study)
    del study.config["seal"]
    (study.folder / "run").mkdir()
    (study.folder / "run/influence.h5").write_bytes(influence)
    damage(study)
    study.path.write_text(json.dumps(study.config))
    for ranks in (1, 3) if number % 4 == 0 else (3,):
        outcome = run("counterfactual", study.path, ranks=ranks)
        said = sentences(outcome)
        check(outcome.code == code, f"{name}, {ranks} ranks: exit code {code}", outcome.code, outcome.err)
        check(len(said) == 1 and all(part in said[0] for part in parts), f"{name}, {ranks} ranks: one sentence with "
              f"{parts}", outcome.err)
        check(not list(study.folder.glob("run/counterfactual.h5")), f"{name}, {ranks} ranks: nothing has a final name")
    outcome = run("check", study.path)
    told = outcome.code in (BAD_CONFIG, BAD_INPUT) and any(part in outcome.err for part in parts)
    check(told if known else outcome.code == OK, f"{name}: check tells what can be known", outcome.code, outcome.err)


with folder() as temporary:
    good = counterfactuals.make(temporary / "good")
    run_well("influence", good.path)
    scores = (good.folder / "run/influence.h5").read_bytes()
    side_by_side(lambda number: refuse(temporary, number, scores), range(len(REFUSALS)))
finish()
