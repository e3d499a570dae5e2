/* The different values of one grouping key, how often each occurs, and where first. */
#ifndef ASSAY_RECORDS_VALUE_SET_H
#define ASSAY_RECORDS_VALUE_SET_H

#include "records/name_set.h"

enum { VALUES_MOST = 65536 };

struct value_set {
    struct name_set names; /* in order of first lines; at most VALUES_MOST + 1 of them, which is one too many */
    int64_t *count, *line; /* owned; samples with the value, and the first line that has it */
    int64_t capacity;
    int64_t *recent; /* owned; numbers of values met lately, by a quick hash: most lines repeat a value */
};

void value_set_init(struct value_set *set);
void value_set_clear(struct value_set *set);

/* One more sample with this value.  A value that would be the second too many is not counted.  @local */
void value_set_add(struct value_set *set, const char *value, int64_t line);

/* Flat bytes, in order of first lines or bytewise, and taking such bytes of later lines in.  @local */
void value_set_pack(const struct value_set *set, bool sorted, struct text *bytes);
void value_set_merge(struct value_set *set, const char *bytes, int64_t n);

#endif
