#!/usr/bin/python3 -B
"""What must hold: wherever a disk fails while the program writes (an error, no room, a write that is cut short), on
one rank or on the other, the job ends with one clear sentence and its own exit code, in time; nothing incomplete has a
final name; and the next run, on a disk that works, ends at the good root and the good bytes.

strace makes the system calls of one rank fail; a small library cuts writes short, which strace cannot do in truth."""
import os
import pathlib
import re
import shutil
import subprocess

import study as studies
from assay import CANNOT_WRITE, OK, PROGRAM, check, environment, finish, folder, root, run_well, side_by_side, wait

EVERY_ROUND = {"ASSAY_JOURNAL_SECONDS": "0"}
TABLE = "influence.h5.partial"
LIMIT = 40  # seconds: a faulty run takes less than one

# The faulty rank keeps its process id ($$) through strace -D, so that the names of its temporary files are known.
FAULTY = r'''
if [ "${OMPI_COMM_WORLD_RANK:-0}" -ne "$FAULTY_RANK" ]; then exec "$@"; fi
paths=
for name in $FAULTY_NAMES; do paths="$paths -P $FAULTY_DIRECTORY/$(echo "$name" | sed "s/PID/$$/")"; done
exec strace -D -f -qq -o "$FAULTY_LOG" $paths -e trace="$FAULTY_CALL" -e inject="$FAULTY_CALL:$FAULTY_FAULT" "$@"
'''

# Every other write of the table, the journal and the small files writes half of what it should: no error at all.
SHORT = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int halves(int descriptor)
{
    static __thread int n;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if ((!strstr(path, ".partial") && !strstr(path, ".tmp-")) || ++n % 2 == 0)
        return 0;
    close(open(getenv("SHORT_MARK"), O_CREAT | O_WRONLY, 0666)); /* for the test: it happened */
    return 1;
}
ssize_t write(int descriptor, const void *bytes, size_t n)
{
    ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return real(descriptor, bytes, n > 1 && halves(descriptor) ? n / 2 : n);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t n, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    return real(descriptor, bytes, n > 1 && halves(descriptor) ? n / 2 : n, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t n, off_t offset)
{
    return pwrite(descriptor, bytes, n, offset);
}
'''


def result(directory):
    return root(directory), (directory / "influence.h5").read_bytes()


def files(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def run_faulty(study, directory, call, fault, names=(), ranks=1, rank=0):
    """The outcome of a run one of whose ranks meets a fault, and whether it met it."""
    directory.mkdir()
    log = directory.with_suffix(".strace")
    more = {**EVERY_ROUND, "FAULTY_RANK": str(rank), "FAULTY_NAMES": " ".join(names), "FAULTY_CALL": call,
            "FAULTY_FAULT": fault, "FAULTY_DIRECTORY": str(directory), "FAULTY_LOG": str(log)}
    command = ["sh", "-c", FAULTY, "faulty", PROGRAM, "run", str(study.path), "--directory", str(directory)]
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "-n", str(ranks), *command]
    with folder() as session:  # isolated processes of MPI would share one, and with it their fates
        process = subprocess.Popen(command, env=environment({**more, "OMPI_MCA_orte_tmpdir_base": str(session)}),
                                   text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        outcome = wait(process, LIMIT)
    return outcome, log.exists() and "(INJECTED)" in log.read_text()


def check_fault(study, good, number, case):
    call, fault, names, ranks, rank, tolerated = case
    directory = study.folder / f"fault-{number}"
    what = f"{call} {fault} on {' '.join(names) or 'any file'}, rank {rank} of {ranks}"
    outcome, met = run_faulty(study, directory, call, fault, names, ranks, rank)
    check(outcome.code is not None, f"{what}: ends in time", outcome.err)
    check(met, f"{what}: the fault was met", outcome)
    found = re.findall(r"^assay: [a-z ]+: .*", outcome.err, re.MULTILINE)
    if tolerated:
        check(outcome.code == OK, f"{what}: does no harm", outcome)
    else:
        check(outcome.code == CANNOT_WRITE, f"{what}: exit code {CANNOT_WRITE}", outcome)
        check(len(found) == 1 and found[0].startswith("assay: cannot write: "), f"{what}: one sentence", outcome.err)
        check(str(directory) in "".join(found) and "Success" not in outcome.err, f"{what}: says where", outcome.err)
        check("Segmentation" not in outcome.err and "HDF5-DIAG" not in outcome.err, f"{what}: no crash", outcome.err)
    for name, content in files(directory).items():
        if name in good and name.name in ("run.json", "influence.h5", "000", "checkpoint"):
            check(name.name == "checkpoint" or content == good[name], f"{what}: {name} is complete if it is there")
    check(root(directory) in (None, root(study.folder / "run")), f"{what}: the root is the good one if it is there")
    run_well("run", study.path, "--quiet", "--directory", directory, ranks=1 + number % 2)
    check(result(directory) == result(study.folder / "run"), f"{what}: the next run ends well")
    left = {name for name in files(directory) if ".tmp-" not in name.name}
    check(left == set(good), f"{what}: nothing else is left", left ^ set(good))
    shutil.rmtree(directory)
    return found[0] if found else ""


def temporary_names(*names):
    return tuple(f"{name}.tmp-PID" for name in names)


STATES = temporary_names(*(f"journal/influence-{generation}-0.state" for generation in range(1, 9)))
SMALL = temporary_names("run.json", "journal/influence.journal") + STATES


def one(call, fault, *names, ranks=1, rank=0, tolerated=False):
    return call, fault, names, ranks, rank, tolerated


def cases():
    """Writes 1 to 9 of the table lay it out; then each of 5 rounds writes twice; then come records and results."""
    for k in (1, 2, 8, 9, 10, 11, 12, 19, 20, 26, 40, 63):
        yield one("pwrite64", f"error={'EIO' if k % 2 else 'ENOSPC'}:when={k}", TABLE)
    for k in (1, 7, 10, 15, 20, 50):
        yield one("pwrite64", f"error=ENOSPC:when={k}+", TABLE)
    yield one("pwrite64", "retval=0:when=11", TABLE)
    for k in (1, 2, 3, 4, 6, 9):
        yield one("fsync", f"error=EIO:when={k}")
    for k in (1, 2, 5):
        yield one("fsync", f"error=EIO:when={k}", TABLE)
    yield one("fsync", "error=EIO:when=1", "journal")
    yield one("fsync", "error=EINVAL:when=1+", "journal", tolerated=True)  # network file systems
    for k in (1, 2):
        yield one("fallocate", f"error=ENOSPC:when={k}", TABLE)
        yield one("fallocate", f"error=EIO:when={k}", TABLE)
    yield one("fallocate", "error=EOPNOTSUPP:when=1+", TABLE, tolerated=True)
    yield one("ftruncate", "error=EIO:when=1", TABLE)
    for k in (1, 2, 3, 4, 7):
        yield one("rename", f"error={'EIO' if k % 2 else 'ENOSPC'}:when={k}")
    yield one("rename", "error=EIO", TABLE)
    yield one("rename", "error=EDQUOT:when=1+")
    for k in (1, 2, 3, 5):
        yield one("write", f"error={'EIO' if k % 2 else 'ENOSPC'}:when={k}", *SMALL)
    yield one("write", "error=EDQUOT:when=2+", *SMALL)
    yield one("write", "retval=0:when=2", *SMALL)
    yield one("write", "error=EINTR:when=1..4", *SMALL, tolerated=True)
    for k in (1, 2, 3):
        yield one("openat", f"error={'EACCES' if k % 2 else 'EMFILE'}:when={k}", *SMALL)
    yield one("openat", "error=EMFILE:when=1", TABLE)
    yield one("mkdir", "error=ENOSPC", "journal")
    yield one("unlink", "error=EIO:when=1+", TABLE, tolerated=True)
    for rank in (0, 1):
        for k in ("11", "11+", "12", "13+"):
            yield one("pwrite64", f"error=EIO:when={k}" if rank == 0 else f"error=EIO:when={int(k.strip('+')) - 10}"
                      + "+" * k.endswith("+"), TABLE, ranks=2, rank=rank)
        yield one("fsync", "error=EIO:when=3", TABLE, ranks=2, rank=rank)
    yield one("pwrite64", "error=EIO:when=9", TABLE, ranks=2)
    yield one("pwrite64", "error=ENOSPC:when=30+", TABLE, ranks=2)
    yield one("rename", "error=EIO:when=3", ranks=2)
    yield one("rename", "error=EIO:when=2", ranks=2, rank=1)


def test_closing(study, good):
    """The last write of the table is done by HDF5 as it closes the file, of which it does not recover by itself."""
    for ranks in (1, 2):
        log, directory = study.folder / "count.strace", study.folder / "count"
        command = ["strace", "-f", "-qq", "-o", str(log), "-P", str(directory / TABLE), "-e", "trace=pwrite64",
                   PROGRAM, "influence", str(study.path), "--directory", str(directory), "--quiet"]
        directory.mkdir()
        if ranks == 2:
            command = ["mpirun", "--oversubscribe", "-n", "1", *command, ":", "-n", "1", PROGRAM, *command[-5:]]
        check(subprocess.run(command, env=environment(EVERY_ROUND), check=False).returncode == OK, "a run is counted")
        n_write = len(log.read_text().splitlines())
        shutil.rmtree(directory)
        for i, fault in enumerate((f"error=EIO:when={n_write}", f"error=ENOSPC:when={n_write}+",
                                   f"error=ENOSPC:when={n_write - 1}+")):
            sentence = check_fault(study, good, 100 * ranks + i, one("pwrite64", fault, TABLE, ranks=ranks))
            print(f"closing, {ranks} ranks, {fault}: {sentence[:140]}")


def test_short_writes(study, good, place):
    source, library = place / "short.c", place / "short.so"
    source.write_text(SHORT)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    preload = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(library)]))
    for ranks in (1, 2):
        directory = study.folder / f"short-{ranks}"
        mark = place / f"mark-{ranks}"
        more = {**EVERY_ROUND, "SHORT_MARK": str(mark), "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        process = subprocess.Popen(
            ["mpirun", "--oversubscribe", "-n", str(ranks), "env", f"LD_PRELOAD={preload}", PROGRAM, "run",
             str(study.path), "--directory", str(directory)], env=environment(more), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        outcome = wait(process, LIMIT)
        print(f"writes cut in half, {ranks} ranks: {outcome.code} {outcome.err.strip()[:140]}")
        what = f"writes cut in half, {ranks} ranks"
        check(mark.exists(), f"{what}: some were")
        check(outcome.code in (OK, CANNOT_WRITE), f"{what}: done or refused", outcome)
        check((outcome.code == OK) == (directory / "seal/checkpoint").exists(), f"{what}: a root if done")
        run_well("run", study.path, "--quiet", "--directory", directory)
        check(result(directory) == result(study.folder / "run"), f"{what}: the next run ends well")
        check(set(files(directory)) == set(good), f"{what}: nothing else is left")


with folder() as temporary:
    temporary = temporary.resolve()  # strace compares paths as the system sees them
    small = studies.make(temporary / "study")
    small.config["seal"] = {"key": "audit.key"}
    studies.write_config(small)
    run_well("run", small.path, "--quiet")
    good_files = files(small.folder / "run")
    spoken = []
    side_by_side(lambda item: spoken.append(check_fault(small, good_files, *item)), enumerate(cases()))
    test_closing(small, good_files)
    test_short_writes(small, good_files, temporary)
    for text in sorted(set(re.sub(r"/\S*/|\d+", "…", sentence)[:150] for sentence in spoken)):
        print(text)
    print(f"{len(spoken)} faults")
finish()
