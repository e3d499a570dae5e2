/* Some columns of rows that lie in a file as they are: the file is read as one stream, so that all of it is hashed. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "tensor/shard.h"

/* Of the bytes [begin, end) of the rows, counted from the first row asked for, those of the columns in use. */
static void copy_columns(const struct shard *shard, const char *bytes, int64_t begin, int64_t end, char *raw)
{
    int64_t stride = shard->place.stride;
    for (int64_t row = begin / stride; row * stride < end; row++) {
        int64_t column = row * stride + shard->place.column;
        int64_t from = begin > column ? begin : column;
        int64_t to = end < column + shard->row_bytes ? end : column + shard->row_bytes;
        if (from < to)
            memcpy(raw + row * shard->row_bytes + (from - column), bytes + (from - begin), (size_t)(to - from));
    }
}

enum status shard_read_columns(struct shard *shard, int64_t first, int64_t n, struct digest *digest, char *raw)
{
    int64_t offset = shard->place.offset + first * shard->place.stride, size = n * shard->place.stride;
    int64_t room = shard->format->piece_bytes < size ? shard->format->piece_bytes : size;
    char *piece = memory_allocate(room, 1);
    enum status status = STATUS_OK;
    for (int64_t begin = 0; begin < size && status == STATUS_OK; begin += room) {
        int64_t bytes = room < size - begin ? room : size - begin;
        status = file_read_at(shard->descriptor, shard->file, offset + begin, piece, (size_t)bytes);
        if (status != STATUS_OK)
            break;
        if (digest != NULL)
            digest_add(digest, piece, (size_t)bytes);
        copy_columns(shard, piece, begin, begin + bytes, raw);
    }
    memory_free(piece);
    return status;
}
