#include "counterfactual/scores.h"

#include <string.h>

#include "base/memory.h"
#include "table/load.h"

static const char *const sides[N_SCORE_SIDES] = {"proponents", "opponents"};

static void *load_side(struct scores *scores, int side, const char *what, enum table_type type, int64_t width)
{
    struct text path;
    text_init(&path);
    text_add(&path, "/top/%s/%s", sides[side], what);
    void *values = table_load(scores->reader, path.bytes, type, scores->n_query * scores->top * width);
    text_clear(&path);
    return values;
}

static bool load_lists(struct scores *scores)
{
    struct digest *digest = digest_create();
    bool good = scores->top > 0 && scores->n_checkpoint > 0;
    digest_begin(digest);
    for (int side = 0; side < N_SCORE_SIDES && good; side++) {
        scores->index[side] = load_side(scores, side, "index", TABLE_I64, 1);
        scores->score[side] = load_side(scores, side, "score", TABLE_F64, 1);
        scores->by_checkpoint[side] = load_side(scores, side, "by_checkpoint", TABLE_F64, scores->n_checkpoint);
        good = scores->index[side] && scores->score[side] && scores->by_checkpoint[side];
        size_t n = (size_t)(scores->n_query * scores->top) * sizeof(double);
        if (good) {
            digest_add(digest, scores->index[side], n);
            digest_add(digest, scores->score[side], n);
            digest_add(digest, scores->by_checkpoint[side], n * (size_t)scores->n_checkpoint);
        }
    }
    digest_end(digest, scores->sha256);
    digest_destroy(digest);
    return good;
}

/* Queries by their ids; training samples by their number, which is all that the captures know too. */
static enum status check_subjects(const struct scores *scores, const char *path, const struct inquiry *inquiry)
{
    if (scores->n_train != inquiry->samples.n || scores->n_query != inquiry->queries.n)
        return fail(BAD_RUN,
                    "%s: expected the scores of %lld training samples and %lld queries, found %lld and %lld: run "
                    "`assay influence` again",
                    path, (long long)inquiry->samples.n, (long long)inquiry->queries.n, (long long)scores->n_train,
                    (long long)scores->n_query);
    for (int64_t q = 0; q < scores->n_query; q++) {
        char *id = table_load_text(scores->reader, "/queries/id", q);
        const char *wanted = inquiry->queries.ids + q * inquiry->queries.id_bytes;
        size_t width = (size_t)inquiry->queries.id_bytes;
        bool same = id != NULL && strlen(id) <= width && strncmp(id, wanted, width) == 0;
        memory_free(id);
        if (!same)
            return fail(BAD_RUN,
                        "%s: expected the queries of %s, found another at place %lld: give counterfactual.queries as "
                        "influence.queries, or run `assay influence` again",
                        path, inquiry->config->queries, (long long)q);
    }
    return STATUS_OK;
}

enum status scores_open(const char *path, const struct inquiry *inquiry, struct scores *scores)
{
    *scores = (struct scores){0};
    enum status status = table_open(path, &scores->reader);
    if (status != STATUS_OK)
        return status;
    const struct table_reader *reader = scores->reader;
    scores->n_train = table_extent_of(reader, "/samples/id", 0);
    scores->n_query = table_extent_of(reader, "/queries/id", 0);
    scores->top = table_extent_of(reader, "/top/proponents/index", 1);
    scores->n_checkpoint = table_extent_of(reader, "/checkpoints/used", 0);
    scores->all = table_find(reader, "/scores") != NULL;
    const char *method = table_attribute(reader, "method");
    scores->method = memory_copy_text(method != NULL ? method : "influence");
    const struct dataset *score = table_find(reader, "/top/proponents/score");
    scores->is_loss = score != NULL && score->unit != NULL && strcmp(score->unit, "loss") == 0;
    status = load_lists(scores)
                 ? check_subjects(scores, path, inquiry)
                 : fail(BAD_INPUT, "%s: expected the datasets of an influence table; some are missing", path);
    if (status != STATUS_OK)
        scores_close(scores);
    return status;
}

void scores_close(struct scores *scores)
{
    for (int side = 0; side < N_SCORE_SIDES; side++) {
        memory_free(scores->index[side]);
        memory_free(scores->score[side]);
        memory_free(scores->by_checkpoint[side]);
    }
    memory_free(scores->method);
    if (scores->reader != NULL)
        table_reader_close(scores->reader);
    *scores = (struct scores){0};
}

bool scores_find(const struct scores *scores, int64_t query, int64_t example, int *side, int64_t *place)
{
    for (*side = 0; *side < N_SCORE_SIDES; (*side)++)
        for (int64_t t = 0; t < scores->top; t++)
            if (scores->index[*side][query * scores->top + t] == example) {
                *place = query * scores->top + t;
                return true;
            }
    return false;
}

enum status scores_read(const struct scores *scores, int64_t first, int64_t n, double *values)
{
    return table_read(scores->reader, "/scores", first, n, values);
}

double *scores_totals(const struct scores *scores, const struct group_column *column)
{
    struct text path;
    text_init(&path);
    text_add(&path, "/groups/%s/value", column->name);
    bool same = table_extent_of(scores->reader, path.bytes, 0) == column->n_value;
    path.length = 0;
    text_add(&path, "/groups/%s/net", column->name);
    double *totals = same ? table_load(scores->reader, path.bytes, TABLE_F64, scores->n_query * column->n_value) : NULL;
    text_clear(&path);
    return totals;
}
