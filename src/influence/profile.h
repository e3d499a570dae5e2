/* Where the time of an influence job goes. */
#ifndef ASSAY_INFLUENCE_PROFILE_H
#define ASSAY_INFLUENCE_PROFILE_H

#include <mpi.h>

#include "base/text.h"

enum phase {
    PHASE_NONE,     /* not counted: a thread between two tasks */
    PHASE_PREPARE,  /* plan, laying the table out, the journal */
    PHASE_RECORDS,  /* samples, queries and checkpoints: reading and checking their lines */
    PHASE_READ,     /* bytes of captures, and their SHA-256 */
    PHASE_DIGITS,   /* stored numbers to digits, and squared norms */
    PHASE_WAIT,     /* for a block that is not read yet, and for other ranks */
    PHASE_PRODUCTS, /* integer matrix products */
    PHASE_SCORES,   /* products to score integers */
    PHASE_KEPT,     /* kept entries */
    PHASE_TOTALS,   /* totals by group, checkpoint and layer */
    PHASE_WRITE,    /* tables */
    N_PHASES
};

/* This thread is in `phase` from now on; returns the one it was in, to go back to.  Two threads of a process must not
 * be in the same phase at once, PHASE_NONE apart.  @local */
enum phase profile_enter(enum phase phase);

/* Appends a table: per phase, seconds on the clock of the slowest rank, and seconds of processor summed over ranks.
 * Complete on rank 0 alone.  @collective comm */
void profile_report(MPI_Comm comm, struct text *text);

#endif
