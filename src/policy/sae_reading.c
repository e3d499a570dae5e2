#include "policy/sae_reading.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"

enum status sae_reading_open(struct sae_reading *reading, const char *object, struct tensor **tensor)
{
    ASSERT(reading->n_tensor < SAE_MAX_TENSORS);
    struct text name;
    text_init(&name);
    text_add(&name, "%s#%s", reading->sae->weights_file, object);
    enum status status = tensor_open(reading->directory, name.bytes, tensor);
    text_clear(&name);
    if (status != STATUS_OK)
        return status;
    reading->tensors[reading->n_tensor++] = *tensor;
    enum tensor_type type = tensor_type(*tensor);
    if (type != TENSOR_F16 && type != TENSOR_BF16 && type != TENSOR_F32)
        return fail(BAD_INPUT, "%s: expected f16, bf16 or f32, found %s", tensor_name(*tensor), tensor_type_name(type));
    return STATUS_OK;
}

enum status sae_reading_check(const struct sae_reading *reading, const struct tensor *tensor, int64_t n_row,
                              int64_t n_column)
{
    int64_t dims[TENSOR_MAX_DIM];
    int n_dim = tensor_dimensions(tensor, dims), expected = n_column > 0 ? 2 : 1;
    if (n_dim == expected && dims[0] == n_row && (expected == 1 || dims[1] == n_column))
        return STATUS_OK;
    struct text found;
    text_init(&found);
    for (int d = 0; d < n_dim; d++)
        text_add(&found, "%s%lld", d ? ", " : "", (long long)dims[d]);
    char column[32] = "";
    if (expected == 2)
        snprintf(column, sizeof column, ", %lld", (long long)n_column);
    enum status status = fail(BAD_INPUT,
                              "%s: expected shape [%lld%s], since %s is of %lld activations and %lld features, found "
                              "[%s]: the tensors do not belong to one autoencoder",
                              tensor_name(tensor), (long long)n_row, column, reading->weights_name,
                              (long long)reading->sae->d_in, (long long)reading->sae->d_sae, found.bytes);
    text_clear(&found);
    return status;
}

static enum status read_rows(struct sae_reading *reading, struct tensor *tensor, int64_t first, int64_t n, void *raw)
{
    tensor_list(tensor, first, n, &reading->sae->files);
    return tensor_read(tensor, first, n, raw, reading->segments);
}

/* Blocks end where segments do. */
static int64_t block_rows(const struct tensor *tensor)
{
    int64_t rows = SEGMENT_LIMIT / (tensor_columns(tensor) * (int64_t)tensor_type_size(tensor_type(tensor)));
    rows = rows > 0 ? rows : 1;
    return rows < tensor_rows(tensor) ? rows : tensor_rows(tensor);
}

enum status sae_reading_for_each(struct sae_reading *reading, struct tensor *tensor,
                                 void (*use)(const struct sae_block *block, void *to), void *to)
{
    int64_t at_once = block_rows(tensor), columns = tensor_columns(tensor), rows = tensor_rows(tensor);
    char *raw = memory_allocate_raw(at_once * columns, tensor_type_size(tensor_type(tensor)));
    struct sae_block block = {.n_column = columns, .values = memory_allocate_raw(at_once * columns, sizeof(float))};
    enum status status = STATUS_OK;
    for (; block.first < rows && status == STATUS_OK; block.first += at_once) {
        block.n = at_once < rows - block.first ? at_once : rows - block.first;
        status = read_rows(reading, tensor, block.first, block.n, raw);
        if (status == STATUS_OK)
            status = tensor_to_float(tensor, block.first, block.n, raw, block.values);
        if (status == STATUS_OK)
            use(&block, to);
    }
    tensor_rest(tensor);
    memory_free(block.values);
    memory_free(raw);
    return status;
}

void sae_reading_list(struct sae_reading *reading, const struct tensor *tensor)
{
    int64_t at_once = block_rows(tensor), rows = tensor_rows(tensor);
    for (int64_t first = 0; first < rows; first += at_once)
        tensor_list(tensor, first, at_once < rows - first ? at_once : rows - first, &reading->sae->files);
}

enum status sae_reading_finish(struct sae_reading *reading)
{
    struct segment_list gaps;
    segments_init(&gaps);
    enum status status = tensor_gaps(reading->tensors, reading->n_tensor, &gaps);
    for (int64_t i = 0; i < gaps.n && status == STATUS_OK; i++) {
        segments_add(&reading->sae->files, &gaps.items[i]);
        if (reading->segments == NULL)
            continue;
        status = segment_hash(reading->directory, &gaps.items[i]);
        if (status == STATUS_OK)
            segments_add(reading->segments, &gaps.items[i]);
    }
    segments_clear(&gaps);
    return status;
}

void sae_reading_close(struct sae_reading *reading)
{
    for (int i = 0; i < reading->n_tensor; i++)
        tensor_close(reading->tensors[i]);
}
