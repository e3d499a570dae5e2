/* What the features are called. */
#ifndef ASSAY_POLICY_LABELS_H
#define ASSAY_POLICY_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct labels {
    char **items; /* owned; n texts, "" for a feature without a label; NULL: no file was given */
    int64_t n;
};

/* Parses one object per line: index (in [0, n_feature), each once), label (a string).  Other keys are allowed, and
 * features without a line have no label.
 * @local   @fails BAD_INPUT with file and line */
enum status labels_parse(const char *file, const char *bytes, size_t n, int64_t n_feature, struct labels *labels);
void labels_clear(struct labels *labels);

#endif
