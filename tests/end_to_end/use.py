#!/usr/bin/python3 -B
"""What must hold for people: help, repeated runs that leave all as it is, preflight, progress in a log, proofs that a
third party checks, and runs that were moved."""
import json
import os
import re
import shutil
import signal
import time

import study as studies
from assay import (BAD_CONFIG, BAD_INPUT, BAD_KEY, BAD_USAGE, DIFFERS, OK, check, children, files_below, finish, folder,
                   root, run, run_well, sentences, side_by_side, start, wait)

JOBS = ("run", "check", "train", "influence", "seal", "verify", "prove", "config", "diff", "plan")


def seal(study, key="audit.key", **changes):
    """Runs the whole config with a seal."""
    study.config["seal"] = {"key": key}
    run_well("run", studies.write_config(study, **changes), "--quiet")
    return study.folder / "run"


# ---- the command line -----------------------------------------------------------------------------------------------


def test_help(base):
    for ranks in (1, 2):
        outcome = run("--help", ranks=ranks)
        check(outcome.code == OK and outcome.err == "", f"--help on {ranks}", outcome.code, outcome.err)
        for job in JOBS:
            check(len(re.findall(rf"^  {job} ", outcome.out, re.MULTILINE)) == 1, f"--help on {ranks} names {job} once")
        for code in range(11):
            check(re.search(rf"^  {code:2d}  \w", outcome.out, re.MULTILINE), f"--help tells exit code {code}")
        check(len(run("--version", ranks=ranks).out.splitlines()) == 1, f"--version on {ranks} is one line")
    check(re.fullmatch(r"assay \d+\.\d+\.\d+\n", run("--version").out), "--version")
    check(run().code == BAD_USAGE, "no argument is a usage error")
    for job in JOBS:
        outcome = run(job, "--help")
        check(outcome.code == OK and outcome.out.startswith(f"usage: assay {job}"), f"{job} --help", outcome)
        check(max(map(len, outcome.out.splitlines())) <= 120, f"{job} --help fits a screen")
    for section in ("run", "train", "samples", "checkpoints", "influence", "policy", "seal"):
        outcome = run("config", section)
        check(outcome.code == OK and outcome.out.startswith(f'"{section}"'), f"config {section}", outcome.out[:80])
    schema = json.loads(run_well("config", "schema").out)
    check(set(schema["properties"]) == {"run", "train", "samples", "checkpoints", "lineage", "influence",
                                      "policy", "mechanism", "counterfactual", "seal"},
          "the schema")
    check(run("config", "nothing").code == BAD_USAGE, "config of no section")


def test_exit_code(base):
    """The launcher passes the exit code on."""
    study = studies.make(base / "exit-code")
    check(wait(start("influence", study.path, ranks=3)).code == OK, "mpirun ends with 0")
    studies.write_config(study, digits=9)
    check(wait(start("influence", study.path, ranks=3)).code == BAD_CONFIG, "mpirun ends with the program's exit code")


def test_quiet(base):
    study = studies.make(base / "quiet")
    study.config["seal"] = {"key": "audit.key"}
    studies.write_config(study)
    for ranks in (1, 3):
        for arguments in (["run", study.path], ["check", study.path], ["verify", study.folder / "run"]):
            outcome = run(*arguments, "--quiet", ranks=ranks)
            check(outcome == (OK, "", ""), f"{arguments[0]} --quiet on {ranks} prints nothing", outcome)


# ---- running again --------------------------------------------------------------------------------------------------


def state(*directories):
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
            for path in files_below(*directories)}


def test_again(base):
    """A second run finds everything unchanged and touches nothing; a changed input is noticed and sealed anew."""
    base = base / "again"
    base.mkdir()
    path = studies.make_trained(base)
    path.write_text(path.read_text()[:-1] + ', "seal": {"key": "audit.key"}}')
    first = run_well("run", path, ranks=2)
    for job in ("train", "influence", "seal"):
        check(re.search(rf"^{job} +done:", first.out, re.MULTILINE), f"{job} was done", first.out)
    check(root(base / "run") in first.out and (base / "run/seal/key.vkey").read_text().strip() in first.out,
          "the run ends with root and key", first.out)
    before = state(base)
    for ranks in (2, 1, 3):
        again = run_well("run", path, ranks=ranks)
        for job in ("train", "influence", "seal"):
            check(re.search(rf"^{job} +unchanged:", again.out, re.MULTILINE), f"{job} is unchanged", again.out)
        check(state(base) == before, f"a run again on {ranks} touches nothing",
              *[name for name, what in state(base).items() if before.get(name) != what])


def test_changed_input(base):
    study = studies.make(base / "changed")
    directory = seal(study)
    first = root(directory)
    weights = study.folder / "checkpoints/step-000100.bin"
    future = time.time_ns() + 10**9
    os.utime(weights, ns=(future, future))
    again = run_well("run", study.path)
    check("influence  done" in again.out, "a newer input is read again", again.out)
    check(root(directory) == first, "and has the same root when its bytes are the same")
    weights.write_bytes(b"other weights")
    check(run("verify", directory, "--quiet").code == DIFFERS, "a changed input no longer fits the seal")
    future += 10**10
    os.utime(weights, ns=(future, future))
    run_well("run", study.path, "--quiet")
    check(root(directory) not in (None, first), "another input has another root")
    run_well("verify", directory, "--quiet")


# ---- preflight and progress -----------------------------------------------------------------------------------------


def test_check(base):
    study = studies.make(base / "check")
    outcome = run_well("check", study.path)
    check("nothing wrong" in outcome.out, "check of a good config", outcome.out)
    check(not (study.folder / "run").exists(), "check writes nothing")
    (study.folder / "captures/step-000000/train-00001.safetensors").unlink()
    (study.folder / "captures/step-000200/queries.safetensors").unlink()
    (study.folder / "captures/step-000100/train-00000.safetensors").write_bytes(b"short")
    outcome = run("check", study.path)
    check(outcome.code == BAD_INPUT and len(sentences(outcome)) == 4, "check of damaged inputs", outcome)
    for part in ("captures/step-000000/train-*", "step-000200/queries.safetensors",
                 "step-000100/train-00000.safetensors"):
        check(part in outcome.err, f"check lists {part}", outcome.err)
    for name in ("samples.jsonl", "queries.jsonl"):
        (study.folder / name).unlink()
    outcome = run("check", study.path)
    check(all(name in outcome.err for name in ("samples.jsonl", "queries.jsonl")), "check lists both", outcome.err)
    studies.write_config(study, digits=7, metod="tracin", keep={"top": "ten"})
    outcome = run("check", study.path)
    check(outcome.code == BAD_CONFIG, "check of a bad config", outcome)
    for part in ("influence.digits", "influence.metod", "influence.keep.top"):
        check(part in outcome.err, f"check lists {part}", outcome.err)
    untrained = base / "untrained"
    untrained.mkdir()
    outcome = run_well("check", studies.make_trained(untrained))
    check("train" in outcome.out, "check before the training says what it could not see", outcome.out)


def test_progress(base):
    """A run of more than ten seconds tells how far it is.  It is made long by stopping it for that time."""
    study = studies.make(base / "progress", n_train=3000, n_query=20, layers={"fc1": (64, 48)}, shard_rows=3000)
    process = start("influence", study.path, ranks=2, env={"ASSAY_JOURNAL_SECONDS": "0"})
    journal, begun = study.folder / "run/journal/influence.journal", time.monotonic()
    while not journal.exists() and time.monotonic() < begun + 60:
        time.sleep(0.002)
    ranks = children(process.pid)
    for rank in ranks:
        os.kill(rank, signal.SIGSTOP)
    time.sleep(10.1)
    for rank in ranks:
        os.kill(rank, signal.SIGCONT)
    outcome = wait(process)
    check(outcome.code == OK, "a stopped run goes on", outcome)
    lines = re.findall(r"^influence: +\d+% \([\d,]+ of 3,000 examples\), [\d,]+/s, .+ left$", outcome.err, re.MULTILINE)
    check(1 <= len(lines) <= 2, "progress is in the log, a line now and then", outcome.err)
    check(re.search(r"^influence: 3,000 examples in .*\(\S+/s\)$", outcome.err, re.MULTILINE), "and at the end",
          outcome.err)
    check("\r" not in outcome.err and "\033" not in outcome.err, "a log has no control characters", outcome.err)


# ---- proofs ---------------------------------------------------------------------------------------------------------


def check_proof(study, directory, what, mentions, other_key):
    """A proof of `what` holds under the run's key, offline, and under no other, nor with any byte changed."""
    place = study.folder / "auditor"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    proof, vkey = place / "proof", (directory / "seal/key.vkey").read_text().strip()
    made = run_well("prove", directory, what, "--output", proof)
    check("assay verify" in made.out, f"prove {what} tells how to verify", made.out)
    hidden = study.folder.parent / (study.folder.name + "-hidden")
    directory.rename(hidden)  # the auditor has the proof and the key alone
    outcome = run_well("verify", proof, "--key", vkey)
    for part in (*mentions, root(hidden)):
        check(part in outcome.out, f"the proof of {what} speaks of {part}", outcome.out)
    (place / "key.vkey").write_text(vkey + "\n")
    check(run("verify", proof, "--key", place / "key.vkey", "--quiet") == (OK, "", ""), f"{what}: the key as a file")
    outcome = run("verify", proof, "--key", other_key)
    check(outcome.code in (DIFFERS, BAD_KEY) and len(sentences(outcome)) == 1, f"{what}: another key", outcome)
    check(run("verify", proof).code == BAD_USAGE, f"{what}: a proof needs a key")
    whole = proof.read_bytes()
    for offset in range(0, len(whole), 1 + len(whole) // 60):
        proof.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1:])
        outcome = run("verify", proof, "--key", vkey)
        check(outcome.code in (DIFFERS, BAD_INPUT, BAD_KEY) and outcome.out == "", f"{what}: byte {offset} changed",
              outcome)
    hidden.rename(directory)


def test_proofs(base):
    study, other = studies.make(base / "proofs"), studies.make(base / "other-key")
    directory, other_directory = seal(study), seal(other)
    check(root(directory) == root(other_directory), "the key is not under the root")
    other_key = (other_directory / "seal/key.vkey").read_text().strip()
    check(other_key != (directory / "seal/key.vkey").read_text().strip(), "but it is another key")
    shard = "captures/step-000100/train-00001.safetensors"
    for what, mentions in (("influence.h5:/scores", ["influence.h5", "/scores"]),
                           ("influence.h5:/top/proponents/score[3]", ["influence.h5", "/top/proponents/score"]),
                           ("samples.jsonl", ["samples.jsonl"]), (shard, [shard]), ("run.json", ["run.json"])):
        check_proof(study, directory, what, mentions, other_key)
    proof, vkey = study.folder / "content.proof", directory / "seal/key.vkey"
    run_well("prove", directory, "samples.jsonl", "--output", proof)
    run_well("verify", proof, "--key", vkey, "--content", study.folder / "samples.jsonl")
    other_content = study.folder / "other.jsonl"
    samples = (study.folder / "samples.jsonl").read_bytes()
    for content, codes in ((samples[:-2] + b" \n", (DIFFERS,)), (samples[:-1], (DIFFERS, BAD_INPUT))):
        other_content.write_bytes(content)
        outcome = run("verify", proof, "--key", vkey, "--content", other_content)
        check(outcome.code in codes and "other.jsonl" in outcome.err, "other content than the proof's", outcome)
    for wrong in ("samples.json", "influence.h5:/score", "influence.h5:/scores[70]", "nothing at all"):
        outcome = run("prove", directory, wrong, "--output", study.folder / "none.proof")
        check(outcome.code != OK and len(sentences(outcome)) == 1 and not (study.folder / "none.proof").exists(),
              f"no proof of {wrong}", outcome)
    check("samples.jsonl" in run("prove", directory, "samples.json").err, "a near name is suggested")
    for ranks in (1, 3):
        outcome = run("verify", directory, "--key", other_key, ranks=ranks)
        check(outcome.code in (DIFFERS, BAD_KEY), f"a run under another key, on {ranks}", outcome)
        run_well("verify", directory, "--key", vkey, ranks=ranks)


def test_moved(base):
    study = studies.make(base / "before")
    directory = seal(study)
    moved = base / "elsewhere/run"
    moved.parent.mkdir()
    shutil.copytree(directory, moved)
    outcome = run("verify", moved)
    check(outcome.code == DIFFERS and "samples.jsonl" in outcome.out, "a run without its inputs", outcome)
    for ranks in (1, 3):
        run_well("verify", moved, "--inputs", study.folder, ranks=ranks)
    study.folder.rename(base / "after")
    run_well("verify", base / "after/run")
    samples = base / "after/samples.jsonl"
    samples.write_bytes(samples.read_bytes().replace(b"sample-00000", b"sample-9999"))
    outcome = run("verify", moved, "--inputs", base / "after")
    check(outcome.code == DIFFERS and "samples.jsonl" in outcome.out, "the inputs given are those that are read",
          outcome)


with folder() as temporary:
    side_by_side(lambda test: test(temporary), [test_progress, test_help, test_exit_code, test_quiet, test_again,
                                                test_changed_input, test_check, test_proofs, test_moved])
finish()
