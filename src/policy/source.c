#include "policy/source.h"

#include "base/memory.h"
#include "policy/source_parts.h"

enum { ENCODED_ROWS = 1024 }; /* rows of activations held as doubles at a time, or one item's */

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    for (int t = 0; t < SOURCE_MAX_TENSORS; t++)
        tensor_close(source->tensor[t]);
    sae_encoder_destroy(source->encoder);
    sae_close(source->sae);
    memory_free(source->description);
    memory_free(source);
}

int64_t source_items(const struct source *source)
{
    return source->n_item;
}

int64_t source_columns(const struct source *source)
{
    return source->n_column;
}

bool source_is_sparse(const struct source *source)
{
    return source->kind != SOURCE_DENSE;
}

const char *source_description(const struct source *source)
{
    return source->description;
}

int source_tensors(const struct source *source, struct tensor **list)
{
    int n = 0;
    for (int t = 0; t < SOURCE_MAX_TENSORS; t++)
        if (source->tensor[t] != NULL)
            list[n++] = source->tensor[t];
    return n;
}

enum status source_list(struct source *source, int64_t first, int64_t n, struct segment_list *segments)
{
    ASSERT(first >= 0 && n >= 0 && n <= source->n_item && first <= source->n_item - n);
    if (source->kind == SOURCE_SPARSE)
        return source_sparse_list(source, first, n, segments);
    tensor_list(source->tensor[TENSOR_VALUES], first * source->tensor_rows, n * source->tensor_rows, segments);
    return STATUS_OK;
}

enum status source_list_encoder(const struct source *source, struct segment_list *segments)
{
    for (int64_t i = 0; source->sae != NULL && !source->is_borrower && i < source->sae->files.n; i++)
        segments_add(segments, &source->sae->files.items[i]);
    return STATUS_OK;
}

/* Rows of the tensor of activations that are encoded at a time. */
static int64_t rows_at_once(const struct source *source, int64_t n)
{
    int64_t rows = ENCODED_ROWS * source->tensor_rows / source->n_probe;
    rows = rows > 0 ? rows : 1;
    return rows < n ? rows : n;
}

/* a · b, or INT64_MAX if that is more. */
static int64_t product(int64_t a, int64_t b)
{
    int64_t result;
    return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;
    return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

int64_t source_workspace_bytes(const struct source *source, int64_t n)
{
    if (source->kind == SOURCE_SPARSE)
        return source_sparse_workspace(source, n);
    const struct tensor *tensor = source->tensor[TENSOR_VALUES];
    int64_t rows = product(n, source->tensor_rows), columns = tensor_columns(tensor);
    int64_t raw = product(rows, columns * (int64_t)tensor_type_size(tensor_type(tensor)));
    if (source->kind == SOURCE_DENSE)
        return raw;
    int64_t doubles = product(rows_at_once(source, rows), columns * (int64_t)sizeof(double));
    return sum(sum(raw, doubles), sae_encoder_bytes(source->sae, source->backend));
}

int64_t source_encoder_bytes(const struct source *source)
{
    return source->sae == NULL || source->is_borrower ? 0 : sae_bytes(source->sae);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static enum status encode(struct source *source, int64_t first, int64_t n, const char *raw, struct rows *rows)
{
    const struct tensor *tensor = source->tensor[TENSOR_VALUES];
    int64_t at_once = rows_at_once(source, n), columns = tensor_columns(tensor);
    int64_t row_bytes = columns * (int64_t)tensor_type_size(tensor_type(tensor));
    int64_t rows_per = source->n_probe / source->tensor_rows; /* rows of activations in a row of the tensor */
    double *values = memory_allocate_raw(at_once * columns, sizeof *values);
    enum status status = STATUS_OK;
    for (int64_t at = 0; at < n && status == STATUS_OK; at += at_once) {
        int64_t count = at_once < n - at ? at_once : n - at;
        status = tensor_to_double(tensor, first + at, count, raw + at * row_bytes, values);
        struct sae_input input = {tensor_name(tensor), (first + at) * rows_per, count * rows_per, values};
        if (status == STATUS_OK)
            status = sae_encode(source->encoder, &input, rows);
    }
    memory_free(values);
    return status;
}

/* Rows [first, first + n) of the one tensor of dense features or activations. */
static enum status read_matrix(struct source *source, int64_t first, int64_t n, struct rows *rows,
                               struct segment_list *segments)
{
    struct tensor *tensor = source->tensor[TENSOR_VALUES];
    char *raw = memory_allocate_raw(n * tensor_columns(tensor), tensor_type_size(tensor_type(tensor)));
    enum status status = tensor_read(tensor, first, n, raw, segments);
    if (status == STATUS_OK)
        status = source->kind == SOURCE_DENSE ? tensor_to_double(tensor, first, n, raw, rows->dense)
                                              : encode(source, first, n, raw, rows);
    memory_free(raw);
    return status;
}

static void start_rows(const struct source *source, int64_t n, struct rows *rows)
{
    rows_clear(rows);
    if (source->kind == SOURCE_DENSE)
        rows_init_dense(rows, n * source->n_probe, source->n_column);
    else
        rows_init_sparse(rows, source->n_column);
}

enum status source_read(struct source *source, int64_t first, int64_t n, struct rows *rows,
                        struct segment_list *segments)
{
    ASSERT(first >= 0 && n >= 0 && n <= source->n_item && first <= source->n_item - n);
    start_rows(source, n, rows);
    enum status status;
    if (source->kind == SOURCE_SPARSE)
        status = source_sparse_read(source, first, n, rows, segments);
    else
        status = read_matrix(source, first * source->tensor_rows, n * source->tensor_rows, rows, segments);
    if (status != STATUS_OK)
        start_rows(source, 0, rows);
    return status;
}
