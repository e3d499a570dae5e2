#!/usr/bin/python3 -B
"""What must hold: `assay plan` says what a run will take, by hand computation; for a billion examples on 10,000 ranks
at once; refuses what does not fit; and its times are those of a calibration."""
import json
import math
import os
import re
import time

import numpy as np

import study as studies
from assay import (BAD_CONFIG, BAD_INPUT, BAD_USAGE, CANNOT_FIT, CANNOT_WRITE, OK, check, finish, folder, run, run_well,
                   sentences, side_by_side)

MIB = 2**20
RATES = {"format": "assay calibration v1", "cpu": "a core", "date": "2026-01-02", "backend": "onednn",
         "version": "0.1.0", "read_bytes": 1e9, "digit_values": 2.5e8, "digit_products": 2e11,
         "score_terms_1": 4e8, "score_terms_2": 2e8, "score_terms_3": 1e8,
         "score_terms_4": 5e7, "tallies": 2e9, "kept": 1e7, "write_bytes": 1e9,
         "record_lines": 5e5}


def plan(path, *arguments, code=OK, config_home=None):
    """The JSON of a plan.  No calibration but the given one is found."""
    env = {"XDG_CONFIG_HOME": str(config_home or "/nonexistent")}
    outcome = run("plan", path, "--json", *arguments, env=env)
    check(outcome.code == code and len(sentences(outcome)) == (code != OK), f"plan {arguments} ends with {code}",
          outcome)
    return json.loads(outcome.out) if outcome.out else None


def write_rates(path, **changes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**RATES, **changes}))
    return path


def ceil_log2(n):
    return math.ceil(math.log2(n)) if n > 1 else 0


# ---- figures --------------------------------------------------------------------------------------------------------


def test_figures(base):
    """Two layers with bias, three checkpoints: bytes, products and terms by hand."""
    layers = {"fc1": (40, 30), "fc2": (30, 10)}
    study = studies.make(base / "figures", n_train=700, n_query=40, shard_rows=200, layers=layers)
    path = studies.write_config(study, digits=3, block_rows=64, keep={"top": 7, "scores": True})
    for ranks, share in ((1, 1), (3, 4 * 64 / 700), (7, 2 * 64 / 700)):
        found = plan(path, "--ranks", ranks)
        influence = found["influence"]
        width = sum(n_in + n_out for n_in, n_out in layers.values())
        pairs = {name: influence[name] for name in ("examples", "queries", "checkpoints", "layers", "blocks", "rounds")}
        check(pairs == {"examples": 700, "queries": 40, "checkpoints": 3, "layers": 2, "blocks": 11,
                        "rounds": math.ceil(11 / ranks)}, f"counts on {ranks}", pairs)
        captures = sum(array.nbytes for checkpoint in study.checkpoints
                       for array, _ in studies.stored_tensors(study, checkpoint, "train").values())
        check(influence["input_bytes"] == captures == 700 * 3 * width * 4, "bytes of captures", influence, captures)
        products = 700 * 40 * 3 * width
        check(influence["digit_products"] == 9 * products, "products", influence)
        check(influence["score_terms"] == 700 * 40 * 3 * 2, "terms", influence)
        for name in ("digit_products", "score_terms"):
            check(math.isclose(influence["rank_" + name], influence[name] * share), f"{name} of a rank", influence)
        check(influence["output_bytes"] >= 8 * 700 * 41, "scores and self-influence are written", influence)
        check(found["seconds"] is None and found["fits"] and found["misfit"] is None, "no calibration, no times", found)
        check(influence["memory_bytes"] <= influence["memory_limit_bytes"] == 2**31, "memory", influence)
        check(f"--ntasks={ranks}\n" in found["sbatch"] and "a guess" in found["sbatch"], "the header", found["sbatch"])
    leading = plan(studies.write_config(study, products="leading"))["influence"]
    check(leading["digit_products"] == 6 * products, "leading products", leading)
    found = plan(path, "--ranks", 100)["influence"]
    check((found["members"], found["teams"], found["rounds"]) == (3, 33, 1), "more ranks than blocks", found)


def test_against_run(base):
    """The memory of a run is within its plan, and the time of a run near it."""
    study = studies.make(base / "run", n_train=12000, n_query=300, shard_rows=4000, layers={"fc1": (256, 128)})
    path = studies.write_config(study, block_rows=512, keep={"top": 50, "scores": False})
    rates = base / "run/rates.json"
    out = run_well("plan", "--calibrate", "--output", rates, "--directory", base)
    check(str(rates) in out.out and "digit_products" in out.out, "a calibration is told", out.out)
    check(sorted(json.loads(rates.read_text())) == sorted(RATES), "and has every rate")
    found = plan(path, "--calibration", rates)
    begin = os.times()
    run_well("influence", path, "--quiet")
    end = os.times()
    took = end.children_user + end.children_system - begin.children_user - begin.children_system
    expected = found["influence_seconds"]["total"]
    print(f"plan {expected:.2f} s, run {took:.2f} s of processor, start-up included")
    check(expected < 3 * took and took < 3 * expected + 0.5, "the estimate is of the right size", expected, took)


# ---- scale and refusals ---------------------------------------------------------------------------------------------


def make_rows(base, columns=8192, n=64):
    """Gradient rows in files that hold nothing: only their headers are looked at."""
    study = studies.make(base, n_train=n, n_query=4, n_checkpoint=1, kind="rows", layers={"all": (1, 2)}, form="npy")
    for name, rows in (("all.gradient-00000.npy", n), ("queries-all.gradient.npy", 4)):
        file = study.folder / "captures/step-000000" / name
        np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(rows, columns)).flush()
    for extra in (study.folder / "captures/step-000000").glob("all.gradient-0000[1-9].npy"):
        extra.unlink()
    return study


def test_scale(base):
    study = make_rows(base / "scale")
    studies.write_lines(study.folder / "samples.jsonl", [{"id": f"s{i:010d}", "split": "train"} for i in range(64)])
    study.config["samples"]["group_by"] = []
    path = studies.write_config(study, block_rows=4096, keep={"top": 100, "scores": False})
    rates = write_rates(base / "scale/rates.json")
    begin = time.monotonic()
    found = plan(path, "--examples", 10**9, "--ranks", 10000, "--nodes", 100, "--calibration", rates)
    took = time.monotonic() - begin
    print(f"a billion examples on 10,000 ranks: planned in {took:.3f} s")
    check(took < 10, "in no time", took)
    influence = found["influence"]
    counts = [influence[name] for name in ("examples", "blocks", "rounds")]
    check(counts == [10**9, 244141, 25], "blocks", counts)
    check(influence["input_bytes"] == 4e9 * 8192 and influence["score_terms"] == 4e9, "bytes and terms", influence)
    check(influence["digit_products"] == 4e9 * 8192 * 3, "products", influence)
    share = 25 * 4096 / 1e9
    check(math.isclose(influence["rank_score_terms"], 4e9 * share), "a rank's terms", influence)
    messages = 3 * 25 * ceil_log2(10000) + 4 * ceil_log2(10000)
    check(influence["rank_messages"] == messages, "messages grow with rounds and the depth of the tree", influence)
    seconds = found["influence_seconds"]
    read = 4e9 * 8192 * share / 1e9 + 1e9 * 8192 * share / 2.5e8
    check(math.isclose(seconds["read"], read, rel_tol=1e-3), "seconds of reading", seconds, read)
    score = influence["rank_digit_products"] / 2e11 + 4e9 * share / 2e8 + 4e9 * share * 3 / 2e9
    check(score < seconds["score"] < score + 0.1, "seconds of scoring, kept entries besides", seconds, score)
    lines = 1e9 * (1 / 10000 + share)  # its part of the file once, and those of its blocks
    check(math.isclose(seconds["records"], lines / 5e5, rel_tol=1e-9), "a rank parses its lines alone", seconds)
    beside = plan(path, "--examples", 10**9, "--ranks", 10000, "--cpus", 2, "--calibration", rates)
    less = min(seconds["read"], seconds["score"])
    saved = seconds["total"] - beside["influence_seconds"]["total"]
    check(math.isclose(saved, less, rel_tol=1e-6), "a second core", beside)
    minutes = max(5, math.ceil(1.5 * found["seconds"] / 60))
    check(f"--time={minutes // 60:02d}:{minutes % 60:02d}:00\n" in found["sbatch"], "half as much again",
          found["sbatch"])
    check("--nodes=100\n" in found["sbatch"] and "--ntasks=10000\n" in found["sbatch"], "the header", found["sbatch"])
    # Of the samples a rank holds an index and a table of ids, neither of which grows beyond bounds.
    check(influence["sample_bytes"] < 64 * MIB and influence["record_bytes"] < 64 * MIB, "records in bounds", influence)
    memory = int(re.search(r"--mem-per-cpu=(\d+)M", found["sbatch"]).group(1)) * MIB
    check(memory > found["rank_bytes"] > influence["memory_bytes"], "memory to ask for", memory, found["rank_bytes"])
    alone = plan(path, "--examples", 10**9)["influence"]
    check(2**29 < alone["record_bytes"] < 2**31, "one rank fills the memory it is given with ids", alone)
    words = run("plan", path, "--examples", 10**9, env={"XDG_CONFIG_HOME": "/nonexistent"}).out
    check("while the samples file is read for the first time" in words, "in words", words)


def test_absurd(base):
    """Sizes at the end of what can be said: an answer, whatever it is, and no sum that overflows."""
    study = make_rows(base / "absurd", columns=2**26, n=2)
    studies.write_lines(study.folder / "samples.jsonl", [{"id": f"s{i}", "split": "train"} for i in range(2)])
    study.config["samples"]["group_by"] = []
    for digits, kept in ((1, False), (4, True)):
        path = studies.write_config(study, block_rows=2**20, digits=digits, keep={"top": 100000, "scores": kept})
        for ranks in (1, 7, 10**7):
            found = plan(path, "--examples", 10**15, "--ranks", ranks, code=CANNOT_FIT)
            check(not found["fits"] and found["sbatch"] is None, "no header for what does not fit", found)
            check(found["influence"]["input_bytes"] == 1e15 * 2**26 * 4, "bytes", found)
            roomy = run("plan", path, "--examples", 10**15, "--ranks", ranks, "--memory", "500000 GiB", "--json",
                        env={"XDG_CONFIG_HOME": "/nonexistent"})
            check(roomy.code in (OK, CANNOT_FIT) and json.loads(roomy.out)["rank_bytes"] > 0, "or for what may", roomy)


def test_memory(base):
    study = studies.make(base / "memory", n_train=700, n_query=40, layers={"fc1": (60, 50)})
    path = studies.write_config(study)
    found = plan(path, "--memory", "1 MiB", code=CANNOT_FIT)
    check("influence.memory" in found["misfit"] and not found["fits"], "the plan's own sentence", found["misfit"])
    refused = run("influence", studies.write_config(study, memory="1 MiB"))
    check(refused.code == CANNOT_FIT and found["misfit"] in refused.err, "which is the run's", refused.err)
    check(not plan(path, code=CANNOT_FIT)["fits"] and plan(path, "--memory", "1 GiB")["fits"], "--memory wins")
    need = plan(path, "--memory", "1GiB")["influence"]["memory_bytes"]
    check(plan(path, "--memory", str(need) + " B")["fits"], "what a plan needs is enough for it")
    many = plan(path, "--memory", "1 GiB", "--examples", 10**8)
    grown = many["influence"]["memory_bytes"] - need
    check(0 < grown < 20 * MIB, "examples take no memory of blocks, but for the index of their file", many, need)
    check(plan(path, "--memory", "1 GiB", "--examples", 10**12)["influence"]["memory_bytes"] - need < 400 * MIB,
          "whose pieces become longer, not more")
    outcome = run("plan", path, "--memory", "1 MiB")
    check("does not fit" in outcome.out and "influence.memory" in outcome.err, "in words", outcome)
    check("#SBATCH" not in outcome.out and "no header" in outcome.out, "and no header of a script", outcome.out)
    check(found["sbatch"] is None, "nor in JSON", found["sbatch"])


def test_words(base):
    study = studies.make(base / "words")
    study.config["seal"] = {"key": "audit.key"}
    path = studies.write_config(study)
    home = base / "words/home"
    outcome = run("plan", path, env={"XDG_CONFIG_HOME": str(home)})
    check(outcome.code == OK and "run `assay plan --calibrate` on a compute node" in outcome.out, "uncalibrated",
          outcome)
    write_rates(home / "assay/calibration.json")
    outcome = run("plan", path, "--ranks", 4, "--examples", 123456, env={"XDG_CONFIG_HOME": str(home)})
    check("unknown" not in outcome.out and "a core, 2026-01-02" in outcome.out, "calibrated", outcome)
    for word in ("block", "team", "round", "tile", "products", "score terms"):
        check(re.search(f"^  {word} +[a-z0-9]", outcome.out, re.MULTILINE), f"it says what {word} means", outcome.out)
    check("as if there were 123,456 training examples" in outcome.out, "what is supposed is said", outcome.out)
    shown = [line for line in outcome.out.splitlines() if str(path) not in line]
    check(max(map(len, shown)) <= 100, "100 columns", *[line for line in shown if len(line) > 100])
    header = outcome.out[outcome.out.index("#!/bin/bash"):]
    for line in ("--nodes=1", "--ntasks=4", "--cpus-per-task=1", "--time=00:05:00", "--signal=B:USR1@120", "--requeue"):
        check(f"#SBATCH {line}\n" in header, f"the header has {line}", header)
    check(run("plan", path, "--quiet", env={"XDG_CONFIG_HOME": str(home)}) == (OK, "", ""), "--quiet")
    check(not (base / "words/run").exists(), "a plan leaves nothing behind")
    found = plan(path, config_home=home)
    run_well("run", path, "--quiet")
    entries = int((base / "words/run/seal/checkpoint").read_text().split("\n")[1])
    check(math.isclose(found["seal"]["entries"], entries, rel_tol=0.05), "entries of the log", found["seal"], entries)


def test_training(base):
    (base / "training").mkdir()
    path = studies.make_trained(base / "training")
    found = plan(path)
    check("influence" not in found and found["train"]["operations"] > 0, "before training", found)
    check("plan again" in run("plan", path).out, "it says what is missing")
    run_well("train", path, "--quiet")
    check(plan(path)["influence"]["examples"] == 1318, "after it: as many as the gate let in")


def test_refused(base):
    study = studies.make(base / "refused")
    path, rates = study.folder / "config.json", base / "refused/rates.json"
    for arguments in (["--ranks", "0"], ["--ranks", "4x"], ["--ranks", "-1"], ["--ranks", ""], ["--nodes", "2"],
                      ["--cpus", "99999"], ["--examples", "1e9"], ["--examples", "9" * 30], ["--memory", "lots"],
                      ["--ranks"], ["--calibrate"]):
        outcome = run("plan", path, *arguments)
        check(outcome.code == BAD_USAGE and len(sentences(outcome)) == 1 and outcome.out == "", f"{arguments}", outcome)
    check(run("plan").code == BAD_USAGE, "plan of nothing")
    check(run("plan", path, "--calibration", base / "none").code == BAD_INPUT, "a calibration that is not there")
    check("kept" in run("plan", path, "--calibration", write_rates(rates, kept=0)).err, "a rate of 0")
    check(run("plan", path, "--calibration", write_rates(rates, speed=1)).code == BAD_INPUT, "an unknown rate")
    check(run("plan", path, "--backend", "abacus").code == BAD_CONFIG, "an unknown backend")
    outcome = run("plan", "--calibrate", "--output", rates, "--directory", base / "none")
    check(outcome.code == CANNOT_WRITE and len(sentences(outcome)) == 1, "no folder to measure in", outcome)
    outcome = run("plan", "--calibrate", "--output", rates, "--directory", base, "--backend", "abacus")
    check(outcome.code == BAD_CONFIG and "abacus" in outcome.err, "an unknown backend to measure", outcome)
    (study.folder / "captures/step-000100/queries.safetensors").unlink()
    (study.folder / "captures/step-000200/queries.safetensors").write_bytes(b"none")
    outcome = run("plan", path)
    check(outcome.code == BAD_INPUT and outcome.err.count("queries.safetensors") >= 2, "every problem is told", outcome)


with folder() as temporary:
    test_against_run(temporary)  # alone: it counts the seconds of all children
    side_by_side(lambda test: test(temporary), [test_figures, test_scale, test_absurd, test_memory,
                                                test_words, test_training, test_refused])
finish()
