/* Reading ahead: the next block is read, hashed and turned into digits while the present one is scored. */
#ifndef ASSAY_INFLUENCE_PREFETCH_H
#define ASSAY_INFLUENCE_PREFETCH_H

#include <stdbool.h>

#include "influence/gradients.h"
#include "influence/team.h"
#include "records/sample_rows.h"

/* What is read of a block. */
struct block_input {
    int64_t index, first, n; /* the block, and its examples [first, first + n) */
    struct gradients gradients;
    struct sample_rows rows; /* on the team's leader alone */
};

struct prefetch; /* two of them and, if `ahead`, a thread that fills one */

/* `ahead` false reads when asked: for inputs in HDF5, whose library cannot be used by two threads.  @local */
struct prefetch *prefetch_create(const struct study *study, const struct team *team, int64_t block_rows, bool ahead);
void prefetch_destroy(struct prefetch *prefetch);

/* Begins to read block `index`, examples [first, first + n); one block at a time may be under way.  @local */
void prefetch_begin(struct prefetch *prefetch, int64_t index, int64_t first, int64_t n);
bool prefetch_is_under_way(const struct prefetch *prefetch);
/* Waits for that block: borrowed until the next prefetch_end.  What was read is appended to `segments`.
 * @local   @fails BAD_INPUT, STOPPED when a stop was asked for while it was read */
enum status prefetch_end(struct prefetch *prefetch, const struct block_input **block, struct segment_list *segments);

#endif
