#include "counterfactual/flips.h"

#include <math.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "exact/elementary.h"

void flips_init(int64_t n_query, int64_t most, struct flips *flips)
{
    *flips = (struct flips){.n_query = n_query, .most = most};
    flips->flipped = memory_allocate(n_query, sizeof *flips->flipped);
    flips->count = memory_allocate(n_query, sizeof *flips->count);
    flips->member = memory_allocate(n_query * most, sizeof *flips->member);
    flips->value = memory_allocate(n_query * most, sizeof *flips->value);
    flips->before = memory_allocate(n_query, sizeof *flips->before);
    flips->threshold = memory_allocate(n_query, sizeof *flips->threshold);
    flips->refit = memory_allocate(n_query, sizeof *flips->refit);
    flips->becomes = memory_allocate(n_query, sizeof *flips->becomes);
    for (int64_t i = 0; i < n_query * most; i++) {
        flips->member[i] = -1;
        flips->value[i] = NAN;
    }
}

void flips_clear(struct flips *flips)
{
    memory_free(flips->becomes);
    memory_free(flips->refit);
    memory_free(flips->threshold);
    memory_free(flips->before);
    memory_free(flips->value);
    memory_free(flips->member);
    memory_free(flips->count);
    memory_free(flips->flipped);
    *flips = (struct flips){0};
}

/* ---- the network ------------------------------------------------------------------------------------------------ */

/* The loss of a label now, and when its logit has fallen to that of the best other.  False: another is ahead already.
 */
static bool find_threshold(double *logits, int64_t n, int64_t label, double *before, double *threshold)
{
    double other = -INFINITY;
    for (int64_t c = 0; c < n; c++)
        if (c != label && logits[c] > other)
            other = logits[c];
    *before = exact_logsumexp(logits, n) - logits[label];
    bool ahead = logits[label] > other;
    logits[label] = other;
    *threshold = exact_logsumexp(logits, n) - other;
    return ahead;
}

static void search_network(const struct extremes *candidates, int64_t q, bool ahead, double scale, struct flips *flips)
{
    const struct extreme *items = extremes_of(candidates, q);
    double loss = flips->before[q];
    int64_t n = 0;
    flips->flipped[q] = !ahead;
    while (!flips->flipped[q] && n < candidates->count[q] && n < flips->most && items[n].value < 0) {
        loss -= scale * items[n].value; /* the candidates come by -score */
        flips->member[q * flips->most + n] = items[n].row;
        flips->value[q * flips->most + n++] = loss;
        flips->flipped[q] = loss >= flips->threshold[q];
    }
    flips->count[q] = n;
}

enum status flips_find_network(MPI_Comm comm, struct inquiry *inquiry, const struct extremes *candidates, double scale,
                               struct flips *flips)
{
    double *logits, *labels = NULL;
    int64_t n = tensor_columns(inquiry->tensors[NETWORK_LOGITS]);
    enum status status = inquiry_load(comm, inquiry, NETWORK_LOGITS, &logits);
    if (status != STATUS_OK)
        return status;
    status = inquiry_load(comm, inquiry, NETWORK_LABELS, &labels);
    for (int64_t q = 0; q < flips->n_query && status == STATUS_OK; q++) {
        int64_t label = labels[q] >= 0 && labels[q] < (double)n ? (int64_t)labels[q] : -1;
        if (label < 0 || (double)label != labels[q])
            status = fail(BAD_INPUT,
                          "%s: row %lld: expected a label from 0 to %lld, as counterfactual.network.logits "
                          "has %lld columns, found %g",
                          inquiry->config->network.labels, (long long)q, (long long)n - 1, (long long)n, labels[q]);
        else
            search_network(candidates, q,
                           find_threshold(logits + q * n, n, label, &flips->before[q], &flips->threshold[q]), scale,
                           flips);
    }
    memory_free(labels);
    memory_free(logits);
    return status; /* the same numbers on every rank */
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

void flips_list_ridge(struct catalogue *catalogue, const struct flips *flips)
{
    int64_t q = flips->n_query, most = flips->most;
    const struct entry entries[] = {
        {{"/flips/ridge/flipped",
          TABLE_U8,
          1,
          {q},
          0,
          "1",
          "1 where a set was found whose removal makes another output the predicted one"},
         flips->flipped},
        {{"/flips/ridge/count",
          TABLE_I64,
          1,
          {q},
          0,
          "examples",
          "examples removed by a greedy search: where flipped, an estimate from above of the smallest set"},
         flips->count},
        {{"/flips/ridge/member",
          TABLE_I64,
          2,
          {q, most},
          0,
          "training example",
          "the examples in the order of their removal; -1: no more"},
         flips->member},
        {{"/flips/ridge/margin",
          TABLE_F64,
          2,
          {q, most},
          0,
          "output",
          "exact margin of what was predicted at first, after each removal"},
         flips->value},
        {{"/flips/ridge/refit_margin",
          TABLE_F64,
          1,
          {q},
          0,
          "output",
          "the last of these margins, by a fit of its own without the whole set"},
         flips->refit},
        {{"/flips/ridge/to", TABLE_I32, 1, {q}, 0, "1", "what is predicted then, as an index into /classes/name"},
         flips->becomes},
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        catalogue_add(catalogue, entries[i].dataset, entries[i].data);
}

void flips_list_network(struct catalogue *catalogue, const struct flips *flips)
{
    int64_t q = flips->n_query, most = flips->most;
    const struct entry entries[] = {
        {{"/flips/network/flipped",
          TABLE_U8,
          1,
          {q},
          0,
          "1",
          "1 where the estimated loss reaches the threshold, or the label is not ahead to begin with"},
         flips->flipped},
        {{"/flips/network/count",
          TABLE_I64,
          1,
          {q},
          0,
          "examples",
          "strongest proponents removed: where flipped, a first-order estimate of the smallest set"},
         flips->count},
        {{"/flips/network/member",
          TABLE_I64,
          2,
          {q, most},
          0,
          "training example",
          "the examples in the order of their removal; -1: no more"},
         flips->member},
        {{"/flips/network/loss", TABLE_F64, 2, {q, most}, 0, "loss", "estimated loss of the query after each removal"},
         flips->value},
        {{"/flips/network/start", TABLE_F64, 1, {q}, 0, "loss", "loss of the query with all examples"}, flips->before},
        {{"/flips/network/threshold",
          TABLE_F64,
          1,
          {q},
          0,
          "loss",
          "loss at which the runner-up draws level, if the label's logit alone falls"},
         flips->threshold},
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        catalogue_add(catalogue, entries[i].dataset, entries[i].data);
}
