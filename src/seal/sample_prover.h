/* A sealed run that proofs of use and of non-use are made from, one or many. */
#ifndef ASSAY_SEAL_SAMPLE_PROVER_H
#define ASSAY_SEAL_SAMPLE_PROVER_H

#include "seal/sample_proof.h"
#include "seal/sealed.h"
#include "usage/prove.h"

struct sample_prover {
    struct sealed sealed;
    struct proof log; /* of the entry of the samples, the same in all proofs */
    struct usage_prover usage;
};

/* sample_prover_close releases it, also after a failure.  @local   @fails BAD_RUN, BAD_INPUT */
enum status sample_prover_open(const char *run_directory, struct sample_prover *prover);
void sample_prover_close(struct sample_prover *prover);

/* Appends the proof file about a content, which has been read back and checked; `found` (cleared by the caller) is what
 * it says.  @local   @fails BAD_RUN, BAD_USAGE, BAD_INPUT */
enum status sample_prover_prove(struct sample_prover *prover, const uint8_t content[DIGEST_BYTES], struct text *file,
                                struct sample_proof *found);

#endif
