#!/usr/bin/python3 -B
"""What must hold: what the operator of a real run hands to a data owner can be checked offline, with our program and
with a short one that shares no code with it; it says what the trainer's own files say, and a changed proof nothing."""
import base64
import hashlib
import json
import os
import random
import shutil
import sys

import h5py
import numpy as np

from assay import (BAD_INPUT, BAD_RUN, BAD_USAGE, DIFFERS, OK, SOURCE, check, finish, folder, root, run, run_well,
                   sentences, side_by_side)
from study import make_trained

sys.path.insert(0, str(SOURCE / "tests/seal"))
import sample_reader  # noqa: E402  the independent checker

PIXELS = np.load(SOURCE / "data/digits-images.npy").astype(np.uint8).reshape(-1, 64)


def make_run(place):
    """A trained run with lineage and influence, sealed on two ranks.  Its directory and key."""
    config = json.loads(make_trained(place, keep={"top": 5, "scores": True}).read_text())
    for section in set(config) - {"run", "train", "samples", "lineage", "checkpoints", "influence"}:
        del config[section]
    config["seal"] = {"key": "audit.key"}
    path = place / "config.json"
    path.write_text(json.dumps(config))
    outcome = run_well("run", path, ranks=2)
    check("samples listed: assay prove" in outcome.out, "sealing tells how to prove", outcome.out)
    shutil.copytree(place / "run", place / "alone")
    shutil.rmtree(place / "alone/seal")
    run_well("seal", path, "--directory", place / "alone")
    check(root(place / "alone") == root(place / "run"), "one rank seals the same root as two")
    return place / "run", (place / "run/seal/key.vkey").read_text().strip()


def steps_of(place, samples):
    """In which steps the trainer used each training sample, from its own order.npy."""
    rows = [i for i, sample in enumerate(samples) if sample["split"] == "train"]
    order = np.load(place / "training/order.npy")
    uses = {i: [] for i in range(len(samples))}
    for step, batch in enumerate(order):
        for row in batch[batch >= 0]:
            uses[rows[row]].append(step)
    return uses


def check_offline(place, proof, vkey, content, verdict):
    """Where nothing of the run is at hand."""
    outcome = run("verify", proof, "--key", vkey, "--content", content)
    check(outcome.code == OK and outcome.out.startswith("proved: " + verdict), "the proof holds", outcome.out,
          outcome.err)
    records, digest = sample_reader.check_sample_proof(proof.read_bytes(), vkey)
    check(digest == hashlib.sha256(content.read_bytes()).digest(), "the other checker finds the content's digest")
    return outcome.out, [dict(line.split(" ", 1) for line in record.decode().split("\n")[1:-1]) for record in records]


def check_samples(place, directory, vkey):
    samples = [json.loads(line) for line in (place / "training/samples.jsonl").read_text().splitlines()]
    uses = steps_of(place, samples)
    chosen = {}
    for i, sample in enumerate(samples):
        chosen.setdefault(sample["split"], []).append(i)
    check({"train", "rejected", "validation"} <= set(chosen), "the run has samples of each kind", list(chosen))

    def prove(i):
        sample, content, proof = samples[i], place / f"{i}.raw", place / f"{i}.proof"
        content.write_bytes(PIXELS[int(sample["id"].split("-")[1])].tobytes())
        how = ["--sample", sample["id"]] if i % 2 else ["--content", content]
        outcome = run("prove", directory, *how, "--output", proof)
        check(outcome.code == OK, f"{sample['id']} is proved", outcome.err)
        n = len(uses[i])
        verdict = f"used in training, {n} times" if n > 1 else "used in training" if n else "listed, never used"
        _, records = check_offline(place, proof, vkey, content, verdict)
        record = next(record for record in records if record["id"] == json.dumps(sample["id"]))
        check(record["role"] == json.dumps(sample["split"]) and int(record["uses"]) == n, "role and uses", record)
        check(record["steps"] == sample_reader.steps_text(uses[i]), "the steps are those of order.npy", record)
        admitted = sample["policy"] if "admission" in sample else "-"  # the others never met the gate
        check(admitted in record["policy"], "the policy is that of the samples file", record)
        if sample["split"] == "rejected":
            check(record["reason"] == json.dumps(sample["reason"]) and record["decision"] == '"reject"', "why", record)
        check((record["influence"] != "-") == (sample["split"] == "train"), "influence of training samples", record)
        check(proof.stat().st_size <= 4096, "a proof is at most 4 KiB", proof.stat().st_size)
    side_by_side(prove, [i for kind in ("train", "rejected", "validation") for i in chosen[kind][:4]])


def check_absent(place, directory, vkey):
    content, proof = place / "mine.txt", place / "mine.proof"
    content.write_bytes(b"a text that nobody trained on\n")
    run_well("prove", directory, "--content", content, "--output", proof)
    out, records = check_offline(place, proof, vkey, content, "not used: no sample of this run has this content")
    check(records == [] and "samples: " in out, "nothing is said of others but counts", out)
    text = proof.read_text()
    check("digit-" not in text and text.count("\nbefore ") <= 1 and text.count("\nafter ") <= 1, "two neighbours", text)
    return content, proof


def check_refused(place, directory, vkey, content, proof):
    other = place / "other.txt"
    other.write_bytes(b"another text\n")
    cases = ((("verify", proof), BAD_USAGE, "expected --key VKEY"),
             (("verify", proof, "--key", vkey, "--content", other), DIFFERS, "not what the proof speaks of"),
             (("verify", proof, "--key", vkey, "--content", place / "absent"), BAD_INPUT, "absent"),
             (("prove", directory), BAD_USAGE, "--sample ID or --content FILE"),
             (("prove", directory, "run.json", "--sample", "x"), BAD_USAGE, "a proof is about one thing"),
             (("prove", directory, "--sample", "x" * 10000), BAD_USAGE, "there is no sample with the id"),
             (("prove", directory, "--sample", "a'b\"c\nd"), BAD_USAGE, r'"a' "'" r'b\"c\u000ad"'),
             (("prove", directory, "--content", place), BAD_INPUT, "regular file"),
             (("prove", place, "--content", content), BAD_RUN, "seal the run first"))

    def refuse(case):
        arguments, code, part = case
        outcome = run(*arguments)
        told = sentences(outcome)
        check(outcome.code == code and len(told) == 1 and part in told[0], f"{arguments[:4]} is refused with {part}",
              outcome.code, outcome.err)
    side_by_side(refuse, cases)
    stranger = vkey.rsplit("+", 1)[0] + "+" + base64.b64encode(b"\1" + bytes(32)).decode()
    check(run("verify", proof, "--key", stranger).code not in (OK, None), "another key is refused")


def check_mutated(place, vkey, proof):
    data, choose = proof.read_bytes(), random.Random(5)

    def mutate(number):
        at = choose.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= choose.randrange(1, 256)
        path = place / f"mutated-{number}.proof"
        path.write_bytes(changed)
        outcome = run("verify", path, "--key", vkey)
        check(outcome.code in (DIFFERS, BAD_INPUT), f"byte {at} changed is seen", outcome.code, outcome.out)
    side_by_side(mutate, range(30))


def check_unkept(place, vkey):
    """Without /scores the digest of a row is that of /self alone, and the run can be sealed, proved and verified."""
    config = json.loads((place / "config.json").read_text())
    config["influence"]["keep"]["scores"] = False
    path, directory, proof = place / "unkept.json", place / "unkept", place / "unkept.proof"
    path.write_text(json.dumps(config))
    directory.mkdir()
    shutil.copy(place / "run/lineage.h5", directory)
    for job in ("influence", "seal"):
        run_well(job, path, "--directory", directory, ranks=2)
    with h5py.File(directory / "influence.h5", "r") as table, h5py.File(directory / "lineage.h5", "r") as lineage:
        check("scores" not in table, "scores were not kept")
        i = int(np.flatnonzero(lineage["samples/training"][()] == 3)[0])
        sample, own = lineage["samples/id"][i].decode(), table["self"][3].astype("<f8").tobytes()
    run_well("prove", directory, "--sample", sample, "--output", proof)
    records, _ = sample_reader.check_sample_proof(proof.read_bytes(), vkey)
    check(any(f"\ninfluence {hashlib.sha256(own).hexdigest()}\n" in record.decode() for record in records),
          "the digest is of /self", records)
    outcome = run("verify", directory, "--key", vkey)
    check(outcome.code == OK and "made anew from the tables" in outcome.out, "it verifies", outcome.out, outcome.err)
    (directory / "influence.h5").unlink()
    outcome = run("verify", directory, "--key", vkey, ranks=2)
    check(outcome.code == DIFFERS and "the tree of samples cannot be made again" in outcome.out, "it is missed",
          outcome.out)
    check("made anew" not in outcome.out, "what was not done is not said", outcome.out)


with folder() as place:
    directory, vkey = make_run(place)
    check_samples(place, directory, vkey)
    content, proof = check_absent(place, directory, vkey)
    check_refused(place, directory, vkey, content, proof)
    check_mutated(place, vkey, proof)
    check_unkept(place, vkey)
    outcome = run("verify", directory, "--key", vkey, ranks=3)
    check(outcome.code == OK and "made anew from the tables" in outcome.out, "the run verifies", outcome.out,
          outcome.err)
    os.rename(directory, place / "gone")
    check_offline(place, proof, vkey, content, "not used")
finish()
