#include "query/store.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "query/catalog.h"
#include "query/lookup.h"

enum { SLOTS = 256, SMALL_BLOCK = 64 << 10 };
enum { MEMORY = 96 << 20 }; /* bytes of all blocks, but for the one being read */

const char *const store_files[STORE_FILES + 1] = {"lineage.h5", "influence.h5", "policy.h5", "mechanism.h5",
                                                  "counterfactual.h5"};

struct member {
    struct table_reader *reader; /* NULL: not there */
    struct stored *datasets;     /* owned; as many as the reader has, in its order */
    struct lookup **lookups;     /* owned; per dataset, NULL until texts are looked for */
    bool is_unfinished;
};

struct store {
    char *directory;                 /* owned */
    const struct query_watch *watch; /* borrowed; may be NULL */
    struct member members[STORE_FILES];
    struct slot slots[SLOTS];
    int64_t n_byte, clock;
    enum status status;
    char *sentence; /* owned: of the first failure */
};

/* ---- opening --------------------------------------------------------------------------------------------------- */

static int64_t small_rows(int64_t row_bytes)
{
    return row_bytes < SMALL_BLOCK ? SMALL_BLOCK / (row_bytes > 0 ? row_bytes : 1) : 1;
}

static void describe(struct store *store, int file, const struct dataset *dataset, struct stored *stored)
{
    int64_t element = dataset_element_bytes(dataset), rows = dataset_rows(dataset), bytes = 0;
    bool is_digest = catalog_is_digest(dataset->path) && dataset->type == TABLE_U8 && dataset->n_dim > 1 &&
                     dataset->dims[dataset->n_dim - 1] == DIGEST_BYTES;
    int64_t row_bytes = dataset_row_bytes(dataset);
    dataset_bytes(dataset, &bytes);
    *stored = (struct stored){.store = store, .file = file, .dataset = dataset, .is_digest = is_digest};
    stored->cell_bytes = is_digest ? DIGEST_BYTES : element;
    stored->n_cell = bytes / stored->cell_bytes;
    stored->row_cells = rows > 0 ? stored->n_cell / rows : 0;
    stored->block_rows = store->watch != NULL ? store->watch->block_rows(row_bytes) : small_rows(row_bytes);
}

static enum status open_member(struct store *store, int file)
{
    struct member *member = &store->members[file];
    struct text partial;
    text_init(&partial);
    char *path = path_join(store->directory, store_files[file]);
    text_add(&partial, "%s.partial", path);
    enum status status = STATUS_OK;
    if (path_exists(path))
        status = table_open(path, &member->reader);
    else
        member->is_unfinished = path_exists(partial.bytes);
    if (member->reader != NULL) {
        int n = table_count(member->reader);
        member->datasets = memory_allocate(n, sizeof *member->datasets);
        member->lookups = memory_allocate(n, sizeof(struct lookup *));
        for (int i = 0; i < n; i++)
            describe(store, file, table_dataset(member->reader, i), &member->datasets[i]);
    }
    text_clear(&partial);
    memory_free(path);
    return status;
}

static enum status check_directory(const char *directory)
{
    char *config = path_join(directory, "run.json");
    enum status status = STATUS_OK;
    if (!path_is_directory(directory))
        status = fail(BAD_RUN, "%s: expected a run directory, found %s", directory,
                      path_exists(directory) ? "something else" : "nothing there");
    else if (!path_exists(config))
        status = fail(BAD_RUN, "%s: expected a run directory, found no run.json in it", directory);
    memory_free(config);
    return status;
}

static enum status check_members(const struct store *store)
{
    const char *unfinished = NULL;
    for (int f = 0; f < STORE_FILES; f++) {
        if (store->members[f].reader != NULL)
            return STATUS_OK;
        if (store->members[f].is_unfinished)
            unfinished = store_files[f];
    }
    if (unfinished != NULL)
        return fail(BAD_RUN, "%s: expected finished tables, found only %s.partial: run the job again, it goes on",
                    store->directory, unfinished);
    return fail(BAD_RUN, "%s: expected tables (influence.h5 and others), found none: no job has finished here",
                store->directory);
}

enum status store_open(const char *run_directory, const struct query_watch *watch, struct store **store)
{
    enum status status = check_directory(run_directory);
    if (status != STATUS_OK)
        return status;
    struct store *made = memory_allocate(1, sizeof *made);
    made->directory = memory_copy_text(run_directory);
    made->watch = watch;
    for (int f = 0; f < STORE_FILES && status == STATUS_OK; f++)
        status = open_member(made, f);
    if (status == STATUS_OK)
        status = check_members(made);
    if (status == STATUS_OK)
        *store = made;
    else
        store_close(made);
    return status;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (int f = 0; f < STORE_FILES; f++) {
        struct member *member = &store->members[f];
        for (int i = 0; member->reader != NULL && i < table_count(member->reader); i++) {
            lookup_destroy(member->lookups[i]);
            memory_free(member->datasets[i].blocks);
        }
        memory_free(member->lookups);
        memory_free(member->datasets);
        table_reader_close(member->reader);
    }
    for (int s = 0; s < SLOTS; s++)
        memory_free(store->slots[s].bytes);
    memory_free(store->sentence);
    memory_free(store->directory);
    memory_free(store);
}

const char *store_directory(const struct store *store)
{
    return store->directory;
}

struct table_reader *store_reader(const struct store *store, int file)
{
    return store->members[file].reader;
}

bool store_is_unfinished(const struct store *store, int file)
{
    return store->members[file].is_unfinished;
}

struct stored *store_find(struct store *store, int file, const char *path)
{
    struct member *member = &store->members[file];
    int low = 0, high = member->reader != NULL ? table_count(member->reader) : 0;
    while (low < high) { /* they are in order of path */
        int middle = low + (high - low) / 2;
        int order = strcmp(member->datasets[middle].dataset->path, path);
        if (order == 0)
            return &member->datasets[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

enum status store_status(const struct store *store)
{
    return store->status;
}

enum status store_fail_again(const struct store *store)
{
    return store->status == STATUS_OK ? STATUS_OK : fail(store->status, "%s", store->sentence);
}

void store_note(struct store *store, enum status status)
{
    if (store->status != STATUS_OK || status == STATUS_OK)
        return;
    store->status = status;
    store->sentence = memory_copy_text(failure_sentence());
}

/* Where it is kept which slot has the block of a cell. */
static struct slot **block_of(const struct stored *stored, int64_t cell)
{
    return &stored->blocks[cell / (stored->row_cells * stored->block_rows)];
}

static void drop(struct store *store, struct slot *slot)
{
    if (slot->stored != NULL)
        *block_of(slot->stored, slot->first) = NULL;
    store->n_byte -= slot->n_byte;
    memory_free(slot->bytes);
    *slot = (struct slot){0};
}

/* An empty slot with room for `bytes`: the ones looked for longest ago go. */
static struct slot *make_room(struct store *store, int64_t bytes)
{
    for (;;) {
        struct slot *empty = NULL, *oldest = NULL;
        for (int s = 0; s < SLOTS; s++) {
            struct slot *slot = &store->slots[s];
            if (slot->stored == NULL)
                empty = slot;
            else if (oldest == NULL || slot->used < oldest->used)
                oldest = slot;
        }
        if (empty != NULL && (store->n_byte == 0 || store->n_byte + bytes <= MEMORY)) {
            empty->bytes = memory_allocate_raw(bytes, 1);
            empty->n_byte = bytes;
            store->n_byte += bytes;
            return empty;
        }
        drop(store, oldest);
    }
}

static void tell(const struct store *store, const struct stored *stored, int64_t first, int64_t n,
                 const struct slot *slot)
{
    if (store->watch == NULL)
        return;
    struct query_block block = {store_files[stored->file], stored->dataset, first, n, slot->n_byte, {0}};
    digest_of(slot->bytes, (size_t)slot->n_byte, block.sha256);
    store->watch->saw(store->watch->context, &block);
}

void store_use_shape(const struct store *store, const struct stored *stored)
{
    if (store->watch != NULL && stored != NULL)
        store->watch->saw(store->watch->context,
                          &(struct query_block){.file = store_files[stored->file], .dataset = stored->dataset});
}

/* Reads the block of a cell into a slot; NULL when that fails. */
static struct slot *load(struct stored *stored, int64_t cell)
{
    struct store *store = stored->store;
    int64_t row = cell / stored->row_cells, first = row / stored->block_rows * stored->block_rows;
    int64_t left = dataset_rows(stored->dataset) - first, n = left < stored->block_rows ? left : stored->block_rows;
    struct slot *slot = make_room(store, n * stored->row_cells * stored->cell_bytes);
    enum status status = table_read(store->members[stored->file].reader, stored->dataset->path, first, n, slot->bytes);
    if (status != STATUS_OK) {
        store_note(store, status);
        drop(store, slot);
        return NULL;
    }
    slot->stored = stored;
    slot->first = first * stored->row_cells;
    slot->n = n * stored->row_cells;
    *block_of(stored, cell) = slot;
    tell(store, stored, first, n, slot);
    return slot;
}

const char *stored_read(struct stored *stored, int64_t cell)
{
    ASSERT(cell >= 0 && cell < stored->n_cell);
    if (stored->blocks == NULL) {
        int64_t n_block = (dataset_rows(stored->dataset) - 1) / stored->block_rows + 1;
        stored->blocks = memory_allocate(n_block, sizeof(struct slot *));
    }
    struct slot *slot = *block_of(stored, cell);
    if (slot == NULL)
        slot = load(stored, cell);
    if (slot == NULL)
        return NULL;
    slot->used = ++stored->store->clock;
    stored->slot = slot;
    return slot->bytes + (cell - slot->first) * stored->cell_bytes;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

bool stored_is_integer(const struct stored *stored)
{
    return !stored->is_digest && stored->dataset->type != TABLE_F64 && stored->dataset->type != TABLE_STRING;
}

bool stored_integer(struct stored *stored, int64_t cell, int64_t *value)
{
    const char *bytes = stored_at(stored, cell);
    if (bytes == NULL)
        return false;
    int32_t narrow;
    switch (stored->dataset->type) {
        case TABLE_I8:
            *value = (unsigned char)*bytes < 128 ? (unsigned char)*bytes : (unsigned char)*bytes - 256;
            break;
        case TABLE_U8:
            *value = *(const uint8_t *)bytes;
            break;
        case TABLE_I32:
            memcpy(&narrow, bytes, sizeof narrow);
            *value = narrow;
            break;
        default:
            memcpy(value, bytes, sizeof *value);
    }
    return true;
}

const char *stored_text(struct stored *stored, int64_t cell, int64_t *n)
{
    const char *bytes = stored_at(stored, cell);
    if (bytes == NULL)
        return NULL;
    const char *end = memchr(bytes, 0, (size_t)stored->cell_bytes);
    *n = end != NULL ? end - bytes : stored->cell_bytes;
    return bytes;
}

int64_t stored_find(struct stored *stored, const char *text, int64_t n)
{
    struct member *member = &stored->store->members[stored->file];
    struct lookup **lookup = &member->lookups[stored - member->datasets];
    if (*lookup == NULL)
        *lookup = lookup_create(stored);
    return lookup_find(*lookup, text, n);
}
