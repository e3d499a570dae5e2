#!/usr/bin/python3 -B
"""What must hold: a solution has the same bits with the kernels that BLAS has for different CPUs, on any grid, with any
number of threads.  Usage: kernels.py PROGRAM [OTHER PROGRAM…], builds of solve_digest.c."""
import os
import pathlib
import re
import subprocess
import sys

CPU = set(re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE).group(1).split())
NEEDS = {"Haswell": "avx2", "SkylakeX": "avx512f"}  # what a kernel needs of this CPU
TIMEOUT = 120


def variants():
    for core in ("Prescott", "Haswell", "SkylakeX"):
        if NEEDS.get(core, "fpu") in CPU:
            for ranks in (1, 4):
                yield ranks, {"OPENBLAS_CORETYPE": core}
    yield 1, {"OPENBLAS_NUM_THREADS": "2"}
    yield 3, {}


def solve(program, ranks, changes):
    """The digest of the solutions, and the condition estimate, whose bits tell one factor from another."""
    call = ["mpirun", "--oversubscribe", "-n", str(ranks), program]
    done = subprocess.run(call, env={**os.environ, **changes}, capture_output=True, text=True, timeout=TIMEOUT,
                          check=False)
    lines = done.stdout.split()
    if done.returncode or len(lines) != 2 or not re.fullmatch("[0-9a-f]{64}", lines[0]):
        return f"exit code {done.returncode}: {done.stdout}{done.stderr}", None
    return lines


def main():
    found, factors, failed = {}, set(), 0
    for program in sys.argv[1:]:
        for ranks, changes in variants():
            name = f"{program} on {ranks} with {changes or 'nothing else'}"
            found[name], condition = solve(program, ranks, changes)
            factors.add(condition)
    expected = next(iter(found.values()))
    for name, digest in found.items():
        if digest != expected or not re.fullmatch("[0-9a-f]{64}", digest):
            failed += 1
            print(f"not true: the same solution from {name}\n    {digest}\n    {expected}", file=sys.stderr)
    print(f"{len(found)} variants, {len(factors)} different factors")
    print(f"{len(found) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
