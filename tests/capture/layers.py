#!/usr/bin/python3 -B
"""What must hold: captured inputs and output gradients make up, layer by layer, the gradients that autograd gives for
one example at a time, in float64; a stated reduction that is wrong is refused; a projection keeps inner products within
its expected error; shards hold every row once, in order, and nothing that fails stops a training."""
import contextlib
import functools
import io
import json
import struct

import numpy as np

from models import MODELS, digits, gradients_one_by_one, losses_of, make, nn, torch

from assay import check, finish, folder
from assay_capture import Capture, Projection
from assay_layers import find_layers
from assay_projection import key_of, signs, words

X, Y = digits(torch.float64)


def quiet():
    return contextlib.redirect_stderr(io.StringIO())


def read_safetensors(path):
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header, tensors = json.loads(content[8:8 + size]), {}
    check(size % 8 == 0, "the data begin at a multiple of 8")
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            dtype = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "BF16": "<u2", "F16": "<f2"}[entry["dtype"]]
            values = np.frombuffer(content[8 + size + first:8 + size + last], dtype).reshape(entry["shape"])
            if entry["dtype"] == "BF16":
                values = (values.astype("<u4") << 16).view("<f4")
            tensors[name] = values
    return tensors, header["__metadata__"]


def read_shards(place, side):
    shards = [read_safetensors(path)[0] for path in sorted(place.glob(f"{side}-*.safetensors"))]
    return {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}


def capture(model, place, batches, reduction="sum", accumulate=1, **choices):
    """Captures the examples of the batches (slices) as a training loop would."""
    with Capture(model, place, "train", reduction=reduction, errors="raise", **choices) as made:
        for rows in batches:
            with made.batch(range(rows.start, rows.stop), accumulate=accumulate) as batch:
                losses = batch.losses(losses_of(model, X[rows], Y[rows]))
                (getattr(losses, reduction)() / accumulate).backward()
            with torch.no_grad():
                model(X[:3])  # an evaluation in between leaves no trace
    model.zero_grad()
    return made


def weight_gradient(tensors, layer, i):
    given, gradient = tensors[f"{layer}.input"][i], tensors[f"{layer}.gradient"][i]
    given, gradient = np.atleast_2d(given), np.atleast_2d(gradient)
    return gradient.T @ given, gradient.sum(0)


def compare(name, model, tensors, rows):
    layers = find_layers(model)
    worst = 0.0
    for i, expected in enumerate(gradients_one_by_one(model, X[rows], Y[rows])):
        for layer in layers:
            weight, bias = weight_gradient(tensors, layer, i)
            for own, found in (("weight", weight), ("bias", bias)):
                there = expected[f"{layer}.{own}"].numpy()
                # A bias before a softmax has a gradient of zero, and only rounding to compare with: hence the layer's.
                scale = max(np.abs(expected[f"{layer}.{part}"].numpy()).max() for part in ("weight", "bias"))
                worst = max(worst, np.abs(found.reshape(there.shape) - there).max() / scale)
    check(worst < 1e-11, f"{name}: factors make up the gradients of single examples", worst)
    check(list(tensors["samples"]) == list(range(rows.stop)), f"{name}: samples in their order")


def test_factors(place):
    batches = [slice(0, 20), slice(20, 40), slice(40, 51)]
    for name in MODELS:
        for reduction, accumulate in (("sum", 1), ("mean", 1), ("mean", 3), ("sum", 3)):
            model = make(name, torch.float64)
            at = place / f"{name}-{reduction}-{accumulate}"
            capture(model, at, batches, reduction, accumulate, dtype="f64", shard_bytes=1 << 14)
            check(len(list(at.glob("train-*.safetensors"))) > 2, f"{name}: several shards")
            compare(f"{name}, {reduction}, {accumulate}", model, read_shards(at, "train"), slice(0, 51))


def test_dtypes_and_lengths(place):
    model = make("attention", torch.float64)
    exact = capture(model, place / "f64", [slice(0, 9)], dtype="f64") and read_shards(place / "f64", "train")
    for dtype, digits_kept in (("f32", 24), ("bf16", 8)):
        capture(model, place / dtype, [slice(0, 9)], dtype=dtype)
        found = read_shards(place / dtype, "train")
        off = max(np.abs(found[name] - exact[name]).max() / np.abs(exact[name]).max() for name in exact)
        check(off <= 2.0 ** -digits_kept, f"{dtype} is rounded once", off)
    with Capture(model, place / "long", "train", reduction="sum", dtype="f64", errors="raise", positions=8,
                 layers=["embed", "key"]) as made:
        for length in (3, 8):  # rows of a batch of shorter sequences are padded with zeros
            with made.batch(range(4)) as batch:
                embedded = model.embed(X[:4].reshape(4, 8, 8)[:, :length])
                batch.losses(model.key(embedded).pow(2).sum((1, 2))).sum().backward()
    tensors = read_shards(place / "long", "train")
    check(tensors["key.gradient"].shape == (8, 8, 12) and not tensors["key.gradient"][:4, 3:].any(), "zeros are padded")


# ---- what is refused ------------------------------------------------------------------------------------------------


def refusals():
    """Name, model, sentence, and what is done within the batch, given the model and the batch."""
    def plain(model, batch, reduce=lambda losses: losses.sum()):
        reduce(batch.losses(losses_of(model, X[:6], Y[:6]))).backward()

    def unseen(model, _):
        losses_of(model, X[:6], Y[:6]).sum().backward()

    yield "mean", make("mlp", torch.float64), "to have weight 1, found 0.166667", lambda m, b: plain(
        m, b, lambda losses: losses.mean())
    yield "scaled", make("mlp", torch.float64), "found 1024", lambda m, b: plain(m, b, lambda v: v.sum() * 1024)
    yield "one weighs more", make("mlp", torch.float64), "the loss of example 2", lambda m, b: plain(
        m, b, lambda v: (v * torch.tensor([1, 1, 1.5, 1, 1, 1])).sum())
    yield "not shown", make("mlp", torch.float64), "were not seen", unseen
    yield "five losses", make("mlp", torch.float64), "one loss for each of 6", lambda m, b: b.losses(
        losses_of(m, X[:5], Y[:5])).sum().backward()
    yield "scalar", make("mlp", torch.float64), "found shape ()", lambda m, b: b.losses(
        losses_of(m, X[:6], Y[:6]).mean()).backward()
    normed = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, 10)).double()
    yield "batch norm", normed, "mixes the examples", plain
    turned = nn.Sequential(nn.Linear(8, 10)).double()
    yield "sequence first", turned, "keep the examples on the first axis", lambda m, b: b.losses(
        m(X[:6].reshape(6, 8, 8).transpose(0, 1)).pow(2).sum((0, 2))).sum().backward()
    yield "flattened", turned, "first axis of 6 examples, found", lambda m, b: b.losses(
        m(X[:6].reshape(48, 8)).reshape(6, -1).pow(2).sum(1)).sum().backward()
    aside = nn.ModuleDict({"used": nn.Linear(64, 10), "idle": nn.Linear(64, 10)}).double()
    yield "idle", aside, "layer idle: no loss", lambda m, b: b.losses(m["used"](X[:6]).pow(2).sum(1)).sum().backward()

    def overwrite(model, batch):
        given = X[:6].clone()
        batch.losses(losses_of(model, given, Y[:6])).sum().backward()
        given.zero_()
    yield "overwritten", nn.Sequential(nn.Linear(64, 10)).double(), "changed in place", overwrite


def test_refused(place):
    for name, model, sentence, act in refusals():
        with quiet() as shown:
            with Capture(model, place / name, "train", reduction="sum") as made:  # counts
                with made.batch(range(6)) as batch:
                    act(model, batch)
        check(len(made.failures) == 1 and sentence in next(iter(made.failures)), f"{name}: “{sentence}”", made.failures)
        check("not all was captured" in shown.getvalue(), f"{name}: it is shown")
        check(not list((place / name).glob("train*")), f"{name}: no shard is left")
        try:
            with quiet(), Capture(model, place / name, "train", reduction="sum", errors="raise") as made:
                with made.batch(range(6)) as batch:
                    act(model, batch)
            check(False, f"{name}: it is raised when asked")
        except ValueError as error:
            check(sentence in str(error), f"{name}: it is raised when asked", error)


def raises(sentence, function, *arguments, **named):
    try:
        with quiet():
            function(*arguments, **named)
        check(False, f"“{sentence}” is raised")
    except (ValueError, OSError) as error:
        check(sentence in str(error), f"“{sentence}” is raised", error)


def test_refused_models(place):
    model, strict = make("mlp", torch.float64), functools.partial(Capture, errors="raise")
    raises("has none of this name; it has 0, 1", strict, model, place, "train", reduction="sum", layers=["fc"])
    raises("a Linear or Conv2d layer, found Tanh", strict, model, place, "train", reduction="sum", layers=["3"])
    raises("no Linear or Conv2d", strict, nn.Tanh(), place, "train", reduction="sum")
    raises("of one group", strict, nn.Sequential(nn.Conv2d(4, 4, 1, groups=2)), place, "train", reduction="sum",
           layers=["0"])
    tied = nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 10))
    tied[1].weight = tied[0].weight
    raises("are shared with ['0', '1']", strict, tied, place, "train", reduction="sum")
    some = nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 10, bias=False))
    raises("some layers have a bias", strict, some, place, "train", reduction="sum")
    raises('"mean" or "sum"', strict, model, place, "train", reduction="average")
    raises("dtype", strict, model, place, "train", reduction="sum", dtype="f8")
    capture(model, place / "twice", [slice(0, 3)])
    raises("are there already", capture, model, place / "twice", [slice(0, 2)])
    (place / "twice/train-00000.safetensors.tmp-7").write_text("of a process that was killed")
    capture(model, place / "twice", [slice(0, 2)], overwrite=True)
    check(len(read_shards(place / "twice", "train")["samples"]) == 2, "old captures are replaced when asked")
    check(len(list((place / "twice").iterdir())) == 1, "what was left behind is removed")
    check(not model[0]._forward_hooks, "the hooks are taken off")
    normed = nn.Sequential(nn.utils.weight_norm(nn.Linear(64, 10)), nn.Linear(10, 10)).double()
    raises("this weight is made of others", strict, normed, place, "train", reduction="sum", layers=["0"])
    check(list(find_layers(normed)) == ["1"], "parametrised weights are left out")


def test_cannot_open(place):
    """A capture in the middle of a training that cannot be made: the training goes on."""
    model = make("mlp", torch.float64)
    (place / "file").write_text("in the way")
    for name, choices in (("file/below", {}), ("a", {"reduction": "average"}), ("b", {"dtype": "f8"}),
                          ("c", {"layers": ["fc"]})):
        choices = {"reduction": "sum", **choices}
        with quiet() as shown:
            with Capture(model, place / name, "train", **choices) as made:
                with made.batch(range(2)) as batch:
                    batch.losses(losses_of(model, X[:2], Y[:2])).sum().backward()
        check(len(made.failures) == 1 and "not all was captured" in shown.getvalue(), f"{name}: it says so",
              made.failures, shown.getvalue())
        check(model[0].weight.grad is not None, f"{name}: and the training goes on")


def test_caller_fails(place):
    """An exception of the training loop passes through, and leaves no rows."""
    model = make("mlp", torch.float64)
    with Capture(model, place / "fails", "train", reduction="sum") as made:
        try:
            with made.batch(range(2)):
                raise KeyError("mine")
        except KeyError:
            check(True, "the caller's exception passes")
        with made.batch(range(2)) as batch:
            batch.losses(losses_of(model, X[:2], Y[:2])).sum().backward()
    check(len(read_shards(place / "fails", "train")["samples"]) == 2, "the next batch is captured")


# ---- projection -----------------------------------------------------------------------------------------------------


def splitmix(key, counter):
    """The same with Python's integers."""
    mask = (1 << 64) - 1
    state = (key + (counter + 1) * 0x9E3779B97F4A7C15) & mask
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & mask
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & mask
    return state ^ (state >> 31)


def test_signs():
    counters = torch.tensor([0, 1, 2, 12345, 2**32, 2**40 + 7])
    found = [int(word) % 2**64 for word in words(0, counters)]
    check(found[:3] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F], "SplitMix64 from seed 0",
          [hex(word) for word in found])
    key = key_of(1, "fc1", "input")
    check([int(word) % 2**64 for word in words(key, counters)] == [splitmix(key, int(c)) for c in counters], "any key")
    matrix = signs(key, 5, 130)
    expected = [[1 if splitmix(key, (i << 32) + j // 64) >> (j % 64) & 1 else -1 for j in range(130)] for i in range(5)]
    check(matrix.tolist() == expected, "each sign is a bit of its word")
    check(torch.equal(signs(key, 3, 70), matrix[:3, :70]), "a part is the same part of a larger one")
    check(key != key_of(1, "fc1", "gradient") and key != key_of(2, "fc1", "input"), "sides and seeds differ")


def test_projection(place):
    rank, rows = 400, slice(0, 120)
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(64, 600), nn.Tanh(), nn.Linear(600, 10)).double()
    whole = capture(model, place / "whole", [rows], dtype="f64") and read_shards(place / "whole", "train")
    projection = Projection(rank, seed=3)
    found = capture(model, place / "small", [rows], dtype="f64", projection=projection) and read_shards(
        place / "small", "train")
    check(found["0.gradient"].shape == found["2.input"].shape == (120, rank), "wide sides are projected")
    check(np.array_equal(found["0.input"], whole["0.input"]), "narrow sides stay as they are")
    for name in ("0.gradient", "2.input"):
        x, px = whole[name], found[name]
        squares = (x ** 2).sum(1)
        variance = (np.outer(squares, squares) + (x @ x.T) ** 2 - 2 * (x ** 2) @ (x ** 2).T) / rank
        off = (px @ px.T - x @ x.T)[np.triu_indices(len(x), 1)] / np.sqrt(variance)[np.triu_indices(len(x), 1)]
        check(0.8 < np.sqrt((off ** 2).mean()) < 1.25 and abs(off).max() < 6, f"{name}: the error is the expected one",
              np.sqrt((off ** 2).mean()), abs(off).max())
    again = capture(model, place / "again", [slice(0, 60), slice(60, 120)], dtype="f64",
                    projection=Projection(rank, seed=3)) and read_shards(place / "again", "train")
    check(np.abs(again["2.input"] - found["2.input"]).max() < 1e-12, "the same for other batches and another object")
    _, metadata = read_safetensors(next((place / "small").glob("train-*")))
    check(metadata["projection"] == "signs, rank 400, seed 3", "the file says how it was made", metadata)
    raises("rank of 1", Projection, 0)


def test_memory(place):
    """Shards go to disk as they fill: what waits is never more than one."""
    model, held = make("mlp", torch.float64), []
    with Capture(model, place / "much", "train", reduction="sum", errors="raise", shard_bytes=30_000) as made:
        for _ in range(40):
            with made.batch(range(16)) as batch:
                batch.losses(losses_of(model, X[:16], Y[:16])).sum().backward()
            held.append(sum(len(piece) for pieces in made._shards._pieces.values() for piece in pieces))
    check(max(held) <= 30_000 and len(list((place / "much").iterdir())) > 5, "at most a shard waits", max(held))


if __name__ == "__main__":
    with folder() as temporary:
        for test in (test_factors, test_dtypes_and_lengths, test_refused, test_refused_models, test_cannot_open,
                     test_caller_fails, test_projection, test_memory):
            (temporary / test.__name__).mkdir()
            test(temporary / test.__name__)
        test_signs()
    finish()
