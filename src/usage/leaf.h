/* Leaves of the tree of samples.  Their order is by a key that whoever has the content can compute alone; what they say
 * of a sample is hidden from whoever has not. */
#ifndef ASSAY_USAGE_LEAF_H
#define ASSAY_USAGE_LEAF_H

#include <stddef.h>
#include <stdint.h>

#include "merkle/merkle.h"

enum { LEAF_BYTES = 2 * DIGEST_BYTES }; /* key ‖ record: what is hashed */

struct leaf {
    uint8_t key[DIGEST_BYTES];    /* SHA-256(salt ‖ content digest) */
    uint8_t record[DIGEST_BYTES]; /* SHA-256(content digest ‖ salt ‖ record text) */
    int64_t sample;               /* line of the samples file; not hashed */
};

/* SHA-256 of "assay/sample-salt/v1", the origin and the run's name, a line each. */
void usage_salt(const char *origin, const char *run_name, uint8_t salt[DIGEST_BYTES]);
void usage_key(const uint8_t salt[DIGEST_BYTES], const uint8_t content[DIGEST_BYTES], uint8_t key[DIGEST_BYTES]);
/* The content digest is the salt of the record: who cannot name the content cannot test a guess of the record. */
void usage_record_digest(const uint8_t salt[DIGEST_BYTES], const uint8_t content[DIGEST_BYTES], const void *record,
                         size_t n, uint8_t digest[DIGEST_BYTES]);

/* By key, then by record: the one order of the tree. */
int leaf_compare(const void *a, const void *b);
void leaf_hash(const struct leaf *leaf, struct hash *hash);

#endif
