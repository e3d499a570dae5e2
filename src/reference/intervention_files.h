/* What the job mechanism explains, handed over: parts of the final network and what interventions on them do. */
#ifndef ASSAY_REFERENCE_INTERVENTION_FILES_H
#define ASSAY_REFERENCE_INTERVENTION_FILES_H

#include <mpi.h>

#include "reference/feature_notes.h"
#include "reference/hand_over.h"
#include "reference/interventions.h"
#include "reference/train_config.h"

/* Nothing if train.interventions.controls is 0.  The parts are shared out over ranks.  Names these files:
 *   mechanism/parts.jsonl                id, kind, layer (the Linear layer that makes it), members, label
 *   mechanism/interventions.safetensors  zero, mean, patch f64 [part, probe, behaviour]; source f64 [probe, behaviour]:
 *                                        the behaviour on the probes patched from; inputs f32 [probe, pixel]
 *   mechanism/controls.safetensors       zero, mean, patch f64 [part, control, probe, behaviour]
 *   mechanism/pairs.jsonl                first, second: the strongest features of each behaviour, two at a time
 *   mechanism/recomposition.safetensors  k i64 [k]; top f64 [k, probe, behaviour]: each behaviour with only its k
 *                                        strongest features; random f64 [k, draw, probe, behaviour]; pairs f64
 *                                        [pair, probe, behaviour]
 * Features are ranked by their measured mean effect, set to zero.  `notes` label them.
 * @collective comm */
void interventions_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct dissection *dissection,
                             const struct interventions_config *config, const struct feature_notes *notes);

#endif
