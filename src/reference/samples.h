/* Which sample plays which part, and where it is said to come from. */
#ifndef ASSAY_REFERENCE_SAMPLES_H
#define ASSAY_REFERENCE_SAMPLES_H

#include <stdint.h>

#include "base/text.h"
#include "reference/images.h"
#include "reference/train_plan.h"

struct admissions;

enum split {
    SPLIT_TRAIN,
    SPLIT_VALIDATION,
    SPLIT_TEST,
    SPLIT_REJECTED, /* drawn for training, but must not train */
    N_SPLIT
};

/* The samples of each split, in ascending order: row i of a split is sample rows[split][i]. */
struct splits {
    int64_t n[N_SPLIT];
    int64_t *rows[N_SPLIT]; /* owned */
    uint8_t *of_sample;     /* owned; enum split of every sample */
};

/* Of the samples that are drawn for training, how many are among the rejected (n_sample flags; NULL: none).  @local */
int64_t splits_count_rejected(const struct train_config *config, int64_t n_sample, const uint8_t *rejected);

/* A uniformly random division by the seed; which samples are rejected decides nothing else.  @local */
void splits_init(struct splits *splits, const struct train_plan *plan, int64_t seed);
void splits_clear(struct splits *splits);

/* "digit-0007" */
enum { SAMPLE_ID_BYTES = 32 };
char *sample_id(int64_t i, char id[SAMPLE_ID_BYTES]);

/* Where a sample is said to come from, which is invented. */
struct governance {
    const char *policy, *license, *source, *classification; /* borrowed for ever */
    char owner[16], collected[16];                          /* "writer-07", "2014-03-31" */
};
struct governance sample_governance(const struct images *images, int64_t i);

/* The JSON Lines of all samples, in order: id, digest of the pixels, split, label, and the governance columns.  Policy,
 * license, source, classification, owner and collected are invented: they depend on index and label alone (not on the
 * seed), are unevenly spread, and every line says that they are made up.  With policies, samples that were drawn for
 * training have the gate's decision too, and its reason, or the profile and a weight per layer.  @local */
void samples_list(const struct images *images, const struct splits *splits, const struct admissions *admissions,
                  int64_t n_layer, struct text *text);

#endif
