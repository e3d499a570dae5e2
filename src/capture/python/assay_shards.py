"""Safetensors files written in row shards: bounded memory, and a final name only for what is complete."""
import ctypes
import json
import os
import pathlib
import struct

import torch

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f64": torch.float64, "f16": torch.float16}
NAMES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float64: "F64", torch.float16: "F16", torch.int64: "I64"}


def tensor_bytes(tensor):
    """The bytes of a tensor, without numpy."""
    tensor = tensor.detach().cpu().contiguous()
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()) if tensor.numel() else b""


def write_safetensors(path, tensors, metadata):
    """tensors: name → (dtype name, shape, pieces of bytes).  Written beside its place, synced and renamed."""
    header, offset = {"__metadata__": metadata}, 0
    for name, (dtype, shape, pieces) in tensors.items():
        size = sum(map(len, pieces))
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    partial = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        with open(partial, "xb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _, _, pieces in tensors.values():
                file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Shards:
    """FOLDER/SIDE-00000.safetensors, …: rows of several tensors, in the order in which they come."""

    def __init__(self, folder, side, shard_bytes, metadata, overwrite=False):
        self.folder, self.side, self.limit, self.metadata = pathlib.Path(folder), side, shard_bytes, metadata
        self.folder.mkdir(parents=True, exist_ok=True)
        old = sorted(self.folder.glob(f"{side}-*.safetensors"))
        if old and not overwrite:
            raise FileExistsError(f"{old[0]}: captures of {side} are there already: overwrite=True replaces them")
        for path in old:
            path.unlink()
        for path in self.folder.glob(f"{side}-*.safetensors.tmp-*"):  # of a process that was killed
            path.unlink()
        self.n_row = self.n_shard = 0  # that are written
        self._shapes = {}
        self._clear()

    def _clear(self):
        self._pieces, self._rows = {}, 0

    def add(self, tensors):
        """name → n × …, all of the same n; the same names, types and other dimensions every time."""
        shapes = {name: (NAMES[tensor.dtype], tuple(tensor.shape[1:])) for name, tensor in tensors.items()}
        counts = {len(tensor) for tensor in tensors.values()}
        if len(counts) != 1 or self._shapes and shapes != self._shapes:
            raise ValueError(f"expected rows as before, {self._shapes}, found {shapes} of {sorted(counts)} rows")
        self._shapes = shapes
        (n,) = counts
        data = {name: tensor_bytes(tensor) for name, tensor in tensors.items()}
        room = max(1, self.limit * n // max(1, sum(map(len, data.values())))) if n else 1
        first = 0
        while first < n:
            take = min(n - first, room - self._rows)
            for name, content in data.items():
                size = len(content) // n
                self._pieces.setdefault(name, []).append(memoryview(content)[first * size:(first + take) * size])
            self._rows += take
            first += take
            if self._rows >= room:
                self._write()

    def _write(self):
        tensors = {name: (*self._with_rows(name), pieces) for name, pieces in self._pieces.items()}
        path = self.folder / f"{self.side}-{self.n_shard:05d}.safetensors"
        write_safetensors(path, tensors, {**self.metadata, "first_row": str(self.n_row)})
        self.n_shard, self.n_row = self.n_shard + 1, self.n_row + self._rows
        self._clear()

    def _with_rows(self, name):
        dtype, shape = self._shapes[name]
        return dtype, (self._rows, *shape)

    def close(self):
        """Writes the last shard."""
        if self._rows:
            self._write()
