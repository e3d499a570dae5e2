/* Reading ahead: the next block is read, hashed and turned into digits while the present one is scored. */
#ifndef ASSAY_INFLUENCE_PREFETCH_H
#define ASSAY_INFLUENCE_PREFETCH_H

#include <stdbool.h>

#include "influence/gradients.h"

struct prefetch; /* two sets of gradients and, if `ahead`, a thread that fills one of them */

/* `ahead` false reads when asked: for inputs in HDF5, whose library cannot be used by two threads.  @local */
struct prefetch *prefetch_create(const struct study *study, int k_first, int n_k, int64_t block_rows, bool ahead);
void prefetch_destroy(struct prefetch *prefetch);

/* Begins to read examples [first, first + n); one block at a time may be under way.  @local */
void prefetch_begin(struct prefetch *prefetch, int64_t first, int64_t n);
/* Waits for that block: borrowed until the next prefetch_end.  What was read is appended to `segments`.
 * @local   @fails BAD_INPUT */
enum status prefetch_end(struct prefetch *prefetch, const struct gradients **gradients, struct segment_list *segments);

#endif
