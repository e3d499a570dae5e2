#!/usr/bin/python3 -B
"""What must hold: what the reference trainer measures of ablations, patches, random changes, pairs and kept features is
what numpy computes from its weights; links are what policy.h5 and influence.h5 say; and the same files and the same
table come from any number of ranks."""
import json
import sys

import h5py
import numpy as np

import study as studies
from assay import SOURCE, check, finish, folder, run_well
from mechanisms import draws

sys.path.insert(0, str(SOURCE / "tests/reference"))
import hand_over_files  # noqa: E402

CONTROLS, DIRECTIONS = 4, 10  # per part; the stream they are drawn from (src/reference/rng.h)
BEHAVIOURS = (3, 8, 9)


def respond(weights, layer, x):
    """Probabilities of the behaviours from the inputs of a layer on."""
    n_layer = hand_over_files.n_layer_of(weights)
    for k in range(layer + 1, n_layer + 1):
        x = x @ weights[f"fc{k}.weight"].T + weights[f"fc{k}.bias"]
        x = np.maximum(x, 0) if k < n_layer else x
    return np.exp(hand_over_files.log_softmax(x))[:, BEHAVIOURS]


def encode(sae, hidden, n_active):
    before = (hidden - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]
    kept = np.argsort(-before, axis=1, kind="stable")[:, :n_active]
    features = np.zeros_like(before)
    np.put_along_axis(features, kept, np.maximum(np.take_along_axis(before, kept, 1), 0), 1)
    return features


def load(directory):
    """The final network on the probes, in float64, and what was handed over."""
    last = sorted(directory.glob("checkpoints/step-*.safetensors"))[-1]
    weights = hand_over_files.as_double(hand_over_files.load_safetensors(last))
    sae = hand_over_files.as_double(hand_over_files.load_safetensors(directory / "sae/sae_weights.safetensors"))
    images = np.load(SOURCE / "data/digits-images.npy").reshape(-1, 64) / 16.0
    probes = [int(line["id"].split("-")[1]) for line in hand_over_files.load_lines(directory / "policy/probes.jsonl")]
    inputs, _ = hand_over_files.forward(weights, images[probes])
    n_active = json.loads((directory / "sae/cfg.json").read_text())["k"]
    given = {name: hand_over_files.load_safetensors(directory / f"mechanism/{name}.safetensors")
             for name in ("interventions", "controls", "recomposition")}
    parts = hand_over_files.load_lines(directory / "mechanism/parts.jsonl")
    return weights, sae, inputs, encode(sae, inputs[-1], n_active), given, parts


def changed_to(values, source):
    return {"zero": np.zeros_like(values), "mean": np.broadcast_to(values.mean(0), values.shape),
            "patch": values[source]}


def direction(part, control, width):
    numbers = draws(1, DIRECTIONS, part * (1 << 20) + control)
    return np.array([1 if next(numbers) >> 31 else -1 for _ in range(width)]) / np.sqrt(width)


def check_part(state, p, part, errors):
    """One part: its three changes, and its controls of the same size."""
    weights, sae, inputs, features, given, _ = state
    layer = int(part["layer"][2:])
    hidden = inputs[layer]
    activations, ways = (features, sae["W_dec"]) if part["kind"] == "feature" else (hidden, np.eye(hidden.shape[1]))
    values, way = activations[:, part["members"]], ways[part["members"]]
    source = (np.arange(len(hidden)) + len(hidden) // 2) % len(hidden)
    for name, to in changed_to(values, source).items():
        gone = values - to
        expected = respond(weights, layer, hidden - gone @ way)
        errors.append(np.abs(given["interventions"][name][p] - expected).max())
        size = gone[:, 0] if gone.shape[1] == 1 else np.linalg.norm(gone, axis=1)
        for r in range(CONTROLS):
            expected = respond(weights, layer, hidden - size[:, None] * direction(p, r, hidden.shape[1]))
            errors.append(np.abs(given["controls"][name][p, r] - expected).max())


def check_measurements(directory):
    state = load(directory)
    weights, sae, inputs, features, given, parts = state
    last = len(inputs) - 1
    widths = [x.shape[1] for x in inputs[1:]]
    check(len(parts) == features.shape[1] + sum(widths) + len(widths), "every feature, unit and hidden layer is a part")
    errors = []
    for p in (*range(0, features.shape[1], 7), *range(features.shape[1], len(parts), 3), len(parts) - 1):
        check_part(state, p, parts[p], errors)
    check(max(errors) < 1e-4, "changes and random changes of equal size are numpy's", max(errors))
    intact = respond(weights, last, inputs[-1])
    effect = np.abs((intact - given["interventions"]["zero"][:features.shape[1]]).sum(1))
    rebuilt, k = given["recomposition"], given["recomposition"]["k"]
    check(list(k[[0, 1, -1]]) == [0, 1, features.shape[1]], "sizes", k)
    for s, size in enumerate(k):
        for b in range(3):
            kept = np.zeros(features.shape[1], bool)
            kept[np.argsort(-effect[:, b], kind="stable")[:size]] = True
            values = np.where(kept, features, features.mean(0))
            expected = respond(weights, last, sae["b_dec"] + values @ sae["W_dec"])[:, b]
            check(np.abs(rebuilt["top"][s, :, b] - expected).max() < 1e-3, f"behaviour {b} with {size} features")
    check(np.abs(rebuilt["random"][-1] - rebuilt["top"][-1]).max() < 1e-12, "all features in any order are all")
    pairs = hand_over_files.load_lines(directory / "mechanism/pairs.jsonl")
    for i, pair in enumerate(pairs):
        members = [int(pair[name].split("-")[1]) for name in ("first", "second")]
        expected = respond(weights, last, inputs[-1] - features[:, members] @ sae["W_dec"][members])
        check(np.abs(rebuilt["pairs"][i] - expected).max() < 1e-4, f"pair {members}")
    strongest = set(np.argsort(-effect, axis=0, kind="stable")[:4].ravel())
    check({int(pair[name].split("-")[1]) for pair in pairs for name in pair} == strongest, "the strongest are paired")


# ---- links ----------------------------------------------------------------------------------------------------------


def texts(dataset):
    return [value.decode().rstrip("\0") for value in dataset[()]]


def policies_of(run, influence):
    """Names of policies, and which of them let each training row in: by lineage.h5, else by the group."""
    group, names = influence["samples/group/policy"][()], texts(influence["groups/policy/value"])
    if not (run / "lineage.h5").exists():
        return group, names
    with h5py.File(run / "lineage.h5") as lineage:
        training, row = lineage["samples/training"][()], lineage["samples/admission"][()]
        of_row, names = lineage["admissions/policy"][()], texts(lineage["policies/name"])
    group = np.full(len(group), -1)
    known = (training >= 0) & (row >= 0)
    group[training[known]] = of_row[row[known]]
    return group, names


def check_links(path):
    with h5py.File(path / "run/mechanism.h5") as made, h5py.File(path / "run/policy.h5") as policy, \
            h5py.File(path / "run/influence.h5") as influence:
        kinds = np.array(texts(made["part_kinds/name"]))[made["parts/kind"][()]]
        members, start = made["parts/member"][()], made["parts/member_start"][()]
        for p in np.flatnonzero(kinds == "feature")[::9]:
            expected = policy["features/top_pairs/pair"][:, members[start[p]], :10]
            check((made["links/pairs/pair"][:, p] == expected).all(), f"pairs of part {p}")
        check((made["links/pairs/pair"][:, kinds != "feature"] == -1).all(), "other parts have no pairs")
        predicted = [line["predicted"] for line in hand_over_files.load_lines(path / "training/queries.jsonl")]
        layers = ["all", *texts(influence["layers/name"])]
        check(texts(made["links/layers/name"]) == layers, "layers")
        group, names = policies_of(path / "run", influence)
        check(texts(made["links/policies/name"]) == names, "policies")
        for b, digit in enumerate(BEHAVIOURS):
            rows = np.array([q for q, found in enumerate(predicted) if found == digit])
            check(made["links/queries"][b] == len(rows), f"queries with {digit}")
            sums = np.zeros((len(layers), len(influence["samples/id"])))
            for q in rows:
                index, score = influence["top/proponents/index"][q], influence["top/proponents/score"][q]
                by_layer = influence["top/proponents/by_layer"][q]
                for k in np.flatnonzero(index >= 0):
                    sums[:, index[k]] += [score[k], *by_layer[k]]
            for layer in range(len(layers)):
                best = np.argsort(-sums[layer], kind="stable")[:10]
                check((made["links/examples/index"][b, layer] == np.where(sums[layer][best] > 0, best, -1)).all(),
                      f"examples behind {digit} through {layers[layer]}")
                totals = [sums[layer][group == g].sum() for g in range(len(names))]
                check(np.allclose(made["links/policies/score"][b, layer], totals), "totals by policy")
        link = np.array(layers)[made["parts/link"][()]]
        layer_of = np.array([*texts(made["layers/name"]), "all"])[made["parts/layer"][()]]
        check((link == layer_of).all(), "parts lead to the layer that makes them")


def check_all(path):
    config = json.loads(studies.make_trained(path).read_text())
    config["train"]["interventions"] = {"controls": CONTROLS}
    config["seal"] = {"key": "audit.key"}
    path.joinpath("trained.json").write_text(json.dumps(config))
    out = run_well("run", path / "trained.json").out
    files = {file: file.read_bytes() for file in (path / "training/mechanism").iterdir()}
    table = (path / "run/mechanism.h5").read_bytes()
    check(len(files) == 5, "five files", list(files))
    check_measurements(path / "training")
    check_links(path)
    summary = out[out.index("Mechanism:"):out.index("seal  ")].splitlines()
    check(max(map(len, summary)) <= 100, "the summary fits 100 columns", max(summary, key=len))
    check("was moved most by pair-digit-" in out and "examples behind the" in out, "the summary leads on", out)
    for name in ("training", "run"):
        (path / name).rename(path / f"{name}-1")
    run_well("run", path / "trained.json", "--quiet", ranks=3)
    check(all(file.read_bytes() == files[file] for file in files), "the same measurements from 3 ranks")
    check((path / "run/mechanism.h5").read_bytes() == table, "the same table from 3 ranks")


with folder() as place:
    check_all(place)
finish()
