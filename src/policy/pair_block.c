#include "policy/pair_block.h"

#include "base/memory.h"

static int64_t behaviour_count(const struct pair_inputs *inputs)
{
    return inputs->n_probe * inputs->n_behaviour;
}

void pair_block_init(const struct pair_inputs *inputs, int64_t n_most, struct pair_block *block)
{
    int64_t m = source_columns(inputs->source), n = n_most * behaviour_count(inputs);
    *block = (struct pair_block){.inputs = inputs,
                                 .behaviour = memory_allocate(n, sizeof *block->behaviour),
                                 .raw = memory_allocate_raw(n, tensor_type_size(tensor_type(inputs->behaviour))),
                                 .before = memory_allocate(m, sizeof *block->before),
                                 .after = memory_allocate(m, sizeof *block->after),
                                 .column = memory_allocate(m, sizeof *block->column),
                                 .value = memory_allocate(m, sizeof *block->value)};
    if (source_is_sparse(inputs->source))
        rows_init_sparse(&block->rows, m);
    else
        rows_init_dense(&block->rows, 0, m);
}

void pair_block_clear(struct pair_block *block)
{
    rows_clear(&block->rows);
    memory_free(block->behaviour);
    memory_free(block->raw);
    memory_free(block->before);
    memory_free(block->after);
    memory_free(block->column);
    memory_free(block->value);
    *block = (struct pair_block){0};
}

int64_t pair_block_bytes(const struct pair_inputs *inputs, int64_t n)
{
    double m = (double)source_columns(inputs->source), rows = (double)n * (double)inputs->n_probe;
    double entry = source_is_sparse(inputs->source) ? 24 : 8; /* sparse rows grow by doubling */
    double bytes = rows * inputs->row_entries * entry + 16 * rows * (double)inputs->n_behaviour + 28 * m;
    double all = bytes + (double)source_workspace_bytes(inputs->source, n);
    return all < 9e18 ? (int64_t)all : INT64_MAX;
}

enum status pair_block_read(struct pair_block *block, int64_t first, int64_t n, struct segment_list *segments)
{
    const struct pair_inputs *inputs = block->inputs;
    block->first = first;
    block->n = n;
    enum status status = source_read(inputs->source, first, n, &block->rows, segments);
    if (status == STATUS_OK)
        status = tensor_read(inputs->behaviour, first, n, block->raw, segments);
    if (status == STATUS_OK)
        status = tensor_to_double(inputs->behaviour, first, n, block->raw, block->behaviour);
    return status;
}

/* ---- what changed ---------------------------------------------------------------------------------------------- */

static int64_t add_entry(struct pair_block *block, int64_t n, int64_t column, double value)
{
    block->column[n] = (int32_t)column;
    block->value[n] = value;
    return n + (value != 0);
}

/* Entries of a dense row, or of a sparse one, that differ from those before. */
static int64_t subtract_dense(struct pair_block *block, const double *after, const double *before)
{
    int64_t n = 0;
    for (int64_t j = 0; j < block->rows.n_column; j++)
        if (after[j] != before[j])
            n = add_entry(block, n, j, after[j] - before[j]);
    return n;
}

static int64_t subtract_sparse(struct pair_block *block, int64_t row, const struct rows *x, int64_t p)
{
    const struct rows *rows = &block->rows;
    int64_t n = 0, a = rows->start[row], b = x->start[p];
    while (a < rows->start[row + 1] || b < x->start[p + 1]) {
        int64_t column_a = a < rows->start[row + 1] ? rows->column[a] : INT64_MAX;
        int64_t column_b = b < x->start[p + 1] ? x->column[b] : INT64_MAX;
        if (column_a < column_b)
            n = add_entry(block, n, column_a, rows->value[a++]);
        else if (column_b < column_a)
            n = add_entry(block, n, column_b, -x->value[b++]);
        else
            n = add_entry(block, n, column_a, rows->value[a++] - x->value[b++]);
    }
    return n;
}

/* Row `row` of the block, which is that of probe p, as a row of changes. */
static int64_t change_row(struct pair_block *block, int64_t row, const struct rows *x, int64_t p)
{
    const struct rows *rows = &block->rows;
    int64_t n = 0;
    if (!block->inputs->is_change && !rows_are_dense(rows) && !rows_are_dense(x))
        return subtract_sparse(block, row, x, p);
    if (block->inputs->is_change && !rows_are_dense(rows)) {
        for (int64_t e = rows->start[row]; e < rows->start[row + 1]; e++)
            n = add_entry(block, n, rows->column[e], rows->value[e]);
        return n;
    }
    rows_get(rows, row, block->after);
    if (!block->inputs->is_change)
        rows_get(x, p, block->before); /* else it is 0, and stays so */
    return subtract_dense(block, block->after, block->before);
}

void pair_block_change(struct pair_block *block, int64_t i, const struct shift_base *base, struct rows *change,
                       double *behaviour)
{
    const struct pair_inputs *inputs = block->inputs;
    int64_t n_probe = inputs->n_probe, n_behaviour = inputs->n_behaviour;
    ASSERT(i < block->n && base->x->n_row == n_probe && base->x->n_column == block->rows.n_column);
    rows_clear(change);
    rows_init_sparse(change, base->x->n_column);
    for (int64_t p = 0; p < n_probe; p++) {
        int64_t n = change_row(block, i * n_probe + p, base->x, p);
        rows_add(change, n, block->column, block->value);
        for (int64_t b = 0; b < n_behaviour; b++) {
            double value = block->behaviour[(i * n_probe + p) * n_behaviour + b];
            behaviour[b * n_probe + p] = inputs->is_change ? value : value - base->y[b * n_probe + p];
        }
    }
}
