/* The records of the training pairs: ids, groups, and what each was meant to move. */
#ifndef ASSAY_POLICY_PAIR_RECORDS_H
#define ASSAY_POLICY_PAIR_RECORDS_H

#include "config/config.h"
#include "policy/pair_intended.h"

/* One key of group_by. */
struct pair_column {
    char *name;     /* owned: the key */
    char **values;  /* owned: distinct values, sorted bytewise; "" stands for an absent key or null */
    int64_t *count; /* owned: pairs with each value */
    int64_t n_value;
    int32_t *codes; /* owned: per pair an index into values */
};

struct pair_records {
    int64_t n;
    char *ids; /* owned; n × id_bytes, zero-padded, UTF-8 */
    int64_t id_bytes;
    struct pair_column *columns; /* owned */
    int64_t n_column;
    struct pair_intended intended;
};

struct pair_names {
    const char *file;
    const struct strings *group_by;
    int64_t n_feature;
    char *const *labels; /* per feature, "" for none; NULL: features have no labels */
};

/* Parses one object per line: id (unique), intended, and the keys of group_by, whose values are as those of samples.
 * Other keys are allowed.
 * @local   @fails BAD_INPUT with file and line; BAD_CONFIG when a key of group_by names no group */
enum status pair_records_parse(const struct pair_names *names, const char *bytes, size_t n,
                               struct pair_records *records);
void pair_records_clear(struct pair_records *records);

#endif
