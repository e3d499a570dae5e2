#!/usr/bin/python3 -B
"""What must hold: in a real PyTorch loop the contributions of the examples and of the optimizer add up to the change of
every layer in every step, to rounding, for SGD, momentum, weight decay, clipping, accumulation and, given the
preconditioner, Adam; they are those that autograd gives one example at a time; a dropped or foreign contribution shows;
and nothing that goes wrong changes the training by a bit."""
import contextlib
import io
import sqlite3

import numpy as np

from models import digits, functional, gradients_one_by_one, losses_of, make, nn, torch

from assay import check, finish, folder
from assay_contributions import Contributions, clip_factor
from assay_recorder import Recorder

IMAGES, LABELS = digits(torch.float64)
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "damped": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    "nesterov": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.02}),
    "ascent": (torch.optim.SGD, {"lr": 0.01, "maximize": True, "weight_decay": 0.1, "momentum": 0.5}),
    "adam": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.01}),
    "amsgrad": (torch.optim.Adam, {"lr": 0.01, "amsgrad": True}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
}


def quiet():
    return contextlib.redirect_stderr(io.StringIO())


def batches(n_step, size=12):
    order = np.random.default_rng(7).permutation(len(IMAGES))
    return [order[k * size:(k + 1) * size] for k in range(n_step)]


def train(model, optimizer, tracer, recorder, n_step=6, parts=1, max_norm=None, reduction="mean", spoil=None,
          dtype=None):
    """A training loop as anybody writes it, with the lines that record."""
    for step, index in enumerate(batches(n_step)):
        recorder.step_begin(step, epoch=0, learning_rate=optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        for micro in np.array_split(index, parts):
            x, y = IMAGES[micro].to(dtype), LABELS[micro]
            with tracer.batch(micro, accumulate=parts) as batch:
                losses = batch.losses(losses_of(model, x, y))
                (getattr(losses, reduction)() / parts).backward()
        clip = 1.0
        if max_norm is not None:
            clip = clip_factor(torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm), max_norm)
        if spoil is not None:
            spoil(step, model, tracer)
        with tracer.update(clip=clip):
            optimizer.step()
        recorder.step_end()


def recorded(path):
    """Per step and group: norms, shares, the row's numbers, and the optimizer's shares by kind."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        groups = dict(database.execute("SELECT number, name FROM parameter_group"))
        covered = dict(database.execute("SELECT name, covered FROM parameter_group"))
        rows = {}
        for record, group, delta, residual, rounding, conditional, norms, shares in database.execute(
                "SELECT record, parameter_group, delta_norm, residual, rounding, conditional, norms, shares "
                "FROM contribution"):
            rows[record - 1, groups[group]] = {
                "delta": delta, "residual": residual, "rounding": rounding, "conditional": conditional, "own": {},
                "norms": None if norms is None else np.frombuffer(norms, "<f4"),
                "shares": None if shares is None else np.frombuffer(shares, "<f8")}
        for record, group, kind, norm, share in database.execute(
                "SELECT record, parameter_group, kind, norm, share FROM optimizer"):
            rows[record - 1, groups[group]]["own"][kind] = (norm, share)
        lost = database.execute("SELECT what, reason, count FROM lost").fetchall()
    return rows, covered, lost


def check_conserved(rows, covered, what, tolerance):
    worst = worst_residual = 0.0
    for (_, group), row in rows.items():
        if covered[group]:
            total = row["shares"].sum() + sum(share for _, share in row["own"].values())
            worst = max(worst, abs(total - 1) * row["delta"] / row["rounding"])
            worst_residual = max(worst_residual, row["residual"] / row["rounding"])
    check(worst < tolerance, f"{what}: shares add up to 1, to rounding", worst)
    check(worst_residual < tolerance, f"{what}: contributions add up to the change, to rounding", worst_residual)


def run(place, name, model_name="mlp", dtype=torch.float64, choices=None, **loop):
    kind, options = OPTIMIZERS[name]
    model = make(model_name, dtype)
    optimizer = kind(model.parameters(), **options)
    path = place / f"{name}-{model_name}.sqlite"
    path.unlink(missing_ok=True)
    with Recorder(path, "r", errors="raise") as recorder:
        tracer = Contributions(model, optimizer, recorder, reduction=loop.get("reduction", "mean"), **(choices or {}))
        train(model, optimizer, tracer, recorder, dtype=dtype, **loop)
    return model, recorded(path)


def test_conserved(place):
    for name in OPTIMIZERS:
        for loop in ({}, {"parts": 3}, {"max_norm": 0.05}, {"reduction": "sum"}):
            _, (rows, covered, lost) = run(place, name, **loop)
            check(not lost and len(rows) == 18, f"{name}, {loop}: every step and layer is there", lost, len(rows))
            check_conserved(rows, covered, f"{name}, {loop}", 8)
            check(all(row["conditional"] == ("ad" in name or name == "amsgrad") for row in rows.values()),
                  f"{name}: it says whether shares are conditional")
            kinds = set(rows[5, "0"]["own"])
            options = OPTIMIZERS[name][1]
            expected = {"weight_decay"} if options.get("weight_decay") else set()
            expected |= {"momentum"} if options.get("momentum") or "ad" in name or name == "amsgrad" else set()
            expected |= {"clipping"} if "max_norm" in loop else set()
            check(kinds == expected, f"{name}, {loop}: the optimizer's own parts", kinds, expected)


def test_layers(place):
    for model_name in ("convolutions", "attention"):
        for name in ("momentum", "adamw"):
            _, (rows, covered, lost) = run(place, name, model_name, parts=2)
            check(not lost, f"{model_name}, {name}: nothing is lost", lost)
            check_conserved(rows, covered, f"{model_name}, {name}", 8)
    check(covered["shared"] == 1 and covered["norm"] == 0 and covered["(model)"] == 0,
          "parameters outside Linear and Conv2d layers are groups that are not covered", covered)
    row = rows[3, "norm"]
    check(row["shares"] is None and row["delta"] > 0 and "momentum" in row["own"], "whose change is recorded", row)


def test_float32(place):
    for name in ("sgd", "momentum", "adam"):
        _, (rows, covered, _) = run(place, name, dtype=torch.float32)
        check_conserved(rows, covered, f"{name} in float32", 8)


def test_one_by_one(place):
    """Norms and shares against gradients that autograd gives for single examples."""
    for model_name in ("mlp", "convolutions", "attention"):
        for name in ("damped", "adamw"):
            kind, options = OPTIMIZERS[name]
            model, twin = make(model_name, torch.float64), make(model_name, torch.float64)
            optimizer = kind(model.parameters(), **options)
            path = place / f"single-{model_name}-{name}.sqlite"
            steps = batches(3)
            with Recorder(path, "r", errors="raise") as recorder:
                train(model, optimizer, Contributions(model, optimizer, recorder), recorder, n_step=2)
            before, _, _ = recorded(path)
            # The second step again, from the state after the first.
            again = kind(twin.parameters(), **options)
            with Recorder(place / "twin.sqlite", "r") as recorder:
                train(twin, again, Contributions(twin, again, recorder), recorder, n_step=1)
            (place / "twin.sqlite").unlink()
            singles = gradients_one_by_one(twin, IMAGES[steps[1]], LABELS[steps[1]])
            check_singles(f"{model_name}, {name}", model, twin, again, singles, before)


def check_singles(what, model, twin, optimizer, singles, rows):
    after, worst, options = dict(model.named_parameters()), 0.0, optimizer.param_groups[0]
    for group in {group for step, group in rows if step == 1 and rows[1, group]["shares"] is not None}:
        names = [f"{group}.weight", f"{group}.bias"]
        before = {name: parameter for name, parameter in twin.named_parameters() if name in names}
        change = {name: (after[name] - parameter).detach() for name, parameter in before.items()}
        if "betas" in options:  # the preconditioner that the second step ends with
            scale = {}
            for name, parameter in before.items():
                total = sum(single[name] for single in singles) / len(singles)
                moment = 0.999 * optimizer.state[parameter]["exp_avg_sq"] + 0.001 * total ** 2
                scale[name] = 0.1 / (1 - 0.9 ** 2) / ((moment / (1 - 0.999 ** 2)).sqrt() + 1e-8)
        else:
            scale = {name: 1 - options["dampening"] for name in names}
        squared = sum(float(value.pow(2).sum()) for value in change.values())
        for i, single in enumerate(singles):
            made = {name: -options["lr"] * scale[name] * single[name] / len(singles) for name in names}
            norm = sum(float(value.pow(2).sum()) for value in made.values()) ** 0.5
            share = sum(float((made[name] * change[name]).sum()) for name in names) / squared
            row = rows[1, group]
            worst = max(worst, abs(row["norms"][i] - norm) / norm * 1e-6, abs(row["shares"][i] - share))
    check(worst < 1e-9, f"{what}: as autograd has it, one example at a time", worst)


def test_scaled_loss(place):
    """A GradScaler's loop: the loss is multiplied, and the gradients are divided before the step."""
    model = make("mlp", torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(place / "scaled.sqlite", "r", errors="raise") as recorder:
        tracer = Contributions(model, optimizer, recorder)
        for step, index in enumerate(batches(3)):
            recorder.step_begin(step)
            optimizer.zero_grad()
            with tracer.batch(index, loss_scale=1024.0) as batch:
                (batch.losses(losses_of(model, IMAGES[index], LABELS[index])).mean() * 1024).backward()
            for parameter in model.parameters():
                parameter.grad /= 1024
            with tracer.update():
                optimizer.step()
            recorder.step_end()
    rows, covered, _ = recorded(place / "scaled.sqlite")
    check_conserved(rows, covered, "a scaled loss", 8)


def test_data_parallel(place):
    """Two processes that take the mean of their gradients: together their shares add up to 1."""
    models = [make("mlp", torch.float64) for _ in range(2)]
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in models]
    paths = [place / f"rank-{rank}.sqlite" for rank in range(2)]
    recorders = [Recorder(path, "r", rank, 2, errors="raise") for rank, path in enumerate(paths)]
    tracers = [Contributions(*each, data_parallel=2) for each in zip(models, optimizers, recorders)]
    for step, index in enumerate(batches(3)):
        for rank, half in enumerate(np.array_split(index, 2)):
            recorders[rank].step_begin(step)
            optimizers[rank].zero_grad()
            with tracers[rank].batch(half) as batch:
                batch.losses(losses_of(models[rank], IMAGES[half], LABELS[half])).mean().backward()
        for pair in zip(*(model.parameters() for model in models)):
            mean = (pair[0].grad + pair[1].grad) / 2
            for parameter in pair:
                parameter.grad.copy_(mean)
        for rank in range(2):
            with tracers[rank].update():
                optimizers[rank].step()
            recorders[rank].step_end()
    for recorder in recorders:
        recorder.close()
    there, here = (recorded(path)[0] for path in paths)
    worst = max(abs(there[key]["shares"].sum() + here[key]["shares"].sum() - 1) for key in there)
    check(worst < 1e-9, "the shares of both processes add up to 1", worst)
    check(all(row["residual"] is None for row in there.values()), "one process alone claims no residual")


# ---- what breaks conservation, and what breaks at all ---------------------------------------------------------------


def violations(rows, covered):
    return {(step, group) for (step, group), row in rows.items()
            if covered[group] and row["residual"] > 100 * row["rounding"]}


def test_violations(place):
    def drop(step, _, tracer):  # an example that took part and is not accounted for
        if step == 2:
            call = tracer._held[0][0]["2"][0]
            call.gradient[4] = 0

    def sneak(step, model, _):  # a gradient from elsewhere
        if step == 4:
            model[4].bias.grad += 1e-3

    for spoil, expected in ((drop, {(2, "2")}), (sneak, {(4, "4")}), (None, set())):
        _, (rows, covered, _) = run(place, "momentum", spoil=spoil)
        found = violations(rows, covered)
        check(found == expected, f"{spoil}: the step and the layer are found", found)
    _, (rows, covered, _) = run(place, "sgd", max_norm=0.05, spoil=lambda _, model, __: model[0].weight.grad.mul_(0.5))
    check({group for _, group in violations(rows, covered)} == {"0"}, "clipping that was not said is found")


def trained(place, name, act=None, **choices):
    """The parameters after training in which `act` does something wrong, and what the recorder lost of it."""
    model = make("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with quiet(), Recorder(place / f"{name}.sqlite", "r") as recorder:
        tracer = Contributions(model, optimizer, recorder, **choices)
        train(model, optimizer, tracer, recorder, spoil=act, dtype=torch.float32)
    return list(model.parameters()), recorded(place / f"{name}.sqlite")


def test_never_in_the_way(place):
    model = make("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for index in batches(6):  # without any of this
        optimizer.zero_grad()
        functional.cross_entropy(model(IMAGES[index].float()), LABELS[index]).backward()
        optimizer.step()
    plain = list(model.parameters())

    def fail_in_hook(*_):
        raise RuntimeError("a hook fails")

    def broken(step, _, tracer):
        tracer._held[0][0]["0"][0].input = None

    cases = {"well": {}, "small": {"limit_bytes": 10}, "stated wrongly": {"reduction": "sum"},
             "broken": {"act": broken}}
    for name, choices in cases.items():
        parameters, (rows, _, lost) = trained(place, name, **choices)
        check(all(torch.equal(a, b) for a, b in zip(plain, parameters)), f"{name}: training is the same, bit for bit")
        count = sum(row[2] for row in lost)
        check(count == (0 if name == "well" else 6), f"{name}: what is lost is in the file", lost)
        check(name == "well" or all(row["shares"] is None for row in rows.values()), f"{name}: no wrong shares", rows)
    model = make("mlp")
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
    with quiet(), Recorder(place / "unknown.sqlite", "r") as recorder:
        train(model, optimizer, Contributions(model, optimizer, recorder), recorder, dtype=torch.float32)
    _, _, lost = recorded(place / "unknown.sqlite")
    check(any("RMSprop" in reason for _, reason, _ in lost), "an optimizer that is not known is named", lost)
    check_hook_failure(place, plain, fail_in_hook)


class Hidden(nn.Module):
    """A layer whose weight is used without calling it."""

    def __init__(self):
        super().__init__()
        self.inner, self.last = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 10)

    def forward(self, images):
        rows = images.reshape(-1, 8, 8)
        return self.last(self.inner(rows, rows, rows)[0].mean(1))


def test_hidden(place):
    model = Hidden().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with quiet(), Recorder(place / "hidden.sqlite", "r") as recorder:
        train(model, optimizer, Contributions(model, optimizer, recorder), recorder, n_step=2)
    rows, covered, lost = recorded(place / "hidden.sqlite")
    check(len(lost) == 2 and "inner.out_proj: it has a gradient, but was not called" in lost[0][1], "it is said", lost)
    check(rows[1, "inner.out_proj"]["shares"] is None and rows[1, "last"]["shares"] is not None, "and no share is zero")
    check(covered["inner"] == 0, "the other weights are not covered")


def test_cannot_open(place):
    model = make("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for name, choices in (("a", {"reduction": "average"}), ("b", {"layers": ["fc"]})):
        with quiet(), Recorder(place / f"{name}.sqlite", "r") as recorder:
            train(model, optimizer, Contributions(model, optimizer, recorder, **choices), recorder, dtype=torch.float32)
        rows, _, lost = recorded(place / f"{name}.sqlite")
        check(not rows and len(lost) == 1 and "no step will be traced" in lost[0][1], "it is said once", lost)
        with contextlib.closing(sqlite3.connect(place / f"{name}.sqlite")) as database:
            check(database.execute("SELECT sum(n) FROM step").fetchone() == (72,), "uses are recorded all the same")
        with Recorder(place / f"raised-{name}.sqlite", "r", errors="raise") as recorder:
            try:
                Contributions(model, optimizer, recorder, **choices)
                check(False, "it is raised when asked")
            except ValueError:
                check(True, "it is raised when asked")


def check_hook_failure(place, plain, fail):
    model = make("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with quiet(), Recorder(place / "hook.sqlite", "r") as recorder:
        tracer = Contributions(model, optimizer, recorder)
        import assay_layers  # the hooks' own class is made to fail
        before, assay_layers.Call = assay_layers.Call, fail
        try:
            train(model, optimizer, tracer, recorder, dtype=torch.float32)
        finally:
            assay_layers.Call = before
        tracer.remove()
    check(all(torch.equal(a, b) for a, b in zip(plain, model.parameters())), "a failing hook changes nothing")
    check(recorded(place / "hook.sqlite")[2] == [("contribution", "RuntimeError: a hook fails", 1)] * 6, "and is noted",
          recorded(place / "hook.sqlite")[2])
    check(not any(isinstance(layer, nn.Linear) and layer._forward_hooks for layer in model), "hooks are taken off")


with folder() as temporary:
    for test in (test_conserved, test_layers, test_float32, test_one_by_one, test_scaled_loss, test_data_parallel,
                 test_violations, test_never_in_the_way, test_hidden, test_cannot_open):
        (temporary / test.__name__).mkdir()
        test(temporary / test.__name__)
finish()
