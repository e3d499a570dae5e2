#include "usage/leaf.h"

#include <string.h>

_Static_assert(offsetof(struct leaf, record) == DIGEST_BYTES && offsetof(struct leaf, sample) == LEAF_BYTES,
               "a leaf starts with the bytes that are hashed");

static struct digest *hasher(void)
{
    static _Thread_local struct digest *shared; /* one per thread for the life of the program */
    if (shared == NULL)
        shared = digest_create();
    return shared;
}

void usage_salt(const char *origin, const char *run_name, uint8_t salt[DIGEST_BYTES])
{
    const char *const lines[] = {"assay/sample-salt/v1", origin, run_name};
    struct digest *digest = hasher();
    digest_begin(digest);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        digest_add(digest, lines[i], strlen(lines[i]));
        digest_add(digest, "\n", 1);
    }
    digest_end(digest, salt);
}

void usage_key(const uint8_t salt[DIGEST_BYTES], const uint8_t content[DIGEST_BYTES], uint8_t key[DIGEST_BYTES])
{
    uint8_t input[2 * DIGEST_BYTES];
    memcpy(input, salt, DIGEST_BYTES);
    memcpy(input + DIGEST_BYTES, content, DIGEST_BYTES);
    digest_of(input, sizeof input, key);
}

void usage_record_digest(const uint8_t salt[DIGEST_BYTES], const uint8_t content[DIGEST_BYTES], const void *record,
                         size_t n, uint8_t digest[DIGEST_BYTES])
{
    struct digest *running = hasher();
    digest_begin(running);
    digest_add(running, content, DIGEST_BYTES);
    digest_add(running, salt, DIGEST_BYTES);
    digest_add(running, record, n);
    digest_end(running, digest);
}

int leaf_compare(const void *a, const void *b)
{
    return memcmp(a, b, LEAF_BYTES);
}

void leaf_hash(const struct leaf *leaf, struct hash *hash)
{
    uint8_t input[1 + LEAF_BYTES] = {0}; /* as merkle_leaf, in one piece: there are millions */
    memcpy(input + 1, leaf, LEAF_BYTES);
    digest_of(input, sizeof input, hash->bytes);
}
