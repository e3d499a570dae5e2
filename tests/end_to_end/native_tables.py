"""Tables of a run as native tables of SQLite, made from its HDF5 files by h5py and numpy: what `assay query` must
equal."""
import h5py
import numpy as np


def decoded(values):
    return [value.decode() for value in values]


def plain(value):
    """A numpy value as SQLite takes it."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and np.isnan(value) else value


def add_table(database, name, columns):
    lists = [[plain(value) for value in values] for values in columns.values()]
    types = [{int: "INTEGER", float: "REAL", str: "TEXT"}[type(next((x for x in values if x is not None), ""))]
             for values in lists]
    quoted = ", ".join(f'"{column}" {kind}' for column, kind in zip(columns, types))
    database.execute(f'CREATE TABLE "{name}"({quoted})')
    database.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(columns))})', zip(*lists))


def native_influence(database, path):
    with h5py.File(path) as file:
        ids, queries = decoded(file["samples/id"][()]), decoded(file["queries/id"][()])
        layers = decoded(file["layers/name"][()])
        names = sorted(file["samples/group"])
        codes = {name: file[f"samples/group/{name}"][()] for name in names}
        values = {name: decoded(file[f"groups/{name}/value"][()]) for name in names}
        n, m = len(ids), len(queries)

        def groups(index):
            return {name: [values[name][codes[name][i]] for i in index] for name in names}
        add_table(database, "examples", {"training": range(n), "sample_id": ids, "self": file["self"][()],
                                         **groups(range(n))})
        add_table(database, "queries", {"query": range(m), "query_id": queries,
                                        "text": decoded(file["queries/text"][()])})
        add_table(database, "scores", {
            "training": np.repeat(range(n), m), "sample_id": np.repeat(ids, m), "query": np.tile(range(m), n),
            "query_id": np.tile(queries, n), "score": file["scores"][()].ravel(), **groups(np.repeat(range(n), m))})
        for side in ("proponents", "opponents"):
            index = file[f"top/{side}/index"][()]
            top, sign = index.shape[1], {"proponents": 1, "opponents": -1}[side]
            shown = sign * file[f"top/{side}/score"][()].ravel() > 0

            def keep(columns, times=1):
                return {name: [v for v, show in zip(column, np.repeat(shown, times)) if show]
                        for name, column in columns.items()}
            head = {"query": np.repeat(range(m), top), "query_id": np.repeat(queries, top),
                    "place": np.tile(range(top), m), "training": index.ravel(),
                    "sample_id": [ids[i] for i in index.ravel()], "score": file[f"top/{side}/score"][()].ravel()}
            add_table(database, side, keep({**head, **groups(index.ravel())}))
            by_layer = file[f"top/{side}/by_layer"][()]
            add_table(database, f"{side}_by_layer", keep({
                **{name: np.repeat(np.array(column, object), len(layers)) for name, column in head.items()},
                "layer": np.tile(layers, m * top), "layer_score": by_layer.ravel()}, len(layers)))
        database.execute("CREATE VIEW top AS SELECT 'proponents' AS side, * FROM proponents UNION ALL "
                         "SELECT 'opponents', * FROM opponents")
        union = []
        for name in names:
            k = len(values[name])
            columns = {"query": np.repeat(range(m), k), "query_id": np.repeat(queries, k),
                       "value": np.tile(values[name], m), "examples": np.tile(file[f"groups/{name}/count"][()], m)}
            for part in ("proponents", "positive", "negative", "net"):
                columns[part] = file[f"groups/{name}/{part}"][()].ravel()
            add_table(database, f"groups_{name}", columns)
            union.append(f"SELECT '{name}' AS grouped_by, * FROM groups_{name}")
        database.execute("CREATE VIEW groups AS " + " UNION ALL ".join(union))


def native_policy(database, path):
    with h5py.File(path) as file:
        behaviours, pairs = decoded(file["behaviours/name"][()]), decoded(file["pairs/id"][()])
        labels = decoded(file["features/label"][()])
        nb, m = file["coefficients"].shape
        add_table(database, "coefficients", {
            "behaviour": np.repeat(behaviours, m), "feature": np.tile(range(m), nb), "label": np.tile(labels, nb),
            "coefficient": file["coefficients"][()].ravel(), "deviation": np.tile(file["features/deviation"][()], nb)})
        kept = file["pairs/top/feature"][()]
        k = kept.shape[2]
        add_table(database, "pair_features", {
            "pair": np.repeat(range(len(pairs)), nb * k), "pair_id": np.repeat(pairs, nb * k),
            "behaviour": np.tile(np.repeat(behaviours, k), len(pairs)), "place": np.tile(range(k), len(pairs) * nb),
            "feature": kept.ravel(), "label": [labels[i] if i >= 0 else None for i in kept.ravel()],
            "shift": file["pairs/top/shift"][()].ravel()})


def native_mechanism(database, path):
    with h5py.File(path) as file:
        behaviours, parts = decoded(file["behaviours/name"][()]), decoded(file["parts/id"][()])
        kinds = decoded(file["part_kinds/name"][()])
        nb, n = len(behaviours), len(parts)
        add_table(database, "effects_zero", {
            "behaviour": np.repeat(behaviours, n), "part": np.tile(range(n), nb), "part_id": np.tile(parts, nb),
            "kind": np.tile([kinds[k] for k in file["parts/kind"][()]], nb),
            "mean": file["effects/zero/mean"][()].ravel(), "p": file["effects/zero/p"][()].ravel(),
            "localised": file["effects/zero/localised"][()].ravel()})
        start, member = file["parts/member_start"][()], file["parts/member"][()]
        owner = np.repeat(range(n), np.diff(start))
        add_table(database, "part_members", {"part": owner, "part_id": [parts[i] for i in owner], "member": member})


def native_counterfactual(database, path):
    with h5py.File(path) as file:
        names, queries = decoded(file["scenarios/name"][()]), decoded(file["queries/id"][()])
        classes, n, m = decoded(file["classes/name"][()]), len(names), len(queries)
        head = {"scenario": np.repeat(range(n), m), "name": np.repeat(names, m), "query": np.tile(range(m), n),
                "query_id": np.tile(queries, n)}
        add_table(database, "network_changes", {**head, "loss_change": file["network/loss_change"][()].ravel(),
                                                "low": file["network/low"][()].ravel()})
        add_table(database, "ridge_changes", {
            **head, "predicted": np.tile([classes[k] for k in file["ridge/predicted"][()]], n),
            "margin_change": file["ridge/change/margin"][()].ravel(), "flips": file["ridge/flips"][()].ravel(),
            "flips_to": [classes[k] for k in file["ridge/flips_to"][()].ravel()]})
        start, member = file["scenarios/member_start"][()], file["scenarios/member"][()]
        owner, ids = np.repeat(range(n), np.diff(start)), decoded(file["samples/id"][()])
        add_table(database, "scenario_members", {"scenario": owner, "name": [names[i] for i in owner],
                                                 "training": member, "sample_id": [ids[i] for i in member]})


def native_lineage(database, made):
    n, ids = made.n, made.ids
    name_of = ["open", "legacy", "consent"]

    def known(samples, values):
        return [values[i] if 0 <= i < n else None for i in samples]
    policy, license_ = [name_of[k] for k in made.policy], [["", "MIT"][k] for k in made.license]
    add_table(database, "samples", {
        "sample": range(n), "sample_id": ids, "policy": policy, "license": license_,
        "decision": [["admit", "modulate", "reject"][k] for k in made.decision], "admitted_under": policy,
        "owner": [f"{k:064x}" if k >= 0 else None for k in made.owner],
        "content": [bytes(row).hex() if row.any() else None for row in made.content]})
    add_table(database, "steps", {"step_row": range(len(made.step)), "step": made.step, "epoch": made.epoch,
                                  "process": made.process, "loss": made.loss, "superseded": made.superseded})
    use = made.use_step
    add_table(database, "uses", {
        "step_row": use, "step": made.step[use], "epoch": made.epoch[use], "superseded": made.superseded[use],
        "position": np.arange(len(use)) - made.use_start[use], "sample": made.use_sample,
        "sample_id": known(made.use_sample, ids), "loss": made.use_loss, "policy": known(made.use_sample, policy)})
    by = np.repeat(np.arange(n), np.diff(made.by_sample_start))
    add_table(database, "sample_uses", {"sample": by, "sample_id": [ids[i] for i in by], "step_row": made.by_sample,
                                        "step": made.step[made.by_sample]})
    owner = np.repeat(np.arange(len(made.contribution_step)), np.diff(made.contribution_start))
    step = made.contribution_step[owner]
    place = np.arange(len(owner)) - made.contribution_start[owner]
    sample = made.use_sample[made.use_start[step] + place]
    add_table(database, "contribution_uses", {
        "contribution": owner, "step_row": step, "step": made.step[step], "sample": sample,
        "parameter_group": [made.groups[g] for g in made.contribution_group[owner]],
        "sample_id": known(sample, ids), "norm": made.norm, "share": made.share})
