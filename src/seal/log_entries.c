/* The entries of a plan, one by one. */
#include <string.h>

#include "base/memory.h"
#include "seal/log_plan.h"

static struct entry config_entry(const struct log_plan *plan)
{
    struct entry entry = {.kind = ENTRY_CONFIG, .path = "run.json", .bytes = plan->config_bytes};
    memcpy(entry.sha256, plan->config_sha256, DIGEST_BYTES);
    return entry;
}

static struct entry input_entry(const struct segment *segment)
{
    struct entry entry = {.kind = ENTRY_INPUT,
                          .path = segment->path,
                          .object = segment->object,
                          .segment = segment->kind,
                          .offset = segment->offset,
                          .bytes = segment->bytes,
                          .row_first = segment->row_first,
                          .n_row = segment->n_row};
    memcpy(entry.sha256, segment->sha256, DIGEST_BYTES);
    return entry;
}

static struct entry dataset_entry(const struct log_plan *plan, const struct log_dataset *dataset)
{
    struct entry entry = {.kind = ENTRY_DATASET,
                          .path = plan->tables[dataset->table].name,
                          .object = dataset->shape->path,
                          .type = dataset->type,
                          .n_dim = dataset->shape->n_dim,
                          .unit = dataset->shape->unit,
                          .text = dataset->shape->text};
    for (int i = 0; i < entry.n_dim; i++)
        entry.dims[i] = dataset->shape->dims[i];
    return entry;
}

static struct entry chunk_entry(const struct log_plan *plan, const struct log_dataset *dataset, int64_t block)
{
    int64_t rows = block_rows(dataset->row_bytes), first = block * rows, left = dataset->n_row - first;
    struct entry entry = {.kind = ENTRY_CHUNK,
                          .path = plan->tables[dataset->table].name,
                          .object = dataset->shape->path,
                          .type = dataset->type,
                          .row_first = first,
                          .n_row = left < rows ? left : rows};
    entry.bytes = entry.n_row * dataset->row_bytes;
    return entry;
}

static struct entry samples_entry(const struct log_plan *plan)
{
    return (struct entry){.kind = ENTRY_SAMPLES, .path = USAGE_FILE, .run = plan->run_name, .samples = plan->samples};
}

static struct entry footer_entry(const struct log_plan *plan)
{
    return (struct entry){.kind = ENTRY_FOOTER,
                          .counts = {[ENTRY_CONFIG] = 1,
                                     [ENTRY_INPUT] = plan->inputs.n,
                                     [ENTRY_DATASET] = plan->n_dataset,
                                     [ENTRY_CHUNK] = plan->n_block,
                                     [ENTRY_SAMPLES] = plan->run_name != NULL,
                                     [ENTRY_FOOTER] = 1},
                          .total = plan->n_entry};
}

/* The dataset that block b of all belongs to. */
static const struct log_dataset *dataset_of_block(const struct log_plan *plan, int64_t b)
{
    int64_t low = 0, high = plan->n_dataset - 1; /* the last one whose first block is not after b */
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (plan->datasets[middle].block_first <= b)
            low = middle;
        else
            high = middle - 1;
    }
    return &plan->datasets[low];
}

void log_plan_entry(const struct log_plan *plan, int64_t i, struct entry *entry, const struct log_dataset **dataset)
{
    ASSERT(i >= 0 && i < plan->n_entry);
    int64_t input = i - 1, described = input - plan->inputs.n, block = described - plan->n_dataset;
    *dataset = NULL;
    if (i == 0) {
        *entry = config_entry(plan);
    } else if (input < plan->inputs.n) {
        *entry = input_entry(&plan->inputs.items[input]);
    } else if (described < plan->n_dataset) {
        *entry = dataset_entry(plan, &plan->datasets[described]);
    } else if (block < plan->n_block) {
        *dataset = dataset_of_block(plan, block);
        *entry = chunk_entry(plan, *dataset, block - (*dataset)->block_first);
    } else if (block == plan->n_block && plan->run_name != NULL) {
        *entry = samples_entry(plan);
    } else {
        *entry = footer_entry(plan);
    }
}

/* Blocks must be read and hashed, everything else is only a text: work is measured in bytes. */
static int64_t work_before(const struct log_plan *plan, int64_t i)
{
    enum { ENTRY_WORK = 4096 };
    int64_t first_block = 1 + plan->inputs.n + plan->n_dataset, work = i * ENTRY_WORK;
    if (i <= first_block)
        return work;
    int64_t b = i - first_block < plan->n_block ? i - first_block : plan->n_block;
    if (b == plan->n_block) {
        for (int64_t d = 0; d < plan->n_dataset; d++)
            work += plan->datasets[d].bytes;
        return work;
    }
    const struct log_dataset *last = dataset_of_block(plan, b);
    for (const struct log_dataset *d = plan->datasets; d < last; d++)
        work += d->bytes;
    return work + (b - last->block_first) * block_rows(last->row_bytes) * last->row_bytes;
}

/* The first entry that at least part/n_part of all work comes before. */
static int64_t part_begin(const struct log_plan *plan, int n_part, int part)
{
    int64_t total = work_before(plan, plan->n_entry);
    int64_t wanted = total / n_part * part + total % n_part * part / n_part;
    int64_t low = 0, high = plan->n_entry;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (work_before(plan, middle) >= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void log_plan_share(const struct log_plan *plan, int n_part, int part, int64_t *begin, int64_t *end)
{
    *begin = part_begin(plan, n_part, part);
    *end = part + 1 == n_part ? plan->n_entry : part_begin(plan, n_part, part + 1);
}

void log_plan_digest(const struct log_plan *plan, struct hash *digest)
{
    char *packed;
    int64_t n;
    struct text all;
    text_init(&all);
    segments_pack(&plan->inputs, &packed, &n);
    text_add_bytes(&all, packed, (size_t)n);
    text_add_bytes(&all, plan->config_sha256, DIGEST_BYTES);
    for (int64_t d = 0; d < plan->n_dataset; d++) {
        const struct log_dataset *dataset = &plan->datasets[d];
        text_add(&all, "%s\n%s\n%s\n%s\n%s\n%lld %lld %lld %d", plan->tables[dataset->table].name, dataset->shape->path,
                 dataset->type, dataset->shape->unit, dataset->shape->text, (long long)dataset->offset,
                 (long long)dataset->bytes, (long long)dataset->n_row, dataset->shape->n_dim);
        for (int k = 0; k < dataset->shape->n_dim; k++)
            text_add(&all, " %lld", (long long)dataset->shape->dims[k]);
        text_add(&all, "\n");
    }
    digest_of(all.bytes, all.length, digest->bytes);
    memory_free(packed);
    text_clear(&all);
}
