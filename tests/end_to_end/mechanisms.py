"""Small mechanisms for the end-to-end tests: a network of which every part's share is known, its interventions
measured by numpy alone, and what independent code makes of them."""
import json
import pathlib
import types

import numpy as np

from study import write_lines, write_npy, write_safetensors

BEHAVIOURS = ("refuses", "complies")
CATEGORIES = ("harmful", "harmless", "neutral")
KINDS = ("feature", "neuron")
PLANTED = (2, 5, 11)  # the parts that carry something; the others are noise


# ---- random numbers, as exact/rng.h draws them ----------------------------------------------------------------------


def philox(counter, key):
    """One block of Philox4x32-10, by Salmon et al. 2011."""
    c, k = list(counter), list(key)
    for _ in range(10):
        low, high = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(high >> 32) ^ c[1] ^ k[0], high & 0xffffffff, (low >> 32) ^ c[3] ^ k[1], low & 0xffffffff]
        k = [(k[0] + 0x9E3779B9) & 0xffffffff, (k[1] + 0xBB67AE85) & 0xffffffff]
    return c


def draws(seed, stream, index):
    """The endless stream of 32-bit numbers of (seed, stream, index)."""
    block = 0
    while True:
        yield from philox((block, index & 0xffffffff, index >> 32, stream), (seed & 0xffffffff, seed >> 32))
        block += 1


def below(numbers, n):
    """Uniform below n, by Lemire 2019."""
    while True:
        product = next(numbers) * n
        if product & 0xffffffff >= (1 << 32) % n:
            return product >> 32


def resamples(seed, n_probe, n):
    """counts[n, n_probe]: how often each resample has each probe."""
    counts = np.zeros((n, n_probe))
    for r in range(n):
        numbers = draws(seed, 101, r)
        for _ in range(n_probe):
            counts[r, below(numbers, n_probe)] += 1
    return counts


# ---- a mechanism ----------------------------------------------------------------------------------------------------


def make(folder, n_part=14, n_probe=60, n_control=12, seed=3, kind="value", mechanism=None):
    """behaviour[i, b] = b0 + Σ_p w[b, p] a[i, p] + v[b] a[i, 2] a[i, 5]: linear but for one interaction.  Random parts
    are directions of the noise's size.  With kind "probability" it all goes through a logistic function."""
    rng = np.random.default_rng(seed)
    m = types.SimpleNamespace(folder=pathlib.Path(folder), n_part=n_part, n_probe=n_probe, kind=kind)
    m.folder.mkdir(parents=True, exist_ok=True)
    m.a = np.abs(rng.normal(size=(n_probe, n_part))) + 0.5
    m.w = 0.002 * rng.normal(size=(2, n_part))
    m.w[:, PLANTED] = [[0.9, -0.6, 0.4], [-0.5, 0.8, 0.7]]
    m.v = np.array([0.3, 0.0])
    m.noise = 0.002 * rng.normal(size=(n_part, n_control, 2))
    m.squash = (lambda x: x) if kind == "value" else lambda x: 1 / (1 + np.exp(-(x - 1)))
    m.network = lambda a: m.squash(0.1 + a @ m.w.T + m.v * (a[..., 2] * a[..., 5])[..., None])
    m.intact = m.network(m.a)
    m.source = rng.integers(0, n_probe, n_probe)
    m.category = rng.integers(0, 3, n_probe)
    m.pairs = [(2, 5), (2, 11), (0, 1), (3, 11)]
    m.k = np.array([0, 1, 2, 3, 7, n_part])
    measure(m, rng)
    write(m)
    m.config = config_of(m)
    m.config["mechanism"].update(mechanism or {})
    write_config(m)
    return m


def intervened(m, parts, values):
    a = m.a.copy()
    for p in parts:
        a[:, p] = values[:, p]
    return m.network(a)


def measure(m, rng):
    zero, mean = np.zeros_like(m.a), np.broadcast_to(m.a.mean(0), m.a.shape)
    values = {"zero": zero, "mean": mean, "patch": m.a[m.source]}
    m.after = {name: np.stack([intervened(m, [p], to) for p in range(m.n_part)]) for name, to in values.items()}
    m.controls = {"zero": m.squash(0.1 + (m.a @ m.w.T + m.v * (m.a[:, 2] * m.a[:, 5])[:, None])[None, None]
                                   + m.noise[:, :, None, :] * m.a.mean(1)[None, None, :, None])}
    m.both = np.stack([intervened(m, pair, zero) for pair in m.pairs])
    order = np.stack([np.argsort(-np.abs((m.intact - m.after["zero"])[:, :, b].mean(1)), kind="stable")
                      for b in range(2)])
    m.top, m.random = np.zeros((len(m.k), m.n_probe, 2)), np.zeros((len(m.k), 4, m.n_probe, 2))
    for s, k in enumerate(m.k):
        for b in range(2):
            m.top[s, :, b] = intervened(m, order[b][k:], mean)[:, b]
        for d in range(4):
            m.random[s, d] = intervened(m, rng.permutation(m.n_part)[k:], mean)


def write(m):
    write_lines(m.folder / "probes.jsonl", [{"id": f"probe-{i:03d}", "category": CATEGORIES[c]}
                                            for i, c in enumerate(m.category)])
    write_lines(m.folder / "parts.jsonl", [
        {"id": f"part-{p}", "kind": KINDS[p % 2], "layer": f"fc{1 + p % 3}", "members": [p], "label": f"it is {p}"}
        for p in range(m.n_part)])
    write_lines(m.folder / "pairs.jsonl", [{"first": f"part-{a}", "second": f"part-{b}"} for a, b in m.pairs])
    tensors = {"intact": m.intact, "source": m.intact[m.source], "both": m.both, "top": m.top, "random": m.random,
               "activations": m.a, **m.after, "controls": m.controls["zero"]}
    write_safetensors(m.folder / "measured.safetensors",
                      {name: (np.asarray(array, float), "f64") for name, array in tensors.items()})
    write_npy(m.folder / "k.npy", m.k.astype(np.int64))
    write_npy(m.folder / "inputs.npy", m.a[:, :5] ** 2)


def config_of(m):
    def at(name):
        return f"measured.safetensors#{name}"

    return {
        "run": {"name": "mechanism", "directory": "run", "origin": "example.org/mechanism", "also": []},
        "mechanism": {
            "probes": "probes.jsonl",
            "behaviour": {"names": list(BEHAVIOURS), "kind": m.kind, "values": at("intact")},
            "parts": {"file": "parts.jsonl"},
            "interventions": {"zero": at("zero"), "mean": at("mean"), "patch": at("patch"), "source": at("source")},
            "controls": {"zero": at("controls")},
            "pairs": {"file": "pairs.jsonl", "after": at("both")},
            "recomposition": {"k": "k.npy", "top": at("top"), "random": at("random")},
            "baselines": {"activations": at("activations"), "inputs": "inputs.npy", "lambda": [0.01, 1, 100]},
            "bootstrap": {"resamples": 50}, "block_parts": 4,
        },
        "seal": {"key": "audit.key"},
    }


def write_config(m, name="config.json"):
    m.path = m.folder / name
    m.path.write_text(json.dumps(m.config, indent=1))
    return m.path
