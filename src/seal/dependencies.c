#include "seal/dependencies.h"

#include <string.h>

#include "base/memory.h"
#include "merkle/tiles.h"
#include "seal/entry.h"

struct collector {
    struct digest *digest;        /* of the entries of the file at hand */
    struct dependency dependency; /* its name is owned; NULL before the first file */
    int64_t n_entry;
};

static void end_file(struct collector *collector, struct statement *statement)
{
    struct dependency *dependency = &collector->dependency;
    if (dependency->name == NULL)
        return;
    digest_end(collector->digest, dependency->segments.bytes);
    dependency->is_whole = dependency->is_whole && collector->n_entry == 1;
    if (!dependency->is_whole)
        memset(&dependency->sha256, 0, sizeof dependency->sha256);
    statement_add_dependency(statement, dependency);
    memory_free(dependency->name);
    dependency->name = NULL;
}

static void add_entry(struct collector *collector, const struct entry *entry, const char *bytes, size_t n,
                      struct statement *statement)
{
    struct dependency *dependency = &collector->dependency;
    if (dependency->name == NULL || strcmp(dependency->name, entry->path) != 0) {
        end_file(collector, statement);
        /* Segments cover a file from its first byte to its last: a single raw one is the file. */
        *dependency = (struct dependency){.name = memory_copy_text(entry->path),
                                          .is_whole = entry->segment == SEGMENT_RAW && entry->offset == 0};
        memcpy(dependency->sha256.bytes, entry->sha256, DIGEST_BYTES);
        collector->n_entry = 0;
        digest_begin(collector->digest);
    }
    digest_add(collector->digest, bytes, n);
    collector->n_entry++;
}

/* Takes the entries of one bundle; *more tells whether inputs may follow in the next. */
static enum status collect_bundle(const struct bundle *bundle, struct collector *collector, struct statement *statement,
                                  bool *more)
{
    for (int k = 0; k < bundle->n && *more; k++) {
        struct entry entry;
        enum status status = entry_parse(bundle->entry[k], bundle->length[k], "the log", &entry);
        if (status != STATUS_OK)
            return status;
        *more = entry.kind <= ENTRY_INPUT;
        if (entry.kind == ENTRY_INPUT)
            add_entry(collector, &entry, bundle->entry[k], bundle->length[k], statement);
        entry_clear(&entry);
    }
    return STATUS_OK;
}

enum status dependencies_collect(const char *log, int64_t size, struct statement *statement)
{
    struct collector collector = {.digest = digest_create()};
    enum status status = STATUS_OK;
    bool more = true;
    for (int64_t b = 0; b < tile_count(size, BUNDLE_LEVEL) && more && status == STATUS_OK; b++) {
        struct bundle bundle;
        status = bundle_load(log, b, tile_width(size, BUNDLE_LEVEL, b), &bundle);
        if (status != STATUS_OK)
            break;
        status = collect_bundle(&bundle, &collector, statement, &more);
        bundle_clear(&bundle);
    }
    end_file(&collector, statement);
    digest_destroy(collector.digest);
    return status;
}
