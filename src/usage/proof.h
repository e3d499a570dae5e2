/* What a run says of one content: the records of all samples that have it, between the two leaves beside them; or,
 * where there are none, the two leaves that its own would lie between.  With the summary, which the log of the run
 * holds, it is a proof of use or of non-use.
 *
 *     assay/sample-proof/v1
 *     content HEX           SHA-256 of the content that was asked for
 *     key HEX               SHA-256(salt ‖ content digest): its place in the order of leaves
 *     place N               number of the first leaf that is not before the key
 *     before BASE64         the leaf N − 1, 64 bytes; not where N is 0
 *     record BYTES          for each leaf with the key, in order; the record's text follows
 *     after BASE64          the next leaf; not where that is the end of the tree
 *     BASE64                the roots of the largest subtrees without these leaves, from left to right
 *     …
 *     (an empty line) */
#ifndef ASSAY_USAGE_PROOF_H
#define ASSAY_USAGE_PROOF_H

#include "base/text.h"
#include "merkle/stretch.h"
#include "usage/leaf.h"
#include "usage/summary.h"

#define USAGE_PROOF_HEAD "assay/sample-proof/v1\n"

/* Beyond this a proof is refused: thousands of samples share the content. */
enum { USAGE_MAX_RECORDS = 4096, USAGE_MAX_PROOF_BYTES = 16 << 20 };

struct usage_proof {
    uint8_t content[DIGEST_BYTES], key[DIGEST_BYTES];
    int64_t place;
    bool has_before, has_after;
    struct leaf before, after;
    struct text *records; /* owned; texts, each of a sample with this content */
    int64_t n_record;
    struct stretch_proof path;
};

void usage_proof_init(struct usage_proof *proof);
void usage_proof_clear(struct usage_proof *proof);
void usage_proof_add_record(struct usage_proof *proof, const char *bytes, size_t n);

void usage_proof_write(const struct usage_proof *proof, struct text *text);
/* Takes exactly what usage_proof_write writes off the start of n bytes, and tells how many they were; `proof` was
 * initialised.  @local   @fails BAD_INPUT */
enum status usage_proof_parse(const char *bytes, size_t n, const char *where, struct usage_proof *proof,
                              size_t *n_used);

/* Whether the proof holds for the tree that the summary tells of.  @local   @fails DIFFERS, saying what does not hold
 */
enum status usage_proof_check(const struct usage_proof *proof, const struct usage_summary *summary, const char *where);

#endif
