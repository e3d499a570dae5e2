"""A lineage.h5 of random events, written by h5py alone, for tests of those who read it."""
import types

import h5py
import numpy as np


def write_dataset(file, path, values, unit="1"):
    """As table_create lays a dataset out: contiguous, allocated at once, no times, two attributes."""
    values = np.ascontiguousarray(values)
    if values.dtype.kind in "US" or values.dtype == object:
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        width = max([1, *map(len, encoded)])
        values = np.array(encoded, f"S{width}")
        kind = h5py.h5t.TypeID.copy(h5py.h5t.C_S1)
        kind.set_size(width)
        kind.set_strpad(h5py.h5t.STR_NULLPAD)
        kind.set_cset(h5py.h5t.CSET_UTF8)
    else:
        kind = h5py.h5t.py_create(values.dtype)
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.CONTIGUOUS)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    identifier = h5py.h5d.create(file.id, path.encode(), kind, h5py.h5s.create_simple(values.shape), creation, links)
    if values.size:
        identifier.write(h5py.h5s.ALL, h5py.h5s.ALL, values, kind)
    for name, text in (("unit", unit), ("description", f"what {path} is")):
        write_attribute(identifier, name, text)


def write_attribute(identifier, name, text):
    kind = h5py.h5t.TypeID.copy(h5py.h5t.C_S1)
    kind.set_size(max(1, len(text.encode())))
    kind.set_strpad(h5py.h5t.STR_NULLPAD)
    kind.set_cset(h5py.h5t.CSET_UTF8)
    attribute = h5py.h5a.create(identifier, name.encode(), kind, h5py.h5s.create(h5py.h5s.SCALAR))
    attribute.write(np.array(text.encode(), f"S{max(1, len(text.encode()))}"), kind)


def starts(counts):
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def make(ids, n_step=120, batch=16, n_group=3, seed=7):
    """Events at random: steps of two processes, some superseded, some uses of samples that nobody knows."""
    rng, n = np.random.default_rng(seed), len(ids)
    made = types.SimpleNamespace(ids=ids, n=n)
    steps = sorted((int(step), int(superseded), process) for step in range(n_step) for process in range(2)
                   for superseded in ([0, 1] if step % 17 == 3 else [0]))
    made.step, made.superseded, made.process = (np.array(column, np.int64) for column in zip(*steps))
    made.epoch = made.step // 40
    made.rate, made.loss = rng.random(len(steps)), rng.random(len(steps))
    made.loss[5] = np.nan
    counts = rng.integers(0, batch, len(steps))
    made.use_start = starts(counts)
    made.use_sample = rng.integers(0, n + 3, counts.sum())  # three unknown samples
    made.use_loss = rng.random(counts.sum())
    made.use_step = np.repeat(np.arange(len(steps)), counts)
    known = made.use_sample < n
    order = np.lexsort((made.use_step[known], made.use_sample[known]))
    made.by_sample = made.use_step[known][order]
    made.by_sample_start = starts(np.bincount(made.use_sample[known], minlength=n))
    made.decision = rng.integers(0, 3, n)
    made.policy, made.reason = rng.integers(0, 3, n), np.where(made.decision == 2, rng.integers(0, 2, n), -1)
    made.owner = rng.integers(-1, 4, n)
    made.license = rng.integers(0, 2, n)
    made.groups = [f"layer{g}" for g in range(n_group)]
    made.contribution_step = np.repeat(np.arange(len(steps)), n_group)
    made.contribution_group = np.tile(np.arange(n_group), len(steps))
    each = np.where(made.contribution_step % 5 == 2, 0, counts[made.contribution_step])
    made.contribution_start = starts(each)
    made.norm, made.share = rng.random(each.sum()), rng.normal(size=each.sum())
    made.total_share, made.total_norm = rng.normal(size=(n, n_group)), rng.random((n, n_group))
    made.content = rng.integers(0, 256, (n, 32)).astype(np.uint8)
    made.content[1] = 0
    return made


def write(path, made):
    i32, n, n_step = np.int32, made.n, len(made.step)
    live = made.superseded[made.use_step] == 0
    uses = np.bincount(made.use_sample[live], minlength=n + 3)[:n]
    names = ["admit", "modulate", "reject"], ["open", "legacy", "consent"], ["owner opted out", "licence \x1b[31m"]
    columns = {
        "/samples/id": made.ids, "/samples/training": np.where(made.decision == 2, -1, np.arange(n)),
        "/samples/content": made.content, "/samples/has_content": np.ones(n, np.uint8),
        "/samples/role": np.zeros(n, i32), "/roles/name": ["train"], "/samples/uses": uses,
        "/samples/first_step": np.zeros(n, np.int64), "/samples/last_step": np.full(n, 9, np.int64),
        "/samples/use_start": made.by_sample_start, "/samples/owner": made.owner.astype(i32),
        "/owners/pseudonym": [f"{k:064x}" for k in range(4)], "/samples/admission": np.arange(n),
        "/samples/group/policy": made.policy.astype(i32), "/groups/policy/value": names[1],
        "/samples/group/license": made.license.astype(i32), "/groups/license/value": ["", "MIT"],
        "/steps/step": made.step, "/steps/epoch": made.epoch, "/steps/process": made.process,
        "/steps/session": np.zeros(n_step, np.int64), "/steps/uses": np.diff(made.use_start),
        "/steps/learning_rate": made.rate, "/steps/loss": made.loss,
        "/steps/superseded": made.superseded.astype(np.uint8), "/steps/use_start": made.use_start,
        "/uses/sample": made.use_sample, "/uses/loss": made.use_loss, "/uses_by_sample/step": made.by_sample,
        "/admissions/sample": np.arange(n), "/admissions/step": np.full(n, -1, np.int64),
        "/admissions/process": np.zeros(n, np.int64), "/admissions/session": np.zeros(n, np.int64),
        "/admissions/decision": made.decision.astype(i32), "/decisions/name": names[0],
        "/admissions/policy": made.policy.astype(i32), "/policies/name": names[1], "/policies/sha256": ["ab"] * 3,
        "/policies/text": ["{}"] * 3, "/admissions/profile": np.full(n, -1, i32), "/profiles/name": ["none"],
        "/profiles/sha256": ["cd"], "/profiles/text": ["{}"], "/admissions/reason": made.reason.astype(i32),
        "/reasons/text": names[2], "/admissions/weight": np.ones(n), "/parameter_groups/name": made.groups,
        "/parameter_groups/parameters": np.full(len(made.groups), 10, np.int64),
        "/parameter_groups/covered": np.ones(len(made.groups), np.uint8),
        "/samples/contribution/norm": made.total_norm, "/samples/contribution/share": made.total_share,
        "/contributions/step": made.contribution_step, "/contributions/group": made.contribution_group,
        "/contributions/delta_norm": np.ones(len(made.contribution_step)),
        "/contributions/use_start": made.contribution_start,
        "/contribution_uses/norm": made.norm, "/contribution_uses/share": made.share,
    }
    best = np.argsort(-made.total_share, axis=0)[:5].T
    columns["/parameter_groups/top/sample"] = best.astype(np.int64)
    for name, values in (("share", made.total_share), ("norm", made.total_norm)):
        columns[f"/parameter_groups/top/{name}"] = np.take_along_axis(values.T, best, 1)
    for name, codes in (("policy", made.policy), ("license", made.license)):
        size = len(columns[f"/groups/{name}/value"])
        columns[f"/groups/{name}/count"] = np.bincount(codes, minlength=size).astype(np.int64)
        columns[f"/groups/{name}/uses"] = np.bincount(codes, uses, size).astype(np.int64)
    with h5py.File(path, "w", libver="earliest") as file:
        for name, values in columns.items():
            write_dataset(file, name, values)
        write_attribute(file.id, "title", "Assay: lineage, as a test has it")
