"""How far scores of few digits keep the order that fp64 gives, on the first few queries of a work."""
import h5py
import numpy
import scipy.stats
from bench_inputs import N_SAMPLE, from_bfloat16, read_safetensors

CHUNK = 8192


def factors(work, tensors, layer, rows):
    """The gradient of a layer's output, and its input extended by the bias, as fp64."""
    if work.kind == "rows":
        return from_bfloat16(tensors[f"{layer}.gradient"][rows]), None
    inputs = from_bfloat16(tensors[f"{layer}.input"][rows])
    if work.kind == "factors":
        return from_bfloat16(tensors[f"{layer}.gradient"][rows]), inputs
    logits = from_bfloat16(tensors[f"{layer}.logits"][rows])
    gradient = numpy.exp(logits - logits.max(1, keepdims=True))
    gradient /= gradient.sum(1, keepdims=True)
    gradient[numpy.arange(len(gradient)), tensors[f"{layer}.labels"][rows]] -= 1
    return gradient, inputs


def exact_scores(work):
    """n_train × N_SAMPLE in fp64."""
    scores = numpy.zeros((work.n_train, min(N_SAMPLE, work.n_query)))
    for k, checkpoint in enumerate(work.checkpoints):
        queries, at = read_safetensors(work.queries(checkpoint, True)), 0
        for path in work.shards(checkpoint):
            tensors = read_safetensors(path)
            n = len(next(iter(tensors.values())))
            for first in range(0, n, CHUNK):
                rows = slice(first, min(first + CHUNK, n))
                for layer in work.layers:
                    (g, a), (gq, aq) = (factors(work, t, layer, r) for t, r in
                                        ((tensors, rows), (queries, slice(None))))
                    term = g @ gq.T
                    if a is not None:
                        term *= a @ aq.T + work.bias
                    scores[at + rows.start:at + rows.stop] += work.rates[k] * term
            at += n
    return scores


def strongest(scores, top):
    """{side: sets of indices, per query}."""
    order = numpy.argsort(scores, axis=0)
    return {"opponents": [set(column) for column in order[:top].T],
            "proponents": [set(column) for column in order[-top:].T]}


def overlap(found, expected):
    """Share of the expected entries that were found, over queries and sides."""
    pairs = [(f, e) for side in expected for f, e in zip(found[side], expected[side])]
    return sum(len(f & e) for f, e in pairs) / sum(len(e) for _, e in pairs)


def agreement(scores, expected, top):
    """Mean rank correlation over queries, and overlap of the strongest."""
    correlations = [scipy.stats.spearmanr(a, b)[0] for a, b in zip(scores.T, expected.T)]
    return float(numpy.mean(correlations)), overlap(strongest(scores, top), strongest(expected, top))


def scores_of(run_directory):
    """n_train × queries of a run with keep.scores."""
    with h5py.File(run_directory / "influence.h5") as file:
        return file["scores"][:]


def plain_strongest(path, work, top):
    """{side: sets of indices} of the first queries as influence_reference stored them."""
    raw, n, found = path.read_bytes(), work.n_query * min(top, work.n_train), {}
    for s, side in enumerate(("proponents", "opponents")):
        index = numpy.frombuffer(raw, numpy.int64, n, s * n * 12).reshape(work.n_query, -1)
        found[side] = [set(row) for row in index[:N_SAMPLE]]
    return found
