#!/usr/bin/python3
"""Speed of the influence job beside fp32 programs that do the same scoring, on the same cores, in turn.

Usage: bench_influence.py [--scale 0.1] [--parts speed,seal,ranks,length,agreement] [--report FILE] …
The tools are influence_reference, gemm_peak and libslow_read.so of the build folder (target bench_influence builds them
and starts this).  Inputs are made once, under --folder or a folder of their own that is removed at the end.
"""
import argparse
import contextlib
import importlib.util
import os
import pathlib
import statistics
import sys
import tempfile

import bench_agreement
import bench_inputs
import bench_measure
from bench_measure import PROGRAM, RIVAL, Contest, execute, run_assay, show_phases

TOP, REFERENCE_ROWS, TORCH_ROWS = 100, 2048, 4096
SLOW = 500_000_000  # bytes a second, for the row of slow inputs
PARTS = ("speed", "seal", "ranks", "length", "agreement")
TITLES = {"rows": "gradient rows, p = 4,096", "factors": "factorised, 3 layers 512 × 512, 8 checkpoints",
          "last-layer": "last layer only, d = 84, 10 classes, 8 checkpoints"}
# Ways of the product: digits, which pairs of digits, how many products of bytes they are where the CPU has VNNI.
FORMS = {"2 digits": (2, "all", 3), "2 digits, leading products": (2, "leading", 3), "1 digit": (1, "all", 1)}
TARGETS = {"rows": {"2 digits": 1, "1 digit": 2.5}, "factors": {"2 digits": 1, "1 digit": 3},
           "last-layer": {"2 digits": 1, "1 digit": 2}}


class Bench:
    """What all parts share: the options, the works, and the report being written."""

    def __init__(self, options, folder):
        self.options, self.folder, self.lines = options, folder, []
        self.tools = pathlib.Path(PROGRAM).parent
        self.cores = [int(core) for core in options.cores.split(",")]
        works = bench_inputs.all_works(folder, options.scale)
        self.works = {name: works[name] for name in options.works.split(",")}
        self.inputs = {}

    def log(self, line):
        print(line, file=sys.stderr, flush=True)

    def say(self, line=""):
        self.lines.append(line)
        print(line, flush=True)
        if self.options.report:
            pathlib.Path(self.options.report).write_text("\n".join(self.lines) + "\n")

    def contest(self):
        return Contest(self.options.repeats, self.log)

    def prepare(self, work):
        if work.name not in self.inputs:
            self.log(f"inputs of {work.name}: {work.n_train:,} examples, {work.bytes() / 1e9:.2f} GB")
            bench_inputs.make(work)
            self.inputs[work.name] = True
        bench_measure.warm(work.folder)

    def assay(self, work, digits, products="all", seal=True, ranks=1, launcher=False, env=None):
        """A contender: assay run with these digits."""
        name = f"{digits}-{products}-{'sealed' if seal else 'plain'}"
        config, directory = bench_inputs.write_config(work, name, digits, seal, products=products)
        return lambda: run_assay(config, directory, self.cores[:ranks], ranks, launcher, env)

    def reference(self, work, *result):
        command = [self.tools / "influence_reference", work.folder / "work.txt", TOP, REFERENCE_ROWS, *result]
        return lambda: execute(command, self.cores[:1], RIVAL)

    def torch(self, work):
        command = ["/usr/bin/python3", pathlib.Path(__file__).with_name("influence_torch.py"),
                   work.folder / "work.txt", TOP, TORCH_ROWS]
        return lambda: execute(command, self.cores[:1], RIVAL)

    def peak(self, n_query, columns):
        """A contender: 10⁹ integer operations a second of oneDNN alone, its best tile, and the kernels it made."""
        return lambda: execute([self.tools / "gemm_peak", n_query, columns], self.cores[:1])


# ---- parts ----------------------------------------------------------------------------------------------------------


def add_peaks(bench, work, contest):
    """Contenders that measure the peak of integer products, one per shape of the work."""
    for columns in work.product_columns():
        contest.add(f"peak {columns}", bench.peak(work.n_query, columns))


def peak_share(work, contest, name, pairs):
    """Time that the products of digits would take at their peak, over the time they took."""
    seconds = 0
    for columns, times in work.product_columns().items():
        rates = [float(run.out.split()[0]) for run in contest.runs[f"peak {columns}"]]
        seconds += 2e-9 * work.n_train * work.n_query * columns * times * pairs / statistics.median(rates)
    return seconds / contest.phases(name)["products"]


def measure_speed(bench):
    """Assay end to end, sealed, against fp32 in C and in PyTorch, and its products against their peak."""
    bench.say("| work, sealed, one core | | time | against C | in processor time | products, of their peak |")
    bench.say("|---|---|---|---|---|---|")
    notes = []
    for work in bench.works.values():
        bench.prepare(work)
        contest = bench.contest()
        for name, (digits, products, _) in FORMS.items():
            contest.add(name, bench.assay(work, digits, products=products))
            if name == "2 digits":
                contest.add("C, sgemm", bench.reference(work))  # in the middle: neighbours of each other
        if bench.options.torch:
            contest.add("PyTorch", bench.torch(work))
        add_peaks(bench, work, contest)
        contest.hold()
        title = f"{TITLES[work.name]}, n = {work.n_train:,}, m = {work.n_query:,}"
        for name in contest.contenders:
            if name.startswith("peak"):
                continue
            ratio, share = f"{contest.ratio('C, sgemm', name):.2f} ×", ""
            if name in FORMS:
                share = f"{peak_share(work, contest, name, FORMS[name][2]):.0%}"
                ratio += f" (target {TARGETS[work.name][name]} ×)" if name in TARGETS[work.name] else ""
            processor = f"{contest.ratio('C, sgemm', name, 'processor'):.2f} ×"
            bench.say(f"| {title} | {name} | {contest.spread(name)} | {ratio} | {processor} | {share} |")
            notes.append(f"- {work.name}, {name}: {show_phases(contest.phases(name))}; "
                         f"memory {contest.memory(name) / 1e6:,.0f} MB")
            title = ""
    bench.say()
    bench.say("Processor seconds by phase:")
    bench.say()
    for note in notes:
        bench.say(note)
    bench.say()


def measure_seal(bench):
    """Sealing on against off, with the input in the page cache and from a device of 500 MB/s."""
    work = bench.works["rows"]
    bench.prepare(work)
    slow = {"LD_PRELOAD": str(bench.tools / "libslow_read.so"), "ASSAY_READ_RATE": str(SLOW)}
    bench.say("| sealing, gradient rows | off | on | cost |")
    bench.say("|---|---|---|---|")
    for digits in (2, 1):
        for title, env in (("page-cached (target ≤ 15 %)", None), ("at 500 MB/s (target ≤ 3 %)", slow)):
            contest = bench.contest()
            contest.add("off", bench.assay(work, digits, seal=False, env=env))
            contest.add("on", bench.assay(work, digits, seal=True, env=env))
            contest.hold()
            bench.say(f"| {digits} digit{'s' * (digits > 1)}, {title} | {contest.spread('off')} | "
                      f"{contest.spread('on')} | {contest.ratio('on', 'off') - 1:+.1%} |")
    bench.say()


def measure_ranks(bench):
    """Two ranks on two cores against one on one, both started by mpirun."""
    work = bench.works["rows"]
    bench.prepare(work)
    bench.say("| ranks, gradient rows | 1 | 2 | ratio |")
    bench.say("|---|---|---|---|")
    for digits, target in ((2, 1.9), (1, 1.8)):
        contest = bench.contest()
        for ranks in (1, 2):
            contest.add(str(ranks), bench.assay(work, digits, ranks=ranks, launcher=True))
        contest.hold()
        bench.say(f"| {digits} digit{'s' * (digits > 1)} (target ≥ {target} ×) | {contest.spread('1')} | "
                  f"{contest.spread('2')} | {contest.ratio('1', '2'):.2f} × |")
    bench.say()


def measure_length(bench):
    """Time and memory against the number of examples."""
    base = bench.works["rows"]
    bench.prepare(base)
    contest = bench.contest()
    works = [bench_inputs.resize(base, times, bench.folder) for times in (0.25, 1, 4)]
    for work in works:
        contest.add(work.name, bench.assay(work, 2))
    contest.hold()
    slopes = [(contest.seconds(b.name) - contest.seconds(a.name)) / (b.n_train - a.n_train)
              for a, b in zip(works, works[1:])]
    bench.say("| examples (gradient rows, 2 digits) | time | µs per example | memory |")
    bench.say("|---|---|---|---|")
    for work in works:
        bench.say(f"| {work.n_train:,} | {contest.spread(work.name)} | "
                  f"{1e6 * contest.seconds(work.name) / work.n_train:.1f} | "
                  f"{contest.memory(work.name) / 1e6:,.0f} MB |")
    bench.say()
    bench.say(f"Each further example costs {1e6 * slopes[0]:.1f} µs in the lower part and {1e6 * slopes[1]:.1f} µs in "
              f"the upper one: {slopes[1] / slopes[0] - 1:+.1%} (target ± 5 %).")
    bench.say()


def measure_agreement(bench):
    """Order of the scores against fp64, on a few queries and all examples."""
    bench.say(f"| agreement with fp64, {bench_inputs.N_SAMPLE} queries | | Spearman | of the top {TOP} |")
    bench.say("|---|---|---|---|")
    for work in bench.works.values():
        bench.prepare(work)
        expected, title = bench_agreement.exact_scores(work), f"{TITLES[work.name]}, n = {work.n_train:,}"
        for name, (digits, products, _) in FORMS.items():
            config, directory = bench_inputs.write_config(work, f"{digits}-{products}-sample", digits, sample=True,
                                                          products=products)
            run_assay(config, directory, bench.cores[:1])
            rank, same = bench_agreement.agreement(bench_agreement.scores_of(directory), expected, TOP)
            bench.say(f"| {title} | {name} | {rank:.6f} | {same:.2%} |")
            title = ""
        path = work.folder / "reference.bin"
        bench.reference(work, path)()
        plain = bench_agreement.overlap(bench_agreement.plain_strongest(path, work, TOP),
                                        bench_agreement.strongest(expected, TOP))
        bench.say(f"| | C, sgemm | | {plain:.2%} |")
    bench.say()


# ---- all of it ------------------------------------------------------------------------------------------------------


def describe(bench):
    core = "unknown"
    work = next(iter(bench.works.values()))
    bench.prepare(work)
    for line in bench.reference(work)().out.splitlines():
        core = line.partition(" ")[2] if line.startswith("core ") else core
    found = {columns: bench.peak(1000, columns)().out.split() for columns in (4096, 512, 84, 10)}
    peaks = ", ".join(f"{columns} columns {rate}" for columns, (rate, _, _) in found.items())
    bench.say(f"{bench_measure.processor_name()}; OpenBLAS kernels {core}, oneDNN kernels {found[512][2]}; integer "
              f"products of oneDNN alone, 10⁹ operations a second with 1,000 queries: {peaks}.  Sizes × "
              f"{bench.options.scale:g}; medians of {bench.options.repeats} runs in turn (least to most); ratios are "
              "medians of neighbouring runs.")
    bench.say()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="of the number of examples; 0.1 while developing")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each contender")
    parser.add_argument("--works", default=",".join(TITLES), help="which works")
    parser.add_argument("--parts", default=",".join(PARTS), help="which measurements")
    parser.add_argument("--cores", default="0,1", help="the first is for one rank, the first two for two")
    parser.add_argument("--blas-core", default=RIVAL["OPENBLAS_CORETYPE"], help="OPENBLAS_CORETYPE of the rivals")
    parser.add_argument("--folder", help="for inputs and runs, kept; default: one of its own, removed at the end")
    parser.add_argument("--report", help="file that receives the tables as they are done")
    parser.add_argument("--no-torch", dest="torch", action="store_false", help="leave PyTorch out")
    options = parser.parse_args()
    options.torch = options.torch and importlib.util.find_spec("torch") is not None
    RIVAL["OPENBLAS_CORETYPE"] = options.blas_core
    return options


def main():
    options = parse_options()
    with contextlib.ExitStack() as stack:
        folder = options.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-bench-"))
        os.makedirs(folder, exist_ok=True)
        bench = Bench(options, folder)
        describe(bench)
        wanted = options.parts.split(",")
        for part in PARTS:
            if part in wanted:
                bench.log(f"{part}:")
                globals()[f"measure_{part}"](bench)


if __name__ == "__main__":
    main()
