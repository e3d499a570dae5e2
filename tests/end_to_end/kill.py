#!/usr/bin/python3 -B
"""What must hold: kill -9 of one rank or of all, at any moment, leaves nothing that a rerun does not bring to the same
root and the same bytes; and reruns go on where the killed run was."""
import random
import re
import time

import study as studies
from assay import check, finish, folder, kill_tree, children, root, run_well, start, wait, wait_killed

MOMENTS = 10
EVERY_ROUND = {"ASSAY_JOURNAL_SECONDS": "0"}


def listing(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def killed_run(study, directory, seconds, everyone, generator):
    """Starts a run on 2 ranks and kills it after some time; whether there was anything left to kill."""
    process = start("run", study.path, "--quiet", "--directory", directory, ranks=2, env=EVERY_ROUND)
    time.sleep(seconds)
    while process.poll() is None and len(children(process.pid)) < 2:
        time.sleep(0.001)  # mpirun has yet to start them
    ranks = children(process.pid)
    alive = process.poll() is None and len(ranks) > 0
    if everyone:
        kill_tree(process.pid)
    elif ranks:
        kill_tree(generator.choice(ranks))
    check(wait_killed(process, ranks), "all ranks end when one is killed")
    return alive


def killed_midway(study, directory):
    """A run that is killed as soon as its journal says that blocks are done."""
    process = start("run", study.path, "--quiet", "--directory", directory, ranks=2, env=EVERY_ROUND)
    while process.poll() is None and not (directory / "journal/influence.journal").exists():
        time.sleep(0.001)
    kill_tree(process.pid)
    wait(process)
    return (directory / "journal/influence.journal").exists()


def test_changed_inputs(base):
    """What a journal holds is not taken over when a capture changed after the kill: of blocks done, or of queries."""
    for name in ("train-00000.safetensors", "queries.safetensors"):
        study = studies.make(base / name, n_train=1500, layers={"fc1": (40, 30)}, shard_rows=500)
        study.config["seal"] = {"key": "audit.key"}
        studies.write_config(study)
        check(killed_midway(study, study.folder / "run"), f"{name}: killed midway")
        capture = study.folder / f"captures/step-000100/{name}"
        raw = bytearray(capture.read_bytes())
        raw[8 + int.from_bytes(raw[:8], "little")] ^= 1  # the first row, which is done first
        capture.write_bytes(raw)
        run_well("run", study.path, "--quiet", env=EVERY_ROUND)
        run_well("run", study.path, "--quiet", "--directory", study.folder / "fresh")
        check(root(study.folder / "run") == root(study.folder / "fresh"), f"{name}: the root of what is there now")
        same = [(study.folder / place / "influence.h5").read_bytes() for place in ("run", "fresh")]
        check(same[0] == same[1], f"{name}: the table of what is there now")


def test_temporaries(base):
    """What a kill leaves of files of the seal that were being written: a run after it removes them."""
    study = studies.make(base / "temporaries", n_train=40, n_query=3)
    study.config["seal"] = {"key": "audit.key"}
    studies.write_config(study)
    directory = study.folder / "run"
    run_well("run", study.path, "--quiet")
    files, sealed = listing(directory), root(directory)
    (directory / "seal/report.intoto.jsonl.tmp-77").write_text("{")
    run_well("run", study.path, "--quiet")
    check(listing(directory) == files, "killed while the page was signed", set(listing(directory)) ^ set(files))
    for name in ("checkpoint", "statement.intoto.jsonl", "key.vkey"):
        (directory / f"seal/{name}.tmp-77").write_text("begun")
        (directory / "seal/checkpoint").unlink()
        run_well("run", study.path, "--quiet", ranks=2)
        check(listing(directory) == files, f"killed while {name} was stored", set(listing(directory)) ^ set(files))
        check(root(directory) == sealed, f"killed while {name} was stored: the same root")


with folder() as temporary:
    test_changed_inputs(temporary)
    test_temporaries(temporary)
    generator = random.Random(5)
    long = studies.make(temporary / "long", n_train=2500, n_query=20, n_checkpoint=3, shard_rows=1000,
                        layers={"fc1": (64, 48), "fc2": (48, 10)})
    long.config["seal"] = {"key": "audit.key"}
    studies.write_config(long)
    durations = []
    for directory in (long.folder / "run", temporary / "again"):  # the machine may be busy with other tests
        begun = time.monotonic()
        run_well("run", long.path, "--quiet", "--directory", directory, ranks=2, env=EVERY_ROUND)
        durations.append(time.monotonic() - begun)
    duration = min(durations)
    good = root(long.folder / "run"), (long.folder / "run/influence.h5").read_bytes(), listing(long.folder / "run")
    killed, resumed = 0, 0
    for moment in range(MOMENTS):
        after = duration * (moment + generator.random()) / MOMENTS
        directory = temporary / f"run-{moment}"
        everyone = moment % 2 == 1
        killed += killed_run(long, directory, after, everyone, generator)
        ranks = (2, 3, 3, 1)[moment % 4]
        outcome = run_well("run", long.path, "--directory", directory, ranks=ranks, env=EVERY_ROUND)
        what = f"killed after {after:.2f} of {duration:.2f} s ({'all' if everyone else 'one'}), rerun on {ranks}"
        found = re.search(r"([0-9,]+) of them from an earlier run", outcome.out)
        resumed += found is not None
        print(f"{what}: {outcome.out.strip()[:100]}")
        check(root(directory) == good[0], f"{what}: the same root")
        check((directory / "influence.h5").read_bytes() == good[1], f"{what}: the same bytes of influence.h5")
        check(listing(directory) == good[2], f"{what}: the same files", set(listing(directory)) ^ set(good[2]))
    check(killed >= MOMENTS // 2, "most runs were killed while they ran", killed)
    check(resumed >= 1, "some rerun took blocks from the journal", resumed)
finish()
