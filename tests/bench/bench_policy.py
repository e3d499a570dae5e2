#!/usr/bin/python3
"""Speed of the policy job: the whole fit beside scikit-learn's Ridge(solver="cholesky") on the same cores, in turn; the
same fit from sparse features; and exact shifts of pairs.

Usage: bench_policy.py [--scale 0.2] [--parts dense,sparse,pairs] [--ranks 2] [--repeats 5] [--report FILE]
                       [--blas-core SkylakeX]
ASSAY_PROGRAM names the program, as for the tests.  Inputs are made once in a folder that is removed at the end.  Both
sides read their features from a file in memory; the program also hashes it, starts its ranks and writes its table.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

PROGRAM = os.environ.get("ASSAY_PROGRAM", "build/release/assay")
RIDGE = """
import sys, time
import numpy as np
from sklearn.linear_model import Ridge
folder, kind = sys.argv[1:]
start = time.perf_counter()
x = np.load(folder + "/x.npy").astype(kind)
y = np.load(folder + "/y.npy")
Ridge(alpha=1.0, solver="cholesky", copy_X=False).fit(x, y)
print(time.perf_counter() - start)
"""


BLAS = {"OPENBLAS_CORETYPE": "SkylakeX"}  # of all contenders: OpenBLAS 0.3.21 does not know newer CPUs


def environment(threads):
    return {**os.environ, **BLAS, "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def write_config(folder, features, policy):
    (folder / "probes.jsonl").write_text("".join(f'{{"id": {i}}}\n' for i in range(policy.pop("probes"))))
    config = {"run": {"name": "bench", "directory": "run", "origin": "example.org/bench"},
              "policy": {"probes": "probes.jsonl", "features": features,
                         "behaviour": {"names": ["b"], "kind": "value", "values": "y.npy"},
                         "ridge": {"lambda": [1], "choose": "first", "folds": 0, "leverages": False},
                         "memory": "12 GiB", **policy}}
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return path


def assay(config, ranks):
    """Seconds of the whole program."""
    subprocess.run(["rm", "-rf", config.parent / "run"], check=True)
    command = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    start = time.perf_counter()
    done = subprocess.run([*command, PROGRAM, "policy", config, "--quiet"], env=environment(1), check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"assay failed: {done.stderr}")
    return time.perf_counter() - start


def sklearn(folder, kind, threads):
    return float(subprocess.run(["/usr/bin/python3", "-c", RIDGE, folder, kind], env=environment(threads), check=True,
                                capture_output=True, text=True).stdout)


def medians(repeats, contenders):
    """Median seconds of each, all of them in turn."""
    times = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, run in contenders.items():
            times[name].append(run())
    return {name: statistics.median(found) for name, found in times.items()}


def bench_dense(folder, options, say):
    n, m = max(200, int(50000 * options.scale)), max(64, int(4096 * options.scale ** 0.5))
    rng = np.random.default_rng(1)
    x = rng.standard_normal((n, m), dtype=np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", x[:, :50] @ rng.normal(size=(50, 1)) + rng.normal(size=(n, 1)))
    contenders = {f"scikit-learn {kind}": lambda kind=kind: sklearn(folder, kind, options.ranks)
                  for kind in ("float64", "float32")}
    for digits in (3, 4):
        config = write_config(folder, {"values": "x.npy"}, {"digits": digits, "probes": n})
        copy = config.with_name(f"digits-{digits}.json")
        copy.write_text(config.read_text())
        contenders[f"assay, {7 * digits - 1} bits"] = lambda copy=copy: assay(copy, options.ranks)
    found = medians(options.repeats, contenders)
    rival = found["scikit-learn float64"]
    say(f"dense features, {n:,} probes x {m:,} features, {options.ranks} ranks (target: 0.8 x at 20 bits)")
    for name, seconds in found.items():
        say(f"  {name:22s} {seconds:8.2f} s   {rival / seconds:6.2f} x scikit-learn in float64")


def bench_sparse(folder, options, say):
    """As many probes and features as the dense case and 64 entries a row; then four times both."""
    n, m = max(200, int(50000 * options.scale)), max(64, int(4096 * options.scale ** 0.5))
    rng = np.random.default_rng(2)
    for factor in (1, 4):
        rows, columns = n * factor, m * factor
        indices = np.sort(rng.integers(0, columns // 64, (rows, 64)) + np.arange(64) * (columns // 64), axis=1)
        values = rng.random(indices.size, dtype=np.float32)
        np.save(folder / "values.npy", values)
        np.save(folder / "indices.npy", indices.astype(np.int32).ravel())
        np.save(folder / "starts.npy", np.arange(rows + 1, dtype=np.int64) * 64)
        np.save(folder / "y.npy", values.reshape(rows, 64)[:, :8].sum(1, keepdims=True))
        config = write_config(folder, {"values": "values.npy", "indices": "indices.npy", "starts": "starts.npy",
                                       "width": columns}, {"probes": rows})
        contenders = {"assay": lambda: assay(config, options.ranks)}
        if factor == 1:
            dense = np.zeros((rows, columns), np.float32)
            np.put_along_axis(dense, indices, values.reshape(rows, 64), axis=1)
            np.save(folder / "x.npy", dense)
            del dense
            contenders["scikit-learn float64"] = lambda: sklearn(folder, "float64", options.ranks)
        found = medians(options.repeats, contenders)
        say(f"sparse features, {rows:,} probes x {columns:,} features, 64 entries a row")
        for name, seconds in found.items():
            say(f"  {name:22s} {seconds:8.2f} s   {found.get('scikit-learn float64', seconds) / seconds:6.2f} x")


def bench_pairs(folder, options, say):
    n, m, n_pair = 500, max(64, int(4096 * options.scale)), max(4, int(200 * options.scale))
    rng = np.random.default_rng(3)
    x = np.abs(rng.normal(size=(n, m))) * (rng.random((n, m)) < 64 / m)
    indices, values, starts = [], [], [0]
    for _ in range(n_pair):
        after = x * np.where(rng.random(m) < 0.05, 1 + 0.1 * rng.normal(size=(n, m)), 1) # one feature in twenty moves
        rows, columns = np.nonzero(after)
        indices.append(columns)
        values.append(after[rows, columns])
        starts.extend(np.cumsum(np.bincount(rows, minlength=n)) + starts[-1])
    rows, columns = np.nonzero(x)
    np.save(folder / "y.npy", rng.normal(size=(n, 1)))
    np.save(folder / "after_y.npy", rng.normal(size=(n_pair, n, 1)))
    for name, array in (("values", x[rows, columns]), ("indices", columns.astype(np.int32)),
                        ("starts", np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])),
                        ("after_values", np.concatenate(values)),
                        ("after_indices", np.concatenate(indices).astype(np.int32)),
                        ("after_starts", np.array(starts))):
        np.save(folder / f"{name}.npy", array)
    (folder / "pairs.jsonl").write_text("".join(f'{{"id": {i}}}\n' for i in range(n_pair)))
    features = {"values": "values.npy", "indices": "indices.npy", "starts": "starts.npy", "width": m}
    pairs = {"file": "pairs.jsonl", "behaviour": "after_y.npy", "values": "after_values.npy",
             "indices": "after_indices.npy", "starts": "after_starts.npy"}
    alone = write_config(folder, features, {"probes": n})
    with_pairs = alone.with_name("pairs.json")
    with_pairs.write_text(write_config(folder, features, {"probes": n, "pairs": pairs}).read_text())
    alone = write_config(folder, features, {"probes": n})
    found = medians(options.repeats, {"without": lambda: assay(alone, options.ranks),
                                      "with": lambda: assay(with_pairs, options.ranks)})
    say(f"exact shifts of {n_pair} pairs, {n} probes x {m:,} features, {options.ranks} ranks (target: seconds)")
    say(f"  whole job {found['with']:.2f} s, of which pairs {found['with'] - found['without']:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="part of the full size")
    parser.add_argument("--parts", default="dense,sparse,pairs")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--report")
    parser.add_argument("--blas-core", default=BLAS["OPENBLAS_CORETYPE"], help="OPENBLAS_CORETYPE of all contenders")
    options = parser.parse_args()
    BLAS["OPENBLAS_CORETYPE"] = options.blas_core
    lines = []

    def say(line):
        lines.append(line)
        print(line, flush=True)
        if options.report:
            pathlib.Path(options.report).write_text("\n".join(lines) + "\n")

    say(f"OpenBLAS kernels: {options.blas_core}; medians of {options.repeats}")
    benches = {"dense": bench_dense, "sparse": bench_sparse, "pairs": bench_pairs}
    for part in options.parts.split(","):
        with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
            benches[part](pathlib.Path(folder), options, say)


if __name__ == "__main__":
    main()
