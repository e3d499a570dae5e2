/* A set of strings that numbers them in order of arrival. */
#ifndef ASSAY_RECORDS_NAME_SET_H
#define ASSAY_RECORDS_NAME_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct name_set {
    struct text bytes; /* all names, each with its zero byte */
    int64_t *offsets;  /* owned; of name i in bytes */
    int64_t n, capacity;
    int64_t *slots; /* owned; open addressing: index of a name + 1, or 0 */
    int64_t n_slot; /* a power of two, at least twice n */
};

void name_set_init(struct name_set *set);
void name_set_clear(struct name_set *set);

/* The number of `name`, which joins the set (*is_new) if it was not in it.  Constant time, on any names: they are
 * hashed by SHA-256, for which nobody can prepare collisions.  @local */
int64_t name_set_add(struct name_set *set, const char *name, bool *is_new);

/* Name i; borrowed until the next add. */
const char *name_set_get(const struct name_set *set, int64_t i);

/* The numbers of the names in bytewise order of the names; the caller owns the n of them. */
int64_t *name_set_sorted(const struct name_set *set);

#endif
