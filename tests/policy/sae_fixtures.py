#!/usr/bin/python3
"""Sparse autoencoders in the layouts that SAELens and sparsify publish, and what they make of activations.

Usage: sae_fixtures.py DIR.  Writes folders of encoders, activations, and two lists: cases.tsv (what must be encoded,
and to what, by plain float64 numpy) and refused.tsv (what must be refused, and a part of the sentence).
"""
import json
import os
import struct
import sys

import numpy as np

random = np.random.default_rng(29)
DTYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I32": "<i4", "I64": "<i8"}


def stored(values, dtype):
    """The bytes of an array in a dtype, and what they hold as float64."""
    if dtype == "BF16":
        bits = (np.asarray(values, "<f4").view("<u4") >> 16).astype("<u2")
        return bits.tobytes(), (bits.astype("<u4") << 16).view("<f4").astype("<f8")
    held = np.asarray(values).astype(DTYPES[dtype])
    return held.tobytes(), held.astype("<f8")


def save(path, tensors):
    """tensors: name -> (array, dtype).  Returns name -> float64 array as stored."""
    header, data, held = {}, b"", {}
    for name, (array, dtype) in tensors.items():
        content, held[name] = stored(array, dtype)
        ends = [len(data), len(data) + len(content)]
        header[name] = {"dtype": dtype, "shape": list(np.shape(array)), "data_offsets": ends}
        data += content
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    return held


def product(x, weights):
    """x · weights, every element by the same sequence of operations: equal columns give equal numbers."""
    out = np.zeros((len(x), weights.shape[1]))
    for k in range(weights.shape[0]):
        out += x[:, k : k + 1] * weights[k]
    return out


def normalise(x, how):
    if how == "constant_norm_rescale":
        return x * (x.shape[1] ** 0.5 / np.linalg.norm(x, axis=1, keepdims=True))
    if how == "layer_norm":
        x = x - x.mean(axis=1, keepdims=True)
        return x / (x.std(axis=1, ddof=1, keepdims=True) + 1e-5)
    return x


def top_k(values, k):
    """The k largest of each row, ties to the lower index; and how far each value is from the cut."""
    order = np.argsort(-values, axis=1, kind="stable")
    rows = np.arange(len(values))[:, None]
    kept = np.zeros_like(values)
    kept[rows, order[:, :k]] = np.take_along_axis(values, order[:, :k], 1)
    last = np.take_along_axis(values, order[:, k - 1 : k], 1)
    margin = np.full(values.shape, np.inf)
    if k < values.shape[1]:
        following = np.take_along_axis(values, order[:, k : k + 1], 1)
        margin = np.where(values >= last, values - following, last - values)
        # A tie is decided by the index alone, unless another value is close to those that are equal.
        others = np.where(values == last, np.inf, abs(values - last))
        tied = np.where(values == last, others.min(axis=1, keepdims=True), others)
        margin = np.where(last == following, tied, margin)
    return kept, margin


class Case:
    """An encoder: what differs from the plainest one is in the arguments."""

    def __init__(self, name, architecture="standard", cfg=None, dtype="F32", centred=True, norm="none", k=0, **more):
        self.name, self.architecture, self.dtype, self.k = name, architecture, dtype, k
        self.centred, self.norm = centred, norm
        self.d_in, self.d_sae = more.get("d_in", 48), more.get("d_sae", 96)
        self.sparsify, self.rescale, self.ties = more.get("sparsify"), more.get("rescale"), more.get("ties")
        self.cfg = cfg if cfg is not None else {}

    def tensors(self):
        d_in, d_sae = self.d_in, self.d_sae
        weights = random.normal(size=(d_in, d_sae)) * d_in**-0.5 * 2.0 ** random.integers(-3, 3, d_sae)
        if self.ties:
            weights[:, self.ties] = weights[:, self.ties[:1]] / np.linalg.norm(weights[:, self.ties[0]]) / 2
        vectors = {"bias": random.normal(size=d_sae) * 0.3, "b_dec": random.normal(size=d_in) * 0.5}
        if self.ties:
            vectors["bias"][self.ties] = 12
        decoder = random.normal(size=(d_sae, d_in)) * random.uniform(0.1, 2, (d_sae, 1))
        if self.sparsify:
            out = {"encoder.weight": weights.T, "encoder.bias": vectors["bias"]}
        elif self.architecture == "gated":
            out = {"W_enc": weights, "b_gate": vectors["bias"], "b_mag": random.normal(size=d_sae) * 0.3,
                   "r_mag": random.normal(size=d_sae) * 0.7}
        else:
            out = {"W_enc": weights, "b_enc": vectors["bias"]}
        if self.architecture == "jumprelu":
            out["threshold"] = random.normal(size=d_sae) * 0.5 + 0.3
        out.update({"W_dec": decoder, "b_dec": vectors["b_dec"]})
        return out

    def write(self):
        os.makedirs(self.name)
        file = "sae.safetensors" if self.sparsify else "sae_weights.safetensors"
        held = save(f"{self.name}/{file}", {name: (array, self.dtype) for name, array in self.tensors().items()})
        with open(f"{self.name}/cfg.json", "w", encoding="utf-8") as out:
            json.dump({"d_in": self.d_in, "d_sae": self.d_sae, "device": "cpu", "hook_name": "blocks.0.hook_mlp_out",
                       **self.cfg}, out)
        return held

    def encode(self, held, x):
        x = normalise(x, self.norm)
        if self.centred:
            x = x - held["b_dec"]
        if self.sparsify:
            before = product(x, held["encoder.weight"].T) + held["encoder.bias"]
            return top_k(np.maximum(before, 0), self.k)
        projected = product(x, held["W_enc"])
        if self.architecture == "gated":
            gate = projected + held["b_gate"]
            magnitude = projected * np.exp(held["r_mag"]) + held["b_mag"]
            return np.where(gate > 0, np.maximum(magnitude, 0), 0), np.minimum(abs(gate), abs(magnitude))
        before = projected + held["b_enc"]
        if self.architecture == "jumprelu":
            active = before > held["threshold"]
            return np.maximum(before, 0) * active, np.minimum(abs(before), abs(before - held["threshold"]))
        if self.rescale:
            before = before * np.linalg.norm(held["W_dec"], axis=1)
        if self.k:
            kept, margin = top_k(before, self.k)
            return np.maximum(kept, 0), np.minimum(margin, abs(before))
        return np.maximum(before, 0), abs(before)


def good_cases():
    six = {"sae_lens_version": "6.12.0"}
    old = {"activation_fn_kwargs": {}, "prepend_bos": True, "hook_layer": 0, "hook_head_index": None}
    return [
        Case("standard", cfg={"architecture": "standard", "apply_b_dec_to_input": True, "normalize_activations": "none",
                              "reshape_activations": "none", "metadata": six}),
        Case("standard-oldest", cfg={"hook_point": "blocks.0.hook_resid_pre"}),
        Case("standard-old", cfg={**old, "architecture": "standard", "activation_fn_str": "relu",
                                  "normalize_activations": False, "finetuning_scaling_factor": False}),
        Case("uncentred", cfg={"architecture": "standard", "apply_b_dec_to_input": False}, centred=False),
        Case("half", cfg={"architecture": "standard", "dtype": "float16"}, dtype="F16"),
        Case("brain", cfg={"architecture": "standard", "dtype": "bfloat16"}, dtype="BF16"),
        Case("expected", cfg={"architecture": "standard", "normalize_activations": "expected_average_only_in"}),
        Case("expected-old", cfg={"normalize_activations": True, "activation_fn": "relu"}),
        Case("constant", cfg={"architecture": "standard", "normalize_activations": "constant_norm_rescale"},
             norm="constant_norm_rescale"),
        Case("layer", cfg={"architecture": "standard", "normalize_activations": "layer_norm"}, norm="layer_norm"),
        Case("jumprelu", "jumprelu", cfg={"architecture": "jumprelu", "normalize_activations": None, "metadata": six}),
        Case("jumprelu-layer", "jumprelu", cfg={"architecture": "jumprelu", "normalize_activations": "layer_norm",
                                                "apply_b_dec_to_input": False}, centred=False, norm="layer_norm"),
        Case("topk", cfg={"architecture": "topk", "k": 7, "metadata": six}, k=7),
        Case("topk-old", cfg={**old, "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 12}}, k=12),
        Case("topk-older", cfg={"architecture": "topk", "activation_fn": "topk", "activation_fn_kwargs": {"k": 3}},
             k=3),
        Case("topk-rescaled", cfg={"architecture": "topk", "k": 9, "rescale_acts_by_decoder_norm": True}, k=9,
             rescale=True),
        Case("topk-constant", cfg={"architecture": "topk", "k": 5, "normalize_activations": "constant_norm_rescale"},
             k=5, norm="constant_norm_rescale"),
        Case("topk-all", cfg={"architecture": "topk", "k": 96}, k=96),
        Case("topk-ties", cfg={"architecture": "topk", "k": 4}, k=4, ties=[5, 17, 18, 40, 41, 63, 90]),
        Case("gated", "gated", cfg={"architecture": "gated", "metadata": six}),
        Case("gated-layer", "gated", cfg={"architecture": "gated", "normalize_activations": "layer_norm"},
             norm="layer_norm", dtype="BF16"),
        Case("sparsify", cfg={"activation": "topk", "expansion_factor": 2, "normalize_decoder": True, "num_latents": 0,
                              "k": 8, "multi_topk": False, "skip_connection": False}, k=8, sparsify=True),
        Case("sparsify-old", cfg={"expansion_factor": 2, "num_latents": 0, "k": 8, "signed": False}, k=8, sparsify=True,
             dtype="F16"),
        Case("sparsify-transcode", cfg={"activation": "topk", "k": 20, "transcode": True}, k=20, sparsify=True,
             centred=False),
        Case("wide", cfg={"architecture": "standard"}, d_in=64, d_sae=2300),
        Case("wide-topk", cfg={"architecture": "topk", "k": 30}, k=30, d_in=64, d_sae=2300),
        Case("one", cfg={"architecture": "topk", "k": 1}, k=1, d_in=1, d_sae=1),
    ]


def write_cases():
    activations, lines = {}, []
    for d_in, n in ((48, 150), (64, 260), (1, 5)):
        values = random.normal(size=(n, d_in)) * 2.0 ** random.integers(-2, 3, (n, 1)) + random.normal(size=d_in)
        if n > 100:
            values[3, 1:] = 0  # a single activation
        held = save(f"activations-{d_in}.safetensors", {"x": (values, "F32"), "x64": (values, "F64"),
                                                        "x16": (values, "BF16")})
        activations[d_in] = held
    os.makedirs("expect")
    for case in good_cases():
        held = case.write()
        for tensor in ("x", "x64", "x16") if case.name in ("standard", "topk", "gated") else ("x",):
            x = activations[case.d_in][tensor]
            values, margin = case.encode(held, x)
            stem = f"expect/{case.name}-{tensor}"
            values.astype("<f8").tofile(stem + ".values")
            np.broadcast_to(margin, values.shape).astype("<f8").tofile(stem + ".margin")
            lines.append("\t".join([case.name, f"activations-{case.d_in}.safetensors#{tensor}", stem, str(len(x)),
                                    str(case.d_sae), str(case.k)]))
    with open("cases.tsv", "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


class Refused:
    """Encoders with one thing wrong."""

    def __init__(self):
        self.lines = []

    def case(self, name, part, cfg=None, file="sae_weights.safetensors", text=None, **changes):
        """changes: tensor name (dots as __) -> (array, dtype), or None to leave it out."""
        cfg = {"architecture": "standard"} if cfg is None else cfg
        os.makedirs("bad/" + name)
        tensors = {"W_enc": (np.ones((4, 6)), "F32"), "b_enc": (np.ones(6), "F32")}
        if cfg.get("architecture") == "gated":
            tensors = {"W_enc": tensors["W_enc"], **{v: (np.ones(6), "F32") for v in ("b_gate", "b_mag", "r_mag")}}
        if cfg.get("architecture") == "jumprelu":
            tensors["threshold"] = (np.ones(6), "F32")
        if file == "sae.safetensors":
            tensors = {"encoder.weight": (np.ones((6, 4)), "F32"), "encoder.bias": (np.ones(6), "F32")}
        tensors.update({"W_dec": (np.ones((6, 4)), "F32"), "b_dec": (np.ones(4), "F32")})
        for tensor, change in changes.items():
            tensors[tensor.replace("__", ".")] = change
        if file is not None:
            save(f"bad/{name}/{file}", {key: value for key, value in tensors.items() if value is not None})
        with open(f"bad/{name}/cfg.json", "w", encoding="utf-8") as out:
            out.write(json.dumps(cfg) if text is None else text)
        self.lines.append(f"bad/{name}\t{part}")

    def configs(self):
        def refused(name, part, **cfg):
            self.case(name, part, {"architecture": "standard", **cfg})

        where = "/cfg.json: "
        refused("unknown", where + 'architecture: expected standard, jumprelu, topk or gated, found "temporal"',
                architecture="temporal")
        refused("transcoder", where + "architecture: expected standard", architecture="skip_transcoder")
        refused("batchtopk", where + "architecture: expected an encoder saved for inference", architecture="batchtopk")
        refused("architecture-number", where + "architecture: expected standard", architecture=3)
        refused("tanh", where + "activation_fn_str: expected relu or topk, found \"tanh-relu\"",
                activation_fn_str="tanh-relu")
        refused("gated-topk", where + "activation_fn: expected relu with this architecture", architecture="gated",
                activation_fn="topk", activation_fn_kwargs={"k": 2})
        refused("no-k", where + "k: expected the number of features that top-k keeps, at least 1, found nothing",
                architecture="topk")
        refused("zero-k", where + "k: expected the number of features", architecture="topk", k=0)
        refused("negative-k", "at least 1, found -3", architecture="topk", k=-3)
        refused("fraction-k", "at least 1, found 2.5", architecture="topk", k=2.5)
        refused("text-k", "at least 1, found \"7\"", architecture="topk", k="7")
        refused("old-zero-k", where + "activation_fn_kwargs.k: expected", activation_fn="topk",
                activation_fn_kwargs={"k": 0})
        refused("old-no-k", where + "k: expected the number", activation_fn="topk", activation_fn_kwargs={})
        refused("many-k", "#W_enc: expected at least the k = 7 features that top-k keeps, found 6",
                architecture="topk", k=7)
        refused("norm", where + "normalize_activations: expected none, expected_average_only_in, "
                'constant_norm_rescale or layer_norm, found "batch"', normalize_activations="batch")
        refused("norm-number", where + "normalize_activations: expected none", normalize_activations=1)
        refused("shape", where + "reshape_activations: expected none or hook_z", reshape_activations="flatten")
        refused("centre", where + "apply_b_dec_to_input: expected true or false, found 1", apply_b_dec_to_input=1)
        refused("rescale", where + "rescale_acts_by_decoder_norm: expected true or false", architecture="topk", k=1,
                rescale_acts_by_decoder_norm="yes")
        self.case("not-json", where, text="architecture: standard")
        self.case("empty-json", where, text="")
        self.case("list-json", where + "expected a JSON object", text="[]")
        self.case("twice", "k: is repeated", text='{"architecture": "topk", "k": 1, "k": 2}')
        file = "sae.safetensors"
        self.case("groupmax", where + 'activation: expected topk, found "groupmax"',
                  {"activation": "groupmax", "k": 2}, file)
        self.case("skip", where + "skip_connection: expected false", {"k": 2, "skip_connection": True}, file)
        self.case("signed", where + "signed: expected false", {"k": 2, "signed": True}, file)
        self.case("pursuit", where + "matching_pursuit: expected false", {"k": 2, "matching_pursuit": True}, file)
        self.case("transcode", where + "transcode: expected true or false", {"k": 2, "transcode": "no"}, file)
        self.case("sparsify-no-k", where + "k: expected", {}, file)
        self.case("sparsify-k", "sae.safetensors#encoder.weight: expected at least the k = 9", {"k": 9}, file)

    def tensors(self):
        def ones(*shape, dtype="F32"):
            return (np.ones(shape), dtype)

        def holed(*shape, at, value=np.nan):
            array = np.ones(shape)
            array[at] = value
            return (array, "F32")

        gated, topk = {"architecture": "gated"}, {"architecture": "topk", "k": 2}
        jump, file = {"architecture": "jumprelu"}, "sae.safetensors"
        for name, key, cfg in (("W_enc", "W_enc", None), ("b_enc", "b_enc", None), ("b_enc", "b_enc", topk),
                               ("W_dec", "W_dec", None), ("b_dec", "b_dec", None), ("threshold", "threshold", jump),
                               ("b_gate", "b_gate", gated), ("b_mag", "b_mag", gated), ("r_mag", "r_mag", gated)):
            suffix = "" if cfg is None else "-" + cfg["architecture"]
            self.case(f"no-{name}{suffix}", f'expected a tensor "{name}"', cfg, **{key: None})
        for key in ("encoder__weight", "encoder__bias", "W_dec", "b_dec"):
            name = key.replace("__", ".")
            self.case(f"no-{name}-sparsify", f'expected a tensor "{name}"', {"k": 2}, file, **{key: None})
        since = ", since W_enc is of 4 activations and 6 features, found ["
        self.case("wide-bias", "#b_enc: expected shape [6]" + since + "7]", b_enc=ones(7))
        self.case("matrix-bias", "#b_enc: expected shape [6]" + since + "6, 1]", b_enc=ones(6, 1))
        self.case("turned-decoder", "#W_dec: expected shape [6, 4]" + since + "4, 6]", W_dec=ones(4, 6))
        self.case("wide-centre", "#b_dec: expected shape [4]" + since + "6]", b_dec=ones(6))
        self.case("wide-threshold", "#threshold: expected shape [6]" + since + "4]", jump, threshold=ones(4))
        self.case("wide-gain", "#r_mag: expected shape [6]" + since + "1]", gated, r_mag=ones(1))
        self.case("cube", "#W_enc: expected a matrix (activations x features), found 3 dimensions", W_enc=ones(4, 6, 1))
        self.case("vector", "#W_enc: expected a matrix", W_enc=ones(24))
        self.case("turned",
                  "#encoder.bias: expected shape [4], since encoder.weight is of 6 activations and 4 features",
                  {"k": 2}, file, encoder__weight=ones(4, 6), W_dec=ones(4, 6), b_dec=ones(6))
        self.case("no-activations", "expected 1 to 67108864 activations", W_enc=ones(0, 6))
        self.case("thin-layer", "#W_enc: expected at least 2 activations, which layer_norm needs",
                  {"architecture": "standard", "normalize_activations": "layer_norm"}, W_enc=ones(1, 6),
                  W_dec=ones(6, 1), b_dec=ones(1))
        self.case("integers", "#W_enc: expected f16, bf16 or f32, found i32", W_enc=ones(4, 6, dtype="I32"))
        self.case("doubles", "#b_enc: expected f16, bf16 or f32, found f64", b_enc=ones(6, dtype="F64"))
        self.case("nan-weight", "#W_enc: expected finite numbers, found NaN in row 2, column 5",
                  W_enc=holed(4, 6, at=(2, 5)))
        self.case("inf-bias", "#b_enc: expected finite numbers, found -inf in row 3",
                  b_enc=holed(6, at=3, value=-np.inf))
        self.case("nan-decoder", "#W_dec: expected finite numbers, found NaN in row 5, column 1",
                  W_dec=holed(6, 4, at=(5, 1)))
        self.case("nan-sparsify", "#encoder.weight: expected finite numbers, found inf in row 4, column 0", {"k": 2},
                  file, encoder__weight=holed(6, 4, at=(4, 0), value=np.inf))
        self.case("nan-threshold", "#threshold: expected finite numbers, found NaN in row 0", jump,
                  threshold=holed(6, at=0))
        self.case("large-gain", "#r_mag: expected logarithms of factors, found 800 in row 1", gated,
                  r_mag=holed(6, at=1, value=800))

    def folders(self):
        self.case("nothing", "expected a folder with either sae_weights.safetensors (SAELens) or sae.safetensors "
                  "(sparsify), found none of them", file=None)
        self.case("both", "found both")
        with open("bad/both/sae_weights.safetensors", "rb") as one, open("bad/both/sae.safetensors", "wb") as two:
            two.write(one.read())
        self.lines.append("bad/absent\tfound none of them")
        self.lines.append("bad/b*\twithout * ? [")
        self.case("no-cfg", "no-cfg/cfg.json")
        os.remove("bad/no-cfg/cfg.json")
        self.case("cut", "truncated")
        os.truncate("bad/cut/sae_weights.safetensors", os.path.getsize("bad/cut/sae_weights.safetensors") - 1)

    def write(self):
        self.configs()
        self.tensors()
        self.folders()
        with open("refused.tsv", "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in self.lines))


def main():
    os.chdir(sys.argv[1])
    write_cases()
    Refused().write()


if __name__ == "__main__":
    main()
