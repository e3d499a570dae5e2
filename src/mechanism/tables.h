/* What mechanism.h5 says: its datasets with their data. */
#ifndef ASSAY_MECHANISM_TABLES_H
#define ASSAY_MECHANISM_TABLES_H

#include "mechanism/links.h"
#include "mechanism/outputs.h"
#include "mechanism/remainder.h"

/* All that the table says; borrowed. */
struct mechanism_answer {
    struct measured measured;
    const double *policy_effect, *policy_agreement; /* n_behaviour × n_part, n_behaviour */
    const struct remainder *remainder;
    const struct links *links;
    const char *fingerprint;
};

/* On rank 0; the answer must outlive the list.  @local */
void mechanism_tables_list(const struct mechanism_answer *answer, struct outputs *outputs);

/* Lays the table out, its inputs included.  `outputs`: rank 0's list, shared.  @collective comm   @fails CANNOT_WRITE
 */
enum status mechanism_tables_create(MPI_Comm comm, const char *path, const struct mechanism_answer *answer,
                                    const struct outputs *outputs, const struct segment_list *inputs,
                                    struct table **table);

#endif
