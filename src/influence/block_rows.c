#include "influence/block_rows.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { PIECE_BYTES = 1 << 20 }; /* read at a time */

/* ---- written --------------------------------------------------------------------------------------------------- */

void block_rows_begin(struct block_rows *rows, struct table *table)
{
    *rows = (struct block_rows){.table = table, .digest = digest_create()};
    digest_begin(rows->digest);
}

static void write(struct block_rows *rows, const char *path, int64_t first, int64_t n, const void *data, int64_t bytes)
{
    if (rows->status == STATUS_OK)
        rows->status = table_write(rows->table, path, first, n, data);
    digest_add(rows->digest, data, (size_t)bytes);
}

/* "/samples/group/COLUMN"; the caller clears it. */
static const char *set_codes_path(struct text *path, const struct group_column *column)
{
    path->length = 0;
    text_add(path, "/samples/group/%s", column->name);
    return path->bytes;
}

void block_rows_samples(struct block_rows *rows, const struct sample_rows *samples)
{
    const struct samples *all = samples->samples;
    struct text path;
    text_init(&path);
    write(rows, "/samples/id", samples->first, samples->n, samples->ids, samples->n * all->id_bytes);
    for (int64_t c = 0; c < all->n_column; c++)
        write(rows, set_codes_path(&path, &all->columns[c]), samples->first, samples->n, sample_rows_codes(samples, c),
              samples->n * (int64_t)sizeof(int32_t));
    text_clear(&path);
}

void block_rows_self(struct block_rows *rows, int64_t first, int64_t n, const double *self)
{
    write(rows, "/self", first, n, self, n * (int64_t)sizeof *self);
}

void block_rows_scores(struct block_rows *rows, int64_t first, const struct tile *tile)
{
    int64_t n = tile->n * tile->n_query;
    double *scores = memory_allocate_raw(n, sizeof *scores), unit = ldexp(1, tile->exponent);
    for (int64_t i = 0; i < n; i++)
        scores[i] = (double)tile->total[i] * unit;
    write(rows, "/scores", first + tile->row, tile->n, scores, n * (int64_t)sizeof *scores);
    memory_free(scores);
}

enum status block_rows_end(struct block_rows *rows, uint8_t sha256[DIGEST_BYTES])
{
    digest_end(rows->digest, sha256);
    digest_destroy(rows->digest);
    return rows->status;
}

/* ---- read again ------------------------------------------------------------------------------------------------ */

/* Rows [first, first + n) of a dataset into the digest. */
static enum status read(struct table_reader *reader, const char *path, int64_t first, int64_t n, struct digest *digest)
{
    const struct dataset *dataset = table_find(reader, path);
    if (dataset == NULL || first > dataset_rows(dataset) - n)
        return fail(BAD_INPUT, "%s: is missing, or has too few rows", path);
    int64_t row = dataset_row_bytes(dataset), piece = PIECE_BYTES / row > 0 ? PIECE_BYTES / row : 1;
    char *bytes = memory_allocate_raw(piece, (size_t)row);
    enum status status = STATUS_OK;
    for (int64_t at = 0; at < n && status == STATUS_OK; at += piece) {
        int64_t count = n - at < piece ? n - at : piece;
        status = table_read(reader, path, first + at, count, bytes);
        if (status == STATUS_OK)
            digest_add(digest, bytes, (size_t)(count * row));
    }
    memory_free(bytes);
    return status;
}

/* In the order in which they were written. */
static enum status digest_rows(struct table_reader *reader, const struct study *study, int64_t first, int64_t n,
                               uint8_t sha256[DIGEST_BYTES])
{
    struct digest *digest = digest_create();
    struct text path;
    text_init(&path);
    digest_begin(digest);
    enum status status = read(reader, "/samples/id", first, n, digest);
    for (int64_t c = 0; c < study->samples.n_column && status == STATUS_OK; c++)
        status = read(reader, set_codes_path(&path, &study->samples.columns[c]), first, n, digest);
    if (status == STATUS_OK)
        status = read(reader, "/self", first, n, digest);
    if (status == STATUS_OK && study->config->keep_scores)
        status = read(reader, "/scores", first, n, digest);
    digest_end(digest, sha256);
    digest_destroy(digest);
    text_clear(&path);
    return status;
}

static enum status check_block(struct table_reader *reader, const char *path, const struct study *study,
                               const struct influence_plan *plan, const struct partial *partial, int64_t block)
{
    uint8_t sha256[DIGEST_BYTES];
    int64_t first = block * plan->block_rows, left = plan->n_train - first;
    enum status status = digest_rows(reader, study, first, left < plan->block_rows ? left : plan->block_rows, sha256);
    if (status != STATUS_OK)
        return fail(BAD_RUN, "%s: remove %s and the folder journal to begin anew", failure_sentence(), path);
    return memcmp(sha256, partial->row_digest + block * DIGEST_BYTES, DIGEST_BYTES) == 0
               ? STATUS_OK
               : fail(BAD_RUN,
                      "%s: the rows of block %lld, from example %lld on, are not those that the journal says were "
                      "written: remove it and the folder journal to begin anew",
                      path, (long long)block, (long long)first);
}

enum status block_rows_check(const char *path, const struct study *study, const struct influence_plan *plan,
                             const struct partial *partial)
{
    struct table_reader *reader = NULL;
    struct text unfinished;
    text_init(&unfinished);
    text_add(&unfinished, "%s.partial", path);
    enum status status = STATUS_OK;
    for (int64_t block = 0; block < partial->n_block && status == STATUS_OK; block++) {
        if (!partial->done[block])
            continue;
        if (reader == NULL && table_open(unfinished.bytes, &reader) != STATUS_OK)
            status = fail(BAD_RUN, "%s: remove it and the folder journal", failure_sentence());
        if (status == STATUS_OK)
            status = check_block(reader, unfinished.bytes, study, plan, partial, block);
    }
    if (reader != NULL)
        table_reader_close(reader);
    text_clear(&unfinished);
    return status;
}
