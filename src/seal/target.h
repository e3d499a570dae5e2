/* What a proof is asked for, as people write it: FILE, FILE@OFFSET, FILE#TENSOR, FILE:/DATASET, the last two with
 * [ROW]. */
#ifndef ASSAY_SEAL_TARGET_H
#define ASSAY_SEAL_TARGET_H

#include "seal/entry.h"

struct target {
    char *path;     /* owned */
    char *object;   /* owned; NULL: any */
    int64_t row;    /* −1: any */
    int64_t offset; /* −1: any */
};

/* `plain` takes the whole text as a file's name; otherwise the marks count, where they are.  target_clear releases it.
 */
void target_parse(const char *what, bool plain, struct target *target);
void target_clear(struct target *target);

/* How well an entry answers: 0 not at all; of the others the highest, and of those the first, is meant. */
int target_match(const struct target *target, const struct entry *entry);

/* Names that are close to a wrong one: keeps the nearest few. */
enum { NEAR_NAMES = 5 };
struct near_names {
    const char *wanted; /* borrowed */
    int n;
    struct {
        char *name; /* owned */
        int distance;
    } items[NEAR_NAMES]; /* the nearest first */
};
void near_names_add(struct near_names *names, const char *name);
void near_names_clear(struct near_names *names);

#endif
