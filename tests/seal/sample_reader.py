"""Makes the tree of samples of a sealed run from its tables, and checks proofs of use and of non-use, with Python's
standard library, h5py and the openssl command alone.  Arguments: the run directory, its vkey, its root, a folder of
proofs.  NAME.use must be a proof of at least one record, NAME.none of none, and NAME.bad must not hold."""

import base64
import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import h5py


class NotSo(Exception):
    """Something that should hold does not."""


def sha256(data):
    return hashlib.sha256(data).digest()


def require(good, what):
    if not good:
        raise NotSo(what)


def decode(text):
    data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data) == text, "base64 is canonical")
    return data


# ---- the proof: what an independent checker needs --------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def openssl_accepts(public, signature, message):
    with tempfile.TemporaryDirectory() as directory:
        files = {"key": bytes.fromhex("302a300506032b6570032100") + public, "sig": signature, "message": message}
        for name, data in files.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(data)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key", "-sigfile", "sig",
             "-in", "message"], cwd=directory, capture_output=True, check=False).returncode == 0


def open_checkpoint(note, vkey):
    name, _, key = vkey.split("+", 2)
    public = decode(key.encode())[1:]
    body, line = note.rsplit(b"\n\n", 1)
    body += b"\n"
    require(line.endswith(b"\n") and line.count(b"\n") == 1, "one signature")
    require(line.startswith("\u2014 ".encode() + name.encode() + b" "), "the signature is by the key's name")
    stamp = decode(line[:-1].rsplit(b" ", 1)[1])
    require(stamp[:4] == sha256(name.encode() + b"\n\1" + public)[:4], "the signature has the key's id")
    require(openssl_accepts(public, stamp[4:], body), "openssl accepts the signature")
    origin, size, root, end = body.split(b"\n")
    require(origin == name.encode() and end == b"" and size.isdigit(), "a checkpoint is origin, size and root")
    return origin, int(size), decode(root)


def check_inclusion(leaf, index, size, path, root):
    def fold(first, last):
        """The subtree over [first, last), hashes from the leaf up."""
        if last - first == 1:
            return leaf
        k = 1
        while 2 * k < last - first:
            k *= 2
        if index < first + k:
            inner = fold(first, first + k)
            return sha256(b"\1" + inner + path.pop(0))
        inner = fold(first + k, last)
        return sha256(b"\1" + path.pop(0) + inner)
    require(0 <= index < size and len(path) < 64, "an index within the log")
    try:
        require(fold(0, size) == root and not path, "the hashes lead to the signed root")
    except IndexError:
        raise NotSo("hashes are missing") from None


def open_entry(data, vkey):
    """The samples entry as a dict of lines, from the tlog-proof that ends a proof of a sample."""
    head, note = data.split(b"\n\n", 1)
    first, extra, index, *path = head.split(b"\n")
    require(first == b"c2sp.org/tlog-proof@v1" and extra.startswith(b"extra ") and index.startswith(b"index "), "form")
    entry = decode(extra[6:])
    origin, size, root = open_checkpoint(note, vkey)
    require(index[6:].isdigit() and str(int(index[6:])).encode() == index[6:], "a plain number")
    check_inclusion(sha256(b"\0" + entry), int(index[6:]), size, [decode(line) for line in path], root)
    lines = entry.split(b"\n")
    require(lines[0] == b"assay/samples/v1", "it is the entry of the samples")
    require(int(index[6:]) == size - 2, "it is the last one before the footer, so that there is no other")
    fields = dict(line.split(b" ", 1) for line in lines[1:-1])
    salt = sha256(b"assay/sample-salt/v1\n" + origin + b"\n" + fields[b"run"] + b"\n")
    require(fields[b"salt"].decode() == salt.hex(), "the salt is that of origin and run")
    return salt, int(fields[b"size"]), bytes.fromhex(fields[b"root"].decode())


def take_line(data, name):
    line, rest = data.split(b"\n", 1)
    require(line.startswith(name + b" "), "a line " + name.decode())
    return line[len(name) + 1:], rest


def check_sample_proof(data, vkey):
    """The records of all samples with the content, none if it was not used; and the content digest."""
    first, data = data.split(b"\n", 1)
    require(first == b"assay/sample-proof/v1", "the first line")
    content, data = take_line(data, b"content")
    key, data = take_line(data, b"key")
    place, data = take_line(data, b"place")
    require(str(int(place)).encode() == place and content == content.lower() and key == key.lower(), "one form only")
    content, key, place = bytes.fromhex(content.decode()), bytes.fromhex(key.decode()), int(place)
    before = after = None
    if data.startswith(b"before "):
        before, data = take_line(data, b"before")
        before = decode(before)
    records = []
    while data.startswith(b"record "):
        n, data = take_line(data, b"record")
        require(str(int(n)).encode() == n and int(n) <= len(data), "the length of a record")
        records.append(data[:int(n)])
        data = data[int(n):]
    if data.startswith(b"after "):
        after, data = take_line(data, b"after")
        after = decode(after)
    hashes = []
    while not data.startswith(b"\n"):
        line, data = data.split(b"\n", 1)
        hashes.append(decode(line))
    salt, size, root = open_entry(data[1:], vkey)
    require(key == sha256(salt + content), "the key is that of the content")
    require((before is not None) == (place > 0), "a leaf before, unless it is the first place")
    require((after is not None) == (place + len(records) < size), "a leaf after, unless it is the last place")
    require(before is None or (len(before) == 64 and before[:32] < key), "the leaf before comes before")
    require(after is None or (len(after) == 64 and after[:32] > key), "the leaf after comes after")
    leaves = [before] if before is not None else []
    leaves += [key + sha256(content + salt + record) for record in records]
    leaves += [after] if after is not None else []
    begin = place - (before is not None)

    def fold(first, last):
        if last <= begin or first >= begin + len(leaves):
            return hashes.pop(0)
        if last - first == 1:
            return sha256(b"\0" + leaves[first - begin])
        k = 1
        while 2 * k < last - first:
            k *= 2
        left = fold(first, first + k)
        return sha256(b"\1" + left + fold(first + k, last))
    if size == 0:
        require(not leaves and not hashes and root == sha256(b""), "nothing is in an empty tree")
    else:
        require(leaves and begin + len(leaves) <= size and len(hashes) < 130, "leaves within the tree")
        require(fold(0, size) == root and not hashes, "the leaves lead to the root of the samples")
    return records, content


# ---- the tree, from the tables ---------------------------------------------------------------------------------------


def text(value):
    return value.rstrip(b"\0")


def quote(value):
    """As a JSON string, where only quotes, backslashes and control characters are escaped."""
    out = ""
    for c in text(value).decode():
        if c in "\"\\":
            out += "\\" + c
        else:
            out += "\\u%04x" % ord(c) if ord(c) < 32 or 127 <= ord(c) < 160 else c
    return '"' + out + '"'


def steps_text(steps):
    distinct, runs = sorted(set(steps)), []
    for step in distinct:
        if runs and runs[-1][1] == step - 1:
            runs[-1][1] = step
        else:
            runs.append([step, step])
    return ",".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in runs) or "-"


def make_records(run):
    """Content digest and record of every sample that has one."""
    with h5py.File(os.path.join(run, "lineage.h5"), "r") as lineage, \
            h5py.File(os.path.join(run, "influence.h5"), "r") as influence:
        of = {name: lineage["/samples/" + name][:] for name in
              "id content has_content role owner training admission uses use_start".split()}
        names = {name: lineage[name][:] for name in (
            "/roles/name", "/owners/pseudonym", "/policies/name", "/policies/sha256", "/profiles/name",
            "/profiles/sha256", "/decisions/name", "/reasons/text")}
        admissions = {name: lineage["/admissions/" + name][:] for name in "decision policy profile reason".split()}
        step, superseded = lineage["/steps/step"][:], lineage["/steps/superseded"][:]
        use = lineage["/uses_by_sample/step"][:]
        scores, own = influence["/scores"][:], influence["/self"][:]

    def named(kind, index):
        if index < 0:
            return "-"
        return (text(names[kind + "/sha256"][index]).decode() or "-") + " " + quote(names[kind + "/name"][index])

    for i in range(len(of["id"])):
        if not of["has_content"][i]:
            continue
        row, trained = of["admission"][i], of["training"][i]
        event = {name: int(column[row]) if row >= 0 else -1 for name, column in admissions.items()}
        rows = use[of["use_start"][i]:of["use_start"][i + 1]]
        owner = of["owner"][i]
        yield bytes(of["content"][i]), "\n".join([
            "assay/sample/v1", "id " + quote(of["id"][i]), "role " + quote(names["/roles/name"][of["role"][i]]),
            "owner " + ("-" if owner < 0 else text(names["/owners/pseudonym"][owner]).decode()),
            "policy " + named("/policies", event["policy"]), "profile " + named("/profiles", event["profile"]),
            "decision " + ("-" if event["decision"] < 0 else quote(names["/decisions/name"][event["decision"]])),
            "reason " + ("-" if event["reason"] < 0 else quote(names["/reasons/text"][event["reason"]])),
            "uses %d" % of["uses"][i], "steps " + steps_text([step[r] for r in rows if not superseded[r]]),
            "influence " + ("-" if trained < 0 else sha256(own[trained].astype("<f8").tobytes()
                                                           + scores[trained].astype("<f8").tobytes()).hex()),
            ""]).encode()


def tree_root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"")
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha256(b"\1" + tree_root(hashes[:k]) + tree_root(hashes[k:]))


def main():
    run, vkey, log_root, folder = sys.argv[1:]
    with open(os.path.join(run, "run.json"), encoding="utf-8") as file:
        name = json.load(file)["run"]["name"]
    salt = sha256(("assay/sample-salt/v1\n%s\n%s\n" % (vkey.split("+")[0], name)).encode())
    records, leaves = {}, []
    for content, record in make_records(run):
        records.setdefault(content, []).append(record)
        leaves.append(sha256(salt + content) + sha256(content + salt + record))
    root, counts = tree_root([sha256(b"\0" + leaf) for leaf in sorted(leaves)]), dict(use=0, none=0, bad=0)
    for name in sorted(os.listdir(folder)):
        kind = name.rsplit(".", 1)[1]
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        try:
            found, content = check_sample_proof(data, vkey)
            holds = True
        except (NotSo, ValueError, IndexError, KeyError):
            holds = False
        if holds != (kind != "bad"):
            sys.exit("sample_reader.py: %s: %s" % (name, "holds" if holds else "does not hold"))
        counts[kind] += 1
        if kind == "bad":
            continue
        if sorted(found) != sorted(records.get(content, [])) or bool(found) != (kind == "use"):
            sys.exit("sample_reader.py: %s: its records are not those of the tables" % name)
    entry = data_entry(run, vkey)
    if entry != (salt, len(leaves), root) or base64.b64encode(open_note(run, vkey)) != log_root.encode():
        sys.exit("sample_reader.py: the tables give another tree of samples than the log has")
    if counts["use"] < 100 or counts["none"] < 100 or counts["bad"] < 100:
        sys.exit("sample_reader.py: too few proofs: %s" % counts)
    print("sample_reader.py:", len(leaves), "leaves,", counts)


def open_note(run, vkey):
    with open(os.path.join(run, "seal", "checkpoint"), "rb") as file:
        return open_checkpoint(file.read(), vkey)[2]


def data_entry(run, vkey):
    """Salt, size and root as the entry has them, from any proof."""
    folder = sys.argv[4]
    name = next(name for name in sorted(os.listdir(folder)) if name.endswith(".none"))
    with open(os.path.join(folder, name), "rb") as file:
        data = file.read()
    return open_entry(data[data.index(b"c2sp.org/tlog-proof@v1"):], vkey)


if __name__ == "__main__":
    main()
