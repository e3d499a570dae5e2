/* Entries dealt out to ranks by the work they stand for. */
#ifndef ASSAY_SEAL_DEAL_H
#define ASSAY_SEAL_DEAL_H

#include <mpi.h>

#include "base/text.h"

/* Entries packed one after the other, for deal_entries. */
struct hand {
    struct text packed; /* owned */
    int64_t work;       /* of all of them, in bytes to read */
};

void hand_init(struct hand *hand);
void hand_clear(struct hand *hand);
/* Entry number `index` of the log, and the bytes that must be read to check it. */
void hand_add(struct hand *hand, int64_t index, int64_t work, const char *entry, size_t n);

/* All ranks' entries in order of rank, cut anew into parts of about equal work, in the same order: `own` goes in,
 * `dealt` comes out (empty before).  @collective comm */
void deal_entries(MPI_Comm comm, const struct hand *own, struct hand *dealt);

/* The entry at *at, which moves on to the next; false at the end.  Borrowed. */
bool hand_next(const struct hand *hand, size_t *at, int64_t *index, const char **entry, size_t *n);

#endif
