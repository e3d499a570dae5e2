/* All that is wrong with a config, collected to be told at once. */
#ifndef ASSAY_CONFIG_PROBLEM_H
#define ASSAY_CONFIG_PROBLEM_H

#include "base/status.h"
#include "base/text.h"

struct problems {
    const char *file; /* borrowed; starts every line */
    struct text lines;
    int n;
};

void problems_init(struct problems *problems, const char *file);
void problems_clear(struct problems *problems);
/* Adds the line "FILE: PATH: WHAT". */
void problems_add(struct problems *problems, const char *path, const char *what);
/* STATUS_OK if there are none, otherwise a failure whose sentence is the list, one line each (the first 100, and how
 * many more there are). */
enum status problems_verdict(const struct problems *problems, enum status bad);

#endif
