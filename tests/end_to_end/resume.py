#!/usr/bin/python3 -B
"""What must hold: an influence job that is killed or asked to stop at any moment, on any number of ranks, is taken up
by the next one on any other number, and ends at the same root and the same bytes; a request to stop is answered within
10 s by exit code 11 and a journal; a journal that is damaged or of another job is refused before any work, or put away
where that is safe."""
import contextlib
import os
import random
import re
import shutil
import signal
import time

import h5py

import study as studies
from assay import (BAD_RUN, check, children, finish, folder, kill_tree, root, run, run_well, sentences,
                   side_by_side, start, wait, wait_killed)

STOPPED, WITHIN = 11, 10  # exit code, and seconds
KILLS = 20
EVERY_ROUND = {"ASSAY_JOURNAL_SECONDS": "0"}
HEAD = "journal/influence.journal"


def make(path, **choices):
    study = studies.make(path, **choices)
    study.config["seal"] = {"key": "audit.key"}
    studies.write_config(study, keep={"top": 9, "scores": True})
    return study


def result(directory):
    return root(directory), (directory / "influence.h5").read_bytes()


def undisturbed(study, ranks):
    run_well("run", study.path, "--quiet", ranks=ranks)
    return result(study.folder / "run")


def resumed(outcome):
    """Blocks that a run took over."""
    found = re.search(r"([0-9,]+) of them from an earlier run", outcome.out)
    return int(found[1].replace(",", "")) if found else 0


def left_over(directory):
    files = ("run.json", "influence.h5", "seal", "report.html")
    return sorted(path.name for path in directory.iterdir() if path.name not in files)


def await_journal(process, directory):
    """Waits until blocks are done; the ranks."""
    while process.poll() is None and not (directory / HEAD).exists():
        time.sleep(0.001)
    return children(process.pid)


# ---- equal roots ----------------------------------------------------------------------------------------------------


def test_ranks(wide, long, good):
    """wide: fewer blocks than ranks, so that ranks share out the checkpoints; long: more blocks than ranks."""
    def test(item):
        study, ranks = item
        directory = study.folder / f"on-{ranks}"
        run_well("run", study.path, "--quiet", "--directory", directory, ranks=ranks, env=EVERY_ROUND)
        check(result(directory) == good[study.folder], f"{study.folder.name}: the same root on {ranks} ranks")

    side_by_side(test, [(study, ranks) for study in (wide, long) for ranks in (1, 2, 3, 5, 8)])


# ---- kills ----------------------------------------------------------------------------------------------------------


def ranks_of(process, ranks):
    """Process ids of the ranks that are there by now."""
    return [process.pid] if ranks == 1 else children(process.pid)


def kill_at(study, directory, seconds, ranks, everyone, generator):
    """Kills a run some time after its ranks are there; whether it was still running."""
    with folder() as session:  # MPI's own: processes without mpirun would share one, and with it their fates
        process = start("run", study.path, "--quiet", "--directory", directory, ranks=ranks,
                        env={**EVERY_ROUND, "OMPI_MCA_orte_tmpdir_base": str(session)})
        while process.poll() is None and len(ranks_of(process, ranks)) < ranks:
            time.sleep(0.001)
        time.sleep(seconds)
        alive, victims = process.poll() is None, ranks_of(process, ranks)
        if everyone:
            kill_tree(process.pid)
        elif victims:
            kill_tree(generator.choice(victims))
        check(wait_killed(process, victims), "all ranks end when one is killed")
    return alive


def test_kill(study, expected, duration, i):
    """One run that is killed once or twice; how often it was, and whether the next one took blocks over."""
    generator, directory = random.Random(i), study.folder / f"killed-{i}"
    ranks, after = 8 if "wide" in study.folder.name else (2, 3)[i % 2], generator.choice((1, 2, 3, 5, 8))
    everyone, seconds = i % 4 < 2, generator.random() * duration
    killed = kill_at(study, directory, seconds, ranks, everyone, generator)
    if i % 3 == 0:  # and once more, on the way
        killed += kill_at(study, directory, seconds / 2, after, not everyone, generator)
    outcome = run_well("run", study.path, "--directory", directory, ranks=after)
    what = (f"{study.folder.name} on {ranks} ranks, {'all' if everyone else 'one'} killed after {seconds:.2f} s, "
            f"rerun on {after}")
    check(result(directory) == expected, f"{what}: the same root and bytes")
    check(left_over(directory) == [], f"{what}: nothing is left over", left_over(directory))
    shutil.rmtree(directory)
    return killed, resumed(outcome) > 0


def test_kills(wide, long, good):
    begun, outcomes = time.monotonic(), []
    run_well("run", long.path, "--quiet", "--directory", long.folder / "timed", ranks=2, env=EVERY_ROUND)
    duration = time.monotonic() - begun

    def test(i):
        study = wide if i % 5 == 4 else long
        outcomes.append(test_kill(study, good[study.folder], 0.8 if study is wide else duration, i))

    side_by_side(test, range(KILLS), workers=2)
    killed, taken_over = (sum(column) for column in zip(*outcomes))
    check(killed >= KILLS * 2 // 3, "most runs were killed while they ran", killed)
    check(taken_over >= KILLS // 5, "runs took over blocks of killed ones", taken_over)
    print(f"{killed} runs killed, {taken_over} of {KILLS} reruns took over blocks")


# ---- requests to stop -----------------------------------------------------------------------------------------------


def stop(study, directory, ranks, number, to_mpirun):
    """Asks a run to stop when it has done some blocks: its exit code, how long that took, and what it said."""
    process = start("influence", study.path, "--directory", directory, ranks=ranks, env=EVERY_ROUND)
    below = await_journal(process, directory)
    asked = time.monotonic()
    for target in [process.pid] if to_mpirun else below:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, number)
    outcome = wait(process)
    return outcome, time.monotonic() - asked


def test_stops(long, good):
    ways = [(2, signal.SIGUSR1, True), (3, signal.SIGUSR1, False), (2, signal.SIGTERM, False),
            (1, signal.SIGTERM, True), (1, signal.SIGINT, True)]
    for i, (ranks, number, to_mpirun) in enumerate(ways):
        what = f"{number.name} to {'the process started' if to_mpirun else 'every rank'}, {ranks} ranks"
        directory = long.folder / f"stopped-{i}"
        outcome, seconds = stop(long, directory, ranks, number, to_mpirun)
        check(outcome.code == STOPPED, f"{what}: exit code {STOPPED}", outcome.code, outcome.err)
        check(seconds < WITHIN, f"{what}: within {WITHIN} s", seconds)
        check(len(sentences(outcome)) == 1 and "run the same command again to go on" in outcome.err,
              f"{what}: one sentence, and what to do", outcome.err)
        check((directory / HEAD).exists() and not (directory / "influence.h5").exists(), f"{what}: a journal, no table")
        again = run_well("run", long.path, "--directory", directory, ranks=3 - i % 3)
        check(resumed(again) > 0, f"{what}: the next run takes over blocks", again.out)
        check(result(directory) == good[long.folder], f"{what}: and ends at the same root and bytes")


def test_stop_within_block(base):
    """Blocks that take longer than 10 s are left half done."""
    study = studies.make(base / "heavy", n_train=60000, n_query=20000, n_checkpoint=1, shard_rows=60000,
                         layers={"fc1": (96, 64)})
    study.config["samples"]["group_by"] = []
    studies.write_config(study, block_rows=30000, keep={"top": 3, "scores": False}, digits=4)
    for ranks in (1, 2):
        directory = study.folder / f"on-{ranks}"
        process = start("influence", study.path, "--quiet", "--directory", directory, ranks=ranks)
        while process.poll() is None and not (directory / "influence.h5.partial").exists():
            time.sleep(0.01)
        time.sleep(2)
        alive, asked = process.poll() is None, time.monotonic()
        process.send_signal(signal.SIGUSR1)
        outcome, seconds = wait(process), time.monotonic() - asked
        print(f"a long block on {ranks} ranks ended after {seconds:.1f} s")
        check(alive and outcome.code == STOPPED, f"a long block on {ranks} ranks: exit code {STOPPED}", outcome)
        check(seconds < WITHIN, f"a long block on {ranks} ranks: within {WITHIN} s", seconds)
        check("stopped on request" in outcome.err, f"a long block on {ranks} ranks: a sentence", outcome.err)


def test_early_stop(long, good):
    """A request that comes before there are blocks: nothing is lost, and nothing incomplete has a final name."""
    for i in range(6):
        directory = long.folder / f"early-{i}"
        process = start("influence", long.path, "--directory", directory, ranks=1, env=EVERY_ROUND)
        time.sleep(0.02 + 0.05 * i)
        process.send_signal(signal.SIGTERM)
        outcome = wait(process)
        # Before the program runs at all the signal ends it, as it ends any program.
        check(outcome.code in (STOPPED, -signal.SIGTERM), "an early stop", outcome)
        check(not (directory / "influence.h5").exists(), "an early stop leaves no table")
        run_well("run", long.path, "--quiet", "--directory", directory)
        check(result(directory) == good[long.folder], "an early stop: the next run ends at the same root and bytes")


# ---- journals that are not what they should be ----------------------------------------------------------------------


def flip(path, at):
    raw = bytearray(path.read_bytes())
    raw[at % len(raw)] ^= 0x40
    path.write_bytes(raw)


def states(directory):
    return sorted((directory / "journal").glob("*.state"))


def swap_states(directory):
    first, second = states(directory)[:2]
    raw = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(raw)


def edit_head(directory, pattern, text):
    path = directory / HEAD
    path.write_bytes(re.sub(pattern, text, path.read_bytes()))


def flip_row(directory, dataset):
    """Changes the row of the first example, whose block is done first."""
    path = directory / "influence.h5.partial"
    with h5py.File(path) as table:
        offset = table[dataset].id.get_offset()
    flip(path, offset)


def folder_instead(path):
    path.unlink()
    path.mkdir()


DAMAGE = {
    "first byte of a state": lambda run, other: flip(states(run)[0], 0),
    "middle of a state": lambda run, other: flip(states(run)[-1], len(states(run)[-1].read_bytes()) // 2),
    "last byte of a state": lambda run, other: flip(states(run)[0], -1),
    "state cut off": lambda run, other: states(run)[0].write_bytes(states(run)[0].read_bytes()[:-7]),
    "state cut to 5 bytes": lambda run, other: states(run)[0].write_bytes(b"12345"),
    "empty state": lambda run, other: states(run)[0].write_bytes(b""),
    "longer state": lambda run, other: states(run)[0].write_bytes(states(run)[0].read_bytes() + b"\0"),
    "missing state": lambda run, other: states(run)[-1].unlink(),
    "state that is a folder": lambda run, other: folder_instead(states(run)[0]),
    "states exchanged": lambda run, other: swap_states(run),
    "state of another job": lambda run, other: states(run)[0].write_bytes(states(other)[0].read_bytes()),
    "head of another job": lambda run, other: shutil.copy(other / HEAD, run / HEAD),
    "whole journal of another job": lambda run, other: (shutil.rmtree(run / "journal"), shutil.copytree(
        other / "journal", run / "journal")),
    "garbage head": lambda run, other: (run / HEAD).write_bytes(bytes(range(256))),
    "long head": lambda run, other: (run / HEAD).write_bytes(b"assay influence journal v2\n" * 1000),
    "empty head": lambda run, other: (run / HEAD).write_bytes(b""),
    "head cut off": lambda run, other: (run / HEAD).write_bytes((run / HEAD).read_bytes()[:-30]),
    "head with more": lambda run, other: (run / HEAD).write_bytes((run / HEAD).read_bytes() + b"more"),
    "other version": lambda run, other: edit_head(run, b"journal v2", b"journal v1"),
    "other config": lambda run, other: edit_head(run, b"config .", b"config g"),
    "other inputs": lambda run, other: edit_head(run, b"inputs .", b"inputs g"),
    "other generation": lambda run, other: edit_head(run, b"generation ", b"generation 1"),
    "fewer files": lambda run, other: edit_head(run, b"files 2", b"files 1"),
    "no files": lambda run, other: edit_head(run, b"files 2", b"files 0"),
    "table of another job": lambda run, other: shutil.copy(other / "influence.h5.partial", run),
    "no table": lambda run, other: (run / "influence.h5.partial").unlink(),
    "garbage table": lambda run, other: (run / "influence.h5.partial").write_bytes(b"\x89HDF" * 100),
    "scores of a finished block": lambda run, other: flip_row(run, "/scores"),
    "self-influence of a finished block": lambda run, other: flip_row(run, "/self"),
    "ids of a finished block": lambda run, other: flip_row(run, "/samples/id"),
    "groups of a finished block": lambda run, other: flip_row(run, "/samples/group/source"),
}


def stopped_run(study, directory):
    """A run directory on 2 ranks that another run can go on from."""
    outcome, _ = stop(study, directory, 2, signal.SIGUSR1, True)
    check(outcome.code == STOPPED and len(states(directory)) == 2, "a run that stopped", outcome)
    return directory


def test_damage(base, long, good):
    # The same shapes, but other numbers, so that nothing but fingerprints can tell the journals apart.
    foreign = make(base / "foreign", **{**LONG, "seed": 99})
    stopped, other = stopped_run(long, long.folder / "stopped"), stopped_run(foreign, foreign.folder / "stopped")

    def test(item):
        i, (name, damage) = item
        directory = long.folder / f"damaged-{i}"
        shutil.copytree(stopped, directory)
        for path in (directory / HEAD, *states(directory)):  # younger than the inputs, as they were
            path.touch()
        damage(directory, other)
        kept = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
        outcome = run("influence", long.path, "--directory", directory, ranks=1 + i % 2)
        check(outcome.code == BAD_RUN, f"{name}: exit code {BAD_RUN}", outcome)
        check(len(sentences(outcome)) == 1, f"{name}: one sentence", outcome.err)
        check(re.search(r"journal|influence\.h5\.partial", outcome.err) and "remove" in outcome.err,
              f"{name}: it names the file and says what to do", outcome.err)
        check("examples" not in outcome.err + outcome.out, f"{name}: before any work", outcome)
        check(kept == {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()},
              f"{name}: nothing was changed")
        print(f"{name}: {' '.join(sentences(outcome))[:150]}")
        shutil.rmtree(directory / "journal")
        run_well("run", long.path, "--quiet", "--directory", directory)
        check(result(directory) == good[long.folder], f"{name}: without the journal the next run ends well")
        shutil.rmtree(directory)

    side_by_side(test, enumerate(DAMAGE.items()))


def test_harmless(long, good):
    """What a kill may leave in the journal's folder is no damage; an input that was touched puts the journal away."""
    stopped, directory = long.folder / "stopped", long.folder / "harmless"
    shutil.copytree(stopped, directory)
    for name in ("influence-77-0.state", "influence-2-5.state", "influence.journal.tmp-12"):
        (directory / "journal" / name).write_bytes(b"half")
    outcome = run_well("run", long.path, "--directory", directory, ranks=3)
    check(resumed(outcome) > 0, "states that no head names are no harm", outcome.out)
    check(result(directory) == good[long.folder], "states that no head names: the same root and bytes")
    check(left_over(directory) == [], "and they are gone", left_over(directory))
    shutil.rmtree(directory)
    shutil.copytree(stopped, directory)
    (long.folder / "samples.jsonl").touch()
    outcome = run_well("run", long.path, "--directory", directory, ranks=2)
    check(resumed(outcome) == 0 and "an input changed after it" in outcome.out,
          "a journal older than an input is put away, and the job says so", outcome.out)
    check(result(directory) == good[long.folder], "a journal older than an input: the same root and bytes")


LONG = {"n_train": 2400, "n_query": 12, "n_checkpoint": 2, "shard_rows": 1000,
        "layers": {"fc1": (24, 16), "fc2": (16, 8)}}

with folder() as temporary:
    all_long = make(temporary / "long", **LONG)
    all_wide = make(temporary / "wide", n_train=40, n_query=40, n_checkpoint=3, shard_rows=40,
                    layers={"fc1": (200, 100), "fc2": (100, 50)})
    results = {study.folder: undisturbed(study, 1) for study in (all_long, all_wide)}
    for test in (lambda: test_ranks(all_wide, all_long, results), lambda: test_kills(all_wide, all_long, results),
                 lambda: test_stops(all_long, results), lambda: test_early_stop(all_long, results),
                 lambda: test_damage(temporary, all_long, results), lambda: test_harmless(all_long, results),
                 lambda: test_stop_within_block(temporary)):
        begun_at = time.monotonic()
        test()
        print(f"({time.monotonic() - begun_at:.1f} s)", flush=True)
finish()
