#include "records/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"

/* Small pieces, so that little is read beside the rows that are wanted; larger ones where there would be too many of
 * them to keep: 12 MiB. */
enum { SMALLEST = 1 << 16, PIECES_MOST = 1 << 18 };

void pieces_plan(int64_t bytes, int64_t *piece_bytes, int64_t *n)
{
    *piece_bytes = SMALLEST;
    while (*piece_bytes < SEGMENT_LIMIT && bytes / *piece_bytes >= PIECES_MOST)
        *piece_bytes *= 2;
    *n = bytes / *piece_bytes + (bytes % *piece_bytes != 0);
}

enum status pieces_open(const char *directory, const char *name, struct pieces *pieces)
{
    *pieces = (struct pieces){.path = path_join(directory, name), .name = name};
    enum status status = file_size(pieces->path, &pieces->bytes);
    if (status != STATUS_OK) {
        pieces_close(pieces);
        return status;
    }
    pieces_plan(pieces->bytes, &pieces->piece_bytes, &pieces->n);
    pieces->n_segment = pieces->bytes > 0 ? (pieces->bytes - 1) / SEGMENT_LIMIT + 1 : 1;
    pieces->items = memory_allocate(pieces->n, sizeof *pieces->items);
    return STATUS_OK;
}

void pieces_close(struct pieces *pieces)
{
    memory_free(pieces->items);
    memory_free(pieces->path);
    *pieces = (struct pieces){0};
}

void pieces_of_segment(const struct pieces *pieces, int64_t s, int64_t *first, int64_t *end)
{
    int64_t per_segment = SEGMENT_LIMIT / pieces->piece_bytes;
    *first = s * per_segment < pieces->n ? s * per_segment : pieces->n;
    *end = (s + 1) * per_segment < pieces->n ? (s + 1) * per_segment : pieces->n;
}

static int64_t bytes_of(const struct pieces *pieces, int64_t p)
{
    int64_t left = pieces->bytes - p * pieces->piece_bytes;
    return left < pieces->piece_bytes ? left : pieces->piece_bytes;
}

static int64_t count_feeds(const char *bytes, int64_t n)
{
    int64_t count = 0;
    for (const char *at = bytes, *end = bytes + n; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

static enum status hash_piece(struct pieces *pieces, int descriptor, int64_t p, char *bytes)
{
    int64_t n = bytes_of(pieces, p);
    enum status status = file_read_at(descriptor, pieces->path, p * pieces->piece_bytes, bytes, (size_t)n);
    if (status != STATUS_OK)
        return status;
    struct piece *piece = &pieces->items[p];
    digest_of(bytes, (size_t)n, piece->sha256);
    piece->n_feed = count_feeds(bytes, n);
    piece->ends_line = bytes[n - 1] == '\n';
    return STATUS_OK;
}

static enum status open_file(const struct pieces *pieces, int *descriptor)
{
    *descriptor = open(pieces->path, O_RDONLY | O_CLOEXEC);
    return *descriptor >= 0 ? STATUS_OK : fail(BAD_INPUT, "%s: cannot be opened: %s", pieces->path, strerror(errno));
}

enum status pieces_hash(struct pieces *pieces, int64_t s, struct segment_list *segments)
{
    int64_t first, end;
    int descriptor;
    pieces_of_segment(pieces, s, &first, &end);
    enum status status = open_file(pieces, &descriptor);
    if (status != STATUS_OK)
        return status;
    char *bytes = memory_allocate_raw(pieces->piece_bytes, 1);
    struct digest *digest = digest_create();
    struct segment segment = {
        .path = (char *)pieces->name, .object = (char *)"-", .kind = SEGMENT_RAW, .offset = s * SEGMENT_LIMIT};
    digest_begin(digest);
    for (int64_t p = first; p < end && status == STATUS_OK; p++) {
        status =
            stop_requested()
                ? fail(STOPPED, "%s: stopped on request while it was read; run the same command again", pieces->name)
                : hash_piece(pieces, descriptor, p, bytes);
        if (status == STATUS_OK)
            digest_add(digest, bytes, (size_t)bytes_of(pieces, p));
        segment.bytes += bytes_of(pieces, p);
    }
    digest_end(digest, segment.sha256);
    if (status == STATUS_OK)
        segments_add(segments, &segment);
    digest_destroy(digest);
    memory_free(bytes);
    close(descriptor);
    return status;
}

void pieces_count(struct pieces *pieces)
{
    int64_t before = 0;
    for (int64_t p = 0; p < pieces->n; p++) {
        int64_t n = pieces->items[p].n_feed;
        pieces->items[p].n_feed = before;
        before += n;
    }
    bool open_end = pieces->n > 0 && !pieces->items[pieces->n - 1].ends_line; /* the last line may end with the file */
    pieces->n_line = before + open_end;
}

enum status pieces_read(const struct pieces *pieces, int descriptor, int64_t p, char *bytes, int64_t *n)
{
    uint8_t sha256[DIGEST_BYTES];
    *n = bytes_of(pieces, p);
    enum status status = file_read_at(descriptor, pieces->path, p * pieces->piece_bytes, bytes, (size_t)*n);
    if (status != STATUS_OK)
        return status;
    digest_of(bytes, (size_t)*n, sha256);
    if (memcmp(sha256, pieces->items[p].sha256, DIGEST_BYTES) == 0)
        return STATUS_OK;
    return fail(BAD_INPUT,
                "%s: bytes %lld to %lld were read twice and differed: the file changed during the job; run it again "
                "when nothing writes to its inputs",
                pieces->name, (long long)(p * pieces->piece_bytes), (long long)(p * pieces->piece_bytes + *n));
}

/* Line 1 begins in piece 0, and line k + 1 behind the k-th line feed: in the next piece where that ends one. */
int64_t pieces_find_line(const struct pieces *pieces, int64_t number)
{
    ASSERT(number >= 1 && number <= pieces->n_line);
    int64_t low = 0, high = pieces->n; /* the last piece with fewer than number − 1 feeds before it, or the first */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (pieces->items[middle].n_feed < number - 1)
            low = middle;
        else
            high = middle;
    }
    if (number == 1)
        return 0;
    bool in_next = pieces->items[low].ends_line && low + 1 < pieces->n && pieces->items[low + 1].n_feed == number - 1;
    return low + in_next;
}
