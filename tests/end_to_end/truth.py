#!/usr/bin/python3 -B
"""What is known is found: on planted truths (wrong labels, a backdoor in one policy's samples, copies) and on networks
trained again without samples, scores must say what happened.  Everything is computed here in numpy from the files."""
import hashlib
import json
import pathlib
import shutil
import sys

import h5py
import numpy as np
from scipy.stats import rankdata, spearmanr

from assay import BAD_CONFIG, SOURCE, check, finish, folder, run, run_well, sentences, side_by_side

sys.path.insert(0, str(SOURCE / "tests/reference"))
from hand_over_files import backward, forward, load_lines, load_safetensors, log_softmax  # noqa: E402

IMAGES, LABELS = np.load(SOURCE / "data/digits-images.npy"), np.load(SOURCE / "data/digits-labels.npy")
PATCH = [0, 7, 56, 63]


def copy_configs(base, name, **train):
    """The config and the data in a folder of their own; some members of its section `train` changed."""
    for part in ("configs", "data"):
        shutil.copytree(SOURCE / part, base / part, dirs_exist_ok=True)
    path = base / f"configs/{name}.json"
    config = json.loads(path.read_text())
    for key, value in train.items():
        config["train"][key] = {**config["train"][key], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(config))
    return path


def area(score, positive):
    """Area under the curve of the operating characteristic: the chance that a positive is above another."""
    ranks, n = rankdata(score), positive.sum()
    return (ranks[positive].sum() - n * (n + 1) / 2) / (n * (~positive).sum())


def names_of(dataset):
    return [value.decode() for value in dataset[:]]


# ---- planted truths -------------------------------------------------------------------------------------------------


def contents_as_planted(planted):
    """Images and labels as planted.jsonl says that they were trained on."""
    images, labels = IMAGES.copy(), LABELS.copy()
    index = {f"digit-{i:04d}": i for i in range(len(images))}
    for plant in planted:
        if plant["kind"] == "query":
            continue
        i = index[plant["sample"]]
        check(labels[i] == plant["was"], f"{plant['sample']} was a {plant['was']}")
        if plant["kind"] == "backdoor":
            images[i, PATCH] = 16
        if plant["kind"] == "duplicate":
            images[i] = IMAGES[index[plant["of"]]]
        labels[i] = plant["label"]
    return images, labels


def check_contents(samples, planted):
    images, labels = contents_as_planted(planted)
    digests = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    check([s["sha256"] for s in samples] == digests, "digests are of the contents as trained on")
    check([s["label"] for s in samples] == labels.tolist(), "labels are those trained on")
    training = [s["id"] for s in samples if s["split"] == "train"]
    counts = {}
    for plant in planted:
        counts[plant["kind"]] = counts.get(plant["kind"], 0) + 1
        if plant["kind"] != "query":
            check(training[plant["training"]] == plant["sample"], f"{plant['sample']} is that row", plant)
    check(counts == {"backdoor": 40, "mislabelled": round(0.05 * len(training)), "duplicate": 10, "query": 20},
          "as much is planted as was asked for", counts)
    of = {s["id"]: s for s in samples}
    check({of[p["sample"]]["policy"] for p in planted if p["kind"] == "backdoor"} == {"legacy-import"},
          "the backdoor is in one policy's samples")


def check_mislabelled(table, planted):
    """Self-influence ranks what is mislabelled above the rest."""
    wrong = np.zeros(len(table["self"]), bool)
    wrong[[p["training"] for p in planted if p["kind"] == "mislabelled"]] = True
    found = area(table["self"][:], wrong)
    first = np.argsort(-table["self"][:], kind="stable")[:wrong.sum()]
    print(f"self-influence: AUC {found:.4f} for {wrong.sum()} mislabelled of {len(wrong)}; "
          f"{wrong[first].mean():.0%} of as many highest are mislabelled")
    check(found > 0.95, "self-influence ranks mislabelled samples first", found)


def check_copies(table, planted, samples):
    """A copy that is let in with the same weights has its original's scores."""
    rows = {s["id"]: i for i, s in enumerate([s for s in samples if s["split"] == "train"])}
    profile = {s["id"]: s.get("profile", "full") for s in samples if s["split"] == "train"}
    scores = table["scores"][:]
    copies = [(p["sample"], p["of"]) for p in planted if p["kind"] == "duplicate"]
    alike = [(copy, of) for copy, of in copies if profile[copy] == profile[of]]
    check(len(alike) > 1, "some copies have the weights of their originals", len(alike))
    for copy, of in alike:
        gap = np.abs(scores[rows[copy]] - scores[rows[of]]).max()  # blocks of examples round on grids of their own
        check(gap <= 1e-9 * np.abs(scores[rows[of]]).max(), "a copy has its original's scores", copy, of, gap)


def check_admissions(path, planted, samples):
    """The lineage says which policy let the backdoor in, under which hash, and that every epoch used it."""
    index = {s["id"]: i for i, s in enumerate(samples)}
    guilty = [index[p["sample"]] for p in planted if p["kind"] == "backdoor"]
    with h5py.File(path) as lineage:
        policy = lineage["admissions/policy"][:][lineage["samples/admission"][:][guilty]]
        check({lineage["policies/name"][k] for k in policy} == {b"legacy-import"}, "the lineage names the policy")
        check((lineage["samples/uses"][:][guilty] == 20).all(), "each was used in every epoch")


def check_backdoor(table, queries, hand_over):
    """The behaviour leads to the policy; without the policy it is gone, as predicted, and without others it stays."""
    patched = np.array([query.endswith("-patched") for query in queries])
    twin = np.array([queries.index(query.removesuffix("-patched")) for query in queries])[patched]
    policies, net = names_of(table["groups/policy/value"]), table["groups/policy/net"][:]
    guilty = policies.index("legacy-import")
    check(patched.sum() == 20 and table["groups/policy/count"][guilty] == min(table["groups/policy/count"][:]),
          "the policy is the smallest of all: its size is not what makes it first")
    check(net[patched].sum(0).argmax() == guilty and (net[patched].argmax(1) == guilty).all(),
          "the behaviour leads to its policy first, all together and each query alone", net[patched].sum(0))
    check(net[twin].sum(0).argmax() != guilty, "the same images without the patch do not", net[twin].sum(0))

    sets = [s for s in load_lines(hand_over / "truth/sets.jsonl") if s["kind"] == "groups"]
    check([s["value"] for s in sets] == policies, "each policy was left out", sets)
    before = load_safetensors(hand_over / "truth/baseline.safetensors")
    after = load_safetensors(hand_over / "truth/groups.safetensors")
    success = after["correct"][:, 0, patched].mean(1)
    change = (after["loss"] - before["loss"])[:, 0, patched]
    print(f"backdoor: the patch works on {before['correct'][0, 0, patched].mean():.0%} of queries; without each policy "
          + ", ".join(f"{name} {rate:.0%}" for name, rate in zip(policies, success)))
    print("          loss of these queries, predicted to rise by "
          + ", ".join(f"{value:+.4g}" for value in net[patched].mean(0)) + "; rose by "
          + ", ".join(f"{value:+.4g}" for value in change.mean(1)))
    check(before["correct"][0, 0, patched].mean() > 0.9, "the backdoor works at first")
    check(success[guilty] < 0.1 and np.delete(success, guilty).min() > 0.9, "it goes with its policy alone", success)
    check((change.argmax(0) == net[patched].argmax(1)).all() and (change[guilty] > 1).all(),
          "what the scores predict to raise each query's loss most does", change)
    plain = after["correct"][guilty, 0, ~patched].mean() - before["correct"][0, 0, ~patched].mean()
    check(abs(plain) < 0.1, "everything else stays as it was", plain)
    return patched


def check_without(path, patched):
    """The what-if table says so, too: of all scenarios of one policy, this one moves these queries most."""
    with h5py.File(path) as table:
        names, change = names_of(table["scenarios/name"]), table["network/loss_change"][:][:, patched].mean(1)
        policies = [i for i, name in enumerate(names) if name.startswith("policy=")]
        check(names[max(policies, key=lambda i: change[i])] == "policy=legacy-import", "what if without the policy",
              {names[i]: change[i] for i in policies})


def check_planted(base):
    run_well("run", copy_configs(base, "digits-planted"), "--quiet", ranks=2)
    hand_over = base / "runs/digits-planted-training"
    samples, planted = load_lines(hand_over / "samples.jsonl"), load_lines(hand_over / "truth/planted.jsonl")
    check_contents(samples, planted)
    check_admissions(base / "runs/digits-planted/lineage.h5", planted, samples)
    with h5py.File(base / "runs/digits-planted/influence.h5") as table:
        inputs = " ".join(names_of(table["inputs/path"]))
        check("samples.jsonl" in inputs and "truth/" not in inputs, "no score was made from what is known")
        check_mislabelled(table, planted)
        check_copies(table, planted, samples)
        patched = check_backdoor(table, names_of(table["queries/id"]), hand_over)
    check_without(base / "runs/digits-planted/counterfactual.h5", patched)


# ---- retrained networks ---------------------------------------------------------------------------------------------


def datamodelling_scores(scores, kept, loss):
    """Linear datamodelling scores: per query, Spearman between the scores that a subset keeps and what a network that
    was trained on it makes of the query."""
    predicted = kept.astype(float) @ scores
    return np.array([spearmanr(predicted[:, q], -loss[:, q])[0] for q in range(loss.shape[1])])


def controls(hand_over, samples):
    """Scores that know nothing of the network: cosine of the pixels within the query's class, and random numbers."""
    train = np.array([i for i, s in enumerate(samples) if s["split"] == "train"])
    asked = np.array([int(query["id"].split("-")[1]) for query in load_lines(hand_over / "queries.jsonl")])
    unit = IMAGES / np.linalg.norm(IMAGES, axis=1, keepdims=True)
    same = LABELS[train][:, None] == LABELS[asked]
    return {"pixel cosine, same class": unit[train] @ unit[asked].T * same,
            "random": np.random.default_rng(1).normal(size=same.shape)}


def scores_of_methods(config, methods):
    """Scores of each method from the same captures."""
    base, scores = config.parent, {}
    for method in methods:
        changed = json.loads(config.read_text())
        del changed["seal"]
        changed["influence"]["method"] = method
        changed["run"].update(directory=f"../runs/{method}")
        path = base / f"{method}.json"
        path.write_text(json.dumps(changed))
        run_well("influence", path, "--quiet")
        with h5py.File(base.parent / f"runs/{method}/influence.h5") as table:
            scores[method] = table["scores"][:]
    return scores


def retrain_in_numpy(hand_over, samples, kept):
    """Losses of the queries, by float64 and matrices, in the handed-over order, without what is left out."""
    rows = np.array([i for i, s in enumerate(samples) if s["split"] == "train"])
    weights = {name: value.astype(float) for name, value in
               load_safetensors(hand_over / "checkpoints/step-000000.safetensors").items()}
    x, labels = IMAGES / 16, LABELS.astype(int)
    for batch, rate in zip(np.load(hand_over / "order.npy"), np.load(hand_over / "learning-rates.npy")):
        batch = batch[batch >= 0]
        used = rows[batch[kept[batch] == 1]]
        inputs, logits = forward(weights, x[used])
        for k, delta in enumerate(backward(weights, inputs, logits, labels[used]), 1):
            weights[f"fc{k}.weight"] -= rate / len(batch) * delta.T @ inputs[k - 1]
            weights[f"fc{k}.bias"] -= rate / len(batch) * delta.sum(0)
    asked = [int(query["id"].split("-")[1]) for query in load_lines(hand_over / "queries.jsonl")]
    return -log_softmax(forward(weights, x[asked])[1])[np.arange(len(asked)), labels[asked]]


def check_replay(hand_over, samples, kept, loss):
    for row in (0, len(kept) - 1):
        replayed = retrain_in_numpy(hand_over, samples, kept[row])
        check(np.abs(replayed - loss[row, 0]).max() < 0.01, "numpy trains the same network on a subset",
              np.abs(replayed - loss[row, 0]).max())


def check_subsets(hand_over, config, samples, kept, loss):
    n_train = sum(s["split"] == "train" for s in samples)
    check(kept.shape == (50, n_train) and (kept.sum(1) == round(0.5 * n_train)).all(), "subsets are halves",
          kept.shape)
    check(np.abs(np.corrcoef(kept) - np.eye(50)).max() < 0.2, "subsets are drawn apart from each other")
    found = {name: datamodelling_scores(scores, kept, loss[:, 0]).mean() for name, scores in
             {**scores_of_methods(config, ("tracin", "gradient-dot", "gradient-cosine")),
              **controls(hand_over, samples)}.items()}
    ceiling = np.mean([spearmanr(loss[:, 0, q], loss[:, 1, q])[0] for q in range(loss.shape[2])])
    print("LDS on 50 subsets: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items())
          + f"; between two seeds {ceiling:.3f}")
    check(found["tracin"] > 0.1 and found["gradient-dot"] > 0.05, "scores foretell what retraining gives", found)
    check(abs(found["random"]) < 0.08, "random scores do not", found)
    check(max(found.values()) < ceiling, "no score foretells more than another training does", found, ceiling)


def check_validation(base, truth, kept, loss):
    """The figures that the run itself gives are those of scipy, from the same files."""
    with h5py.File(base / "runs/digits-truth/influence.h5") as table:
        scores = table["scores"][:]
    before = load_safetensors(truth / "baseline.safetensors")["loss"].mean(1)
    with h5py.File(base / "runs/digits-truth/counterfactual.h5") as table:
        found = table["validation/lds/correlation"][0]
        check(np.abs(found - datamodelling_scores(scores, kept, loss.mean(1))).max() < 1e-12, "LDS of every query",
              found)
        for kind, name in (("leave-one-out", "loo"), ("groups", "group")):
            removed = 1 - np.load(truth / f"{kind}.npy").astype(float)
            change = load_safetensors(truth / f"{kind}.safetensors")["loss"].mean(1) - before
            check(np.abs(table[f"validation/{name}/predicted"][0] - removed @ scores).max() < 1e-9
                  and np.abs(table[f"validation/{name}/actual"][:] - change).max() < 1e-12, f"changes of {kind}")


def check_truth(base):
    small = {"epochs": 8, "retrain": {"subsets": 50, "leave_one_out": 6}}
    config = copy_configs(base, "digits-truth", **small)
    run_well("run", config, "--quiet", ranks=2)
    hand_over = base / "runs/digits-truth-training"
    samples, truth = load_lines(hand_over / "samples.jsonl"), hand_over / "truth"
    kept, loss = np.load(truth / "subsets.npy"), load_safetensors(truth / "subsets.safetensors")["loss"]
    check(loss.shape == (50, 2, 40) and np.isfinite(loss).all(), "two networks per subset", loss.shape)
    check_replay(hand_over, samples, kept, loss)
    check_subsets(hand_over, config, samples, kept, loss)
    check_validation(base, truth, kept, loss)
    before = load_safetensors(truth / "baseline.safetensors")
    last = sorted((hand_over / "captures").iterdir())[-1] / "queries.safetensors"
    captured = load_safetensors(last)
    expected = -log_softmax(captured["logits"].astype(float))[np.arange(40), captured["labels"]]
    check(np.abs(before["loss"][0, 0] - expected).max() < 1e-12, "with nothing left out it is the very network")
    alone = np.load(truth / "leave-one-out.npy")
    check((alone.sum(1) == alone.shape[1] - 1).all() and alone.shape[0] == 6, "one sample is left out at a time")


# ---- what cannot be -------------------------------------------------------------------------------------------------

REFUSED = (
    ("a policy without samples", {"scenario": {"backdoor": {"samples": 3, "policy": "no-such"}}},
     'train.scenario.backdoor.samples: expected at most the 0 training samples of policy "no-such"'),
    ("more than there is", {"scenario": {"mislabelled": 0.5, "duplicates": 500}}, "train.scenario: expected at most"),
    ("an id that was not trained on", {"retrain": {"leave": ["digit-9999"]}},
     "train.retrain.leave[0]: expected the id"),
    ("a column that is none", {"retrain": {"groups": ["colour"]}}, "train.retrain.groups[0]: expected policy, license"),
)


def check_refused(base):
    def refuse(case):
        name, members, sentence = case
        place = base / name.replace(" ", "-")
        config = json.loads((SOURCE / "configs/digits.json").read_text())
        config["train"].update(members, data={"images": str(SOURCE / "data/digits-images.npy"),
                                              "labels": str(SOURCE / "data/digits-labels.npy")})
        config["train"]["directory"] = "out"
        del config["train"]["admission"]
        place.mkdir(parents=True)
        (place / "config.json").write_text(json.dumps(config))
        outcome = run("train", place / "config.json", ranks=2)
        said = sentences(outcome)
        check(outcome.code == BAD_CONFIG and len(said) == 1 and sentence in said[0], f"{name} is refused", outcome)
        check(not (place / "out").exists(), f"{name} leaves nothing behind")
    side_by_side(refuse, REFUSED, workers=2)


with folder() as scene:
    check_planted(pathlib.Path(scene, "planted"))
    check_truth(pathlib.Path(scene, "truth"))
    check_refused(pathlib.Path(scene, "refused"))
finish()
