"""Inputs of the benchmark: three works of the sizes that the README's table names, random but not noise alone.

Every tensor has a few common directions in much noise, and rows and columns of very different sizes, as gradients have;
stored as bf16 in safetensors.  `scale` shortens the training set and leaves all other shapes as they are.
"""
import collections
import json
import pathlib

import numpy

N_SHARD, N_RANK, CHUNK = 8, 16, 8192  # files per checkpoint, common directions, rows made at a time
COLUMN_SPREAD, ROW_SPREAD = 0.7, {"gradient": 1.0, "input": 0.2, "logits": 0.3}  # of the logarithms of sizes
N_SAMPLE = 20  # queries whose scores are compared with fp64


class Work:
    """One row of the table: shapes, and where its files are."""

    def __init__(self, name, folder, kind, n_train, n_query, layers, n_checkpoint):
        self.name, self.kind, self.layers = name, kind, layers  # layers: {layer: {part: columns}}
        self.n_train, self.n_query, self.n_checkpoint = n_train, n_query, n_checkpoint
        self.folder = pathlib.Path(folder, name)
        self.bias = kind != "rows"
        self.checkpoints = [f"step-{k:03d}" for k in range(n_checkpoint)]
        self.rates = [0.1 * 0.8**k for k in range(n_checkpoint)]

    def shards(self, checkpoint):
        return [self.folder / "captures" / checkpoint / f"train-{s:05d}.safetensors" for s in range(N_SHARD)]

    def queries(self, checkpoint, sample=False):
        return self.folder / "captures" / checkpoint / ("sample.safetensors" if sample else "queries.safetensors")

    def bytes(self):
        row = sum(8 if part == "labels" else 2 * columns for layer in self.layers.values()
                  for part, columns in layer.items())
        return self.n_train * self.n_checkpoint * row

    def product_columns(self):
        """{columns: how many products of all examples and all queries have them}."""
        found = collections.Counter()
        for layer in self.layers.values():
            for part, columns in layer.items():
                found[columns] += self.n_checkpoint * (part != "labels")
        return +found


def all_works(folder, scale):
    def n(full):
        return max(N_SHARD, int(full * scale) // N_SHARD * N_SHARD)
    square, last = {"input": 512, "gradient": 512}, {"input": 84, "logits": 10, "labels": 1}
    return {work.name: work for work in (
        Work("rows", folder, "rows", n(200_000), 1000, {"all": {"gradient": 4096}}, 1),
        Work("factors", folder, "factors", n(50_000), 500, {"fc1": square, "fc2": square, "fc3": square}, 8),
        Work("last-layer", folder, "last-layer", n(1_000_000), 200, {"head": last}, 8))}


# ---- numbers --------------------------------------------------------------------------------------------------------


def to_bfloat16(values):
    """Nearest bf16, ties to even, as uint16."""
    bits = values.view(numpy.uint32)
    bits += 0x7FFF + ((bits >> 16) & 1)
    return (bits >> 16).astype(numpy.uint16)


def from_bfloat16(raw, dtype=numpy.float64):
    return (raw.astype(numpy.uint32) << 16).view(numpy.float32).astype(dtype)


class Source:
    """Rows of one tensor: common directions and noise; every row and column has its own size."""

    def __init__(self, seed, part, columns):
        self.random = numpy.random.Generator(numpy.random.SFC64(seed))
        self.part, self.columns = part, columns
        weights = 0.3 * 0.7 ** numpy.arange(N_RANK)
        sizes = numpy.exp(COLUMN_SPREAD * self.random.standard_normal(columns))
        self.sizes = sizes.astype(numpy.float32)
        self.directions = (weights[:, None] * self.random.standard_normal((N_RANK, columns)) * sizes).astype("float32")

    def rows(self, n):
        if self.part == "labels":
            return self.random.integers(0, 10, (n, 1), dtype=numpy.int64)
        values = self.random.standard_normal((n, self.columns), dtype=numpy.float32)
        values *= self.sizes
        values += self.random.standard_normal((n, N_RANK), dtype=numpy.float32) @ self.directions
        values *= numpy.exp(ROW_SPREAD[self.part] * self.random.standard_normal((n, 1), dtype=numpy.float32))
        return to_bfloat16(values)


# ---- files ----------------------------------------------------------------------------------------------------------

TYPES = {numpy.dtype(numpy.uint16): "BF16", numpy.dtype(numpy.int64): "I64"}


def write_safetensors(path, n, sources, tensors=None):
    """One file of n rows of every source, {name: source}, or of arrays that are there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header, offset, layout = {}, 0, []
    for name, source in sources.items():
        labels = source.part == "labels"
        size = n * source.columns * (8 if labels else 2)
        header[name] = {"dtype": "I64" if labels else "BF16", "shape": [n] if labels else [n, source.columns],
                        "data_offsets": [offset, offset + size]}
        layout.append((name, offset))
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, source in sources.items():
            for first in range(0, n, CHUNK):
                count = min(CHUNK, n - first)
                rows = tensors[name][first:first + count] if tensors else source.rows(count)
                file.write(rows.tobytes())


def read_safetensors(path):
    """{name: array mapped from the file}."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return {name: numpy.memmap(path, numpy.int64 if entry["dtype"] == "I64" else numpy.uint16, "r",
                               8 + length + entry["data_offsets"][0], tuple(entry["shape"]))
            for name, entry in header.items()}


def write_checkpoint(work, k):
    """Shards and queries of checkpoint k; the sample is the first few queries."""
    sources = {f"{layer}.{part}": Source([k, l, p], part, columns)
               for l, (layer, parts) in enumerate(work.layers.items())
               for p, (part, columns) in enumerate(parts.items())}
    for path in work.shards(work.checkpoints[k]):
        write_safetensors(path, work.n_train // N_SHARD, sources)
    path = work.queries(work.checkpoints[k])
    write_safetensors(path, work.n_query, sources)
    tensors = read_safetensors(path)
    write_safetensors(work.queries(work.checkpoints[k], True), min(N_SAMPLE, work.n_query), sources, tensors)


def write_records(work):
    with open(work.folder / "samples.jsonl", "w", encoding="utf-8") as file:
        for i in range(work.n_train):
            file.write(f'{{"id": "example-{i:07d}", "split": "train", "policy": "policy-{i % 7}", '
                       f'"license": "licence-{i % 5}", "source": "source-{i % 31}"}}\n')
    for name, n in (("queries", work.n_query), ("sample", min(N_SAMPLE, work.n_query))):
        lines = (json.dumps({"id": f"query-{j:04d}", "text": "a behaviour"}) + "\n" for j in range(n))
        (work.folder / f"{name}.jsonl").write_text("".join(lines))
    lines = (json.dumps({"name": name, "step": k, "learning_rate": work.rates[k], "validation_loss": 1 / (k + 1)})
             + "\n" for k, name in enumerate(work.checkpoints))
    (work.folder / "checkpoints.jsonl").write_text("".join(lines))


def make(work):
    """Writes a work's inputs, unless they are there."""
    stamp, what = work.folder / "complete", f"{work.n_train} {work.n_query} {work.layers} {work.n_checkpoint}"
    if stamp.exists() and stamp.read_text() == what:
        return
    work.folder.mkdir(parents=True, exist_ok=True)
    for k in range(work.n_checkpoint):
        write_checkpoint(work, k)
    write_records(work)
    write_plain_work(work)
    stamp.write_text(what)


def write_plain_work(work):
    """The list of files for programs that read no config."""
    lines = [f"{work.kind} {int(work.bias)}\n"]
    for k, checkpoint in enumerate(work.checkpoints):
        for layer in work.layers:
            lines.append(" ".join([str(work.rates[k]), layer, str(work.queries(checkpoint)),
                                   *map(str, work.shards(checkpoint))]) + "\n")
    (work.folder / "work.txt").write_text("".join(lines))


def resize(work, times, folder):
    """The same work with the shards `times` over, or the first of them: links, which take no room."""
    n_shard = round(N_SHARD * times)
    other = Work(f"{work.name}-x{times:g}", folder, work.kind, work.n_train // N_SHARD * n_shard, work.n_query,
                 work.layers, work.n_checkpoint)
    for checkpoint in work.checkpoints:
        queries = other.queries(checkpoint)
        queries.parent.mkdir(parents=True, exist_ok=True)
        links = {queries: work.queries(checkpoint)}
        for s in range(n_shard):
            links[queries.with_name(f"train-{s:05d}.safetensors")] = work.shards(checkpoint)[s % N_SHARD]
        for link, path in links.items():
            if not link.exists():
                link.hardlink_to(path)
    write_records(other)
    return other


def write_config(work, name, digits, seal=False, sample=False, **changes):
    """A config beside the inputs; returns its path and the run directory."""
    queries = "sample" if sample else "queries"
    parts = [part for layer in list(work.layers.values())[:1] for part in layer]
    config = {
        "run": {"name": name, "directory": f"run-{name}", "origin": "example.org/audit/bench", "also": []},
        "samples": {"file": "samples.jsonl", "id": "id", "split": "split", "train": "train",
                    "group_by": ["policy", "license", "source"]},
        "checkpoints": {"file": "checkpoints.jsonl", "select": {"rule": "all"}},
        "influence": {
            "method": "tracin", "queries": f"{queries}.jsonl", "layers": list(work.layers),
            "captures": {"kind": work.kind, "bias": work.bias,
                         "train": {part: f"captures/{{checkpoint}}/train-*.safetensors#{{layer}}.{part}"
                                   for part in parts},
                         "queries": {part: f"captures/{{checkpoint}}/{queries}.safetensors#{{layer}}.{part}"
                                     for part in parts}},
            "digits": digits, "block_rows": 4096, "keep": {"top": 100, "scores": sample}, **changes}}
    if seal:
        config["seal"] = {"key": "bench.key"}
    path = work.folder / f"{name}.json"
    path.write_text(json.dumps(config, indent=1))
    return path, work.folder / f"run-{name}"
