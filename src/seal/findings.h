/* What a verification found wrong: sentences in an order that does not depend on ranks. */
#ifndef ASSAY_SEAL_FINDINGS_H
#define ASSAY_SEAL_FINDINGS_H

#include <mpi.h>
#include <stdint.h>

/* Findings are told in this order. */
enum finding_phase {
    FOUND_KEY,
    FOUND_CHECKPOINT,
    FOUND_STATEMENT,
    FOUND_LOG,     /* place: bundles and tiles */
    FOUND_CONTENT, /* place: number of the entry */
    FOUND_FILE     /* place: number of the file */
};

struct finding {
    int64_t phase, place;
    char *sentence; /* owned */
};

struct findings {
    struct finding *items; /* owned; at most the first FINDINGS_KEPT are kept for long */
    int64_t n, total;
};

enum { FINDINGS_KEPT = 1000 };

void findings_clear(struct findings *findings);
/* One more; control bytes are shown as \xNN, and a sentence is cut after 2,000 bytes.  @local */
void findings_add(struct findings *findings, enum finding_phase phase, int64_t place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* All ranks' findings in order on rank 0, no more than FINDINGS_KEPT of them, and `total` on every rank; the other
 * ranks' lists become empty.  @collective comm */
void findings_gather(MPI_Comm comm, struct findings *findings);

#endif
