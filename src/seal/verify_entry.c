/* One entry of the log against what lies on disk. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "seal/content.h"
#include "seal/verify.h"
#include "tensor/tensor.h"

int64_t verify_work(const struct entry *entry, enum sweep sweep)
{
    enum { OPENING = 64 << 10 }; /* opening a file costs about as much as reading this much of it */
    bool is_logical = entry->kind == ENTRY_INPUT && entry->segment == SEGMENT_LOGICAL;
    bool has_content = entry->kind == ENTRY_CONFIG || entry->kind == ENTRY_INPUT || entry->kind == ENTRY_CHUNK;
    if (!has_content || is_logical != (sweep == SWEEP_LOGICAL))
        return -1;
    return entry->bytes < INT64_MAX - OPENING ? entry->bytes + OPENING : INT64_MAX;
}

static void check_config(struct verification *verification, int64_t index, const struct entry *entry)
{
    enum { LIMIT = 1 << 30 };
    const struct statement *statement = &verification->ground.statement;
    char *path = path_join(verification->run_directory, "run.json"), *bytes = NULL;
    size_t n = 0;
    uint8_t sha256[DIGEST_BYTES];
    if (strcmp(entry->path, "run.json") != 0 || index != 0) {
        findings_add(&verification->findings, FOUND_CONTENT, index,
                     "seal/tile/entries: entry %lld is a config by the name %s, where only the first entry is one, "
                     "run.json",
                     (long long)index, entry->path);
    } else if (file_load(path, LIMIT, &bytes, &n) != STATUS_OK) {
        findings_add(&verification->findings, FOUND_CONTENT, index, "run.json: %s", failure_sentence());
    } else {
        digest_of(bytes, n, sha256);
        if ((int64_t)n != entry->bytes || memcmp(sha256, entry->sha256, DIGEST_BYTES) != 0)
            findings_add(&verification->findings, FOUND_CONTENT, index,
                         "run.json: the config differs from the one that was sealed");
        else if (verification->ground.has_statement &&
                 (n == 0 || strlen(statement->config) != n - 1 || memcmp(statement->config, bytes, n - 1) != 0))
            findings_add(&verification->findings, FOUND_STATEMENT, 3,
                         "seal/statement.intoto.jsonl: its config is not that of run.json");
    }
    memory_free(bytes);
    memory_free(path);
}

/* Neighbours, as the entries of one tensor mostly are, become one piece. */
static void note_piece(struct segment_list *list, const struct entry *entry)
{
    const struct segment piece = {
        .path = (char *)entry->path, .object = (char *)"-", .offset = entry->offset, .bytes = entry->bytes};
    struct segment *last = list->n > 0 ? &list->items[list->n - 1] : NULL;
    if (last != NULL && strcmp(last->path, entry->path) == 0 && last->offset + last->bytes == entry->offset)
        last->bytes += entry->bytes;
    else
        segments_add(list, &piece);
}

static void note_damaged(struct verification *verification, const char *path)
{
    struct segment_list *list = &verification->damaged;
    if (list->n == 0 || strcmp(list->items[list->n - 1].path, path) != 0)
        segments_add(list, &(struct segment){.path = (char *)path, .object = (char *)"-"});
}

/* Whether the file has these bytes at all; if not, verify_inputs tells it once for the whole file. */
static bool has_bytes(const char *path, int64_t end)
{
    int64_t size;
    return file_size(path, &size) == STATUS_OK && size >= end;
}

static bool is_damaged(const struct verification *verification, const char *path)
{
    for (int64_t i = 0; i < verification->damaged.n; i++)
        if (strcmp(verification->damaged.items[i].path, path) == 0)
            return true;
    return false;
}

static void check_input(struct verification *verification, int64_t index, const struct entry *entry)
{
    struct segment segment = {.path = (char *)entry->path,
                              .object = (char *)entry->object,
                              .kind = entry->segment,
                              .offset = entry->offset,
                              .bytes = entry->bytes,
                              .row_first = entry->row_first,
                              .n_row = entry->n_row};
    bool is_raw = entry->segment == SEGMENT_RAW;
    if (is_raw)
        note_piece(&verification->pieces, entry);
    if (verification->inputs_directory == NULL || (!is_raw && is_damaged(verification, entry->path)))
        return;
    char *path = path_join(verification->inputs_directory, entry->path);
    if (is_raw && !has_bytes(path, entry->offset + entry->bytes)) {
        note_damaged(verification, entry->path);
    } else {
        struct text what;
        text_init(&what);
        entry_describe(entry, &what);
        enum status status = is_raw ? content_hash(path, entry->offset, entry->bytes, segment.sha256)
                                    : segment_hash(verification->inputs_directory, &segment);
        if (status != STATUS_OK)
            findings_add(&verification->findings, FOUND_CONTENT, index, "input %s: cannot be read as it was: %s",
                         what.bytes, failure_sentence());
        else if (memcmp(segment.sha256, entry->sha256, DIGEST_BYTES) != 0)
            findings_add(&verification->findings, FOUND_CONTENT, index, "input %s: differs from what the run used",
                         what.bytes);
        if (status != STATUS_OK || memcmp(segment.sha256, entry->sha256, DIGEST_BYTES) != 0)
            note_damaged(verification, entry->path);
        text_clear(&what);
        verification->report->n_input++;
        verification->report->n_input_byte += entry->bytes;
    }
    memory_free(path);
}

/* The dataset in the statement, and which of its tables it is in; NULL is a finding. */
static const struct extent *find_extent(struct verification *verification, int64_t index, const struct entry *entry,
                                        int64_t *table)
{
    const struct statement *statement = &verification->ground.statement;
    const struct extent *extent = statement_extent(statement, entry->path, entry->object);
    for (*table = 0; *table < statement->n_table; ++*table)
        if (strcmp(statement->tables[*table].path, entry->path) == 0)
            break;
    if (extent == NULL)
        findings_add(&verification->findings, FOUND_CONTENT, index,
                     "seal/statement.intoto.jsonl: it does not tell where %s:%s lies", entry->path, entry->object);
    return extent;
}

/* Rows that the extent says a dataset has, and the bytes of one; false if the extent is impossible. */
static bool row_size(const struct extent *extent, int64_t *row_bytes)
{
    *row_bytes = extent->rows > 0 ? extent->bytes / extent->rows : 0;
    return extent->offset <= INT64_MAX - extent->bytes && *row_bytes * extent->rows == extent->bytes;
}

void verify_dataset(struct verification *verification, int64_t index, const struct entry *entry)
{
    int64_t table, bytes = entry_type_bytes(entry->type), rows = entry->n_dim == 0 ? 1 : entry->dims[0];
    if (!verification->ground.has_statement)
        return;
    const struct extent *extent = find_extent(verification, index, entry, &table);
    if (extent == NULL)
        return;
    bool fits = extent->rows == rows;
    for (int i = 0; i < entry->n_dim && fits; i++) {
        fits = bytes == 0 || entry->dims[i] <= INT64_MAX / bytes;
        bytes = fits ? bytes * entry->dims[i] : 0;
    }
    if (!fits || bytes != extent->bytes)
        findings_add(
            &verification->findings, FOUND_CONTENT, index,
            "seal/statement.intoto.jsonl: it says that %s:%s has %lld rows in %lld bytes, which its shape does "
            "not have",
            entry->path, entry->object, (long long)extent->rows, (long long)extent->bytes);
}

/* Blocks start on a fixed grid and are full but for the last: with their number, that leaves no row out. */
static bool is_on_grid(const struct entry *entry, const struct extent *extent, int64_t row_bytes)
{
    int64_t rows = block_rows(row_bytes), left = extent->rows - entry->row_first;
    return row_bytes > 0 && left > 0 && entry->row_first % rows == 0 && entry->n_row == (left < rows ? left : rows) &&
           entry->bytes == entry->n_row * row_bytes;
}

static void check_chunk(struct verification *verification, int64_t index, const struct entry *entry)
{
    int64_t table, row_bytes, size;
    uint8_t sha256[DIGEST_BYTES];
    if (!verification->ground.has_statement)
        return; /* nobody says where it lies */
    const struct extent *extent = find_extent(verification, index, entry, &table);
    if (extent == NULL)
        return;
    if (!row_size(extent, &row_bytes) || !is_on_grid(entry, extent, row_bytes)) {
        findings_add(&verification->findings, FOUND_CONTENT, index,
                     "seal/tile/entries: entry %lld, rows %lld to %lld of %s:%s, is no block of that dataset",
                     (long long)index, (long long)entry->row_first, (long long)(entry->row_first + entry->n_row - 1),
                     entry->path, entry->object);
        return;
    }
    char *path = path_join(verification->run_directory, entry->path);
    enum status status = content_hash(path, extent->offset + entry->row_first * row_bytes, entry->bytes, sha256);
    if (status != STATUS_OK || memcmp(sha256, entry->sha256, DIGEST_BYTES) != 0)
        verification->is_block_wrong[table] = true;
    if (status != STATUS_OK && file_size(path, &size) == STATUS_OK) /* a missing file is told once */
        findings_add(&verification->findings, FOUND_CONTENT, index, "%s: %s", entry->path, failure_sentence());
    if (status == STATUS_OK && memcmp(sha256, entry->sha256, DIGEST_BYTES) != 0)
        findings_add(&verification->findings, FOUND_CONTENT, index,
                     "%s: dataset %s, rows %lld to %lld: differs from what was sealed", entry->path, entry->object,
                     (long long)entry->row_first, (long long)(entry->row_first + entry->n_row - 1));
    verification->report->n_block++;
    verification->report->n_block_byte += entry->bytes;
    memory_free(path);
}

void verify_entry(struct verification *verification, int64_t index, const struct entry *entry)
{
    if (entry->kind == ENTRY_CONFIG)
        check_config(verification, index, entry);
    else if (entry->kind == ENTRY_INPUT)
        check_input(verification, index, entry);
    else if (entry->kind == ENTRY_CHUNK)
        check_chunk(verification, index, entry);
}
