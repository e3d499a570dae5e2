#!/usr/bin/python3 -B
"""What must hold: a training process killed with kill -9 at any moment loses at most the step in flight: every step
that it was told was recorded is in the file, whole, for the reader in C and for SQLite's own; and the next process goes
on.  The same where another process writes the file, which every second one here has do it.

Usage: kill.py RECORD, the program of record.c."""
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np

from models import digits, losses_of, make, torch

from assay import check, finish, folder
from assay_contributions import Contributions
from assay_recorder import Recorder
from assay_store import claim

RECORD = sys.argv[1]
KILLS, STEPS = 20, 100_000
IMAGES, LABELS = digits()


def train(path, first, background, said):
    """Trains for ever; after each step says which one was recorded."""
    model = make("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    recorder = Recorder(path, "r", errors="count" if background else "raise", background=background)
    tracer = Contributions(model, optimizer, recorder)
    rng = np.random.default_rng(first)
    for step in range(first, STEPS):
        index = rng.integers(0, len(IMAGES), 16)
        recorder.step_begin(step, learning_rate=0.05)
        optimizer.zero_grad()
        with tracer.batch(index) as batch:
            batch.losses(losses_of(model, IMAGES[index], LABELS[index])).mean().backward()
        with tracer.update():
            optimizer.step()
        recorder.step_end()
        os.write(said, b"%d\n" % step)


def run_and_kill(path, first, background, seconds):
    """Starts a training process, kills it after that many seconds of training, and gives the last step it told of."""
    reads, writes = os.pipe()
    child = os.fork()  # PyTorch is loaded once, here
    if child == 0:
        try:
            os.close(reads)
            train(path, first, background, writes)
        finally:
            os._exit(1)
    os.close(writes)
    told = os.read(reads, 1 << 16)  # waits for the first step
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    check(os.WIFSIGNALED(status), "it was killed while it trained", status)
    while piece := os.read(reads, 1 << 16):
        told += piece
    os.close(reads)
    claim(path, 60).close()  # waits for who writes in the background
    return int(told.split(b"\n")[-2])


def check_file(path, last, session):
    shown = subprocess.run([RECORD, "read", path], capture_output=True, text=True, check=False)
    check(shown.returncode == 0, "the reader in C reads what was left", shown.stderr)
    steps = [line.split() for line in shown.stdout.splitlines() if line.startswith("step")]
    numbers = [int(words[1]) for words in steps if int(words[3]) == session]
    check(numbers == list(range(numbers[0], numbers[-1] + 1)) and numbers[-1] in (last, last + 1),
          "every step that was told of is there, and at most one more", numbers[-1:], last)
    check(all(words[7] == "16" and len(words) == 13 for words in steps), "every step has its uses and contributions")
    check(f"session {session}: cut off after step {numbers[-1]}" in shown.stdout, "it says where it was cut off")
    with contextlib.closing(sqlite3.connect(path)) as database:
        check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "SQLite finds the file sound")
        row = database.execute("SELECT max(step), count(*) FROM step WHERE session = ?", (session,)).fetchone()
        check(row == (numbers[-1], len(numbers)), "and the same steps", row)
        orphans = database.execute("SELECT count(*) FROM contribution WHERE record NOT IN (SELECT record FROM step)")
        check(orphans.fetchone() == (0,), "no contribution without its step")


random.seed(20)
with folder() as temporary:
    file, start = temporary / "rank-00000.sqlite", 0
    for kill in range(KILLS):
        # Each process goes on where the one before left its checkpoint: some steps before its end.
        reached = run_and_kill(file, start, kill % 2 == 1, random.uniform(0, 0.15))
        check_file(file, reached, kill + 1)
        start = max(0, reached - 3)
    with contextlib.closing(sqlite3.connect(file)) as whole:
        check(whole.execute("SELECT count(*) FROM session").fetchone() == (KILLS,), "a session per process")
        check(whole.execute("SELECT count(*) FROM closing").fetchone() == (0,), "none of which was closed")
    with Recorder(file, "r", errors="raise") as last_recorder:
        last_recorder.step_begin(start)
        last_recorder.use([1])
        last_recorder.step_end()
    check(not file.with_name(file.name + "-wal").exists(), "a file that is closed at last stands alone")
finish()
