"""The canonical texts of a file of policies: byte for byte those that Assay's own trainer records, so that proofs of
use name the same hashes.  What would be read otherwise there is refused here."""
import hashlib
import json
import math
import os
import re

FACTS = ("policy", "source", "license", "classification", "collected", "owner")
LISTED = ("source", "license", "classification")
NAME_LONGEST = 1024
DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


def _expected(place, expected, found):
    return ValueError(f"{place}: expected {expected}, found {found!r:.100}")


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(f"expected no key twice, found {[key for key, _ in pairs]}")
    return members


def _object(place, item, keys):
    if not isinstance(item, dict):
        raise _expected(place, "an object", item)
    for key in item:
        if key not in keys:
            raise _expected(place, f"only {', '.join(keys)}", key)
    return item


def _name(place, item):
    plain = isinstance(item, str) and 1 <= len(item.encode()) <= NAME_LONGEST
    if not plain or any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in item):
        raise _expected(place, f"a string of 1 to {NAME_LONGEST} bytes without control characters", item)
    return item


def _names(place, item, may_be_empty=False):
    if not isinstance(item, list) or not (item or may_be_empty):
        raise _expected(place, "a list of strings" if may_be_empty else "a list of at least one string", item)
    names = sorted((_name(place, name) for name in item), key=str.encode)
    if len(set(names)) != len(names):
        raise _expected(place, "no string twice", item)
    return names


def _string(text):
    """In JSON's quotes, with no more escapes than needed."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub("[\0-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", escaped) + '"'


def _number(value):
    """In as few digits as give it back."""
    return next(text for text in (f"{value:.{digits}g}" for digits in (15, 16, 17)) if float(text) == value)


def _weight(place, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1000:
        raise _expected(place, "a weight from 0 (kept out of the layer) to 1000", value)
    return math.fabs(value)


def _begin(place, item):
    return (f'{{"name":{_string(_name(f"{place}.name", item.get("name")))}'
            f',"version":{_string(_name(f"{place}.version", item.get("version")))}')


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _profile(place, item):
    _object(place, item, ("name", "version", "weights"))
    given = item.get("weights")
    if not isinstance(given, dict) or not given:
        raise _expected(f"{place}.weights", 'an object with a weight per layer, {"fc1": 0, "*": 1}', given)
    weights = {"*": 1.0}
    weights.update((layer, _weight(f"{place}.weights.{layer}", value)) for layer, value in given.items())
    layers = ["*"] + sorted((layer for layer in weights if layer != "*"), key=str.encode)
    listed = ",".join(f"{_string(layer)}:{_number(weights[layer])}" for layer in layers)
    return f'{_begin(place, item)},"weights":{{{listed}}}}}'


def _window(place, item):
    days = _object(place, item, ("from", "to"))
    for day in days.values():
        if not isinstance(day, str) or not DAY.fullmatch(day):
            raise _expected(place, 'a day of the calendar, "2024-03-31"', day)
    if not days or days.get("from", "") > days.get("to", "9999-99-99"):
        raise _expected(place, "a day `from`, a day `to`, or both, `from` not after `to`", item)
    return "".join(f',"{key}":"{days[key]}"' for key in ("from", "to") if key in days)


def _admit(place, item, columns):
    asked = _object(place, item, LISTED + ("collected",))
    parts = []
    for fact in LISTED + ("collected",):
        if fact not in asked:
            continue
        if fact in LISTED:
            rest = f',"values":[{",".join(map(_string, _names(f"{place}.{fact}", asked[fact])))}]'
        else:
            rest = _window(f"{place}.{fact}", asked[fact])
        parts.append(f'"{fact}":{{"key":{_string(columns[fact])}{rest}}}')
    return f',"admit":{{{",".join(parts)}}}'


def _owners(path):
    """The owners of a list in a file: one a line, or JSON Lines of strings or of objects with a key "owner"."""
    owners = set()
    with open(path, encoding="utf-8", newline="") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            place = f"{path}: line {number}"
            if not line:
                continue
            if str(path).endswith(".jsonl"):
                line = json.loads(line, object_pairs_hook=_members)
                line = line.get("owner") if isinstance(line, dict) else line
            elif line != line.strip(" "):
                raise _expected(place, "an owner without spaces around it", line)
            owners.add(_name(place, line))
    return sorted(owners, key=str.encode)


def _opt_out(place, item, columns, folder):
    owners = _owners(os.path.join(folder, _name(place, item))) if isinstance(item, str) else _names(place, item, True)
    digest = _digest("".join(owner + "\n" for owner in owners))
    return f',"opt_out":{{"key":{_string(columns["owner"])},"owners":{len(owners)},"sha256":"{digest}"}}'


def _policy(place, item, columns, folder, profiles):
    _object(place, item, ("name", "version", "admit", "opt_out", "profile"))
    text = _begin(place, item) + _admit(f"{place}.admit", item.get("admit", {}), columns)
    if "opt_out" in item:
        text += _opt_out(f"{place}.opt_out", item["opt_out"], columns, folder)
    if "profile" in item:
        name = item["profile"]
        if not isinstance(name, str) or name not in profiles:
            raise _expected(f"{place}.profile", "the name of one of the profiles", name)
        text += f',"profile":{{"name":{_string(name)},"sha256":"{_digest(profiles[name])}"}}'
    return text + "}"


def _list(place, item):
    if not isinstance(item, list):
        raise _expected(place, "a list", item)
    return [(f"{place}[{i}]", one) for i, one in enumerate(item)]


def _add(texts, place, item, text):
    if item["name"] in texts:
        raise _expected(f"{place}.name", "a name that is not there yet", item["name"])
    texts[item["name"]] = text


def canonical(path):
    """The policies and the profiles of a file: two dicts from names to canonical texts.  Lists of owners that it names
    are read from beside it."""
    path = os.fspath(path)
    with open(path, encoding="utf-8") as file:
        whole = _object(path, json.load(file, object_pairs_hook=_members), ("columns", "policies", "profiles"))
    columns = {fact: fact for fact in FACTS}
    given = _object(f"{path}: columns", whole.get("columns", {}), FACTS)
    columns.update((fact, _name(f"{path}: columns.{fact}", name)) for fact, name in given.items())
    profiles, policies = {}, {}
    for place, item in _list(f"{path}: profiles", whole.get("profiles", [])):
        _add(profiles, place, item, _profile(place, item))
    for place, item in _list(f"{path}: policies", whole.get("policies")):
        _add(policies, place, item, _policy(place, item, columns, os.path.dirname(path), profiles))
    if not policies:
        raise _expected(f"{path}: policies", "at least one policy", [])
    return policies, profiles


def definitions(path):
    """The same as a list: kind, name and text of each."""
    policies, profiles = canonical(path)
    return [("policy", *item) for item in policies.items()] + [("profile", *item) for item in profiles.items()]
