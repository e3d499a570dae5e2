"""Records what a training process does with its examples, in a SQLite file that `assay lineage` reads.

    from assay_recorder import Recorder

    recorder = Recorder("lineage/rank-00000.sqlite", run="my-run", rank=0, world_size=1, samples="samples.jsonl")
    for step, (index, x, y) in enumerate(loader):
        recorder.step_begin(step, learning_rate=0.1)
        ...
        recorder.use(index, losses)
        recorder.step_end()
    recorder.close()

One file per process, one transaction per step.  A process that is killed loses at most the step in flight; a machine
that loses power loses the steps since the last checkpoint of the write-ahead log, and with durable=True none.  With
background=True another process does the writing (see assay_background.py): a step costs less and is held up by no disk.

Nothing here raises or waits for long, unless errors="raise" asks for it: what cannot be recorded is counted, noted in
the file (table `lost`) as soon as it can be written again, and shown when the recorder is closed.  A file that is
locked, or a disk that is full, is tried again every second; until then up to `pending_bytes` are kept in memory.

Needs assay_{recorder,background,queue,store,schema,policies}.py, and of Python the standard library (3.8 or newer).
For one thread.
"""
import atexit
import functools
import hashlib
import hmac
import itertools
import os
import socket
import sqlite3
import sys
import time
import weakref

from assay_schema import F32S, F64S, I64S, MAY_BE_EMPTY, check_id, merged, pack, pack_beside, sized, to_count, to_real
from assay_background import Background
from assay_policies import definitions
from assay_queue import Queue, row_bytes

PIECE = 8192  # ids of samples in a transaction
DECISIONS, ROLES = ("admit", "modulate", "reject"), ("train", "validation", "test")


def pseudonym(key, user):
    """HMAC-SHA-256 of a user's name under the run's key: a plain hash of a name that can be guessed hides nothing."""
    return hmac.new(key, user.encode(), hashlib.sha256).digest()


def _event(method):
    """A method that counts its failures instead of raising them, and does nothing in a process that was forked off."""
    @functools.wraps(method)
    def guarded(self, *arguments, **named):
        if self._off:
            return self._tell_late(method.__name__)
        try:
            return method(self, *arguments, **named)
        except Exception as error:  # pylint: disable=broad-except
            if not isinstance(error, sqlite3.Error):  # which the queue has accounted for
                self.lost(method.__name__, f"{type(error).__name__}: {error}")
            if self._queue.raises:
                raise
            return None
    return guarded


class Recorder:
    """The record of one process.  Samples are given by their index: the row of the samples file, or of `samples`."""

    def __init__(self, path, run, rank=0, world_size=1, *, samples=None, key=None, errors="count", durable=False,
                 pending_bytes=64 << 20, background=False):
        """samples: the samples file whose lines the indices count.  key: at least 16 secret bytes, the same in all
        processes of the run, needed for `user` only.  errors: "count" or "raise".  background: a process beside this
        one writes."""
        if errors not in ("count", "raise"):
            raise ValueError(f'errors: expected "count" or "raise", found {errors!r}')
        if background and errors == "raise":
            raise ValueError("background: what fails there is known too late to be raised here: it is counted")
        self.path, self._key = os.fspath(path), key
        self._off, self._told_late = False, False  # off: closed, or in a process that was forked off
        self._queue = Background(pending_bytes) if background else Queue(pending_bytes, errors == "raise")
        self._step, self._epoch, self._learning_rate = None, None, None  # of the step under way
        self._batches, self._rows, self._size = [], [], 0
        self._session, self._record, self._last_step, self._groups = 0, 0, -1, {}
        self._steps = self._uses = 0  # of this session
        try:
            self._open(run, rank, world_size, samples, durable)
        except Exception as error:  # pylint: disable=broad-except
            if errors == "raise":
                raise
            self._show(f"{self.path}: nothing will be recorded: {error}")
            self._queue.note(f"open: {error}")
        _recorders.add(self)
        atexit.register(_close_at_exit, weakref.ref(self))

    def _open(self, run, rank, world_size, samples, durable):
        rank, world_size = to_count(rank), to_count(world_size)
        if rank >= world_size:
            raise ValueError(f"expected a rank below the world size of {world_size}, found {rank}")
        meta = {"run": check_id(run), "rank": str(rank), "world_size": str(world_size)}
        if samples is not None:
            meta["samples_file"] = os.fspath(samples)
            with open(samples, "rb") as file:
                digest = hashlib.sha256()
                while piece := file.read(1 << 20):
                    digest.update(piece)
            meta["samples_sha256"] = digest.hexdigest()
        if self._key is not None:
            if len(self._key) < 16:
                raise ValueError(f"key: expected at least 16 bytes, found {len(self._key)}")
            meta["key_id"] = pseudonym(self._key, "assay recorder key")[:8].hex()
        self._session, self._record, self._groups = self._queue.open(self.path, durable, meta, self._session_row())

    def _session_row(self):
        return time.time(), os.getpid(), socket.gethostname(), "assay_recorder.py 1"

    # ---- steps ------------------------------------------------------------------------------------------------------

    @_event
    def step_begin(self, step, *, epoch=None, learning_rate=None):
        """Begins a step; what is recorded until step_end goes into its transaction.  Steps count over the whole run."""
        if self._step is not None:
            self.lost("step", "the next step was begun before it was ended")
            self._end()
        number = to_count(step)
        if number <= self._last_step:
            raise ValueError(f"expected a step after {self._last_step}, found {step}: count steps over the whole run, "
                             "and call begin_session after going back to a checkpoint")
        self._epoch = None if epoch is None else to_count(epoch)
        self._learning_rate = to_real(learning_rate)
        self._step = number

    @_event
    def use(self, samples, losses=None, weights=None):
        """The examples of a batch, in their order: once per micro-batch.  weights: what their losses are multiplied
        with beside the mean or the sum, if that differs between examples."""
        self._check_under_way()
        n, blob = sized(samples)
        batch = n, blob, pack_beside(F32S, losses, n, "losses"), pack_beside(F32S, weights, n, "weights")
        self._make_room(n * 16)
        self._batches.append(batch)

    @_event
    def contribution(self, group, norms=None, shares=None, *, delta_norm=None, learning_rate=None, residual=None,
                     rounding=None, conditional=False):
        """What the examples of this step did to a parameter group, one number per use in their order: the norm of the
        contribution, and its signed share of the change, <contribution, change> / |change|^2.
        delta_norm: |change|.  residual: |change - sum of all contributions|, if it was computed, and the rounding that
        may be in it.  conditional: the update is not linear in the examples (Adam): the shares hold for the
        preconditioner of this step."""
        self._check_under_way()
        norms = None if norms is None else pack(F32S, norms)
        shares = None if shares is None else pack(F64S, shares)
        counts = {len(blob) // size for blob, size in ((norms, 4), (shares, 8)) if blob is not None}
        if len(counts) > 1:
            raise ValueError(f"expected as many norms as shares, found {sorted(counts)}")
        self._add("contribution", self._record + 1, self._group(group), to_real(learning_rate), to_real(delta_norm),
                  to_real(residual), to_real(rounding), int(bool(conditional)), counts.pop() if counts else 0, norms,
                  shares)

    @_event
    def optimizer(self, group, kind, norm=None, share=None):
        """What the optimizer itself did to a parameter group in this step: "weight_decay", "clipping", "momentum"."""
        self._check_under_way()
        self._add("optimizer", self._record + 1, self._group(group), str(kind), to_real(norm), to_real(share))

    @_event
    def step_end(self, loss=None):
        """Writes the step in one transaction."""
        step, epoch, learning_rate = self._step, self._epoch, self._learning_rate
        batches, rows = self._end()
        n, samples, losses, weights, parts = merged(batches)
        for row in [row for row in rows if row[0] == "contribution" and row[1][7] not in (0, n)]:
            self.lost("contribution", f"expected numbers for {n} uses, found {row[1][7]}", step)
            rows.remove(row)
        self._record, self._last_step = self._record + 1, step
        self._steps, self._uses = self._steps + 1, self._uses + n
        row = (self._record, self._session, step, epoch, time.time(), learning_rate, to_real(loss), n, samples, losses,
               weights, parts)
        self._queue.submit(self._session, [("step", row)] + rows, "step", step)

    @_event
    def begin_session(self):
        """Says that training went back to a checkpoint: the steps that follow take the place of those recorded before
        with the same numbers.  Opening a file again does the same."""
        if self._step is not None:
            raise RuntimeError("a step is under way: end it first")
        self._queue.end_session(self._session, self._steps, self._uses)
        self._session, self._last_step = self._session + 1, -1
        self._steps = self._uses = 0
        self._queue.owe(("session", (self._session, *self._session_row())))

    def _check_under_way(self):
        if self._step is None:
            raise RuntimeError("no step was begun: call step_begin first")

    def _end(self):
        """Ends the step under way, and gives its batches and rows."""
        self._check_under_way()
        batches, rows = self._batches, self._rows
        self._step, self._batches, self._rows, self._size = None, [], [], 0
        return batches, rows

    # ---- other events -----------------------------------------------------------------------------------------------

    @_event
    def samples(self, ids, first=0, contents=None):
        """The ids of samples first, first + 1, … and, if given, the SHA-256 of their contents; instead of a samples
        file.  Any iterable will do, and is never held as a whole."""
        pairs = enumerate(zip(ids, contents if contents is not None else itertools.repeat(None)), to_count(first))
        rows = (("sample", (number, check_id(name), content)) for number, (name, content) in pairs)
        while piece := list(itertools.islice(rows, PIECE)):
            self._queue.submit(self._session, piece, "samples")

    @_event
    def parameter_group(self, name, parameters=None, covered=True):
        """A parameter group; `covered` says whether contributions of examples are recorded for it."""
        if name in self._groups:
            return
        row = check_id(name), None if parameters is None else to_count(parameters), int(bool(covered))
        self._groups[name] = len(self._groups) + 1
        self._queue.owe(("parameter_group", (self._groups[name], *row)))

    def _group(self, name):
        if name not in self._groups:
            type(self).parameter_group.__wrapped__(self, name)
        return self._groups[name]

    @_event
    def definition(self, kind, name, content):
        """The text of a policy or of a depth profile, which admissions name; `policies` takes them from a file."""
        if kind not in ("policy", "profile"):
            raise ValueError(f'expected "policy" or "profile", found {kind!r}')
        self._add("definition", self._session, kind, check_id(name), hashlib.sha256(content.encode()).digest(), content)

    @_event
    def policies(self, path):
        """All policies and profiles of a file such as lineage.policies names, as texts whose hashes proofs give."""
        for one in definitions(path):
            type(self).definition.__wrapped__(self, *one)

    @_event
    def user(self, user, samples):
        """Whose samples these are; the file holds a pseudonym."""
        if self._key is None:
            raise ValueError("a user's pseudonym needs the run's key: Recorder(…, key=…)")
        self._add("user", self._session, pseudonym(self._key, user), *sized(samples, may_be_empty=True))

    @_event
    def role(self, role, samples):
        """What these samples are for: "train", "validation" or "test"."""
        if role not in ROLES:
            raise ValueError(f"expected a role of {', '.join(ROLES)}, found {role!r}")
        self._add("role", self._session, role, *sized(samples, may_be_empty=True))

    @_event
    def preprocessing(self, name, parameters, samples):
        """A step of preprocessing that these samples went through, and its parameters as text."""
        self._add("preprocessing", self._session, self._step, check_id(name), str(parameters), *sized(samples))

    @_event
    def modality(self, modality, samples, weights):
        """The weight of a modality (text, image, …) in each of these samples."""
        n, blob = sized(samples)
        self._add("modality", self._session, self._step, check_id(modality), n, blob,
                  pack_beside(F32S, weights, n, "weights"))

    @_event
    def admission(self, decision, samples, *, policy, profile=None, reason=None, weights=None):
        """What a policy decided about these samples: "admit", "modulate" (at a weight each) or "reject", with the
        reason.  profile: the depth profile under which they were admitted."""
        if decision not in DECISIONS:
            raise ValueError(f"expected a decision of {', '.join(DECISIONS)}, found {decision!r}")
        if decision == "reject" and not reason:
            raise ValueError("a rejection needs a reason")
        if decision == "modulate" and profile is None and weights is None:
            raise ValueError("a modulated admission needs a depth profile or weights")
        n, blob = sized(samples, may_be_empty=True)
        self._add("admission", self._session, self._step, decision, check_id(policy), profile, reason, n, blob,
                  pack_beside(F32S, weights, n, "weights"))

    @_event
    def checkpoint(self, step, name, file=None, *, sha256=None, learning_rate=None, validation_loss=None):
        """A checkpoint that was saved after `step` steps."""
        self._add("checkpoint", self._session, to_count(step), check_id(name), file, sha256, to_real(learning_rate),
                  to_real(validation_loss))

    @_event
    def influence(self, checkpoint, query, samples, scores, *, method):
        """Scores of samples for a query at a checkpoint, positive for proponents."""
        n, blob = sized(samples)
        self._add("influence", self._session, check_id(checkpoint), check_id(query), method, n, blob,
                  pack_beside(F64S, scores, n, "scores"))

    @_event
    def prediction(self, samples, predicted, *, labels=None, probabilities=None, checkpoint=None):
        """What the model predicts for these samples: class numbers, and the probability of each."""
        n, blob = sized(samples)
        self._add("prediction", self._session, self._step, checkpoint, n, blob,
                  pack_beside(I64S, predicted, n, "predicted"), pack_beside(I64S, labels, n, "labels"),
                  pack_beside(F32S, probabilities, n, "probabilities"))

    def lost(self, what, reason, step=None):
        """Accounts for something that whoever calls could not record."""
        if not self._off:
            self._queue.lose(self._session, what, reason, self._step if step is None else step)

    # ---- writing ----------------------------------------------------------------------------------------------------

    def _add(self, table, *values):
        """A row of the present step, or one with a transaction of its own."""
        if any(isinstance(value, str) and "\0" in value for value in values):
            raise ValueError("expected texts without a zero byte")
        if table in MAY_BE_EMPTY and b"" in values:
            return
        if self._step is None:
            self._queue.submit(self._session, [(table, values)], table)
        else:
            self._make_room(row_bytes(table, values))
            self._rows.append((table, values))

    def _make_room(self, size):
        if self._size + size > self._queue.limit:
            raise MemoryError(f"more than {self._queue.limit} bytes in one step")
        self._size += size

    @property
    def raises(self):
        """Whether failures are raised."""
        return self._queue.raises

    @property
    def failures(self):
        """What went wrong so far, and how often: a dict from sentences to counts."""
        return dict(self._queue.failures)

    @_event
    def flush(self):
        """Writes at once what waits, without regard to the pause after a failure."""
        self._queue.flush()

    def close(self):
        """Writes what is left, makes the file one that stands alone, and shows what was not recorded."""
        if self._off:
            return
        if self._step is not None:
            self.lost("step", "the recorder was closed before it was ended")
        self._off = True
        queue = self._queue
        try:
            queue.close(self._session, self._steps, self._uses)
        except Exception as error:  # pylint: disable=broad-except
            queue.note(f"close: {error}")
            if queue.raises:
                raise
        finally:
            if queue.failures:
                told = "; ".join(f"{reason} ({n} times)" for reason, n in queue.failures.most_common(5))
                self._show(f"{self.path}: not all was recorded: {told}")

    def leave(self):
        """In a process that was forked off: nothing is recorded, and nothing said of it."""
        self._off = self._told_late = True
        self._queue.leave()

    def _tell_late(self, what):
        if not self._told_late:
            self._told_late = True
            self._show(f"{self.path}: {what} after the recorder was closed: not recorded, nor what follows")

    @staticmethod
    def _show(sentence):
        print(f"assay recorder: {sentence}", file=sys.stderr, flush=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _close_at_exit(reference):
    recorder = reference()
    if recorder is not None:
        recorder.close()


_recorders = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: [recorder.leave() for recorder in tuple(_recorders)])
