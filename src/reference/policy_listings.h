/* The JSON Lines of probes and pairs. */
#ifndef ASSAY_REFERENCE_POLICY_LISTINGS_H
#define ASSAY_REFERENCE_POLICY_LISTINGS_H

#include "base/text.h"
#include "reference/feature_notes.h"
#include "reference/probing.h"

/* probes.jsonl: {"id": "digit-0012", "category": "digit 3", "expected": ["says 3"]}; nothing is expected of a digit
 * that is no behaviour.  @local */
void probes_list(const struct probing *probing, struct text *text);

/* pairs.jsonl: id, sample, label, the governance columns of the sample, and the (at most n_intended) features that
 * stand for its label by these notes.  @local */
void pairs_list(const struct probing *probing, const struct feature_notes *notes, int64_t n_intended,
                struct text *text);

#endif
