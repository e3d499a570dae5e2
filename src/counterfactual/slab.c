#include "counterfactual/slab.h"

#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"

enum { MOST_LABELS = 1 << 16 };

/* ---- outputs ---------------------------------------------------------------------------------------------------- */

/* Labels are known once all were read, by the ranks in turn. */
static enum status find_labels(MPI_Comm comm, struct inquiry *inquiry, int64_t *n)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    double *values = memory_allocate_raw(inquiry->config->block_rows, sizeof *values);
    int64_t largest = -1;
    enum status status = STATUS_OK;
    for (int64_t b = rank; b < inquiry_blocks(inquiry, RIDGE_LABELS) && status == STATUS_OK; b += size) {
        status = inquiry_read(inquiry, RIDGE_LABELS, b, true, values);
        for (int64_t i = 0; i < inquiry_rows_of(inquiry, RIDGE_LABELS, b) && status == STATUS_OK; i++) {
            if (!(values[i] >= 0 && values[i] < MOST_LABELS && values[i] == (double)(int64_t)values[i]))
                status = fail(BAD_INPUT, "%s: row %lld: expected an integer from 0 to %d, found %g",
                              inquiry->config->ridge.labels, (long long)(b * inquiry->config->block_rows + i),
                              MOST_LABELS - 1, values[i]);
            else if ((int64_t)values[i] > largest)
                largest = (int64_t)values[i];
        }
    }
    memory_free(values);
    status = agree(comm, status);
    MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_INT64_T, MPI_MAX, comm);
    *n = largest + 1;
    return status;
}

enum status targets_find(MPI_Comm comm, struct inquiry *inquiry, struct targets *targets)
{
    *targets = (struct targets){0};
    if (!inquiry_has(inquiry, RIDGE_FEATURES))
        return STATUS_OK;
    const struct group_column *key =
        inquiry->config->ridge.key != NULL ? &inquiry->samples.columns[inquiry->samples.n_column - 1] : NULL;
    int64_t n = key != NULL ? key->n_value : 0;
    enum status status = STATUS_OK;
    if (inquiry_has(inquiry, RIDGE_TARGETS))
        n = tensor_columns(inquiry->tensors[RIDGE_TARGETS]);
    else if (inquiry_has(inquiry, RIDGE_LABELS))
        status = find_labels(comm, inquiry, &n);
    if (status != STATUS_OK)
        return status;
    *targets = (struct targets){n, memory_allocate(n, sizeof *targets->names)};
    for (int64_t c = 0; c < n; c++) {
        struct text name;
        text_init(&name);
        if (key != NULL)
            text_add(&name, "%s", key->values[c]);
        else
            text_add(&name, "%lld", (long long)c);
        targets->names[c] = text_take(&name);
    }
    return STATUS_OK;
}

void targets_clear(struct targets *targets)
{
    for (int64_t c = 0; c < targets->n; c++)
        memory_free(targets->names[c]);
    memory_free(targets->names);
    *targets = (struct targets){0};
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

int64_t slab_count(const struct inquiry *inquiry)
{
    return (inquiry->samples.n + inquiry->config->block_rows - 1) / inquiry->config->block_rows;
}

static int64_t columns_of(const struct inquiry *inquiry, enum inquiry_tensor which)
{
    return inquiry_has(inquiry, which) ? tensor_columns(inquiry->tensors[which]) : 0;
}

static int64_t block_room(const struct inquiry *inquiry)
{
    int64_t rows = inquiry->config->block_rows;
    return rows < inquiry->samples.n ? rows : inquiry->samples.n;
}

static int64_t raw_width_of(const struct inquiry *inquiry)
{
    int64_t features = columns_of(inquiry, RIDGE_FEATURES), targets = columns_of(inquiry, RIDGE_TARGETS);
    return features > targets ? features : targets;
}

void slab_init(struct inquiry *inquiry, const struct targets *targets, const struct scores *scores, struct slab *slab)
{
    int64_t rows = block_room(inquiry);
    *slab = (struct slab){.inquiry = inquiry,
                          .targets = targets,
                          .scores = scores,
                          .size = columns_of(inquiry, RIDGE_FEATURES) + 1,
                          .raw_width = raw_width_of(inquiry)};
    sample_reader_init(&inquiry->samples, &slab->reader);
    sample_rows_init(&inquiry->samples, rows, &slab->rows);
    slab->z = memory_allocate_raw(rows * slab->size, sizeof *slab->z);
    slab->t = memory_allocate_raw(rows * targets->n, sizeof *slab->t);
    slab->raw = memory_allocate_raw(rows * slab->raw_width, sizeof *slab->raw);
    slab->score = memory_allocate_raw(scores != NULL ? rows * inquiry->queries.n : 0, sizeof *slab->score);
}

void slab_clear(struct slab *slab)
{
    memory_free(slab->score);
    memory_free(slab->raw);
    memory_free(slab->t);
    memory_free(slab->z);
    sample_rows_clear(&slab->rows);
    sample_reader_clear(&slab->reader);
    *slab = (struct slab){0};
}

static void set_class(struct slab *slab, int64_t i, int64_t c)
{
    for (int64_t k = 0; k < slab->targets->n; k++)
        slab->t[i * slab->targets->n + k] = k == c;
}

static enum status read_targets(struct slab *slab, int64_t b, bool list)
{
    struct inquiry *inquiry = slab->inquiry;
    if (inquiry_has(inquiry, RIDGE_TARGETS))
        return inquiry_read(inquiry, RIDGE_TARGETS, b, list, slab->t);
    if (inquiry_has(inquiry, RIDGE_LABELS)) { /* listed by targets_find */
        enum status status = inquiry_read(inquiry, RIDGE_LABELS, b, false, slab->raw);
        for (int64_t i = 0; i < slab->n && status == STATUS_OK; i++)
            set_class(slab, i, (int64_t)slab->raw[i]);
        return status;
    }
    const int32_t *codes = sample_rows_codes(&slab->rows, inquiry->samples.n_column - 1);
    for (int64_t i = 0; i < slab->n; i++)
        set_class(slab, i, codes[i]);
    return STATUS_OK;
}

static enum status read_ridge(struct slab *slab, int64_t b, bool list)
{
    int64_t m = slab->size - 1;
    enum status status = inquiry_read(slab->inquiry, RIDGE_FEATURES, b, list, slab->raw);
    for (int64_t i = 0; i < slab->n && status == STATUS_OK; i++) {
        slab->z[i * slab->size] = 1;
        memcpy(slab->z + i * slab->size + 1, slab->raw + i * m, (size_t)m * sizeof *slab->z);
    }
    return status == STATUS_OK ? read_targets(slab, b, list) : status;
}

enum status slab_read(struct slab *slab, int64_t b, int wanted, bool list)
{
    const struct inquiry *inquiry = slab->inquiry;
    int64_t step = inquiry->config->block_rows, left = inquiry->samples.n - b * step;
    slab->first = b * step;
    slab->n = left < step ? left : step;
    if (stop_requested())
        return fail(STOPPED, "counterfactual: stopped on request; run the same command again to begin anew");
    enum status status = STATUS_OK;
    bool keyed = (wanted & SLAB_RIDGE) && inquiry->config->ridge.key != NULL;
    if ((wanted & SLAB_SAMPLES) || keyed)
        status = sample_rows_read(&slab->rows, &slab->reader, slab->first, slab->n);
    if (status == STATUS_OK && (wanted & SLAB_RIDGE))
        status = read_ridge(slab, b, list);
    if (status == STATUS_OK && (wanted & SLAB_SCORES))
        status = scores_read(slab->scores, slab->first, slab->n, slab->score);
    return status;
}
