"""What must hold: kill -9 of one rank or of all, at any moment, leaves nothing that a rerun does not bring to the same
root and the same bytes; and reruns go on where the killed run was."""
import random
import re
import time

import study as studies
from assay import check, finish, folder, kill_tree, children, root, run_well, start, wait

MOMENTS = 10
EVERY_ROUND = {"ASSAY_JOURNAL_SECONDS": "0"}


def listing(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def killed_run(study, directory, seconds, everyone, generator):
    """Starts a run on 2 ranks and kills it after some time; whether there was anything left to kill."""
    process = start("run", study.path, "--quiet", "--directory", directory, ranks=2, env=EVERY_ROUND)
    time.sleep(seconds)
    ranks = children(process.pid)
    alive = process.poll() is None and len(ranks) > 0
    if everyone:
        kill_tree(process.pid)
    elif ranks:
        kill_tree(generator.choice(ranks))
    outcome = wait(process)
    check(outcome.code is not None, "mpirun ends when a rank is killed", outcome.err)
    return alive


with folder() as temporary:
    generator = random.Random(5)
    long = studies.make(temporary / "long", n_train=2000, n_query=20, n_checkpoint=3, shard_rows=600,
                        layers={"fc1": (64, 48), "fc2": (48, 10)})
    long.config["seal"] = {"key": "audit.key"}
    studies.write_config(long)
    begun = time.monotonic()
    run_well("run", long.path, "--quiet", ranks=2, env=EVERY_ROUND)
    duration = time.monotonic() - begun
    good = root(long.folder / "run"), (long.folder / "run/influence.h5").read_bytes(), listing(long.folder / "run")
    killed, resumed = 0, 0
    for moment in range(MOMENTS):
        after = duration * (moment + generator.random()) / MOMENTS
        directory = temporary / f"run-{moment}"
        everyone = moment % 2 == 1
        killed += killed_run(long, directory, after, everyone, generator)
        ranks = (2, 3, 3, 1)[moment % 4]
        outcome = run_well("run", long.path, "--directory", directory, ranks=ranks, env=EVERY_ROUND)
        what = f"killed after {after:.2f} of {duration:.2f} s ({'all' if everyone else 'one'}), rerun on {ranks}"
        found = re.search(r"([0-9,]+) of them from an earlier run", outcome.out)
        resumed += found is not None
        print(f"{what}: {outcome.out.strip()[:100]}")
        check(root(directory) == good[0], f"{what}: the same root")
        check((directory / "influence.h5").read_bytes() == good[1], f"{what}: the same bytes of influence.h5")
        check(listing(directory) == good[2], f"{what}: the same files", set(listing(directory)) ^ set(good[2]))
    check(killed >= MOMENTS // 2, "most runs were killed while they ran", killed)
    check(resumed >= 1, "some rerun took blocks from the journal", resumed)
finish()
