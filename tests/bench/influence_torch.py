#!/usr/bin/python3
"""The same scores in PyTorch, fp32, as one writes them in a notebook: reads the same shards in blocks, merges the
strongest of every block with torch.topk.

Usage: influence_torch.py WORK TOP BLOCK_ROWS, WORK as influence_reference reads it.  Prints processor seconds by phase.
"""
import collections
import pathlib
import sys
import time

import torch
from bench_inputs import read_safetensors

spent = collections.Counter()


class Clock:
    """Charges the time since the last call to a phase."""

    def __init__(self):
        self.last = time.process_time()

    def charge(self, phase):
        now = time.process_time()
        spent[phase] += now - self.last
        self.last = now


def to_float(array):
    """bf16 kept as uint16 in numpy, labels as they are."""
    if array.dtype != "uint16":
        return torch.from_numpy(array.copy())
    return torch.from_numpy(array.view("int16").copy()).view(torch.bfloat16).float()


def read_part(shards, name, first, n):
    """Rows [first, first + n) of a tensor in shards."""
    pieces = []
    for shard in shards:
        rows = len(shard[name])
        if first < rows and n > 0:
            piece = shard[name][first:first + n]
            pieces.append(to_float(piece))
            n -= len(piece)
            first += len(piece)
        first -= rows
    return torch.cat(pieces)


def read_factors(kind, shards, layer, first, n):
    """Gradient of the layer's output, and its input or nothing."""
    if kind == "rows":
        return read_part(shards, f"{layer}.gradient", first, n), None
    inputs = read_part(shards, f"{layer}.input", first, n)
    if kind == "factors":
        return read_part(shards, f"{layer}.gradient", first, n), inputs
    gradient = torch.softmax(read_part(shards, f"{layer}.logits", first, n), 1)
    gradient[torch.arange(len(gradient)), read_part(shards, f"{layer}.labels", first, n)] -= 1
    return gradient, inputs


def merge(kept, scores, first, top, largest):
    """The strongest so far and of this block, per query."""
    value, index = torch.topk(scores, min(top, len(scores)), dim=0, largest=largest)
    index += first
    if kept is not None:
        value, index = torch.cat([kept[0], value]), torch.cat([kept[1], index])
        value, order = torch.topk(value, min(top, len(value)), dim=0, largest=largest)
        index = index.gather(0, order)
    return value, index


def main():
    work, top, block = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    started = time.process_time()
    lines = pathlib.Path(work).read_text().splitlines()
    kind, bias = lines[0].split()[0], float(lines[0].split()[1])
    parts = []
    for line in lines[1:]:
        rate, layer, queries, *paths = line.split()
        rows = read_safetensors(queries)
        parts.append((float(rate), layer, [read_safetensors(path) for path in paths],
                      read_factors(kind, [rows], layer, 0, 1 << 40)))
    n_train = sum(len(shard[next(iter(shard))]) for shard in parts[0][2])
    kept, selves = [None, None], []
    for first in range(0, n_train, block):
        clock, scores, selfs = Clock(), 0, 0
        for rate, layer, shards, queries in parts:
            gradient, inputs = read_factors(kind, shards, layer, first, block)
            clock.charge("read")
            product, square = gradient @ queries[0].T, (gradient * gradient).sum(1)
            if inputs is not None:
                product *= inputs @ queries[1].T + bias
                square *= (inputs * inputs).sum(1) + bias
            scores = scores + rate * product
            selfs = selfs + rate * square
            clock.charge("scores")
        selves.append(selfs)
        for side in range(2):
            kept[side] = merge(kept[side], scores, first, top, side == 0)
        clock.charge("top")
    for phase, seconds in spent.items():
        print(f"{phase} {seconds:.4f}")
    print(f"total {time.process_time() - started:.4f}")


if __name__ == "__main__":
    main()
