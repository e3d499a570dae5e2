"""Writes a recorder's file from a process beside the one that trains: a step costs a message, and hardly ever waits for
a disk or a lock.

What was sent outlives a training process that is killed, whose writer writes it and ends; so that a killed process
loses at most the step in flight, as it does without.  When both are killed at once (a whole job, a machine out of
memory), what was not yet written is lost, which mostly is nothing or one step.  While a disk stalls for long, steps
wait in the memory of training.  The writer is a Python of its own, some 15 MB, and wants some of a core beside that of
training: on a core that both share it saves nothing.
"""
import collections
import marshal
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from assay_queue import Queue
from assay_store import IMPATIENT

HEAD = struct.Struct("<4sQ")  # before each message, and how long it is
MARK = b"asay"
QUESTIONS = ("open", "flush", "close")
ANSWER_SECONDS = 120.0  # at most, for an answer
STALL_SECONDS = 1.0     # in which a writer that takes nothing is not waited for again
QUIET = getattr(socket, "MSG_NOSIGNAL", 0)
AT_ONCE = QUIET | getattr(socket, "MSG_DONTWAIT", 0)


class Background:
    """A Queue in another process.  It cannot raise what fails there; `flush` and `close` bring news of it."""

    raises = False

    def __init__(self, limit):
        self.limit = limit
        self._own, self._told = collections.Counter(), collections.Counter()  # failures here, and those of the writer
        self._process, self._line = None, None
        self._unsent, self._stalled = bytearray(), 0.0
        self._n_asked = self._n_told = 0  # questions so far; events since the last answer

    @property
    def failures(self):
        """Sentences, and how often: those of the writer as far as they were asked for."""
        return self._own + self._told

    def open(self, path, durable, meta, session):
        """As that of a Queue."""
        line, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with end:
            # In a session of its own, so that what ends the group of training does not end it.
            self._process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), str(end.fileno()),
                                              str(self.limit)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             pass_fds=[end.fileno()], start_new_session=True)
        self._line = line
        try:
            return self._ask("open", os.path.abspath(path), durable, meta, session, True)
        except Exception:
            self._end()
            raise

    def submit(self, session, rows, what, step=None):
        self._n_told += 1
        self._tell("submit", (session, rows, what, step))

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
        if self._line is None:
            return
        try:
            self._ask("close", *arguments)
        finally:
            self._end()

    def leave(self):
        """In a process that was forked off, which must not keep the line open."""
        if self._line is not None:
            self._line.close()
        self._line = None

    def _end(self):
        self.leave()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            pass  # it goes on with what it has, and ends then

    def _gone(self, error):
        self.note(f"the process that writes is gone, with up to {self._n_told} events: {error}")
        self._end()

    def _tell(self, what, arguments):
        if self._line is None:
            self.note("not recorded: no process writes any more")
            return
        try:
            body = marshal.dumps((what, arguments))
        except ValueError:
            body = marshal.dumps((what, plain(arguments)))
        if len(self._unsent) > self.limit and what not in QUESTIONS:
            self.note(f"not recorded: more than {self.limit} bytes wait for the process that writes")
            return
        message = HEAD.pack(MARK, len(body)) + body
        try:
            n = 0 if self._unsent else self._line.send(message, AT_ONCE)
        except BlockingIOError:
            n = 0
        except OSError as error:
            self._gone(error)
            return
        if n < len(message):
            self._unsent += message[n:]
            self._send(IMPATIENT / 1000 if time.monotonic() >= self._stalled else 0.0)

    def _send(self, patience):
        """Sends what waits; gives up when nothing of it is taken for so many seconds."""
        try:
            while self._unsent:
                try:
                    del self._unsent[:self._line.send(self._unsent, AT_ONCE)]
                except BlockingIOError:
                    if not select.select([], [self._line], [], patience)[1]:
                        self._stalled = time.monotonic() + STALL_SECONDS
                        return
        except OSError as error:
            self._gone(error)

    def _ask(self, what, *arguments):
        self._n_asked += 1
        self._tell(what, (self._n_asked, *arguments))
        until = time.monotonic() + ANSWER_SECONDS
        while self._line is not None and time.monotonic() < until:
            self._send(1.0)
            if self._line is None or self._unsent or not select.select([self._line], [], [], 1.0)[0]:
                continue
            answered = receive(self._line)
            if answered is None:
                self._gone("it ended")
            elif answered[0] == self._n_asked:  # not one that was interrupted
                _, value, error, told = answered
                self._told, self._n_told = collections.Counter(told), 0
                if error is not None:
                    raise RuntimeError(error)
                return value
        raise RuntimeError("the process that writes does not answer")


def plain(value):
    """The same of nothing but tuples, lists and exact numbers, texts and bytes, which a process without the classes of
    training can read."""
    if isinstance(value, (tuple, list)):
        return type(value)(plain(item) for item in value)
    for kind, convert in ((bool, bool), (str, str.__str__), (bytes, bytes), (int, int), (float, float)):
        if isinstance(value, kind):
            return convert(value)
    return value


def receive(line):
    """The next message; None where there is no whole one left: its sender is gone."""
    head = receive_bytes(line, HEAD.size)
    mark, n = HEAD.unpack(head) if head else (None, 0)
    body = receive_bytes(line, n) if mark == MARK else None
    try:
        return marshal.loads(body) if body else None
    except (EOFError, ValueError, TypeError):
        return None


def receive_bytes(line, n):
    pieces = []
    while n > 0:
        piece = line.recv(min(n, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        n -= len(piece)
    return b"".join(pieces)


def serve(line, limit):
    """The writer: does with a Queue what the messages say, and answers those that are questions."""
    queue = Queue(limit, False)
    while (message := receive(line)) is not None:
        what, arguments = message
        value = error = None
        number, arguments = (arguments[0], arguments[1:]) if what in QUESTIONS else (0, arguments)
        try:
            value = getattr(queue, what)(*arguments)
        except Exception as caught:  # pylint: disable=broad-except
            error = str(caught)
        if what in QUESTIONS:
            answer(line, (number, value, error, dict(queue.failures)))
            if what == "close":
                return
        elif error is not None:
            queue.note(f"{what}: {error}")
    queue.abandon()


def answer(line, values):
    body = marshal.dumps(values)
    try:
        line.sendall(HEAD.pack(MARK, len(body)) + body, QUIET)
    except OSError:
        pass  # who asked was killed


def main():
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)  # it ends when training does
    with socket.socket(fileno=int(sys.argv[1])) as line:
        try:
            serve(line, int(sys.argv[2]))
        except Exception as error:  # pylint: disable=broad-except
            print(f"assay recorder: the process that writes ends: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
