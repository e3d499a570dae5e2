#include "reference/query_images.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "reference/planted.h"

static void add(struct query_images *queries, int64_t row, int64_t shown)
{
    queries->rows[queries->n] = row;
    queries->shown[queries->n++] = shown;
}

/* Plain query q once more, with the patch. */
static void add_patched(struct query_images *queries, const struct backdoor_config *backdoor, int64_t q,
                        struct images *images)
{
    uint8_t pixels[N_PIXEL];
    memcpy(pixels, images->pixels + queries->rows[q] * N_PIXEL, N_PIXEL);
    patch_apply(backdoor, pixels);
    add(queries, images_add(images, pixels, (uint8_t)backdoor->target), queries->rows[q]);
}

enum status query_images_init(struct query_images *queries, const struct train_config *config,
                              const struct splits *splits, struct images *images)
{
    const struct backdoor_config *backdoor = &config->scenario.backdoor;
    int64_t n = config->queries + backdoor->queries;
    *queries = (struct query_images){.n_plain = config->queries,
                                     .rows = memory_allocate(n, sizeof *queries->rows),
                                     .shown = memory_allocate(n, sizeof *queries->shown)};
    for (int64_t q = 0; q < queries->n_plain; q++)
        add(queries, splits->rows[SPLIT_TEST][q], splits->rows[SPLIT_TEST][q]);
    for (int64_t q = 0; q < queries->n_plain && queries->n < n; q++)
        if (images->labels[queries->rows[q]] != backdoor->target)
            add_patched(queries, backdoor, q, images);
    if (queries->n == n)
        return STATUS_OK;
    int64_t n_found = queries->n - queries->n_plain;
    query_images_clear(queries);
    return fail(BAD_CONFIG,
                "train.scenario.backdoor.queries: expected at most the %lld of the first %lld test images that are no "
                "%lld, found %lld",
                (long long)n_found, (long long)config->queries, (long long)backdoor->target,
                (long long)backdoor->queries);
}

void query_images_clear(struct query_images *queries)
{
    memory_free(queries->rows);
    memory_free(queries->shown);
    *queries = (struct query_images){0};
}

char *query_id(const struct query_images *queries, int64_t q, char id[SAMPLE_ID_BYTES])
{
    sample_id(queries->shown[q], id);
    if (q >= queries->n_plain)
        snprintf(id + strlen(id), SAMPLE_ID_BYTES - strlen(id), "-patched");
    return id;
}
