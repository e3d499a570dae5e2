/* The rounds of an influence job: one block per team at a time, and the journal in between. */
#ifndef ASSAY_INFLUENCE_ROUNDS_H
#define ASSAY_INFLUENCE_ROUNDS_H

#include "influence/job.h"

/* Does the blocks that are left to do, every team every n_team-th of them.  Stores the journal now and then, and stops
 * on request: after the round under way, or within it when that would take long.
 * @collective job->comm   @fails BAD_INPUT, CANNOT_WRITE, STOPPED */
enum status rounds_run(struct job *job, bool show);

#endif
