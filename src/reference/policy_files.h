/* What a policy over the network's features needs, handed over: an autoencoder, probes, and pairs that each update the
 * final network once. */
#ifndef ASSAY_REFERENCE_POLICY_FILES_H
#define ASSAY_REFERENCE_POLICY_FILES_H

#include <mpi.h>

#include "reference/autoencoder.h"
#include "reference/hand_over.h"
#include "reference/training.h"

/* After the last step.  Every rank trains the same autoencoder, on what the last layer is given for the training
 * samples; the pairs are shared out.  Names these files:
 *   sae/cfg.json, sae/sae_weights.safetensors
 *   policy/features.jsonl      what each feature stands for
 *   policy/probes.jsonl        id, category, expected behaviours
 *   policy/probes.safetensors  hidden f32 [probe, width], probability f64 [probe, behaviour]
 *   policy/pairs.jsonl         id, sample, label, policy, license, source, intended features
 *   policy/pairs.safetensors   hidden f32 [pair, probe, width], probability f64 [pair, probe, behaviour]
 * and those of intervention_files.h, if interventions are asked for.
 * A failure is noted in hand_over->status.  *quality is left as it is when the autoencoder cannot be trained.
 * @collective comm */
void policy_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct training *training,
                      struct autoencoder_quality *quality);

#endif
