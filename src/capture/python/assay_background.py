"""Writes a recorder's file from a process beside the one that trains: a step costs a message into a pipe, and never
waits for a disk or a lock.

What is in the pipe outlives a training process that is killed, whose writer writes it and ends; so that a killed
process loses at most the step in flight, as it does without.  When both are killed at once (a whole job, a machine out
of memory), what was in the pipe is lost, which mostly is nothing or one step.  The writer is a Python of its own, some
15 MB, and wants some of a core beside that of training: on a core that both share it saves nothing.
"""
import collections
import os
import pickle
import signal
import subprocess
import sys

from assay_queue import Queue

try:
    import fcntl
except ImportError:
    fcntl = None

PIPE_BYTES = 1 << 20  # about a thousand small steps, while the disk is busy
QUESTIONS = ("open", "flush", "close")


class Background:
    """A Queue in another process.  It cannot raise what fails there; `flush` and `close` bring news of it."""

    raises = False

    def __init__(self, limit):
        self.limit = limit
        self._own, self._told = collections.Counter(), collections.Counter()  # failures here, and those of the writer
        self._process, self._pipe = None, None

    @property
    def failures(self):
        """Sentences, and how often: those of the writer as far as they were asked for."""
        return self._own + self._told

    def open(self, path, durable, meta, session):
        """As that of a Queue."""
        # In a session of its own, so that what ends the group of training does not end it.
        self._process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), str(self.limit)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self._pipe = self._process.stdin.fileno()
        try:
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        except (AttributeError, OSError):
            pass  # another system, or more than this user may have: it stays as it is
        try:
            return self._ask("open", os.path.abspath(path), durable, meta, session, True)
        except Exception:
            self._end()
            raise

    def submit(self, *arguments):
        self._tell("submit", arguments)

    def owe(self, row):
        self._tell("owe", (row,))

    def end_session(self, *arguments):
        self._tell("end_session", arguments)

    def lose(self, *arguments):
        self._tell("lose", arguments)

    def note(self, sentence):
        self._own[sentence] += 1

    def flush(self):
        """Waits until all that was submitted is written, as far as it can be."""
        self._ask("flush")

    def close(self, *arguments):
        """As that of a Queue, in the writer, which then ends."""
        if self._pipe is None:
            return
        try:
            self._ask("close", *arguments)
        finally:
            self._end()

    def leave(self):
        """In a process that was forked off, which must not keep the pipe open."""
        if self._pipe is not None:
            self._process.stdin.close()
            self._process.stdout.close()
        self._pipe = None

    def _end(self):
        self.leave()
        self._process.wait()

    def _tell(self, what, arguments):
        if self._pipe is None:
            self.note("not recorded: no process writes any more")
            return
        blob = pickle.dumps((what, arguments), pickle.HIGHEST_PROTOCOL)
        try:
            sent = os.write(self._pipe, blob)
            while sent < len(blob):
                sent += os.write(self._pipe, blob[sent:])
        except OSError as error:
            self._pipe_broke(error)

    def _pipe_broke(self, error):
        self.note(f"the process that writes is gone: {error}")
        self._end()

    def _ask(self, what, *arguments):
        self._tell(what, arguments)
        answered = receive(self._process.stdout) if self._pipe is not None else None
        if answered is None:
            raise ChildProcessError("the process that writes is gone")
        value, error, self._told = answered
        if error is not None:
            raise error
        return value


def receive(stream):
    """The next message, None where there is no whole one left: its sender is gone."""
    try:
        return pickle.load(stream)
    except (EOFError, pickle.UnpicklingError):
        return None


def serve(limit):
    """The writer: does with a Queue what the messages on stdin say, and answers those that are questions on stdout."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when training does
    queue, stdin, stdout = Queue(limit, False), open(0, "rb"), open(1, "wb")
    while (message := receive(stdin)) is not None:
        what, arguments = message
        value = error = None
        try:
            value = getattr(queue, what)(*arguments)
        except Exception as caught:  # pylint: disable=broad-except
            error = caught
        if what in QUESTIONS:
            answer(stdout, value, error, queue.failures)
        elif error is not None:
            queue.note(f"{what}: {error}")
    try:
        queue.abandon()
    except Exception as error:  # pylint: disable=broad-except
        print(f"assay recorder: {error}", file=sys.stderr)


def answer(stdout, *values):
    try:
        pickle.dump(values, stdout, pickle.HIGHEST_PROTOCOL)
        stdout.flush()
    except OSError:
        pass  # who asked was killed


if __name__ == "__main__":
    serve(int(sys.argv[1]))
