/* Which input files differ between two runs, by the digests that their tables hold. */
#ifndef ASSAY_DIFF_INPUTS_H
#define ASSAY_DIFF_INPUTS_H

#include "base/segment.h"
#include "diff/show.h"

/* How the segments of one file compare. */
struct file_difference {
    int64_t n[2], bytes[2];         /* raw and logical segments; bytes of the raw ones: the size of the file */
    int64_t n_shared, n_different;  /* segments of the same range in both, and those among them of other content */
    const struct segment *first[2]; /* the first of these, borrowed; NULL when there is none */
};

/* Compares two sorted lists of segments of one file each.  @local */
void file_compare(const struct segment *a, int64_t n_a, const struct segment *b, int64_t n_b,
                  struct file_difference *difference);

/* Adds an item per file that only one of two sorted lists has, or whose content differs or cannot be compared because
 * it was digested in other pieces.  Returns how many files there are in all.  @local */
int64_t inputs_compare(const struct segment_list *a, const struct segment_list *b, struct section_lines *lines);

#endif
