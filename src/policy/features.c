#include "policy/features.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "policy/gather.h"
#include "policy/statistics.h"

enum {
    DUAL_DIGITS = 4, /* there the integers serve statistics only */
    LARGEST_EXPONENT =
        300 /* of a feature's largest value: beyond it squares and penalties leave the range of doubles */
};

/* This rank's blocks of rows as read: block i is number rank + i · size. */
struct blocks {
    struct rows *items; /* owned */
    int64_t n;
};

static void blocks_clear(struct blocks *blocks)
{
    for (int64_t i = 0; i < blocks->n; i++)
        rows_clear(&blocks->items[i]);
    memory_free(blocks->items);
    *blocks = (struct blocks){0};
}

static void init_rows(const struct problem *problem, struct rows *rows)
{
    if (source_is_sparse(problem->source))
        rows_init_sparse(rows, problem->n_feature);
    else
        rows_init_dense(rows, 0, problem->n_feature);
}

/* Reads this rank's blocks.  @local */
static enum status read_blocks(MPI_Comm comm, struct problem *problem, const struct policy_plan *plan,
                               struct segment_list *segments, struct blocks *blocks)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t rows = problem->config->block_rows, n = problem->probes.n;
    blocks->items = memory_allocate(plan->n_block, sizeof *blocks->items);
    for (int64_t block = rank; block < plan->n_block; block += size) {
        if (stop_requested())
            return fail(STOPPED, "policy: stopped on request while features were read; run the same command again");
        struct rows *into = &blocks->items[blocks->n++];
        init_rows(problem, into);
        int64_t first = block * rows, count = n - first < rows ? n - first : rows;
        enum status status = source_read(problem->source, first, count, into, segments);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* How many entries there are per row: of sparse rows nobody knows before they are read.  @collective comm */
static enum status recount(MPI_Comm comm, const struct blocks *blocks, struct policy_shape *shape,
                           struct policy_plan *plan)
{
    if (!shape->sparse)
        return STATUS_OK;
    int64_t n_entry = 0;
    for (int64_t i = 0; i < blocks->n; i++)
        n_entry += blocks->items[i].start[blocks->items[i].n_row];
    MPI_Allreduce(MPI_IN_PLACE, &n_entry, 1, MPI_INT64_T, MPI_SUM, comm);
    shape->row_entries = (double)n_entry / (double)shape->n_probe;
    shape->entries_estimated = false;
    return policy_plan_make(shape, plan); /* the same on every rank */
}

/* ---- integers --------------------------------------------------------------------------------------------------- */

/* The exponents of all columns, the ones first.  @collective comm */
static enum status find_exponents(MPI_Comm comm, const struct blocks *blocks, int64_t n_feature, int *exponent)
{
    exponent[0] = 1; /* 1 < 2^1 */
    for (int64_t j = 0; j < n_feature; j++)
        exponent[1 + j] = QUANTISED_NO_EXPONENT;
    for (int64_t i = 0; i < blocks->n; i++)
        quantised_measure(&blocks->items[i], exponent + 1);
    enum { PIECE = 1 << 28 };
    for (int64_t at = 0; at < 1 + n_feature; at += PIECE)
        MPI_Allreduce(MPI_IN_PLACE, exponent + at, to_int(1 + n_feature - at < PIECE ? 1 + n_feature - at : PIECE),
                      MPI_INT, MPI_MAX, comm);
    for (int64_t j = 0; j < n_feature; j++) {
        int e = exponent[1 + j];
        if (e != QUANTISED_NO_EXPONENT && (e > LARGEST_EXPONENT || e < -LARGEST_EXPONENT))
            return fail(BAD_INPUT,
                        "policy.features: feature %lld has a largest magnitude of about 2^%d: expected it within "
                        "2^-%d and 2^%d: scale the features",
                        (long long)j, e, LARGEST_EXPONENT, LARGEST_EXPONENT);
    }
    return STATUS_OK;
}

static bool is_in_part(int64_t probe, int part, int n_part)
{
    return probe % n_part == part;
}

/* Row i behind a one; the scratch has room for it. */
static void add_sparse_row(const struct rows *from, int64_t i, int32_t *column, double *value, struct rows *to)
{
    int64_t n = from->start[i + 1] - from->start[i];
    column[0] = 0;
    value[0] = 1;
    for (int64_t k = 0; k < n; k++) {
        column[1 + k] = from->column[from->start[i] + k] + 1;
        value[1 + k] = from->value[from->start[i] + k];
    }
    rows_add(to, 1 + n, column, value);
}

/* The rows of a block, whose first probe is `first`, that belong to a part, each behind a one. */
static void take_part(const struct rows *block, int64_t first, int part, int n_part, struct rows *out)
{
    int64_t n_column = block->n_column + 1, count = 0, longest = 0;
    for (int64_t i = 0; i < block->n_row; i++)
        count += is_in_part(first + i, part, n_part);
    if (rows_are_dense(block)) {
        rows_init_dense(out, count, n_column);
        double *row = out->dense;
        for (int64_t i = 0; i < block->n_row; i++)
            if (is_in_part(first + i, part, n_part)) {
                row[0] = 1;
                memcpy(row + 1, block->dense + i * block->n_column, (size_t)block->n_column * sizeof *row);
                row += n_column;
            }
        return;
    }
    for (int64_t i = 0; i < block->n_row; i++)
        longest = block->start[i + 1] - block->start[i] > longest ? block->start[i + 1] - block->start[i] : longest;
    int32_t *column = memory_allocate_raw(longest + 1, sizeof *column);
    double *value = memory_allocate_raw(longest + 1, sizeof *value);
    rows_init_sparse(out, n_column);
    for (int64_t i = 0; i < block->n_row; i++)
        if (is_in_part(first + i, part, n_part))
            add_sparse_row(block, i, column, value, out);
    memory_free(value);
    memory_free(column);
}

static void note_probes(struct features *features, int part, int64_t first, int64_t n)
{
    int64_t n_row = features->part[part].n_row, at = n_row;
    for (int64_t i = n - 1; i >= 0; i--) /* the rows are there already: count back */
        if (is_in_part(first + i, part, features->n_part))
            features->probe[part][--at] = first + i;
}

static int64_t first_probe(MPI_Comm comm, const struct problem *problem, int64_t block)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    return (rank + block * size) * problem->config->block_rows;
}

/* Rows of this rank in a part, and their entries, the ones included. */
static void count_part(MPI_Comm comm, const struct problem *problem, const struct blocks *blocks, int part, int n_part,
                       int64_t *n_row, int64_t *n_entry)
{
    *n_row = *n_entry = 0;
    for (int64_t b = 0; b < blocks->n; b++) {
        const struct rows *block = &blocks->items[b];
        int64_t first = first_probe(comm, problem, b);
        for (int64_t i = 0; i < block->n_row; i++)
            if (is_in_part(first + i, part, n_part)) {
                *n_row += 1;
                *n_entry += 1 + (rows_are_dense(block) ? block->n_column : block->start[i + 1] - block->start[i]);
            }
    }
}

/* Turns the blocks into integers, one after the other, and frees them on the way. */
static void quantise(MPI_Comm comm, const struct problem *problem, const struct policy_plan *plan, const int *exponent,
                     struct blocks *blocks, struct features *features)
{
    const struct policy_config *config = problem->config;
    int n_digit = plan->primal ? to_int(config->n_digit) : DUAL_DIGITS;
    features->n_part = config->folds > 0 ? to_int(config->folds) : 1;
    features->part = memory_allocate(features->n_part, sizeof *features->part);
    features->probe = memory_allocate(features->n_part, sizeof *features->probe);
    for (int p = 0; p < features->n_part; p++) {
        quantised_init(&features->part[p], n_digit, problem->n_feature + 1, exponent,
                       source_is_sparse(problem->source));
        int64_t n_row, n_entry;
        count_part(comm, problem, blocks, p, features->n_part, &n_row, &n_entry);
        quantised_reserve(&features->part[p], n_row, n_entry);
        features->probe[p] = memory_allocate(n_row, sizeof **features->probe);
    }
    for (int64_t i = 0; i < blocks->n; i++) {
        int64_t first = first_probe(comm, problem, i), n = blocks->items[i].n_row;
        for (int p = 0; p < features->n_part; p++) {
            struct rows rows;
            take_part(&blocks->items[i], first, p, features->n_part, &rows);
            quantised_append(&features->part[p], &rows);
            note_probes(features, p, first, n);
            rows_clear(&rows);
        }
        rows_clear(&blocks->items[i]);
        init_rows(problem, &blocks->items[i]);
    }
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

/* @collective comm */
static void gather_all(MPI_Comm comm, const struct policy_plan *plan, const struct blocks *blocks,
                       struct features *features)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int64_t block = 0; block < plan->n_block; block++) {
        int root = (int)(block % size);
        gather_rows(comm, root, root == rank ? &blocks->items[block / size] : NULL, &features->all);
    }
}

static enum status read_all(MPI_Comm comm, struct problem *problem, struct policy_shape *shape,
                            struct policy_plan *plan, struct segment_list *segments, struct blocks *blocks,
                            struct features *features)
{
    enum status status = agree(comm, read_blocks(comm, problem, plan, segments, blocks));
    if (status == STATUS_OK)
        status = recount(comm, blocks, shape, plan);
    if (status != STATUS_OK)
        return status;
    int *exponent = memory_allocate(1 + features->n_feature, sizeof *exponent);
    status = find_exponents(comm, blocks, features->n_feature, exponent);
    if (status == STATUS_OK) {
        if (plan->gathers)
            gather_all(comm, plan, blocks, features);
        quantise(comm, problem, plan, exponent, blocks, features);
        statistics_measure(comm, features);
    }
    memory_free(exponent);
    return status;
}

enum status features_read(MPI_Comm comm, struct problem *problem, struct policy_shape *shape, struct policy_plan *plan,
                          struct segment_list *segments, struct features *features)
{
    *features = (struct features){.n_probe = problem->probes.n, .n_feature = problem->n_feature};
    init_rows(problem, &features->all);
    struct blocks blocks = {0};
    enum status status = read_all(comm, problem, shape, plan, segments, &blocks, features);
    blocks_clear(&blocks);
    if (status != STATUS_OK)
        features_clear(features);
    return status;
}

void features_clear_parts(struct features *features)
{
    for (int p = 0; p < features->n_part; p++) {
        quantised_clear(&features->part[p]);
        memory_free(features->probe[p]);
    }
    memory_free(features->part);
    memory_free(features->probe);
    features->part = NULL;
    features->probe = NULL;
    features->n_part = 0;
}

void features_clear(struct features *features)
{
    features_clear_parts(features);
    rows_clear(&features->all);
    memory_free(features->mean);
    memory_free(features->deviation);
    memory_free(features->square);
    memory_free(features->active);
    *features = (struct features){0};
}

int features_scale(const struct features *features, int64_t column)
{
    const struct quantised *part = &features->part[0];
    return part->exponent[column] + 1 - 7 * part->n_digit;
}
