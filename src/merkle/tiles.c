#include "merkle/tiles.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

void tile_path(int level, int64_t index, int width, struct text *path)
{
    char groups[8][8]; /* 3 decimal digits each, from the last; 2^63 has 19 digits */
    int n = 0;
    for (int64_t rest = index; n == 0 || rest > 0; rest /= 1000, n++)
        snprintf(groups[n], sizeof groups[n], "%s%03d", n == 0 ? "" : "x", (int)(rest % 1000));
    if (level == BUNDLE_LEVEL)
        text_add(path, "tile/entries");
    else
        text_add(path, "tile/%d", level);
    while (n-- > 0)
        text_add(path, "/%s", groups[n]);
    if (width < TILE_WIDTH)
        text_add(path, ".p/%d", width);
}

/* How many perfect subtrees a level lists: entries, hashes of entries, hashes of 256 entries, … */
static int64_t level_size(int64_t size, int level)
{
    return level <= 0 ? size : level * TILE_HEIGHT > 62 ? 0 : size >> (level * TILE_HEIGHT);
}

int tile_width(int64_t size, int level, int64_t index)
{
    int64_t left = level_size(size, level) - index * TILE_WIDTH;
    return left <= 0 ? 0 : left < TILE_WIDTH ? (int)left : TILE_WIDTH;
}

int64_t tile_count(int64_t size, int level)
{
    int64_t n = level_size(size, level);
    return n / TILE_WIDTH + (n % TILE_WIDTH != 0);
}

/* Where a tile or bundle lies; the caller owns it. */
static char *path_of(const char *log, int level, int64_t index, int width)
{
    struct text name;
    text_init(&name);
    tile_path(level, index, width, &name);
    char *path = path_join(log, name.bytes);
    text_clear(&name);
    return path;
}

static enum status load(const char *log, int level, int64_t index, int width, int64_t limit, char **bytes, size_t *n)
{
    char *path = path_of(log, level, index, width);
    enum status status = file_load(path, limit, bytes, n);
    if (status != STATUS_OK)
        status = fail(BAD_RUN, "%s", failure_sentence());
    memory_free(path);
    return status;
}

enum status tile_load(const char *log, int level, int64_t index, int width, struct hash hashes[TILE_WIDTH])
{
    char *bytes = NULL;
    size_t n = 0;
    enum status status = load(log, level, index, width, TILE_WIDTH * DIGEST_BYTES, &bytes, &n);
    if (status == STATUS_OK && n != (size_t)width * DIGEST_BYTES) {
        char *path = path_of(log, level, index, width);
        status = fail(BAD_RUN, "%s: expected %d hashes of 32 bytes, found %zu bytes", path, width, n);
        memory_free(path);
    }
    if (status == STATUS_OK)
        memcpy(hashes, bytes, n);
    memory_free(bytes);
    return status;
}

void bundle_add(struct text *bundle, const char *entry, size_t n)
{
    ASSERT(n <= UINT16_MAX);
    char length[2] = {(char)(n >> 8), (char)(n & 255)};
    text_add_bytes(bundle, length, 2);
    text_add_bytes(bundle, entry, n);
}

enum status bundle_take(char *bytes, size_t n, int width, const char *where, struct bundle *bundle)
{
    struct bundle found = {.bytes = bytes};
    size_t at = 0;
    while (found.n < width && n - at >= 2) {
        size_t length = (size_t)(uint8_t)bytes[at] << 8 | (uint8_t)bytes[at + 1];
        if (n - at - 2 < length)
            break;
        found.entry[found.n] = bytes + at + 2;
        found.length[found.n++] = length;
        at += 2 + length;
    }
    if (found.n < width || at < n) {
        memory_free(bytes);
        return fail(BAD_RUN, "%s: expected %d entries to the last byte, found %d in the first %zu of %zu bytes", where,
                    width, found.n, at, n);
    }
    *bundle = found;
    return STATUS_OK;
}

enum status bundle_load(const char *log, int64_t index, int width, struct bundle *bundle)
{
    char *bytes = NULL;
    size_t n = 0;
    enum status status = load(log, BUNDLE_LEVEL, index, width, TILE_WIDTH * (2 + UINT16_MAX), &bytes, &n);
    if (status != STATUS_OK)
        return status;
    char *path = path_of(log, BUNDLE_LEVEL, index, width);
    status = bundle_take(bytes, n, width, path, bundle);
    memory_free(path);
    return status;
}

void bundle_clear(struct bundle *bundle)
{
    memory_free(bundle->bytes);
    *bundle = (struct bundle){0};
}

enum status tile_node(void *tile_source, int level, int64_t index, struct hash *hash)
{
    const struct tile_source *source = tile_source;
    struct hash hashes[TILE_WIDTH];
    int tile_level = level / TILE_HEIGHT, height = level % TILE_HEIGHT;
    int64_t first = index << height; /* of the level's hashes */
    int64_t tile = first / TILE_WIDTH;
    int width = tile_width(source->size, tile_level, tile);
    ASSERT(first % TILE_WIDTH + (1 << height) <= width);
    enum status status = tile_load(source->log, tile_level, tile, width, hashes);
    if (status == STATUS_OK)
        merkle_root(hashes + first % TILE_WIDTH, 1 << height, hash);
    return status;
}
