"""What the end-to-end tests share: running the program on ranks, and counting checks."""
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.environ["ASSAY_PROGRAM"]
SOURCE = pathlib.Path(os.environ["ASSAY_SOURCE"])

# Exit codes, as src/base/status.h says.
OK, DIFFERS, BAD_USAGE, BAD_CONFIG, BAD_INPUT, BAD_RUN, BAD_KEY, CANNOT_WRITE, CANNOT_FIT = range(9)
FAULT_INJECTED = 10

TIMEOUT = 120  # seconds: a job of these tests that takes longer hangs

# One node, one thread per rank, and no search for networks: starting a job is most of what these tests do.
ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_ess_singleton_isolated": "1",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ASAN_OPTIONS": "detect_leaks=0",
}

Outcome = collections.namedtuple("Outcome", "code out err")

# Every rank notes its exit code, and mpirun sees none: it would stop the ranks that are still about to leave.
NOTE_CODE = '"$@"; echo $? >"$0/$OMPI_COMM_WORLD_RANK"'

counts, counting = collections.Counter(), threading.Lock()


def check(condition, what, *evidence):
    """Counts, says what is not true, and goes on."""
    with counting:
        counts["passed" if condition else "failed"] += 1
        if not condition:
            print(f"not true: {what}", *evidence, sep="\n    ", file=sys.stderr, flush=True)
    return bool(condition)


def finish():
    """Ends a test: every script's last call."""
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(counts["failed"] > 0 or counts["passed"] == 0)


def side_by_side(function, items, workers=3):
    """function(item) for every item, a few at a time: starting ranks is mostly waiting."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(function, item) for item in items]:
            future.result()


@contextlib.contextmanager
def folder():
    """A folder for one test, removed at its end."""
    with tempfile.TemporaryDirectory(prefix="assay-") as path:
        yield pathlib.Path(path)


# ---- running the program --------------------------------------------------------------------------------------------


def command_line(arguments, ranks, program, codes):
    program = [program or PROGRAM, *map(str, arguments)]
    if ranks == 1:
        return program
    note = ["sh", "-c", NOTE_CODE, codes] if codes else []
    return ["mpirun", "--oversubscribe", "-n", str(ranks), *note, *program]


def environment(more=None):
    return {**os.environ, **ENVIRONMENT, **(more or {})}


def children(process_id):
    """Process ids of the children of a process."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError):
                text = pathlib.Path("/proc", entry, "stat").read_text()
                if int(text.rpartition(")")[2].split()[1]) == process_id:
                    found.append(int(entry))
    return found


def kill_tree(process_id):
    """kill -9 of a process that we started, and of all that it started."""
    below = children(process_id)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGKILL)
    for child in below:
        kill_tree(child)


def start(*arguments, ranks=1, env=None, program=None, codes=None, preexec=None):
    """Starts the program; the caller waits for it."""
    return subprocess.Popen(command_line(arguments, ranks, program, codes), env=environment(env), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=preexec)


def wait(process, timeout=TIMEOUT):
    """Outcome of a started program; a code of None stands for one that hung and was killed."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill_tree(process.pid)
        out, err = process.communicate()
        return Outcome(None, out, err + f"(no end after {timeout} s: killed)\n")
    return Outcome(process.returncode, out, err)


def is_running(process_id):
    """Whether a process is there and not a zombie."""
    try:
        return pathlib.Path("/proc", str(process_id), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_killed(process, ranks, timeout=TIMEOUT):
    """Whether all ranks (process ids) of a started program end after some were killed.  mpirun is then given a moment
    and killed: while it cleans up, Open MPI 4.1 may wait for a lock of PMIx forever."""
    end = time.monotonic() + timeout
    while any(map(is_running, ranks)) and time.monotonic() < end:
        time.sleep(0.01)
    ended = not any(map(is_running, ranks))
    wait(process, timeout=5)
    return ended


def agreed_code(codes, ranks):
    """The exit code that every rank noted, or the list of them, which equals none."""
    noted = [pathlib.Path(codes, str(rank)) for rank in range(ranks)]
    values = [int(path.read_text()) if path.exists() and path.read_text().strip() else None for path in noted]
    return values[0] if values == [values[0]] * ranks else values


def run(*arguments, ranks=1, env=None, program=None, timeout=TIMEOUT, preexec=None):
    """Runs the program to its end: exit code (the same on every rank, else the list of them), output, errors."""
    with tempfile.TemporaryDirectory(prefix="assay-codes-") as codes:
        # Isolated processes of MPI would share one session folder, and with it their fates.
        apart = {"OMPI_MCA_orte_tmpdir_base": codes, **(env or {})}
        process = start(*arguments, ranks=ranks, env=apart, program=program, codes=codes, preexec=preexec)
        outcome = wait(process, timeout)
        if ranks > 1 and outcome.code is not None:
            outcome = outcome._replace(code=agreed_code(codes, ranks))
        return outcome


def run_well(*arguments, **options):
    """Runs the program, which must succeed; without that the rest of a test has no meaning."""
    outcome = run(*arguments, **options)
    if not check(outcome.code == OK, f"assay {' '.join(map(str, arguments))} succeeds", options, outcome.code,
                 outcome.out, outcome.err):
        finish()
    return outcome


def sentences(outcome):
    """What the program said of its failure: one item per `assay: kind: …`, of whichever rank."""
    return re.findall(r"^assay: [a-z ]+: .*", outcome.err, re.MULTILINE)


# ---- what a run leaves ----------------------------------------------------------------------------------------------


def root(run_directory):
    """The root that a run is sealed under, or None."""
    path = pathlib.Path(run_directory, "seal/checkpoint")
    return path.read_text().split("\n")[2] if path.exists() else None


def files_below(*directories):
    """Every regular file below some directories, in order."""
    return sorted(path for directory in directories for path in pathlib.Path(directory).rglob("*") if path.is_file())
