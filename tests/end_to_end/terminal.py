#!/usr/bin/python3 -B
"""What must hold: every job that has something to say says it as JSON too, one object a line and nothing else; what is
for people fits 100 columns; completion, in bash, and the manual page know every job and option that --help knows, and
are installed beside the program."""
import json
import os
import pathlib
import re
import subprocess

import policies
import study as studies
from assay import BAD_INPUT, BAD_USAGE, DIFFERS, OK, PROGRAM, check, finish, folder, root, run, run_well

BUILD = pathlib.Path(PROGRAM).parent


def make_run(base):
    """A small run with influence, policy and a seal; its config."""
    study = studies.make(base, n_train=40, n_query=3)
    config = {**policies.make(base, n_probe=40, n_feature=8).config, **study.config}
    path = base / "config.json"
    path.write_text(json.dumps(config))
    return path


def objects(outcome):
    """What the program printed, one JSON object a line; an empty list if any line is none."""
    try:
        found = [json.loads(line) for line in outcome.out.splitlines()]
    except ValueError:
        found = []
    check(found and all(isinstance(item, dict) and "job" in item for item in found), "only objects are printed",
          outcome.out)
    return found


# ---- JSON -----------------------------------------------------------------------------------------------------------


def check_json(config, base):
    directory = base / "run"
    found = objects(run_well("run", config, "--json", ranks=2))
    check([item["job"] for item in found] == ["influence", "policy", "seal", "report"], "one object per job", found)
    influence, policy, seal, report = found
    check((influence["examples"], influence["queries"], influence["outcome"]) == (40, 3, "done"), "influence",
          influence)
    check((policy["probes"], policy["features"], policy["form"]) == (40, 8, "primal"), "policy", policy)
    check(seal["root"] == root(directory) and seal["key"] == (directory / "seal/key.vkey").read_text().strip(), "seal",
          seal)
    check(os.path.samefile(report["page"], directory / "report.html"), "report", report)
    again = objects(run_well("run", config, "--json", "--quiet"))
    check([item["outcome"] for item in again] == ["unchanged"] * 3 + ["done"], "a second run changes nothing", again)
    for job in ("influence", "policy", "seal"):
        check([item["job"] for item in objects(run_well(job, config, "--json"))] == [job], f"{job} alone")
    verified = objects(run_well("verify", directory, "--json", ranks=2))
    check(len(verified) == 1 and verified[0]["outcome"] == "verified" and verified[0]["root"] == seal["root"]
          and verified[0]["entries"] == seal["entries"] and verified[0]["findings"] == [], "verify", verified)
    proof = base / "one.proof"
    proved = objects(run_well("prove", directory, "influence.h5:/self[3]", "--output", proof, "--json"))
    check(proved[0]["proof"] == str(proof) and "/self" in proved[0]["proves"], "prove", proved)
    checked = objects(run_well("verify", proof, "--key", seal["key"], "--json"))
    check(checked[0]["outcome"] == "verified" and "/self" in checked[0]["proves"], "verify of a proof", checked)
    good = objects(run_well("check", config, "--json"))
    check(good[0]["outcome"] == "good" and good[0]["problems"] == [], "check", good)
    same = objects(run_well("diff", directory, directory, "--json"))
    check(same[0]["outcome"] == "same" and same[0]["a"]["root"] == seal["root"], "diff", same)
    check_schema()
    check_failures(config, base, directory)


def check_schema():
    """`assay config --json` is the JSON Schema, on one line, and of one section its part."""
    lines = run_well("config", "--json").out.splitlines()
    whole = json.loads(run_well("config", "schema").out)
    check(len(lines) == 1 and json.loads(lines[0]) == whole, "the schema on one line", lines[:1])
    check(json.loads(run_well("config", "schema", "--json").out) == whole, "the schema, asked for by name")
    part = json.loads(run_well("config", "seal", "--json").out)
    check(part["properties"] == {"seal": whole["properties"]["seal"]}, "the schema of a section", part)
    outcome = run("config", "nosuch", "--json")
    check(outcome.code == BAD_USAGE and outcome.out == "" and "nosuch" in outcome.err, "no such section", outcome)


def check_failures(config, base, directory):
    """A failure is an exit code and a sentence; where a comparison was made, also its object."""
    data = bytearray((directory / "policy.h5").read_bytes())
    data[-1] ^= 1
    (directory / "policy.h5").write_bytes(data)
    outcome = run("verify", directory, "--json")
    found = objects(outcome)
    check(outcome.code == DIFFERS and found[0]["outcome"] == "differs" and found[0]["findings_total"] >= 1
          and any("policy.h5" in finding for finding in found[0]["findings"]), "verify names what differs", outcome)
    (base / "queries.jsonl").write_text("{}\n")
    outcome = run("check", config, "--json")
    found = objects(outcome)
    check(outcome.code == BAD_INPUT and found[0]["outcome"] == "problems"
          and any("queries.jsonl" in problem for problem in found[0]["problems"]),
          "check lists problems", outcome)
    outcome = run("influence", config, "--json")
    check(outcome.code == BAD_INPUT and outcome.out == "" and outcome.err.startswith("assay: "),
          "a failed job prints its sentence alone", outcome)


# ---- for people -----------------------------------------------------------------------------------------------------


def jobs_of_help():
    """Every job, and its options with whether they take a value."""
    names = re.findall(r"^  ([a-z]+) ", run_well("--help").out, re.MULTILINE)
    jobs = {}
    for name in names:
        text = run_well(name, "--help").out
        jobs[name] = {option: bool(value.strip())
                      for option, value in re.findall(r"^  (--[a-z-]+) +([A-Z]*) ", text, re.MULTILINE)}
        widest = max(map(len, text.splitlines()))
        check(widest <= 120, f"the help of {name} fits", widest)
    check(len(jobs) >= 14 and "report" in jobs and jobs["report"].get("--output") is True, "help lists jobs", jobs)
    return jobs


def check_width(config):
    lines = [line for line in run_well("run", config).out.splitlines()
             if not re.match(r"(root|key|verify|new key|report) ", line)]
    check(len(lines) > 20 and max(map(len, lines)) <= 100, "what a run says fits 100 columns",
          [line for line in lines if len(line) > 100])


# ---- completion -----------------------------------------------------------------------------------------------------


def complete(script, base, *words):
    """What bash offers for the last of these words."""
    test = ('source "$1"; shift; COMP_WORDS=(assay "$@"); COMP_CWORD=$#; _assay; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", test, "bash", script, *words], cwd=base, capture_output=True,
                          text=True, timeout=20, check=False)
    check(done.returncode == 0 and not done.stderr, "bash completes without complaint", words, done.stderr)
    return set(done.stdout.split("\n")) - {""}


def check_completion(jobs, base):
    script = base / "completion.bash"
    script.write_text(run_well("completion", "bash").out)
    (base / "place").mkdir()
    (base / "place/some.json").write_text("{}")
    (base / "place/other.txt").write_text("")
    (base / "place/below").mkdir()
    here = base / "place"
    offered = complete(script, here, "")
    check(offered == {*jobs, "--help", "--version"}, "all jobs are offered", offered)
    check(complete(script, here, "in") == {"influence"}, "by their beginning")
    for job, options in jobs.items():
        check(complete(script, here, job, "-") == {*options, "--help"}, f"the options of {job}, and no others",
              complete(script, here, job, "-"), options)
    check(complete(script, here, "run", "") == {"some.json", "below"}, "configs and folders")
    check(complete(script, here, "report", "") == {"below"}, "run directories")
    check(complete(script, here, "report", "below", "--format", "") == {"html", "markdown", "csv"}, "choices")
    check(complete(script, here, "run", "some.json", "--directory", "") == {"below"}, "folders where one is wanted")
    check(complete(script, here, "completion", "") == {"bash", "zsh", "fish"}, "shells")
    for shell, test in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
        text = run_well("completion", shell).out
        check(all(f"{name}" in text for name in jobs) and "--no-such" not in text, f"{shell} knows every job")
        if any(pathlib.Path(place, shell).exists() for place in ("/bin", "/usr/bin")):
            done = subprocess.run(test + ["/dev/stdin"], input=text, capture_output=True, text=True, timeout=20,
                                  check=False)
            check(done.returncode == 0 and not done.stderr, f"{shell} can read it", done.stderr)
    outcome = run("completion", "tcsh")
    check(outcome.code == BAD_USAGE and "bash, zsh or fish" in outcome.err, "another shell is refused", outcome)


# ---- the manual -----------------------------------------------------------------------------------------------------


def check_manual(jobs):
    page = run_well("manual").out
    done = subprocess.run(["groff", "-ww", "-man", "-Tascii", "-P-c", "-P-b", "-P-u"], input=page, capture_output=True,
                          text=True, timeout=20, check=False)
    check(done.returncode == 0 and not done.stderr, "roff has nothing to say against it", done.stderr)
    parts = re.split(r"^   assay ([a-z]+)", done.stdout, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2]))
    check(set(found) == set(jobs), "a section for every job", set(found) ^ set(jobs))
    for job, options in jobs.items():
        named = set(re.findall(r"^       (--[a-z-]+)", found.get(job, ""), re.MULTILINE))
        check(named == set(options), f"the options of {job}, and no others", named, options)
    check("assay config: " not in page and run("manual", "x").code == BAD_USAGE, "it takes no argument")


def check_installed(base):
    done = subprocess.run(["cmake", "--install", BUILD, "--prefix", base / "usr"], capture_output=True, text=True,
                          timeout=60, check=False)
    names = {str(path.relative_to(base / "usr")) for path in (base / "usr").rglob("*") if path.is_file()}
    check(done.returncode == 0 and names == {
        "bin/assay", "share/man/man1/assay.1", "share/bash-completion/completions/assay",
        "share/zsh/site-functions/_assay", "share/fish/vendor_completions.d/assay.fish"}, "all is installed",
        done.stderr, names)
    check((base / "usr/share/man/man1/assay.1").read_text() == run_well("manual").out, "the page of this program")
    check(run("--version", program=str(base / "usr/bin/assay")).code == OK, "the installed program runs")


def main():
    with folder() as base:
        config = make_run(base)
        jobs = jobs_of_help()
        check_width(config)
        (base / "again").mkdir()
        check_json(make_run(base / "again"), base / "again")
        check_completion(jobs, base)
        check_manual(jobs)
        check_installed(base)
    finish()


main()
