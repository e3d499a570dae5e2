"""Reads a sealed run with Python's standard library and the openssl command alone: checkpoint, root, statement, inputs,
tables and a proof.  Arguments: the run directory, its vkey, a proof file."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile

DASH = "\u2014 ".encode()


def sha256(data):
    return hashlib.sha256(data).digest()


def require(good, what):
    if not good:
        sys.exit("reader.py: not so: " + what)


def load(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def parse_vkey(vkey):
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key, validate=True)
    require(len(key) == 33 and key[0] == 1, "the key is Ed25519")
    require(sha256(name.encode() + b"\n" + key)[:4].hex() == key_id, "the key's id is of its name and bytes")
    return name, bytes.fromhex(key_id), key[1:]


def check_signature(public, signature, message):
    with tempfile.TemporaryDirectory() as directory:
        files = {"key": bytes.fromhex("302a300506032b6570032100") + public, "sig": signature, "message": message}
        for name, data in files.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(data)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key", "-sigfile", "sig",
             "-in", "message"], cwd=directory, capture_output=True)
        require(done.returncode == 0, "openssl accepts the signature: " + done.stderr.decode())


def open_checkpoint(signed, vkey):
    name, key_id, public = parse_vkey(vkey)
    body, signatures = signed.rsplit(b"\n\n", 1)
    body += b"\n"
    line = signatures.decode().splitlines()[0].encode()
    require(line.startswith(DASH + name.encode() + b" "), "the first signature is by the key's name")
    stamp = base64.b64decode(line.rsplit(b" ", 1)[1], validate=True)
    require(stamp[:4] == key_id, "the signature has the key's id")
    check_signature(public, stamp[4:], body)
    origin, size, root, end = body.decode().split("\n")
    require(origin == name and end == "", "a checkpoint is origin, size and root")
    return int(size), base64.b64decode(root, validate=True)


def tree_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\1" + tree_root(leaves[:k]) + tree_root(leaves[k:]))


def read_entries(log, size):
    entries = []
    for first in range(0, size, 256):
        width = min(256, size - first)
        index = first // 256
        path = "%03d" % (index % 1000)
        while index >= 1000:
            index //= 1000
            path = "x%03d/" % (index % 1000) + path
        data = load(log, "tile", "entries", path + ("" if width == 256 else ".p/%d" % width))
        while data:
            n = int.from_bytes(data[:2], "big")
            entries.append(data[2:2 + n])
            data = data[2 + n:]
    require(len(entries) == size, "the bundles have as many entries as the checkpoint says")
    return entries


def parse_entry(entry):
    lines = entry.decode().split("\n")
    require(lines[-1] == "" and lines[0].startswith("assay/"), "an entry is lines")
    fields = dict(line.split(" ", 1) for line in lines[1:-1] if " " in line)
    fields["kind of entry"] = lines[0]
    return fields


def check_proof(data, vkey):
    head, checkpoint = data.split(b"\n\n", 1)
    lines = head.decode().split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1", "the first line of a proof")
    entry = base64.b64decode(lines[1].split(" ")[1], validate=True)
    index = int(lines[2].split(" ")[1])
    size, root = open_checkpoint(checkpoint, vkey)
    node, last, found = index, size - 1, sha256(b"\0" + entry)
    for line in lines[3:]:
        sibling = base64.b64decode(line, validate=True)
        require(last > 0, "the proof is not too long")
        if node % 2 or node == last:
            found = sha256(b"\1" + sibling + found)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            found = sha256(b"\1" + found + sibling)
        node, last = node // 2, last // 2
    require(last == 0 and found == root, "the proof leads to the root")


def open_statement(run, vkey):
    _, key_id, public = parse_vkey(vkey)
    line = load(run, "seal", "statement.intoto.jsonl")
    require(line.count(b"\n") == 1 and line.endswith(b"\n"), "the statement is one line")
    envelope = json.loads(line)
    payload = base64.b64decode(envelope["payload"], validate=True)
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    require(envelope["signatures"][0]["keyid"] == key_id.hex(), "the statement is under the same key")
    check_signature(public, base64.b64decode(envelope["signatures"][0]["sig"], validate=True), signed)
    return json.loads(payload)


def check_statement(run, statement, size, root, entries):
    build = statement["predicate"]["buildDefinition"]
    internal = build["internalParameters"]
    require(statement["_type"] == "https://in-toto.io/Statement/v1", "the type of the statement")
    require(statement["predicateType"] == "https://slsa.dev/provenance/v1", "the type of the predicate")
    require(internal["log"]["size"] == size and internal["log"]["root"] == root.hex(), "it tells of this root")
    require(build["externalParameters"] == json.loads(load(run, "run.json")), "its config is run.json")
    require(sum(host["ranks"] for host in internal["hosts"]) == internal["ranks"], "each rank has a host")
    for subject in statement["subject"]:
        require(sha256(load(run, subject["name"])).hex() == subject["digest"]["sha256"], subject["name"])
    inputs = {}
    for entry in entries:
        fields = parse_entry(entry)
        if fields["kind of entry"] == "assay/input/v1":
            inputs.setdefault(fields["path"], hashlib.sha256()).update(entry)
    require({d["name"]: d["digest"]["assaySegments"] for d in build["resolvedDependencies"]}
            == {name: digest.hexdigest() for name, digest in inputs.items()}, "its inputs are those of the log")
    directory = os.path.join(run, internal["inputsDirectory"])
    for dependency in build["resolvedDependencies"]:
        if "sha256" in dependency["digest"]:
            require(sha256(load(directory, dependency["name"])).hex() == dependency["digest"]["sha256"],
                    dependency["name"])
    return directory, {(table["name"], dataset["name"]): dataset
                       for table in internal["tables"] for dataset in table["datasets"]}


def check_contents(run, directory, extents, entries):
    counts = {}
    for entry in entries:
        fields = parse_entry(entry)
        kind = fields["kind of entry"].split("/")[1]
        counts[kind] = counts.get(kind, 0) + 1
        if kind == "config":
            require(sha256(load(run, fields["path"])).hex() == fields["sha256"], "run.json")
        elif kind == "input" and fields["kind"] == "raw":
            data = load(directory, fields["path"])
            first = int(fields["offset"])
            require(sha256(data[first:first + int(fields["bytes"])]).hex() == fields["sha256"], fields["path"])
        elif kind == "chunk":
            extent = extents[fields["path"], fields["object"]]
            row = extent["bytes"] // extent["rows"]
            first = extent["offset"] + int(fields["start"]) * row
            data = load(run, fields["path"])[first:first + int(fields["count"]) * row]
            require(len(data) == int(fields["bytes"]) and sha256(data).hex() == fields["sha256"], fields["object"])
        elif kind == "footer":
            require(all(int(fields[name]) == n for name, n in counts.items()), "the footer counts the entries")
            require(int(fields["total"]) == len(entries) and entry is entries[-1], "the footer comes last")


def main():
    run, vkey, proof = sys.argv[1:]
    size, root = open_checkpoint(load(run, "seal", "checkpoint"), vkey)
    require(load(run, "seal", "key.vkey").decode() == vkey + "\n", "the run has its public key")
    entries = read_entries(os.path.join(run, "seal"), size)
    require(tree_root([sha256(b"\0" + entry) for entry in entries]) == root, "the entries have the signed root")
    statement = open_statement(run, vkey)
    directory, extents = check_statement(run, statement, size, root, entries)
    check_contents(run, directory, extents, entries)
    check_proof(load(proof), vkey)
    print("reader.py:", vkey.split("+")[0], size, base64.b64encode(root).decode())


main()
