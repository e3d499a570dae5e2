#include "counterfactual/retrained.h"

#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

static const struct {
    enum inquiry_tensor masks, outputs;
    const char *key;
} kinds[N_TRUTH_KINDS] = {
    [TRUTH_OF_SUBSETS] = {TRUTH_SUBSETS, TRUTH_SUBSET_OUTPUTS, "truth.subsets"},
    [TRUTH_OF_EXAMPLES] = {TRUTH_LEAVE_ONE_OUT, TRUTH_LEAVE_ONE_OUT_OUTPUTS, "truth.leave_one_out"},
    [TRUTH_OF_GROUPS] = {TRUTH_GROUPS, TRUTH_GROUP_OUTPUTS, "truth.groups"}};

/* out[q] = the mean over seeds, in their order. */
static void mean_over_seeds(const double *outputs, int64_t n_seed, int64_t n_query, double *out)
{
    for (int64_t q = 0; q < n_query; q++) {
        out[q] = 0;
        for (int64_t s = 0; s < n_seed; s++)
            out[q] += outputs[s * n_query + q] / (double)n_seed;
    }
}

static enum status load_baseline(MPI_Comm comm, struct inquiry *inquiry, struct retrained *truth)
{
    double *outputs;
    enum status status = inquiry_load(comm, inquiry, TRUTH_BASELINE, &outputs);
    if (status != STATUS_OK)
        return status;
    const struct tensor *tensor = inquiry->tensors[TRUTH_BASELINE];
    int64_t n_seed = tensor_rows(tensor) * tensor_columns(tensor) / truth->n_query;
    truth->baseline = memory_allocate(truth->n_query, sizeof *truth->baseline);
    mean_over_seeds(outputs, n_seed, truth->n_query, truth->baseline);
    memory_free(outputs);
    return STATUS_OK;
}

static enum status load_outputs(MPI_Comm comm, struct inquiry *inquiry, enum truth_kind kind, struct retrained *truth)
{
    struct retrained_part *part = &truth->parts[kind];
    const struct tensor *tensor = inquiry->tensors[kinds[kind].outputs];
    part->first = truth->n_set;
    if (tensor == NULL)
        return STATUS_OK;
    int64_t m = truth->n_query;
    enum status status = inquiry_load(comm, inquiry, kinds[kind].outputs, &part->by_seed);
    if (status != STATUS_OK)
        return status;
    part->n = tensor_rows(tensor);
    part->n_seed = tensor_columns(tensor) / m;
    part->change = memory_allocate(part->n * m, sizeof *part->change);
    part->removed = memory_allocate(part->n, sizeof *part->removed);
    part->example = memory_allocate(part->n, sizeof *part->example);
    for (int64_t i = 0; i < part->n; i++) {
        mean_over_seeds(part->by_seed + i * part->n_seed * m, part->n_seed, m, part->change + i * m);
        for (int64_t q = 0; q < m; q++)
            part->change[i * m + q] -= truth->baseline[q];
    }
    truth->n_set += part->n;
    return STATUS_OK;
}

/* ---- masks ------------------------------------------------------------------------------------------------------ */

static enum status take_mask(const struct inquiry *inquiry, enum truth_kind kind, int64_t i, const double *mask,
                             struct retrained *truth)
{
    struct retrained_part *part = &truth->parts[kind];
    uint8_t *missing = truth->missing + truth->n_own * truth->n_train;
    const char *name = tensor_name(inquiry->tensors[kinds[kind].masks]);
    for (int64_t t = truth->n_train - 1; t >= 0; t--) {
        if (mask[t] != 0 && mask[t] != 1)
            return fail(BAD_INPUT, "%s: row %lld, column %lld: expected 1 (trained on) or 0 (removed), found %g", name,
                        (long long)i, (long long)t, mask[t]);
        missing[t] = mask[t] == 0;
        part->removed[i] += missing[t];
        if (missing[t])
            part->example[i] = t;
    }
    if (part->removed[i] == 0 || part->removed[i] == truth->n_train)
        return fail(BAD_INPUT, "%s: row %lld: names %s: expected some of the training samples to be removed", name,
                    (long long)i, part->removed[i] == 0 ? "nothing" : "everything");
    if (kind == TRUTH_OF_EXAMPLES && part->removed[i] != 1)
        return fail(BAD_INPUT, "%s: row %lld: expected one training sample to be removed, found %lld", name,
                    (long long)i, (long long)part->removed[i]);
    truth->own[truth->n_own++] = part->first + i;
    return STATUS_OK;
}

/* The blocks of all kinds, counted through, are dealt to the ranks: rank 0 always has one. */
static enum status load_masks(MPI_Comm comm, struct inquiry *inquiry, struct retrained *truth)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t number = 0;
    enum status status = STATUS_OK;
    for (int kind = 0; kind < N_TRUTH_KINDS; kind++) {
        int which = (int)kinds[kind].masks;
        int64_t step = truth->parts[kind].n > 0 ? inquiry_block_rows(inquiry, which) : 0;
        double *masks = memory_allocate_raw(step * truth->n_train, sizeof *masks);
        for (int64_t b = 0; step > 0 && b < inquiry_blocks(inquiry, which); b++) {
            if (number++ % size != rank || status != STATUS_OK)
                continue;
            int64_t n = inquiry_rows_of(inquiry, which, b);
            status = inquiry_read(inquiry, which, b, true, masks);
            truth->own = memory_resize(truth->own, truth->n_own, truth->n_own + n, sizeof *truth->own);
            truth->missing =
                memory_resize(truth->missing, truth->n_own * truth->n_train, (truth->n_own + n) * truth->n_train, 1);
            for (int64_t i = 0; i < n && status == STATUS_OK; i++)
                status = take_mask(inquiry, (enum truth_kind)kind, b * step + i, masks + i * truth->n_train, truth);
        }
        memory_free(masks);
    }
    return agree(comm, status);
}

enum status retrained_load(MPI_Comm comm, struct inquiry *inquiry, struct retrained *truth)
{
    *truth = (struct retrained){.n_query = inquiry->queries.n, .n_train = inquiry->samples.n};
    enum status status = load_baseline(comm, inquiry, truth);
    for (int kind = 0; kind < N_TRUTH_KINDS && status == STATUS_OK; kind++)
        status = load_outputs(comm, inquiry, (enum truth_kind)kind, truth);
    if (status == STATUS_OK)
        status = load_masks(comm, inquiry, truth);
    for (int kind = 0; kind < N_TRUTH_KINDS && status == STATUS_OK; kind++) {
        share_sum(comm, truth->parts[kind].removed, truth->parts[kind].n);
        share_sum(comm, truth->parts[kind].example, truth->parts[kind].n);
    }
    if (status != STATUS_OK)
        retrained_clear(truth);
    return status;
}

void retrained_clear(struct retrained *truth)
{
    for (int kind = 0; kind < N_TRUTH_KINDS; kind++) {
        memory_free(truth->parts[kind].example);
        memory_free(truth->parts[kind].removed);
        memory_free(truth->parts[kind].change);
        memory_free(truth->parts[kind].by_seed);
    }
    memory_free(truth->missing);
    memory_free(truth->own);
    memory_free(truth->baseline);
    *truth = (struct retrained){0};
}
