#!/usr/bin/python3 -B
"""What must hold: no single byte of a sealed run or of its inputs changes without `assay verify` saying in which
file."""
import os
import random
import re
import shutil

import study as studies
from assay import BAD_RUN, DIFFERS, OK, check, files_below, finish, folder, run, run_well, side_by_side

CHANGES = 500  # of single bytes, per study; there are two studies


def sealed(base, form):
    """A small sealed run: few files of some kB."""
    study = studies.make(base / form, form=form, n_train=24, n_query=3, n_checkpoint=2, layers={"fc1": (4, 3)},
                         shard_rows=12)
    study.config["seal"] = {"key": "../audit.key"}
    study.config["run"]["also"] = ["checkpoints.jsonl", "notes.txt"]
    (study.folder / "notes.txt").write_text("what else belongs to this study\n")
    run_well("run", studies.write_config(study, keep={"top": 4, "scores": True}), "--quiet")
    study.config_bytes = study.path.read_bytes()
    study.path.unlink()  # the run must be checkable without it: run.json is what was used
    return study


def verify(study, ranks=1):
    return run("verify", study.folder / "run", ranks=ranks)


def name_of(study, path):
    """How `verify` names a file: within the run directory, or as the config names an input."""
    directory = study.folder / "run"
    return str(path.relative_to(directory if directory in path.parents else study.folder))


def names(outcome, study, path):
    pattern = rf"(^|[^\w.-]){re.escape(name_of(study, path))}($|[^\w.-])"
    return re.search(pattern, outcome.out + outcome.err, re.MULTILINE) is not None


def check_found(study, path, what, ranks=1, code=DIFFERS):
    outcome = verify(study, ranks)
    name = name_of(study, path)
    check(outcome.code == code, f"{what}: {name}: exit code on {ranks}", outcome.code, outcome.out, outcome.err)
    check(names(outcome, study, path), f"{what}: {name} is named", outcome.out, outcome.err)


def check_whole(study, what, ranks=1):
    outcome = verify(study, ranks)
    check(outcome.code == OK, f"{what}: the run is whole again", outcome.code, outcome.out, outcome.err)


def change_bytes(study, generator):
    """Single bytes of random files, changed and restored."""
    paths = files_below(study.folder)
    for i in range(CHANGES):
        path = generator.choice(paths)
        offset, change = generator.randrange(path.stat().st_size), generator.randrange(1, 256)
        ranks = 1 if i % 20 else 2 + i // 20 % 2
        with open(path, "r+b") as file:
            file.seek(offset)
            old = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([old ^ change]))
            file.flush()
            check_found(study, path, f"byte {offset} from {old:#x} to {old ^ change:#x}", ranks)
            file.seek(offset)
            file.write(bytes([old]))
        if i % 50 == 49:
            check_whole(study, f"after {i + 1} changes", ranks)


def change_files(study):
    """Truncation, growth, deletion of every file, and files in each other's place."""
    paths = files_below(study.folder)
    for path in paths:
        whole = path.read_bytes()
        for what, content in (("truncated", whole[:-1]), ("emptied", b""), ("grown", whole + b"\0"), ("gone", None)):
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
            never_sealed = what == "gone" and path.name == "checkpoint"  # as far as anyone can tell
            check_found(study, path, what, code=BAD_RUN if never_sealed else DIFFERS)
        path.write_bytes(whole)
    check_whole(study, "after truncation, growth and deletion", 3)
    for path, other in zip(paths, paths[1:] + paths[:1]):
        contents = path.read_bytes(), other.read_bytes()
        if contents[0] == contents[1]:
            continue
        path.write_bytes(contents[1])
        other.write_bytes(contents[0])
        outcome, what = verify(study), f"{name_of(study, path)} and {name_of(study, other)} swapped"
        check(outcome.code == DIFFERS, what, outcome.code, outcome.out, outcome.err)
        # One may hide the other: without a key or a log nothing else can be judged.
        check(names(outcome, study, path) or names(outcome, study, other), f"{what}: named", outcome.out, outcome.err)
        path.write_bytes(contents[0])
        other.write_bytes(contents[1])
    check_whole(study, "after swaps")


def graft(study, other):
    """A whole seal of another run with the same key, and this run's table under the other's seal."""
    mine, theirs = study.folder / "run", other.folder / "run"
    kept = study.folder.parent / "kept"
    shutil.move(mine / "seal", kept)
    shutil.copytree(theirs / "seal", mine / "seal")
    outcome = verify(study)
    check(outcome.code == DIFFERS, "the seal of another run", outcome.code, outcome.out, outcome.err)
    shutil.rmtree(mine / "seal")
    shutil.move(kept, mine / "seal")
    check_whole(study, "after the graft")


def check_study(item):
    study, seed = item
    check_whole(study, "undisturbed", 3)
    change_bytes(study, random.Random(seed))
    change_files(study)


with folder() as temporary:
    both = [sealed(temporary, form) for form in ("safetensors", "hdf5")]
    side_by_side(check_study, [(study, int(os.environ.get("ASSAY_TEST_SEED", 7)) + i) for i, study in enumerate(both)])
    graft(*both)
finish()
