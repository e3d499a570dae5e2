/* Recorded admissions against what the policies decide today. */
#ifndef ASSAY_LINEAGE_GATE_H
#define ASSAY_LINEAGE_GATE_H

#include "lineage/judge.h"

/* Finds the ledger's policies and profiles among those of the gate by their names.  What the gate does not have, or has
 * with another text, becomes a finding (`findings` NULL: on another rank).  @local */
void gate_map_make(const struct ledger *ledger, const struct policies *policies, struct finding_list *findings,
                   struct gate_map *map);
void gate_map_clear(struct gate_map *map);

/* Whether the last admission of a sample is what the gate decides; else a finding.  `event`: that admission.  @local */
void gate_check(const struct judge *judge, const struct event_note *event, const struct gate_verdict *verdict,
                int64_t sample, const char *id, int id_length);

#endif
