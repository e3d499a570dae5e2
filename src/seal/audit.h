/* Whether the log that lies on disk is the one that was signed, and if not, which of its files is wrong. */
#ifndef ASSAY_SEAL_AUDIT_H
#define ASSAY_SEAL_AUDIT_H

#include <mpi.h>
#include <stdbool.h>

#include "merkle/merkle.h"
#include "seal/findings.h"

/* Bundles, and the tiles of their hashes, [first, first + n) are this rank's. */
struct audit {
    int64_t first, n;
    bool *is_right; /* owned; per bundle of this rank: it is there, and what was signed */
    bool has_root;  /* the log, apart from files found wrong, has the signed root */
};

/* A log of `size` entries is read by all ranks, each its share.  Every group of 256 entries has three witnesses: the
 * bundle, the tile of its hashes, and the hash one level up; where one disagrees with the other two it is the wrong
 * one, and the signed root decides whether all verdicts together are right.  audit_clear releases *audit.
 * @collective comm */
void audit_log(MPI_Comm comm, const char *log, int64_t size, const struct hash *root, struct findings *findings,
               struct audit *audit);
void audit_clear(struct audit *audit);

#endif
