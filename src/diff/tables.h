/* The tables of two runs, and which of their datasets differ. */
#ifndef ASSAY_DIFF_TABLES_H
#define ASSAY_DIFF_TABLES_H

#include "diff/show.h"
#include "table/table.h"

/* One name, in both runs. */
struct table_pair {
    char *name;                      /* owned: within the run directories */
    bool is_there[2];                /* a file of this name */
    struct table_reader *readers[2]; /* owned; NULL when it is not there or cannot be read */
};

struct table_pairs {
    struct table_pair *items; /* owned; in order of name */
    int64_t n;
    enum status status; /* BAD_INPUT when a table cannot be read */
    char *sentence;     /* owned; of the first that cannot */
};

/* Opens every finished table (NAME.h5) of both run directories.  One that cannot be read is told by `status` and
 * `sentence`; the others are open all the same.  table_pairs_close releases it in any case.
 * @local   @fails BAD_RUN when a directory cannot be listed */
enum status table_pairs_open(const char *const runs[2], struct table_pairs *pairs);
void table_pairs_close(struct table_pairs *pairs);

/* Remembers the latest failure as that of the pairs, unless there was one before. */
void table_pairs_fail(struct table_pairs *pairs, enum status status);

/* Adds an item per dataset that only one of two open tables has, or that differs in type, shape, unit or values; the
 * list of inputs is left out.  Returns how many datasets there are in all.  @local   @fails BAD_INPUT */
enum status tables_compare(const struct table_pair *pair, struct section_lines *lines, int64_t *n_dataset);

#endif
