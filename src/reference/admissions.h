/* Who may train the network: the gate of admission/ held against what is said of every sample. */
#ifndef ASSAY_REFERENCE_ADMISSIONS_H
#define ASSAY_REFERENCE_ADMISSIONS_H

#include <mpi.h>

#include "admission/admission.h"
#include "base/text.h"
#include "reference/images.h"

struct admissions {
    struct policies *policies;    /* owned; NULL: no policies are configured, and every sample is admitted */
    struct verdict *verdicts;     /* owned; n; NULL without policies */
    uint8_t *rejected;            /* owned; n; 1: the sample must not train; NULL without policies */
    uint8_t sha256[DIGEST_BYTES]; /* of the files that were read, by name and content */
    int64_t n;
};

/* Rank 0 reads config->admission.policies, seen from `directory`; every layer that a profile names must be one of the
 * network's.  @collective comm   @fails BAD_INPUT */
enum status admissions_init(MPI_Comm comm, const struct train_config *config, const char *directory,
                            const struct images *images, struct admissions *admissions);
/* Adds what is wrong with the policies, a line, to `problems`; without MPI.  @local */
void admissions_check(const struct train_config *config, const char *directory, struct text *problems);
void admissions_clear(struct admissions *admissions);

/* Of sample i; an admission under no policy and no profile without policies.  @local */
const struct verdict *admissions_of(const struct admissions *admissions, int64_t i);
/* Its weight in layer k.  @local */
float admissions_weight(const struct admissions *admissions, int64_t i, int64_t k);

#endif
