/* Texts of different lengths as a dataset of strings has them: of one width, zero-padded. */
#ifndef ASSAY_LINEAGE_STRINGS_H
#define ASSAY_LINEAGE_STRINGS_H

#include <stdint.h>

/* Bytes of the longest, at least 1. */
int64_t strings_width(char *const *texts, int64_t n);
/* All of them at that width; the caller owns it. */
char *strings_pad(char *const *texts, int64_t n);

#endif
