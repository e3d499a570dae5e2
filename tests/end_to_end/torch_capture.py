#!/usr/bin/python3 -B
"""What must hold: a real PyTorch training on the digits (an MLP, a convolutional network, attention over the rows as a
sequence; with and without accumulation) that records and captures as the README says gives `assay influence` what it
needs: its scores are those of gradients that autograd gives one example at a time, summed in float64; projected
captures give them within the projection's error; and the recording holds every step, use and contribution of that
training."""
import contextlib
import json
import os
import pathlib
import sqlite3
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.environ["ASSAY_SOURCE"], "tests/capture"))
from models import SOURCE, digits, gradients_one_by_one, losses_of, make, torch  # noqa: E402

from assay import check, finish, folder, run_well  # noqa: E402
from assay_capture import Capture, Projection  # noqa: E402
from assay_contributions import Contributions  # noqa: E402
from assay_layers import find_layers  # noqa: E402
from assay_recorder import Recorder  # noqa: E402
from study import write_lines  # noqa: E402

IMAGES, LABELS = digits()
RANKS = {"mlp": 32, "convolutions": 48, "attention": 10}  # of projections; below the widest side of some layer
N_TRAIN, N_QUERY, BATCH, EPOCHS, RATE = 150, 10, 25, 4, 0.1
SIDES = {"train": slice(0, N_TRAIN), "queries": slice(1000, 1000 + N_QUERY)}


# ---- a training that records ----------------------------------------------------------------------------------------


def capture(model, place, reduction, **choices):
    """Both sides at a checkpoint, in batches that do not divide their number."""
    for side, rows in SIDES.items():
        with Capture(model, place, side, reduction=reduction, errors="raise", shard_bytes=200_000, **choices) as made:
            for first in range(rows.start, rows.stop, 40):
                part = slice(first, min(first + 40, rows.stop))
                with made.batch(range(part.start, part.stop)) as batch:
                    getattr(batch.losses(losses_of(model, IMAGES[part], LABELS[part])), reduction)().backward()
    model.zero_grad()


def train(name, place, accumulate):
    model = make(name)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.5)
    recorder = Recorder(place / "lineage/rank-00000.sqlite", "digits", samples=place / "samples.jsonl", errors="raise")
    tracer = Contributions(model, optimizer, recorder)
    recorder.role("train", range(N_TRAIN))
    recorder.admission("admit", range(N_TRAIN), policy="open-license")
    order, step, checkpoints = np.random.default_rng(3), 0, []
    for epoch in range(EPOCHS):
        for index in order.permutation(N_TRAIN).reshape(-1, BATCH):
            recorder.step_begin(step, epoch=epoch, learning_rate=RATE)
            optimizer.zero_grad()
            for part in np.array_split(index, accumulate):
                with tracer.batch(part, accumulate=accumulate) as batch:
                    losses = batch.losses(losses_of(model, IMAGES[part], LABELS[part]))
                    (losses.mean() / accumulate).backward()
            with tracer.update():
                optimizer.step()
            recorder.step_end(float(losses.mean()))
            step += 1
        if epoch % 2 == 1:
            checkpoint = f"step-{step:06d}"
            recorder.checkpoint(step, checkpoint, learning_rate=RATE)
            capture(model, place / "captures" / checkpoint, ("mean", "sum")[epoch // 2])
            capture(model, place / "projected" / checkpoint, "sum", projection=Projection(RANKS[name], seed=2))
            checkpoints.append((checkpoint, step, {key: value.clone() for key, value in model.state_dict().items()}))
    recorder.close()
    tracer.remove()
    return model, checkpoints


# ---- its influence --------------------------------------------------------------------------------------------------


def write_study(place, model, checkpoints):
    write_lines(place / "checkpoints.jsonl", [{"name": name, "step": step, "learning_rate": RATE}
                                              for name, step, _ in checkpoints])
    write_lines(place / "queries.jsonl", [{"id": f"query-{j}"} for j in range(N_QUERY)])
    for captures in ("captures", "projected"):
        names = {side: {part: f"{captures}/{{checkpoint}}/{side}-*.safetensors#{{layer}}.{part}"
                        for part in ("input", "gradient")} for side in SIDES}
        config = {"run": {"name": captures, "directory": f"run-{captures}", "origin": f"example.org/audit/{captures}"},
                  "samples": {"file": "samples.jsonl"},
                  "checkpoints": {"file": "checkpoints.jsonl", "select": {"rule": "all"}},
                  "influence": {"queries": "queries.jsonl", "layers": list(find_layers(model)),
                                "captures": {"kind": "factors", **names}, "digits": 2, "block_rows": 64,
                                "keep": {"top": 10, "scores": True}}}
        (place / f"{captures}.json").write_text(json.dumps(config))


def reference(model, checkpoints):
    """Scores from gradients of single examples, in float64; and the scale of what rounding may do to each."""
    layers, scores, scale = find_layers(model), 0.0, 0.0
    images = IMAGES.double()
    for _, _, state in checkpoints:
        model.load_state_dict(state)
        model.double()
        sides = [gradients_one_by_one(model, images[rows], LABELS[rows]) for rows in SIDES.values()]
        for layer in layers:
            rows = [np.array([np.concatenate([single[f"{layer}.{own}"].numpy().ravel() for own in ("weight", "bias")])
                              for single in side]) for side in sides]
            scores = scores + RATE * rows[0] @ rows[1].T
            scale = scale + RATE * np.outer(*(np.linalg.norm(side, axis=1) for side in rows))
        model.float()
    return scores, scale


def test_influence(name, place, accumulate):
    write_lines(place / "samples.jsonl", [{"id": f"digit-{i:04d}"} for i in range(N_TRAIN)])
    model, checkpoints = train(name, place, accumulate)
    write_study(place, model, checkpoints)
    expected, scale = reference(model, checkpoints)
    for captures in ("captures", "projected"):
        run_well("influence", place / f"{captures}.json", ranks=2)
    with h5py.File(place / "run-captures/influence.h5") as table:
        found = table["/scores"][:]
    worst = float((np.abs(found - expected) / scale).max())
    check(found.shape == expected.shape and worst <= 2.0 ** -11, f"{name}, {accumulate}: scores are autograd's", worst)
    with h5py.File(place / "run-projected/influence.h5") as table:
        projected = table["/scores"][:]
    off = float(np.sqrt((((projected - expected) / scale) ** 2).mean()))
    check(1e-4 < off < 1 / np.sqrt(RANKS[name]), f"{name}: projected captures say nearly the same", off)
    together = float(np.corrcoef(projected.ravel(), expected.ravel())[0, 1])
    check(together > 0.9, f"{name}: in nearly the same order", together)
    print(f"{name}, {accumulate}: largest error 2^{np.log2(worst):.1f}; projected: off by {off:.3f}, correlation "
          f"{together:.3f}")
    return model


# ---- its recording --------------------------------------------------------------------------------------------------


def test_recording(name, place, accumulate, model):
    path = place / "lineage/rank-00000.sqlite"
    with sqlite3.connect(path) as database:
        uses = np.concatenate([np.frombuffer(blob, "<i8") for (blob,) in database.execute("SELECT samples FROM step")])
        steps = database.execute("SELECT count(*), min(length(micro_batches)), min(losses IS NOT NULL) "
                                 "FROM step").fetchone()
        shares = {}
        for record, group, blob in database.execute("SELECT record, parameter_group, shares FROM contribution"):
            if blob is not None:
                shares[record, group] = np.frombuffer(blob, "<f8").sum()
        for record, group, share in database.execute("SELECT record, parameter_group, share FROM optimizer"):
            shares[record, group] = shares.get((record, group), 0) + share
        residual = database.execute("SELECT max(residual / rounding) FROM contribution").fetchone()[0]
        covered = {number for (number,) in database.execute("SELECT number FROM parameter_group WHERE covered")}
        lost = database.execute("SELECT count(*) FROM lost").fetchone()[0]
    n_step = EPOCHS * N_TRAIN // BATCH
    check(steps == (n_step, 8 * accumulate, 1), f"{name}: every step, its micro-batches and losses", steps)
    check(np.array_equal(np.bincount(uses), np.full(N_TRAIN, EPOCHS)), f"{name}: every sample once an epoch")
    sums = np.array([value for (_, group), value in shares.items() if group in covered])
    check(len(sums) == n_step * len(find_layers(model)) and np.abs(sums - 1).max() < 1e-3,
          f"{name}: the shares of every layer and step add up to 1", np.abs(sums - 1).max())
    check(residual < 8 and lost == 0, f"{name}: contributions are the change, to rounding", residual, lost)
    text = json.dumps(sorted(str(file.relative_to(place)) for file in pathlib.Path(place).rglob("*.tmp-*")))
    check(text == "[]", f"{name}: no temporary file is left", text)


def test_readme(place):
    """The lines of src/capture/README.md, as they stand there."""
    text = (SOURCE / "src/capture/README.md").read_text().partition("## In a training loop\n\n")[2]
    lines = text[:text.index("\nWithout")].split("\n")
    write_lines(place / "samples.jsonl", [{"id": f"digit-{i:04d}"} for i in range(100)])
    model = make("mlp")
    in_order = [(range(first, first + 25), IMAGES[first:first + 25], LABELS[first:first + 25])
                for first in range(0, 100, 25)]
    known = {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "loader": in_order[::-1],
             "in_order": in_order, "cross_entropy": torch.nn.functional.cross_entropy}
    with contextlib.chdir(place):
        exec("\n".join(line[4:] for line in lines), known)  # pylint: disable=exec-used
    check(not known["recorder"].failures and not known["capture"].failures, "the lines of the README run well",
          known["recorder"].failures, known["capture"].failures)
    with sqlite3.connect(place / "lineage/rank-00000.sqlite") as database:
        counts = database.execute("SELECT count(*), sum(n) FROM step").fetchone()
    check(counts == (4, 100), "and record every step", counts)
    check((place / "captures/step-000100/train-00000.safetensors").exists(), "and capture")


with folder() as temporary:
    (temporary / "readme").mkdir()
    test_readme(temporary / "readme")
    for model_name, parts in (("mlp", 1), ("mlp", 5), ("convolutions", 1), ("attention", 1), ("attention", 5)):
        at = temporary / f"{model_name}-{parts}"
        at.mkdir()
        network = test_influence(model_name, at, parts)
        test_recording(model_name, at, parts, network)
finish()
