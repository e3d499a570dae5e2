#!/usr/bin/python3 -B
"""What must hold: wherever the ranks come to a verdict, a failure of one rank at that place makes all leave with the
same code and one sentence, in time; nothing incomplete has a final name, and the next run ends at the good root."""
import policies
import study as studies
from assay import FAULT_INJECTED, OK, check, finish, folder, root, run, run_well, sentences, side_by_side

RANKS, MOST = 3, 400  # more verdicts than any job of this size has


def check_fault(path, table, expected, k):
    """Whether the run of a config, which writes `table`, came to a k-th verdict."""
    what = f"{table}: verdict {k} fails on rank {k % RANKS}"
    directory, good_run = path.parent / f"run-{k}", path.parent / "run"
    arguments = ("run", path, "--directory", directory)
    fault = {"ASSAY_FAIL_AGREE": f"{k},{k % RANKS}", "ASSAY_JOURNAL_SECONDS": "0"}
    outcome = run(*arguments, ranks=RANKS, env=fault)
    if outcome.code == OK:
        return False
    check(outcome.code == FAULT_INJECTED, f"{what}: the same exit code on all ranks", outcome.code, outcome.err)
    check(len(sentences(outcome)) == 1, f"{what}: one sentence", outcome.err)
    written = directory / table
    check(not written.exists() or written.read_bytes() == expected[1], f"{what}: it is complete if it is there")
    check(root(directory) in (None, expected[0]), f"{what}: the root is the good one if it is there")
    ranks = (1, 1, 2)[k % 3]
    run_well(*arguments, "--quiet", ranks=ranks)
    check((root(directory), written.read_bytes()) == expected, f"{what}: the next run, on {ranks}, ends well")
    left = {path.relative_to(directory) for path in directory.rglob("*") if path.is_file()}
    good = {path.relative_to(good_run) for path in good_run.rglob("*") if path.is_file()}
    check(left == good, f"{what}: nothing else is left", left ^ good)
    return True


def sweep(path, table, least):
    """Every verdict of a run fails in turn."""
    run_well("run", path, "--quiet", ranks=RANKS)
    expected = root(path.parent / "run"), (path.parent / "run" / table).read_bytes()
    reached = []
    for first in range(1, MOST, 6):
        side_by_side(lambda k: reached.append((k, check_fault(path, table, expected, k))), range(first, first + 6))
        if not all(failed for _, failed in reached):
            break
    n_fault = sum(failed for _, failed in reached)
    check(n_fault >= least, f"{table}: the run comes to verdicts", n_fault)
    check([failed for _, failed in sorted(reached)] == sorted((failed for _, failed in reached), reverse=True),
          f"{table}: every verdict before the last fails when told to", reached)
    print(f"{table}: {n_fault} verdicts failed in turn")


with folder() as temporary:
    small = studies.make(temporary / "study", n_checkpoint=2)
    small.config["seal"] = {"key": "audit.key"}
    sweep(studies.write_config(small), "influence.h5", 10)
    for name, choices in (("primal", {"n_probe": 30, "n_feature": 8}), ("dual", {"n_probe": 12, "n_feature": 20})):
        problem = policies.make(temporary / name, **choices)
        policies.add_pairs(problem, n_pair=3)
        sweep(policies.write_config(problem, ridge={"lambda": [1], "folds": 2}), "policy.h5", 20)
finish()
