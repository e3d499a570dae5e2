#!/usr/bin/python3 -B
"""What must hold: wherever the ranks come to a verdict, a failure of one rank at that place makes all leave with the
same code and one sentence, in time; nothing incomplete has a final name, and the next run ends at the good root."""
import study as studies
from assay import FAULT_INJECTED, OK, check, finish, folder, root, run, run_well, sentences, side_by_side

RANKS, MOST = 3, 400  # more verdicts than any job of this size has


def check_fault(study, expected, k):
    """Whether the run came to a k-th verdict."""
    what, directory = f"verdict {k} fails on rank {k % RANKS}", study.folder / f"run-{k}"
    arguments = ("run", study.path, "--directory", directory)
    fault = {"ASSAY_FAIL_AGREE": f"{k},{k % RANKS}", "ASSAY_JOURNAL_SECONDS": "0"}
    outcome = run(*arguments, ranks=RANKS, env=fault)
    if outcome.code == OK:
        return False
    check(outcome.code == FAULT_INJECTED, f"{what}: the same exit code on all ranks", outcome.code, outcome.err)
    check(len(sentences(outcome)) == 1, f"{what}: one sentence", outcome.err)
    table = directory / "influence.h5"
    check(not table.exists() or table.read_bytes() == expected[1], f"{what}: influence.h5 is complete if it is there")
    check(root(directory) in (None, expected[0]), f"{what}: the root is the good one if it is there")
    ranks = (1, 1, 2)[k % 3]
    run_well(*arguments, "--quiet", ranks=ranks)
    check((root(directory), table.read_bytes()) == expected, f"{what}: the next run, on {ranks}, ends at the good root")
    left = {path.relative_to(directory) for path in directory.rglob("*") if path.is_file()}
    good = {path.relative_to(study.folder / "run") for path in (study.folder / "run").rglob("*") if path.is_file()}
    check(left == good, f"{what}: nothing else is left", left ^ good)
    return True


with folder() as temporary:
    small = studies.make(temporary / "study", n_checkpoint=2)
    small.config["seal"] = {"key": "audit.key"}
    studies.write_config(small)
    run_well("run", small.path, "--quiet", ranks=RANKS)
    good_result = root(small.folder / "run"), (small.folder / "run/influence.h5").read_bytes()
    reached = []
    for first in range(1, MOST, 6):
        side_by_side(lambda k: reached.append((k, check_fault(small, good_result, k))), range(first, first + 6))
        if not all(failed for _, failed in reached):
            break
    n_fault = sum(failed for _, failed in reached)
    check(n_fault >= 10, "the run comes to verdicts", n_fault)
    check([failed for _, failed in sorted(reached)] == sorted((failed for _, failed in reached), reverse=True),
          "every verdict before the last fails when told to", reached)
    print(f"{n_fault} verdicts failed in turn")
finish()
