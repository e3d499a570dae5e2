/* Proof files: one entry, the hashes that lead to the root, and the signed checkpoint: all that an auditor without a
 * network needs.   @source c2sp.org/tlog-proof */
#ifndef ASSAY_SEAL_PROOF_H
#define ASSAY_SEAL_PROOF_H

#include "seal/checkpoint.h"

struct proof {
    struct text entry; /* owned: the bytes of the leaf, the file's `extra` */
    int64_t index;
    struct merkle_proof path;
    struct text checkpoint; /* owned: the signed note */
};

void proof_init(struct proof *proof);
void proof_clear(struct proof *proof);
void proof_write(const struct proof *proof, struct text *text);

/* Parses exactly what proof_write writes, checks the checkpoint's signature with `key` and that the entry is in the
 * tree of its root.  On success proof_clear releases *proof; `checkpoint` says what was signed.
 * @local   @fails BAD_INPUT for the form, DIFFERS for what does not hold */
enum status proof_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                         struct proof *proof, struct log_checkpoint *checkpoint);

#endif
