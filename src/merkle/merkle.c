#include "merkle/merkle.h"

#include <string.h>

#include "merkle/range.h"

/* One running digest per thread, for the life of the program: setting one up costs more than hashing a node. */
static struct digest *hasher(void)
{
    static _Thread_local struct digest *shared;
    if (shared == NULL)
        shared = digest_create();
    return shared;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

void merkle_empty(struct hash *root)
{
    digest_of("", 0, root->bytes);
}

void merkle_leaf(const void *entry, size_t n, struct hash *leaf)
{
    struct digest *digest = hasher();
    digest_begin(digest);
    digest_add(digest, "\x00", 1);
    digest_add(digest, entry, n);
    digest_end(digest, leaf->bytes);
}

void merkle_node(const struct hash *left, const struct hash *right, struct hash *node)
{
    uint8_t input[1 + 2 * DIGEST_BYTES] = {1};
    memcpy(input + 1, left->bytes, DIGEST_BYTES);
    memcpy(input + 1 + DIGEST_BYTES, right->bytes, DIGEST_BYTES);
    digest_of(input, sizeof input, node->bytes);
}

void merkle_root(const struct hash *leaves, int64_t n, struct hash *root)
{
    struct range range;
    range_init(&range, 0);
    for (int64_t i = 0; i < n; i++)
        range_add(&range, 0, &leaves[i]);
    range_root(&range, root);
}

int64_t merkle_split(int64_t n)
{
    ASSERT(n >= 2);
    int64_t k = 1;
    while (k < n - k)
        k *= 2;
    return k;
}

enum status merkle_span(merkle_source *source, void *context, int64_t begin, int64_t end, struct hash *root)
{
    ASSERT(begin >= 0 && begin < end);
    struct range range;
    range_init(&range, begin);
    while (range.end < end) {
        int level = range_level(range.end, end);
        struct hash hash;
        enum status status = source(context, level, range.end >> level, &hash);
        if (status != STATUS_OK)
            return status;
        range_add(&range, level, &hash);
    }
    range_fold(&range, root);
    return STATUS_OK;
}

enum status merkle_proof_add(struct merkle_proof *proof, merkle_source *source, void *context, int64_t begin,
                             int64_t end)
{
    ASSERT(proof->n < MERKLE_MAX_PROOF);
    struct hash hash;
    enum status status = merkle_span(source, context, begin, end, &hash);
    if (status == STATUS_OK)
        proof->hashes[proof->n++] = hash;
    return status;
}
