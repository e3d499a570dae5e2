/* What policy.h5 says of the pairs beside their rows: records, the pairs that moved each feature most, groups. */
#ifndef ASSAY_POLICY_PAIR_TABLES_H
#define ASSAY_POLICY_PAIR_TABLES_H

#include "policy/pair_groups.h"
#include "policy/pair_top.h"
#include "table/table.h"

struct pair_sizes {
    int64_t n_behaviour, n_feature, keep_pairs, n_watched;
};

struct pair_tables {
    struct dataset *list; /* owned */
    int n;
    char **path; /* owned; those made of column names */
    int n_path;
};

/* The datasets; `records` must outlive them.  @local */
void pair_tables_init(const struct pair_records *records, const struct pair_sizes *sizes, struct pair_tables *tables);
void pair_tables_clear(struct pair_tables *tables);

/* Writes all of them; called on one rank, after what ranks kept was reduced there.  @local   @fails CANNOT_WRITE */
enum status pair_tables_write(struct table *table, const struct pair_records *records, const struct pair_top *top,
                              const struct pair_groups *groups);

#endif
