"""The tables of a recorder file; src/capture/schema.c has the same rows, and ../README.md what they mean.

A column is (name, kind, optional).  Arrays are packed, little-endian, and have as many elements as the column `n` of
their row says; `parts` are integers of 64 bits that add up to n.
"""
import array
import math
import struct
import sys

APPLICATION_ID = 0x41534159  # "ASAY"
VERSION = 1
ID_LONGEST = 1024  # bytes of a sample's id, as in samples files

KEY, INTEGER, REAL, TEXT, DIGEST = "key", "integer", "real", "text", "digest"
I64S, F32S, F64S, PARTS = "i64s", "f32s", "f64s", "parts"
ELEMENT = {I64S: ("q", 8), F32S: ("f", 4), F64S: ("d", 8), PARTS: ("q", 8)}  # code of the array module, bytes
DIGEST_BYTES = 32
MAY_BE_EMPTY = ("user", "role", "admission")  # tables whose rows of no samples say nothing

# A mark of ? makes a column optional.
_ROWS = {
    "meta": "name:text value:text",
    "session": "number:key opened:real process:integer host:text recorder:text",
    "closing": "session:integer time:real steps:integer uses:integer losses:integer",
    "lost": "session:integer step_first:integer? step_last:integer? what:text count:integer reason:text",
    "sample": "number:key id:text content:digest?",
    "parameter_group": "number:key name:text parameters:integer? covered:integer",
    "definition": "session:integer kind:text name:text sha256:digest content:text",
    "user": "session:integer pseudonym:digest n:integer samples:i64s",
    "role": "session:integer role:text n:integer samples:i64s",
    "preprocessing": "session:integer step:integer? name:text parameters:text n:integer samples:i64s",
    "modality": "session:integer step:integer? modality:text n:integer samples:i64s weights:f32s",
    "admission": "session:integer step:integer? decision:text policy:text profile:text? reason:text? n:integer "
                 "samples:i64s weights:f32s?",
    "step": "record:key session:integer step:integer epoch:integer? time:real learning_rate:real? loss:real? "
            "n:integer samples:i64s losses:f32s? weights:f32s? micro_batches:parts",
    "contribution": "record:integer parameter_group:integer learning_rate:real? delta_norm:real? residual:real? "
                    "rounding:real? conditional:integer n:integer norms:f32s? shares:f64s?",
    "optimizer": "record:integer parameter_group:integer kind:text norm:real? share:real?",
    "checkpoint": "session:integer step:integer name:text file:text? sha256:digest? learning_rate:real? "
                  "validation_loss:real?",
    "influence": "session:integer checkpoint:text query:text method:text n:integer samples:i64s scores:f64s",
    "prediction": "session:integer step:integer? checkpoint:text? n:integer samples:i64s predicted:i64s labels:i64s? "
                  "probabilities:f32s?",
}


def _columns(text):
    for column in text.split():
        name, kind = column.split(":")
        yield name, kind.rstrip("?"), kind.endswith("?")


TABLES = {table: tuple(_columns(text)) for table, text in _ROWS.items()}


def _declaration(name, kind, optional):
    if kind == KEY:
        return f"{name} INTEGER PRIMARY KEY"
    if kind in (INTEGER, REAL, TEXT):
        return f"{name} {kind.upper()}" + ("" if optional else " NOT NULL")
    length = f"= {DIGEST_BYTES}" if kind == DIGEST else "% 8 = 0" if kind == PARTS else f"= {ELEMENT[kind][1]} * n"
    return f"{name} BLOB" + ("" if optional else " NOT NULL") + f" CHECK (length({name}) {length})"


def create_statement(table):
    return f"CREATE TABLE {table} (" + ", ".join(_declaration(*column) for column in TABLES[table]) + ")"


def insert_statement(table):
    return f"INSERT INTO {table} VALUES (" + ", ".join("?" * len(TABLES[table])) + ")"


# ---- numbers to bytes, without numpy --------------------------------------------------------------------------------


def pack(kind, values):
    """A list, array, numpy array or tensor of one dimension as packed bytes.  Integers are never made of floats."""
    code, _ = ELEMENT[kind]
    if hasattr(values, "tolist"):  # of all that a tensor offers this takes the least time
        values = values.tolist()
    packed = array.array(code, values if isinstance(values, list) else list(values))
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def sized(samples, may_be_empty=False):
    """Indices of samples, how many and packed: at least one unless there may be none, none negative."""
    blob = pack(I64S, samples)
    if not blob and not may_be_empty:
        raise ValueError("expected at least one sample, found none")
    if max(blob[7::8], default=0) >= 0x80:  # the bytes that hold the signs
        raise ValueError(f"expected indices of samples, found {min(item for item, in struct.iter_unpack('<q', blob))}")
    return len(blob) // 8, blob


def pack_beside(kind, values, n, what):
    """As many values as there are samples; None stays None."""
    if values is None:
        return None
    blob = pack(kind, values)
    found = len(blob) // ELEMENT[kind][1]
    if found != n:
        raise ValueError(f"expected one of {what} for each of {n} samples, found {found}")
    return blob


def check_id(text):
    """What samples files allow: 1 to 1,024 bytes, no control characters."""
    if not isinstance(text, str) or not 1 <= len(text.encode()) <= ID_LONGEST:
        raise ValueError(f"expected an id of 1 to {ID_LONGEST} bytes, found {text!r:.60}")
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):
        raise ValueError(f"expected an id without control characters, found {text!r:.60}")
    return text


def to_count(value):
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 0:
        raise ValueError(f"expected a count or a step of 0 or more, found {value!r}")
    return value.__index__()


def to_real(value):
    return None if value is None else float(value)


def merged(batches):
    """The micro-batches of a step, (n, samples, losses, weights) each, as one, and its `micro_batches`."""
    if len(batches) == 1:
        return *batches[0], batches[0][0].to_bytes(8, "little")
    counts, samples, losses, weights = zip(*batches) if batches else ((), (), (), ())
    return (sum(counts), b"".join(samples), joined(losses, counts, math.nan), joined(weights, counts, 1.0),
            pack(PARTS, counts))


def joined(blobs, counts, missing):
    """The blobs of all micro-batches, or None if none of them has any."""
    if all(blob is None for blob in blobs):
        return None
    return b"".join(pack(F32S, [missing] * n) if blob is None else blob for blob, n in zip(blobs, counts))
