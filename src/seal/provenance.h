/* The statement of a run that is being sealed: what came out of it, from what, where and with what. */
#ifndef ASSAY_SEAL_PROVENANCE_H
#define ASSAY_SEAL_PROVENANCE_H

#include <mpi.h>

#include "seal/log_plan.h"
#include "seal/seal.h"
#include "seal/statement.h"

#define SEAL_CHECKPOINT "seal/checkpoint"
#define SEAL_STATEMENT  "seal/statement.intoto.jsonl"
#define SEAL_KEY        "seal/key.vkey"

/* Fills the statement on rank 0; the tables are hashed whole, shared over ranks.  `checkpoint` is the signed note, on
 * rank 0; the log must be on disk.  statement_clear releases it on every rank.
 * @collective comm   @fails BAD_INPUT, BAD_RUN */
enum status provenance_make(MPI_Comm comm, const struct seal_request *request, const struct log_plan *plan,
                            const struct hash *root, const struct text *checkpoint, struct statement *statement);

/* Whether two statements tell of the same run, whoever made it, where and when.  @local */
bool provenance_is_same(const struct statement *a, const struct statement *b);

/* RFC 3339 in UTC, to the second. */
void time_now(char text[32]);

#endif
