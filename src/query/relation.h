/* A virtual table, bound to the datasets of a run. */
#ifndef ASSAY_QUERY_RELATION_H
#define ASSAY_QUERY_RELATION_H

#include "query/catalog.h"
#include "query/chain.h"

struct field {
    char *name;              /* owned */
    const char *type;        /* of SQL: "INTEGER", "REAL", "TEXT" */
    const char *unit, *text; /* borrowed */
    struct chain chain;
    bool is_group; /* a column of the samples file, which users chose */
};

struct relation {
    const struct table_row *row; /* borrowed */
    int file;                    /* in store_files */
    char *name, *member;         /* owned; `member` is what * stands for, or NULL */
    struct shape shape;
    struct field *fields; /* owned */
    int n_field;
    int steps_field;                  /* the column with rows of /steps through which samples are found, or −1 */
    struct stored *use_start, *steps; /* for it: where the steps of each sample start in `steps` */
    bool is_signed;                   /* only rows with a score of the table's sign are shown … */
    struct chain score;               /* … which this leads to */
    struct store *store;              /* borrowed */
};

struct relations {
    struct relation **items; /* owned */
    int n;
};

/* Everything that the catalog finds in an open store.  relations_clear releases it, also after a failure.
 * @local   @fails BAD_INPUT for datasets that do not fit each other */
enum status relations_bind(struct store *store, struct relations *relations);
void relations_clear(struct relations *relations);

const struct relation *relations_find(const struct relations *relations, const char *name);
/* The same, or the first part of a view of this name. */
const struct relation *relations_find_any(const struct relations *relations, const char *name);

#endif
