/* What must hold: whatever is recorded is read back; wrong calls are refused and accounted for; a locked file, a full
 * disk or a removed one cost no more than a sentence, and what could be kept is written later. */
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>

#include "capture/pseudonym.h"
#include "check.h"
#include "record.h"

static char directory[4096];

static char *place(const char *name)
{
    return path_join(directory, name);
}

static void run_sql(const char *path, const char *statement)
{
    sqlite3 *database;
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, statement, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(database);
}

static int64_t ask(const char *path, const char *question)
{
    sqlite3 *database;
    sqlite3_stmt *query;
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(database, question, -1, &query, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(query) == SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(database);
    return answer;
}

static struct recorder *open_plain(const char *path, int64_t pending_bytes)
{
    struct recorder *recorder;
    CHECK(recorder_open(path, &(struct recorder_options){.run = "r", .world_size = 1, .pending_bytes = pending_bytes},
                        &recorder) == STATUS_OK);
    return recorder;
}

static enum status one_step(struct recorder *recorder, int64_t step)
{
    const int64_t samples[] = {step, 2 * step, 5};
    enum status status = recorder_step_begin(recorder, step, 0, 0.1);
    status = worse(status, recorder_use(recorder, 3, samples, NULL, NULL));
    return worse(status, recorder_step_end(recorder, 1));
}

/* ---- reading back -------------------------------------------------------------------------------------------------
 */

static void check_contributions(struct recording *recording, struct recording_steps *steps)
{
    struct recorded_contribution c;
    struct recorded_optimizer o;
    bool more;
    CHECK(recording_next_contribution(steps, &c, &more) == STATUS_OK && more);
    CHECK(strcmp(recording_group(recording, c.group), "fc1") == 0 && c.n == 5 && !c.conditional);
    CHECK(c.learning_rate == 0.1 && c.delta_norm == 0.75 && c.residual == 1e-17 && c.rounding == 1e-16);
    CHECK(c.norms[4] == 5 && c.shares[2] == 1.0 / 3 && c.shares[4] == 1e-300);
    CHECK(recording_next_contribution(steps, &c, &more) == STATUS_OK && more);
    CHECK(strcmp(recording_group(recording, c.group), "embedding") == 0 && c.n == 0 && c.conditional);
    CHECK(c.norms == NULL && c.shares == NULL && isnan(c.delta_norm));
    CHECK(recording_next_contribution(steps, &c, &more) == STATUS_OK && !more);
    CHECK(recording_next_contribution(steps, &c, &more) == STATUS_OK && !more);
    CHECK(recording_next_optimizer(steps, &o, &more) == STATUS_OK && more);
    CHECK(strcmp(o.kind, "weight_decay") == 0 && o.norm == 0.01 && o.share == -0.5);
}

static void check_steps(struct recording *recording)
{
    struct recording_steps *steps;
    struct recorded_step step;
    bool more;
    CHECK(recording_steps_open(recording, &steps) == STATUS_OK);
    for (int64_t k = 0; k < 6; k++) {
        CHECK(recording_next_step(steps, &step, &more) == STATUS_OK && more);
        CHECK(step.record == k + 1 && step.session == (k < 5 ? 1 : 2) && step.step == (k < 5 ? k : 2));
        CHECK(step.superseded == (k >= 2 && k < 5));
        if (k == 4) {
            CHECK(step.n == 0 && step.epoch == -1 && isnan(step.loss) && isnan(step.learning_rate));
            CHECK(step.n_micro_batch == 0 && step.losses == NULL);
            continue;
        }
        CHECK(step.n == 5 && step.samples[1] == step.step + 5 && step.samples[4] == 8 && step.loss == 1.5);
        CHECK(step.losses[0] == 0.25F && step.losses[1] == 1e-30F && isnan(step.losses[2]));
        CHECK(step.weights[0] == 1 && step.weights[3] == 0 && step.weights[4] == 2);
        CHECK(step.n_micro_batch == 2 && step.micro_batches[0] == 2 && step.micro_batches[1] == 3);
        if (k % 2 == 0) /* the others are skipped */
            check_contributions(recording, steps);
    }
    CHECK(recording_next_step(steps, &step, &more) == STATUS_OK && !more);
    recording_steps_close(steps);
}

static void check_admissions(struct recording *recording)
{
    int decision = schema_find(TABLE_ADMISSION, "decision", COLUMN_TEXT),
        reason = schema_find(TABLE_ADMISSION, "reason", COLUMN_TEXT),
        weights = schema_find(TABLE_ADMISSION, "weights", COLUMN_F32S),
        samples = schema_find(TABLE_ADMISSION, "samples", COLUMN_I64S);
    struct recording_rows *rows;
    bool more;
    int64_t n;
    CHECK(recording_rows_open(recording, TABLE_ADMISSION, &rows) == STATUS_OK);
    CHECK(recording_rows_next(rows, &more) == STATUS_OK && more);
    CHECK(strcmp(recording_text(rows, decision), "admit") == 0 && recording_array(rows, weights, &n) == NULL && n == 0);
    CHECK(recording_rows_next(rows, &more) == STATUS_OK && more);
    CHECK(((const float *)recording_array(rows, weights, &n))[2] == 1.25F && n == 3);
    CHECK(((const int64_t *)recording_array(rows, samples, NULL))[1] == 7 && recording_text(rows, reason) == NULL);
    CHECK(recording_rows_next(rows, &more) == STATUS_OK && more);
    CHECK(strcmp(recording_text(rows, reason), "no license") == 0);
    CHECK(recording_rows_next(rows, &more) == STATUS_OK && !more);
    recording_rows_close(rows);
}

static void check_pseudonym(struct recording *recording)
{
    uint8_t expected[32];
    pseudonym(record_key, sizeof record_key, "user-ä", expected);
    struct recording_rows *rows;
    bool more;
    CHECK(recording_rows_open(recording, TABLE_USER, &rows) == STATUS_OK);
    CHECK(recording_rows_next(rows, &more) == STATUS_OK && more);
    CHECK(memcmp(recording_digest(rows, schema_find(TABLE_USER, "pseudonym", COLUMN_DIGEST)), expected, 32) == 0);
    recording_rows_close(rows);
}

static void check_survey(struct recording *recording)
{
    struct recording_survey survey;
    CHECK(recording_survey(recording, &survey) == STATUS_OK);
    CHECK(survey.n_step == 6 && survey.n_use == 25 && survey.n_superseded == 3);
    CHECK(survey.step_first == 0 && survey.step_last == 2);
    CHECK(survey.n_gap == 1 && survey.gaps[0].kind == GAP_SUPERSEDED && survey.gaps[0].first == 2 &&
          survey.gaps[0].last == 4);
    recording_survey_clear(&survey);
}

static void test_round_trip(void)
{
    char *path = place("all/of it.sqlite");
    struct recorder_options options = record_options(NULL);
    struct recorder *recorder;
    struct recorder_summary summary;
    struct recording *recording;
    CHECK(recorder_open(path, &options, &recorder) == STATUS_OK);
    CHECK(record_all(recorder) == STATUS_OK);
    CHECK(recording_open(path, &recording) == STATUS_OK); /* while it is written */
    struct recording_survey survey;
    CHECK(recording_survey(recording, &survey) == STATUS_OK && survey.n_step == 6);
    CHECK(survey.n_gap == 2 && survey.gaps[0].kind == GAP_NOT_CLOSED && survey.gaps[0].first == 2);
    recording_survey_clear(&survey);
    recording_close(recording);
    CHECK(recorder_close(recorder, &summary) == STATUS_OK);
    CHECK(summary.steps == 6 && summary.uses == 25 && summary.lost == 0 && summary.failures == 0);

    CHECK(recording_open(path, &recording) == STATUS_OK);
    const struct recording_info *info = recording_info(recording);
    CHECK(strcmp(info->run, "run é") == 0 && info->rank == 1 && info->world_size == 2 && info->n_session == 2);
    CHECK(info->samples_file == NULL && info->key_id != NULL && info->n_group == 2);
    check_steps(recording);
    check_admissions(recording);
    check_pseudonym(recording);
    check_survey(recording);
    recording_close(recording);
    memory_free(path);
}

/* ---- a file that is opened again ------------------------------------------------------------------------------------
 */

static void test_resumed(void)
{
    char *path = place("resumed.sqlite");
    struct recorder *recorder = open_plain(path, 0);
    for (int64_t step = 0; step < 10; step++)
        CHECK(one_step(recorder, step) == STATUS_OK);
    CHECK(recorder_group(recorder, "a", 1, true) == STATUS_OK);
    CHECK(recorder_group(recorder, "b", 1, true) == STATUS_OK);
    CHECK(recorder_close(recorder, NULL) == STATUS_OK);
    recorder = open_plain(path, 0);
    for (int64_t step = 7; step < 9; step++)
        CHECK(one_step(recorder, step) == STATUS_OK);
    CHECK(recorder_step_begin(recorder, 12, 0, 0.1) == STATUS_OK);
    CHECK(recorder_optimizer(recorder, "b", "clipping", 1, 0.5) == STATUS_OK);
    CHECK(recorder_step_end(recorder, 0) == STATUS_OK);
    CHECK(recorder_close(recorder, NULL) == STATUS_OK);
    CHECK(ask(path, "SELECT parameter_group FROM optimizer") == 2);
    CHECK(ask(path, "SELECT count(*) FROM parameter_group") == 2);

    struct recording *recording;
    struct recording_survey survey;
    CHECK(recording_open(path, &recording) == STATUS_OK);
    CHECK(recording_survey(recording, &survey) == STATUS_OK);
    CHECK(survey.n_step == 13 && survey.n_superseded == 3 && survey.step_last == 12);
    CHECK(survey.n_gap == 2 && survey.gaps[0].kind == GAP_STEPS && survey.gaps[0].first == 9 &&
          survey.gaps[0].last == 11);
    CHECK(survey.gaps[1].kind == GAP_SUPERSEDED && survey.gaps[1].first == 7 && survey.gaps[1].last == 9);
    recording_survey_clear(&survey);
    recording_close(recording);

    struct recorder_options other = {.run = "another", .world_size = 1};
    CHECK_FAILS(recorder_open(path, &other, &recorder), BAD_INPUT, "expected a file of run \"another\", found one of");
    other = (struct recorder_options){.run = "r", .rank = 1, .world_size = 2};
    CHECK_FAILS(recorder_open(path, &other, &recorder), BAD_INPUT, "rank");
    memory_free(path);
}

/* ---- what is refused ------------------------------------------------------------------------------------------------
 */

static void test_refused_options(void)
{
    char *path = place("refused.sqlite"), *samples = place("no-such.jsonl");
    struct recorder *recorder;
    struct recorder_options options = {.run = "r"};
    CHECK_FAILS(recorder_open(path, &options, &recorder), BAD_INPUT, "rank below the world size of 0");
    options = (struct recorder_options){.run = "r\n", .world_size = 1};
    CHECK_FAILS(recorder_open(path, &options, &recorder), BAD_INPUT, "control characters");
    options = (struct recorder_options){.run = "r", .world_size = 1, .key = record_key, .n_key = 15};
    CHECK_FAILS(recorder_open(path, &options, &recorder), BAD_INPUT, "at least 16 bytes, found 15");
    options = (struct recorder_options){.run = "r", .world_size = 1, .samples_file = samples};
    CHECK_FAILS(recorder_open(path, &options, &recorder), BAD_INPUT, "no-such.jsonl");
    options = (struct recorder_options){.run = "r", .world_size = 1};
    CHECK_FAILS(recorder_open(directory, &options, &recorder), CANNOT_WRITE, "cannot be opened");
    char *text = place("a.txt");
    CHECK(file_store(text, "this is no database, but a text that goes on", 44, 0644) == STATUS_OK);
    CHECK_FAILS(recorder_open(text, &options, &recorder), BAD_INPUT, "file is not a database");
    char *other = place("other.sqlite");
    run_sql(other, "CREATE TABLE mine (x)");
    CHECK_FAILS(recorder_open(other, &options, &recorder), BAD_INPUT, "application id");
    run_sql(other, "PRAGMA application_id = 0x41534159; PRAGMA user_version = 7");
    CHECK_FAILS(recorder_open(other, &options, &recorder), BAD_INPUT, "expected version 1");
    run_sql(other, "PRAGMA user_version = 1");
    CHECK_FAILS(recorder_open(other, &options, &recorder), BAD_INPUT, "CREATE TABLE mine");
    CHECK(recorder == NULL);
    CHECK(one_step(recorder, 0) == STATUS_OK); /* a trainer that goes on regardless */
    CHECK(recorder_close(recorder, NULL) == STATUS_OK);
    memory_free(path);
    memory_free(samples);
    memory_free(text);
    memory_free(other);
}

static void refuse_events(struct recorder *r)
{
    const int64_t negative[] = {3, -1}, few[] = {1, 2};
    const float floats[] = {1, 2};
    CHECK_FAILS(recorder_use(r, 2, few, NULL, NULL), BAD_INPUT, "no step was begun");
    CHECK_FAILS(recorder_step_end(r, 0), BAD_INPUT, "no step was begun");
    CHECK(recorder_step_begin(r, 5, 0, 0.1) == STATUS_OK);
    CHECK_FAILS(recorder_use(r, 2, negative, NULL, NULL), BAD_INPUT, "found -1");
    CHECK_FAILS(recorder_use(r, 0, few, NULL, NULL), BAD_INPUT, "at least one sample");
    CHECK(recorder_use(r, 2, few, NULL, NULL) == STATUS_OK);
    CHECK_FAILS(recorder_contribute(r, &(struct recorder_contribution){.group = "g", .n = 3, .norms = floats}),
                BAD_INPUT, "expected numbers for 2 uses, found 3");
    CHECK_FAILS(recorder_contribute(r, &(struct recorder_contribution){.group = "", .n = 0}), BAD_INPUT, "1 to 1024");
    CHECK_FAILS(recorder_optimizer(r, "g", "\x01", 0, 0), BAD_INPUT, "control");
    CHECK_FAILS(recorder_begin_session(r), BAD_INPUT, "under way");
    CHECK(recorder_step_end(r, 0) == STATUS_OK);
    CHECK_FAILS(recorder_step_begin(r, 5, 0, 0.1), BAD_INPUT, "expected a step after 5, found 5");
    CHECK_FAILS(recorder_user(r, "u", 2, few), BAD_INPUT, "needs the run's key");
    CHECK_FAILS(recorder_role(r, "trainer", 2, few), BAD_INPUT, "train, validation or test, found \"trainer\"");
    CHECK_FAILS(recorder_role(r, "train", 2, negative), BAD_INPUT, "found -1");
    CHECK_FAILS(recorder_preprocessing(r, "p", "\xff", 2, few), BAD_INPUT, "UTF-8");
    CHECK_FAILS(recorder_modality(r, "m", 2, few, NULL), BAD_INPUT, "expected a weight");
    CHECK_FAILS(recorder_definition(r, "rule", "m", ""), BAD_INPUT, "policy, profile");
    CHECK_FAILS(recorder_admission(r, &(struct recorder_admission){"reject", "p", NULL, NULL, 2, few, NULL}), BAD_INPUT,
                "needs a reason");
    CHECK_FAILS(recorder_admission(r, &(struct recorder_admission){"modulate", "p", NULL, NULL, 2, few, NULL}),
                BAD_INPUT, "depth profile or weights");
    CHECK_FAILS(recorder_admission(r, &(struct recorder_admission){"maybe", "p", NULL, NULL, 2, few, NULL}), BAD_INPUT,
                "admit, modulate or reject");
    CHECK_FAILS(recorder_admission(r, &(struct recorder_admission){"admit", NULL, NULL, NULL, 2, few, NULL}), BAD_INPUT,
                "policy");
    CHECK_FAILS(recorder_checkpoint(r, &(struct recorder_checkpoint){.step = -1, .name = "c"}), BAD_INPUT, "found -1");
    CHECK_FAILS(recorder_influence(r, &(struct recorder_influence){"c", "q", "m", 2, few, NULL}), BAD_INPUT, "a score");
    CHECK_FAILS(recorder_prediction(r, &(struct recorder_prediction){"c", 2, few, NULL, NULL, NULL}), BAD_INPUT,
                "a prediction");
    const char *const ids[] = {"fine", "not\tfine"};
    CHECK_FAILS(recorder_samples(r, 0, 2, ids, NULL), BAD_INPUT, "control characters");
    CHECK_FAILS(recorder_samples(r, -1, 2, ids, NULL), BAD_INPUT, "found -1");
}

static void test_refused_events(void)
{
    char *path = place("events.sqlite");
    struct recorder *recorder = open_plain(path, 0);
    struct recorder_summary summary;
    refuse_events(recorder);
    CHECK(recorder_step_begin(recorder, 9, 0, 0.1) == STATUS_OK);
    CHECK(one_step(recorder, 10) == STATUS_OK); /* the one before was never ended */
    CHECK(recorder_step_begin(recorder, 11, 0, 0.1) == STATUS_OK);
    CHECK(recorder_close(recorder, &summary) == STATUS_OK);
    CHECK(summary.steps == 2 && summary.lost == 26 && summary.failures == 26);
    CHECK(strstr(summary.sentence, "no step was begun") != NULL);
    CHECK(ask(path, "SELECT sum(count) FROM lost") == 26);
    CHECK(ask(path, "SELECT losses FROM closing") == 26);
    CHECK(ask(path, "SELECT step_first FROM lost WHERE what = 'contribution'") == 5);
    CHECK(ask(path, "SELECT count(*) FROM step") == 2);
    memory_free(path);
}

/* ---- a file that cannot be written for a while ----------------------------------------------------------------------
 */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void test_locked(void)
{
    char *path = place("locked.sqlite");
    struct recorder *recorder = open_plain(path, 20000);
    struct recorder_summary summary;
    sqlite3 *other;
    CHECK(one_step(recorder, 0) == STATUS_OK);
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    double begin = seconds();
    CHECK_FAILS(one_step(recorder, 1), CANNOT_WRITE, "locked");
    for (int64_t step = 2; step < 100; step++)
        CHECK(one_step(recorder, step) == STATUS_OK); /* kept */
    CHECK(seconds() - begin < 0.5);                   /* the lock was waited for once */
    for (int64_t step = 100; step < 500; step++)
        one_step(recorder, step); /* more than may be kept */
    CHECK(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(other);
    CHECK(recorder_flush(recorder) == STATUS_OK);
    CHECK(one_step(recorder, 500) == STATUS_OK);
    CHECK(recorder_close(recorder, &summary) == STATUS_OK);
    int64_t n = ask(path, "SELECT count(*) FROM step");
    CHECK(n > 101 && n < 400 && summary.lost == 501 - n && strstr(summary.sentence, "locked") != NULL);
    CHECK(ask(path, "SELECT sum(count) FROM lost") == summary.lost);

    struct recording *recording;
    struct recording_survey survey;
    CHECK(recording_open(path, &recording) == STATUS_OK);
    CHECK(recording_survey(recording, &survey) == STATUS_OK);
    CHECK(survey.gaps[0].kind == GAP_RECORDS && survey.gaps[0].count == summary.lost);
    CHECK(survey.n_gap == 4 && survey.gaps[1].kind == GAP_LOST && survey.gaps[2].kind == GAP_UNCOUNTED);
    CHECK(survey.gaps[1].last == 499 && survey.gaps[1].first == 500 - summary.lost);
    recording_survey_clear(&survey);
    recording_close(recording);
    memory_free(path);
}

/* The limit of a file's size stands for a full disk: writes fail in the same places. */
static void test_full(void)
{
    char *path = place("full.sqlite");
    struct recorder *recorder = open_plain(path, 0);
    struct recorder_summary summary;
    struct rlimit before, small;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = 160 * 1024;
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    enum status status = STATUS_OK;
    for (int64_t step = 0; step < 300; step++)
        status = worse(status, one_step(recorder, step));
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(status == CANNOT_WRITE);
    CHECK(recorder_flush(recorder) == STATUS_OK); /* there is room again */
    CHECK(one_step(recorder, 300) == STATUS_OK);
    CHECK(recorder_close(recorder, &summary) == STATUS_OK);
    CHECK(summary.failures > 0 && summary.lost == 0);
    CHECK(ask(path, "SELECT count(*) FROM step") == 301);
    CHECK(ask(path, "SELECT max(step) FROM step") == 300);
    memory_free(path);
}

static void test_removed(void)
{
    char *path = place("removed.sqlite");
    struct recorder *recorder = open_plain(path, 0);
    struct recorder_summary summary;
    CHECK(one_step(recorder, 0) == STATUS_OK);
    CHECK(unlink(path) == 0);
    one_step(recorder, 1);
    CHECK_FAILS(recorder_close(recorder, &summary), CANNOT_WRITE, "removed");
    CHECK(summary.failures > 0);
    memory_free(path);
}

/* The whole file of a recording; the caller owns the bytes. */
static char *recorded_bytes(const char *name, bool reproducible, size_t *n)
{
    char *path = place(name), *bytes = NULL;
    const uint8_t sha256[32] = {1, 2, 3};
    const struct recorder_options options = {.run = "r",
                                             .world_size = 1,
                                             .samples_file = "nowhere/samples.jsonl",
                                             .samples_sha256 = sha256,
                                             .reproducible = reproducible};
    struct recorder *recorder;
    CHECK(recorder_open(path, &options, &recorder) == STATUS_OK);
    for (int64_t step = 0; step < 900; step++) /* the log is folded back on the way */
        CHECK(one_step(recorder, step) == STATUS_OK);
    CHECK(recorder_begin_session(recorder) == STATUS_OK && one_step(recorder, 7) == STATUS_OK);
    CHECK(recorder_close(recorder, NULL) == STATUS_OK);
    CHECK(ask(path, "SELECT count(*) FROM step") == 901);
    CHECK(ask(path, "SELECT value LIKE '010203%' FROM meta WHERE name = 'samples_sha256'") == 1);
    CHECK(ask(path, "SELECT opened = 0 AND process = 0 AND host = '' FROM session") == reproducible);
    CHECK(file_load(path, 1 << 30, &bytes, n) == STATUS_OK);
    memory_free(path);
    return bytes;
}

static void test_reproducible(void)
{
    for (int reproducible = 0; reproducible < 2; reproducible++) {
        size_t n, n_again;
        char *bytes = recorded_bytes("once.sqlite", reproducible, &n);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        char *again = recorded_bytes("again/again.sqlite", reproducible, &n_again);
        CHECK((n == n_again && memcmp(bytes, again, n) == 0) == reproducible);
        memory_free(bytes);
        memory_free(again);
        char *path = place("once.sqlite"), *other = place("again/again.sqlite");
        CHECK(unlink(path) == 0 && unlink(other) == 0);
        memory_free(path);
        memory_free(other);
    }
}

/* RFC 4231, test cases 2 and 6: a short key, and one longer than a block. */
static void test_pseudonym(void)
{
    uint8_t out[32], key[131];
    char hex[65];
    pseudonym((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", out);
    hex_encode(out, 32, hex);
    CHECK(strcmp(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") == 0);
    memset(key, 0xaa, sizeof key);
    pseudonym(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", out);
    hex_encode(out, 32, hex);
    CHECK(strcmp(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54") == 0);
}

int main(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/assay-capture-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(directory) == NULL)
        return EXIT_FAILURE;
    test_pseudonym();
    test_round_trip();
    test_resumed();
    test_refused_options();
    test_refused_events();
    test_locked();
    test_full();
    test_removed();
    test_reproducible();
    struct text command;
    text_init(&command);
    text_add(&command, "rm -rf '%s'", directory);
    CHECK(system(command.bytes) == 0);
    text_clear(&command);
    return check_end();
}
