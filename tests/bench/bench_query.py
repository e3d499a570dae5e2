#!/usr/bin/python3
"""Speed of `assay query`: a scan through a virtual table beside the same rows in a native table of SQLite and beside
h5py and numpy reading the same column; one sample traced among many events.

Usage: bench_query.py [--events 100000000] [--rival-rows 10000000] [--repeats 5] [--report FILE]
ASSAY_PROGRAM names the program, as for the tests.  A lineage.h5 of random uses is made once in a folder that is removed
at the end; times are of whole processes (the native table: of the query alone), warm.
"""
import argparse
import os
import pathlib
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

SOURCE = pathlib.Path(os.environ["ASSAY_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests/end_to_end"))
import lineage_tables  # noqa: E402, pylint: disable=wrong-import-position

PROGRAM = os.environ.get("ASSAY_PROGRAM", "build/release/assay")
BATCH, EPOCHS, GROUPS = 100, 100, 4
READ = "import h5py, sys, numpy; print(numpy.sum(h5py.File(sys.argv[1])['/uses/sample'][()]))"


def processor_time():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def timed(function, repeats):
    """Best and median seconds on the clock, and the least of a processor: a busy machine shows in the difference."""
    took, used = [], []
    for _ in range(repeats):
        start, before = time.perf_counter(), processor_time()
        function()
        took.append(time.perf_counter() - start)
        used.append(processor_time() - before)
    return min(took), statistics.median(took), min(used)


def ask(directory, *words):
    return subprocess.run([PROGRAM, "query", directory, *words, "--format", "csv", "--quiet"], check=True,
                          capture_output=True, text=True).stdout


def make(directory, events):
    """Every epoch uses every sample once, in an order of its own; contributions of every thousandth step."""
    n = events // EPOCHS
    n_step, rng = events // BATCH, np.random.default_rng(3)
    uses = np.empty((EPOCHS, n), np.int64)
    by_sample = np.empty((n, EPOCHS), np.int64)
    for epoch in range(EPOCHS):
        uses[epoch] = rng.permutation(n)
        by_sample[uses[epoch], epoch] = epoch * (n // BATCH) + np.arange(n) // BATCH
    few = np.arange(0, n_step, 1000)
    contribution = np.repeat(few, GROUPS)
    columns = {
        "/samples/id": np.char.add("sample-", np.char.zfill(np.arange(n).astype("U"), 9)).astype("S16"),
        "/samples/use_start": np.arange(n + 1) * EPOCHS, "/samples/uses": np.full(n, EPOCHS),
        "/samples/first_step": by_sample[:, 0], "/samples/last_step": by_sample[:, -1],
        "/samples/admission": np.arange(n), "/admissions/sample": np.arange(n), "/admissions/step": np.full(n, -1),
        "/admissions/process": np.zeros(n, np.int64), "/admissions/session": np.zeros(n, np.int64),
        "/admissions/decision": np.zeros(n, np.int32), "/decisions/name": ["admit"], "/admissions/weight": np.ones(n),
        "/admissions/policy": np.zeros(n, np.int32), "/policies/name": ["open"],
        "/admissions/reason": np.full(n, -1, np.int32),
        "/admissions/profile": np.full(n, -1, np.int32), "/profiles/name": ["none"], "/reasons/text": ["none"],
        "/samples/role": np.zeros(n, np.int32), "/roles/name": ["train"], "/samples/owner": np.full(n, -1, np.int32),
        "/owners/pseudonym": ["0"], "/samples/content": np.zeros((n, 32), np.uint8),
        "/steps/step": np.arange(n_step), "/steps/epoch": np.arange(n_step) // (n // BATCH),
        "/steps/process": np.zeros(n_step, np.int64), "/steps/superseded": np.zeros(n_step, np.uint8),
        "/steps/learning_rate": np.full(n_step, 0.1), "/steps/use_start": np.arange(n_step + 1) * BATCH,
        "/uses/sample": uses.ravel(), "/uses_by_sample/step": by_sample.ravel(),
        "/parameter_groups/name": [f"fc{g}" for g in range(GROUPS)], "/contributions/step": contribution,
        "/contributions/group": np.tile(np.arange(GROUPS), len(few)),
        "/contributions/use_start": np.arange(len(contribution) + 1) * BATCH,
        "/contribution_uses/norm": rng.random(len(contribution) * BATCH),
        "/contribution_uses/share": rng.random(len(contribution) * BATCH),
    }
    (directory / "run.json").write_text("{}\n")
    with h5py.File(directory / "lineage.h5", "w", libver="earliest") as file:
        for name, values in columns.items():
            lineage_tables.write_dataset(file, name, values)
    return n


def scan(directory, options, report):
    sums = "SELECT count(*), sum(sample) FROM uses"
    rows = int(ask(directory, "SELECT count(*) FROM uses").split()[1])
    for name, sql in (("count(*)", "SELECT count(*) FROM uses"), ("count(*), sum(sample)", sums),
                      ("sum over owners' column", "SELECT sum(step) FROM uses"),
                      ("sum(length(sample_id)) of a tenth",
                       f"SELECT sum(length(sample_id)) FROM uses WHERE step < {rows // BATCH // 10}"),
                      ("sum(share) of contributions", "SELECT sum(share) FROM contribution_uses")):
        n = rows // 10 if "tenth" in name else rows
        if "contribution" in sql:
            n = int(ask(directory, "SELECT count(*) FROM contribution_uses").split()[1])
        best, median, used = timed(lambda sql=sql: ask(directory, sql), options.repeats)
        report(f"scan, {name}: {n:,} rows in {best:.2f} s (median {median:.2f} s; processor {used:.2f} s), "
               f"{n / best / 1e6:.1f} million rows/s ({n / used / 1e6:.1f} per processor second)")
        if sql == sums:
            own = n / used
    best, _, used = timed(lambda: subprocess.run([sys.executable, "-c", READ, directory / "lineage.h5"], check=True,
                                                 capture_output=True), options.repeats)
    report(f"rival: numpy.sum of the same column by h5py: {rows / best / 1e6:.1f} million rows/s "
           f"({rows / used / 1e6:.1f} per processor second); we reach {own * used / rows:.2f} of that")
    few = min(options.rival_rows, rows)
    with h5py.File(directory / "lineage.h5") as file:
        sample = file["/uses/sample"][:few].tolist()
    database = sqlite3.connect(directory / "native.db")
    database.execute("CREATE TABLE uses(sample INTEGER)")
    database.executemany("INSERT INTO uses VALUES (?)", ((value,) for value in sample))
    database.commit()
    best, _, used = timed(lambda: database.execute(sums).fetchone(), options.repeats)
    report(f"rival: a native table of SQLite with that column alone, {few:,} rows: {few / best / 1e6:.1f} million "
           f"rows/s ({few / used / 1e6:.1f} per processor second); we reach {own * used / few:.2f} of that")


def trace(directory, n, options, report):
    for sample in (n // 3, n - 1):
        name = f"sample-{sample:09d}"
        best, median, used = timed(lambda name=name: ask(directory, "trace", name), options.repeats)
        report(f"trace of sample {sample:,}: {best:.3f} s (median {median:.3f} s; processor {used:.3f} s)")
    for name, sql in (("uses of one sample", "SELECT count(*) FROM uses WHERE sample = 12"),
                      ("SELECT 1, which is starting and opening", "SELECT 1")):
        best, median, used = timed(lambda sql=sql: ask(directory, sql), options.repeats)
        report(f"{name}: {best:.3f} s (median {median:.3f} s; processor {used:.3f} s)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--rival-rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--report")
    options = parser.parse_args()
    lines = []

    def report(line):
        lines.append(line)
        print(line, flush=True)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        n = make(pathlib.Path(folder), options.events)
        report(f"{options.events:,} uses of {n:,} samples in {options.events // BATCH:,} steps")
        trace(pathlib.Path(folder), n, options, report)
        scan(pathlib.Path(folder), options, report)
    if options.report:
        pathlib.Path(options.report).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
