#!/usr/bin/python3
"""How well scores foretell what retraining gives: configs/digits-truth.json at full size, every influence method and
two controls that know nothing of the network; and what the retraining costs on 1 and 2 ranks.

Usage: bench_truth.py [--subsets 100] [--seeds 2] [--alone 40] [--ranks 1,2] [--report FILE]
ASSAY_PROGRAM names the program, as for the tests.  Everything is computed here in numpy from the files.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from scipy.stats import rankdata

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/reference"))
from hand_over_files import load_lines, load_safetensors  # noqa: E402

PROGRAM = os.environ.get("ASSAY_PROGRAM", str(SOURCE / "build/release/assay"))
METHODS = ("tracin", "gradient-dot", "gradient-cosine")
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
               "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
REPLICATES = 200


def assay(job, config, ranks=1):
    command = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    done = subprocess.run([*command, PROGRAM, job, config, "--quiet"], env=ENVIRONMENT, check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"assay {job} failed: {done.stderr}")


def write_config(base, name, change):
    config = json.loads((SOURCE / "configs/digits-truth.json").read_text())
    config = {part: config[part] for part in ("run", "train", "samples", "checkpoints", "influence")}
    change(config)
    path = base / f"configs/{name}.json"
    path.write_text(json.dumps(config))
    return path


def retrain(base, options, ranks):
    """The hand-over of a training on so many ranks, and what its retraining took."""
    def change(config):
        config["train"]["retrain"].update(subsets=options.subsets, seeds=options.seeds, leave_one_out=options.alone)
        config["train"]["directory"] = f"../runs/{ranks}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assay("train", write_config(base, f"train-{ranks}", change), ranks)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    hand_over = base / f"runs/{ranks}"
    timing = json.loads((hand_over / "truth/timing.json").read_text())
    return hand_over, {**timing, "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def scores_of(base, hand_over, method):
    def change(config):
        text = json.dumps(config).replace("../runs/digits-truth-training", str(hand_over))
        config.clear()
        config.update(json.loads(text))
        config["run"].update(directory=f"../runs/{method}", also=[])
        config["influence"]["method"] = method
    assay("influence", write_config(base, method, change))
    with h5py.File(base / f"runs/{method}/influence.h5") as table:
        return table["scores"][:]


def controls(hand_over):
    images = np.load(SOURCE / "data/digits-images.npy").astype(float)
    samples, queries = load_lines(hand_over / "samples.jsonl"), load_lines(hand_over / "queries.jsonl")
    index = {sample["id"]: i for i, sample in enumerate(samples)}
    train = [i for i, sample in enumerate(samples) if sample["split"] == "train"]
    asked = [index[query["id"]] for query in queries]
    unit = images / np.linalg.norm(images, axis=1, keepdims=True)
    label = np.array([sample["label"] for sample in samples])
    same = label[train][:, None] == label[asked]
    return {"control: cosine of pixels, same class": unit[train] @ unit[asked].T * same,
            "control: random numbers": np.random.default_rng(1).normal(size=same.shape)}


# ---- figures --------------------------------------------------------------------------------------------------------


def spearman(a, b):
    """Of each column of a with the same of b."""
    a, b = rankdata(a, axis=0), rankdata(b, axis=0)
    return pearson(a, b)


def pearson(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    return (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))


def interval(predicted, actual):
    """5 % to 95 % of the mean over queries, by drawing subsets again."""
    draws, n = np.random.default_rng(2), len(predicted)
    found = [spearman(predicted[rows], actual[rows]).mean()
             for rows in (draws.integers(0, n, n) for _ in range(REPLICATES))]
    return np.quantile(found, (0.05, 0.95))


def table_of(hand_over, scores):
    truth = hand_over / "truth"
    masks = {kind: np.load(truth / f"{kind}.npy").astype(float) for kind in ("subsets", "leave-one-out", "groups")}
    loss = {kind: load_safetensors(truth / f"{kind}.safetensors")["loss"] for kind in ("baseline", *masks)}
    change = {kind: (loss[kind] - loss["baseline"]).mean(1) for kind in masks}
    lines = [f"| score | LDS on {len(masks['subsets'])} subsets, 5 to 95 % | LDS, mean of {loss['subsets'].shape[1]} "
             f"networks a subset | leave one out ({len(masks['leave-one-out'])}), Pearson, Spearman | groups "
             f"({len(masks['groups'])}), Spearman |", "|---|---|---|---|---|"]
    for name, values in scores.items():
        kept, target = masks["subsets"] @ values, -loss["subsets"][:, 0]
        low, high = interval(kept, target)
        removed = {kind: (1 - masks[kind]) @ values for kind in masks}
        alone = [measure(removed["leave-one-out"], change["leave-one-out"]) for measure in (pearson, spearman)]
        group = spearman(removed["groups"].ravel(), change["groups"].ravel())
        lines.append(f"| {name} | {spearman(kept, target).mean():.3f}, {low:.3f} to {high:.3f} | "
                     f"{spearman(kept, -loss['subsets'].mean(1)).mean():.3f} | {np.nanmean(alone[0]):.2f}, "
                     f"{np.nanmean(alone[1]):.2f} | {group:.2f} |")
    if loss["subsets"].shape[1] > 1:
        ceiling = spearman(loss["subsets"][:, 0], loss["subsets"][:, 1])
        alone = [measure(*(loss["leave-one-out"][:, s] - loss["baseline"][:, s] for s in (0, 1)))
                 for measure in (pearson, spearman)]
        group = spearman(*((loss["groups"][:, s] - loss["baseline"][:, s]).ravel() for s in (0, 1)))
        lines.append(f"| ceiling: a network of another seed | {ceiling.mean():.3f} | | {np.nanmean(alone[0]):.2f}, "
                     f"{np.nanmean(alone[1]):.2f} | {group:.2f} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--subsets", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--alone", type=int, default=40)
    parser.add_argument("--ranks", default="1,2")
    parser.add_argument("--report", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-truth-") as folder:
        base = pathlib.Path(folder)
        for part in ("configs", "data"):
            shutil.copytree(SOURCE / part, base / part)
        lines, manifests = [], set()
        for ranks in map(int, options.ranks.split(",")):
            hand_over, timing = retrain(base, options, ranks)
            manifests.add((hand_over / "train.json").read_bytes())
            lines.append(f"{timing['networks']} networks retrained in {timing['seconds']:.1f} s on {ranks} rank(s); "
                         f"{timing['processor']:.1f} s of processor for all of the training")
        if len(manifests) != 1:
            sys.exit("the ground truth depends on ranks")
        scores = {**{method: scores_of(base, hand_over, method) for method in METHODS}, **controls(hand_over)}
        report = "\n".join([*table_of(hand_over, scores), "", *lines]) + "\n"
    print(report, end="")
    if options.report:
        options.report.write_text(report)


main()
