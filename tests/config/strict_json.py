"""Says for each line of a file, a JSON text in hex, whether Python's own parser, made strict, accepts it: 1 or 0."""
import json
import math
import sys


class Refused(ValueError):
    pass


def refuse(what):
    raise Refused(what)


def members(pairs):
    keys = [key for key, _ in pairs]
    return dict(pairs) if len(set(keys)) == len(keys) else refuse("repeated key")


def check(value, depth=0):
    if isinstance(value, str):
        value.encode("utf-8")  # fails for lone surrogates
        if "\0" in value:
            refuse("zero byte")
    elif isinstance(value, float) and math.isinf(value):
        refuse("too large")
    elif isinstance(value, (dict, list)):
        if depth == 64:
            refuse("too deep")
        for key in value if isinstance(value, dict) else ():
            check(key)
        for item in value.values() if isinstance(value, dict) else value:
            check(item, depth + 1)


def number(kind):
    return lambda text: kind(text) if len(text) <= 63 else refuse("too long")


def accepts(text):
    try:
        check(json.loads(text.decode("utf-8"), object_pairs_hook=members, parse_constant=refuse,
                         parse_float=number(float), parse_int=number(int)))
    except (ValueError, RecursionError):
        return False
    return True


with open(sys.argv[1], encoding="ascii") as lines:
    for line in lines:
        print(int(accepts(bytes.fromhex(line))))
