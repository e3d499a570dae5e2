#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "table/inputs.h"
#include "table/read.h"

enum { WIDEST_NAME = 1 << 16, BLOCK_ROWS = 256 };

/* All six must be there, as inputs_datasets shapes them, with the same number of rows. */
static enum status check_shape(const struct table_reader *reader, int i, const struct dataset *shape, int64_t n)
{
    const struct dataset *expected = &input_shapes[i];
    if (shape == NULL)
        return fail(BAD_INPUT, "%s: expected a list of inputs, found no dataset %s", reader->path, expected->path);
    bool same = shape->type == expected->type && shape->n_dim == expected->n_dim;
    if (!same || (shape->n_dim == 2 && shape->dims[1] != expected->dims[1]))
        return fail(BAD_INPUT, "%s: %s: expected %s in %d dimensions, found %s in %d, or of another width",
                    reader->path, shape->path, table_type_name(expected->type), expected->n_dim,
                    table_type_name(shape->type), shape->n_dim);
    if (n >= 0 && shape->dims[0] != n)
        return fail(BAD_INPUT, "%s: %s: expected %lld rows like %s, found %lld", reader->path, shape->path,
                    (long long)n, input_shapes[0].path, (long long)shape->dims[0]);
    if (shape->string_bytes > WIDEST_NAME)
        return fail(BAD_INPUT, "%s: %s: expected names of at most %d bytes, found %lld", reader->path, shape->path,
                    WIDEST_NAME, (long long)shape->string_bytes);
    return STATUS_OK;
}

static int64_t get_int64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return (int64_t)value;
}

/* A zero-padded string as a text that the caller owns; NULL unless it is valid UTF-8 and not empty. */
static char *get_text(const uint8_t *bytes, int64_t width)
{
    char *text = memory_allocate(width + 1, 1);
    int64_t n = width;
    memcpy(text, bytes, (size_t)width);
    while (n > 0 && text[n - 1] == 0)
        n--;
    if (n > 0 && utf8_is_valid(text, (size_t)n))
        return text;
    memory_free(text);
    return NULL;
}

/* A block of rows, one array per dataset. */
struct block {
    const struct dataset *shapes[N_INPUT_DATASETS]; /* borrowed */
    uint8_t *rows[N_INPUT_DATASETS];                /* owned; BLOCK_ROWS each */
};

/* Row i of the block; false when it says what no segment can. */
static bool add_row(const struct block *block, int64_t i, struct segment_list *segments)
{
    const uint8_t *at[N_INPUT_DATASETS];
    for (int j = 0; j < N_INPUT_DATASETS; j++)
        at[j] = block->rows[j] + i * dataset_row_bytes(block->shapes[j]);
    struct segment segment = {.path = get_text(at[INPUT_PATH], block->shapes[INPUT_PATH]->string_bytes),
                              .object = get_text(at[INPUT_OBJECT], block->shapes[INPUT_OBJECT]->string_bytes),
                              .kind = (enum segment_kind)at[INPUT_KIND][0],
                              .offset = get_int64(at[INPUT_PLACE]),
                              .bytes = get_int64(at[INPUT_COUNT]),
                              .row_first = get_int64(at[INPUT_PLACE] + 8),
                              .n_row = get_int64(at[INPUT_COUNT] + 8)};
    memcpy(segment.sha256, at[INPUT_SHA256], DIGEST_BYTES);
    bool good = segment.path != NULL && segment.object != NULL && at[INPUT_KIND][0] <= SEGMENT_LOGICAL &&
                segment.offset >= 0 && segment.bytes >= 0 && segment.bytes <= INT64_MAX - segment.offset &&
                segment.row_first >= 0 && segment.n_row >= 0 && segment.n_row <= INT64_MAX - segment.row_first;
    if (good)
        segments_add(segments, &segment);
    memory_free(segment.path);
    memory_free(segment.object);
    return good;
}

static enum status add_block(struct table_reader *reader, const struct block *block, int64_t first, int64_t n,
                             struct segment_list *segments)
{
    for (int i = 0; i < N_INPUT_DATASETS; i++) {
        enum status status = table_read(reader, block->shapes[i]->path, first, n, block->rows[i]);
        if (status != STATUS_OK)
            return status;
    }
    for (int64_t i = 0; i < n; i++)
        if (!add_row(block, i, segments))
            return fail(BAD_INPUT,
                        "%s: /inputs: row %lld: expected a path and an object in UTF-8, kind 0 or 1, and bytes and "
                        "rows from 0 to 2^63",
                        reader->path, (long long)(first + i));
    return STATUS_OK;
}

enum status inputs_read(struct table_reader *reader, struct segment_list *segments)
{
    struct block block = {.rows = {NULL}};
    enum status status = STATUS_OK;
    int64_t n = -1;
    for (int i = 0; status == STATUS_OK && i < N_INPUT_DATASETS; i++) {
        block.shapes[i] = table_find(reader, input_shapes[i].path);
        status = check_shape(reader, i, block.shapes[i], n);
        if (status == STATUS_OK) {
            n = block.shapes[i]->dims[0];
            block.rows[i] = memory_allocate(BLOCK_ROWS, (size_t)dataset_row_bytes(block.shapes[i]));
        }
    }
    struct segment_list found;
    segments_init(&found);
    for (int64_t first = 0; status == STATUS_OK && first < n; first += BLOCK_ROWS)
        status = add_block(reader, &block, first, n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS, &found);
    for (int64_t i = 0; status == STATUS_OK && i < found.n; i++)
        segments_add(segments, &found.items[i]);
    segments_clear(&found);
    for (int i = 0; i < N_INPUT_DATASETS; i++)
        memory_free(block.rows[i]);
    return status;
}
