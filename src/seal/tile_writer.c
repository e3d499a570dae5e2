#include "seal/tile_writer.h"

#include "base/file.h"
#include "base/memory.h"

void tile_writer_begin(struct tile_writer *writer, const char *log)
{
    writer->log = log;
    text_init(&writer->bundle);
    range_init(&writer->range, 0);
}

void tile_writer_clear(struct tile_writer *writer)
{
    text_clear(&writer->bundle);
}

static enum status store(const struct tile_writer *writer, int level, int64_t index, int width)
{
    struct text name;
    text_init(&name);
    tile_path(level, index, width, &name);
    char *path = path_join(writer->log, name.bytes);
    bool is_bundle = level == BUNDLE_LEVEL;
    const void *bytes = is_bundle ? (const void *)writer->bundle.bytes : writer->hashes[level];
    enum status status =
        file_store(path, bytes, is_bundle ? writer->bundle.length : (size_t)width * DIGEST_BYTES, 0666);
    memory_free(path);
    text_clear(&name);
    return status;
}

/* Puts a hash into its level's tile; a full tile is stored, and its root goes one level up. */
static enum status add_hash(struct tile_writer *writer, struct hash hash)
{
    int64_t count = writer->range.end; /* of hashes at this level, this one included */
    for (int level = 0; level <= TILE_MAX_LEVEL; level++, count /= TILE_WIDTH) {
        writer->hashes[level][(count - 1) % TILE_WIDTH] = hash;
        if (count % TILE_WIDTH != 0)
            return STATUS_OK;
        enum status status = store(writer, level, count / TILE_WIDTH - 1, TILE_WIDTH);
        if (status != STATUS_OK)
            return status;
        merkle_root(writer->hashes[level], TILE_WIDTH, &hash);
    }
    return STATUS_OK;
}

enum status tile_writer_add(struct tile_writer *writer, const char *entry, size_t n)
{
    struct hash leaf;
    enum status status = STATUS_OK;
    merkle_leaf(entry, n, &leaf);
    bundle_add(&writer->bundle, entry, n);
    range_add(&writer->range, 0, &leaf);
    if (writer->range.end % TILE_WIDTH == 0) {
        status = store(writer, BUNDLE_LEVEL, writer->range.end / TILE_WIDTH - 1, TILE_WIDTH);
        writer->bundle.length = 0;
    }
    return status != STATUS_OK ? status : add_hash(writer, leaf);
}

enum status tile_writer_end(struct tile_writer *writer, struct hash *root)
{
    int64_t size = writer->range.end;
    enum status status = STATUS_OK;
    for (int level = BUNDLE_LEVEL; level <= TILE_MAX_LEVEL && status == STATUS_OK; level++) {
        int64_t last = tile_count(size, level) - 1;
        int width = last < 0 ? 0 : tile_width(size, level, last);
        if (width > 0 && width < TILE_WIDTH)
            status = store(writer, level, last, width);
    }
    if (status == STATUS_OK)
        range_root(&writer->range, root);
    return status;
}
