/* SQL sees the rows that were written and can only read; who watches hears of every block that an answer stands on. */
#include "base/digest.h"
#include "events.h"
#include "query/query.h"
#include "query/question.h"

enum { BLOCK = 5 };

/* ---- answers ----------------------------------------------------------------------------------------------------- */

struct heard {
    int64_t n_row, sum; /* of the integers in the first column */
    struct text texts;  /* of the texts in it, a line each */
};

static enum status hear_columns(void *context, const char *const *columns, int n_column)
{
    (void)context;
    CHECK(n_column > 0 && columns[0] != NULL);
    return STATUS_OK;
}

static enum status hear_row(void *context, const struct query_value *values, int n_column)
{
    struct heard *heard = context;
    heard->n_row++;
    if (n_column > 0 && values[0].kind == QUERY_INTEGER)
        heard->sum += values[0].integer;
    if (n_column > 0 && values[0].kind == QUERY_TEXT)
        text_add(&heard->texts, "%.*s\n", (int)values[0].n, values[0].text);
    return STATUS_OK;
}

static enum status hear_end(void *context)
{
    (void)context;
    return STATUS_OK;
}

static enum status hear(struct query *query, const char *sql, struct heard *heard)
{
    const struct query_sink sink = {heard, hear_columns, hear_row, hear_end};
    *heard = (struct heard){0};
    text_init(&heard->texts);
    return query_run(query, sql, NULL, 0, &sink);
}

static void check_sum(struct query *query, const char *sql, int64_t n_row, int64_t sum)
{
    struct heard heard;
    CHECK(hear(query, sql, &heard) == STATUS_OK);
    CHECK(heard.n_row == n_row && heard.sum == sum);
    if (heard.n_row != n_row || heard.sum != sum)
        fprintf(stderr, "%s: %lld rows, sum %lld\n", sql, (long long)heard.n_row, (long long)heard.sum);
    text_clear(&heard.texts);
}

static void check_text(struct query *query, const char *sql, const char *expected)
{
    struct heard heard;
    CHECK(hear(query, sql, &heard) == STATUS_OK && strcmp(heard.texts.bytes, expected) == 0);
    text_clear(&heard.texts);
}

static void check_fails(struct query *query, const char *sql, const char *part)
{
    struct heard heard;
    CHECK_FAILS(hear(query, sql, &heard), BAD_USAGE, part);
    CHECK(heard.n_row == 0);
    text_clear(&heard.texts);
}

static void test_answers(struct query *query)
{
    int64_t sum = 0, n_third = 0, third = 0, n_unknown = 0;
    for (int u = 0; u < N_USE; u++) {
        sum += sample[u];
        n_third += sample[u] == 3;
        n_unknown += sample[u] >= N_SAMPLE;
    }
    for (int s = 0; s < N_STEP; s++)
        for (int64_t u = use_start[s]; u < use_start[s + 1]; u++)
            third += sample[u] == 3 ? s : 0;
    check_sum(query, "SELECT sample FROM uses", N_USE, sum);
    check_sum(query, "SELECT step_row FROM uses WHERE sample = 3", n_third, third); /* no second direction here */
    check_sum(query, "SELECT step_row FROM uses WHERE sample_id = ''", n_third, third);
    check_sum(query, "SELECT count(*) FROM uses WHERE sample_id IS NULL", 1, n_unknown);
    check_text(query, "SELECT sample_id FROM samples WHERE sample BETWEEN 3 AND 5", "\n8 bytes\nallbytes\n");
    check_text(query, "SELECT x'00ff'", "00ff\n");
    check_sum(query, "SELECT 7; -- and a comment", 1, 7);
}

static void test_refused(struct query *query)
{
    check_fails(query, "DELETE FROM uses", "only reads");
    check_fails(query, "CREATE TABLE x(y)", "only reads");
    check_fails(query, "ATTACH ':memory:' AS x", "ATTACH is refused");
    check_fails(query, "PRAGMA user_version = 1", "PRAGMA is refused");
    check_fails(query, "SELECT load_extension('x')", "load_extension");
    check_fails(query, "SELECT 1; SELECT 2", "one statement");
    check_fails(query, "", "found nothing");
    check_fails(query, "SELECT sampel FROM uses", "near are: sample");
    check_fails(query, "SELECT * FROM use", "near are: uses");
    check_fails(query, "SELECT * FROM scores", "influence.h5, which this run does not have");
    check_fails(query, "SELECT 'naïve \xe6\x97\xa5' FRM x", "at byte");
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static int64_t seen[N_USE]; /* how often rows of /uses/sample were told of */
static int n_shape;

static int64_t few_rows(int64_t row_bytes)
{
    CHECK(row_bytes > 0);
    return BLOCK;
}

static void saw(void *context, const struct query_block *block)
{
    (void)context;
    CHECK(strcmp(block->file, "lineage.h5") == 0);
    n_shape += block->n == 0;
    if (strcmp(block->dataset->path, "/uses/sample") != 0 || block->n == 0)
        return;
    uint8_t digest[DIGEST_BYTES];
    digest_of(sample + block->first, (size_t)block->n * sizeof *sample, digest);
    CHECK(block->first % BLOCK == 0 && block->bytes == block->n * 8);
    CHECK(block->n == (block->first + BLOCK <= N_USE ? BLOCK : N_USE % BLOCK));
    CHECK(memcmp(digest, block->sha256, DIGEST_BYTES) == 0);
    for (int64_t i = 0; i < block->n; i++)
        seen[block->first + i]++;
}

static void test_watch(const char *folder)
{
    const struct query_watch watch = {NULL, few_rows, saw};
    struct query *query = NULL;
    CHECK(query_open(folder, &watch, &query) == STATUS_OK);
    n_shape = 0;
    check_sum(query, "SELECT count(*) FROM uses WHERE sample >= 0", 1, N_USE);
    for (int u = 0; u < N_USE; u++)
        CHECK(seen[u] == 1);
    CHECK(n_shape == 2); /* of the rows, and of where those of each step start */
    query_close(query);
}

/* Flags of 32 parts are 32 values, though a digest has as many bytes. */
static void test_flags(void)
{
    enum { N_BEHAVIOUR = 2, N_PART = 32 };
    const struct dataset list[] = {
        {"/parts/id", TABLE_STRING, 1, {N_PART}, 2, "1", "id"},
        {"/effects/zero/mean", TABLE_F64, 2, {N_BEHAVIOUR, N_PART}, 0, "1", "mean"},
        {"/effects/zero/localised", TABLE_U8, 2, {N_BEHAVIOUR, N_PART}, 0, "1", "flag"},
    };
    double mean[N_BEHAVIOUR * N_PART] = {0};
    uint8_t localised[N_BEHAVIOUR * N_PART];
    char names[N_PART][2] = {{0}};
    int64_t flagged = 0;
    for (int i = 0; i < N_BEHAVIOUR * N_PART; i++) {
        localised[i] = i % 3 == 0;
        flagged += localised[i];
    }
    for (int p = 0; p < N_PART; p++)
        names[p][0] = (char)('A' + p);
    char *folder = events_begin(), *file = path_join(folder, "mechanism.h5");
    struct table *table = NULL;
    struct query *query = NULL;
    CHECK(table_create(MPI_COMM_SELF, file, list, sizeof list / sizeof *list, NULL, 0, &table) == STATUS_OK);
    CHECK(table_write(table, "/parts/id", 0, N_PART, names) == STATUS_OK);
    CHECK(table_write(table, "/effects/zero/mean", 0, N_BEHAVIOUR, mean) == STATUS_OK);
    CHECK(table_write(table, "/effects/zero/localised", 0, N_BEHAVIOUR, localised) == STATUS_OK);
    CHECK(table_close(table, true) == STATUS_OK);
    CHECK(query_open(folder, NULL, &query) == STATUS_OK);
    check_sum(query, "SELECT localised FROM effects_zero", N_BEHAVIOUR * N_PART, flagged);
    check_text(query, "SELECT part_id FROM effects_zero WHERE localised AND part > 29", "_\n`\n");
    query_close(query);
    unlink(file);
    memory_free(file);
    events_end(folder);
}

/* What retraining says is asked for by method, whichever sets were retrained. */
static void test_groups_alone(void)
{
    enum { N_METHOD = 2 };
    const struct dataset list[] = {
        {"/validation/method/name", TABLE_STRING, 1, {N_METHOD}, 6, "1", "name"},
        {"/validation/group/pearson", TABLE_F64, 1, {N_METHOD}, 0, "1", "correlation"},
    };
    const char names[N_METHOD][6] = {"tracin", "random"};
    const double pearson[N_METHOD] = {0.75, -0.25};
    char *folder = events_begin(), *file = path_join(folder, "counterfactual.h5");
    struct table *table = NULL;
    struct query *query = NULL;
    CHECK(table_create(MPI_COMM_SELF, file, list, sizeof list / sizeof *list, NULL, 0, &table) == STATUS_OK);
    CHECK(table_write(table, "/validation/method/name", 0, N_METHOD, names) == STATUS_OK);
    CHECK(table_write(table, "/validation/group/pearson", 0, N_METHOD, pearson) == STATUS_OK);
    CHECK(table_close(table, true) == STATUS_OK);
    CHECK(query_open(folder, NULL, &query) == STATUS_OK);
    check_text(query, "SELECT method FROM validation WHERE group_pearson > 0", "tracin\n");
    query_close(query);
    unlink(file);
    memory_free(file);
    events_end(folder);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    char *folder = events_begin();
    struct query *query = NULL;
    CHECK(query_open(folder, NULL, &query) == STATUS_OK);
    test_answers(query);
    test_refused(query);
    struct text listing;
    text_init(&listing);
    query_tables(query, &listing);
    CHECK(strstr(listing.bytes, "uses: which sample was used in which step; 97 rows") != NULL);
    text_clear(&listing);
    query_close(query);
    test_watch(folder);
    test_flags();
    test_groups_alone();
    events_end(folder);
    CHECK_FAILS(query_open("/nowhere/at/all", NULL, &query), BAD_RUN, "nothing there");
    CHECK_FAILS(question_unknown("traec"), BAD_USAGE, "near are: trace");
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
