#!/usr/bin/python3
"""Pairs for test_pairs.c, and what must come out of them: plain refits in long double, one per pair and pathway.

Usage: pairs_reference.py write DIR        writes DIR/CASE/… for every case
       pairs_reference.py check DIR CASE TABLE   compares TABLE (HDF5) with refits; ends with 1 if anything differs
"""
import json
import math
import os
import sys

import h5py
import numpy as np

KEEP_FEATURES, KEEP_PAIRS, N_WATCHED, LAMBDA = 5, 6, 4, 0.25
# n_probe, n_feature, n_behaviour, n_pair, sparse probes, sparse pairs, pairs as changes
CASES = {
    "dense": (24, 40, 2, 53, False, False, False),
    "change": (24, 40, 2, 33, False, True, True),
    "tall": (60, 21, 3, 41, True, True, False),
    "mixed": (30, 29, 1, 20, True, False, False),
    "few": (9, 3, 1, 2, False, True, False),
}
TOLERANCE = 1e-10  # relative to the norm of a vector


def make(name):
    """X, y, X', y', intended features and groups of a case; X and X' hold what single precision holds."""
    n, m, b, k, *_ = CASES[name]
    random = np.random.default_rng(len(name) * 1000 + n)
    x = random.random((n, m)) * (random.random((n, m)) < 0.4)
    x[:, m - 1] = 0  # never active on the probes
    y = random.random((n, b))
    dx, dy = np.zeros((k, n, m)), np.zeros((k, n, b))
    for i in range(k):
        changed = random.permutation(m)[: 1 + i % m]
        moves = random.random((n, len(changed))) < 0.5
        dx[i][:, changed] = 0.05 * random.standard_normal((n, len(changed))) * moves
        dy[i] = 0.02 * random.standard_normal((n, b))
    dx[0] = 0
    dy[0] = 0  # the first pair does nothing at all
    dx[1] = 0
    dy[1] = x[:, [1]] - x[:, [1]].mean()  # the second moves feature 1, and little else
    x, after = x.astype("f4").astype("f8"), (x + dx).astype("f4").astype("f8")
    after[0] = x
    after[1] = x
    intended = [[1]] * k
    for i in range(2, k):
        intended[i] = [[], sorted(random.permutation(m)[:2].tolist()), list(range(m)), [m - 1]][i % 4]
    groups = {"policy": [["a", "b", "ß"][i % 3] for i in range(k)],
              "license": [None if i % 2 else 7 for i in range(k)]}
    return x, y, after, y + dy, intended, groups


def csr(folder, name, rows):
    starts = np.concatenate([[0], np.cumsum((rows != 0).sum(axis=1))]).astype("i8")
    where = np.nonzero(rows)
    np.save(f"{folder}/{name}_values.npy", rows[where])
    np.save(f"{folder}/{name}_indices.npy", where[1].astype("i4"))
    np.save(f"{folder}/{name}_starts.npy", starts)


def write(directory):
    for name, (n, m, b, k, sparse, sparse_pairs, is_change) in CASES.items():
        folder = f"{directory}/{name}"
        os.makedirs(folder, exist_ok=True)
        x, y, after, y_after, intended, groups = make(name)
        pairs = after - x if is_change else after
        np.save(f"{folder}/behaviour.npy", y)
        np.save(f"{folder}/pair_behaviour.npy", y_after - y if is_change else y_after)
        np.save(f"{folder}/pair_x.npy", pairs)
        np.save(f"{folder}/x.npy", x)
        csr(folder, "x", x)
        csr(folder, "pair_x", pairs.reshape(k * n, m))
        with open(f"{folder}/pairs.jsonl", "w", encoding="utf-8") as file:
            for i in range(k):
                # Every third list by label, of which features 2 j and 2 j + 1 share one.
                wanted = [f"label {j // 2}" for j in intended[i]] if i % 3 == 2 else intended[i]
                record = {"id": f"pair-{i:03}", "intended": wanted, **{g: v[i] for g, v in groups.items()}}
                if intended[i] == [] and i % 8 == 0:
                    del record["intended"]
                print(json.dumps(record, ensure_ascii=i % 2 == 0), file=file)


# ---- refits --------------------------------------------------------------------------------------------------------

def solve(a, b):
    """Gauss without pivots, in long double: a is positive definite."""
    a, b = a.copy(), b.copy()
    for j in range(len(a)):
        factors = a[j + 1 :, j : j + 1] / a[j, j]
        a[j + 1 :] -= factors * a[j]
        b[j + 1 :] -= factors * b[j]
    for i in reversed(range(len(a))):
        b[i] = (b[i] - a[i, i + 1 :] @ b[i + 1 :]) / a[i, i]
    return b


def system(x):
    z = np.concatenate([np.ones((len(x), 1)), x], axis=1).astype(np.longdouble)
    return z, z.T @ z + np.longdouble(LAMBDA) * np.diag([0] + [1] * x.shape[1])


def fits(x, *ys):
    """(1 + m) × b coefficients, intercept first, for several behaviours on the same features."""
    z, a = system(x)
    solved = solve(a, z.T @ np.concatenate(ys, axis=1).astype(np.longdouble))
    return np.split(solved, len(ys), axis=1)


class Pair:
    """Every shift of one pair, 1 + m × b, intercepts first."""

    def __init__(self, x, y, after, y_after, base):
        x, after = x.astype(np.longdouble), after.astype(np.longdouble)
        self.before, on_y_after = base["fits"]
        on_x, on_both = fits(after, y, y_after)
        if on_y_after is None:
            on_y_after = fits(x, y_after)[0]
        self.total, self.x, self.y = on_both - self.before, on_x - self.before, on_both - on_x
        self.interaction = on_both - on_x - on_y_after + self.before
        z, inverse = base["z"], base["inverse"]
        residual = y - z @ self.before
        dz = np.concatenate([np.zeros((len(x), 1)), after - x], axis=1)
        self.first_order = inverse @ (dz.T @ residual - z.T @ (dz @ self.before) + z.T @ (y_after - y))
        moved, response = dz.T @ residual, inverse @ (z.T @ dz)
        # source[b][j, k]: what the change of feature k did to coefficient j.
        self.source = [(inverse * moved[:, b] - response * self.before[:, b])[1:, 1:] for b in range(y.shape[1])]


def near(label, found, expected, scale):
    worst = np.abs(np.asarray(found, np.longdouble) - expected).max(initial=0)
    if not worst <= TOLERANCE * scale + 1e-17:
        fail(f"{label}: off by {worst}, scale {scale}")


def fail(sentence):
    print(sentence, file=sys.stderr)
    fail.count += 1


fail.count = 0


def expect(label, condition):
    if not condition:
        fail(label)


# ---- comparing -----------------------------------------------------------------------------------------------------

def check_pair(table, i, b, pair, deviation, intended):
    shift = pair.total[1:, b]
    size = np.abs(shift) * deviation
    norm = np.sqrt((size**2).sum())
    where = f"pair {i}, behaviour {b}: "
    for name, vector in [("shift", shift), ("x", pair.x[1:, b]), ("y", pair.y[1:, b]),
                         ("interaction", pair.interaction[1:, b])]:
        own = np.sqrt(((vector * deviation) ** 2).sum())
        near(where + name, table[f"pairs/{name}_norm"][i, b], own, own)
    missed = (pair.first_order[1:, b] - shift) * deviation
    error = np.sqrt((missed**2).sum()) / norm if norm > 0 else 0
    near(where + "first order", table["pairs/first_order_error"][i, b], error, max(1e-6, 1e3 * error))
    near(where + "intercept", table["pairs/intercept_shift"][i, b], pair.total[0, b], abs(pair.total[0, b]) + norm)
    dominant = table["pairs/dominant"][i, b]
    interferes, share = table["pairs/interferes"][i, b], table["pairs/off_target_share"][i, b]
    if norm == 0:
        expect(where + "nothing moved", dominant == -1 and interferes == 0 and share == 0)
    else:
        expect(where + "dominant", size[dominant] >= size.max() * (1 - 1e-9))
        known = len(intended) > 0
        expect(where + "interferes", interferes == (-1 if not known else int(dominant not in intended)))
        expect(where + "known", known != math.isnan(share))
        if known:
            near(where + "off target", share, 1 - np.abs(shift[intended]).sum() / np.abs(shift).sum(), 1)
    kept = table["pairs/top/feature"][i, b]
    expect(where + "kept differ", len(set(kept)) == len(kept))
    left = np.delete(size, kept)
    expect(where + "kept order", (np.diff(size[kept]) <= 1e-9 * norm).all())
    expect(where + "kept largest", left.size == 0 or left.max() <= size[kept[-1]] + 1e-9 * norm)
    for name, vector in [("shift", shift), ("x", pair.x[1:, b]), ("y", pair.y[1:, b]),
                         ("shapley_x", pair.x[1:, b] + pair.interaction[1:, b] / 2),
                         ("shapley_y", pair.y[1:, b] - pair.interaction[1:, b] / 2),
                         ("interaction", pair.interaction[1:, b]), ("first_order", pair.first_order[1:, b])]:
        near(where + "top " + name, table[f"pairs/top/{name}"][i, b], vector[kept], np.linalg.norm(
            vector.astype(float)))
    source = pair.source[b]
    near(where + "source", table["pairs/source"][i, b].reshape(len(kept), -1), source[np.ix_(kept, kept)],
         np.abs(source).sum())
    weighed = np.abs(source[kept]) * deviation[kept, None]
    own = (np.abs(source[kept, kept]) * deviation[kept]).sum()
    expected = 1 - own / weighed.sum() if weighed.sum() > 0 else 0
    near(where + "source share", table["pairs/source_off_diagonal_share"][i, b], expected, 1)


def check_top(table, pairs, deviation):
    listed = {name: table[f"features/top_pairs/{name}"][:] for name in ("pair", "shift", "x", "y")}
    totals = np.array([pair.total[1:] for pair in pairs], float)  # pair × feature × behaviour
    for b in range(totals.shape[2]):
        for j in range(totals.shape[1]):
            where = f"feature {j}, behaviour {b}: "
            size = np.abs(totals[:, j, b]) * deviation[j]
            who = listed["pair"][b, j]
            n = (who >= 0).sum()
            expect(where + "empty places at the end", (who[:n] >= 0).all() and (listed["shift"][b, j, n:] == 0).all())
            expect(where + "as many as moved it", n == min(len(who), (size > 0).sum()))
            expect(where + "order", (np.diff(size[who[:n]]) <= 1e-9 * size.max()).all())
            left = np.delete(size, who[:n])
            expect(where + "strongest", n == 0 or left.max(initial=0) <= size[who[n - 1]] * (1 + 1e-9))
            for place, i in enumerate(who[:n]):
                scale = np.abs(totals[i, :, b]).max()
                near(where + "shift", listed["shift"][b, j, place], totals[i, j, b], scale)
                near(where + "x", listed["x"][b, j, place], pairs[i].x[1 + j, b], scale)
                near(where + "y", listed["y"][b, j, place], pairs[i].y[1 + j, b], scale)


def check_groups(table, pairs, groups):
    watched = table["pairs/watched"][:]
    for name, values in groups.items():
        texts = ["" if v is None else str(v) for v in values]
        distinct = sorted(set(texts), key=lambda text: text.encode())
        found = [v.decode() for v in table[f"pairs/groups/{name}/value"][:]]
        expect(f"values of {name}: {found}", found == distinct)
        codes = table[f"pairs/group/{name}"][:]
        expect(f"codes of {name}", [distinct[c] for c in codes] == texts)
        for v in range(len(distinct)):
            members = np.nonzero(codes == v)[0]
            expect(f"count of {name}", table[f"pairs/groups/{name}/count"][v] == len(members))
            flags = table["pairs/interferes"][:][members] == 1
            expect("interfering", (table[f"pairs/groups/{name}/interfering"][v] == flags.sum(axis=0)).all())
            for b in range(watched.shape[0]):
                for place, j in enumerate(watched[b]):
                    total = [float(pairs[i].total[1 + j, b]) for i in members]
                    half = [float(pairs[i].interaction[1 + j, b]) / 2 for i in members]
                    x = math.fsum(abs(float(pairs[i].x[1 + j, b]) + h) for i, h in zip(members, half))
                    y = math.fsum(abs(float(pairs[i].y[1 + j, b]) - h) for i, h in zip(members, half))
                    cell, n = (v, b, place), len(members)
                    scale = max(map(abs, total))
                    near("mean", table[f"pairs/groups/{name}/mean_shift"][cell], math.fsum(total) / n, scale)
                    near("mean magnitude", table[f"pairs/groups/{name}/mean_absolute_shift"][cell],
                         math.fsum(map(abs, total)) / n, scale)
                    near("share", table[f"pairs/groups/{name}/x_share"][cell], x / (x + y) if x + y else 0, 1)


def check(directory, name, path):
    x, y, after, y_after, intended, groups = make(name)
    del directory
    deviation = x.std(axis=0)
    z, a = system(x)
    base = {"z": z, "inverse": solve(a, np.eye(len(a), dtype=np.longdouble)), "fits": (fits(x, y)[0], None)}
    pairs = [Pair(x, y, after[i], y_after[i], base) for i in range(len(after))]
    with h5py.File(path, "r") as table:
        expect("ids", [v.decode() for v in table["pairs/id"][:]] == [f"pair-{i:03}" for i in range(len(after))])
        starts, features = table["pairs/intended/start"][:], table["pairs/intended/feature"][:]
        for i, wanted in enumerate(intended):
            if i % 3 == 2:  # labels are shared by two features
                wanted = sorted({f for j in wanted for f in (j // 2 * 2, j // 2 * 2 + 1) if f < x.shape[1]})
            expect(f"intended of pair {i}", features[starts[i] : starts[i + 1]].tolist() == wanted)
            for b in range(y.shape[1]):
                check_pair(table, i, b, pairs[i], deviation, wanted)
        moved = table["pairs/dominant"][1]
        expect("the planted pair moves what it is meant to", (moved == 1).all()
               and (table["pairs/interferes"][1] == 0).all() and (table["pairs/x_norm"][1] == 0).all())
        check_top(table, pairs, deviation)
        check_groups(table, pairs, groups)
    return 1 if fail.count else 0


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2])
    else:
        sys.exit(check(*sys.argv[2:5]))
