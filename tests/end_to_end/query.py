#!/usr/bin/python3 -B
"""What must hold: `assay query` answers as SQLite itself does over native tables of the same rows, made from the HDF5
files by h5py and numpy; it only reads; ids of any bytes come through every format; what is wrong is said in one
sentence."""
import csv
import hashlib
import io
import json
import re
import shutil
import sqlite3
import subprocess
import unicodedata

import h5py
import numpy as np

import lineage_tables
import native_tables
import study as studies
from assay import (BAD_INPUT, BAD_KEY, BAD_RUN, BAD_USAGE, DIFFERS, OK, PROGRAM, check, finish, folder, root, run,
                   run_well, sentences, side_by_side)
from native_tables import decoded

UGLY = ["it's \"quoted\", isn't it", "two\nlines\r\nand a tab\t", "long-" + "x" * 10000,
        "\u202eright-to-left\u2069 \u009b31m", "semi;colon -- comment", "", "naïve-日本-🙂"]


def strict(text):
    """JSON without what Python's reader lets through; 1e999 is how infinity is written."""
    def refuse(constant):
        raise ValueError(constant)
    return json.loads(text, parse_constant=refuse)


def ask(directory, *words):
    """The answers of a query: a list of {"columns", "rows"}."""
    outcome = run("query", directory, *words, "--format", "json")
    if not check(outcome.code == OK, "a query is answered", words, outcome.out[:300], outcome.err):
        return [{"columns": [], "rows": []}]
    return strict(outcome.out)["answers"]


def rows(directory, sql):
    return [tuple(row) for row in ask(directory, sql)[0]["rows"]]


# ---- answers --------------------------------------------------------------------------------------------------------

INFLUENCE = [
    "SELECT * FROM queries", "SELECT training, sample_id, self, policy, license, source FROM examples",
    "SELECT side, query_id, place, sample_id, score, policy FROM top WHERE query = 7",
    "SELECT query, place, training, score FROM proponents WHERE query BETWEEN 3 AND 5 AND place < 4",
    "SELECT query, place FROM proponents WHERE query > 36 AND query <= 38 AND place >= 18",
    "SELECT query, place FROM proponents WHERE query > 36.5 AND query < 38.5 AND place = 2.0",
    "SELECT count(*) FROM proponents WHERE query = 2.5", "SELECT count(*) FROM proponents WHERE query = NULL",
    "SELECT count(*) FROM proponents WHERE query > 9e300", "SELECT count(*) FROM proponents WHERE query = '7'",
    "SELECT count(*) FROM proponents WHERE query_id = 7", "SELECT count(*) FROM proponents WHERE query_id = 'none'",
    "SELECT query_id, count(*), sum(score) FROM scores WHERE query_id IN (SELECT query_id FROM queries WHERE query % 9 "
    "= 1) GROUP BY query_id",
    "SELECT score FROM scores WHERE sample_id = (SELECT sample_id FROM examples WHERE training = 77) ORDER BY query",
    "SELECT s.policy, q.query_id, sum(s.score) FROM scores s JOIN queries q ON q.query = s.query WHERE q.query < 3 "
    "GROUP BY 1, 2",
    "SELECT count(*), sum(score), min(score), max(score) FROM scores",
    "SELECT sum(training) FROM scores WHERE training > 1400",
    "SELECT p.query_id, e.self FROM proponents p JOIN examples e ON e.sample_id = p.sample_id WHERE p.place = 0",
    "SELECT layer, sum(abs(layer_score)) FROM proponents_by_layer GROUP BY layer",
    "SELECT grouped_by, value, sum(net), max(examples) FROM groups GROUP BY 1, 2",
    "SELECT grouped_by, value, positive, negative, net, proponents FROM groups WHERE query_id = 'digit-0033'",
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i, q.query_id FROM n JOIN "
    "queries q ON q.query = i",
]
POLICY = ["SELECT behaviour, feature, label, coefficient, deviation FROM coefficients WHERE behaviour = 'says 8'",
          "SELECT behaviour, sum(coefficient * deviation) FROM coefficients GROUP BY 1",
          "SELECT pair_id, behaviour, place, feature, label, shift FROM pair_features WHERE pair = 11",
          "SELECT label, count(*) FROM pair_features WHERE place = 0 GROUP BY label"]
MECHANISM = ["SELECT behaviour, part, part_id, kind, mean, p, localised FROM effects_zero WHERE behaviour = 'says 9'",
             "SELECT behaviour, sum(mean), sum(localised) FROM effects_zero GROUP BY 1",
             "SELECT part, part_id, member FROM part_members WHERE part_id = 'feature-40'"]
COUNTERFACTUAL = [
    "SELECT name, query_id, loss_change, low FROM network_changes WHERE name = 'policy=legacy-import'",
    "SELECT name, query_id, predicted, margin_change, flips, flips_to FROM ridge_changes WHERE flips = 1",
    "SELECT scenario, name, training, sample_id FROM scenario_members WHERE scenario > 20 AND scenario < 40",
]
LINEAGE = [
    "SELECT sample, sample_id, policy, license, decision, admitted_under, owner, content FROM samples",
    "SELECT * FROM (SELECT step_row, step, epoch, process, loss, superseded FROM steps) WHERE step = 20",
    "SELECT step_row, step, superseded FROM steps WHERE step >= 18 AND step < 22",
    "SELECT step_row, step, position, sample, sample_id, loss, policy, superseded FROM uses",
    "SELECT count(*), sum(loss) FROM uses WHERE step = 37", "SELECT count(*), sum(loss) FROM uses WHERE step > 100",
    "SELECT step_row, position, loss FROM uses WHERE step_row BETWEEN 12 AND 30",
    "SELECT step_row, position, loss, superseded FROM uses WHERE sample = 5",
    "SELECT step_row, position FROM uses WHERE sample = 5 AND step > 30 AND step <= 90",
    "SELECT count(*) FROM uses WHERE sample_id IS NULL", "SELECT step_row FROM uses WHERE sample = 301",
    "SELECT count(*) FROM uses WHERE sample = -4", "SELECT count(*) FROM uses WHERE sample_id = 'nobody'",
    "SELECT sample, count(*) FROM sample_uses GROUP BY sample",
    "SELECT step_row, step FROM sample_uses WHERE sample = 250",
    "SELECT u.step, s.policy, u.loss FROM samples s JOIN uses u ON u.sample = s.sample WHERE s.license = 'MIT' AND "
    "s.sample < 9",
    "SELECT step, parameter_group, sample, norm, share FROM contribution_uses WHERE sample = 17",
    "SELECT step, contribution, share FROM contribution_uses WHERE step = 50",
    "SELECT parameter_group, sum(share), count(*) FROM contribution_uses WHERE sample_id = 'sample-00100' GROUP BY 1",
    "SELECT step_row, sum(norm) FROM contribution_uses GROUP BY step_row",
]


def agree(mine, native):
    """The same rows in any order; sums may have been added in another order."""
    if len(mine) != len(native):
        return False
    for one, other in zip(sorted(mine, key=repr), sorted(native, key=repr)):
        if len(one) != len(other):
            return False
        for x, y in zip(one, other):
            if x != y and not (isinstance(x, float) and isinstance(y, float)
                               and np.isclose(x, y, rtol=1e-11, atol=1e-13)):
                return False
    return True


def compare(directory, database, statements):
    def one(sql):
        mine, native = rows(directory, sql), [tuple(row) for row in database.execute(sql)]
        check(agree(mine, native), "as SQLite answers", sql, len(mine), len(native), mine[:3], native[:3])
    for sql in statements:
        one(sql)


def test_trained(run_directory):
    database = sqlite3.connect(":memory:")
    native_tables.native_influence(database, run_directory / "influence.h5")
    native_tables.native_policy(database, run_directory / "policy.h5")
    native_tables.native_mechanism(database, run_directory / "mechanism.h5")
    native_tables.native_counterfactual(database, run_directory / "counterfactual.h5")
    compare(run_directory, database, INFLUENCE + POLICY + MECHANISM + COUNTERFACTUAL)


def event_ids():
    ids = [f"sample-{i:05d}" for i in range(300)]
    for k, ugly in enumerate(UGLY):
        ids[3 * k + 2] = ugly
    return ids


def make_events(base):
    """A run directory with a lineage.h5 alone, of samples with ugly ids."""
    directory = base / "events"
    directory.mkdir()
    (directory / "run.json").write_text("{}\n")
    made = lineage_tables.make(event_ids())
    lineage_tables.write(directory / "lineage.h5", made)
    return directory, made


def test_lineage(base):
    directory, made = make_events(base)
    database = sqlite3.connect(":memory:")
    native_tables.native_lineage(database, made)
    compare(directory, database, LINEAGE)
    for name in UGLY:
        quoted = name.replace("'", "''")
        for sql in (f"SELECT sample, length(sample_id) FROM samples WHERE sample_id = '{quoted}'",
                    f"SELECT step_row, position FROM uses WHERE sample_id = '{quoted}'"):
            mine, native = rows(directory, sql), [tuple(row) for row in database.execute(sql)]
            check(agree(mine, native) and (mine or "step_row" in sql), "an ugly id is found", name[:30], mine, native)
    test_formats(directory, made)
    test_lineage_questions(directory, made)


def test_formats(directory, made):
    sql = "SELECT sample, sample_id, NULL AS none, '' AS empty, 1.5 AS real, 9e999 AS infinite FROM samples"
    outcome = subprocess.run([PROGRAM, "query", directory, sql, "--format", "csv"], capture_output=True, check=True)
    out = outcome.stdout.decode()  # with the line ends that it has
    parsed = list(csv.reader(io.StringIO(out, newline="")))
    check(parsed[0] == ["sample", "sample_id", "none", "empty", "real", "infinite"], "CSV: names", parsed[0])
    check([row[1] for row in parsed[1:]] == made.ids, "CSV: every id comes through", out[:200])
    check(parsed[1][2:] == ["", "", "1.5", "inf"] and ',,"",1.5' in out, "CSV: nothing and the empty text differ")
    check(b"not sealed" in outcome.stderr, "CSV: the root beside it", outcome.stderr)
    answers = ask(directory, sql)
    check([row[1] for row in answers[0]["rows"]] == made.ids and answers[0]["rows"][0][5] == float("inf"),
          "JSON: every id comes through")
    outcome = run_well("query", directory, sql)
    check("not sealed" in outcome.out, "a table: the root below it", outcome.out[-200:])
    for words in ((sql,), ("SELECT * FROM samples",), ("rejected",), ("trace", UGLY[1]), ("trace", UGLY[2]), ("top",),
                  ("SELECT sample_id, sample_id, sample_id, sample_id FROM samples",)):
        out = run_well("query", directory, *words).out
        lines = out.split("\n")
        check(max(map(len, lines)) <= 100, "a table fits a terminal", words[0], max(lines, key=len))
        harmful = {char for char in out if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}
        check(not harmful, "a table shows nothing that a terminal obeys", words[0], harmful)
    empty = run_well("query", directory, "SELECT * FROM samples WHERE sample < 0").out
    check("(no rows)" in empty, "no rows are said", empty)
    envelope = strict(run_well("query", directory, "SELECT 1", "--json").out)
    check(envelope["sealed"] is False and envelope["root"] is None, "JSON: not sealed", envelope)


def test_lineage_questions(directory, made):
    sample = 100
    answers = {answer.get("title", ""): answer for answer in ask(directory, "trace", made.ids[sample])}
    uses = answers["Each use"]["rows"]
    step = made.use_step[made.use_sample == sample]
    check([row[0] for row in uses] == made.step[step].tolist(), "trace: every use", uses[:3])
    by_epoch = answers["Uses by epoch"]["rows"]
    live = step[made.superseded[step] == 0]
    expected = [[int(e), int((made.epoch[live] == e).sum()), made.step[live][made.epoch[live] == e].tolist()]
                for e in sorted(set(made.epoch[live]))]
    check(by_epoch == expected, "trace: uses by epoch", by_epoch, expected)
    totals = answers["What it did to each parameter group, all steps together"]["rows"]
    check([row[1:] for row in totals] == np.stack([made.total_share[sample], made.total_norm[sample]], 1).tolist(),
          "trace: contributions", totals)
    decision = answers["Decisions on it"]["rows"]
    check(len(decision) == 1 and decision[0][0] is None
          and decision[0][1] == ["admit", "modulate", "reject"][made.decision[sample]], "trace: the decision", decision)
    rejected = {answer.get("title", ""): answer for answer in ask(directory, "rejected")}["Rejected samples"]["rows"]
    check([row[0] for row in rejected] == [made.ids[i] for i in np.flatnonzero(made.decision == 2)], "rejected",
          rejected[:3])
    top = ask(directory, "top", "layer1")[0]["rows"]
    best = np.argsort(-made.total_share[:, 1])[:5]
    check([row[0] for row in top] == [made.ids[i] for i in best]
          and [row[1] for row in top] == made.total_share[best, 1].tolist(), "top of a parameter group", top)


def test_questions(base, run_directory):
    with h5py.File(run_directory / "influence.h5") as file:
        ids, queries = decoded(file["samples/id"][()]), decoded(file["queries/id"][()])
        index, score = file["top/proponents/index"][()], file["top/proponents/score"][()]
        scores = file["scores"][()]
        change = "loss_change" if file["scores"].attrs["unit"] == b"loss" else "score_change"
        by_layer = [file[f"top/{side}/by_layer"][()] for side in ("proponents", "opponents")]
        opponents = file["top/opponents/index"][()]
        net, values = file["groups/policy/net"][()], decoded(file["groups/policy/value"][()])
        layers = decoded(file["layers/name"][()])
    q = 4
    answer = ask(run_directory, "top", queries[q])[1]["rows"]
    check([row[:2] for row in answer] == [[ids[i], s] for i, s in zip(index[q], score[q].tolist())], "top of a query")
    total = np.zeros(len(ids))
    for entries, parts in ((index, by_layer[0]), (opponents, by_layer[1])):
        np.add.at(total, entries.ravel(), np.abs(parts[:, :, 1]).ravel())
    answer = ask(run_directory, "top", layers[1])[1]["rows"]
    best = np.argsort(-total)[:10]
    check([row[0] for row in answer[:10]] == [ids[i] for i in best]
          and np.allclose([row[2] for row in answer[:10]], total[best], rtol=1e-12), "top of a layer", answer[:3])
    answer = ask(run_directory, "groups", queries[q])[1]["rows"]
    found = {row[1]: row[6] for row in answer if row[0] == "policy"}
    check(found == dict(zip(values, net[q].tolist())), "groups of a query", found)
    answer = ask(run_directory, "without", f"policy={values[1]}")[3]["rows"]
    check([row[0] for row in answer] == [queries[j] for j in np.argsort(-np.abs(net[:, 1]))]
          and np.allclose([row[1] for row in answer], sorted(net[:, 1], key=abs, reverse=True), rtol=1e-9),
          "without a group, worked out", answer[:3])
    first_order = base / "first-order"
    shutil.copytree(run_directory, first_order)
    (first_order / "counterfactual.h5").unlink()
    answer = ask(first_order, "without", f"policy={values[1]}")[1]["rows"]
    check(dict(map(tuple, answer)) == dict(zip(queries, net[:, 1].tolist())), "without a group, first order",
          answer[:3])
    answer = next(one for one in ask(first_order, "without", ids[9]) if one["columns"] == ["query_id", change])
    check(dict(map(tuple, answer["rows"])) == dict(zip(queries, scores[9].tolist())), "without an example")
    check(answer in ask(first_order, "without", f"id={ids[9]}"), "an example may be written id=…")
    order = [abs(row[1]) for row in answer["rows"]]
    check(order == sorted(order, reverse=True), "the largest changes come first")
    answer = ask(run_directory, "groups", "says 3")
    check(len(answer) == 3 and all(one["rows"] for one in answer), "groups of a behaviour", answer)
    for words in (("top",), ("groups",), ("without",), ("rejected",), ("trace", ids[0])):
        out = run_well("query", run_directory, *words).out
        check(root(run_directory) in out and max(map(len, out.split("\n"))) <= 100, "the root, in 100 columns", words)
    envelope = strict(run_well("query", run_directory, "SELECT 1", "--json").out)
    check(envelope["root"] == root(run_directory) and envelope["sealed"] is True, "JSON: the root", envelope)


def test_sides(base):
    """Lists that go on beyond zero hold an example twice: of the views only one has it."""
    study = studies.make(base / "sides")
    run_well("influence", studies.write_config(study, keep={"top": 10 ** 5, "scores": True}), "--quiet")
    directory = study.folder / "run"
    with h5py.File(directory / "influence.h5") as file:
        scores, ids, queries = (file[name][()] for name in ("scores", "samples/id", "queries/id"))
        check(file["top/proponents/index"].shape[1] == len(scores) and (scores > 0).any() and (scores < 0).any(),
              "the lists hold everything")
        parts = {side: file[f"top/{side}/by_layer"][()] for side in ("proponents", "opponents")}
        score = {side: file[f"top/{side}/score"][()] for side in parts}
        layers = decoded(file["layers/name"][()])
        policy = decoded(file["groups/policy/value"][()])[0]
    ids, queries = decoded(ids), decoded(queries)
    expected = {(q, i): s for i, row in zip(ids, scores.tolist()) for q, s in zip(queries, row) if s != 0}
    found = rows(directory, "SELECT query_id, sample_id, score, side FROM top")
    check(len(found) == len(expected) and {row[:2]: row[2] for row in found} == expected, "each once", len(found),
          len(expected))
    check(all((row[2] > 0) == (row[3] == "proponents") for row in found), "on the side of its sign")
    for sql, condition in (("query = 1", lambda q, p: q == 1),
                           ("place >= 3 AND query < 4", lambda q, p: q < 4 and p > 2)):
        answer = rows(directory, f"SELECT count(*) FROM proponents WHERE {sql}")[0][0]
        wanted = sum(condition(q, p) and s > 0 for (q, p), s in np.ndenumerate(score["proponents"]))
        check(answer == wanted, "counts know the sign", sql, answer, wanted)
    for table, width in (("by_layer", len(layers)), ("by_checkpoint", None)):
        answer = rows(directory, f"SELECT count(*), count(DISTINCT query || ' ' || training) FROM top_{table}")[0]
        check(answer[1] == len(expected) and (width is None or answer[0] == width * len(expected)), table, answer)
    total = sum((np.sign(score[side]) == sign)[:, :, None] * np.abs(parts[side])
                for side, sign in (("proponents", 1), ("opponents", -1))).sum((0, 1))
    answer = dict(rows(directory, "SELECT layer, sum(abs(layer_score)) FROM top_by_layer GROUP BY layer"))
    check(np.allclose([answer[layer] for layer in layers], total, rtol=1e-12), "sums of layers", answer, total)
    title = "Queries of which it is among the strongest examples"
    traced = {one.get("title"): one for one in ask(directory, "trace", ids[0])}[title]["rows"]
    check(len(traced) == (scores[0] != 0).sum(), "trace: each query once", traced)
    n = (scores[:, 0] > 0).sum()
    out = run_well("query", directory, "top", queries[0]).out
    check((f"  10 of {n} rows: --format" in out) == (n > 10), "what was cut is said", n, out)
    study.config["run"]["directory"] = "cosines"
    config = studies.write_config(study, method="gradient-cosine", keep={"top": 9})
    run_well("influence", config, "--quiet")
    for words in ((f"policy={policy}",), (ids[0],), ()):
        columns = [name for one in ask(study.folder / "cosines", "without", *words) for name in one.get("columns", ())]
        check("score_change" in columns and "loss_change" not in columns, "cosines change no loss", words, columns)


def test_said(directory, made, run_directory):
    """What is not there is said shortly, for people; programs get nothing in its place."""
    sample = 100
    out = run_well("query", directory, "trace", made.ids[sample]).out
    check("before training" in out and "rows" not in out.split("Each use")[0], "a decision before training", out)
    with h5py.File(run_directory / "lineage.h5") as file:
        uses, ids = file["samples/uses"][()], decoded(file["samples/id"][()])
        owned = file["samples/owner"][()] >= 0
    unused = ids[int(np.flatnonzero(uses == 0)[0])]
    answer = next(one for one in ask(run_directory, "trace", unused) if one.get("title") == "Sample")
    check(dict(zip(answer["columns"], answer["rows"][0]))["first_step"] is None
          and dict(zip(answer["columns"], answer["rows"][0]))["last_step"] is None, "never used: nothing", answer)
    out = run_well("query", run_directory, "trace", unused).out
    check("(no rows)" not in out and out.count("No rows:") == 1 and "Each use" in out.split("No rows:")[1],
          "what has no rows is one list", out)
    check("gives all" not in run_well("query", run_directory, "rejected").out.split("Checkpoints")[-1],
          "nothing is said to be cut that was not")
    check(("not recorded" in run_well("query", run_directory, "trace", ids[0]).out) == (not owned[0]), "no owner")
    outcome = run("query", run_directory, "top", ids[0])
    check(outcome.code == BAD_USAGE and f"it is a sample: trace {ids[0]}" in outcome.err, "a hint", outcome.err)


def test_recorded(run_directory):
    """The lineage.h5 of a real run has what the catalog expects, and says what its files say."""
    listed = ask(run_directory, "--tables")[0]["rows"]
    found = {row[0] for row in listed if row[5] == "lineage.h5"}
    expected = set("""samples sample_contributions sample_groups_policy steps uses sample_uses admissions policies
        profiles parameter_groups group_top contributions contribution_uses optimizer recorded_checkpoints completeness
        findings finding_kinds recorders inputs_lineage""".split())
    check(expected <= found, "every table of lineage.h5", expected - found)
    with h5py.File(run_directory / "lineage.h5") as file:
        for name in ("steps/step", "contributions/step", "admissions/step"):
            check((np.diff(file[name][()]) >= 0).all(), f"{name} is stored in the order that queries rely on")
        start, sample, step = (file[name][()] for name in ("steps/use_start", "uses/sample", "steps/step"))
        ids = decoded(file["samples/id"][()])
    lines = [json.loads(line) for line in (run_directory.parent / "training/samples.jsonl").read_text().splitlines()]
    check(ids == [line["id"] for line in lines], "samples are lines")
    rejected = [answer for answer in ask(run_directory, "rejected") if answer.get("title") == "Rejected samples"]
    check({row[0] for row in rejected[0]["rows"]} == {line["id"] for line in lines if line["split"] == "rejected"},
          "rejected are those that the samples file says")
    for i in (sample[0], sample[-1], 77):
        owner = np.searchsorted(start, np.flatnonzero(sample == i), side="right") - 1
        answer = rows(run_directory, f"SELECT step FROM uses WHERE sample_id = '{ids[i]}'")
        check([row[0] for row in answer] == step[owner].tolist(), "uses of a sample", i, answer)
    order = np.load(run_directory.parent / "training/order.npy")
    check(len(sample) == (order >= 0).sum(), "as many uses as the order has", len(sample), order.shape)


def test_plans(run_directory, events):
    """Comparisons that the order of storage answers do not read everything."""
    for directory, sql in ((run_directory, "SELECT * FROM scores WHERE sample_id = 'x'"),
                           (run_directory, "SELECT * FROM proponents WHERE query < 3"),
                           (events, "SELECT * FROM uses WHERE step = 3"),
                           (events, "SELECT * FROM uses WHERE sample_id = 'x'"),
                           (events, "SELECT * FROM contribution_uses WHERE sample = 3")):
        plan = ask(directory, "EXPLAIN QUERY PLAN " + sql)[0]["rows"]
        check(re.search(r"VIRTUAL TABLE INDEX 0:\S", plan[0][3]), "a comparison is used", sql, plan)


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_refused(base, run_directory):
    def fails(words, code, *parts, directory=run_directory):
        outcome = run("query", directory, *words)
        said = sentences(outcome)
        check(outcome.code == code and len(said) == 1 and all(part in said[0] for part in parts),
              f"{words} fails with {code} and says {parts}", outcome.code, outcome.err)
        check(outcome.out == "", "nothing is printed", outcome.out)

    reads, tables, changes = "a query only reads", "making or dropping tables", "changing rows"
    for sql, word in (("INSERT INTO queries VALUES (1, 'a', 'b')", changes), ("DELETE FROM queries", changes),
                      ("UPDATE queries SET text = 'x'", changes), ("CREATE TABLE t(x)", tables),
                      ("CREATE TEMP TABLE t AS SELECT 1", tables), ("DROP TABLE queries", tables),
                      ("DROP VIEW top", tables),
                      (f"ATTACH '{base}/new.db' AS n", "ATTACH"), ("PRAGMA journal_mode = delete", "PRAGMA"),
                      ("PRAGMA table_info(queries)", "PRAGMA"), ("BEGIN ", "transaction"), ("SAVEPOINT x", "SAVEPOINT"),
                      ("ANALYZE queries", tables), ("CREATE VIRTUAL TABLE v USING assay", tables),
                      ("REPLACE INTO queries VALUES (1, 'a', 'b')", changes), ("DELETE FROM sqlite_master WHERE 1", ""),
                      ("WITH x AS (SELECT 1) DELETE FROM queries", changes),
                      ("CREATE TRIGGER t AFTER INSERT ON queries BEGIN SELECT 1; END", "")):
        fails((sql,), BAD_USAGE, word, *[reads] * bool(word))
    for sql in ("VACUUM ", f"VACUUM INTO '{base}/new.db'", "SELECT load_extension('x')", "REINDEX ",
                "SELECT fts3_tokenizer('x')", "ALTER TABLE queries ADD COLUMN x"):
        fails((sql,), BAD_USAGE, "SQL: ")
    check(not (base / "new.db").exists(), "no file was made")
    fails(("SELECT * FRM queries",), BAD_USAGE, "syntax error", "at byte 10", "FRM queries")
    fails(("SELECT (1 ",), BAD_USAGE, "incomplete input")
    fails(("SELECT * FROM querys",), BAD_USAGE, "no table querys", "near are: queries")
    fails(("SELECT skore FROM scores",), BAD_USAGE, "no column skore", "near are: score")
    fails(("SELECT 1; SELECT 2",), BAD_USAGE, "one statement")
    fails(("SELECT 1; DROP TABLE queries",), BAD_USAGE, "one statement")
    fails((" ",), BAD_USAGE, "expected a SELECT")
    fails(("/* nothing */ ",), BAD_USAGE, "expected a SELECT")
    fails(("SELECT nonsense(1)",), BAD_USAGE, "no such function")
    fails(("topp",), BAD_USAGE, "near are: top")
    fails((), BAD_USAGE, "expected RUN and a question")
    fails(("top", "digit-003"), BAD_USAGE, "is no query", "near are: digit-0033")
    fails(("trace",), BAD_USAGE, "trace needs SAMPLE")
    fails(("trace", "nobody"), BAD_USAGE, "training example of this run")
    fails(("rejected", "x"), BAD_USAGE, "takes no argument")
    fails(("SELECT 1", "x"), BAD_USAGE, "in quotes")
    fails(("SELECT 1", "--format", "xml"), BAD_USAGE, "table, csv or json")
    fails(("--tables", "x"), BAD_USAGE, "--tables takes no question")
    check(rows(run_directory, "SELECT 1;  ") == [(1,)], "a semicolon at the end is fine")
    fails(("SELECT 1",), BAD_RUN, "nothing there", directory=base / "none")
    fails(("SELECT 1",), BAD_RUN, "no run.json", directory=base)
    half = base / "half"
    half.mkdir()
    (half / "run.json").write_text("{}\n")
    fails(("SELECT 1",), BAD_RUN, "found none", directory=half)
    shutil.copy(run_directory / "policy.h5", half / "policy.h5.partial")
    fails(("SELECT 1",), BAD_RUN, "policy.h5.partial", "run the job again", directory=half)
    shutil.copy(run_directory / "influence.h5", half)
    fails(("SELECT * FROM coefficients",), BAD_RUN, "policy.h5, which is not finished", directory=half)
    fails(("SELECT * FROM uses",), BAD_USAGE, "lineage.h5, which this run does not have", directory=half)
    check("policy.h5 is not finished" in run_well("query", half, "--tables").out, "--tables says what is not finished")
    (half / "influence.h5").write_bytes((run_directory / "influence.h5").read_bytes()[:3000])
    fails(("SELECT 1",), BAD_INPUT, "influence.h5", directory=half)


# ---- answers that are checked ---------------------------------------------------------------------------------------


def damage(base, run_directory, name, change):
    """A copy of the run in which a file was changed."""
    copy = base / f"damaged-{name}"
    shutil.copytree(run_directory, copy)
    change(copy)
    return copy


def flip(file, offset):
    data = bytearray(file.read_bytes())
    data[offset] ^= 1
    file.write_bytes(bytes(data))


def in_table(action):
    def change(directory):
        with h5py.File(directory / "influence.h5", "r+") as file:
            action(file)
    return change


def replace_unit(file):
    del file["scores"].attrs["unit"]
    lineage_tables.write_attribute(file["scores"].id, "unit", "gain")


def test_verify(base, run_directory):
    sql, other = "SELECT sum(score) FROM scores WHERE training = 7", "SELECT query_id, text FROM queries"
    key = (run_directory / "seal/key.vkey").read_text().strip()
    for words in ((sql,), (other,), ("SELECT count(*) FROM scores",), ("SELECT 1 + 1",), ("top",), ("groups", "says 3"),
                  ("trace", "digit-0005"), ("without",), ("SELECT sum(mean) FROM effects",)):
        plain_answer, checked = ask(run_directory, *words), ask(run_directory, *words, "--verify", "--key", key)
        check(plain_answer == checked, "a checked answer is the same", words)
    envelope = strict(run_well("query", run_directory, sql, "--json", "--verify").out)
    check(envelope["verified"] is True and envelope["root"] == root(run_directory), "JSON says that it was verified")
    check("as they were sealed" in run_well("query", run_directory, sql, "--verify").out, "a table says so too")
    check("--verify does that" in run_well("query", run_directory, sql).out, "and that it was not")

    def withheld(directory, words, *parts, code=DIFFERS):
        outcome = run("query", directory, *words, "--verify")
        said = sentences(outcome)
        check(outcome.code == code and outcome.out == "" and len(said) == 1 and all(part in said[0] for part in parts),
              f"withheld: {words}, {parts}", outcome.code, outcome.out[:200], outcome.err)
    for name, action, what in (("score", lambda file: file["scores"].__setitem__((7, 3), 1e-9), "/scores rows 0 to"),
                               ("unit", replace_unit, "/scores")):
        copy = damage(base, run_directory, name, in_table(action))
        withheld(copy, (sql,), "influence.h5", what, "differs from what was sealed")
        check(ask(copy, other, "--verify") == ask(run_directory, other), "what was not read does not matter", name)
    def cut_log(directory):
        for bundle in (directory / "seal/tile/entries").rglob("*"):
            if bundle.is_file():
                bundle.write_bytes(bundle.read_bytes()[:-3])
    withheld(damage(base, run_directory, "log", cut_log), (sql,), "the log of the run is damaged", "assay verify")

    def forge(directory):
        """The entry of a block says what the changed table holds: all but the tree and its signature."""
        with h5py.File(directory / "influence.h5", "r+") as file:
            file["queries/text"][0] = b"forged"
            content = file["queries/text"][()].tobytes()
        with h5py.File(run_directory / "influence.h5") as file:
            old = hashlib.sha256(file["queries/text"][()].tobytes()).hexdigest().encode()
        new = hashlib.sha256(content).hexdigest().encode()
        found = 0
        for bundle in (directory / "seal/tile/entries").rglob("*"):
            if bundle.is_file():
                found += bundle.read_bytes().count(old)
                bundle.write_bytes(bundle.read_bytes().replace(old, new))
        check(found > 0, "the entry was forged", found)
    withheld(damage(base, run_directory, "forged", forge), (other,), "/queries/text", "not under the signed root")
    withheld(damage(base, run_directory, "root", lambda directory: flip(directory / "seal/checkpoint", 40)), (other,),
             "", code=BAD_RUN)
    withheld(damage(base, run_directory, "unsealed", lambda directory: shutil.rmtree(directory / "seal")), (other,),
             "seal the run first", code=BAD_RUN)
    outcome = run("query", run_directory, other, "--verify", "--key", "nonsense")
    check(outcome.code == BAD_KEY and outcome.out == "", "a key that is none", outcome)
    outcome = run("query", run_directory, other, "--key", key)
    check(outcome.code == BAD_USAGE and "--verify" in outcome.err, "a key without a check", outcome)


def test_tables(run_directory):
    out = run_well("query", run_directory, "--tables").out
    check(max(map(len, out.split("\n"))) <= 100, "--tables fits a terminal", max(out.split("\n"), key=len))
    listed = ask(run_directory, "--tables")[0]
    with h5py.File(run_directory / "influence.h5") as file:
        unit = file["top/proponents/score"].attrs["unit"].decode()
    score = [row for row in listed["rows"] if row[:2] == ["proponents", "score"]]
    check(len(score) == 1 and score[0][2:4] == ["REAL", unit] and score[0][6] == "top", "a column, its type and unit",
          score)
    tables = {}
    for row in listed["rows"]:
        tables.setdefault(row[0], []).append(f'"{row[1]}"')
    counts = ", ".join(f'(SELECT count(*) FROM (SELECT {", ".join(columns)} FROM "{table}" LIMIT 2))'
                       for table, columns in tables.items())
    found = rows(run_directory, f"SELECT {counts}")
    check(len(found) == 1 and sum(found[0]) > len(tables), "every column that is listed can be read", found)
    for table in ("samples", "top", "scenarios"):
        answer = ask(run_directory, f"SELECT * FROM {table} LIMIT 2")[0]
        names = [row[1] for row in listed["rows"] if table in (row[0], row[6])]
        check(set(answer["columns"]) - {"side"} == set(names), f"{table} has no other columns", answer["columns"],
              names)


with folder() as temporary:
    config = studies.make_trained(temporary)
    trained = json.loads(config.read_text())
    trained.update(seal={"key": "audit.key"}, mechanism={"level": "policy"})
    config.write_text(json.dumps(trained))
    run_well("run", config, "--quiet")
    directory = temporary / "run"
    side_by_side(lambda test: test(), [
        lambda: test_trained(directory), lambda: test_lineage(temporary), lambda: test_questions(temporary, directory),
        lambda: test_recorded(directory), lambda: test_sides(temporary),
        lambda: test_refused(temporary, directory), lambda: test_verify(temporary, directory),
        lambda: test_tables(directory)])
    test_said(temporary / "events", lineage_tables.make(event_ids()), directory)
    test_plans(directory, temporary / "events")
finish()
