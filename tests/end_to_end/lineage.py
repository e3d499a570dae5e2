#!/usr/bin/python3 -B
"""What must hold: lineage.h5 says what sqlite3 and numpy find in the recorder files, the same bytes on any number of
ranks and in any memory; what is wrong with a record is found and named; a real PyTorch loop passes, and a dropped
contribution in it does not."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys

import h5py
import numpy as np

import recordings
from assay import (BAD_CONFIG, BAD_INPUT, CANNOT_FIT, DIFFERS, FAULT_INJECTED, OK, SOURCE, check, finish, folder, run,
                   run_well, sentences, side_by_side)
from assay_policies import canonical  # pylint: disable=wrong-import-order  # recordings knows where it is
from lineage_table import (OBSERVED, check_contributions, check_governance, check_observations, check_samples,
                           check_steps, open_table, same, shortened, texts)
from recordings import POLICIES, tamper, write_config, write_policies


def test_table(where):
    recorded = recordings.make(where)
    outcome = run_well("lineage", recorded.path)
    steps = recordings.read_steps(recorded)
    with open_table(recorded) as table:
        check_steps(table, steps)
        check_contributions(table, steps)
        check_samples(recorded, table, steps)
        check_governance(recorded, table)
        check_observations(recorded, table)
        inputs = set(texts(table["inputs/path"]))
        check(inputs == {"samples.jsonl", "lineage/rank-00000.sqlite", "lineage/rank-00001.sqlite"}, "inputs", inputs)
    check("24  steps of preprocessing\n" in outcome.out and "28  influence scores\n" in outcome.out,
          "what else there is", outcome.out)
    check_trace(recorded)
    check("0 violations" in outcome.out and "closed@2" in outcome.out, "the summary", outcome.out)
    check(max(map(len, outcome.out.split("\n"))) <= 100, "the summary fits 100 columns", outcome.out)
    return recorded


def check_trace(recorded):
    """The trace of a sample has all that was recorded of it."""
    of = {kind: recordings.read_observations(recorded, kind) for kind in OBSERVED}
    sample = next(row["samples"] for row in of["influence"] if any(row["samples"] == other["samples"]
                                                                   for other in of["preprocessing"]))
    out = run_well("query", recorded.folder / "run", "trace", recorded.samples[sample]["id"], "--format", "json").out
    parts = {part["title"]: part["rows"] for part in json.loads(out)["answers"] if "title" in part}
    mine = {kind: [row for row in rows if row["samples"] == sample] for kind, rows in of.items()}

    def told(title, expected):
        check(sorted(map(str, parts.get(title, []))) == sorted(map(str, expected)), f"trace: {title}", parts, expected)

    told("What was done to it", [[row["name"], shortened(row["parameters"]), None, 0]
                                                 for row in mine["preprocessing"]])
    told("Its modalities", [[row["modality"], float(row["weights"]), None, 0] for row in mine["modality"]])
    told("Influence that the trainer recorded, strongest first",
         [[row["query"], row["checkpoint"], row["method"], float(row["scores"])] for row in mine["influence"]])
    told("What the model predicted for it",
         [[None if row["step"] < 0 else row["step"], row["checkpoint"], int(row["predicted"]),
           None if row["labels"] is None else int(row["labels"]),
           None if row["probabilities"] is None else float(row["probabilities"]), int(row["superseded"])]
          for row in mine["prediction"]])


def test_plan(recorded):
    outcome = run_well("plan", recorded.path, "--json", "--ranks", "4")
    said = json.loads(outcome.out)["lineage"]
    steps = recordings.read_steps(recorded)
    check(said["uses"] == sum(len(row["samples"]) for row in steps) and said["steps"] == len(steps), "the plan", said)
    check(said["memory_bytes"] <= said["memory_limit_bytes"], "it fits", said)
    outcome = run_well("plan", recorded.path)
    check("lineage     about" in outcome.out and max(map(len, outcome.out.split("\n"))) <= 100, "plan", outcome.out)
    outcome = run("plan", recorded.path, "--memory", "16 KiB")
    check(outcome.code == CANNOT_FIT and "lineage.memory" in outcome.err, "what does not fit", outcome.err)
    run_well("check", recorded.path)
    bad = write_config(recorded, "bad.json", records=["nothing-*.sqlite"], order="no.npy", policies="no.json")
    outcome = run("check", bad)
    check(outcome.code == BAD_INPUT and all(name in outcome.err for name in ("nothing-", "no.npy", "no.json"))
          and len(sentences(outcome)) == len(outcome.err.splitlines()), "check names all that is missing", outcome.err)


def test_check(where):
    """What the job would end with, or find, is told before it; each problem once."""
    recorded = recordings.make(where, n_process=2)

    def told(code, *parts, of=None, **changes):
        path = of or write_config(recorded, "checked.json", **changes)
        outcome = run("check", path)
        check(outcome.code == code and len(sentences(outcome)) == len(parts) == len(outcome.err.splitlines())
              and all(part in outcome.err for part in parts), f"check tells {parts}", outcome)
        said = json.loads(run("check", path, "--json").out)["problems"]
        check(len(said) == len(parts) and all(part in text for part, text in zip(parts, said)), "as a list", said)

    write_policies(recorded, profile="shalow")
    told(BAD_INPUT, 'policies.json: policies[1].profile: expected the name of one', policies="policies.json")
    write_policies(recorded, admitt={})
    told(BAD_INPUT, "did you mean admit?", policies="policies.json")
    tamper(recorded, 1, "UPDATE meta SET value = 'ff' WHERE name = 'samples_sha256'")
    told(BAD_INPUT, "rank-00001.sqlite: expected the recorder to count lines of samples.jsonl")
    tamper(recorded, 1, "DELETE FROM meta WHERE name = 'samples_sha256'")
    both = json.loads(recorded.path.read_text())
    both["counterfactual"] = {"queries": "q.jsonl", "ridge": {"features": "x.npy", "labels": "y.npy",
                                                              "queries": "q.npy"}}
    (recorded.folder / "both.json").write_text(json.dumps(both))
    (recorded.folder / "samples.jsonl").rename(recorded.folder / "away.jsonl")
    told(BAD_INPUT, "samples.jsonl", of=recorded.folder / "both.json")
    del both["samples"]
    (recorded.folder / "both.json").write_text(json.dumps(both))
    told(BAD_CONFIG, "samples: is missing: lineage needs", "samples: is missing: counterfactual needs",
         of=recorded.folder / "both.json")


# ---- the same on any ranks ------------------------------------------------------------------------------------------


def digest(recorded, directory):
    return hashlib.sha256((recorded.folder / directory / "lineage.h5").read_bytes()).hexdigest()


def contents(recorded, directory):
    """Everything in the table but the fingerprint, which also covers how the config lists the files."""
    found = {}
    with open_table(recorded, directory) as table:
        table.visititems(lambda name, item: found.update(
            {name: item[()].tobytes()} if isinstance(item, h5py.Dataset) else {}))
        found.update({name: value for name, value in table.attrs.items() if name != "fingerprint"})
    return found


def test_ranks(where):
    """Enough steps and samples for several windows, and in little memory for several passes."""
    recorded = recordings.make(where, n_sample=900, n_process=3, batch=3)
    run_well("lineage", recorded.path)
    expected = digest(recorded, "run")
    small = write_config(recorded, "small.json", memory="1 MiB")

    def on(ranks):
        run_well("lineage", recorded.path, "--directory", recorded.folder / f"run-{ranks}", ranks=ranks)
        check(digest(recorded, f"run-{ranks}") == expected, f"the same bytes on {ranks} ranks")

    side_by_side(on, (2, 3, 4, 7))
    run_well("lineage", small, "--directory", recorded.folder / "run-small", ranks=2)
    check(digest(recorded, "run-small") == expected, "the same bytes in little memory")
    swapped = write_config(recorded, "swapped.json", records=["lineage/*[12].sqlite", "lineage/rank-00000.sqlite"])
    run_well("lineage", swapped, "--directory", recorded.folder / "run-swapped", ranks=2)
    check(contents(recorded, "run-swapped") == contents(recorded, "run"), "the same table from files in another order")
    with open_table(recorded) as table:
        check_samples(recorded, table, recordings.read_steps(recorded))
        check_observations(recorded, table)


def test_resume(recorded):
    outcome = run_well("run", recorded.path)
    check("lineage    unchanged" in outcome.out and "root" in outcome.out, "it is skipped, and sealed", outcome.out)
    tamper(recorded, 0, "UPDATE step SET loss = 0.5 WHERE record = 1")
    outcome = run_well("lineage", recorded.path)
    check("lineage    done" in outcome.out, "a changed recorder file is read again", outcome.out)
    program = [os.environ["ASSAY_PROGRAM"], "verify", recorded.folder / "run"]
    check(subprocess.run(program, capture_output=True, check=False).returncode != 0, "its seal is broken")


# ---- what is wrong is found -----------------------------------------------------------------------------------------


def findings(recorded, directory):
    with open_table(recorded, directory) as table:
        kinds = texts(table["finding_kinds/name"])
        rows = [{"kind": kinds[kind], "text": text.decode()} for kind, text in
                zip(table["findings/kind"][()], table["findings/text"][()])]
        for name in ("step", "group", "process", "sample", "size"):
            for row, value in zip(rows, table[f"findings/{name}"][()]):
                row[name] = value
        violation = dict(zip(kinds, table["finding_kinds/violation"][()]))
    return [row for row in rows if violation[row["kind"]]], [row for row in rows if not violation[row["kind"]]]


def blob(*samples):
    return "x'" + np.array(samples, "<i8").tobytes().hex() + "'"


# Name, process, statements, kinds that must be found, what one of the findings must be.
STEP_TABLES = ("contribution", "optimizer", "step")
ONE_FIRST = "UPDATE step SET samples = CAST({} || substr(samples, 9) AS BLOB) WHERE record = {}"
PLANTED = [
    ("a dropped row", 0, ["DELETE FROM contribution WHERE record = 5 AND parameter_group = 2"],
     {"missing_contribution"}, {"kind": "missing_contribution", "step": 4, "group": 1}),
    ("a dropped example", 0, ["UPDATE contribution SET shares = CAST(zeroblob(8) || substr(shares, 9) AS BLOB) "
                              "WHERE record = 3 AND parameter_group = 1"],
     {"share_sum"}, {"kind": "share_sum", "step": 2, "group": 0}),
    ("a large residual", 0, ["UPDATE contribution SET residual = 1e-3, rounding = 1e-8 WHERE record = 2 AND "
                             "parameter_group = 1"], {"residual"}, {"kind": "residual", "step": 1, "size": 1e-3}),
    ("nothing of its examples", 0, ["UPDATE contribution SET n = 0, norms = NULL, shares = NULL WHERE record = 4 AND "
                                    "parameter_group = 1"], {"missing_contribution"}, {"step": 3, "group": 0}),
    ("an unknown sample", 0, [ONE_FIRST.format(blob(1000), 1)],
     {"unknown_sample"}, {"kind": "unknown_sample", "sample": 1000, "step": 0}),
    ("an unknown sample that was predicted", 1, [f"UPDATE prediction SET samples = CAST({blob(1000)} || "
                                                 "substr(samples, 9) AS BLOB) WHERE rowid = 1"],
     {"unknown_sample"}, {"kind": "unknown_sample", "sample": 1000, "process": 1, "size": 1}),
    ("a reused sample", 0, [ONE_FIRST.format("substr(samples, 9, 8)", 1)],
     {"reused"}, {"kind": "reused", "step": 0, "size": 2}),
    ("a rejected sample", 0, [ONE_FIRST.format(blob(7), 2)],
     {"rejected_used", "wrong_role"}, {"kind": "rejected_used", "sample": 7, "step": 1}),
    ("a test sample", 0, [ONE_FIRST.format(blob(9), 2)],
     {"not_admitted", "wrong_role"}, {"kind": "not_admitted", "sample": 9, "step": 1}),
    ("an admission too late", 0, ["UPDATE admission SET step = 3 WHERE decision = 'admit'"], {"not_admitted"},
     {"kind": "not_admitted"}),
    ("an unknown policy", 0, ["DELETE FROM definition WHERE name = 'open@1'"], {"unknown_policy"},
     {"kind": "unknown_policy"}),
    ("lost steps", 1, [f"DELETE FROM {table} WHERE record IN (2, 3)" for table in STEP_TABLES],
     {"missing_records", "uncounted"},
     {"kind": "missing_records", "process": 1, "size": 2}),
    ("no closing", 1, ["DELETE FROM closing WHERE session = 2"], {"cut_off"}, {"kind": "cut_off", "process": 1}),
    ("losses", 0, ["INSERT INTO lost VALUES (1, 4, 4, 'use', 3, 'disk full')"], {"lost_events"},
     {"kind": "lost_events", "size": 3}),
    ("another samples file", 0, ["UPDATE meta SET value = 'ff' WHERE name = 'samples_sha256'"], {"samples_differ"},
     {"kind": "samples_differ", "process": 0}),
    ("another run", 1, ["UPDATE meta SET value = 'b run' WHERE name = 'run'"], {"run_differs"}, {"process": 1}),
    ("another key", 1, ["UPDATE meta SET value = '00' WHERE name = 'key_id'"], {"key_differs"}, {"process": 1}),
    ("two claims", 1, ["UPDATE meta SET value = '0' WHERE name = 'rank'"], {"claimed_twice", "missing_process"},
     {"kind": "claimed_twice", "process": 0, "step": 0}),
    ("a file of three", 1, ["UPDATE meta SET value = '3' WHERE name = 'world_size'"], {"missing_process"},
     {"kind": "missing_process", "process": 2}),
    ("a late start", 1, [f"DELETE FROM {table} WHERE record = 1" for table in STEP_TABLES],
     {"missing_records", "uncounted", "missing_process_steps"},
     {"kind": "missing_process_steps", "process": 1, "step": 0}),
]


def test_gate(recorded):
    """What was recorded is decided again: the same, or a finding."""
    admit = {"license": ["CC0-1.0", "CC-BY-4.0", "proprietary"]}
    policies = {"policies": [{"name": "open@1", "version": "1", "admit": admit},
                             {"name": "closed@2", "version": "2", "admit": admit, "profile": "shallow"}],
                "profiles": [{"name": "shallow", "version": "1", "weights": {"fc1": 0}}]}
    (recorded.folder / "policies.json").write_text(json.dumps(policies))
    run_well("lineage", write_config(recorded, "gate.json", policies="policies.json"), "--directory",
             recorded.folder / "run-gate", ranks=3)
    violations, _ = findings(recorded, "run-gate")
    check({row["kind"] for row in violations} == {"gate_differs"}, "only the gate differs", violations)
    told = [row for row in violations if row["sample"] < 0]
    check(len(told) == 3 and all("another text" in row["text"] for row in told), "texts differ", told)
    # No sample names a policy here, so that the gate rejects all of them.
    found = sorted(row["sample"] for row in violations if row["sample"] >= 0)
    check(found == recorded.training, "every admission is decided otherwise", found)
    with open_table(recorded, "run-gate") as table:
        check("policies.json" in texts(table["inputs/path"]), "the policies are an input")


def test_definitions(where):
    """Texts that no recorder has come from the policies file; texts that one has count, in whichever words."""
    recorded = recordings.make(where)
    path = write_policies(recorded)
    policies, profiles = canonical(path)
    config = write_config(recorded, "defined.json", policies="policies.json")

    def defined(directory, using=config, ranks=1):
        run_well("lineage", using, "--directory", recorded.folder / directory, ranks=ranks)
        violations, _ = findings(recorded, directory)
        with open_table(recorded, directory) as table:
            found = [dict(zip(texts(table[f"{kind}/name"]), zip(texts(table[f"{kind}/text"]), texts(
                table[f"{kind}/sha256"])))) for kind in ("policies", "profiles")]
            recorded_flags = [table[f"{kind}/recorded"][()].tolist() if f"{kind}/recorded" in table else None
                              for kind in ("policies", "profiles")]
        told = [row["text"] for row in violations if row["kind"] != "gate_differs" or row["sample"] < 0]
        return told, found, recorded_flags

    def with_digest(known, *names):
        return {name: (known[name], hashlib.sha256(known[name].encode()).hexdigest()) for name in names}

    expected = [with_digest(policies, "open@1", "closed@2"), with_digest(profiles, "shallow")]
    tamper(recorded, 0, "DELETE FROM definition")
    told, found, flags = defined("run-none", ranks=3)
    check(not told and found == expected, "what no recorder has is filled in, as Python has it", told, found, expected)
    check(flags == [[0, 0], [0]], "and said to be so", flags)
    told, found, _ = defined("run-unknown", using=recorded.path)
    check(len(told) == 3 and all("is not known" in text for text in told), "without the file it is not known", told)
    plain = {"open@1": json.dumps(POLICIES["policies"][0]),  # names a file: what was in it is not told
             "closed@2": json.dumps(POLICIES["policies"][1], ensure_ascii=False)}
    with recordings.open_recorder(recorded, 0) as recorder:
        recorder.definition("policy", "closed@2", plain["closed@2"])
    told, found, flags = defined("run-plain")
    check(not told and found[0]["closed@2"] == with_digest(plain, "closed@2")["closed@2"] and flags[0] == [1, 0],
          "the same in the words of the file", told, found, flags)
    tamper(recorded, 0, "DELETE FROM definition")
    with recordings.open_recorder(recorded, 1) as recorder:  # another one than that of the admissions
        recorder.policies(path)
    told, found, flags = defined("run-recorded", ranks=2)
    check(not told and flags == [None, None], "recorded texts are the file's", told, flags)
    check({**found[0], **expected[0]} == found[0] and found[1] == expected[1], "and in the table", found)
    told, _, _ = defined("run-elsewhere", using=recorded.path)
    check(not told, "and are enough alone, in whichever recorder", told)
    tamper(recorded, 1, "DELETE FROM definition")
    with recordings.open_recorder(recorded, 1) as recorder:
        recorder.definition("policy", "open@1", plain["open@1"])
    told, _, _ = defined("run-file")
    check(len(told) == 1 and "another text" in told[0] and "open@1" in told[0], "a list in a file is not told", told)


def test_planted(good, where):
    def plant(case):
        name, process, statements, kinds, expected = case
        recorded = recordings.types.SimpleNamespace(**vars(good))
        recorded.folder = where / name.replace(" ", "-")
        shutil.copytree(good.folder, recorded.folder, ignore=shutil.ignore_patterns("run*"))
        tamper(recorded, process, *statements)
        outcome = run("lineage", recorded.folder / "config.json", "--strict", ranks=1 + PLANTED.index(case) % 3)
        check(outcome.code == DIFFERS, f"{name}: --strict ends with 1 on every rank", outcome.code, outcome.err)
        violations, notes = findings(recorded, "run")
        found = {row["kind"] for row in violations}
        check(kinds <= found, f"{name}: {kinds} are found", found)
        spare = found - kinds - {"reused", "share_sum", "missing_contribution", "not_admitted"}
        check(not spare, f"{name}: nothing else is", spare)
        check(any(all(row[key] == value for key, value in expected.items()) for row in violations),
              f"{name}: {expected}", violations[:5])
        check(max(map(len, outcome.out.split("\n"))) <= 100, f"{name}: the summary fits", outcome.out)
        if name == "a rejected sample":  # in place of another: the number of samples does not tell
            check(any("but not 1 of these" in row["text"] for row in notes) and "used as many as the" in outcome.out,
                  "its epoch is not called complete", notes, outcome.out)
            with open_table(recorded) as table:
                counted = [table[f"completeness/samples_{name}"][0] for name in ("used", "covered", "expected")]
            check(counted[0] == counted[2] == counted[1] + 1, "it is counted as used, and as not expected", counted)

    side_by_side(plant, PLANTED)


def test_good_is_quiet(recorded):
    violations, notes = findings(recorded, "run")
    check(not violations and {row["kind"] for row in notes} == {"superseded"}, "a good record has only notes",
          violations, notes)
    outcome = run("lineage", recorded.path, "--strict")
    check(outcome.code == OK, "--strict on a good record", outcome.err)


# ---- killed, damaged, missing ---------------------------------------------------------------------------------------


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from assay_recorder import Recorder
recorder = Recorder(sys.argv[2], "a run", samples=sys.argv[3])
for step in range(5):
    recorder.step_begin(step, epoch=0)
    recorder.use([2 * step, 2 * step + 1])
    recorder.step_end()
recorder.step_begin(5, epoch=0)
recorder.use([10])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed(where):
    recorded = recordings.make(where, n_process=1)
    path = recorded.folder / "lineage/rank-00000.sqlite"
    path.unlink()
    ended = subprocess.run([sys.executable, "-B", "-c", KILLED, SOURCE / "src/capture/python", path,
                            recorded.folder / "samples.jsonl"], check=False)
    check(ended.returncode == -signal.SIGKILL, "the training process was killed")
    log = path.with_name(path.name + "-wal")
    log.write_bytes(log.read_bytes()[:-2000])  # and the disk lost the end of the last transaction
    run_well("lineage", recorded.path)
    violations, notes = findings(recorded, "run")
    check([row["kind"] for row in violations] == ["wrong_role", "cut_off"] and "step 3" in violations[1]["text"],
          "the gap is told, and sample 7, which was rejected", violations)
    check({row["kind"] for row in notes} == {"no_admissions", "epoch_incomplete"}, "and nothing else", notes)
    with open_table(recorded) as table:
        check("lineage/rank-00000.sqlite-wal" in texts(table["inputs/path"]), "the log is an input")
        same(table["uses/sample"][()], range(8), "all complete steps are there")


def test_digests(where):
    """A digest in upper case is one; what is no digest is not taken for a sample without one."""
    recorded = recordings.make(where, n_process=1)
    path, lines = recorded.folder / "samples.jsonl", [json.dumps(sample) for sample in recorded.samples]

    def put(i, value):
        sample = json.dumps(recorded.samples[i] | {"sha256": value})
        path.write_text("\n".join(lines[:i] + [sample] + lines[i + 1:]) + "\n")
        told = hashlib.sha256(path.read_bytes()).hexdigest()
        tamper(recorded, 0, f"UPDATE meta SET value = '{told}' WHERE name = 'samples_sha256'")

    put(1, recorded.samples[1]["sha256"].upper())
    run_well("check", recorded.path)
    run_well("lineage", recorded.path)
    with open_table(recorded) as table:
        check(table["samples/content"][1].tobytes().hex() == recorded.samples[1]["sha256"], "upper case is lowered")
        check(table["samples/has_content"][1] == 1, "and is a digest")
    shutil.rmtree(recorded.folder / "run")
    digest_of_2 = recorded.samples[2]["sha256"]
    for i, value in ((1, "zz"), (59, ""), (2, digest_of_2[:-1]), (2, digest_of_2 + "0"), (2, "g" + digest_of_2[1:]),
                     (3, 5), (4, True)):
        put(i, value)
        expected = f"samples.jsonl: line {i + 1}: sha256: expected 64 hex digits, found {json.dumps(value)[:40]}"
        for job, ranks in (("lineage", 2), ("check", 1)):
            outcome = run(job, recorded.path, ranks=ranks)
            check(outcome.code == BAD_INPUT and outcome.err.count(expected) == 1, f"{job}: {expected}", outcome.code,
                  outcome.err)
    check(not (recorded.folder / "run/lineage.h5").exists(), "no table is left")


MANY_STEPS = """WITH RECURSIVE k (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM k WHERE i < 9000)
INSERT INTO step SELECT i, 1, i, 0, 0.0, NULL, NULL, 1, zeroblob(8), NULL, NULL, x'0100000000000000' FROM k"""


def test_bad_input(where):
    recorded = recordings.make(where, n_process=1)
    path = recorded.folder / "lineage/rank-00000.sqlite"

    def refused(code, sentence, ranks=1, **changes):
        shutil.rmtree(recorded.folder / "run", ignore_errors=True)
        outcome = run("lineage", write_config(recorded, **changes), ranks=ranks)
        said = sentences(outcome)
        check(outcome.code == code and len(said) == 1 and sentence in outcome.err, sentence, outcome.code, outcome.err)

    refused(BAD_INPUT, "no-such", records=["no-such-*.sqlite"], ranks=2)
    refused(BAD_CONFIG, "lineage.records: expected recorder files", records=[])
    tamper(recorded, 0, MANY_STEPS)
    refused(CANNOT_FIT, "lineage.memory: expected at least", memory="1 MiB", ranks=3)
    tamper(recorded, 0, "UPDATE admission SET decision = 'maybe' WHERE rowid = 2")
    refused(BAD_INPUT, 'table admission, row 2: expected "admit", "modulate" or "reject"')
    tamper(recorded, 0, "UPDATE definition SET content = '{ }' WHERE name = 'closed@2'")
    refused(BAD_INPUT, "table definition, row 2: expected the SHA-256 of its content", ranks=2)
    path.write_bytes(b"not SQLite at all" * 100)
    refused(BAD_INPUT, "expected a recorder's file", ranks=2)
    check(not (recorded.folder / "run/lineage.h5").exists(), "no table is left")


def test_faults(recorded):
    """Wherever the ranks come to a verdict and one fails, all leave with its code, and no table is half there."""
    expected = digest(recorded, "run")

    def fail_at(k):
        directory = recorded.folder / f"run-fault-{k}"
        outcome = run("lineage", recorded.path, "--directory", directory, ranks=3,
                      env={"ASSAY_FAIL_AGREE": f"{k},{k % 3}"})
        check(outcome.code == FAULT_INJECTED and len(sentences(outcome)) == 1, f"verdict {k} fails", outcome.code,
              outcome.err)
        table = directory / "lineage.h5"
        check(not table.exists() or digest(recorded, directory.name) == expected, f"verdict {k}: whole or absent")

    side_by_side(fail_at, range(3, 28, 3))


# ---- orders ---------------------------------------------------------------------------------------------------------


def test_orders(recorded):
    steps = recordings.read_steps(recorded)
    n_step, batch = 1 + max(row["step"] for row in steps), 8
    order = np.full((n_step, batch), -1, np.int32)
    for step in range(n_step):
        used = np.concatenate([row["samples"] for row in steps if row["step"] == step and not row["superseded"]])
        order[step, :len(used)] = used[::-1]
    np.save(recorded.folder / "order.npy", order)
    alone = write_config(recorded, "order.json", records=[], order="order.npy")
    run_well("lineage", alone, "--directory", recorded.folder / "run-order", ranks=2)
    with open_table(recorded, "run-order") as table:
        same(table["uses/sample"][()], order[order >= 0], "uses of an order")
        same(table["steps/uses"][()], (order >= 0).sum(1), "a short batch is short")
        uses = np.bincount(order[order >= 0], minlength=recorded.n_sample)
        same(table["samples/uses"][()], uses, "uses of samples of an order")
        check(table["completeness/epoch"][()].tolist() == [-1], "an order knows no epochs")
        check({"order.npy", "samples.jsonl"} == set(texts(table["inputs/path"])), "inputs of an order")
    both = write_config(recorded, "both.json", order="order.npy")
    run_well("lineage", both, "--directory", recorded.folder / "run-both", ranks=2)
    check(not findings(recorded, "run-both")[0], "the order is what was recorded", findings(recorded, "run-both")[0])
    order[3, 0] = order[2, 0]
    np.save(recorded.folder / "order.npy", order)
    run_well("lineage", both, "--directory", recorded.folder / "run-both")
    violations, _ = findings(recorded, "run-both")
    check([(row["kind"], row["step"], row["size"]) for row in violations] == [("order_differs", 3, 2)],
          "another order is found", violations)
    order[5, 2] = -2
    np.save(recorded.folder / "order.npy", order)
    outcome = run("lineage", alone, "--directory", recorded.folder / "run-bad", ranks=2)
    check(outcome.code == BAD_INPUT and "row 5, column 2: expected a sample index or -1" in outcome.err, "-2",
          outcome.err)
    write_config(recorded)


# ---- a real loop ----------------------------------------------------------------------------------------------------


def test_torch(where):
    """Sixteen inputs, two layers, momentum: traced as the README says, then spoilt."""
    import torch  # pylint: disable=import-outside-toplevel
    from assay_contributions import Contributions  # pylint: disable=import-outside-toplevel
    recorded = recordings.make(where, n_process=1)
    path = recorded.folder / "lineage/rank-00000.sqlite"
    path.unlink()
    torch.manual_seed(1)
    x, y = torch.rand(recorded.n_sample, 16), torch.randint(0, 3, (recorded.n_sample,))
    model = torch.nn.Sequential(torch.nn.Linear(16, 12), torch.nn.ReLU(), torch.nn.Linear(12, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    with recordings.open_recorder(recorded, 0) as recorder:
        tracer = Contributions(model, optimizer, recorder)
        recordings.govern(recorded, recorder)
        for step, index in enumerate(2 * np.array_split(np.array(recorded.training), 6)):
            recorder.step_begin(step, epoch=step // 6, learning_rate=0.1)
            optimizer.zero_grad()
            with tracer.batch(index) as batch:
                losses = batch.losses(torch.nn.functional.cross_entropy(model(x[index]), y[index], reduction="none"))
                losses.mean().backward()
            with tracer.update():
                optimizer.step()
            recorder.step_end()
    outcome = run("lineage", recorded.path, "--strict", ranks=2)
    check(outcome.code == OK, "a real loop is in order", outcome.code, outcome.out, outcome.err)
    with open_table(recorded) as table:
        check(texts(table["parameter_groups/name"]) == ["0", "2"], "its layers are the groups")
        check(abs(table["contributions/share_sum"][()] - 1).max() < 1e-4, "shares sum to 1 with momentum and decay",
              table["contributions/share_sum"][()])
    tamper(recorded, 0, "UPDATE contribution SET shares = CAST(substr(shares, 1, 8) || zeroblob(8) || "
                        "substr(shares, 17) AS BLOB) WHERE record = 4 AND parameter_group = 2")
    outcome = run("lineage", recorded.path, "--strict")
    violations, _ = findings(recorded, "run")
    check(outcome.code == DIFFERS and [(row["kind"], row["step"], row["group"]) for row in violations] ==
          [("share_sum", 3, 1)], "one example dropped in one layer is found", violations)


def main():
    with folder() as where:
        test_torch(where / "torch")
        recorded = test_table(where / "good")
        test_plan(recorded)
        test_check(where / "check")
        test_definitions(where / "definitions")
        test_ranks(where / "ranks")
        test_planted(recorded, where)
        test_good_is_quiet(recorded)
        test_gate(recorded)
        test_faults(recorded)
        test_orders(recorded)
        test_resume(recorded)
        test_killed(where / "killed")
        test_bad_input(where / "bad")
        test_digests(where / "digests")
    finish()


main()
