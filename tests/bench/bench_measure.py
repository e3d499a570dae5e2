"""Running contenders in turn, and what their runs took."""
import collections
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ["ASSAY_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests/end_to_end"))
from assay import ENVIRONMENT, PROGRAM  # noqa: E402, pylint: disable=wrong-import-position

# OpenBLAS does not know every CPU: without this it may take kernels of 2004.  --blas-core replaces it.
RIVAL = {"OPENBLAS_CORETYPE": "SkylakeX"}

# Seconds on the clock and of processors, bytes of the largest process, seconds by phase (clock, processor), the output.
Run = collections.namedtuple("Run", "seconds processor memory phases out")


def phases_of(text):
    """{phase: (clock, processor)} of Assay's profile, or {phase: (clock, clock)} of a rival's."""
    found = {}
    for name, clock, processor in re.findall(r"^([a-z][a-z ]*?) +(\d+\.\d+)(?: +(\d+\.\d+))?$", text, re.MULTILINE):
        found[name] = (float(clock), float(processor or clock))
    return found


class MemoryWatch(threading.Thread):
    """The most memory a process has held: getrusage would count what this process held when it forked."""

    def __init__(self, process_id):
        super().__init__(daemon=True)
        self.status, self.most, self.ended = pathlib.Path(f"/proc/{process_id}/status"), 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.05):
            with contextlib.suppress(OSError):
                for kilobytes in re.findall(r"^VmHWM:\s+(\d+) kB", self.status.read_text(), re.MULTILINE):
                    self.most = 1024 * int(kilobytes)

    def end(self):
        self.ended.set()
        self.join()
        return self.most


def execute(command, cores, env=None):
    """One run, bound to cores; its exit code must be 0."""
    with tempfile.TemporaryFile("w+") as out:
        started = time.perf_counter()
        with subprocess.Popen(["taskset", "-c", ",".join(map(str, cores)), *map(str, command)], stdout=out,
                              stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT, **(env or {})}) as process:
            watch = MemoryWatch(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds, memory = time.perf_counter() - started, watch.end()
        out.seek(0)
        text = out.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{text}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, memory, phases_of(text), text)


def run_assay(config, directory, cores, ranks=1, launcher=False, env=None):
    """assay run from nothing to the finished run directory; `launcher`: through mpirun even on one rank."""
    shutil.rmtree(directory, ignore_errors=True)
    command = [PROGRAM, "run", "--quiet", config]
    if launcher:
        command = ["mpirun", "--oversubscribe", "--bind-to", "core" if ranks > 1 else "none", "-n", ranks, *command]
    return execute(command, cores, {"ASSAY_PROFILE": "1", **(env or {})})


class Contest:
    """Contenders that run in turn, so that a noisy minute meets them all."""

    def __init__(self, repeats, log):
        self.repeats, self.log = repeats, log
        self.contenders, self.runs = {}, collections.defaultdict(list)

    def add(self, name, function):
        self.contenders[name] = function

    def hold(self):
        for repeat in range(self.repeats):
            for name, function in self.contenders.items():
                run = function()
                self.runs[name].append(run)
                self.log(f"  {repeat + 1}/{self.repeats} {name}: {run.seconds:.2f} s")
        return self

    def seconds(self, name):
        return statistics.median(run.seconds for run in self.runs[name])

    def ratio(self, slower, faster, of="seconds"):
        """Median of the ratios of neighbouring runs: what slows both for a while cancels."""
        pairs = zip(self.runs[slower], self.runs[faster])
        return statistics.median(getattr(a, of) / getattr(b, of) for a, b in pairs)

    def spread(self, name):
        times = [run.seconds for run in self.runs[name]]
        return f"{self.seconds(name):.2f} s ({min(times):.2f} to {max(times):.2f})"

    def phases(self, name):
        """Median processor seconds by phase; `rest` is all that no phase has: starting, sealing, ending."""
        def rest(run):
            return run.processor - sum(processor for p, (_, processor) in run.phases.items() if p != "total")
        names = self.runs[name][0].phases
        found = {p: statistics.median(run.phases[p][1] for run in self.runs[name]) for p in names if p != "total"}
        return {**found, "rest": statistics.median(map(rest, self.runs[name]))}

    def memory(self, name):
        return max(run.memory for run in self.runs[name])


def show_phases(phases):
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in phases.items())


def warm(folder):
    """Reads every file below a folder, so that the page cache has it."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
                while file.read(1 << 24):
                    pass


def processor_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"
