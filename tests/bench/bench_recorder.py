#!/usr/bin/python3 -B
"""What recording costs in a PyTorch loop: an MLP 784-512-512-10, batches of 64, SGD with momentum, on the CPU.

Plain training, training that records its lineage (which example in which step, with what loss; written by itself, or
by a process beside it), and, in a second round, training that records contributions too (with and without their
residuals) take turns of some steps each, on one and the same model: where a model lies in memory makes 2 %.  The order
of the ways is drawn anew each time, since what ran before makes some percent, too.  Two more ways say what no recorder
can save: `losses of examples` trains on the mean of a loss per example and records nothing, and `a bare insert` hands
SQLite one ready row per step beside that.

Ratios are of the medians of whole turns, on the clock, with the middle 95 % of what they are in turns drawn again; and
of the processor, that of the writer beside it not counted.  The log is folded into the file once in some 800 steps:
that is in the means of the last lines, not in the medians.  The aim for lineage: 5 % at most.

    tests/bench/bench_recorder.py [TURNS [STEPS [THREADS]]]
"""
import os
import pathlib
import random
import sqlite3
import statistics
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("ASSAY_SOURCE", pathlib.Path(__file__).parents[2]))
sys.path.insert(0, str(SOURCE / "src/capture/python"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from assay_contributions import Contributions  # noqa: E402
from assay_recorder import Recorder  # noqa: E402
from assay_schema import create_statement, insert_statement  # noqa: E402

BATCH, N_IMAGE, N_SAMPLE, AIM = 64, 6_000, 60_000, 0.05


class Training:
    """The loop itself, in its ways."""

    def __init__(self):
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.images, self.labels = torch.rand(N_IMAGE, 784), torch.randint(0, 10, (N_IMAGE,))
        self.order, self.step = torch.randperm(N_SAMPLE), 0

    def batch(self):
        first = self.step * BATCH % (N_SAMPLE - BATCH)
        self.step += 1
        index = self.order[first:first + BATCH]
        rows = index % N_IMAGE
        return index, self.images[rows], self.labels[rows]

    def plain(self, way, n_step):
        for _ in range(n_step):
            _, x, y = self.batch()
            self.optimizer.zero_grad()
            functional.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()

    def losses(self, way, n_step):
        for _ in range(n_step):
            _, x, y = self.batch()
            self.train(x, y)

    def insert(self, way, n_step):
        for _ in range(n_step):
            _, x, y = self.batch()
            self.train(x, y)
            way.n_insert += 1
            way.database.execute(way.statement, (way.n_insert, *way.row))

    def train(self, x, y):
        self.optimizer.zero_grad()
        losses = functional.cross_entropy(self.model(x), y, reduction="none")
        losses.mean().backward()
        self.optimizer.step()
        return losses

    def lineage(self, way, n_step):
        for _ in range(n_step):
            index, x, y = self.batch()
            way.recorder.step_begin(self.step, learning_rate=0.01)
            losses = self.train(x, y)
            begin = time.perf_counter()
            way.recorder.use(index, losses)
            way.recorder.step_end()
            way.inside.append(time.perf_counter() - begin)

    def contributions(self, way, n_step):
        for _ in range(n_step):
            index, x, y = self.batch()
            way.recorder.step_begin(self.step, learning_rate=0.01)
            self.optimizer.zero_grad()
            with way.tracer.batch(index) as batch:
                losses = batch.losses(functional.cross_entropy(self.model(x), y, reduction="none"))
                losses.mean().backward()
            with way.tracer.update():
                self.optimizer.step()
            way.recorder.step_end()


class Way:
    """One of the ways, and what its turns took, in seconds a step."""

    def __init__(self, name, loop):
        self.name, self.loop, self.recorder, self.check_every = name, loop, None, None
        self.tracer, self.clock, self.processor, self.inside, self.n_step = None, [], [], [], 0

    def recording(self, path, check_every=None, background=False):
        """With a recorder, and from check_every on (0: never) with contributions whose residuals are computed."""
        self.recorder = Recorder(path, "bench", errors="count" if background else "raise", background=background)
        self.check_every = check_every
        return self

    def inserting(self, path):
        """With SQLite alone, set as the recorder sets it."""
        self.database = sqlite3.connect(path, isolation_level=None)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", create_statement("step")):
            self.database.execute(statement)
        self.statement, self.n_insert = insert_statement("step"), 0
        self.row = 1, 0, None, 0.0, 0.01, None, BATCH, bytes(8 * BATCH), bytes(4 * BATCH), None, bytes(8)
        return self

    def turn(self, training, n_step):
        if self.check_every is not None:
            self.tracer = Contributions(training.model, training.optimizer, self.recorder, check_every=self.check_every)
        clock, processor = time.perf_counter(), time.process_time()
        self.loop(training, self, n_step)
        self.clock.append((time.perf_counter() - clock) / n_step)
        self.processor.append((time.process_time() - processor) / n_step)
        self.n_step += n_step
        if self.tracer is not None:
            self.tracer.remove()

    def forget(self):
        for taken in (self.clock, self.processor, self.inside):
            taken.clear()


def overhead(own, base):
    return statistics.median(own) / statistics.median(base) - 1


def span(own, base, draw):
    """The middle 95 % of the overhead in turns that are drawn anew."""
    turns = range(len(own))
    drawn = sorted(overhead([own[i] for i in some], [base[i] for i in some])
                   for some in (draw.choices(turns, k=len(own)) for _ in range(400)))
    return f"{drawn[10]:+.1%} to {drawn[-11]:+.1%}"


def show(way, plain, draw):
    size = ""
    if way.recorder is not None:
        way.recorder.close()
        assert not way.recorder.failures, way.recorder.failures
        size = f"{os.stat(way.recorder.path).st_size / way.n_step:.0f}"
    print(f"{way.name:22}{1e3 * statistics.median(way.clock):7.2f} ms{overhead(way.clock, plain.clock):+10.1%}"
          f"{span(way.clock, plain.clock, draw):>19}{overhead(way.processor, plain.processor):+11.1%}{size:>14}")


def compare(training, ways, turns, steps, draw):
    """Lets the ways, the first of which is plain, take turns, and shows them."""
    for way in ways:
        way.turn(training, 10)  # warm
        way.forget()
    for _ in range(turns):
        for way in draw.sample(ways, len(ways)):
            way.turn(training, steps)
    print(f"\n{'':22}{'a step':>10}{'overhead':>10}{'95 %':>19}{'processor':>11}{'bytes a step':>14}")
    for way in ways:
        show(way, ways[0], draw)


def main():
    given = [int(word) for word in sys.argv[1:]]
    turns, steps, threads = given + [400, 20, 1][len(given):]
    draw = random.Random(1)
    torch.set_num_threads(threads)
    training = Training()
    print(f"{turns} turns of {steps} steps, {threads} threads, PyTorch {torch.__version__}")
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        path = pathlib.Path(folder)
        plain = Way("plain", Training.plain)
        lineage = [Way("lineage", Training.lineage).recording(path / "lineage.sqlite"),
                   Way("in the background", Training.lineage).recording(path / "background.sqlite", background=True)]
        losses = Way("losses of examples", Training.losses)
        compare(training, [plain, losses, Way("a bare insert", Training.insert).inserting(path / "insert.sqlite"),
                           *lineage], turns, steps, draw)
        compare(training, [Way("plain", Training.plain),
                           Way("with contributions", Training.contributions).recording(path / "norms.sqlite", 0),
                           Way("and their residuals", Training.contributions).recording(path / "all.sqlite", 1)],
                turns // 8, steps, draw)
    print()
    for way in lineage:
        inside = statistics.mean(way.inside)
        print(f"{way.name}: {overhead(way.clock, plain.clock):+.1%} (aim: at most {AIM:.0%}), "
              f"{overhead(way.clock, losses.clock):+.1%} over the same losses; in the recorder {1e6 * inside:.0f} us, "
              f"{inside / statistics.median(plain.clock):.1%} of a plain step")


if __name__ == "__main__":
    main()
