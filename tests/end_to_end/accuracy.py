#!/usr/bin/python3 -B
"""What must hold: influence.h5 says what an independent float64 computation from the same captures says.

Scores lie within 2^-4, 2^-11, 2^-18, 2^-25 of Σ_k η_k Σ_l |g_l||g'_l| with 1, 2, 3, 4 digits; whatever is derived from
the scores (top lists, totals, groups) follows from them exactly; and positive means proponent."""
import json
import math
import struct

import h5py
import numpy as np
from scipy.stats import spearmanr

from assay import SOURCE, check, finish, folder, run_well
import study as studies

LIMITS = {1: 2.0**-4, 2: 2.0**-11, 3: 2.0**-18, 4: 2.0**-25}


# ---- the independent computation ------------------------------------------------------------------------------------


def factors(study, side_data):
    """δ and a (with the bias' 1) of one layer and side; a is None for gradient rows."""
    if study.kind == "rows":
        return side_data["gradient"], None
    delta = side_data.get("gradient")
    if study.positions:  # every position is a product; the gradient is their sum
        ones = np.ones((*delta.shape[:2], 1 if study.bias else 0))
        inputs = np.concatenate([side_data["input"], ones], axis=2)
        return np.einsum("nto,nti->noi", delta, inputs).reshape(len(delta), -1), None
    if study.kind == "last-layer":
        logits, labels = side_data["logits"], side_data["labels"].astype(int)
        delta = np.exp(logits - logits.max(axis=1, keepdims=True))
        delta /= delta.sum(axis=1, keepdims=True)
        delta[np.arange(len(labels)), labels] -= 1
    ones = np.ones((len(delta), 1 if study.bias else 0))
    return delta, np.hstack([side_data["input"], ones])


def layer_terms(study, checkpoint, layer):
    """⟨g, g'⟩ of one layer at one checkpoint, and the norms |g|, |g'|."""
    train, query = (factors(study, study.data[checkpoint][layer][side]) for side in ("train", "queries"))
    dots, norms = train[0] @ query[0].T, [np.linalg.norm(side[0], axis=1) for side in (train, query)]
    if train[1] is not None:
        dots = dots * (train[1] @ query[1].T)
        norms = [norm * np.linalg.norm(side[1], axis=1) for norm, side in zip(norms, (train, query))]
    return dots, norms


def expected(study, method, used):
    """Scores by checkpoint and layer [K, L, n, m], the bound of their errors [n, m], and self-influence [n]."""
    rates = {c["name"]: c["learning_rate"] for c in study.candidates}
    terms, bound, own = [], 0, 0
    for checkpoint in used:
        weight = rates[checkpoint] if method == "tracin" else 1
        pairs = [layer_terms(study, checkpoint, layer) for layer in study.layers]
        squares = [sum(norms[side] ** 2 for _, norms in pairs) for side in (0, 1)]
        scale = weight
        if method == "gradient-cosine":
            scale = 1 / np.sqrt(np.outer(*squares))
        terms.append([dots * scale for dots, _ in pairs])
        bound = bound + sum(np.outer(*norms) for _, norms in pairs) * scale
        own = own + weight * squares[0]
    return np.array(terms), bound, own


# ---- comparing ------------------------------------------------------------------------------------------------------


def influence(study, ranks=1, **changes):
    """Runs the job anew and gives every dataset of its table."""
    path = studies.write_config(study, **changes)
    table = study.folder / study.config["run"]["directory"] / "influence.h5"
    for old in (table, table.parent / "run.json"):
        old.unlink(missing_ok=True)
    run_well("influence", path, "--quiet", ranks=ranks)
    with h5py.File(table) as file:
        data = {}
        file.visititems(lambda name, item: data.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        return data


def check_scores(study, what, method="tracin", used=None, digits=2, **changes):
    """The table's scores against numpy's; returns the table."""
    table = influence(study, method=method, digits=digits, **changes)
    terms, bound, own = expected(study, method, used or study.checkpoints)
    scores, reference = table["scores"], terms.sum(axis=(0, 1))
    error = np.max(np.abs(scores - reference) / bound)
    check(error <= LIMITS[digits], f"{what}: {digits} digits: error 2^{math.log2(error):.1f} is within "
          f"2^{math.log2(LIMITS[digits]):.0f}")
    check(digits == 1 or error > 0, f"{what}: some rounding must be seen, or nothing was compared")
    order = [spearmanr(scores[:, j], reference[:, j])[0] for j in range(scores.shape[1])]
    check(digits == 1 or min(order) >= 0.9999, f"{what}: {digits} digits: Spearman {min(order):.6f}")
    own_error = np.max(np.abs(table["self"] - own) / own)
    check(own_error <= 2 * LIMITS[digits], f"{what}: self-influence: error {own_error:.2g}")
    print(f"{what}: {digits} digits: error 2^{math.log2(error):.1f}, Spearman {min(order):.6f}, "
          f"self-influence 2^{math.log2(own_error):.1f}")
    return table


def check_top(table, what):
    """Both lists are the dense scores in total order: score, then index."""
    scores = table["scores"]
    n, m = scores.shape
    for side, sign in (("proponents", -1), ("opponents", 1)):
        index, score = table[f"top/{side}/index"], table[f"top/{side}/score"]
        for j in range(m):
            order = np.lexsort((np.arange(n), sign * scores[:, j]))[:index.shape[1]]
            check(np.array_equal(index[j], order), f"{what}: {side} of query {j}", index[j], order)
            check(np.array_equal(score[j], scores[order, j]), f"{what}: scores of {side} of query {j}")
        for part in ("by_checkpoint", "by_layer"):
            sums = table[f"top/{side}/{part}"].sum(axis=2)
            check(np.array_equal(sums, score), f"{what}: {side} {part} sums to the score")


def exact_sums(values):
    """Correctly rounded column sums."""
    return np.array([math.fsum(column) for column in np.asarray(values).T])


def check_groups(study, table, what):
    scores = table["scores"]
    for key in ("policy", "license", "source"):
        values = np.array([str(sample[key] or "") for sample in study.samples])
        names = [name.decode() for name in table[f"groups/{key}/value"]]
        check(names == sorted(set(values)), f"{what}: values of {key}", names)
        check(np.array_equal(np.array(names)[table[f"samples/group/{key}"]], values), f"{what}: {key} of each sample")
        for v, name in enumerate(names):
            rows = scores[values == name]
            parts = {"positive": exact_sums(np.maximum(rows, 0)), "negative": exact_sums(np.minimum(rows, 0)),
                     "net": exact_sums(rows), "proponents": (rows > 0).sum(axis=0)}
            for part, sums in parts.items():
                check(np.array_equal(table[f"groups/{key}/{part}"][:, v], sums), f"{what}: {part} of {key} {name}",
                      table[f"groups/{key}/{part}"][:, v], sums)
            check(table[f"groups/{key}/count"][v] == len(rows), f"{what}: count of {key} {name}")


def check_totals(table, what):
    """With every example kept, the totals are the exact sums of the kept parts."""
    for part, total in (("by_layer", "layers/total"), ("by_checkpoint", "checkpoints/total")):
        kept = table[f"top/proponents/{part}"]
        check(kept.shape[1] == len(table["scores"]), f"{what}: every example is kept")
        for j, rows in enumerate(kept):
            check(np.array_equal(table[total][j], exact_sums(rows)), f"{what}: {total} of query {j}")


def check_records(study, table, what):
    ids = [sample["id"] for sample in study.samples]
    check([i.decode() for i in table["samples/id"]] == ids, f"{what}: ids of samples")
    check([i.decode() for i in table["queries/id"]] == [f"query-{j}" for j in range(study.n_query)], f"{what}: queries")
    check([i.decode() for i in table["queries/text"]] == [f"what is {j}?" for j in range(study.n_query)],
          f"{what}: texts of queries")
    check([i.decode() for i in table["layers/name"]] == study.config["influence"]["layers"], f"{what}: layers")
    check([i.decode() for i in table["checkpoints/name"]] == study.checkpoints, f"{what}: checkpoints")
    for key, name in (("step", "step"), ("learning_rate", "learning_rate"), ("validation_loss", "validation_loss")):
        check(list(table[f"checkpoints/{key}"]) == [c[name] for c in study.candidates], f"{what}: checkpoints' {key}")


# ---- the tests ------------------------------------------------------------------------------------------------------


def test_kinds(base):
    """Every kind of capture, in every form of file, with and without a bias."""
    cases = [("factors", "safetensors", True), ("factors", "hdf5", True), ("factors", "npy", False),
             ("last-layer", "safetensors", True), ("last-layer", "hdf5", False), ("last-layer", "npy", True),
             ("rows", "npy", True), ("rows", "hdf5", True), ("rows", "safetensors", True)]
    for kind, form, bias in cases:
        what = f"{kind} from {form}{'' if bias else ' without bias'}"
        layers = {"head": (9, 6)} if kind == "last-layer" else {"fc1": (13, 11), "fc2": (11, 6), "fc3": (6, 4)}
        study = studies.make(base / f"{kind}-{form}", kind=kind, form=form, bias=bias, layers=layers)
        table = check_scores(study, what)
        check_top(table, what)
        check_groups(study, table, what)


def test_digits_and_methods(base):
    study = studies.make(base / "methods", n_train=150, n_query=12, layers={"fc1": (40, 30), "fc2": (30, 10)})
    for digits in (1, 2, 3, 4):
        check_scores(study, "tracin", digits=digits)
    for digits in (1, 2, 3, 4):  # the products left out are of the size of the rounding to digits
        check_scores(study, "tracin by leading products", digits=digits, products="leading")
    del study.config["influence"]["products"]
    for method in ("gradient-dot", "gradient-cosine"):
        last, middle = study.checkpoints[-1:], study.checkpoints[1:2]
        for digits in (2, 3):
            table = check_scores(study, method, method, last, digits=digits)
            check_top(table, method)
            check_groups(study, table, method)
        check_scores(study, f"{method} at {middle[0]}", method, middle, checkpoint=middle[0])
        del study.config["influence"]["checkpoint"]
    cosines = table["scores"]
    check(np.all(np.abs(cosines) <= 1), "cosines lie in [-1, 1]")


def test_positions(base):
    """Sequences: the sum over all pairs of positions, however it is taken."""
    for form, lengths, bias in (("safetensors", {"train": 6, "queries": 4}, True),
                                ("npy", {"train": 1, "queries": 9}, False), ("hdf5", {"train": 5, "queries": 5}, True)):
        study = studies.make(base / f"positions-{form}", form=form, positions=lengths, bias=bias)
        for positions in ("auto", "pairs", "rows"):
            study.config["influence"]["captures"]["positions"] = positions
            what = f"{lengths['train']} x {lengths['queries']} positions by {positions} from {form}"
            for digits in (2, 3):
                table = check_scores(study, what, digits=digits)
                check_top(table, what)


def test_types(base):
    for dtype in ("f16", "bf16", "f32", "f64"):
        for kind in ("factors", "rows"):
            study = studies.make(base / f"{dtype}-{kind}", dtype=dtype, kind=kind, n_checkpoint=2)
            check_scores(study, f"{kind} stored as {dtype}", digits=3)


def test_derived(base):
    """Ties, lists as long as the data, totals: on one rank and on three."""
    study = studies.make(base / "derived", n_train=90)
    for layer in (layer for layers in study.data.values() for layer in layers.values()):
        for stored, _ in layer["stored"]["train"].values():
            stored[33:45] = stored[32]  # twelve examples of one block are the same
            stored[5] = 0               # and one has no gradient at all
        layer["train"] = {name: stored.astype(np.float64) for name, (stored, _) in layer["stored"]["train"].items()}
    for checkpoint in study.checkpoints:
        studies.write_as_safetensors(study, checkpoint)
    for ranks in (1, 3):
        for top in (4, 40, 90, 5000):
            what = f"top {top} on {ranks} ranks"
            table = influence(study, keep={"top": top, "scores": True}, ranks=ranks)
            check_top(table, what)
            check_groups(study, table, what)
            check_records(study, table, what)
            check(table["top/proponents/index"].shape == (study.n_query, min(top, 90)), f"{what}: length of the lists")
            if top >= 90:
                check_totals(table, what)
        scores = table["scores"]
        check(all(len(np.unique(scores[32:45, j])) == 1 for j in range(study.n_query)), "equal examples tie")
        check(np.all(scores[5] == 0), "an example without gradient has no influence")
    without = influence(study, keep={"top": 90, "scores": False})
    check("scores" not in without, "scores are left out when not asked for")
    check(all(np.array_equal(without[name], table[name]) for name in without
              if name.startswith(("top", "groups", "layers", "checkpoints", "self"))),
          "the other results do not depend on keeping the scores")


def test_selection(base):
    """validation-improvement: rejected candidates are recorded, and the used ones alone are scored."""
    losses = (2.0, 1.99, 1.5, 1.48, 1.46, 1.47)
    study = studies.make(base / "selection", n_checkpoint=6, losses=losses, rates=(0.5, 0.4, 0.3, 0.2, 0.1, 0.05))
    study.config["checkpoints"]["select"] = {"rule": "validation-improvement", "threshold": 0.02}
    kept = [0]
    for k in range(1, 6):
        if losses[kept[-1]] - losses[k] >= 0.02 * losses[kept[-1]] or k == 5:
            kept.append(k)
    check(kept == [0, 2, 4, 5], "the losses try every branch of the rule")
    table = check_scores(study, "selection by validation loss", used=[study.checkpoints[k] for k in kept])
    check(list(table["checkpoints/used"]) == kept, "used checkpoints", table["checkpoints/used"])
    check(list(np.flatnonzero(table["checkpoints/selected"])) == kept, "selected checkpoints")
    check_records(study, table, "selection")
    study.config["checkpoints"]["select"] = {"rule": "names", "names": [study.checkpoints[3], study.checkpoints[1]]}
    table = check_scores(study, "selection by name", used=[study.checkpoints[1], study.checkpoints[3]])
    check(list(table["checkpoints/used"]) == [1, 3], "named checkpoints, in the order of steps")


def test_closed_form(base):
    """ℓ = ½(wx + b − y)² at wx + b = 0: δ = −y, so that score = η y y' (x x' + 1), here in small integers."""
    study = studies.make(base / "closed-form", n_train=3, n_query=2, n_checkpoint=1, layers={"line": (1, 1)},
                         rates=(0.25,), dtype="f64")
    x, y = np.array([[1.0], [2.0], [1.0]]), np.array([[1.0], [3.0], [-2.0]])
    x_query, y_query = np.array([[1.0], [-1.0]]), np.array([[1.0], [2.0]])
    layer = study.data[study.checkpoints[0]]["line"]
    layer["stored"] = {"train": {"input": (x, "f64"), "gradient": (-y, "f64")},
                       "queries": {"input": (x_query, "f64"), "gradient": (-y_query, "f64")}}
    studies.write_as_safetensors(study, study.checkpoints[0])
    table = influence(study)
    scores = 0.25 * (y @ y_query.T) * (x @ x_query.T + 1)
    check(np.array_equal(table["scores"], scores), "the closed form, exactly", table["scores"], scores)
    check(table["scores"][0, 0] > 0 > table["scores"][2, 0], "same error: proponent; opposite error: opponent")
    check(list(table["top/proponents/index"][0][:2]) == [1, 0], "proponents are the positive ones, strongest first")
    check(table["top/opponents/index"][0][0] == 2, "the strongest opponent is the most negative one")


def test_attributes(base):
    study = studies.make(base / "attributes")
    influence(study)
    with h5py.File(study.folder / "run/influence.h5") as file:
        datasets = []
        file.visititems(lambda name, item: datasets.append(item) if isinstance(item, h5py.Dataset) else None)
        check(len(datasets) > 40, "the table has its datasets", len(datasets))
        for dataset in datasets:
            for name in ("unit", "description"):
                text = dataset.attrs.get(name, b"")
                text = text.decode() if isinstance(text, bytes) else str(text)
                check(text != "", f"{dataset.name} has the attribute {name}")
        for name in ("method", "formula", "source", "convention", "fingerprint"):
            check(len(file.attrs.get(name, b"")) > 0, f"the file has the attribute {name}")


# ---- a real step of SGD ---------------------------------------------------------------------------------------------


def load_safetensors(path):
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    header.pop("__metadata__", None)
    types = {"F32": "<f4", "I64": "<i8"}
    return {name: np.frombuffer(raw[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]],
                                types[t["dtype"]]).reshape(t["shape"]) for name, t in header.items()}


def forward(weights, x):
    """Inputs of the layers fc1, fc2, … of a perceptron with ReLU, and the logits."""
    inputs, n_layer = [], len(weights) // 2
    for k in range(1, n_layer + 1):
        inputs.append(x)
        x = weights[f"fc{k}.weight"] @ x + weights[f"fc{k}.bias"]
        x = np.maximum(x, 0) if k < n_layer else x
    return inputs, x


def loss(weights, x, label):
    logits = forward(weights, x)[1]
    return np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[label]


def gradient(weights, x, label):
    inputs, logits = forward(weights, x)
    delta = np.exp(logits - logits.max())
    delta /= delta.sum()
    delta[label] -= 1
    result = {}
    for k in range(len(inputs), 0, -1):
        result[f"fc{k}.weight"], result[f"fc{k}.bias"] = np.outer(delta, inputs[k - 1]), delta
        delta = (weights[f"fc{k}.weight"].T @ delta) * (inputs[k - 1] > 0)
    return result


def test_real_step(base):
    """A step of SGD on an example changes the query's loss by −η · score, to first order."""
    path = studies.make_trained(base, method="gradient-dot", digits=3)
    run_well("train", path, "--quiet")
    run_well("influence", path, "--quiet")
    training = base / "training"
    samples = {s["id"]: s for s in map(json.loads, (training / "samples.jsonl").read_text().splitlines())}
    images = np.load(SOURCE / "data/digits-images.npy").astype(np.float64) / 16
    rows = {name: i for i, name in enumerate(samples)}
    with h5py.File(base / "run/influence.h5") as file:
        scores, checkpoint = file["scores"][()], file["checkpoints/name"][file["checkpoints/used"][-1]].decode()
        ids, queries = ([name.decode() for name in file[f"{kind}/id"]] for kind in ("samples", "queries"))
        pairs = [(file[f"top/{side}/index"][j, place], j) for side in ("proponents", "opponents")
                 for j in range(0, len(queries), 7) for place in (0, 3)]
    stored = load_safetensors(training / f"checkpoints/{checkpoint}.safetensors")
    weights = {name: value.astype(np.float64) for name, value in stored.items()}
    signs = set()
    for i, j in pairs:
        z, q = ids[i], queries[j]
        g = gradient(weights, images[rows[z]], samples[z]["label"])
        eta = 1e-5 / math.sqrt(sum(np.sum(part ** 2) for part in g.values()))
        after, before = ({name: weights[name] - step * g[name] for name in weights} for step in (eta, -eta))
        change = loss(after, images[rows[q]], samples[q]["label"]) - loss(before, images[rows[q]], samples[q]["label"])
        slope, score = -change / (2 * eta), scores[i, j]
        check(abs(slope - score) <= 1e-3 * abs(score), f"a step on {z} lowers the loss of {q}", slope, score)
        signs.add(score > 0)
    check(signs == {True, False}, "proponents and opponents were tried")


with folder() as temporary:
    test_kinds(temporary)
    test_digits_and_methods(temporary)
    test_positions(temporary)
    test_types(temporary)
    test_derived(temporary)
    test_selection(temporary)
    test_closed_form(temporary)
    test_attributes(temporary)
    test_real_step(temporary)
finish()
