/* influence.h5: its datasets, and how results get into them. */
#ifndef ASSAY_INFLUENCE_TABLES_H
#define ASSAY_INFLUENCE_TABLES_H

#include "influence/partial.h"
#include "table/table.h"

struct influence_tables; /* the list of datasets of one job, with the names it owns */

/* The datasets of a study, all but those of its list of inputs; and what they are: borrowed, n of them.  @local */
struct influence_tables *influence_tables_list(const struct study *study, const struct influence_plan *plan);
const struct dataset *influence_tables_get(const struct influence_tables *tables, int *n);
/* The layout for a study whose list of inputs will be as long and as wide as rank 0's `inputs`.
 * @collective comm */
struct influence_tables *influence_tables_plan(MPI_Comm comm, const struct study *study,
                                               const struct influence_plan *plan, const struct segment_list *inputs);
void influence_tables_destroy(struct influence_tables *tables);

/* Lays the file out (or, to resume, opens what is there).  `fingerprint` goes into a file attribute.
 * @collective comm   @fails CANNOT_WRITE, BAD_RUN */
enum status influence_tables_create(MPI_Comm comm, const char *path, const struct influence_tables *tables,
                                    const struct study *study, const char *fingerprint, struct table **table);
enum status influence_tables_reopen(MPI_Comm comm, const char *path, const struct influence_tables *tables,
                                    struct table **table);

/* Whether the file that a journal speaks of is there and has this fingerprint.  @local   @fails BAD_RUN */
enum status influence_tables_check(const char *path, const char *fingerprint);

/* Everything that the records and the reduced partial result say, besides the rows of blocks (block_rows.h); called on
 * rank 0.  @local @fails CANNOT_WRITE */
enum status influence_tables_write_records(struct table *table, const struct study *study);
enum status influence_tables_write_results(struct table *table, const struct study *study, struct partial *partial);

#endif
