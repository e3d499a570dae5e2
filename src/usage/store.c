#include "usage/store.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "merkle/range_reduce.h"

enum { BLOCK_LEAVES = 1 << 16 }; /* whole groups */

static enum status write_leaves(struct table *table, const struct usage_tree *tree)
{
    uint8_t(*bytes)[LEAF_BYTES] = memory_allocate_raw(BLOCK_LEAVES, sizeof *bytes);
    int64_t *samples = memory_allocate_raw(BLOCK_LEAVES, sizeof *samples);
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < tree->n && status == STATUS_OK; first += BLOCK_LEAVES) {
        int64_t n = tree->n - first < BLOCK_LEAVES ? tree->n - first : BLOCK_LEAVES;
        for (int64_t i = 0; i < n; i++) {
            memcpy(bytes[i], &tree->leaves[first + i], LEAF_BYTES);
            samples[i] = tree->leaves[first + i].sample;
        }
        status = table_write(table, "/leaves/leaf", tree->begin + first, n, bytes);
        if (status == STATUS_OK)
            status = table_write(table, "/leaves/sample", tree->begin + first, n, samples);
    }
    if (status == STATUS_OK)
        status = table_write(table, "/nodes/group", tree->begin / GROUP_LEAVES, tree->n_node, tree->nodes);
    memory_free(bytes);
    memory_free(samples);
    return status;
}

enum status usage_store(MPI_Comm comm, const char *run_directory, const struct usage_tree *tree)
{
    int64_t size = tree->summary.size;
    const struct dataset datasets[] = {
        {"/leaves/leaf",
         TABLE_U8,
         2,
         {size, LEAF_BYTES},
         0,
         "1",
         "leaves of the tree of samples in order: SHA-256(salt, content digest), SHA-256(content digest, salt, "
         "record)"},
        {"/leaves/sample", TABLE_I64, 1, {size}, 0, "1", "line of the samples file that each leaf is of"},
        {"/nodes/group",
         TABLE_U8,
         2,
         {size / GROUP_LEAVES, DIGEST_BYTES},
         0,
         "1",
         "roots of 256 leaves each, but for the last ones that are fewer"}};
    struct table *table = NULL;
    char *path = path_join(run_directory, USAGE_FILE);
    enum status status = table_create(comm, path, datasets, sizeof datasets / sizeof *datasets, NULL, 0, &table);
    if (status == STATUS_OK)
        status = agree(comm, write_leaves(table, tree));
    status = table_conclude(table, status);
    memory_free(path);
    return status;
}

/* One rank's part of a file that is read back. */
struct part {
    const struct usage_stored *stored;
    int64_t begin, end;
    struct leaf last; /* the leaf before; its sample is −1 where there is none */
    struct range range;
};

static enum status check_group(struct part *part, const struct leaf *leaves, int64_t first, int64_t n)
{
    struct hash hashes[GROUP_LEAVES], node, stored;
    for (int64_t i = 0; i < n; i++) {
        int order = part->last.sample == -1 ? -1 : leaf_compare(&part->last, &leaves[i]);
        if (order >= 0)
            return fail(DIFFERS,
                        USAGE_FILE ": leaf %lld is %s the one before it: a tree of samples has each leaf once, "
                                   "in order of its key",
                        (long long)(first + i), order == 0 ? "the same as" : "before");
        part->last = leaves[i];
        leaf_hash(&leaves[i], &hashes[i]);
    }
    if (n < GROUP_LEAVES) {
        for (int64_t i = 0; i < n; i++)
            range_add(&part->range, 0, &hashes[i]);
        return STATUS_OK;
    }
    merkle_root(hashes, n, &node);
    range_add(&part->range, GROUP_LEVEL, &node);
    enum status status = table_read(part->stored->reader, "/nodes/group", first / GROUP_LEAVES, 1, &stored);
    if (status == STATUS_OK && !hash_equal(&node, &stored))
        status = fail(DIFFERS, USAGE_FILE ": its node %lld is not the root of leaves %lld to %lld",
                      (long long)(first / GROUP_LEAVES), (long long)first, (long long)(first + n - 1));
    return status;
}

static enum status check_part(struct part *part)
{
    struct leaf *leaves = memory_allocate(BLOCK_LEAVES, sizeof *leaves);
    enum status status = STATUS_OK;
    range_init(&part->range, part->begin);
    part->last.sample = -1;
    if (part->begin > 0 && part->begin < part->end)
        status = usage_stored_leaves(part->stored, part->begin - 1, 1, &part->last);
    for (int64_t first = part->begin; first < part->end && status == STATUS_OK; first += BLOCK_LEAVES) {
        int64_t n = part->end - first < BLOCK_LEAVES ? part->end - first : BLOCK_LEAVES;
        status = usage_stored_leaves(part->stored, first, n, leaves);
        for (int64_t at = 0; at < n && status == STATUS_OK; at += GROUP_LEAVES)
            status = check_group(part, leaves + at, first + at, n - at < GROUP_LEAVES ? n - at : GROUP_LEAVES);
    }
    memory_free(leaves);
    return status;
}

enum status usage_store_check(MPI_Comm comm, const char *run_directory, int64_t size, const struct hash *root)
{
    int rank, n_rank;
    MPI_Comm shifted;
    struct usage_stored stored;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    int number = (rank + 1) % n_rank;
    struct part part = {.stored = &stored};
    enum status status = usage_stored_open(run_directory, size, &stored);
    if (status == STATUS_OK) { /* and the size is one that a file can have */
        part.begin = leaves_begin(size, n_rank, number);
        part.end = leaves_begin(size, n_rank, number + 1);
        status = check_part(&part);
    }
    if (status != STATUS_OK && status != DIFFERS)
        status = fail(DIFFERS, "%s", failure_sentence());
    usage_stored_close(&stored);
    status = agree(comm, status);
    if (status != STATUS_OK)
        return status;
    struct hash found;
    MPI_Comm_split(comm, 0, number, &shifted); /* ranks in the order of their parts */
    range_reduce(shifted, &part.range, &found);
    MPI_Comm_free(&shifted);
    if (!hash_equal(&found, root))
        status = fail(DIFFERS, USAGE_FILE ": its leaves do not have the root that the run has for its samples");
    return agree(comm, status);
}

static enum status check_samples(const struct usage_stored *stored, const struct usage_tree *tree)
{
    int64_t *samples = memory_allocate_raw(BLOCK_LEAVES, sizeof *samples);
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < tree->n && status == STATUS_OK; first += BLOCK_LEAVES) {
        int64_t n = tree->n - first < BLOCK_LEAVES ? tree->n - first : BLOCK_LEAVES;
        status = table_read(stored->reader, "/leaves/sample", tree->begin + first, n, samples);
        for (int64_t i = 0; i < n && status == STATUS_OK; i++)
            if (samples[i] != tree->leaves[first + i].sample)
                status = fail(DIFFERS,
                              USAGE_FILE ": leaf %lld is said to be of line %lld of the samples file (from 0), the "
                                         "tables make it of line %lld",
                              (long long)(tree->begin + first + i), (long long)samples[i],
                              (long long)tree->leaves[first + i].sample);
    }
    memory_free(samples);
    return status;
}

enum status usage_store_check_samples(MPI_Comm comm, const char *run_directory, const struct usage_tree *tree)
{
    struct usage_stored stored;
    enum status status = usage_stored_open(run_directory, tree->summary.size, &stored);
    if (status == STATUS_OK)
        status = check_samples(&stored, tree);
    if (status != STATUS_OK && status != DIFFERS)
        status = fail(DIFFERS, "%s", failure_sentence());
    usage_stored_close(&stored);
    return agree(comm, status);
}
