/* Segments read once more, for verification: from a list that is not trusted. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "tensor/tensor_parts.h"

enum { PIECE_BYTES = 1 << 20, LOGICAL_PIECE_BYTES = 8 << 20 };

static enum status hash_raw(const char *directory, struct segment *segment)
{
    struct shard shard;
    shard_init(&shard, &npy_format, directory, segment->path, segment->object);
    struct digest *digest = digest_create();
    char *piece = memory_allocate(PIECE_BYTES, 1);
    enum status status = shard_open_plain(&shard);
    if (status == STATUS_OK &&
        (segment->offset > shard.mark.bytes || segment->bytes > shard.mark.bytes - segment->offset))
        status = fail(BAD_INPUT, "%s: expected %lld bytes at byte %lld, found a file of %lld bytes: it is truncated",
                      shard.file, (long long)segment->bytes, (long long)segment->offset, (long long)shard.mark.bytes);
    digest_begin(digest);
    for (int64_t at = 0; at < segment->bytes && status == STATUS_OK; at += PIECE_BYTES) {
        size_t n = (size_t)(PIECE_BYTES < segment->bytes - at ? PIECE_BYTES : segment->bytes - at);
        status = file_read_at(shard.descriptor, shard.file, segment->offset + at, piece, n);
        digest_add(digest, piece, n);
    }
    if (status == STATUS_OK)
        digest_end(digest, segment->sha256);
    memory_free(piece);
    digest_destroy(digest);
    shard_clear(&shard);
    return status;
}

/* Whether the segment's numbers are those of its rows in the dataset as it is now. */
static enum status check_rows(const struct shard *shard, const struct segment *segment)
{
    int64_t rows = shard->dims[0];
    if (segment->row_first < 0 || segment->n_row < 0 || segment->n_row > rows ||
        segment->row_first > rows - segment->n_row)
        return fail(BAD_INPUT, "%s: expected %lld rows from row %lld on, found a dataset of %lld rows", shard->label,
                    (long long)segment->n_row, (long long)segment->row_first, (long long)rows);
    if (segment->offset != segment->row_first * shard->row_bytes || segment->bytes != segment->n_row * shard->row_bytes)
        return fail(BAD_INPUT,
                    "%s: expected rows %lld to %lld to be %lld bytes from byte %lld on, found rows of %lld bytes",
                    shard->label, (long long)segment->row_first, (long long)(segment->row_first + segment->n_row),
                    (long long)segment->bytes, (long long)segment->offset, (long long)shard->row_bytes);
    return STATUS_OK;
}

static enum status hash_rows(struct shard *shard, struct segment *segment)
{
    int64_t piece_rows = LOGICAL_PIECE_BYTES / shard->row_bytes;
    piece_rows = piece_rows < 1 ? 1 : piece_rows;
    piece_rows = piece_rows < segment->n_row ? piece_rows : segment->n_row;
    struct digest *digest = digest_create();
    char *piece = memory_allocate(piece_rows * shard->row_bytes, 1);
    enum status status = STATUS_OK;
    digest_begin(digest);
    for (int64_t at = 0; at < segment->n_row && status == STATUS_OK; at += piece_rows) {
        int64_t rows = piece_rows < segment->n_row - at ? piece_rows : segment->n_row - at;
        status = shard->format->read(shard, segment->row_first + at, rows, piece);
        digest_add(digest, piece, (size_t)(rows * shard->row_bytes));
    }
    if (status == STATUS_OK)
        digest_end(digest, segment->sha256);
    memory_free(piece);
    digest_destroy(digest);
    return status;
}

static enum status hash_logical(const char *directory, struct segment *segment)
{
    struct shard shard;
    shard_init(&shard, &hdf5_format, directory, segment->path, segment->object);
    enum status status = shard.format->open(&shard);
    if (status == STATUS_OK)
        status = shard.format->describe(&shard);
    if (status == STATUS_OK)
        status = check_rows(&shard, segment);
    if (status == STATUS_OK)
        status = hash_rows(&shard, segment);
    shard_clear(&shard);
    return status;
}

enum status segment_hash(const char *directory, struct segment *segment)
{
    if (segment->offset < 0 || segment->bytes < 0)
        return fail(BAD_INPUT, "%s: expected a segment of the file, found %lld bytes at byte %lld", segment->path,
                    (long long)segment->bytes, (long long)segment->offset);
    return segment->kind == SEGMENT_LOGICAL ? hash_logical(directory, segment) : hash_raw(directory, segment);
}
