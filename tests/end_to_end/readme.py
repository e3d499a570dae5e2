#!/usr/bin/python3
"""The README tells the truth: the root it shows is the demo's, on this machine as on any, and its commands exist."""
import pathlib
import re
import shutil
import tempfile

from assay import PROGRAM, SOURCE, check, finish, run

README = (SOURCE / "README.md").read_text(encoding="utf-8")


def demo_root(folder):
    """Runs the demo's config in a copy of the tree's configs and data, and gives the root that it signed."""
    for name in ("configs", "data"):
        shutil.copytree(SOURCE / name, folder / name)
    outcome = run("run", folder / "configs/digits.json", ranks=2)
    check(outcome.code == 0, "the demo's config runs", outcome.err)
    return (folder / "runs/digits/seal/checkpoint").read_text(encoding="utf-8").splitlines()[2]


with tempfile.TemporaryDirectory(prefix="assay-") as name:
    root = demo_root(pathlib.Path(name))
    shown = re.findall(r"^ *root +(\S{44})$", README, re.MULTILINE)
    check(set(shown) == {root}, "the README shows the demo's root", f"shown {shown}", f"found {root}")

for job in sorted(set(re.findall(r"`assay ([a-z]+)[ `]", README))):
    outcome = run(job, "--help")
    check(outcome.code == 0 and job in outcome.out, f"`assay {job}` of the README is a job", outcome.err)
for path in sorted(set(re.findall(r"`((?:src|configs|data|slurm|tests)/[\w./-]*)`", README))):
    check((SOURCE / path).exists(), f"{path} of the README exists")
schema = run("config", "schema")
check(schema.out == (SOURCE / "configs/schema.json").read_text(encoding="utf-8"),
      "configs/schema.json is what `assay config schema` prints: write it anew")
finish()
