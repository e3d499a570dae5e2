#!/usr/bin/python3 -B
"""What must hold: the root and every byte of influence.h5 are the same for any number of ranks, kernels, backend,
memory and compiler."""
import os
import pathlib
import re

import study as studies
from assay import CANNOT_FIT, check, finish, folder, root, run, run_well, side_by_side

CPU = set(re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE).group(1).split())
NEEDS = {"Haswell": "avx2", "SkylakeX": "avx512f", "AVX2": "avx2"}  # what a kernel needs of this CPU


def least_memory(study):
    """Bytes that the plan asks for at least, from its own refusal."""
    outcome = run("influence", studies.write_config(study, memory="1 MiB"))
    found = re.search(r"needs more than ([0-9.]+) MiB", outcome.err)
    check(outcome.code == CANNOT_FIT and found, "a plan that cannot fit says what it needs", outcome.err)
    return int((float(found.group(1)) + 0.1) * 2**20)


def variants(study):
    """Name, options of the call, changes of the config."""
    for ranks in (2, 3, 4, 7):
        yield f"{ranks} ranks", {"ranks": ranks}, {}
    for core in ("Prescott", "Haswell", "SkylakeX"):
        if NEEDS.get(core, "fpu") in CPU:
            yield f"BLAS kernels of {core}", {"env": {"OPENBLAS_CORETYPE": core}}, {"backend": "blas"}
    for isa in ("SSE41", "AVX2", "ALL"):
        if NEEDS.get(isa, "fpu") in CPU:
            yield f"oneDNN with {isa}", {"env": {"DNNL_MAX_CPU_ISA": isa}}, {"backend": "onednn"}
    yield "BLAS, two threads", {"env": {"OPENBLAS_NUM_THREADS": "2"}, "ranks": 2}, {"backend": "blas"}
    yield "oneDNN, two threads", {"env": {"OMP_NUM_THREADS": "2"}, "ranks": 2}, {"backend": "onednn"}
    least = least_memory(study)
    for more in (0, 20_000, 300_000):
        yield f"{more} bytes more than the least memory", {"ranks": 1}, {"memory": least + more}
    if "ASSAY_CLANG_PROGRAM" in os.environ:
        for ranks in (1, 3):
            yield f"clang on {ranks}", {"program": os.environ["ASSAY_CLANG_PROGRAM"], "ranks": ranks}, {}


def result(path, directory, *arguments, **options):
    run_well("run", path, "--quiet", "--directory", directory, *arguments, **options)
    return root(directory), (directory / "influence.h5").read_bytes()


def check_variants(base, study):
    study.config["seal"] = {"key": "audit.key"}
    prepared = []
    for i, (name, options, changes) in enumerate(variants(study)):
        for key in ("backend", "memory"):
            study.config["influence"].pop(key, None)
        text = studies.write_config(study, **changes).read_text()
        path = study.folder / f"config-{i}.json"
        path.write_text(text)
        prepared.append((name, path, study.folder / f"run-{i}", options))
    for key in ("backend", "memory"):
        study.config["influence"].pop(key, None)
    expected = result(studies.write_config(study), study.folder / "run", ranks=1)
    check(expected[0] is not None, "the run is sealed")

    def compare(variant):
        name, path, directory, options = variant
        found = result(path, directory, **options)
        check(found[0] == expected[0], f"{name}: the same root", found[0], expected[0])
        check(found[1] == expected[1], f"{name}: the same bytes of influence.h5")

    side_by_side(compare, prepared)
    for backend in ("onednn", "blas"):
        found = result(study.path, study.folder / f"run-{backend}", "--backend", backend)
        check(found == expected, f"--backend {backend}: the same result")
    print(f"{base.name}: {len(prepared)} variants")


def test_more_ranks_than_blocks(base):
    """Ranks beyond the blocks share out the checkpoints, and ranks beyond these have nothing to do."""
    study = studies.make(base / "two-blocks", n_train=70)
    study.config["seal"] = {"key": "audit.key"}
    for method in ("tracin", "gradient-cosine"):
        path = studies.write_config(study, block_rows=64, method=method)
        expected = result(path, study.folder / f"run-{method}")
        for ranks in (2, 3, 4, 5, 7):
            found = result(path, study.folder / f"run-{method}-{ranks}", ranks=ranks)
            check(found == expected, f"two blocks and three checkpoints by {method} on {ranks} ranks")


def test_sensitivity(base):
    """Any change of inputs or of a field that decides the result changes the root: it is not constant."""
    study = studies.make(base / "sensitive")
    study.config["seal"] = {"key": "audit.key"}
    roots = [result(studies.write_config(study), study.folder / "run")[0]]
    for i, changes in enumerate(({"digits": 3}, {"block_rows": 32}, {"keep": {"top": 8, "scores": True}})):
        roots.append(result(studies.write_config(study, **changes), study.folder / f"run-{i}")[0])
    weights = study.folder / "checkpoints/step-000000.bin"
    weights.write_bytes(weights.read_bytes() + b"x")
    roots.append(result(study.path, study.folder / "run-weights")[0])
    check(len(set(roots)) == len(roots), "every change has a root of its own", roots)


def test_trained(base):
    """With the training itself: two trainings and audits, on 1 rank and on 3, end at one root."""
    roots = set()
    for ranks in (1, 3):
        place = base / f"trained-{ranks}"
        place.mkdir()
        path = studies.make_trained(place)
        run_well("train", path, "--quiet", ranks=ranks)
        path.write_text(path.read_text()[:-1] + ', "seal": {"key": "../audit.key"}}')
        roots.add(result(path, place / "run", ranks=ranks)[0])
    check(len(roots) == 1 and None not in roots, "training and audit on 1 and 3 ranks: one root", roots)


with folder() as temporary:
    for what, choices in (("factors", {"layers": {"fc1": (60, 50), "fc2": (50, 10)}}),
                          ("last-layer", {"kind": "last-layer", "layers": {"head": (50, 10)}}),
                          ("positions", {"form": "hdf5", "positions": {"train": 3, "queries": 2}})):
        made = studies.make(temporary / what, n_train=700, n_query=40, shard_rows=200, **choices)
        check_variants(temporary / what, made)
    test_more_ranks_than_blocks(temporary)
    test_sensitivity(temporary)
    test_trained(temporary)
finish()
