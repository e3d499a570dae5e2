#!/usr/bin/python3
"""Speed of the mechanism job beside numpy, which computes the same mean effects, bootstrap intervals and control means
of the same file on the same cores, in turn.

Usage: bench_mechanism.py [--parts 2048] [--probes 500] [--controls 20] [--ranks 2] [--repeats 3]
ASSAY_PROGRAM names the program, as for the tests.  The program also hashes what it reads, and writes its table."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np

PROGRAM = os.environ.get("ASSAY_PROGRAM", "build/release/assay")
N_BEHAVIOUR, N_RESAMPLE = 3, 1000
NUMPY = """
import sys, time
import numpy as np
start = time.perf_counter()
folder, n_resample = sys.argv[1], int(sys.argv[2])
intact, after, controls = (np.load(f"{folder}/{name}.npy") for name in ("intact", "after", "controls"))
effect = np.moveaxis(intact - after, 2, 0)
n = intact.shape[0]
counts = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), n_resample).astype(float)
low, high = np.percentile(effect @ counts.T / n, [2.5, 97.5], axis=2)
control = np.stack([(intact - part).mean(1) for part in controls])
print(time.perf_counter() - start)
"""


def environment(threads):
    return {**os.environ, "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}


def make(folder, options):
    rng = np.random.default_rng(1)
    shape = (options.probes, N_BEHAVIOUR)
    np.save(folder / "intact.npy", rng.random(shape))
    np.save(folder / "after.npy", rng.random((options.parts, *shape)))
    np.save(folder / "controls.npy", rng.random((options.parts, options.controls, *shape)))
    (folder / "probes.jsonl").write_text("".join(f'{{"id": {i}}}\n' for i in range(options.probes)))
    (folder / "parts.jsonl").write_text(
        "".join(f'{{"id": {i}, "kind": "feature", "members": [{i}]}}\n' for i in range(options.parts)))
    config = {"run": {"name": "bench", "directory": "run", "origin": "example.org/bench"},
              "mechanism": {"probes": "probes.jsonl", "parts": {"file": "parts.jsonl"},
                            "behaviour": {"names": ["a", "b", "c"], "values": "intact.npy"},
                            "interventions": {"zero": "after.npy"}, "controls": {"zero": "controls.npy"},
                            "bootstrap": {"resamples": N_RESAMPLE}}}
    (folder / "config.json").write_text(json.dumps(config))


def assay(folder, ranks):
    subprocess.run(["rm", "-rf", folder / "run"], check=True)
    command = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    start = time.perf_counter()
    subprocess.run([*command, PROGRAM, "mechanism", folder / "config.json", "--quiet"], check=True, env=environment(1))
    return time.perf_counter() - start


def contender(folder, threads):
    command = ["/usr/bin/python3", "-c", NUMPY, folder, str(N_RESAMPLE)]
    out = subprocess.run(command, check=True, env=environment(threads),
                         capture_output=True, text=True).stdout
    return float(out)


def main():
    parser = argparse.ArgumentParser()
    for name, value in (("parts", 2048), ("probes", 500), ("controls", 20), ("ranks", 2), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="assay-bench-") as path:
        folder = pathlib.Path(path)
        make(folder, options)
        times = [(assay(folder, options.ranks), contender(folder, options.ranks)) for _ in range(options.repeats)]
        size = sum(file.stat().st_size for file in folder.glob("*.npy"))
    ours, theirs = (statistics.median(column) for column in zip(*times))
    print(f"{options.parts} parts x {options.probes} probes x {N_BEHAVIOUR} behaviours, {options.controls} controls, "
          f"{size / 1e6:.0f} MB: assay on {options.ranks} ranks {ours:.2f} s, numpy on {options.ranks} threads "
          f"{theirs:.2f} s, ratio {theirs / ours:.2f}; {size / 1e6 / ours:.0f} MB/s")


main()
