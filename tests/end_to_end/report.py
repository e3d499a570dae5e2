#!/usr/bin/python3 -B
"""What must hold: the report of a run is one page that needs no network and no script, in which nothing from data acts
or hides; its numbers are those of the tables, and what it cites can be proved; it says first what is missing, what does
not verify and what could not be drawn, and the run is as good without it."""
import collections
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import shutil
import subprocess

import h5py
import numpy as np

import browser
import counterfactuals
import mechanisms
import policies
import recordings
import study as studies
from assay import BAD_RUN, BAD_USAGE, DIFFERS, OK, check, finish, folder, root, run, run_well, sentences, side_by_side

HOSTILE = ["<script>alert(1)</script>", "</td></table><img src=x onerror=alert(2)>", "a\u202egnp.exe", "tail",
           "=HYPERLINK(\"http://evil.example/\")", "\"' onmouseover='alert(3)", "| `x` **b** [a](http://evil.example)",
           "zero\u200bwidth\u2066", "&lt;b&gt; &amp;", "ZQ0Z gpPt1", "x" * 300]
ODD = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


# ---- a run ----------------------------------------------------------------------------------------------------------


def make_run(base):
    """A sealed run with influence and policy, whose every name is hostile; its config."""
    study = studies.make(base, n_train=60, n_query=8)
    policy = policies.make(base, n_probe=60, n_feature=12)
    policies.add_pairs(policy)
    config = {**policy.config, **study.config}
    rewrite(base / "samples.jsonl", {"id": 1, "policy": 3, "license": 4})
    rewrite(base / "queries.jsonl", {"id": 1, "text": 2})
    rewrite(base / "probes.jsonl", {"category": 0})
    rewrite(base / "pairs.jsonl", {"id": 1, "license": 5})
    names = HOSTILE[:2]
    config["policy"]["behaviour"]["names"] = names
    lines = [json.loads(line) for line in (base / "probes.jsonl").read_text().splitlines()]
    studies.write_lines(base / "probes.jsonl", [
        {**line, "expected": [names[policies.BEHAVIOURS.index(name)] for name in line["expected"]]} for line in lines])
    config["run"]["name"] = "<b>name</b>\u202e"
    path = base / "config.json"
    path.write_text(json.dumps(config))
    return path


def rewrite(path, fields):
    """Makes fields of all lines hostile; ids stay unique, and categories and groups few."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for i, line in enumerate(lines):
        for field, offset in fields.items():
            if field in line:
                few = field not in ("id", "text")
                line[field] = HOSTILE[(i % 3 + offset) % len(HOSTILE)] if few else (
                    f"{HOSTILE[(i + offset) % len(HOSTILE)]}{i}")
    studies.write_lines(path, lines)


class Page(html.parser.HTMLParser):
    """Every element and its attributes, and the visible text of those that cite a dataset."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.elements, self.cited, self.texts, self.open = [], [], [], []
        self.feed(pathlib.Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if "data-source" in dict(attributes):
            self.cited.append({**dict(attributes), "text": ""})
            self.open.append((tag, self.cited[-1]))

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data):
        self.texts.append(data)
        for _, cited in self.open:
            cited["text"] += data


# ---- harmless -------------------------------------------------------------------------------------------------------


def check_harmless(path):
    page, text = Page(path), pathlib.Path(path).read_text(encoding="utf-8")
    tags = {tag for tag, _ in page.elements}
    check(not tags & {"script", "img", "iframe", "object", "embed", "form", "image", "base", "a:evil", "b"},
          "no element acts or loads", tags)
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            if name.startswith("on") or (name in ("src", "href", "xlink:href", "action")
                                         and not re.match(r"#|data:,$", value or "")):
                check(False, "no attribute acts or loads", tag, name, value)
    check(not ODD.search(text), "nothing hides or turns the line", ODD.findall(text)[:5])
    shown = "".join(page.texts)
    for part in ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "a\\u{202e}gnp.exe",
                 "zero\\u{200b}width\\u{2066}", "&lt;b&gt; &amp;", "<b>name</b>\\u{202e}"):
        check(part in shown, "what is odd is shown by its number, markup as text", part)
    check(not re.search(r"url\((?!#)|@import|@font-face", text), "no style loads anything")


def check_seen(path):
    """In a browser: no request, no message, something at both widths, and pages of paper."""
    base = pathlib.Path(path).parent
    actions = {"wide": ["--window-size=1280,1600", f"--screenshot={base / 'wide.png'}"],
               "narrow": ["--window-size=390,1600", f"--screenshot={base / 'narrow.png'}"],
               "paper": ["--no-pdf-header-footer", f"--print-to-pdf={base / 'page.pdf'}"]}

    def see(name):
        visit = browser.visit(path, *actions[name])
        check(visit.code == 0 and not visit.messages, f"{name}: the browser shows it without complaint", visit)
        check(not visit.requests, f"{name}: nothing is asked of any network", visit.requests)

    side_by_side(see, actions, workers=2)
    for name, width in (("wide", 1280), ("narrow", 390)):
        picture = browser.read_png(base / f"{name}.png")
        ink = (picture.astype(int).sum(axis=2) < 600)
        check(picture.shape[1] == width and 0.01 < ink.mean() < 0.4, f"{name}: the picture is not blank", ink.mean())
        check(ink[:, -4:].mean() < 0.002, f"{name}: nothing runs out of the page", ink[:, -4:].mean())
        check(len(np.flatnonzero(ink.any(axis=1))) > 500, f"{name}: there is text from top to bottom")
    subprocess.run(["pdftoppm", "-r", "40", "-gray", base / "page.pdf", base / "paper"], check=True, timeout=30)
    sheets = sorted(base.glob("paper-*.pgm"))
    check(len(sheets) >= 3, "it prints on several sheets", sheets)
    for sheet in sheets:
        data = sheet.read_bytes().split(b"\n", 3)
        grey = np.frombuffer(data[3], np.uint8)
        check((grey < 200).mean() > 0.0005, "no sheet is blank", sheet.name)


def check_control_bytes(run_directory, base):
    """Samples with control bytes are refused at the door; a table made by someone else may have them."""
    forged = base / "forged"
    shutil.copytree(run_directory, forged)
    with h5py.File(forged / "influence.h5", "r+") as table:
        ids = table["/queries/id"]
        ids[0], ids[1] = b"\x1b[2J\x07red\x08", b"cut \xe2\x80 short \xff"
    for form in ("html", "markdown", "csv"):
        run_well("report", forged, "--format", form, "--output", base / f"forged.{form}")
        text = (base / f"forged.{form}").read_bytes().decode("utf-8")
        check(not ODD.search(text.replace("\r\n", "").replace("\n", "")), f"{form}: no control byte gets through")
        plain = unescaped(text) if form == "markdown" else text
        check("\\x1b[2J\\x07red\\x08" in plain and "\\xe2\\x80 short \\xff" in plain,
              f"{form}: they are shown by number")


# ---- true -----------------------------------------------------------------------------------------------------------


def rounds_to(text, value):
    """Whether a figure as it is shown stands for a value: half of its last digit, and no more."""
    number = re.match(r"[+−∞-]?[\d,.]+(e[+-]\d+)?", text)
    if not number:
        return False
    plain = number.group().replace("−", "-").replace(",", "")
    mantissa, _, exponent = plain.partition("e")
    half = 0.501 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    scale = 100 if text.endswith("%") else 1
    return abs(float(plain) - scale * value) <= half


def check_cited(page, run_directory):
    """Every number is one of the dataset that it cites; how many are of which table."""
    files, n = {}, collections.Counter()
    for cited in page.cited:
        match = re.fullmatch(r"([a-z]+\.h5):(/[^\[]*)(?:\[(\d+)\])?", cited["data-source"])
        if not check(match, "a citation names a file, a dataset and a row", cited):
            continue
        name, dataset, row = match.groups()
        table = files.setdefault(name, h5py.File(pathlib.Path(run_directory, name)))
        values = table[dataset][int(row)] if row is not None else table[dataset][()]
        if "data-value" not in cited:
            continue
        n[name] += 1
        value, how = float(cited["data-value"]), cited.get("data-how")
        expected = {"count": [len(table[dataset])]}.get(how) or (
            np.sum(values, axis=0) if how == "sum over rows" else np.mean(values) if how == "mean over queries" else
            np.sum(values) if how == "sum over queries" else np.ravel(values) if how is None else None)
        if expected is not None and name + dataset != "policy.h5/coefficients":
            check(np.min(np.abs(np.asarray(expected, float) - value)) <= 1e-12 * abs(value),
                  "a number of the page is in the dataset it cites", cited)
        check(rounds_to(cited["text"], value), "what is shown is what it stands for", cited)
    return n


def check_numbers(path, run_directory):
    page = Page(path)
    n = check_cited(page, run_directory)
    check(n.total() > 150, "numbers of the page cite their datasets", n)
    with h5py.File(run_directory / "influence.h5") as table:
        check_top(page, table)


def cited_values(page, source):
    return [float(c["data-value"]) for c in page.cited if c["data-source"] == source and "data-value" in c]


def cited_names(page, dataset):
    return [c["text"] for c in page.cited if re.sub(r"\[\d+\]$", "", c["data-source"]) == dataset]


def check_parts(page, table):
    """The parts of the first behaviour, strongest first, each with its own effect."""
    main = table.attrs["main"].decode()
    order = table[f"/effects/{main}/order"][0][:10]
    for name in ("mean", "low", "high", "control_mean"):
        shown = cited_values(page, f"mechanism.h5:/effects/{main}/{name}[0]")
        expected = table[f"/effects/{main}/{name}"][0][order].tolist()
        check(shown[-len(expected):] == expected, f"{name} of the strongest parts", shown, expected)
    ids = [table["/parts/id"][part].decode() for part in order]
    check(cited_names(page, "mechanism.h5:/parts/id")[-2 * len(ids):-len(ids)] == ids, "each beside its own name", ids)


def check_scenarios(page, table):
    """The scenarios, largest change first, each with its means over the queries."""
    change = table["/network/loss_change"][()].mean(axis=1)
    order = np.argsort(-np.abs(change), kind="stable")[:16]
    names = [table["/scenarios/name"][s].decode() for s in order]
    check(cited_names(page, "counterfactual.h5:/scenarios/name")[-len(names):] == names, "scenarios in their order")
    for s in order:
        for name, of in (("network/loss_change", np.mean), ("ridge/change/margin", np.mean), ("ridge/flips", np.sum)):
            shown, expected = cited_values(page, f"counterfactual.h5:/{name}[{s}]"), of(table[name][s], dtype=float)
            check(shown and abs(shown[-1] - expected) <= 1e-12 * (1 + abs(expected)), f"{name} of a scenario", s, shown)


def check_uses(page, table):
    """Uses of each value, counted from the uses themselves, over samples of every split; and what was decided."""
    rows, used = table["/steps/superseded"][()] == 0, np.zeros(len(table["/samples/id"]))
    starts = table["/steps/use_start"][()]
    for step in np.flatnonzero(rows):
        np.add.at(used, table["/uses/sample"][starts[step]:starts[step + 1]], 1)
    code = table["/samples/group/license"][()]
    for v in range(len(table["/groups/license/value"])):
        check(cited_values(page, f"lineage.h5:/groups/license/uses[{v}]") == [used[code == v].sum()], "uses", v)
        check(cited_values(page, f"lineage.h5:/groups/license/count[{v}]") == [(code == v).sum()], "of all splits", v)
    decided = collections.Counter(zip(*(table[f"/admissions/{name}"][()].tolist() for name in ("policy", "decision"))))
    decided = [n for _, n in sorted(decided.items(), key=lambda item: (item[0][0] < 0, item[0]))]
    check(cited_values(page, "lineage.h5:/admissions/decision") == decided, "what the gate decided", decided)


def check_other_tables(base):
    """Lineage, mechanism and counterfactual: real tables, whose figures are compared with them."""
    made = {"lineage": recordings.make(base / "recorded"), "mechanism": mechanisms.make(base / "mechanism"),
            "counterfactual": counterfactuals.make(base / "counterfactual", n_train=40, n_query=6)}
    counterfactuals.add_truth(made["counterfactual"])
    checks = {"lineage": check_uses, "mechanism": check_parts, "counterfactual": check_scenarios}

    def look(job):
        for name in (["influence"] if job == "counterfactual" else []) + [job]:
            run_well(name, made[job].path)
        run_directory = pathlib.Path(made[job].folder, "run")
        run_well("report", run_directory, env=programs(base / f"without-{job}"))
        page = Page(run_directory / "report.html")
        n = check_cited(page, run_directory)[f"{job}.h5"]
        check(n > 30, f"{job}: numbers of the page cite their datasets", n)
        with h5py.File(run_directory / f"{job}.h5") as table:
            checks[job](page, table)

    side_by_side(look, made, workers=2)


def check_top(page, table):
    """The proponents of the first query: the scores in their order, each beside its example."""
    scores = [c for c in page.cited if c["data-source"] == "influence.h5:/top/proponents/score[0]"]
    check([float(c["data-value"]) for c in scores] == table["/top/proponents/score"][0, :5].tolist(),
          "the strongest proponents, strongest first", scores)
    rows = [int(re.search(r"\[(\d+)\]", page.cited[page.cited.index(c) + 1]["data-source"]).group(1)) for c in scores]
    check(rows == table["/top/proponents/index"][0, :5].tolist(), "each beside its own example", rows)


def check_proofs(path, run_directory, base):
    """What the page cites can be proved, and the commands it gives work."""
    cited = sorted({re.sub(r"\[\d+\]$", "", c["data-source"]): c["data-source"] for c in Page(path).cited}.values())
    check(len(cited) > 20, "many datasets are cited", cited)

    def prove(i):
        outcome = run("prove", run_directory, cited[i], "--output", base / f"{i}.proof", "--quiet")
        check(outcome.code == OK, f"{cited[i]} can be proved", outcome)

    side_by_side(prove, range(0, len(cited), 2), workers=4)
    commands = re.search(r"<pre>(.*?)</pre>", pathlib.Path(path).read_text(), re.DOTALL).group(1)
    lines = html.unescape(commands).strip().splitlines()
    check(len(lines) == 3, "three commands", lines)
    for line in lines:
        line = line.replace("one.proof", str(base / "one.proof"))
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        check(done.returncode == 0, "a command of the page works as it stands", line, done.stderr)


def unescaped(text):
    """Markdown's text as a reader sees it."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", html.unescape(text))


def check_markdown(page, run_directory):
    """It renders as meant, leaves nothing out that the other page has, and escapes no more than it must."""
    for line in page.splitlines():
        strong = re.split(r"(?<!\\)\*\*", line) if "`" not in line else [""]
        check(len(strong) % 2 == 1 and all(text and text == text.strip() for text in strong[1::2]),
              "stars stand close to their words", line)
    check("**Asked:** which" in page, "what is asked is strong")
    check(not re.findall(r"\\(?:[-.\"{}^!,]|\[(?!\^)|:(?!//))|&gt;|[a-z0-9]\\_[a-z0-9]", page), "no needless escape",
          re.findall(r".*\\[-.\"{}^!,\[:].*|.*&gt;.*", page)[:5])
    shown, whole = unescaped(page), (run_directory / "report.html").read_text()
    titles = [html.unescape(title) for title in re.findall(r"<figcaption><bdi>(.*?)</bdi>", whole)]
    check(len(titles) >= 3 and all(f"**{title}**" in shown for title in titles), "titles of figures are whole", titles)
    with h5py.File(run_directory / "influence.h5") as table:
        formula, steps = table.attrs["formula"].decode(), table["/checkpoints/step"][()]
        losses = table["/checkpoints/validation_loss"][()]
    check(formula in shown, "formulas are whole", formula)
    check(np.isfinite(losses).sum() < 2 or all(f"| candidates | {step:,} |" in page for step in steps),
          "steps are whole numbers", steps)


def check_formats(run_directory, base):
    text = run_well("report", run_directory, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text)))
    check(len(rows) > 300 and not any(None in row or None in row.values() for row in rows), "every line has all fields")
    check(not any(value[:1] in ("=", "@") for row in rows for value in row.values()), "no field is a formula")
    check(not ODD.search(text.replace("\r\n", "\n")), "csv hides nothing")
    with h5py.File(run_directory / "influence.h5") as table:
        scores = [float(r["value"]) for r in rows if r["source"] == "influence.h5:/top/opponents/score[1]"]
        check(scores == table["/top/opponents/score"][1, :5].tolist(), "csv has every number in full", scores)
    text = run_well("report", run_directory, "--format", "markdown", "--output", base / "page.md").out
    page = (base / "page.md").read_text()
    check("page.md" in text and "# What was asked" in page and "|---:|" in page, "markdown has headings and tables")
    check(not ODD.search(page.replace("\n", "")) and "<script>" not in page and "<img" not in page,
          "markdown hides nothing and has no markup of data's")
    check("](http" not in page.replace("\\]", "") and "http://" not in page, "markdown has no link of data's")
    check_markdown(page, run_directory)
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("|")}
    check(widths and max(widths) < 14, "no field breaks a table", widths)


# ---- wrong ----------------------------------------------------------------------------------------------------------


def check_state(run_directory, base):
    """Damage, what is unfinished, and what is no run."""
    verified = run_well("report", run_directory, "--verify", "--output", base / "verified.html")
    check("Sealed and verified" in (base / "verified.html").read_text(), "--verify compares everything first", verified)
    entries = re.search(r"entries under the root</dt>\s*<dd[^>]*>([\d,]+)", (base / "verified.html").read_text())
    check(entries and f"\nverified   {entries.group(1)} entries, nothing differs\n" in verified.out, "and says so",
          verified)
    printed = run_well("report", run_directory, "--verify", "--format", "csv")
    check("nothing differs" in printed.err and "nothing differs" not in printed.out, "not in the page", printed.err)
    said = json.loads(run_well("report", run_directory, "--verify", "--json", "--output", base / "v.html").out)
    check(said["verified"] is True, "in JSON", said)
    damaged = base / "damaged"
    shutil.copytree(run_directory, damaged)
    data = bytearray((damaged / "influence.h5").read_bytes())
    with h5py.File(damaged / "influence.h5") as table:
        at = table["/self"].id.get_offset()
    data[at] ^= 1
    (damaged / "influence.h5").write_bytes(data)
    outcome = run("report", damaged, "--verify", "--inputs", base, "--output", base / "damaged.html", ranks=2)
    check(outcome.code == DIFFERS and len(sentences(outcome)) == 1 and "nothing differs" not in outcome.out,
          "what differs fails, after the page is written", outcome)
    said = json.loads(run("report", damaged, "--verify", "--inputs", base, "--json", "--output", base / "v.html").out)
    check(said["verified"] is False, "in JSON", said)
    page = (base / "damaged.html").read_text()
    check("This run does not verify" in page and "/self" in page[:page.index("<nav")], "damage is said on top")
    (damaged / "policy.h5").rename(damaged / "policy.h5.partial")
    shutil.rmtree(damaged / "seal")
    outcome = run_well("report", damaged, "--output", base / "unfinished.html")
    top = (base / "unfinished.html").read_text().partition("<nav")[0]
    outcome_of_check = run("report", damaged, "--verify", "--output", base / "unsealed.html")
    check(outcome_of_check.code == BAD_RUN and len(sentences(outcome_of_check)) == 1 and
          "Not sealed" in (base / "unsealed.html").read_text(), "what is not sealed does not verify", outcome_of_check)
    check("policy.h5" in top and "is not finished" in top and "Not sealed" in top, "so is what is missing", top)
    check("begins with what is missing" in outcome.out, "and the terminal says so too", outcome.out)
    (damaged / "influence.h5").write_bytes(b"no table")
    run_well("report", damaged, "--output", base / "broken.html")
    top = (base / "broken.html").read_text().partition("<nav")[0]
    check("influence.h5" in top and "expected an HDF5 file" in top, "a table that cannot be read is named", top)
    text = run_well("report", damaged, "--format", "markdown").out
    check("> **Warning:** **Not sealed" in text, "in every format")
    for arguments, code, words in ((("report", base / "nothing"), BAD_USAGE, "expected a run directory"),
                                   (("report", base / "captures"), BAD_RUN, "expected a run directory"),
                                   (("report", damaged, "--format", "pdf"), BAD_USAGE, "html, markdown or csv"),
                                   (("report", damaged, "--key", "x"), BAD_USAGE, "--verify")):
        outcome = run(*arguments)
        check(outcome.code == code and words in outcome.err, f"refused: {arguments}", outcome)


def write_table(path, attributes, datasets):
    """A table of lists, as the jobs write them."""
    with h5py.File(path, "w", libver=("v108", "v108")) as table:
        for name, value in attributes.items():
            table.attrs[name] = np.bytes_(value)
        for name, values in datasets.items():
            data = table.create_dataset(name, data=np.array(values))
            data.attrs["unit"], data.attrs["description"] = np.bytes_("1"), np.bytes_("what it is")


def check_claims(base):
    """A page claims no more than its tables do: of admissions that nobody recorded, and of scores of unknown scale."""
    directory = base / "claims"
    directory.mkdir()
    (directory / "run.json").write_text("{}\n")
    lineage = {"steps/step": [1, 2], "uses/sample": [0, 1, 1], "finding_kinds/name": [b"reused"],
               "finding_kinds/count": [0], "finding_kinds/violation": np.array([1], "u1"),
               "findings/text": np.array([], "S4"), "findings/size": np.array([], "f8")}
    scenarios = {"scenarios/name": [b"id=a"], "scenarios/count": [1], "queries/id": [b"q"],
                 "network/loss_change": [[0.25]]}
    for admissions, origin in (({}, ""), ({"admissions/decision": np.array([0], "i4")}, "slope")):
        write_table(directory / "lineage.h5", {}, {**lineage, **admissions})
        write_table(directory / "counterfactual.h5", {"network scale origin": origin}, scenarios)
        page = run_well("report", directory, "--format", "markdown").out
        known = bool(admissions)
        check(("is of a sample that was admitted" in page) == known, "that all were admitted", page)
        check(page.count("No admission was recorded") == (0 if known else 2), "that it is not known", page)
        check(("changes the loss most" in page) == known and ("loss of the network, mean" in page) == known,
              "a change of the loss", page)
        check(("largest sum of scores" in page) == (not known) and ("sum of scores, mean" in page) == (not known),
              "sums of scores", page)
    damaged = {name: values for name, values in lineage.items() if name != "finding_kinds/violation"}
    write_table(directory / "lineage.h5", {}, damaged)
    page = run_well("report", directory, "--format", "markdown").out
    check("violations" not in page and "This chapter is not complete" in page, "violations that were not read", page)


def check_many_pairs(base):
    """Of many pairs some are drawn, and the chart says so."""
    directory, n = base / "many", 9000
    directory.mkdir()
    (directory / "run.json").write_text("{}\n")
    measured = {f"pairs/{name}": np.arange(1, n + 1, dtype="f8").reshape(n, 1) for name in (
        "shift_norm", "x_norm", "y_norm", "interaction_norm", "off_target_share")}
    write_table(directory / "policy.h5", {}, {
        **measured, "coefficients": [[0.5]], "behaviours/name": [b"b"], "features/deviation": [1.0],
        "pairs/id": np.array([f"p{i}" for i in range(n)], "S8"), "features/label": [b"f"],
        "pairs/dominant": np.zeros((n, 1), "i8"), "pairs/interferes": np.zeros((n, 1), "i1")})
    run_well("report", directory)
    page = (directory / "report.html").read_text()
    drawn = shutil.which("gnuplot") is None or "Not drawn" not in page
    check("One pair in 3 as a point" in page and drawn, "one pair in three", page[:2000])
    rows = list(csv.reader(io.StringIO(run_well("report", directory, "--format", "csv").out)))
    drawn = [float(row[4]) for row in rows if row[1].startswith("One pair in 3") and row[3] == "b"]
    check(drawn == list(range(1, n + 1, 3)), "every third pair", drawn[:5])


def programs(base, **scripts):
    """A PATH with the given programs alone, which are shell scripts."""
    base.mkdir()
    for name, text in scripts.items():
        (base / name).write_text(f"#!/bin/sh\n{text}\n")
        (base / name).chmod(0o755)
    return {"PATH": str(base)}


def check_plots(run_directory, base):
    whole = (run_directory / "report.html").read_text()
    check(whole.count("<figure class=\"chart\">") >= 3 and "Not drawn" not in whole, "all charts are drawn")
    acting = "echo '<svg><g id=\"gnuplot_canvas\"><script></script></g></svg>'"
    for name, scripts, words in (("none", {}, "gnuplot is not installed"),
                                 ("broken", {"gnuplot": "echo no >&2; exit 3"}, "gnuplot failed: no"),
                                 ("acting", {"gnuplot": acting}, "gnuplot failed")):
        outcome = run_well("report", run_directory, "--output", base / f"{name}.html",
                           env=programs(base / f"path-{name}", **scripts))
        page = (base / f"{name}.html").read_text()
        check("<script" not in page and page.count("Not drawn") >= 3 and words in page and "gnuplot-nox" in page,
              f"{name}: the page comes without plots and says how to get them")
        check("charts are numbers only" in outcome.out, f"{name}: the terminal says so", outcome.out)


def main():
    with folder() as base:
        config = make_run(base)
        outcome = run_well("run", config)
        run_directory = base / "run"
        page = run_directory / "report.html"
        check(re.search(r"^report     .*report\.html$", outcome.out, re.MULTILINE), "a run ends with its report",
              outcome.out)
        check_harmless(page)
        check_control_bytes(run_directory, base)
        check_seen(page)
        check_numbers(page, run_directory)
        check_proofs(page, run_directory, base)
        check_formats(run_directory, base)
        check_plots(run_directory, base)
        before, sealed = page.read_bytes(), root(run_directory)
        page.unlink()
        page.mkdir()  # it cannot be written
        outcome = run("run", config, ranks=2)
        check(outcome.code == OK and "report     not written" in outcome.out and root(run_directory) == sealed,
              "a run is as good without its report", outcome)
        page.rmdir()
        run_well("run", config, ranks=3)
        check(page.read_bytes() == before, "the same page from any number of ranks")
        check_state(run_directory, base)
        check_claims(base)
        check_other_tables(base)
        check_many_pairs(base)
    finish()


main()
