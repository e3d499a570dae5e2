/* A finished policy.h5, open for those who tell people what it says. */
#ifndef ASSAY_POLICY_VIEW_H
#define ASSAY_POLICY_VIEW_H

#include <stdbool.h>

#include "table/table.h"

struct policy_view {
    struct table_reader *reader;
    int64_t n_probe, n_feature, n_behaviour;
    int64_t n_pair; /* 0: none */
};

/* @local   @fails BAD_INPUT; nothing is open then */
enum status policy_view_open(const char *path, struct policy_view *view);
void policy_view_close(struct policy_view *view);

/* A whole dataset of this type and so many elements; the caller owns it.  NULL when it is missing, different or cannot
 * be read.  @local */
void *policy_view_load(struct policy_view *view, const char *path, enum table_type type, int64_t n);
/* Row i of a dataset of strings; the caller owns it.  NULL on failure.  @local */
char *policy_view_text(struct policy_view *view, const char *path, int64_t i);

#endif
