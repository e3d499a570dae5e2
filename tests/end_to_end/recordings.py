"""Small recordings of a training run for the end-to-end tests: recorder files written by the Python recorder, and what
sqlite3 and numpy make of them."""
import contextlib
import hashlib
import io
import json
import pathlib
import sqlite3
import sys
import types

import numpy as np

from assay import SOURCE

sys.path.insert(0, str(SOURCE / "src/capture/python"))
from assay_recorder import Recorder  # noqa: E402  pylint: disable=wrong-import-position

KEY = b"a key of thirty-two bytes, or so"
GROUPS = (("fc1", 100, True), ("fc2", 20, True), ("norm", 3, False))
LICENSES = ("CC0-1.0", "CC-BY-4.0", "proprietary")
SPLITS = ("train", "test", "rejected")


def split_of(i):
    return "test" if i % 10 == 9 else "rejected" if i % 13 == 7 else "train"


def make(folder, n_sample=60, n_process=2, n_epoch=2, batch=4, seed=1, group_by=("license", "source")):
    """samples.jsonl, config.json and lineage/rank-*.sqlite below `folder`.  Process 1 goes back once; process 0 records
    what was decided."""
    run = types.SimpleNamespace(folder=pathlib.Path(folder), n_sample=n_sample, n_process=n_process)
    (run.folder / "lineage").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    run.samples = [{"id": f"s-{i:04d}" if i % 7 else f"ö\"'-{i}", "split": split_of(i), "license": LICENSES[i % 3],
                    "source": f"site-{i % 5}" if i % 5 else None,
                    "sha256": hashlib.sha256(b"%d" % i).hexdigest() if i % 4 else None} for i in range(n_sample)]
    lines = [json.dumps(sample, ensure_ascii=i % 2 == 0) for i, sample in enumerate(run.samples)]
    (run.folder / "samples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run.training = [i for i in range(n_sample) if split_of(i) == "train"]
    orders = [rng.permutation(run.training) for _ in range(n_epoch)]
    for process in range(n_process):
        record(run, process, orders, batch, np.random.default_rng(100 + process))
    run.config = {
        "run": {"name": "recorded", "directory": "run", "origin": "example.org/recorded"},
        "samples": {"file": "samples.jsonl", "split": "split", "train": "train", "group_by": list(group_by)},
        "lineage": {"records": ["lineage/rank-*.sqlite"]},
        "seal": {"key": "audit.key"},
    }
    write_config(run)
    return run


def write_config(run, name="config.json", **changes):
    """Writes the config with fields of its lineage section changed."""
    config = json.loads(json.dumps(run.config))
    config["lineage"].update(changes)
    path = run.folder / name
    path.write_text(json.dumps(config, indent=1))
    if name == "config.json":
        run.path = path
    return path


# Names, columns, days, weights and lists of owners that need care to be written alike in C and in Python.
POLICIES = {"columns": {"license": 'li"cence', "owner": "who"}, "policies": [
    {"name": "open@1", "version": "ä \\ 1", "opt_out": "out.txt",
     "admit": {"collected": {"from": "2015-01-01"}, "license": ["ö", "Z", "a/b", "€"], "source": ["b", "a"]}},
    {"name": "closed@2", "version": "2", "opt_out": ["zoe", "émile", "adam"], "profile": "shallow"},
    {"name": "unused", "version": "3", "opt_out": "out.jsonl", "admit": {}}],
    "profiles": [{"name": "shallow", "version": "1", "weights": {"é": 0.1, "fc1": -0.0, "Fc": 1e-7, "b": 999.999999999,
                                                                 "\t": 1 / 3, "c": 1e3}}]}


def write_policies(recorded, **changes):
    """policies.json, with fields of its second policy changed, and lists of owners beside it."""
    policies = json.loads(json.dumps(POLICIES))
    policies["policies"][1].update(changes)
    path = recorded.folder / "policies.json"
    path.write_text(json.dumps(policies, ensure_ascii=False, indent=1), encoding="utf-8")
    (recorded.folder / "out.txt").write_text("bob\n\nann\nbob\né", encoding="utf-8")
    (recorded.folder / "out.jsonl").write_text('"bob"\n{"owner": "\\u00e9", "since": 2020}\n')
    return path


def open_recorder(run, process, **options):
    return Recorder(run.folder / f"lineage/rank-{process:05d}.sqlite", "a run", rank=process,
                    world_size=run.n_process, samples=run.folder / "samples.jsonl", key=KEY, errors="raise", **options)


def govern(run, recorder):
    """Everything that is decided before training."""
    rejected = [i for i in range(run.n_sample) if split_of(i) == "rejected"]
    recorder.definition("policy", "open@1", '{"license":["CC0-1.0"]}')
    recorder.definition("policy", "closed@2", "{}")
    recorder.definition("profile", "shallow", '{"fc1":0}')
    recorder.admission("admit", [i for i in run.training if i % 2 == 0], policy="open@1")
    recorder.admission("modulate", [i for i in run.training if i % 2], policy="closed@2", profile="shallow",
                       weights=np.full(sum(i % 2 for i in run.training), 0.5))
    recorder.admission("reject", rejected, policy="open@1", reason="license outside of the policy")
    recorder.user("ann", run.training[:7])
    recorder.user("bob", run.training[5:9])
    recorder.role("validation", [i for i in range(run.n_sample) if split_of(i) == "test"][:2])


LONG = "x" + 200 * "ö€"  # byte 120 is within a letter


def observe(run, recorder, process, rng):
    """What is said of samples beside decisions, every kind, with and without what may be left out."""
    some = [int(i) for i in rng.choice(run.n_sample, 7, replace=False)]
    recorder.preprocessing(("crop", "scale")[process % 2], '{"size": 8}', some)
    recorder.preprocessing("crop", "{\"size\":\n9}", some[:3])
    recorder.preprocessing("scale", LONG, some[:2])
    recorder.modality("image", some, rng.random(7))
    recorder.modality("text ö", some[2:], np.zeros(5))
    recorder.prediction(some[:4], [3, -1, 0, 9], labels=[3, 2, 1, 0], probabilities=rng.random(4), checkpoint="last")
    recorder.prediction(some[4:], [1, 2, 3])
    recorder.influence("last", "q'1", some, rng.normal(size=7), method="tracin")
    recorder.influence("first", "q'1", some[::-1], rng.normal(size=7), method="ridge")


def record(run, process, orders, batch, rng):
    with open_recorder(run, process) as recorder:
        for name, parameters, covered in GROUPS:
            recorder.parameter_group(name, parameters, covered)
        if process == 0:
            govern(run, recorder)
        observe(run, recorder, process, rng)
        steps = []
        for epoch, order in enumerate(orders):
            cuts = list(range(batch * run.n_process, len(order) - run.n_process + 1, batch * run.n_process))
            steps += [(epoch, np.array_split(whole, run.n_process)[process]) for whole in np.split(order, cuts)]
        back = len(steps) // 2 if process == 1 else None
        for step in range(len(steps)):
            record_step(run, recorder, step, *steps[step], rng)
            if step == back:
                recorder.begin_session()
                record_step(run, recorder, step - 1, *steps[step - 1], rng)
                record_step(run, recorder, step, *steps[step], rng)
                back = None
        recorder.checkpoint(len(steps), "last", sha256=hashlib.sha256(b"weights").digest(), learning_rate=0.1)


def record_step(run, recorder, step, epoch, part, rng):
    """Contributions whose shares, over all processes, are 1 less the optimizer's."""
    recorder.step_begin(step, epoch=epoch, learning_rate=0.1 / (1 + epoch))
    recorder.use(part, rng.random(len(part)))
    if step % 3 == 0:
        recorder.prediction(part, rng.integers(0, 10, len(part)), probabilities=rng.random(len(part)))
    for name, _, covered in GROUPS:
        optimizer = 0.25 if name == "fc2" else 0.0
        shares = rng.normal(size=len(part))
        shares += ((1 - optimizer) / run.n_process - shares.sum()) / len(part)
        alone = {"residual": 1e-9, "rounding": 1e-9} if run.n_process == 1 else {}
        if covered:
            recorder.contribution(name, rng.random(len(part)), shares, delta_norm=rng.random() + 0.1, **alone)
        else:
            recorder.contribution(name, delta_norm=0.5)
        if optimizer:
            recorder.optimizer(name, "momentum", norm=rng.random(), share=optimizer)
    recorder.step_end(loss=float(rng.random()))


def read_observations(run, kind):
    """The rows of one of the tables preprocessing, modality, prediction and influence, in the order of lineage.h5: one
    per sample, arrays taken apart."""
    arrays = {"samples": "<i8", "predicted": "<i8", "labels": "<i8", "weights": "<f4", "probabilities": "<f4",
              "scores": "<f8"}
    found = []
    for process in range(run.n_process):
        with contextlib.closing(sqlite3.connect(run.folder / f"lineage/rank-{process:05d}.sqlite")) as database:
            database.row_factory = sqlite3.Row
            firsts = dict(map(tuple, database.execute("SELECT session, min(step) FROM step GROUP BY session")))
            for row in database.execute(f"SELECT rowid AS number, * FROM {kind}"):
                place = -1 if "step" not in row.keys() or row["step"] is None else row["step"]
                of = {name: np.frombuffer(row[name], kind) for name, kind in arrays.items()
                      if name in row.keys() and row[name] is not None}
                rows = [{**{name: row[name] for name in row.keys()}, **{name: values[i] for name, values in of.items()},
                         "process": process, "step": place,
                         "superseded": any(place >= first for later, first in firsts.items() if later > row["session"])}
                        for i in range(row["n"])]
                found.append(((place, process, row["session"], row["number"]), rows))
    return [one for _, rows in sorted(found, key=lambda item: item[0]) for one in rows]


def tamper(run, process, *statements):
    """Changes a recorder file behind the recorder's back."""
    with contextlib.closing(sqlite3.connect(run.folder / f"lineage/rank-{process:05d}.sqlite")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


# ---- the same, read by sqlite3 --------------------------------------------------------------------------------------


def read_steps(run):
    """Every step of every process in the order of the table: dictionaries with arrays."""
    found = []
    for process in range(run.n_process):
        with contextlib.closing(sqlite3.connect(run.folder / f"lineage/rank-{process:05d}.sqlite")) as database:
            groups = dict(database.execute("SELECT number, name FROM parameter_group"))
            firsts = dict(database.execute("SELECT session, min(step) FROM step GROUP BY session"))
            for record, session, step, epoch, rate, loss, samples, losses in database.execute(
                    "SELECT record, session, step, epoch, learning_rate, loss, samples, losses FROM step"):
                undone = any(step >= first for later, first in firsts.items() if later > session)
                row = {"record": record, "session": session, "step": step, "epoch": epoch, "rate": rate, "loss": loss,
                       "process": process, "superseded": undone, "samples": np.frombuffer(samples, "<i8"),
                       "losses": np.frombuffer(losses, "<f4"), "contributions": [], "optimizer": []}
                for number, delta, norms, shares in database.execute(
                        "SELECT parameter_group, delta_norm, norms, shares FROM contribution WHERE record = ? "
                        "ORDER BY rowid", (record,)):
                    row["contributions"].append((groups[number], delta, np.frombuffer(norms or b"", "<f4"),
                                                 None if shares is None else np.frombuffer(shares, "<f8")))
                for number, kind, share in database.execute(
                        "SELECT parameter_group, kind, share FROM optimizer WHERE record = ? ORDER BY rowid",
                        (record,)):
                    row["optimizer"].append((groups[number], kind, share))
                found.append(row)
    return sorted(found, key=lambda row: (row["step"], row["superseded"], row["process"], row["record"]))


@contextlib.contextmanager
def silent():
    with contextlib.redirect_stderr(io.StringIO()):
        yield
