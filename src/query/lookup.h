/* From a name to its place in a dataset of distinct names. */
#ifndef ASSAY_QUERY_LOOKUP_H
#define ASSAY_QUERY_LOOKUP_H

#include <stdint.h>

struct stored;
struct lookup;

/* `stored` is borrowed. */
struct lookup *lookup_create(struct stored *stored);
void lookup_destroy(struct lookup *lookup);

/* As stored_find.  One question is answered by reading on until the name comes; whoever asks more often (a join) gets a
 * table of hashes, 8 to 16 bytes a name.  @local */
int64_t lookup_find(struct lookup *lookup, const char *text, int64_t n);

#endif
