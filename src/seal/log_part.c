#include "seal/log_part.h"

#include "base/memory.h"
#include "merkle/tiles.h"
#include "seal/content.h"

/* A block is at most 1 MiB, or one row if rows are longer. */
static enum status hash_rows(const struct log_plan *plan, const struct log_dataset *dataset, struct entry *entry)
{
    char *rows = memory_allocate(entry->bytes, 1);
    enum status status =
        table_read(plan->tables[dataset->table].reader, dataset->shape->path, entry->row_first, entry->n_row, rows);
    if (status == STATUS_OK)
        digest_of(rows, (size_t)entry->bytes, entry->sha256);
    memory_free(rows);
    return status;
}

enum status log_measure(const struct log_plan *plan, int64_t i, enum measure_way way, struct text *text)
{
    struct entry entry;
    const struct log_dataset *dataset;
    enum status status = STATUS_OK;
    log_plan_entry(plan, i, &entry, &dataset);
    if (dataset != NULL && way == BY_EXTENT)
        status = content_hash(plan->tables[dataset->table].path, dataset->offset + entry.row_first * dataset->row_bytes,
                              entry.bytes, entry.sha256);
    else if (dataset != NULL)
        status = hash_rows(plan, dataset, &entry);
    return status == STATUS_OK ? entry_write(&entry, text) : status;
}

enum status log_part_make(const struct log_plan *plan, enum measure_way way, struct progress *progress,
                          struct log_part *part)
{
    struct text entry;
    enum status status = STATUS_OK;
    text_init(&entry);
    text_init(&part->entries);
    range_init(&part->range, part->begin);
    for (int64_t i = part->begin; i < part->end && status == STATUS_OK; i++) {
        struct hash leaf;
        entry.length = 0;
        status = log_measure(plan, i, way, &entry);
        if (status != STATUS_OK)
            break;
        merkle_leaf(entry.bytes, entry.length, &leaf);
        range_add(&part->range, 0, &leaf);
        bundle_add(&part->entries, entry.bytes, entry.length);
        progress_add(progress, 1);
    }
    text_clear(&entry);
    return status;
}

void log_part_clear(struct log_part *part)
{
    text_clear(&part->entries);
    *part = (struct log_part){0};
}
