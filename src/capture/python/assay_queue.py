"""Transactions on their way into a recorder file, and the account of those that never got there."""
import collections
import os
import sqlite3
import time

from assay_store import Store

RETRY_SECONDS = 1.0  # between attempts to write what could not be written
MAX_REASONS = 64     # kinds of losses that are told apart
ROW_BYTES = 64       # what a row takes in memory beside its blobs and texts


def is_passing(error):
    """Whether an error may go away: a lock, a full disk, a file system that fails."""
    return isinstance(error, sqlite3.OperationalError) and "no such" not in str(error)


def row_bytes(table, values):
    size = ROW_BYTES + len(table)
    for value in values:
        if isinstance(value, (bytes, str)):
            size += len(value)
    return size


def _plain(text):
    """A text that any file can hold."""
    return str(text)[:200].encode("utf-8", "replace").decode().replace("\0", "?")


class Queue:
    """Writes each transaction at once if it can; if not, keeps up to `limit` bytes of them and tries again a second
    later, with the next one.  What is lost is noted in the file with the next transaction that gets through."""

    def __init__(self, limit, raises):
        self.limit, self.raises = limit, raises
        self.failures = collections.Counter()  # sentences, and how often
        self._store = None                     # where transactions go, once it is open
        self._n_lost = self._n_lost_before = 0  # events that were not recorded; those of the sessions before this one
        self._pending, self._bytes, self._retry_at = collections.deque(), 0, 0.0
        self._owed, self._lost = [], {}

    def open(self, path, durable, meta, session, claims=False):
        """Opens the file for a session; gives what Store.begin_recording does.  claims: as for a Store."""
        store = Store(path, durable, claims)
        begun = store.begin_recording(meta, session)
        self._store = store
        return begun

    def owe(self, row):
        """A row that goes with the next transaction that is written, whichever that is."""
        self._owed.append(row)

    def submit(self, session, rows, what, step=None):
        """Rows (table, values) that are written together or not at all.  `what` and `step` say what they are."""
        if self._store is None:
            self.lose(session, what, "the file could not be opened", step)
            return
        self.write()
        if self._pending or not self._settle(session, rows, what, step):
            self._keep(session, rows, what, step)

    def _settle(self, session, rows, what, step):
        """Writes a transaction, or loses it; False if it has to wait."""
        try:
            self.write_with(rows)
        except Exception as error:  # pylint: disable=broad-except
            if is_passing(error) and not self.raises:
                self.note(str(error))
                self._retry_at = time.monotonic() + RETRY_SECONDS
                return False
            self.lose(session, what, str(error), step)
            if self.raises:
                raise
        except BaseException:  # interrupted: it is written with the next one
            if not self._pending:
                self._keep(session, rows, what, step)
            raise
        return True

    def _keep(self, session, rows, what, step):
        size = sum(row_bytes(*row) for row in rows)
        if self._bytes + size > self.limit:
            self.lose(session, what, f"more than {self.limit} bytes wait to be written", step)
        else:
            self._pending.append(((session, rows, what, step), size))
            self._bytes += size

    def flush(self):
        """Writes what waits, without regard to the pause after a failure."""
        self.write(now=True)

    def write(self, now=False):
        """Writes what waits, in order; without regard to the pause after a failure if it must be now."""
        while self._pending and (now or time.monotonic() >= self._retry_at) and self._settle(*self._pending[0][0]):
            self._pop()

    def write_with(self, rows):
        """Writes these rows with those that are owed and the losses so far."""
        if self._owed or self._lost:
            lost = [("lost", (session, first, last, what, count, reason))
                    for (session, what, reason), (first, last, count) in self._lost.items()]
            rows = self._owed + lost + rows
        self._store.write(rows)
        self._owed, self._lost = [], {}

    def end_session(self, session, n_step, n_use):
        """Owes the session's row of closing; what is lost from here on is of the next one."""
        self.owe(self._closing(session, n_step, n_use))
        self._n_lost_before = self._n_lost

    def _closing(self, session, n_step, n_use):
        return "closing", (session, time.time(), n_step, n_use, self._n_lost - self._n_lost_before)

    def close(self, session, n_step, n_use):
        """Writes what is left and the end of the session, and makes the file one that stands alone."""
        self._conclude(lambda: [self._closing(session, n_step, n_use)])

    def abandon(self):
        """The same for a session that came to no end: training was killed."""
        self._conclude(list)

    def _conclude(self, last_rows):
        store = self._store
        if store is None:
            return
        store.be_patient()  # training is over: a lock may take its time
        try:
            self.write(now=True)
            while self._pending:
                session, _, what, step = self._pop()
                self.lose(session, what, "it could not be written before the recorder was closed", step)
            self.write_with(last_rows())
        finally:
            self._store = None
            store.close()
        if not os.path.exists(store.path):
            raise FileNotFoundError("the file was removed while it was written")

    def leave(self):
        """In a process that was forked off: nothing to do."""

    def _pop(self):
        transaction, size = self._pending.popleft()
        self._bytes -= size
        return transaction

    def lose(self, session, what, reason, step=None):
        """Accounts for an event that will not be in the file."""
        what, reason = _plain(what), _plain(reason) if len(self._lost) < MAX_REASONS else "further reasons"
        first, last, count = self._lost.get((session, what, reason), (step, step, 0))
        steps = [known for known in (first, last, step) if known is not None]
        self._lost[session, what, reason] = (min(steps, default=None), max(steps, default=None), count + 1)
        self._n_lost += 1
        self.note(f"{what}: {reason}")

    def note(self, sentence):
        known = sentence in self.failures or len(self.failures) < MAX_REASONS
        self.failures[sentence if known else "further failures"] += 1
