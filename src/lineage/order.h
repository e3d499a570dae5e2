/* A published order: an npy file with one row of sample indices per step, as OLMo's global_indices. */
#ifndef ASSAY_LINEAGE_ORDER_H
#define ASSAY_LINEAGE_ORDER_H

#include <stdint.h>

#include "base/segment.h"
#include "tensor/tensor.h"

enum { ORDER_ROWS = 1024 /* steps that are hashed as one segment */ };

struct order {
    struct tensor *tensor;
    int64_t n_step, width;
};

/* `name` is relative to `directory`; integers only.  @local   @fails BAD_INPUT */
enum status order_open(const char *directory, const char *name, struct order *order);
void order_close(struct order *order);
/* Rows [first, first + n) into samples[n × width]: in a row, what is left of a short batch is -1 and comes last.
 * segments: as tensor_read.  @local   @fails BAD_INPUT for an index below -1, STOPPED */
enum status order_read(struct order *order, int64_t first, int64_t n, int64_t *samples, struct segment_list *segments);
/* Samples of a row. */
int64_t order_count(const int64_t *row, int64_t width);

#endif
