#!/usr/bin/python3 -B
"""What must hold: the recorder in Python writes what the recorder in C writes, row by row, and never stops a training:
wrong calls, locks, a full disk, a removed file or one that cannot be opened are counted, noted in the file and shown.

Usage: recorder.py RECORD, the program of record.c."""
import array
import contextlib
import io
import os
import pathlib
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np

SOURCE = pathlib.Path(os.environ["ASSAY_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/end_to_end"), str(SOURCE / "src/capture/python")]

from assay import check, finish, folder  # noqa: E402
import assay_schema  # noqa: E402
from assay_recorder import Recorder, pseudonym  # noqa: E402
from assay_store import claim  # noqa: E402

RECORD = sys.argv[1]
KEY = b"a key of thirty-two bytes, or so"
VARIES = {"session": ("opened", "process", "host", "recorder"), "closing": ("time",), "step": ("time",)}


def ask(path, question):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(question).fetchall()


def quiet():
    """What the recorder shows goes here."""
    return contextlib.redirect_stderr(io.StringIO())


def read(path):
    outcome = subprocess.run([RECORD, "read", path], capture_output=True, text=True, check=False)
    check(outcome.returncode == 0, f"the reader in C reads {path}", outcome.stderr)
    return outcome.stdout


def raised(kind, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except kind:
        return True
    return False


# ---- the same as in C -----------------------------------------------------------------------------------------------


def record_step(r, step):
    r.step_begin(step, epoch=0, learning_rate=0.1)
    r.use([step, step + 5], losses=[0.25, 1e-30])
    r.use(np.array([0, 9, 8]), weights=np.array([1, 0, 2], np.float32))
    r.contribution("fc1", [1, 2, 3, 4, 5], np.array([0.5, -0.25, 1 / 3, 0, 1e-300]), learning_rate=0.1,
                   delta_norm=0.75, residual=1e-17, rounding=1e-16)
    r.contribution("embedding", learning_rate=0.2, delta_norm=float("nan"), conditional=True)
    r.optimizer("fc1", "weight_decay", 0.01, -0.5)
    r.optimizer("fc1", "momentum", None, 0.25)
    r.step_end(1.5)


def record_all(r):
    few, one = [0, 7, 3], array.array("q", [12])
    r.samples(["doc-0", "doc \"1\"'", "doc-2"], contents=[b"\xa5" * 32] * 3)
    r.definition("policy", "open@2", '{"license": ["CC0"]}')
    r.definition("profile", "shallow", '{"fc1": 0}')
    r.user("user-ä", few)
    r.role("train", few)
    r.role("test", one)
    r.preprocessing("crop", '{"size": 8}\n', few)
    r.modality("image", few, [0.5, 0, 1.25])
    r.admission("admit", few, policy="open@2")
    r.admission("modulate", few, policy="open@2", profile="shallow", weights=[0.5, 0, 1.25])
    r.admission("reject", one, policy="open@2", reason="no license")
    r.parameter_group("fc1", 35)
    for step in range(4):
        record_step(r, step)
    r.step_begin(4)
    r.step_end(float("nan"))
    r.checkpoint(4, "step-4", "step-4.pt", sha256=b"\x3c" * 32, learning_rate=0.1)
    r.influence("step-4", "q1", few, [0.5, -1e9, 3], method="tracin")
    r.prediction(few, [1, 9, -1], labels=[1, 9, -1], probabilities=[0.5, 0.25, 1], checkpoint="step-4")
    r.begin_session()
    record_step(r, 2)


def content(path, table):
    columns = [name for name, _, _ in assay_schema.TABLES[table] if name not in VARIES.get(table, ())]
    return ask(path, f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid")


def test_same_as_c(place):
    samples = place / "samples.jsonl"
    samples.write_text('{"id": "a"}\n')
    in_c, in_python, beside = place / "c.sqlite", place / "python.sqlite", place / "beside.sqlite"
    subprocess.run([RECORD, "write", in_c, samples], check=True)
    with Recorder(in_python, "run é", 1, 2, samples=samples, key=KEY, errors="raise") as recorder:
        record_all(recorder)
    with Recorder(beside, "run é", 1, 2, samples=samples, key=KEY, background=True) as recorder:
        record_all(recorder)
    check(not recorder.failures, "nothing fails in the background", recorder.failures)
    check(len(assay_schema.TABLES) == 18, "all tables are compared")
    for table in assay_schema.TABLES:
        there, here = content(in_c, table), content(in_python, table)
        check(content(beside, table) == here, f"table {table}: same rows from the background", content(beside, table))
        if table == "lost":
            check(there == here == [], "nothing is lost", there, here)
        else:
            check(there == here and there, f"table {table}: same rows in C and Python", there, here)
    for question in ("SELECT type, name, sql FROM sqlite_master", "PRAGMA application_id", "PRAGMA user_version",
                     "PRAGMA journal_mode"):
        check(ask(in_c, question) == ask(in_python, question), question, ask(in_c, question), ask(in_python, question))
    check(read(in_c) == read(in_python), "the reader says the same of both", read(in_c), read(in_python))
    told = subprocess.run([RECORD, "pseudonym", KEY.hex(), "user-ä"], capture_output=True, text=True, check=True)
    check(told.stdout.strip() == pseudonym(KEY, "user-ä").hex(), "the same pseudonyms")
    check(os.listdir(place).count("python.sqlite-wal") == 0, "a closed file stands alone")


def test_documented():
    text = (SOURCE / "src/capture/README.md").read_text()
    for table, columns in assay_schema.TABLES.items():
        check(f"`{table}`" in text, f"the README has table {table}")
        part = text.partition(f"| `{table}` |")[2].partition("\n")[0]
        for name, _, _ in columns:
            check(f"`{name}`" in part or f"`{name}`" in text.partition("Columns of many tables")[2],
                  f"the README has {table}.{name}")


# ---- what comes in --------------------------------------------------------------------------------------------------


def test_kinds_of_lists(place):
    path = place / "kinds.sqlite"
    kinds = [[4, 5], (4, 5), range(4, 6), array.array("q", [4, 5]), array.array("i", [4, 5])]
    kinds += [np.array([4, 5], dtype) for dtype in ("i1", "u2", "i4", "i8", ">i8")] + [np.array([4, 9, 5])[::2]]
    with Recorder(path, "r", errors="raise") as recorder:
        for step, samples in enumerate(kinds):
            recorder.step_begin(step)
            recorder.use(samples, np.array([1, 2], ("f2", "f8")[step % 2]))
            recorder.step_end()
    rows = ask(path, "SELECT samples, losses FROM step")
    check(rows == [(np.array([4, 5], "<i8").tobytes(), np.array([1, 2], "<f4").tobytes())] * len(kinds),
          "lists of every kind are packed alike", rows)


def test_nothing(place):
    """A list of no samples is nothing to record, and no failure; what is said of it still has to be right."""
    path = place / "nothing.sqlite"
    with quiet(), Recorder(path, "r", key=KEY, errors="raise") as recorder:
        recorder.admission("reject", [], policy="p", reason="license")
        recorder.admission("modulate", np.zeros(0, np.int64), policy="p", weights=[])
        recorder.user("ann", [])
        recorder.role("train", range(0))
        check(raised(ValueError, recorder.admission, "reject", [], policy="p"), "it needs its reason even so")
        check(raised(ValueError, recorder.admission, "modulate", [], policy="p", weights=[1]), "and no weights")
    check(ask(path, "SELECT count(*) FROM admission") == [(0,)], "there is no row of it")
    with Recorder(path, "r", key=KEY) as recorder:
        recorder.admission("reject", [], policy="p", reason="license")
        check(not recorder.failures, "nothing is lost", recorder.failures)


GOOD = '{"policies": [{"name": "p", "version": "1"%s}], "profiles": [{"name": "d", "version": "1", "weights": {%s}}]}'


def test_policies(place):
    """A file of policies is recorded whole, or not at all; the test of the lineage job compares texts with C."""
    path, file = place / "policies.sqlite", place / "policies.json"
    with quiet(), Recorder(path, "r", errors="raise") as recorder:
        file.write_text(GOOD % ("", '"fc1": 0'))
        recorder.policies(file)
        for text in ("[]", "{}", '{"policies": []}', "{", GOOD % (', "name": "q"', '"a": 1'), GOOD % ("", ""),
                     GOOD % ("", '"a": 1001'), GOOD % ("", '"a": true'), GOOD % ("", '"a": NaN'),
                     GOOD % (', "admitt": {}', '"a": 1'), GOOD % (', "profile": "e"', '"a": 1'),
                     GOOD % (', "opt_out": "no.txt"', '"a": 1'), GOOD % (', "opt_out": ["a", "a"]', '"a": 1'),
                     GOOD % (', "admit": {"license": []}', '"a": 1'), GOOD % (', "admit": {"owner": ["a"]}', '"a": 1'),
                     GOOD % (', "admit": {"collected": {"from": "2024-13-01"}}', '"a": 1'),
                     GOOD % (', "admit": {"collected": {"from": "2024-02-02", "to": "2024-02-01"}}', '"a": 1')):
            file.write_text(text)
            check(raised((ValueError, OSError), recorder.policies, file), f"refused: {text}")
    rows = ask(path, "SELECT kind, name, content FROM definition")
    check(rows == [("policy", "p", '{"name":"p","version":"1","admit":{}}'),
                   ("profile", "d", '{"name":"d","version":"1","weights":{"*":1,"fc1":0}}')], "canonical texts", rows)


def refused(recorder):
    """Calls that are wrong, and what is said of each."""
    ok = [1, 2]
    yield "no step was begun", lambda: recorder.use(ok)
    yield "no step was begun", recorder.step_end
    recorder.step_begin(5)
    yield "found -1", lambda: recorder.use([3, -1])
    yield "at least one sample", lambda: recorder.use([])
    yield "TypeError", lambda: recorder.use([1.0, 2.0])
    yield "TypeError", lambda: recorder.use(np.array([1.0, 2.0]))
    yield "TypeError", lambda: recorder.use(["a"])
    yield "OverflowError", lambda: recorder.use([2**63])
    yield "one of losses for each of 2 samples, found 3", lambda: recorder.use(ok, [1, 2, 3])
    recorder.use(ok)
    yield "as many norms as shares", lambda: recorder.contribution("g", [1, 2], [1])
    yield "1 to 1024 bytes", lambda: recorder.contribution("")
    yield "under way", recorder.begin_session
    recorder.contribution("g", [1, 2, 3])  # refused when the step ends
    recorder.step_end()
    yield "a step after 5, found 5", lambda: recorder.step_begin(5)
    yield "found -1", lambda: recorder.step_begin(-1)
    yield "found 1.5", lambda: recorder.step_begin(1.5)
    yield "needs the run's key", lambda: recorder.user("u", ok)
    yield "train, validation, test, found 'trainer'", lambda: recorder.role("trainer", ok)
    yield "control characters", lambda: recorder.preprocessing("a\tb", "", ok)
    yield "weights", lambda: recorder.modality("m", ok, [1])
    yield "policy", lambda: recorder.definition("rule", "m", "")
    yield "needs a reason", lambda: recorder.admission("reject", ok, policy="p")
    yield "depth profile or weights", lambda: recorder.admission("modulate", ok, policy="p")
    yield "admit, modulate, reject", lambda: recorder.admission("maybe", ok, policy="p")
    yield "policy", lambda: recorder.admission("admit", ok)
    yield "control characters", lambda: recorder.samples(["fine", "not\nfine"])
    yield "1024 bytes", lambda: recorder.samples(["x" * 1025])
    yield "surrogates", lambda: recorder.samples(["\ud800"])
    yield "zero byte", lambda: recorder.preprocessing("crop", "a\0b", ok)
    yield "could not convert", lambda: recorder.checkpoint(1, "c", learning_rate="fast")


def test_refused(place):
    for background in (False, True):
        count_refused(place / f"refused-{background}.sqlite", background)
    with Recorder(place / "raised.sqlite", "r", errors="raise") as recorder:
        for sentence, call in refused(recorder):
            check(raised(Exception, call), f"“{sentence}” is raised when asked")
    check(raised(ValueError, Recorder, place / "x.sqlite", "r", errors="ignore"), "errors is count or raise")
    check(raised(ValueError, Recorder, place / "x.sqlite", "r", errors="raise", background=True), "which is too late")


def count_refused(path, background):
    with quiet() as shown:
        recorder = Recorder(path, "r", background=background)
        n = 0
        for sentence, call in refused(recorder):
            recorder.flush()
            before = recorder.failures
            call()
            recorder.flush()
            new = [text for text in recorder.failures if recorder.failures[text] > before.get(text, 0)]
            check(len(new) == 1 and sentence in new[0], f"“{sentence}” is said", new)
            n += 1
        recorder.lost("mine", "a \ud800 surrogate and a \0 zero")
        recorder.close()
        recorder.use([1])
        recorder.close()
    n += 2  # the contribution of three uses, and mine
    check(sum(count for (count,) in ask(path, "SELECT count FROM lost")) == n, "all of it is noted in the file", n,
          ask(path, "SELECT * FROM lost"))
    check(ask(path, "SELECT losses, steps, uses FROM closing") == [(n, 1, 2)], "the closing counts them")
    check("not all was recorded" in shown.getvalue() and "after the recorder was closed" in shown.getvalue(),
          "it is shown at the end", shown.getvalue())
    check("the recorder lost" in read(path), "the reader tells of it")


def test_cannot_open(place):
    (place / "text.sqlite").write_text("no database at all, only a sentence")
    (place / "folder.sqlite").mkdir()
    with contextlib.closing(sqlite3.connect(place / "other.sqlite")) as database:
        database.execute("CREATE TABLE mine (x)")
    Recorder(place / "known.sqlite", "r").close()
    for name, choices in (("text.sqlite", {}), ("folder.sqlite", {}), ("other.sqlite", {}),
                          ("text.sqlite/a.sqlite", {}), ("known.sqlite", {"run": "another"}),
                          ("new.sqlite", {"rank": 3}), ("new.sqlite", {"run": ""}), ("new.sqlite", {"key": b"short"}),
                          ("new.sqlite", {"samples": place / "no-such.jsonl"})):
        choices = {"run": "r", **choices}
        with quiet() as shown:
            recorder = Recorder(place / name, **choices)
            record_step(recorder, 1)
            recorder.close()
        check("nothing will be recorded" in shown.getvalue(), f"{name}: a recorder that cannot open says so",
              shown.getvalue())
        check(raised(Exception, Recorder, place / name, errors="raise", **choices), f"{name}: it raises when asked")


# ---- what fails underneath ------------------------------------------------------------------------------------------


def test_locked(place):
    path = place / "locked.sqlite"
    with quiet():
        recorder = Recorder(path, "r", pending_bytes=50_000)
        record_step(recorder, 0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        for step in range(1, 31):
            record_step(recorder, step)
        check(time.monotonic() - begin < 0.5, "a lock is waited for once, and briefly", time.monotonic() - begin)
        for step in range(31, 400):
            record_step(recorder, step)
        other.execute("COMMIT")
        other.close()
        recorder.flush()
        record_step(recorder, 400)
        recorder.close()
    steps = [step for (step,) in ask(path, "SELECT step FROM step ORDER BY record")]
    lost = 401 - len(steps)
    check(steps == list(range(400 - lost)) + [400] and lost > 100 and len(steps) > 31,
          "what fits in memory waits; the rest is lost", steps)
    check(ask(path, "SELECT what, count, step_first, step_last FROM lost") == [("step", lost, 400 - lost, 399)],
          "and the file says so", ask(path, "SELECT * FROM lost"))
    check(f"records {401 - lost} to 400 of steps are not there" in read(path), "the reader names the hole", read(path))


def test_full(place):
    path = place / "full.sqlite"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with quiet() as shown:
        recorder = Recorder(path, "r")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))  # fails where a full disk does
        for step in range(200):
            record_step(recorder, step)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        check(recorder.failures, "a full disk is noticed")
        recorder.close()
    check(ask(path, "SELECT count(*), max(step) FROM step") == [(200, 199)], "what waited is written later")
    check("all steps 200" in read(path) and "gap" not in read(path), "nothing is missing", read(path))
    check("not all was recorded" in shown.getvalue() or shown.getvalue(), "it is shown", shown.getvalue())


def test_removed(place):
    path = place / "removed.sqlite"
    with quiet() as shown:
        recorder = Recorder(path, "r")
        record_step(recorder, 0)
        path.unlink()
        record_step(recorder, 1)
        recorder.close()
    check("removed" in shown.getvalue(), "a removed file is noticed", shown.getvalue())


def test_forked(place):
    path = place / "forked.sqlite"
    recorder = Recorder(path, "r", errors="raise")
    record_step(recorder, 0)
    child = os.fork()
    if child == 0:  # a worker that loads data, say
        record_step(recorder, 1)
        recorder.close()
        os._exit(0)
    check(os.waitpid(child, 0)[1] == 0, "the child ends well")
    record_step(recorder, 2)
    recorder.close()
    check(ask(path, "SELECT step FROM step") == [(0,), (2,)], "a forked process records nothing, and breaks nothing",
          ask(path, "SELECT step FROM step"))


def writer_of(recorder):
    return recorder._queue._process.pid  # pylint: disable=protected-access


def test_background(place):
    """Another process writes: a lock does not hold up training, what fails is told, and it ends when training does."""
    path = place / "background.sqlite"
    recorder = Recorder(path, "r", background=True)
    record_step(recorder, 0)
    recorder.flush()
    check(ask(path, "SELECT step FROM step") == [(0,)], "it is there after a flush")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        for step in range(1, 41):
            record_step(recorder, step)
        check(time.monotonic() - begin < 5, "a lock is not waited for", time.monotonic() - begin)
        time.sleep(0.2)  # until its writer gives up waiting
        other.execute("COMMIT")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:  # a worker that loads data, and outlives training
        record_step(recorder, 41)
        recorder.close()
        os.close(writes)
        os.read(reads, 1)
        os._exit(0)
    process = recorder._queue._process  # pylint: disable=protected-access
    with quiet() as shown:
        recorder.close()
    check(process.wait(60) == 0, "the writer does not wait for forked processes")
    os.close(writes)
    check(os.waitpid(child, 0)[1] == 0, "a forked process ends well")
    check([step for (step,) in ask(path, "SELECT step FROM step ORDER BY record")] == list(range(41)), "all is written")
    check("locked" in shown.getvalue(), "the lock is shown", shown.getvalue())
    check(not path.with_name(path.name + "-wal").exists(), "the file stands alone")


def test_background_full(place):
    path = place / "full.sqlite"
    with quiet() as shown:
        recorder = Recorder(path, "r", background=True)
        resource.prlimit(writer_of(recorder), resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        for step in range(200):
            record_step(recorder, step)
        recorder.flush()
        check(recorder.failures, "a full disk is noticed")
        resource.prlimit(writer_of(recorder), resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        recorder.close()
    check(ask(path, "SELECT count(*), max(step) FROM step") == [(200, 199)], "what waited is written later")
    check("not all was recorded" in shown.getvalue(), "it is shown", shown.getvalue())


class Name(str):
    """A text of a class that the writer does not have."""


def test_background_stalled(place):
    """A writer that takes nothing holds training up but briefly; what is interrupted meanwhile is written all the same,
    and so is what a writer without the classes of training could not read."""
    path = place / "stalled.sqlite"
    recorder = Recorder(path, "r", background=True)
    recorder.admission("admit", [1], policy=Name("open"))
    os.kill(writer_of(recorder), signal.SIGSTOP)
    begin, slowest, interrupts = time.monotonic(), 0, 0
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    for step in range(3000):
        signal.setitimer(signal.ITIMER_REAL, 0.01 if step % 100 == 50 else 0)
        one = time.monotonic()
        try:
            record_step(recorder, step)
        except KeyboardInterrupt:
            interrupts += 1
        slowest = max(slowest, time.monotonic() - one)
    signal.setitimer(signal.ITIMER_REAL, 0)
    check(slowest < 5 and time.monotonic() - begin < 60, "it is not waited for", slowest, time.monotonic() - begin)
    os.kill(writer_of(recorder), signal.SIGCONT)
    begin = time.monotonic()
    with quiet():
        recorder.close()
    check(time.monotonic() - begin < 60, "it ends", time.monotonic() - begin)
    check(ask(path, "SELECT policy FROM admission") == [("open",)], "a text is a text")
    n = ask(path, "SELECT count(*) FROM step")[0][0]
    check(3000 - interrupts <= n <= 3000, "every step that was not interrupted is there", n, interrupts)


def test_interrupted(place):
    """A step that is interrupted while it is written is written with the next one; and at the end of the interpreter a
    recorder that cannot be closed leaves the others be."""
    path = place / "interrupted.sqlite"
    recorder = Recorder(path, "r", errors="raise")
    record_step(recorder, 0)
    store = recorder._queue._store  # pylint: disable=protected-access
    write = store.write

    def interrupt(rows):
        store.write = write
        raise KeyboardInterrupt

    store.write = interrupt
    check(raised(KeyboardInterrupt, record_step, recorder, 1), "it is interrupted")
    record_step(recorder, 2)
    recorder.close()
    check(ask(path, "SELECT step FROM step") == [(0,), (1,), (2,)], "and written", ask(path, "SELECT step FROM step"))
    script = (f"import os, sys; sys.path[:0] = [{str(SOURCE / 'src/capture/python')!r}]\n"
              "from assay_recorder import Recorder\n"
              f"a, b = [Recorder({str(place)!r} + name, 'r', errors='raise') for name in ('/a.sqlite', '/b.sqlite')]\n"
              f"os.unlink({str(place)!r} + '/b.sqlite')\n")
    subprocess.run([sys.executable, "-B", "-I", "-c", script], check=False, stderr=subprocess.DEVNULL)
    check(ask(place / "a.sqlite", "SELECT count(*) FROM closing") == [(1,)], "the other one is closed")


def test_background_gone(place):
    """A writer that is killed is noticed; training goes on; the next recorder waits for one that is not yet through."""
    path = place / "gone.sqlite"
    with quiet() as shown:
        recorder = Recorder(path, "r", background=True)
        record_step(recorder, 0)
        recorder.flush()
        os.kill(writer_of(recorder), signal.SIGKILL)
        for step in range(1, 20):
            record_step(recorder, step)
            time.sleep(0.01)
        recorder.close()
    check("the process that writes is gone" in shown.getvalue(), "it is shown", shown.getvalue())
    check(ask(path, "SELECT step FROM step") == [(0,)], "what was written is there")
    check("cut off after step 0" in read(path), "and the session has no end", read(path))
    for choices in ({"errors": "raise"}, {"background": True}):
        claimed = claim(path, 1)
        with quiet() as shown:
            begin = time.monotonic()
            timer = threading.Timer(0.3, claimed.close)
            timer.start()
            record_step(recorder := Recorder(path, "r", **choices), 1)
            recorder.close()
            timer.join()
        check(time.monotonic() - begin > 0.25 and not shown.getvalue(), f"{choices} waits for its turn",
              shown.getvalue())
    check(ask(path, "SELECT session, step FROM step") == [(1, 0), (2, 1), (3, 1)], "and goes on")


def test_left_open(place):
    """A loop that forgets to close: the end of the interpreter does."""
    path = place / "left.sqlite"
    script = (f"import sys; sys.path[:0] = [{str(SOURCE / 'src/capture/python')!r}]\n"
              "from assay_recorder import Recorder\n"
              f"r = Recorder({str(path)!r}, 'r')\nr.step_begin(3); r.use([1]); r.step_end()\n")
    subprocess.run([sys.executable, "-B", "-I", "-c", script], check=True)
    check(ask(path, "SELECT steps FROM closing") == [(1,)], "it is closed at exit")
    outcome = subprocess.run([sys.executable, "-B", "-I", "-X", "importtime", "-c", script.replace("(3)", "(4)")],
                             capture_output=True, text=True, check=True)
    check("numpy" not in outcome.stderr and "assay_recorder" in outcome.stderr, "nothing but the standard library")


def test_resumed(place):
    path = place / "resumed.sqlite"
    for first, last in ((0, 10), (7, 9)):
        with Recorder(path, "r", errors="raise") as recorder:
            recorder.parameter_group("fc1")
            for step in range(first, last):
                record_step(recorder, step)
    check(ask(path, "SELECT name FROM parameter_group") == [("fc1",), ("embedding",)], "groups keep their numbers")
    text = read(path)
    check("steps 7 to 9 of earlier sessions were done again" in text and text.count("void 1") == 3,
          "steps that were done again are void", text)


with folder() as temporary:
    for number, test in enumerate((test_same_as_c, test_kinds_of_lists, test_nothing, test_policies, test_refused,
                                   test_cannot_open, test_locked, test_full, test_removed, test_forked, test_background,
                                   test_background_full, test_background_stalled, test_background_gone,
                                   test_interrupted, test_left_open, test_resumed)):
        (temporary / str(number)).mkdir()
        test(temporary / str(number))
    test_documented()
finish()
