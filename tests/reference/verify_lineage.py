"""Holds what a training recorded of itself against the policies, the order and numpy: the gate is written anew here,
and every step up to the second checkpoint is trained again in double precision.

    verify_lineage.py HAND_OVER DATA POLICIES          exit code 0 only if everything holds
"""
import datetime
import hashlib
import hmac
import json
import pathlib
import sqlite3
import sys

import numpy as np

from hand_over_files import (as_double, backward, check, failures, forward, load_lines, load_safetensors, log_softmax,
                             n_layer_of)

KEY = b"assay demonstration: this key is public"
ASKED = ("source", "license", "classification", "collected")


def canonical(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Policies:
    """The file, and the texts that stand for its policies and profiles."""

    def __init__(self, path):
        whole = json.loads(path.read_text())
        self.policies = {policy["name"]: policy for policy in whole["policies"]}
        self.profiles = {profile["name"]: profile for profile in whole["profiles"]}
        self.opted_out, self.texts = {}, {}
        for name, profile in self.profiles.items():
            weights = {"*": 1, **{layer: profile["weights"][layer] for layer in sorted(profile["weights"])}}
            self.texts["profile", name] = canonical(
                {"name": name, "version": profile["version"], "weights": weights})
        for name, policy in self.policies.items():
            given = policy.get("opt_out", [])
            owners = given if isinstance(given, list) else (path.parent / given).read_text().split()
            self.opted_out[name] = sorted(set(owners))
            self.texts["policy", name] = self.text_of(policy)

    def text_of(self, policy):
        text = {"name": policy["name"], "version": policy["version"], "admit": {}}
        for fact in ASKED:
            asked = policy.get("admit", {}).get(fact)
            if fact == "collected" and asked:
                text["admit"][fact] = {"key": fact, **{end: asked[end] for end in ("from", "to") if end in asked}}
            elif asked:
                text["admit"][fact] = {"key": fact, "values": sorted(asked)}
        if "opt_out" in policy:
            owners = self.opted_out[policy["name"]]
            lines = "".join(owner + "\n" for owner in owners)
            text["opt_out"] = {"key": "owner", "owners": len(owners), "sha256": sha256(lines)}
        if "profile" in policy:
            name = policy["profile"]
            text["profile"] = {"name": name, "sha256": sha256(self.texts["profile", name])}
        return canonical(text)

    def decide(self, sample):
        """Decision, profile, and a word of the reason."""
        policy = self.policies[sample["policy"]]
        if sample["owner"] in self.opted_out[policy["name"]]:
            return "reject", None, "opted out"
        for fact, asked in ((fact, policy.get("admit", {}).get(fact)) for fact in ASKED):
            if asked and fact != "collected" and sample[fact] not in asked:
                return "reject", None, fact
            if asked and fact == "collected":
                day = datetime.date.fromisoformat(sample["collected"])
                if day < datetime.date.fromisoformat(asked.get("from", "0001-01-01")):
                    return "reject", None, "collected before"
                if day > datetime.date.fromisoformat(asked.get("to", "9999-12-31")):
                    return "reject", None, "collected after"
        profile = policy.get("profile")
        full = profile is None or set(self.profiles[profile]["weights"].values()) == {1}
        return "admit" if full else "modulate", profile, ""

    def weight(self, profile, layer):
        weights = self.profiles[profile]["weights"] if profile else {}
        return weights.get(layer, weights.get("*", 1))


def check_samples(samples, policies, n_layer):
    """What samples.jsonl says is what the policies say; the decisions by line."""
    decisions = {}
    for i, sample in enumerate(samples):
        drawn = sample["split"] in ("train", "rejected")
        check(("admission" in sample) == drawn, f"{sample['id']}: the gate is asked of what was drawn for training")
        if not drawn:
            continue
        decision, profile, word = decisions[i] = policies.decide(sample)
        check(sample["admission"] == decision and sample.get("profile") == profile, f"{sample['id']}: {decision}")
        check((sample["split"] == "rejected") == (decision == "reject"), f"{sample['id']}: split of {decision}")
        check(word in sample.get("reason", "") and ("reason" in sample) == bool(word), f"{sample['id']}: {word}")
        check("writer" not in sample.get("reason", ""), "a reason does not tell the owner")
        for layer in (f"fc{k + 1}" for k in range(n_layer)):
            expected = policies.weight(profile, layer) if decision != "reject" else None
            check(sample.get(f"weight.{layer}") == expected, f"{sample['id']}: weight of {layer}")
    met = {(decision, word) for decision, _, word in decisions.values()}
    check({"admit", "modulate", "reject"} == {decision for decision, _ in met}, f"every decision is met: {met}")
    check({"opted out", "license", "collected before"} <= {word for _, word in met}, f"reasons differ: {met}")
    return decisions


def unpack(blob, kind):
    return np.frombuffer(blob, kind)


def check_events(database, samples, decisions, policies):
    texts = {(kind, name): (content, digest.hex()) for kind, name, digest, content in
             database.execute("SELECT kind, name, sha256, content FROM definition")}
    check(texts == {key: (text, sha256(text)) for key, text in policies.texts.items()}, "definitions and their digests")
    seen = {}
    for decision, policy, profile, reason, blob in database.execute(
            "SELECT decision, policy, profile, reason, samples FROM admission"):
        for i in unpack(blob, "<i8"):
            check(i not in seen, f"sample {i} is admitted once")
            seen[i] = decision, profile, reason
            check(policy == samples[i]["policy"] and reason == samples[i].get("reason"), f"admission of sample {i}")
    check({i: seen[i][:2] for i in seen} == {i: decisions[i][:2] for i in decisions}, "admissions are the gate's")
    for role, blob in database.execute("SELECT role, samples FROM role"):
        expected = [i for i, sample in enumerate(samples) if sample["split"] == role]
        check(unpack(blob, "<i8").tolist() == expected and expected, f"role {role}")
    owned = {digest: unpack(blob, "<i8").tolist() for digest, blob in
             database.execute("SELECT pseudonym, samples FROM user")}
    owners = {sample["owner"] for sample in samples}
    check(owned == {hmac.new(KEY, owner.encode(), "sha256").digest():
                    [i for i, sample in enumerate(samples) if sample["owner"] == owner] for owner in owners},
          "owners under their pseudonyms")
    times = database.execute("SELECT count(*) FROM session WHERE opened = 0 AND process = 0 AND host = ''").fetchone()
    check(times == (1,), "one session, at no time and nowhere")


class Replay:
    """SGD with momentum and weights per layer, in double precision."""

    def __init__(self, weights, momentum, images, labels):
        self.weights = {name: value.copy() for name, value in weights.items()}
        self.velocity = {name: np.zeros_like(value) for name, value in weights.items()}
        self.momentum, self.images, self.labels = momentum, images, labels

    def step(self, rows, depth, rate):
        """Per layer: norms, shares, norm of the change, norm and share of momentum; and the losses."""
        inputs, logits = forward(self.weights, self.images[rows])
        losses = -log_softmax(logits)[np.arange(len(rows)), self.labels[rows]]
        found = []
        for k, delta in enumerate(backward(self.weights, inputs, logits, self.labels[rows]), start=1):
            delta = delta * depth[:, k - 1 : k]
            parts = np.concatenate([delta[:, :, None] * inputs[k - 1][:, None, :], delta[:, :, None]], axis=2)
            parts = parts.reshape(len(rows), -1) * (-rate / len(rows))
            names = f"fc{k}.weight", f"fc{k}.bias"
            kept = -rate * self.momentum * np.concatenate(
                [self.velocity[names[0]], self.velocity[names[1]][:, None]], axis=1).ravel()
            change = parts.sum(axis=0) + kept
            for name, part in zip(names, (delta.T @ inputs[k - 1], delta.sum(axis=0))):
                self.velocity[name] = self.momentum * self.velocity[name] + part / len(rows)
                self.weights[name] = self.weights[name] - rate * self.velocity[name]
            square = change @ change
            found.append((np.linalg.norm(parts, axis=1), parts @ change / square, np.sqrt(square),
                          np.linalg.norm(kept), kept @ change / square))
        return found, losses


def near(a, b, relative, absolute):
    return bool((np.abs(np.asarray(a) - b) <= absolute + relative * np.abs(b)).all())


def check_step(found, row, recorded, optimizer, momentum):
    """One layer of one step: what was recorded, what numpy finds, and that nothing is missing."""
    norms, shares, change, kept, kept_share = found
    step, layer, delta_norm, residual, rounding, conditional, own_norms, own_shares = row
    what = f"step {step}, {layer}"
    check(near(recorded(own_norms, "<f4"), norms, 2e-3, 1e-6), f"{what}: norms")
    check(near(recorded(own_shares, "<f8"), shares, 5e-3, 1e-4), f"{what}: shares")
    check(near(delta_norm, change, 2e-3, 0) and conditional == 0, f"{what}: change {delta_norm}, expected {change}")
    check(0 <= residual <= rounding < 0.02 * delta_norm, f"{what}: residual {residual} within {rounding}")
    check((optimizer is not None) == (momentum > 0), f"{what}: momentum is recorded where there is some")
    own_kept, own_kept_share = optimizer or (0, 0)
    check(near(own_kept, kept, 2e-3, 1e-7) and near(own_kept_share, kept_share, 5e-3, 1e-4), f"{what}: momentum")
    total = recorded(own_shares, "<f8").sum() + own_kept_share
    check(abs(total - 1) <= 1e-9 + residual / delta_norm, f"{what}: shares sum to {total}")


def check_steps(root, database, config, samples, images, labels):
    rows = np.array([i for i, sample in enumerate(samples) if sample["split"] == "train"])
    checkpoints = load_lines(root / "checkpoints.jsonl")
    start = as_double(load_safetensors(root / checkpoints[0]["file"]))
    n_layer, momentum = n_layer_of(start), config["momentum"]
    replay = Replay(start, momentum, images / 16.0, labels)
    depth = np.array([[samples[i][f"weight.fc{k + 1}"] for k in range(n_layer)] for i in rows])
    order, rates = np.load(root / "order.npy"), np.load(root / "learning-rates.npy")
    steps = database.execute("SELECT record, step, epoch, learning_rate, loss, samples, losses FROM step "
                             "ORDER BY record").fetchall()
    check([step[1] for step in steps] == list(range(len(order))), "all steps are recorded")
    per_epoch = -(-len(rows) // config["batch"])
    for record, step, epoch, rate, loss, blob, losses in steps:
        batch = order[step][order[step] >= 0]
        check((unpack(blob, "<i8") == rows[batch]).all() and epoch == step // per_epoch and rate == rates[step],
              f"step {step}: uses, epoch and rate")
        check(abs(loss - unpack(losses, "<f4").mean()) < 1e-6 * (1 + loss), f"step {step}: loss")
        if step >= checkpoints[1]["step"]:
            continue
        found, exact = replay.step(rows[batch], depth[batch], rate)
        check(near(unpack(losses, "<f4"), exact, 1e-3, 1e-4), f"step {step}: losses")
        kept = dict((group, (norm, share)) for group, kind, norm, share in database.execute(
            "SELECT parameter_group, kind, norm, share FROM optimizer WHERE record = ?", (record,)))
        own = database.execute("SELECT name, delta_norm, residual, rounding, conditional, norms, shares, number "
                               "FROM contribution JOIN parameter_group ON number = parameter_group WHERE record = ? "
                               "ORDER BY number", (record,)).fetchall()
        check(len(own) == n_layer, f"step {step}: all layers")
        for k, row in enumerate(own):
            check_step(found[k], (step, *row[:7]), unpack, kept.get(row[7]), momentum)
    second = as_double(load_safetensors(root / checkpoints[1]["file"]))
    off = max(np.abs(replay.weights[name] - second[name]).max() for name in second)
    moved = max(np.abs(start[name] - second[name]).max() for name in second)
    check(off < 1e-3 * moved, f"replayed weights are off by {off} after moving by {moved}")
    bad = database.execute("SELECT count(*) FROM contribution WHERE NOT residual <= rounding").fetchone()[0]
    check(bad == 0, f"{bad} steps do not add up")
    return checkpoints


def check_checkpoints(root, database, checkpoints, images, labels):
    own = database.execute("SELECT name, step, file, sha256, learning_rate, validation_loss FROM checkpoint").fetchall()
    expected = [(c["name"], c["step"], c["file"], hashlib.sha256((root / c["file"]).read_bytes()).digest(),
                 c["learning_rate"], c["validation_loss"]) for c in checkpoints]
    check(own == expected, "checkpoints and their digests")
    asked = [int(query["id"].split("-")[1]) for query in load_lines(root / "queries.jsonl")]
    weights = as_double(load_safetensors(root / checkpoints[-1]["file"]))
    probabilities = np.exp(log_softmax(forward(weights, images[asked] / 16.0)[1]))
    for blob, predicted, told, sure in database.execute(
            "SELECT samples, predicted, labels, probabilities FROM prediction WHERE checkpoint = ?",
            (checkpoints[-1]["name"],)):
        check(unpack(blob, "<i8").tolist() == asked and (unpack(told, "<i8") == labels[asked]).all(), "queries")
        check((unpack(predicted, "<i8") == probabilities.argmax(axis=1)).all(), "predictions")
        check(near(unpack(sure, "<f4"), probabilities.max(axis=1), 0, 1e-5), "their probabilities")
    n = database.execute("SELECT count(DISTINCT checkpoint) FROM prediction").fetchone()[0]
    check(n == len(checkpoints), "predictions at every checkpoint")


def main():
    root, data, policies = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), Policies(pathlib.Path(sys.argv[3]))
    images, labels = np.load(data / "digits-images.npy"), np.load(data / "digits-labels.npy").astype("i8")
    config = json.loads((root / "train.json").read_text())["config"]["train"]
    samples = load_lines(root / "samples.jsonl")
    database = sqlite3.connect(f"file:{root / 'lineage/rank-00000.sqlite'}?mode=ro", uri=True)
    meta = dict(database.execute("SELECT name, value FROM meta"))
    check(meta["samples_sha256"] == hashlib.sha256((root / "samples.jsonl").read_bytes()).hexdigest(), "whose lines")
    decisions = check_samples(samples, policies, len(config["hidden"]) + 1)
    check_events(database, samples, decisions, policies)
    checkpoints = check_steps(root, database, config, samples, images, labels)
    check_checkpoints(root, database, checkpoints, images, labels)
    sys.exit(f"{len(failures)} failed" if failures else 0)


if __name__ == "__main__":
    main()
