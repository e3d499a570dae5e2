"""What lineage.h5 must hold of a recording: its tables against the recorder files, by h5py and numpy."""
import hashlib
import hmac

import h5py
import numpy as np

import recordings
from assay import check
from recordings import GROUPS, LICENSES, split_of


def open_table(recorded, directory="run"):
    return h5py.File(recorded.folder / directory / "lineage.h5", "r")


def texts(dataset):
    return [value.decode() for value in dataset[()]]


def same(found, expected, what):
    found, expected = np.asarray(found), np.asarray(expected)
    check(found.shape == expected.shape and np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"), what,
          found, expected)


# ---- the table against the files ------------------------------------------------------------------------------------


def check_steps(table, steps):
    for name in ("step", "epoch", "process", "session", "record", "superseded"):
        same(table[f"steps/{name}"][()], [row[name] for row in steps], f"/steps/{name}")
    same(table["steps/learning_rate"][()], [row["rate"] for row in steps], "/steps/learning_rate")
    same(table["steps/loss"][()], [row["loss"] for row in steps], "/steps/loss")
    counts = [len(row["samples"]) for row in steps]
    same(table["steps/use_start"][()], np.concatenate([[0], np.cumsum(counts)]), "/steps/use_start")
    same(table["uses/sample"][()], np.concatenate([row["samples"] for row in steps]), "/uses/sample")
    same(table["uses/loss"][()], np.concatenate([row["losses"] for row in steps]).astype(float), "/uses/loss")


def check_contributions(table, steps):
    rows = [(i, *contribution) for i, row in enumerate(steps) for contribution in row["contributions"]]
    names = texts(table["parameter_groups/name"])
    same(names, [name for name, _, _ in GROUPS], "/parameter_groups/name")
    same(table["contributions/step"][()], [row[0] for row in rows], "/contributions/step")
    same(table["contributions/group"][()], [names.index(row[1]) for row in rows], "/contributions/group")
    same(table["contributions/delta_norm"][()], [row[2] for row in rows], "/contributions/delta_norm")
    same(table["contribution_uses/norm"][()], np.concatenate([row[3] for row in rows]).astype(float), "norms")
    shares = [np.zeros(0) if row[4] is None else row[4] for row in rows]
    same(table["contribution_uses/share"][()], np.concatenate(shares), "shares")
    counts = [len(row) for row in shares]
    same(table["contributions/use_start"][()], np.concatenate([[0], np.cumsum(counts)]), "/contributions/use_start")
    optimizer = [(row["step"], row["process"], name, kind, share) for row in steps
                 for name, kind, share in row["optimizer"]]
    same(table["optimizer/share"][()], [row[4] for row in optimizer], "/optimizer/share")
    of = table["optimizer/contribution"][()]
    check(all(names[table["contributions/group"][c]] == row[2] for c, row in zip(of, optimizer)), "optimizer's rows")


def check_samples(recorded, table, steps):
    n, names = recorded.n_sample, texts(table["parameter_groups/name"])
    same(texts(table["samples/id"]), [sample["id"] for sample in recorded.samples], "/samples/id")
    roles = texts(table["roles/name"])
    validation = [i for i in range(n) if split_of(i) == "test"][:2]
    same([roles[r] for r in table["samples/role"][()]],
         ["validation" if i in validation else split_of(i) for i in range(n)], "/samples/role")
    numbers = {i: k for k, i in enumerate(recorded.training)}
    same(table["samples/training"][()], [numbers.get(i, -1) for i in range(n)], "/samples/training")
    same(table["samples/has_content"][()], [sample["sha256"] is not None for sample in recorded.samples], "content")
    same([row.tobytes().hex() for row in table["samples/content"][()]],
         [sample["sha256"] or "00" * 32 for sample in recorded.samples], "/samples/content")
    lists = [[] for _ in range(n)]
    norms, shares = np.zeros((n, len(names))), np.zeros((n, len(names)))
    for i, row in enumerate(steps):
        for sample in row["samples"]:
            lists[sample].append(i)
        for name, _, norm, share in row["contributions"]:
            if share is not None and not row["superseded"]:
                np.add.at(norms[:, names.index(name)], row["samples"], norm.astype(float))
                np.add.at(shares[:, names.index(name)], row["samples"], share)
    same(table["samples/use_start"][()], np.concatenate([[0], np.cumsum([len(rows) for rows in lists])]), "use_start")
    same(table["uses_by_sample/step"][()], [i for rows in lists for i in rows], "/uses_by_sample/step")
    counted = [[steps[i]["step"] for i in rows if not steps[i]["superseded"]] for rows in lists]
    same(table["samples/uses"][()], [len(rows) for rows in counted], "/samples/uses")
    same(table["samples/first_step"][()], [min(rows, default=-1) for rows in counted], "/samples/first_step")
    same(table["samples/last_step"][()], [max(rows, default=-1) for rows in counted], "/samples/last_step")
    same(table["samples/contribution/norm"][()], norms, "/samples/contribution/norm")
    same(table["samples/contribution/share"][()], shares, "/samples/contribution/share")
    order = sorted(range(n), key=lambda i: (-shares[i, 0], i))[:10]
    same(table["parameter_groups/top/sample"][0], [i for i in order if norms[i, 0] > 0], "the strongest in fc1")
    codes = table["samples/group/license"][()]
    values = texts(table["groups/license/value"])
    same([values[c] for c in codes], [sample["license"] for sample in recorded.samples], "/samples/group/license")
    same(values, sorted(LICENSES), "/groups/license/value")
    same(table["groups/license/uses"][()],
         [sum(len(counted[i]) for i in range(n) if recorded.samples[i]["license"] == v) for v in values], "group uses")
    same(table["groups/license/count"][()],
         [sum(sample["license"] == v for sample in recorded.samples) for v in values], "/groups/license/count")


# Of each kind: its group in lineage.h5; its names, with the lists that they are in; its numbers, with what stands for
# none.
OBSERVED = {
    "preprocessing": ("preprocessing", {"operation": ("name", "operations/name"),
                                        "parameters": ("parameters", "operation_parameters/text")}, {}),
    "modality": ("modalities", {"modality": ("modality", "modality_names/name")}, {"weight": ("weights", np.nan)}),
    "prediction": ("recorded_predictions", {"checkpoint": ("checkpoint", "predicting_checkpoints/name")},
                   {"predicted": ("predicted", -1), "label": ("labels", -1), "probability": ("probabilities", np.nan)}),
    "influence": ("recorded_influence", {"checkpoint": ("checkpoint", "influence_checkpoints/name"),
                                         "query": ("query", "influence_queries/name"),
                                         "method": ("method", "influence_methods/name")}, {"score": ("scores", None)}),
}


def shortened(text):
    """What the table has of a text."""
    raw = (text or "").encode()
    if len(raw) <= 256:
        return text
    return f"{raw[:120].decode(errors='ignore')}… ({len(raw)} bytes, SHA-256 {hashlib.sha256(raw).hexdigest()})"


def check_observations(recorded, table):
    for kind, (group, names, numbers) in OBSERVED.items():
        rows, found = recordings.read_observations(recorded, kind), table[group]
        check(len(rows) > 0, f"{kind} was recorded")
        for name in ("process", "session") + (("step", "superseded") if kind != "influence" else ()):
            same(found[name][()], [row[name] for row in rows], f"/{group}/{name}")
        same(found["sample"][()], [row["samples"] for row in rows], f"/{group}/sample")
        for name, (column, where) in names.items():
            known = texts(table[where])
            check(len(set(known)) == len(known), f"/{where} has each once", known)
            told = [None if i < 0 else known[i] for i in found[name][()]]
            check(told == [shortened(row[column]) for row in rows], f"/{group}/{name}", told)
        for name, (column, none) in numbers.items():
            same(found[name][()], [none if row[column] is None else row[column] for row in rows], f"/{group}/{name}")


def check_governance(recorded, table):
    n, a = recorded.n_sample, table["admissions"]
    same(a["sample"][()], [i for i in recorded.training if i % 2 == 0] + [i for i in recorded.training if i % 2]
         + [i for i in range(n) if split_of(i) == "rejected"], "/admissions/sample")
    decisions = [texts(table["decisions/name"])[d] for d in a["decision"][()]]
    policies = [texts(table["policies/name"])[p] for p in a["policy"][()]]
    last = table["samples/admission"][()]
    for i in range(n):
        expected = ("admit" if i % 2 == 0 else "modulate") if split_of(i) == "train" else "reject"
        if split_of(i) == "test":
            check(last[i] == -1, f"sample {i} was not decided on")
        else:
            check(a["sample"][last[i]] == i and decisions[last[i]] == expected, f"the decision on sample {i}")
            check(policies[last[i]] == ("closed@2" if expected == "modulate" else "open@1"), f"policy of sample {i}")
    same(a["weight"][()], [0.5 if decision == "modulate" else 1.0 for decision in decisions], "/admissions/weight")
    texts_of = dict(zip(texts(table["policies/name"]), texts(table["policies/text"])))
    digests = dict(zip(texts(table["policies/name"]), texts(table["policies/sha256"])))
    check(all(hashlib.sha256(text.encode()).hexdigest() == digests[name] for name, text in texts_of.items()), "hashes")
    owners, owner = texts(table["owners/pseudonym"]), table["samples/owner"][()]
    bob = hmac.new(recordings.KEY, b"bob", hashlib.sha256).hexdigest()
    check(owners[owner[recorded.training[6]]] == bob and owner[recorded.training[20]] == -1, "the last owner told")
    check(texts(table["checkpoints/name"]) == ["last"], "one checkpoint, told by two processes")
    expected = len(recorded.training)
    same(table["completeness/samples_expected"][()], [expected] * 2, "samples expected")
    same(table["completeness/samples_used"][()], [expected] * 2, "samples used")
    same(table["completeness/samples_covered"][()], [expected] * 2, "samples covered")
    check(table.attrs["complete"] == b"yes" and table.attrs["violations"] == b"0", "a good record", table.attrs.items())
