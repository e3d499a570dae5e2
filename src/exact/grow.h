/* Lists that grow as they are filled. */
#ifndef ASSAY_EXACT_GROW_H
#define ASSAY_EXACT_GROW_H

#include <stddef.h>
#include <stdint.h>

/* Makes room for n items of `size` bytes in a list that has room for *capacity and uses `used` of them: nothing if they
 * fit, else by half as much again, or to n exactly when that is more.  New bytes are not zeroed.  @local */
void *grow(void *list, int64_t used, int64_t n, size_t size, int64_t *capacity);

#endif
