/* Proofs of use and of non-use: what a run says of one content (usage/proof.h), and the proof that the entry which this
 * stands on is in the signed log (seal/proof.h), one after the other in one file. */
#ifndef ASSAY_SEAL_SAMPLE_PROOF_H
#define ASSAY_SEAL_SAMPLE_PROOF_H

#include "seal/entry.h"
#include "seal/proof.h"
#include "usage/proof.h"

struct sample_proof {
    struct usage_proof usage;
    struct proof log;
    struct entry entry; /* of the samples; what log.entry says */
    struct log_checkpoint checkpoint;
};

void sample_proof_clear(struct sample_proof *proof);

/* Whether n bytes are meant to be such a file.  @local */
bool is_sample_proof(const char *bytes, size_t n);
/* Parses exactly what usage_proof_write and proof_write write, one after the other, and checks all of it with `key`. On
 * success sample_proof_clear releases *proof.  @local   @fails BAD_INPUT for the form, DIFFERS for what does not hold
 */
enum status sample_proof_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                                struct sample_proof *proof);

/* What is proved, for people; `content_path` is the file that was compared, or NULL.  @local   @fails BAD_INPUT for a
 * record that cannot be read */
enum status sample_proof_tell(const struct sample_proof *proof, const char *where, const char *content_path,
                              struct text *summary);

#endif
