/* Reading TRAK stores: npy files under names of their own, and beside them which examples they hold so far.
 * The rows of the targets, NAME_grads.mmap, have no such file and are npy as any other.
 * @source https://github.com/MadryLab/trak, trak/savers.py (0.3) */
#include "base/file.h"
#include "base/memory.h"
#include "tensor/shard.h"

enum { PIECE_ROWS = 1 << 18 };

static enum status check_shape(const struct shard *marker, const struct shard *shard)
{
    int64_t columns = marker->row_bytes / (int64_t)tensor_type_size(marker->type);
    if (marker->type == TENSOR_I32 && marker->dims[0] == shard->dims[0] && columns == 1)
        return STATUS_OK;
    return fail(BAD_INPUT, "%s: expected one i32 for each of the %lld rows of %s, found %lld rows of %lld %s",
                marker->file, (long long)shard->dims[0], shard->file, (long long)marker->dims[0], (long long)columns,
                tensor_type_name(marker->type));
}

/* TRAK lays its files out full of zeros: a row that is not marked is no gradient, but zeros that would be used. */
static enum status check_marks(struct shard *marker, const struct shard *shard)
{
    int64_t rows = marker->dims[0], n_missing = 0, first_missing = 0;
    int32_t *marks = memory_allocate(PIECE_ROWS < rows ? PIECE_ROWS : rows, sizeof *marks);
    enum status status = STATUS_OK;
    for (int64_t at = 0; at < rows && status == STATUS_OK; at += PIECE_ROWS) {
        int64_t n = PIECE_ROWS < rows - at ? PIECE_ROWS : rows - at;
        status = marker->format->read(marker, at, n, marks);
        for (int64_t i = 0; i < n && status == STATUS_OK; i++)
            if (marks[i] != 1 && n_missing++ == 0)
                first_missing = at + i;
    }
    if (status == STATUS_OK && n_missing > 0)
        status = fail(BAD_INPUT,
                      "%s: expected all %lld examples to be featurized, found %lld that are not, the first in row "
                      "%lld: %s is not complete; let TRAK featurize the rest",
                      marker->file, (long long)rows, (long long)n_missing, (long long)first_missing, shard->file);
    memory_free(marks);
    return status;
}

static enum status check_featurized(struct shard *shard)
{
    struct shard marker;
    shard_init(&marker, &npy_format, NULL, shard->companion.file, "-");
    enum status status = marker.format->open(&marker);
    if (status == STATUS_OK)
        status = marker.format->describe(&marker);
    if (status == STATUS_OK)
        status = check_shape(&marker, shard);
    if (status == STATUS_OK)
        status = check_marks(&marker, shard);
    shard->companion.mark = marker.mark;
    shard_clear(&marker);
    return status;
}

static enum status trak_describe(struct shard *shard)
{
    enum status status = npy_format.describe(shard);
    if (status != STATUS_OK)
        return status;
    shard_set_companion(shard, "_is_featurized.mmap");
    if (path_exists(shard->companion.file))
        return check_featurized(shard);
    shard_clear_companion(shard); /* older versions of TRAK kept none */
    return STATUS_OK;
}

static const char *const trak_files[] = {"features.mmap", "grads.mmap", "out_to_loss.mmap", NULL};

const struct format trak_format = {
    .separator = NULL,
    .files = trak_files,
    .kind = SEGMENT_RAW,
    .piece_bytes = 1 << 20,
    .open = shard_open_plain,
    .describe = trak_describe,
    .read = shard_read_plain,
    .close = shard_close_plain,
};
