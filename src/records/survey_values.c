#include "records/survey_values.h"

#include <string.h>

#include "base/memory.h"
#include "comm/share.h"

/* A binomial tree of neighbours: what comes from a higher rank comes from later lines. */
void survey_values_gather(const struct ranks *ranks, struct value_set *set)
{
    for (int step = 1; step < ranks->size; step *= 2) {
        if (ranks->rank % (2 * step) == step) {
            struct text bytes;
            text_init(&bytes);
            value_set_pack(set, false, &bytes);
            share_send(ranks->comm, ranks->rank - step, bytes.bytes, (int64_t)bytes.length);
            text_clear(&bytes);
            return;
        }
        if (ranks->rank + step < ranks->size) {
            int64_t n;
            char *bytes = share_receive(ranks->comm, ranks->rank + step, &n);
            value_set_merge(set, bytes, n);
            memory_free(bytes);
        }
    }
}

void survey_values_share(const struct ranks *ranks, const struct value_set *set, const char *name,
                         struct group_column *column)
{
    struct text sorted;
    text_init(&sorted);
    if (ranks->rank == 0)
        value_set_pack(set, true, &sorted);
    char *bytes = sorted.bytes;
    size_t n = sorted.length;
    if (ranks->size > 1)
        share_bytes(ranks->comm, &bytes, &n);
    struct value_set all;
    value_set_init(&all);
    value_set_merge(&all, bytes, (int64_t)n);
    *column = (struct group_column){.name = memory_copy_text(name),
                                    .n_value = all.names.n,
                                    .values = memory_allocate(all.names.n, sizeof *column->values),
                                    .count = memory_allocate(all.names.n, sizeof *column->count)};
    for (int64_t v = 0; v < all.names.n; v++) {
        column->values[v] = memory_copy_text(name_set_get(&all.names, v));
        column->count[v] = all.count[v];
    }
    value_set_clear(&all);
    if (ranks->rank != 0)
        memory_free(bytes);
    text_clear(&sorted);
}
