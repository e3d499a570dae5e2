/* Blocks of samples, and the record of each. */
#include <string.h>

#include "base/memory.h"
#include "usage/gather.h"
#include "usage/source.h"

int64_t usage_block_rows(const struct usage_source *source)
{
    enum { MOST_ROWS = 1 << 14, MOST_BYTES = 64 << 20 };
    int64_t bytes = source->id_bytes + source->influence_bytes, fit = bytes > 0 ? MOST_BYTES / bytes : MOST_ROWS;
    return fit < 1 ? 1 : fit < MOST_ROWS ? fit : MOST_ROWS;
}

/* A column of /samples into *column, which becomes owned. */
static enum status read_column(const struct usage_source *source, const char *path, int64_t first, int64_t n,
                               size_t bytes, void *column)
{
    void *rows = memory_allocate_raw(n, bytes);
    memcpy(column, &rows, sizeof rows);
    return table_read(source->lineage, path, first, n, rows);
}

static enum status read_samples(const struct usage_source *source, struct usage_block *block)
{
    const struct {
        const char *path;
        size_t bytes;
        int64_t more;
        void *column;
    } columns[] = {{"/samples/id", (size_t)source->id_bytes, 0, &block->id},
                   {"/samples/content", DIGEST_BYTES, 0, &block->content},
                   {"/samples/has_content", 1, 0, &block->has_content},
                   {"/samples/role", sizeof *block->role, 0, &block->role},
                   {"/samples/owner", sizeof *block->owner, 0, &block->owner},
                   {"/samples/uses", sizeof *block->uses, 0, &block->uses},
                   {"/samples/training", sizeof *block->training, 0, &block->training},
                   {"/samples/admission", sizeof *block->admission, 0, &block->admission},
                   {"/samples/use_start", sizeof *block->use_start, 1, &block->use_start}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof columns / sizeof *columns && status == STATUS_OK; i++)
        status = read_column(source, columns[i].path, block->first, block->n + columns[i].more, columns[i].bytes,
                             columns[i].column);
    return status;
}

static enum status read_uses(const struct usage_source *source, struct usage_block *block)
{
    const struct dataset *shape = table_find(source->lineage, "/uses_by_sample/step");
    for (int64_t i = 0; i < block->n; i++)
        if (block->use_start[i] < 0 || block->use_start[i] > block->use_start[i + 1])
            return fail(BAD_RUN,
                        "lineage.h5: /samples/use_start does not ascend at sample %lld; run `assay lineage` "
                        "again",
                        (long long)(block->first + i));
    int64_t first = block->use_start[0], n = block->use_start[block->n] - first;
    if (block->use_start[block->n] > shape->dims[0])
        return fail(BAD_RUN, "lineage.h5: /samples/use_start points beyond /uses_by_sample/step; run `assay lineage` "
                             "again");
    enum status status = read_column(source, "/uses_by_sample/step", first, n, sizeof *block->use, &block->use);
    for (int64_t k = 0; k < n && status == STATUS_OK; k++)
        if (block->use[k] < 0 || block->use[k] >= source->n_step)
            status = fail(BAD_RUN,
                          "lineage.h5: a use points to row %lld of /steps, which has %lld; run `assay "
                          "lineage` again",
                          (long long)block->use[k], (long long)source->n_step);
    return status;
}

static enum status read_admissions(const struct usage_source *source, struct usage_block *block)
{
    const struct {
        const char *path;
        int32_t **column;
    } columns[] = {{"/admissions/decision", &block->decision},
                   {"/admissions/policy", &block->policy},
                   {"/admissions/profile", &block->profile},
                   {"/admissions/reason", &block->reason}};
    struct places places;
    enum status status = STATUS_OK;
    places_make(block->admission, block->n, &places);
    for (size_t k = 0; k < sizeof columns / sizeof *columns && status == STATUS_OK; k++) {
        int32_t *column = *columns[k].column = memory_allocate(block->n, sizeof *column);
        for (int64_t i = 0; i < block->n; i++)
            column[i] = -1;
        status = rows_gather(source->lineage, columns[k].path, &places, column);
    }
    places_clear(&places);
    return status;
}

/* Rows of one dataset of influence.h5, `bytes` each, to offset `at` of the rows of the block. */
static enum status read_scores(const struct usage_source *source, const char *path, const struct places *places,
                               int64_t at, int64_t bytes, struct usage_block *block)
{
    char *rows = memory_allocate(block->n, (size_t)bytes);
    enum status status = rows_gather(source->influence, path, places, rows);
    for (int64_t i = 0; i < block->n; i++)
        memcpy(block->influence + i * source->influence_bytes + at, rows + i * bytes, (size_t)bytes);
    memory_free(rows);
    return status;
}

/* Rows of /self and, where they were kept, of /scores, side by side. */
static enum status read_influence(const struct usage_source *source, struct usage_block *block)
{
    if (source->influence == NULL)
        return STATUS_OK;
    int64_t self_bytes = sizeof(double), score_bytes = source->influence_bytes - self_bytes;
    struct places places;
    block->influence = memory_allocate_raw(block->n, (size_t)source->influence_bytes);
    places_make(block->training, block->n, &places);
    enum status status = read_scores(source, "/self", &places, 0, self_bytes, block);
    if (status == STATUS_OK && score_bytes > 0)
        status = read_scores(source, "/scores", &places, self_bytes, score_bytes, block);
    places_clear(&places);
    return status;
}

enum status usage_block_read(const struct usage_source *source, int64_t first, int64_t n, struct usage_block *block)
{
    *block = (struct usage_block){.first = first, .n = n};
    text_init(&block->made);
    enum status status = read_samples(source, block);
    if (status == STATUS_OK)
        status = read_uses(source, block);
    if (status == STATUS_OK)
        status = read_admissions(source, block);
    return status == STATUS_OK ? read_influence(source, block) : status;
}

void usage_block_clear(struct usage_block *block)
{
    void *const owned[] = {block->id,       block->content,   block->has_content, block->role,   block->owner,
                           block->decision, block->policy,    block->profile,     block->reason, block->uses,
                           block->training, block->admission, block->use_start,   block->use,    block->influence};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        memory_free(owned[i]);
    text_clear(&block->made);
    *block = (struct usage_block){0};
}

bool usage_block_is_rejected(const struct usage_source *source, const struct usage_block *block, int64_t i)
{
    return (source->rejected_decision >= 0 && block->decision[i] == source->rejected_decision) ||
           (source->rejected_role >= 0 && block->role[i] == source->rejected_role);
}

/* The steps of sample i's uses, but for those that later ones superseded. */
static void add_steps(const struct usage_source *source, const struct usage_block *block, int64_t i, struct text *text)
{
    int64_t few[64], n = block->use_start[i + 1] - block->use_start[i], n_kept = 0;
    const int64_t *rows = block->use + (block->use_start[i] - block->use_start[0]);
    int64_t *steps = n <= 64 ? few : memory_allocate_raw(n, sizeof *steps);
    for (int64_t k = 0; k < n; k++)
        if (!source->is_superseded[rows[k]])
            steps[n_kept++] = source->step[rows[k]];
    usage_add_steps(text, steps, n_kept);
    if (steps != few)
        memory_free(steps);
}

/* Digest in hex of sample i's row of influence.h5; "-" where it has none. */
static struct record_value influence_value(const struct usage_source *source, const struct usage_block *block,
                                           int64_t i, char hex[2 * DIGEST_BYTES + 1])
{
    uint8_t sha256[DIGEST_BYTES];
    if (block->influence == NULL || block->training[i] < 0)
        return (struct record_value){"-", 1};
    digest_of(block->influence + i * source->influence_bytes, (size_t)source->influence_bytes, sha256);
    hex_encode(sha256, DIGEST_BYTES, hex);
    return (struct record_value){hex, 2 * (size_t)DIGEST_BYTES};
}

enum status usage_block_record(const struct usage_source *source, struct usage_block *block, int64_t i,
                               struct text *text)
{
    struct record_value values[N_RECORD_LINES];
    char influence[2 * DIGEST_BYTES + 1];
    const char *id = block->id + i * source->id_bytes;
    bool is_known = block->role[i] >= 0 && names_get(&source->roles, block->role[i], &values[RECORD_ROLE]) &&
                    names_get(&source->owners, block->owner[i], &values[RECORD_OWNER]) &&
                    names_get(&source->policies, block->policy[i], &values[RECORD_POLICY]) &&
                    names_get(&source->profiles, block->profile[i], &values[RECORD_PROFILE]) &&
                    names_get(&source->decisions, block->decision[i], &values[RECORD_DECISION]) &&
                    names_get(&source->reasons, block->reason[i], &values[RECORD_REASON]);
    if (!is_known)
        return fail(BAD_RUN,
                    "lineage.h5: sample %lld has a role, owner, policy, profile, decision or reason that is "
                    "in no list; run `assay lineage` again",
                    (long long)(block->first + i));
    struct text *made = &block->made; /* values that are in no list */
    made->length = 0;
    usage_add_name(made, id, padded_length(id, source->id_bytes));
    size_t id_end = made->length;
    usage_add_integer(made, block->uses[i]);
    size_t uses_end = made->length;
    add_steps(source, block, i, made);
    values[RECORD_ID] = (struct record_value){made->bytes, id_end};
    values[RECORD_USES] = (struct record_value){made->bytes + id_end, uses_end - id_end};
    values[RECORD_STEPS] = (struct record_value){made->bytes + uses_end, made->length - uses_end};
    values[RECORD_INFLUENCE] = influence_value(source, block, i, influence);
    usage_record_write(values, text);
    return STATUS_OK;
}
