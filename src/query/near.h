/* Names that somebody may have meant. */
#ifndef ASSAY_QUERY_NEAR_H
#define ASSAY_QUERY_NEAR_H

#include <stddef.h>

#include "base/text.h"

/* Keeps the few candidates nearest to a word. */
enum { NEAR_KEPT = 3 };
struct near {
    const char *word; /* borrowed */
    int n;
    struct {
        char *name; /* owned */
        int distance;
    } items[NEAR_KEPT]; /* the nearest first */
};

void near_offer(struct near *near, const char *candidate);
/* Adds "; near are: a, b", or nothing when none is near; releases what was kept. */
void near_end(struct near *near, struct text *text);

#endif
