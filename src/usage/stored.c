/* The stored tree, as proofs read it. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "usage/store.h"

static bool has_shape(const struct table_reader *reader, const char *path, enum table_type type, int64_t rows,
                      int64_t columns)
{
    const struct dataset *shape = table_find(reader, path);
    return shape != NULL && shape->type == type && shape->dims[0] == rows &&
           (columns == 0 ? shape->n_dim == 1 : shape->n_dim == 2 && shape->dims[1] == columns);
}

enum status usage_stored_open(const char *run_directory, int64_t size, struct usage_stored *stored)
{
    char *path = path_join(run_directory, USAGE_FILE);
    *stored = (struct usage_stored){.size = size};
    enum status status = table_open(path, &stored->reader);
    const struct dataset *leaf = status == STATUS_OK ? table_find(stored->reader, "/leaves/leaf") : NULL;
    if (size < 0 && leaf != NULL)
        size = stored->size = dataset_rows(leaf);
    if (status != STATUS_OK)
        status = fail(BAD_RUN, "%s", failure_sentence());
    else if (!has_shape(stored->reader, "/leaves/leaf", TABLE_U8, size, LEAF_BYTES) ||
             !has_shape(stored->reader, "/leaves/sample", TABLE_I64, size, 0) ||
             !has_shape(stored->reader, "/nodes/group", TABLE_U8, size / GROUP_LEAVES, DIGEST_BYTES))
        status = fail(BAD_RUN, "%s: expected a tree of %lld samples, found another file: seal the run again", path,
                      (long long)(size < 0 ? 0 : size));
    memory_free(path);
    return status;
}

void usage_stored_close(struct usage_stored *stored)
{
    table_reader_close(stored->reader);
    *stored = (struct usage_stored){0};
}

enum status usage_stored_leaves(const struct usage_stored *stored, int64_t first, int64_t n, struct leaf *leaves)
{
    uint8_t(*bytes)[LEAF_BYTES] = memory_allocate_raw(n, sizeof *bytes);
    int64_t *samples = memory_allocate_raw(n, sizeof *samples);
    enum status status = table_read(stored->reader, "/leaves/leaf", first, n, bytes);
    if (status == STATUS_OK)
        status = table_read(stored->reader, "/leaves/sample", first, n, samples);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        memcpy(&leaves[i], bytes[i], LEAF_BYTES);
        leaves[i].sample = samples[i];
    }
    memory_free(bytes);
    memory_free(samples);
    return status;
}

enum status usage_stored_find(const struct usage_stored *stored, const void *leaf, size_t n_byte, int64_t *index)
{
    int64_t low = 0, high = stored->size;
    uint8_t bytes[LEAF_BYTES];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        enum status status = table_read(stored->reader, "/leaves/leaf", middle, 1, bytes);
        if (status != STATUS_OK)
            return status;
        if (memcmp(bytes, leaf, n_byte) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return STATUS_OK;
}

enum status usage_stored_node(void *usage_stored, int level, int64_t index, struct hash *hash)
{
    const struct usage_stored *stored = usage_stored;
    bool is_low = level < GROUP_LEVEL;
    int64_t n = (int64_t)1 << (is_low ? level : level - GROUP_LEVEL), first = index * n;
    struct hash *hashes = memory_allocate_raw(n, sizeof *hashes);
    enum status status = STATUS_OK;
    if (is_low) {
        struct leaf leaves[GROUP_LEAVES];
        status = usage_stored_leaves(stored, first, n, leaves);
        for (int64_t i = 0; i < n && status == STATUS_OK; i++)
            leaf_hash(&leaves[i], &hashes[i]);
    } else {
        status = table_read(stored->reader, "/nodes/group", first, n, hashes);
    }
    if (status == STATUS_OK)
        merkle_root(hashes, n, hash);
    memory_free(hashes);
    return status;
}
