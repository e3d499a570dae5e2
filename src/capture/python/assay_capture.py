"""Captures of a PyTorch model, as `assay influence` reads them: for each layer the inputs and the gradients of each
example's own loss with respect to the layer's outputs, streamed into safetensors shards.

    from assay_capture import Capture

    with Capture(model, "captures/step-000100", "train", reduction="sum") as capture:
        for index, x, y in loader:                       # in the order of the samples file
            with capture.batch(index) as batch:
                losses = batch.losses(cross_entropy(model(x), y, reduction="none"))
                losses.sum().backward()
    model.zero_grad()

The same in a training loop, where the loss is a mean: reduction="mean".  Once more with "queries" for the queries.
In the config: {"kind": "factors", "train": {"input": "captures/{checkpoint}/train-*.safetensors#{layer}.input",
"gradient": "captures/{checkpoint}/train-*.safetensors#{layer}.gradient"}, "queries": …}.

Nothing here stops training unless errors="raise" asks for it: what goes wrong is counted and shown at the end, and then
rows are missing, which Assay refuses.  Only the examples' losses must be shown to batch.losses: their weights in what
backward() is called on must be what `reduction` says.
"""
import collections
import contextlib
import sys

import torch
from torch.nn import functional

from assay_layers import Refused, Watch, begin_batch, find_layers, join_calls, stated_weight
from assay_projection import Projection
from assay_shards import DTYPES, Shards

__all__ = ["Capture", "Projection", "Refused"]


class Capture:
    """One side (training examples, or queries) of the captures at one checkpoint."""

    def __init__(self, model, folder, side, *, reduction, layers=None, dtype="f32", projection=None, positions=None,
                 shard_bytes=256 << 20, overwrite=False, errors="count"):
        """reduction: how the loss that backward() is called on joins those of the examples, "mean" or "sum".
        positions: the length of the sequences, where batches differ; shorter ones are padded with zeros."""
        if errors not in ("count", "raise"):
            raise ValueError(f'errors: expected "count" or "raise", found {errors!r}')
        self.folder, self.side = folder, side
        self._reduction, self._projection, self._positions = reduction, projection, positions
        self._raises, self._failures, self._error = errors == "raise", collections.Counter(), None
        self._watch = self._shards = self._dtype = None
        self._lengths = {}  # positions of each layer, as the first batch has them
        try:
            stated_weight(reduction, 1, 1, 1.0)
            if dtype not in DTYPES:
                raise Refused(f"dtype: expected {', '.join(DTYPES)}, found {dtype!r}")
            self._dtype = DTYPES[dtype]
            self._open(model, layers, shard_bytes, overwrite)
        except Exception as error:  # pylint: disable=broad-except
            if self._raises:
                raise
            self._note(error)

    def _open(self, model, layers, shard_bytes, overwrite):
        layers = find_layers(model, layers)
        biases = {layer.bias is not None for layer in layers.values()}
        if len(biases) > 1:
            raise Refused("some layers have a bias and some have none: capture them apart, for influence.captures.bias "
                          "is the same for all layers")
        metadata = {"assay": "capture 1", "layers": " ".join(layers), "bias": str(int(biases.pop())),
                    "projection": str(self._projection) if self._projection else "none"}
        self._shards = Shards(self.folder, self.side, shard_bytes, metadata, overwrite)
        self._watch = Watch(model, layers, self._note)

    def _note(self, error):
        self._failures[f"{type(error).__name__}: {error}"] += 1
        self._error = self._error or error

    @contextlib.contextmanager
    def batch(self, samples, *, accumulate=1, loss_scale=1.0):
        """Captures the examples of one forward and backward pass.  samples: their indices.  accumulate: what the mean
        or sum is divided by beside.  loss_scale: what it is multiplied by (a GradScaler's)."""
        if self._watch is None:  # it could not be opened, and said so
            yield begin_batch(None, samples, float, lambda error: None)
            return
        self._error = None
        batch = begin_batch(self._watch, samples,
                            lambda n: stated_weight(self._reduction, n, accumulate, loss_scale), self._note)
        try:
            yield batch
        except BaseException:
            self._watch.end()  # the caller's failure: nothing of this batch is kept
            raise
        calls = self._watch.end()
        if self._error is None:
            try:
                self._keep(batch, calls)
            except Exception as error:  # pylint: disable=broad-except
                self._note(error)
        if self._error is not None and self._raises:
            raise self._error

    def _keep(self, batch, calls):
        batch.check(needed=True)
        tensors = {}
        for name, made in calls.items():
            if not made:
                raise Refused(f"layer {name}: no loss of this batch came through it, or it was not called as a layer "
                              "is: name the others, Capture(…, layers=…)")
            given, gradient = join_calls(name, made, batch.n)
            sequence = made[0].input.dim() > 2 or len(made) > 1
            for side, rows in (("input", given), ("gradient", gradient / batch.weight)):
                if self._projection is not None:
                    rows = self._projection.apply(name, side, rows.float() if rows.dtype != torch.float64 else rows)
                rows = self._padded(name, rows) if sequence else rows[:, 0]
                tensors[f"{name}.{side}"] = rows.to(self._dtype)
        tensors["samples"] = torch.tensor(batch.samples, dtype=torch.int64)
        self._shards.add(tensors)

    def _padded(self, name, rows):
        """Rows of as many positions as there are in all batches: one that is zero adds nothing to any score."""
        length = self._lengths.setdefault(name, max(self._positions or 0, rows.shape[1]))
        if rows.shape[1] > length:
            raise Refused(f"layer {name}: expected at most {length} positions, as before, found {rows.shape[1]}: state "
                          "the longest, Capture(…, positions=…)")
        return functional.pad(rows, (0, 0, 0, length - rows.shape[1]))

    @property
    def failures(self):
        """What went wrong so far, and how often."""
        return dict(self._failures)

    def close(self):
        """Writes the last shard, takes the hooks off the model, and shows what was not captured."""
        try:
            if self._watch is not None:
                self._watch.remove()
                self._shards.close()
        except Exception as error:  # pylint: disable=broad-except
            self._note(error)
            if self._raises:
                raise
        if self._failures:
            told = "; ".join(f"{sentence} ({n} times)" for sentence, n in self._failures.most_common(5))
            print(f"assay capture: {self.folder}, {self.side}: not all was captured: {told}", file=sys.stderr,
                  flush=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
