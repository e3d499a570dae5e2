#!/usr/bin/python3 -B
"""What must hold: a rank's largest resident set is under influence.memory and a constant for the libraries, also where
the plan needs nearly all of it; and it grows with nothing: not with the captures, not with the samples."""
import filecmp
import pathlib
import re
import subprocess

import study as studies
from assay import CANNOT_FIT, OK, PROGRAM, check, environment, finish, folder

MIB = 1 << 20
LIBRARIES = 48 * MIB  # program, Open MPI, HDF5, OpenSSL, oneDNN, OpenBLAS with one thread: measured 34 to 37 MiB
SANITIZED = b"__asan_init" in pathlib.Path(PROGRAM).read_bytes()  # its shadow memory is not ours to bound


def write_records_quickly(study):
    """As studies.write_records, for many samples."""
    line = ('{{"id":"sample-{0:07d}","split":"train","policy":"books-{1}","license":"MIT","source":"archive-{2}",'
            '"note":"{0:024d}"}}\n')
    (study.folder / "samples.jsonl").write_text("".join(line.format(i, i % 3, i % 7) for i in range(study.n_train)))
    studies.write_lines(study.folder / "queries.jsonl",
                        [{"id": f"query-{j}", "text": "?"} for j in range(study.n_query)])
    studies.write_lines(study.folder / "checkpoints.jsonl",
                        [{"name": name, "step": 100 * k, "learning_rate": 0.5, "validation_loss": 1.0}
                         for k, name in enumerate(study.checkpoints)])


def peaks(study, memory, ranks):
    """Largest resident set of every rank in bytes, the exit code, and what the program said."""
    study.config["influence"]["memory"] = f"{memory} B"
    studies.write_config(study)
    directory = study.folder / f"run-{memory}-{ranks}"
    command = ["sh", "-c", 'exec /usr/bin/time -f %M -o "$0-${OMPI_COMM_WORLD_RANK:-0}.peak" "$@"', directory,
               PROGRAM, "influence", study.path, "--quiet", "--directory", directory]
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "-n", str(ranks), *command]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    measured = [study.folder / f"{directory.name}-{rank}.peak" for rank in range(ranks)]
    return [1024 * int(path.read_text().split()[-1]) for path in measured], done.returncode, done.stderr


def in_mib(found):
    return [round(peak / MIB, 1) for peak in found]


def of(study):
    """Bytes of the records and of the captures."""
    captures = sum(path.stat().st_size for path in (study.folder / "captures").rglob("*.safetensors"))
    return (study.folder / "samples.jsonl").stat().st_size / MIB, captures / MIB


def test_bound(base, libraries):
    """The plan says how little will do; with just that the run stays within it."""
    study = studies.make(base / "queries", n_train=8192, n_query=2000, n_checkpoint=1, shard_rows=8192,
                         layers={"fc1": (48, 32)})
    studies.write_config(study, block_rows=1024, keep={"top": 20, "scores": False})
    _, code, said = peaks(study, 8 * MIB, 1)
    check(code == CANNOT_FIT, "a plan that does not fit is refused", code, said)
    need = re.search(r"needs more than ([0-9.]+) MiB", said)
    memory = int((float(need[1]) + 0.6) * MIB)
    for ranks in (1, 2):
        for bytes_allowed in (memory, 8 * memory):
            found, code, said = peaks(study, bytes_allowed, ranks)
            print(f"{bytes_allowed / MIB:.1f} MiB allowed, {ranks} ranks: {in_mib(found)} MiB")
            check(code == OK, "a run that fits ends well", said)
            check(SANITIZED or max(found) <= libraries[ranks] + bytes_allowed, "the peak is within the bound", found,
                  libraries)
    check(SANITIZED or max(found) > libraries[1] + memory // 4, "the run needs much of the bound", found)


def test_growth(base):
    """From 20,000 examples to 32 times as many, with a samples file of more than one segment and more ids than half of
    the memory given can hold at once."""
    memory, sizes, largest = 24 * MIB, (20000, 160000, 640000), {1: [], 2: [], 3: []}
    for n in sizes:
        study = studies.make(base / f"n-{n}", n_train=n, n_query=50, n_checkpoint=1, shard_rows=20000,
                             layers={"fc1": (24, 16)})
        studies.write_config(study, block_rows=4096, keep={"top": 20, "scores": False})
        records, captures = of(study)
        for ranks in largest:
            found, code, said = peaks(study, memory, ranks)
            check(code == OK, f"{n} examples on {ranks} ranks: ends well", said)
            print(f"{n} examples (records {records:.1f}, captures {captures:.1f} MiB), {ranks} ranks: "
                  f"{in_mib(found)} MiB", flush=True)
            check(SANITIZED or max(found) <= LIBRARIES + memory, f"{n} examples: every rank is within the bound", found)
            largest[ranks].append(max(found))
        for ranks in (2, 3):
            check(filecmp.cmp(*(study.folder / f"run-{memory}-{count}/influence.h5" for count in (1, ranks)), False),
                  f"{n} examples: the same bytes on {ranks} ranks")
        if n == sizes[-1]:
            check(records > 64, "the samples file has more than one segment", records)
    for ranks, found in largest.items():
        # But for the table of ids, which is as large as they need and at most half of the memory given.
        check(SANITIZED or found[2] - found[0] < memory // 4, f"{ranks} ranks: memory is flat", in_mib(found))


with folder() as temporary:
    tiny, taken = studies.make(temporary / "tiny"), {}
    for count in (1, 2):
        tiny_peaks, tiny_code, tiny_said = peaks(tiny, 64 * MIB, count)
        taken[count] = max(tiny_peaks)
        print(f"libraries, {count} ranks: {in_mib(tiny_peaks)} MiB{' (sanitized: no bounds)' if SANITIZED else ''}")
        check(tiny_code == OK, "a tiny run ends well", tiny_said)
        check(SANITIZED or taken[count] < LIBRARIES, "the libraries take what is said", taken)
    test_bound(temporary, taken)
    studies.write_records = write_records_quickly
    test_growth(temporary)
finish()
