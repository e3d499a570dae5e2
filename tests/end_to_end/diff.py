#!/usr/bin/python3 -B
"""What must hold: `assay diff` ends with 0 only for two runs under one root, and else names every field, input, dataset
and row that differs, by as much as h5py, numpy and scipy find."""
import json
import re
import shutil

import h5py
import numpy as np
import scipy.stats

import study as studies
from assay import (BAD_INPUT, BAD_RUN, BAD_USAGE, DIFFERS, OK, check, finish, folder, root, run, run_well, sentences,
                   side_by_side)


def make(path, seal=True, ranks=1, change=None, **choices):
    """A study, changed by a function if one is given, and its run."""
    study = studies.make(path, n_train=90, n_query=6, **choices)
    if seal:
        study.config["seal"] = {"key": "audit.key"}
    if change:
        change(study)
    run_well("run", studies.write_config(study), "--quiet", ranks=ranks)
    return study.folder / "run"


def diff(a, b, code=DIFFERS):
    outcome = run("diff", a, b)
    check(outcome.code == code, f"diff ends with {code}", outcome)
    check(len(sentences(outcome)) == (code != OK), "diff ends with one sentence if any", outcome.err)
    shown = [line for line in outcome.out.splitlines() if str(a) not in line and str(b) not in line]
    check(max(map(len, shown), default=0) <= 100, "diff fits 100 columns", *[line for line in shown if len(line) > 100])
    return outcome


def item(outcome, name):
    """The lines below the name of a dataset, input or table."""
    found = re.search(rf"^  {re.escape(name)}.*\n((?:      .*\n)*)", outcome.out, re.MULTILINE)
    return found.group(1) if found else ""


def n_input(directory):
    with h5py.File(directory / "influence.h5") as file:
        return len(set(file["inputs/path"][()]))


def number(text):
    return int(text.replace(",", ""))


# ---- independent figures --------------------------------------------------------------------------------------------


def check_values(outcome, a, b, path):
    """What the program says of a dataset of numbers against numpy."""
    with h5py.File(a / "influence.h5") as left, h5py.File(b / "influence.h5") as right:
        x, y = left[path][()], right[path][()]
    different = x.view(np.int64) != y.view(np.int64)
    said = item(outcome, path)
    if not different.any():
        check(not re.search(rf"^  {path}\b", outcome.out, re.MULTILINE), f"{path} is the same", outcome.out)
        return
    rows = different.reshape(len(x), -1).any(axis=1)
    found = re.search(r"([\d,]+) of ([\d,]+) rows differ, ([\d,]+) of ([\d,]+) values, from row ([\d,]+) on", said)
    if not check(found, f"{path} is told", outcome.out):
        return
    expected = [rows.sum(), len(x), different.sum(), different.size, np.argmax(rows)]
    check([number(part) for part in found.groups()] == expected, f"{path}: rows and values", found.group(), expected)
    if x.dtype == np.float64:
        by, size = np.abs(x - y), np.maximum(np.abs(x), np.abs(y))
        found = re.search(r"by (\S+) at most, and by (\S+) of the larger value", said)
        largest = by[different].max(), (by[different] / np.where(size == 0, 1, size)[different]).max()
        check(found and np.isclose(float(found.group(1)), largest[0], rtol=0.006)
              and np.isclose(float(found.group(2)), largest[1], rtol=0.06), f"{path}: by how much", said, largest)


def check_overlap(outcome, a, b, side):
    path = f"/top/{side}/index"
    with h5py.File(a / "influence.h5") as left, h5py.File(b / "influence.h5") as right:
        x, y = left[path][()], right[path][()]
    top = min(x.shape[1], y.shape[1])
    x, y = x[:, :top], y[:, :top]
    overlap, ranks = [], []
    for first, second in zip(x, y):
        common = [entry for entry in first if entry in set(second)]
        overlap.append(len(common) / top)
        if len(common) > 1:
            ranks.append(scipy.stats.spearmanr(range(len(common)), [list(second).index(e) for e in common]).statistic)
    said = item(outcome, path)
    found = re.search(r"top ([\d,]+) overlap (\S+) % \(least: (\S+) %, of query (\d+)\); "
                      r"the same list for (\d+) of (\d+) queries", said)
    if not check(found, f"{path}: the overlap is told", outcome.out):
        return
    expected = (top, round(100 * np.mean(overlap), 1), round(100 * min(overlap), 1), int(np.argmin(overlap)),
                int((x == y).all(axis=1).sum()), len(x))
    check(np.allclose([float(part.replace(",", "")) for part in found.groups()], expected, atol=0.051),
          f"{path}: the overlap", found.group(), expected)
    found = re.search(r"rank correlation of what both have (\S+)", said)
    check(found and abs(float(found.group(1)) - np.mean(ranks)) < 1e-4, f"{path}: ranks", said, np.mean(ranks))


# ---- runs -----------------------------------------------------------------------------------------------------------


def test_same(base):
    a, b = make(base / "one-rank"), make(base / "three-ranks", ranks=3)
    outcome = diff(a, b, OK)
    check(len(outcome.out.splitlines()) == 1 and root(a) in outcome.out, "one line when the roots agree", outcome.out)
    check(run("diff", a, b, "--quiet") == (OK, "", ""), "diff --quiet of the same prints nothing")
    check(diff(a, a, OK).code == OK, "a run is as itself")
    plain, again = make(base / "plain", seal=False), make(base / "plain-again", seal=False, ranks=2)
    outcome = diff(plain, again)
    for line in ("config     the same", f"inputs     the same {n_input(plain)} files", "influence.h5 the same"):
        check(line in outcome.out, f"unsealed: {line}", outcome.out)
    check("not both sealed" in outcome.err and outcome.out.count("not sealed") == 2, "but not sealed", outcome)
    outcome = diff(a, plain)
    check("not both sealed" in outcome.err and outcome.out.count("not sealed") == 1, "one of them sealed", outcome)


def test_digits(base):
    a = make(base / "two-digits", layers={"fc1": (30, 20)})
    b = make(base / "three-digits", layers={"fc1": (30, 20)},
             change=lambda study: study.config["influence"].update(digits=3))
    outcome = diff(a, b)
    check("config     1 field differs\n  influence.digits  2 | 3\n" in outcome.out, "the field", outcome.out)
    check(f"inputs     the same {n_input(a)} files" in outcome.out, "the inputs are the same", outcome.out)
    check(root(a) in outcome.out and root(b) in outcome.out, "both roots", outcome.out)
    check("different result roots" in outcome.err, "the sentence", outcome.err)
    for path in ("/scores", "/self", "/top/proponents/score", "/top/opponents/by_layer", "/layers/total",
                 "/groups/policy/net", "/groups/policy/count", "/checkpoints/step"):
        check_values(outcome, a, b, path)
    check(run("diff", a, b, "--quiet").out == "", "diff --quiet prints no report")


def test_rate(base):
    def change(study):
        study.candidates[1]["learning_rate"] = 0.9
        studies.write_lines(study.folder / "checkpoints.jsonl", study.candidates)

    a, b = make(base / "rate"), make(base / "other-rate", change=change)
    outcome = diff(a, b)
    check("config     the same" in outcome.out and "inputs     1 file differs" in outcome.out, "one input", outcome.out)
    check("1 of 1 pieces differ, from bytes 0 to" in item(outcome, "checkpoints.jsonl"), "its bytes", outcome.out)
    for path in ("/checkpoints/learning_rate", "/checkpoints/step", "/scores", "/checkpoints/total"):
        check_values(outcome, a, b, path)
    for side in ("proponents", "opponents"):
        check_values(outcome, a, b, f"/top/{side}/index")
        check_overlap(outcome, a, b, side)


def test_sample(base):
    """One row of one capture, one id with bytes that no terminal should see, one input more."""
    def change(study):
        samples = (study.folder / "samples.jsonl").read_text()
        study.checked = samples.replace('"sample-00040"', '"sample-\\u009b31m\\u00e940"')
        (study.folder / "samples.jsonl").write_text(study.checked)
        name = study.folder / "captures/step-000100/train-00001.safetensors"
        data = bytearray(name.read_bytes())
        data[-1] ^= 1  # the last element of the last tensor: fc2.gradient of example 59
        name.write_bytes(bytes(data))
        (study.folder / "notes.txt").write_text("one more")
        study.config["run"]["also"] = ["notes.txt"]

    a, b = make(base / "sample"), make(base / "other-sample", change=change)
    outcome = diff(a, b)
    check("\x9b" not in outcome.out and "\\xc2\\x9b31mé40" in item(outcome, "/samples/id"), "a harmless id",
          outcome.out)
    check(re.search(r'"sample-00040" \| "sample-', item(outcome, "/samples/id")), "both ids", outcome.out)
    check("  run.also[0]  nothing | \"notes.txt\"" in outcome.out, "an item of a list", outcome.out)
    check("  notes.txt  only in B" in outcome.out, "an input of one run", outcome.out)
    check("inputs     3 files differ" in outcome.out, "three inputs", outcome.out)
    piece = item(outcome, "captures/step-000100/train-00001.safetensors")
    check(re.search(r"1 of \d+ pieces differ, from fc2.gradient rows 18 to 29", piece), "the piece", piece)
    with h5py.File(a / "influence.h5") as left, h5py.File(b / "influence.h5") as right:
        rows = (left["scores"][()] != right["scores"][()]).any(axis=1)
    check(rows.any(), "the change shows in the scores")
    check_values(outcome, a, b, "/scores")


def test_other_rows(base):
    """Lists of rows say nothing when row i is another sample, or another query."""
    for name in ("samples", "queries"):
        def change(study, name=name):
            path = study.folder / f"{name}.jsonl"
            path.write_text(path.read_text().replace('-00001"', '-0000x"').replace('"query-1"', '"query-x"'))
            study.candidates[1]["learning_rate"] = 0.9
            studies.write_lines(study.folder / "checkpoints.jsonl", study.candidates)

        outcome = diff(make(base / f"rows-{name}"), make(base / f"other-rows-{name}", change=change))
        check("rows differ" in item(outcome, "/top/proponents/index"), f"other {name}: indices differ", outcome.out)
        check("overlap" not in outcome.out, f"other {name}: they are not compared as sets", outcome.out)


def test_shape(base):
    def regroup(study):
        study.config["samples"]["group_by"] = ["policy", "source"]

    def more(study):
        study.config["influence"]["keep"]["top"] = 20

    def blocks(study):
        study.config["influence"]["block_rows"] = 32

    a, grouped = make(base / "groups"), make(base / "regrouped", change=regroup)
    longer = make(base / "more", change=more)
    outcome = diff(a, grouped)
    check('  samples.group_by[1]  "license" | "source"' in outcome.out, "the list", outcome.out)
    check('  samples.group_by[2]  "source" | nothing' in outcome.out, "its end", outcome.out)
    check("  /groups/license/net  only in A" in outcome.out, "a dataset of one run", outcome.out)
    outcome = diff(grouped, a)
    check("  /groups/license/net  only in B" in outcome.out, "and the other way round", outcome.out)
    outcome = diff(a, longer)
    check("f64le 6 x 9 | f64le 6 x 20" in item(outcome, "/top/proponents/score"), "another shape", outcome.out)
    check_overlap(outcome, a, longer, "proponents")
    check("overlap 100.0 %" in item(outcome, "/top/proponents/index"), "a longer list begins the same", outcome.out)
    outcome = diff(a, make(base / "blocks", change=blocks))
    piece = item(outcome, "captures/step-000000/train-00000.safetensors")
    check("digested in other pieces" in piece and "these are the same" in piece, "other pieces", outcome.out)


def test_refused(base):
    a = make(base / "good")
    for other in (base / "nothing", base, base / "good/config.json"):
        for pair in ((a, other), (other, a)):
            outcome = diff(*pair, code=BAD_RUN)
            check(str(other) in outcome.err, "the sentence names what is no run", outcome.err)
    check(run("diff", a).code == BAD_USAGE and run("diff").code == BAD_USAGE and run("diff", a, a, a).code == BAD_USAGE,
          "two runs are wanted")
    damaged = base / "damaged"
    shutil.copytree(a, damaged)
    (damaged / "influence.h5").write_bytes((a / "influence.h5").read_bytes()[:5000])
    check(run("diff", a, damaged).code == OK, "roots are compared as they were signed")
    shutil.rmtree(damaged / "seal")
    outcome = diff(a, damaged, BAD_INPUT)
    check("influence.h5" in outcome.err and "influence.h5 cannot be read in B" in outcome.out, "a damaged table",
          outcome)
    (damaged / "influence.h5").unlink()
    check("influence.h5 only in A" in diff(a, damaged).out, "a table of one run")
    (damaged / "run.json").write_text("{\n")
    check("run.json" in diff(a, damaged, BAD_RUN).err, "a damaged config")
    forged = base / "forged"
    shutil.copytree(a, forged)
    note = forged / "seal/checkpoint"
    text = note.read_text().split("\n")
    text[1] = str(int(text[1]) + 1)
    note.write_text("\n".join(text))
    outcome = diff(a, forged)
    check("the seal does not hold" in outcome.out, "a root that nobody signed is none", outcome)
    changed = base / "changed"
    shutil.copytree(a, changed)
    with h5py.File(changed / "influence.h5", "r+") as file:
        file["self"][3] = np.nan
    shutil.rmtree(changed / "seal")
    outcome = diff(a, changed)
    check("1 of 90 rows differ" in item(outcome, "/self") and "1 times one of the two is NaN" in item(outcome, "/self"),
          "NaN", outcome.out)


def test_many(base):
    """Hundreds of differences end in a count."""
    def rename(study):
        study.config["run"]["also"] = [f"note-{i}.txt" for i in range(100)]
        for name in study.config["run"]["also"]:
            (study.folder / name).write_text(name)

    outcome = diff(make(base / "few"), make(base / "many", change=rename))
    check("config     100 fields differ" in outcome.out and "… and 80 more" in outcome.out, "a count", outcome.out)
    check(len(outcome.out.splitlines()) < 100, "the rest is not shown")
    check(json.loads((base / "many/run/run.json").read_text())["run"]["also"][99] == "note-99.txt", "the list is long")


with folder() as temporary:
    side_by_side(lambda test: test(temporary), [test_same, test_digits, test_rate, test_sample,
                                                test_other_rows, test_shape, test_refused, test_many])
finish()
