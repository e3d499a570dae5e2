#!/usr/bin/python3 -B
"""How fast `assay lineage` merges and checks a record: uses per second and core, beside what the machine can do at best
with the same bytes: SHA-256 of the recorder files, reading their rows with sqlite3, writing and syncing as many bytes
as the table has.  The aim: 5 million uses per second and core, in bounded memory.

    tests/bench/bench_lineage.py [USES [RANKS [FOLDER]]]            default: 10,000,000 uses on 1 rank

Each process of the training run has a recorder file; batches of 64; every sample is used 100 times.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time

import numpy as np

SOURCE = pathlib.Path(os.environ.get("ASSAY_SOURCE") or pathlib.Path(__file__).parents[2])
PROGRAM = os.environ.get("ASSAY_PROGRAM", SOURCE / "build/release/assay")
sys.path.insert(0, str(SOURCE / "src/capture/python"))
from assay_recorder import Recorder  # noqa: E402

BATCH, EPOCHS, N_FILE, AIM = 64, 100, 2, 5e6
STEP = ("INSERT INTO step (record, session, step, epoch, time, learning_rate, loss, n, samples, losses, weights, "
        "micro_batches) VALUES (?, 1, ?, ?, 0.0, 0.1, 0.5, ?, ?, NULL, NULL, ?)")


def rows_of(process, n_sample):
    """The steps of one process: each epoch deals out all samples once."""
    record = 0
    for epoch in range(EPOCHS):
        mine = np.random.default_rng(epoch).permutation(n_sample)[process::N_FILE]
        blob = mine.astype("<i8").tobytes()
        for at in range(0, len(mine), BATCH):
            n = min(BATCH, len(mine) - at)
            record += 1
            yield record, record - 1, epoch, n, blob[8 * at:8 * (at + n)], n.to_bytes(8, "little")


def make(folder, n_use):
    n_sample = max(1, n_use // EPOCHS)
    with open(folder / "samples.jsonl", "w", encoding="utf-8") as file:
        for i in range(n_sample):
            file.write(f'{{"id": "sample-{i:08d}", "split": "train", "license": "CC-{i % 7}"}}\n')
    (folder / "lineage").mkdir()
    for process in range(N_FILE):
        path = folder / f"lineage/rank-{process:05d}.sqlite"
        with Recorder(path, "bench", rank=process, world_size=N_FILE, errors="raise") as recorder:
            if process == 0:
                recorder.admission("admit", np.arange(n_sample), policy="open")
                recorder.definition("policy", "open", "{}")
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.executemany(STEP, rows_of(process, n_sample))
            database.execute("UPDATE closing SET (steps, uses) = (SELECT count(*), sum(n) FROM step)")
            database.commit()
    config = {"run": {"name": "bench", "directory": "run", "origin": "example.org/bench"},
              "samples": {"file": "samples.jsonl", "split": "split", "group_by": ["license"]},
              "lineage": {"records": ["lineage/rank-*.sqlite"]}}
    (folder / "config.json").write_text(json.dumps(config))
    return n_sample


def seconds(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def hash_files(folder):
    for path in folder.glob("lineage/*"):
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)


def read_rows(folder):
    for path in folder.glob("lineage/*"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            for _ in database.execute("SELECT step, n, samples FROM step ORDER BY rowid"):
                pass


def write_bytes(folder, n):
    block = bytes(1 << 20)
    with open(folder / "written", "wb") as file:
        for _ in range(n >> 20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def main():
    n_use, ranks, where = [*sys.argv[1:], *["10000000", "1", None][len(sys.argv) - 1:]]
    n_use, ranks = int(n_use), int(ranks)
    with tempfile.TemporaryDirectory(dir=where) as name:
        folder = pathlib.Path(name)
        n_sample = make(folder, n_use)
        n_bytes = sum(path.stat().st_size for path in folder.glob("lineage/*"))
        limits = {"SHA-256 of the recorder files (hashlib)": seconds(lambda: hash_files(folder)),
                  "their rows by sqlite3, once": seconds(lambda: read_rows(folder))}
        command = (["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []) + [str(PROGRAM), "lineage",
                                                                                          str(folder / "config.json")]
        taken = seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        written = (folder / "run/lineage.h5").stat().st_size
        limits["as many bytes as the table has, written and synced"] = seconds(lambda: write_bytes(folder, written))
    rate = n_sample * EPOCHS / taken / ranks
    print(f"{n_sample * EPOCHS:,} uses of {n_sample:,} samples, {n_bytes / 1e6:,.0f} MB of recorder files, "
          f"{written / 1e6:,.0f} MB of table, {ranks} ranks")
    print(f"  {taken:8.2f} s on the clock, {usage.ru_utime:.2f} s + {usage.ru_stime:.2f} s of the processor, "
          f"{usage.ru_maxrss / 1024:,.0f} MiB at most in one process")
    print(f"  {rate / 1e6:8.2f} million uses a second and core, and "
          f"{n_sample * EPOCHS / 1e6 / (usage.ru_utime + usage.ru_stime):.2f} per second of a processor; "
          f"the aim is {AIM / 1e6:g}")
    for what, limit in limits.items():
        print(f"  {limit:8.2f} s {what}; ratio {taken / limit:.1f}")


main()
