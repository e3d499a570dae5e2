#include "tensor/tensor.h"

#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/stop.h"
#include "tensor/tensor_parts.h"

static enum status refuse_shard(const struct shard *shard, const struct shard *like)
{
    struct text expected, found;
    text_init(&expected);
    text_init(&found);
    tensor_add_shape(&expected, like->n_dim, like->dims);
    tensor_add_shape(&found, shard->n_dim, shard->dims);
    enum status status = fail(BAD_INPUT,
                              "%s: expected %s %s in all but the first dimension, as in %s, found %s %s: all shards "
                              "must be rows of one tensor",
                              shard->label, tensor_type_name(like->type), expected.bytes, like->file,
                              tensor_type_name(shard->type), found.bytes);
    text_clear(&found);
    text_clear(&expected);
    return status;
}

static enum status refuse_layout(const struct shard *shard, const struct shard *like)
{
    return fail(BAD_INPUT,
                "%s: expected columns of the same names and sizes in the same order as in %s, found others: all shards "
                "must be rows of one tensor",
                shard->label, like->file);
}

static bool is_alike(const struct shard *a, const struct shard *b)
{
    return a->type == b->type && a->n_dim == b->n_dim &&
           memcmp(a->dims + 1, b->dims + 1, (size_t)(a->n_dim - 1) * sizeof *a->dims) == 0;
}

/* Reads every header once; no file stays open. */
static enum status describe_shards(struct tensor *tensor)
{
    int64_t rows = 0, bytes = 0;
    for (int64_t i = 0; i < tensor->n_shard; i++) {
        struct shard *shard = &tensor->shards[i];
        enum status status = shard->format->open(shard);
        if (status == STATUS_OK)
            status = shard->format->describe(shard);
        shard->format->close(shard);
        if (status == STATUS_OK && !is_alike(shard, &tensor->shards[0]))
            status = refuse_shard(shard, &tensor->shards[0]);
        if (status == STATUS_OK && memcmp(shard->layout, tensor->shards[0].layout, sizeof shard->layout) != 0)
            status = refuse_layout(shard, &tensor->shards[0]);
        if (status != STATUS_OK)
            return status;
        shard->row_first = rows;
        if (__builtin_add_overflow(bytes, shard_bytes(shard), &bytes) ||
            __builtin_add_overflow(rows, shard->dims[0], &rows))
            return fail(BAD_INPUT, "%s: expected less than 2^63 bytes in all shards together", tensor->name);
    }
    tensor->rows = rows;
    return STATUS_OK;
}

enum status tensor_open(const char *directory, const char *name, struct tensor **tensor)
{
    struct tensor *opened = memory_allocate(1, sizeof *opened);
    struct path_list paths = {0};
    opened->name = memory_copy_text(name);
    opened->digest = digest_create();
    enum status status = tensor_place_parse(name, &opened->place);
    if (status == STATUS_OK)
        status = tensor_paths_find(directory, opened->place.pattern, &paths);
    if (status == STATUS_OK) {
        opened->n_shard = paths.n;
        opened->shards = memory_allocate(paths.n, sizeof *opened->shards);
        for (int64_t i = 0; i < paths.n; i++)
            shard_init(&opened->shards[i], format_of(opened->place.separator, paths.items[i]), directory,
                       paths.items[i], opened->place.object);
        status = describe_shards(opened);
    }
    tensor_paths_clear(&paths);
    if (status != STATUS_OK) {
        tensor_close(opened);
        return status;
    }
    *tensor = opened;
    return STATUS_OK;
}

void tensor_close(struct tensor *tensor)
{
    if (tensor == NULL)
        return;
    for (int64_t i = 0; i < tensor->n_shard; i++)
        shard_clear(&tensor->shards[i]);
    memory_free(tensor->shards);
    tensor_place_clear(&tensor->place);
    digest_destroy(tensor->digest);
    memory_free(tensor->name);
    memory_free(tensor);
}

enum tensor_type tensor_type(const struct tensor *tensor)
{
    return tensor->shards[0].type;
}

int64_t tensor_rows(const struct tensor *tensor)
{
    return tensor->rows;
}

int64_t tensor_columns(const struct tensor *tensor)
{
    return tensor->shards[0].row_bytes / (int64_t)tensor_type_size(tensor->shards[0].type);
}

int tensor_dimensions(const struct tensor *tensor, int64_t dims[TENSOR_MAX_DIM])
{
    memcpy(dims, tensor->shards[0].dims, sizeof tensor->shards[0].dims);
    dims[0] = tensor->rows;
    return tensor->shards[0].n_dim;
}

bool tensor_is_hdf5(const struct tensor *tensor)
{
    return tensor->shards[0].format == &hdf5_format;
}

const char *tensor_name(const struct tensor *tensor)
{
    return tensor->name;
}

const struct shard *tensor_shard_of(const struct tensor *tensor, int64_t row)
{
    /* The last shard that begins at or before the row: shards without rows come before the one that holds it. */
    int64_t low = 0, high = tensor->n_shard;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (tensor->shards[middle].row_first <= row)
            low = middle;
        else
            high = middle;
    }
    return &tensor->shards[low];
}

static enum status use_shard(struct tensor *tensor, struct shard *shard)
{
    if (tensor->open != NULL && tensor->open != shard)
        tensor->open->format->close(tensor->open);
    tensor->open = shard;
    return shard_reopen(shard);
}

/* Each piece is hashed while it is still in the cache. */
static enum status read_rows(struct shard *shard, int64_t first, int64_t n, struct digest *digest, char *raw)
{
    int64_t piece = shard->format->piece_bytes / shard->row_bytes;
    piece = piece < 1 ? 1 : piece;
    enum status status = STATUS_OK;
    for (int64_t at = 0; at < n && status == STATUS_OK; at += piece) {
        int64_t rows = piece < n - at ? piece : n - at;
        char *to = raw + at * shard->row_bytes;
        if (stop_requested())
            return fail(STOPPED, "%s: stopped on request while it was read; run the same command again", shard->file);
        status = shard->format->read(shard, first + at, rows, to);
        if (status == STATUS_OK && digest != NULL)
            digest_add(digest, to, (size_t)(rows * shard->row_bytes));
    }
    return status;
}

/* The rows of `segment` into raw; if `hash`, sets its digest. */
static enum status read_shard(struct tensor *tensor, struct shard *shard, char *raw, struct segment *segment, bool hash)
{
    struct digest *digest = hash ? tensor->digest : NULL;
    enum status status = use_shard(tensor, shard);
    if (status != STATUS_OK)
        return status;
    digest_begin(tensor->digest);
    if (shard->row_bytes == shard->place.stride)
        status = read_rows(shard, segment->row_first, segment->n_row, digest, raw);
    else
        status = shard_read_columns(shard, segment->row_first, segment->n_row, digest, raw);
    if (status == STATUS_OK && hash)
        digest_end(tensor->digest, segment->sha256);
    return status;
}

enum status tensor_read(struct tensor *tensor, int64_t first, int64_t n, void *raw, struct segment_list *segments)
{
    struct segment_list touched;
    segments_init(&touched);
    tensor_list(tensor, first, n, &touched);
    enum status status = STATUS_OK;
    char *to = raw;
    for (int64_t i = 0; i < touched.n && status == STATUS_OK; i++) {
        struct shard *shard = (struct shard *)tensor_shard_of(tensor, first);
        status = read_shard(tensor, shard, to, &touched.items[i], segments != NULL);
        first += touched.items[i].n_row;
        to += touched.items[i].n_row * shard->row_bytes;
    }
    for (int64_t i = 0; i < touched.n && status == STATUS_OK && segments != NULL; i++)
        segments_add(segments, &touched.items[i]);
    segments_clear(&touched);
    return status;
}

void tensor_rest(struct tensor *tensor)
{
    if (tensor->open != NULL)
        tensor->open->format->close(tensor->open);
    tensor->open = NULL;
}
