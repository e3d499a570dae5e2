/* Making proofs of use and of non-use from a run on disk. */
#ifndef ASSAY_USAGE_PROVE_H
#define ASSAY_USAGE_PROVE_H

#include "usage/proof.h"
#include "usage/source.h"
#include "usage/store.h"

struct usage_prover {
    struct usage_summary summary; /* what was sealed */
    struct usage_source source;
    struct usage_stored stored;
};

/* Opens the tables and the tree that the summary tells of.  usage_prover_close releases it, also after a failure.
 * @local   @fails BAD_RUN, BAD_INPUT */
enum status usage_prover_open(const char *run_directory, const struct usage_summary *summary,
                              struct usage_prover *prover);
void usage_prover_close(struct usage_prover *prover);

/* The content digest of the sample with this id.  @local   @fails BAD_USAGE when there is no such sample, or it has no
 * content digest; BAD_INPUT */
enum status usage_find_sample(const struct usage_prover *prover, const char *id, uint8_t content[DIGEST_BYTES]);

/* The proof about a content, checked against the summary; `proof` was initialised.
 * @local   @fails BAD_RUN when the run is not as it was sealed, BAD_USAGE when too many samples share the content */
enum status usage_prove(struct usage_prover *prover, const uint8_t content[DIGEST_BYTES], struct usage_proof *proof);

#endif
