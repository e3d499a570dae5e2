#include "tensor/tensor_parts.h"

void tensor_list(const struct tensor *tensor, int64_t first, int64_t n, struct segment_list *segments)
{
    ASSERT(first >= 0 && n >= 0 && n <= tensor->rows && first <= tensor->rows - n);
    for (int64_t done = 0; done < n;) {
        const struct shard *shard = tensor_shard_of(tensor, first + done);
        int64_t within = first + done - shard->row_first;
        int64_t rows = shard->dims[0] - within < n - done ? shard->dims[0] - within : n - done;
        struct segment segment = {.path = shard->path,
                                  .object = (char *)shard->row_name,
                                  .kind = shard->format->kind,
                                  .offset = shard->place.offset + within * shard->place.stride,
                                  .bytes = rows * shard->place.stride,
                                  .row_first = within,
                                  .n_row = rows};
        segments_add(segments, &segment);
        done += rows;
    }
}
