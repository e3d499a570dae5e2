/* What a run can be asked about: one row per virtual table, and one per column of it. */
#ifndef ASSAY_QUERY_CATALOG_H
#define ASSAY_QUERY_CATALOG_H

#include <stdbool.h>

struct column_row {
    const char *name;        /* "*": one for every dataset that the first * of the line stands for, and named so */
    const char *from;        /* a chain (query/chain.h); the column is left out where a dataset is not there */
    const char *unit, *text; /* NULL: what the last dataset of the chain says */
};

struct table_row {
    const char *name;          /* with a * in it: one table for each */
    const char *shape;         /* the dataset whose dimensions are the table's axes; without it there is no table */
    const char *owner;         /* where the rows of each owner start, or NULL */
    const char *view, *column; /* the table is part of this view, which tells the parts apart in this column; or NULL */
    const char *part;          /* what stands in that column; NULL: what * stands for */
    const char *text;
    const struct column_row *columns; /* ends with a row of NULL */
    const char *steps_of;             /* a column with rows of /steps, through which samples are found; or NULL */
    const char *sign_of; /* a chain to scores: only rows whose score is above 0, or below, are shown; or NULL */
    int sign;            /* +1: above 0; -1: below */
};

/* The tables of one file; both end with a row of NULL. */
struct catalog_file {
    const char *file;
    const struct table_row *tables;
};
extern const struct catalog_file catalog[];

extern const struct table_row lineage_tables[], influence_tables[], policy_tables[], mechanism_tables[],
    counterfactual_tables[];

/* Of the list of inputs that every table has. */
extern const struct column_row input_columns[];

/* How each job stores things: integers that never fall, and names of which no two are the same.  @local */
bool catalog_is_ordered(const char *file, const char *path);
bool catalog_is_distinct(const char *file, const char *path);
/* Whether the last dimension of a dataset is that of digests: others may have 32 columns, too.  @local */
bool catalog_is_digest(const char *path);

#endif
