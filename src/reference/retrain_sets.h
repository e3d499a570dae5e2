/* What is left out of the training split, network by network: the sets that the ground truth is made of. */
#ifndef ASSAY_REFERENCE_RETRAIN_SETS_H
#define ASSAY_REFERENCE_RETRAIN_SETS_H

#include "base/status.h"
#include "base/text.h"
#include "reference/images.h"
#include "reference/samples.h"

enum set_kind { SET_BASELINE, SET_SUBSET, SET_LEAVE_ONE_OUT, SET_GROUP, N_SET_KIND };

/* Names of files: "baseline", "subsets", "leave-one-out", "groups". */
extern const char *const set_kind_names[N_SET_KIND];

struct retrain_sets {
    int64_t n_set; /* of all kinds, which follow on each other */
    int64_t n_train;
    int64_t first[N_SET_KIND], n[N_SET_KIND]; /* sets of each kind */
    uint8_t *kept;                            /* owned; n_set × n_train, 1: trained on */
    const char **names;                       /* owned; n_set: of a group its value (borrowed for ever), else NULL */
    const char **columns;                     /* the same: the governance column (borrowed from governance_columns) */
    int64_t *samples;                         /* owned; n_set: what is left out alone, else −1 */
};

/* @local   @fails BAD_CONFIG for ids that were not trained on, for a group that is the whole split, for more than fits
 */
enum status retrain_sets_init(struct retrain_sets *sets, const struct train_config *config, const struct splits *splits,
                              const struct images *images);
void retrain_sets_clear(struct retrain_sets *sets);

/* sets.jsonl: a line per set.  @local */
void retrain_sets_list(const struct retrain_sets *sets, struct text *text);

/* Whether the config asks for any network beside the one that is trained anyway.  @local */
bool retrain_is_asked(const struct retrain_config *config);

#endif
