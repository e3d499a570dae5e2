"""A recorder file, open for writing: sessions, and rows in transactions."""
import errno
import hashlib
import os
import socket
import sqlite3
import sys
import time

from assay_schema import APPLICATION_ID, TABLES, VERSION, create_statement, insert_statement

IMPATIENT, PATIENT = 20, 5000  # milliseconds to wait for a lock: while training, and at the end
CLAIM_SECONDS = 60             # to wait for the writer of a process that was killed


def claim(path, seconds):
    """Waits for a writer in the background whose training was killed and that has yet to end, and takes its place:
    until what this gives is closed, others wait in here.  A name that the system forgets with its process, and no file;
    so it holds among the processes of a user on one machine, and None where there is no such thing."""
    if not sys.platform.startswith("linux"):
        return None
    digest = hashlib.sha256(b"%d " % os.getuid() + os.fsencode(os.path.realpath(path))).hexdigest()
    claimed, until = None, time.monotonic() + seconds
    while True:
        try:
            claimed = claimed or socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            claimed.bind(f"\0assay recorder {digest}")
            return claimed
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return None
            if time.monotonic() > until:
                claimed.close()
                raise ValueError(f"{path}: another recorder has it written in the background") from error
            time.sleep(0.01)


class Store:
    """SQLite in write-ahead mode: a commit is in the hands of the operating system before it returns, so that a killed
    process loses nothing that was committed.  synchronous = NORMAL syncs the disk when the log is folded back, FULL
    (durable) at every commit, which costs a disk's latency per step."""

    def __init__(self, path, durable=False, claims=False):
        """claims: others wait until this one is closed."""
        self.path = os.fspath(path)
        folder = os.path.dirname(self.path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        self._claim = claim(self.path, CLAIM_SECONDS)
        if not claims:
            self._release()
        self._insert = {table: insert_statement(table) for table in TABLES}
        self._database = sqlite3.connect(self.path, timeout=PATIENT / 1000, isolation_level=None,
                                         check_same_thread=False, cached_statements=len(TABLES) + 8)
        self._run = self._database.cursor().execute  # one cursor for all that is written
        try:
            self._prepare(durable)
        except BaseException:
            self._database.close()
            self._release()
            raise

    def _release(self):
        if self._claim is not None:
            self._claim.close()
        self._claim = None

    def _prepare(self, durable):
        run = self._database.execute
        try:
            found = run("PRAGMA application_id").fetchone()[0], run("PRAGMA user_version").fetchone()[0]
            empty = run("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{self.path}: expected a new file or a recorder's: {error}") from error
        if not (empty and found == (0, 0)):
            self._check(found)
        if run("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise ValueError(f"{self.path}: this file system has no write-ahead log: put the file on a local disk")
        run(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if empty:
            run("BEGIN IMMEDIATE")
            for table in TABLES:
                run(create_statement(table))
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {VERSION}")
            run("COMMIT")

    def _check(self, found):
        if found != (APPLICATION_ID, VERSION):
            raise ValueError(f"{self.path}: expected a recorder's file of version {VERSION}, found another")
        statements = {row[0] for row in self._database.execute("SELECT sql FROM sqlite_master")}
        if statements != {create_statement(table) for table in TABLES}:
            raise ValueError(f"{self.path}: its tables are not those of version {VERSION}")

    def begin_recording(self, meta, session):
        """Adds a session to the file; from here on locks are not waited for.  Gives the session's number, that of the
        last record of a step, and the parameter groups."""
        ask = self._database.execute
        known = dict(ask("SELECT name, value FROM meta").fetchall())
        for name, value in meta.items():
            if known.get(name, value) != value:
                raise ValueError(f"{self.path}: expected a file of {name} {value!r}, found one of {known[name]!r}")
        number = (ask("SELECT max(number) FROM session").fetchone()[0] or 0) + 1
        rows = [("meta", item) for item in meta.items() if item[0] not in known]
        self.write(rows + [("session", (number, *session))])
        record = ask("SELECT max(record) FROM step").fetchone()[0] or 0
        ask(f"PRAGMA busy_timeout = {IMPATIENT}")
        return number, record, dict(ask("SELECT name, number FROM parameter_group").fetchall())

    def write(self, rows):
        """All rows, (table, values) each, or none of them."""
        if len(rows) == 1:  # a statement is a transaction of its own
            (table, values), = rows
            self._run(self._insert[table], values)
            return
        self._run("BEGIN IMMEDIATE")
        try:
            for table, values in rows:
                self._run(self._insert[table], values)
            self._run("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._run("ROLLBACK")
            raise

    def be_patient(self):
        """Locks are waited for again."""
        self._database.execute(f"PRAGMA busy_timeout = {PATIENT}")

    def close(self):
        """Folds the log back, so that the file stands alone and can be read where nothing can be written."""
        try:
            self._database.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error:
            pass  # somebody reads it: it stays as it is, with its log beside it
        finally:
            self._database.close()
            self._release()
