/* What must hold: a recording that was tampered with, cut off or damaged is refused in a sentence that says where, or
 * read up to its last complete transaction; never anything else. */
#include <sqlite3.h>

#include "check.h"
#include "overwrite.h"
#include "record.h"

static char directory[4096];

static char *place(const char *name)
{
    return path_join(directory, name);
}

static void copy(const char *from, const char *to)
{
    char *bytes;
    size_t n;
    CHECK(file_load(from, 1 << 30, &bytes, &n) == STATUS_OK);
    CHECK(file_store(to, bytes, n, 0644) == STATUS_OK);
    memory_free(bytes);
}

/* Reads everything that there is. */
static enum status read_all(const char *path, struct recording_survey *survey)
{
    struct recording *recording;
    *survey = (struct recording_survey){0};
    enum status status = recording_open(path, &recording);
    for (int table = 0; table < N_TABLE && status == STATUS_OK; table++) {
        struct recording_rows *rows = NULL;
        bool more = true;
        status = recording_rows_open(recording, (enum table_id)table, &rows);
        while (status == STATUS_OK && more)
            status = recording_rows_next(rows, &more);
        recording_rows_close(rows);
    }
    if (status == STATUS_OK)
        status = recording_survey(recording, survey);
    recording_close(recording);
    return status;
}

/* What somebody does to a copy of the recording, and what must be said of it. */
static void tamper(const char *original, const char *statement, const char *sentence)
{
    char *path = place("tampered.sqlite");
    sqlite3 *database;
    struct recording_survey survey;
    copy(original, path);
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL) == SQLITE_OK);
    int code = sqlite3_exec(database, statement, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        fprintf(stderr, "%s: %s\n", statement, sqlite3_errmsg(database));
    CHECK(code == SQLITE_OK);
    sqlite3_close(database);
    CHECK_FAILS(read_all(path, &survey), BAD_INPUT, sentence);
    recording_survey_clear(&survey);
    memory_free(path);
}

static void test_tampered(const char *original)
{
    static const char *const cases[][2] = {
        {"PRAGMA application_id = 1", "application id"},
        {"PRAGMA user_version = 2", "expected version 1"},
        {"CREATE VIEW v AS SELECT 1", "CREATE VIEW v"},
        {"CREATE TRIGGER t AFTER INSERT ON step BEGIN SELECT 1; END", "CREATE TRIGGER"},
        {"CREATE INDEX i ON step (step)", "CREATE INDEX"},
        {"DROP TABLE modality", "expected the 18 tables of a recorder's file, found 17"},
        {"ALTER TABLE step ADD COLUMN more", "only the tables of version 1"},
        {"INSERT INTO meta VALUES ('run', 'twice')",
         "table meta, row 7: expected a name that the recorder writes, once"},
        {"INSERT INTO meta VALUES ('color', 'red')", "a name that the recorder writes"},
        {"UPDATE meta SET value = '2' WHERE name = 'rank'", "a rank below the world size"},
        {"UPDATE meta SET value = '-1' WHERE name = 'rank'", "a rank below the world size"},
        {"DELETE FROM meta WHERE name = 'run'", "expected run, rank and world_size"},
        {"UPDATE meta SET value = x'ff'", "column value: expected a value of the column's type"},
        {"UPDATE meta SET value = cast(x'ff' AS TEXT)", "UTF-8"},
        {"UPDATE meta SET value = cast(x'610062' AS TEXT)", "without a zero byte"},
        {"DELETE FROM session WHERE number = 1", "sessions to be numbered from 1"},
        {"UPDATE parameter_group SET number = 9 WHERE number = 1", "numbered from 1 without a gap"},
        {"UPDATE step SET session = 3 WHERE record = 2", "table step, row 2: expected a session that the file has"},
        {"UPDATE step SET session = 1 WHERE record = 6", "steps that grow within their session"},
        {"UPDATE step SET session = 2 WHERE record = 3", "not before that of the row above"},
        {"UPDATE step SET step = 0 WHERE record = 2", "steps that grow"},
        {"UPDATE step SET step = -4 WHERE record = 1", "column step: expected 0 or more"},
        {"UPDATE step SET n = 4 WHERE record = 1", "column samples: expected as many elements as the row's n says"},
        {"UPDATE step SET n = 4611686018427387904 WHERE record = 1", "as many elements"},
        {"UPDATE step SET samples = substr(samples, 1, 39) WHERE record = 1", "as many elements"},
        {"UPDATE step SET samples = zeroblob(39) || x'80' WHERE record = 1", "expected a value of the column's type"},
        {"UPDATE step SET samples = cast(zeroblob(32) || x'00000000000000ff' AS BLOB) WHERE record = 1",
         "indices of 0 or more"},
        {"UPDATE step SET losses = 'abc' WHERE record = 1", "column losses: expected a value of the column's type"},
        {"UPDATE step SET micro_batches = x'0500000000000000' || x'' WHERE record = 1", "a value of the column's type"},
        {"UPDATE step SET micro_batches = cast(x'0400000000000000' AS BLOB) WHERE record = 1", "add up to n"},
        {"UPDATE step SET micro_batches = cast(x'05000000000000000000000000000000' AS BLOB) WHERE record = 1",
         "positive counts"},
        {"UPDATE step SET micro_batches = cast(x'ffffffffffffffff0600000000000000' AS BLOB) WHERE record = 1",
         "positive counts"},
        {"UPDATE contribution SET record = 99 WHERE rowid = 1",
         "table contribution, row 1: expected the record of a step"},
        {"UPDATE contribution SET record = 1 WHERE rowid = 4", "the record of a step that the file has"},
        {"UPDATE optimizer SET record = 7 WHERE rowid = 10", "table optimizer, row 10: expected the record of a step"},
        {"UPDATE contribution SET parameter_group = 3 WHERE rowid = 1", "a parameter group that the file has"},
        {"UPDATE optimizer SET parameter_group = 0 WHERE rowid = 1", "a parameter group that the file has"},
        {"UPDATE contribution SET n = 1, norms = zeroblob(4), shares = zeroblob(8) WHERE rowid = 1",
         "one number per use of its step"},
        {"UPDATE contribution SET n = 0, norms = cast(x'' AS BLOB), shares = NULL WHERE rowid = 1",
         "one number per use of its step, or none"},
        {"UPDATE contribution SET n = 0, norms = NULL, shares = cast(x'' AS BLOB) WHERE rowid = 1",
         "one number per use of its step, or none"},
        {"UPDATE step SET step = 9223372036854775807 WHERE record = 6", "column step: expected at most 2^62"},
        {"DELETE FROM step WHERE record = 6", "the record of a step that the file has"},
        {"UPDATE user SET pseudonym = zeroblob(31)", "column pseudonym: expected 32 bytes"},
        {"INSERT INTO closing VALUES (3, 0.5, 1, 1, 0)", "a session that the file has, closed once"},
        {"INSERT INTO closing VALUES (1, 0.5, 1, 1, 0)", "closed once"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        tamper(original, cases[i][0], cases[i][1]);
}

/* Rows that are gone leave a hole. */
static void test_holes(const char *original)
{
    char *path = place("holes.sqlite");
    sqlite3 *database;
    struct recording_survey survey;
    copy(original, path);
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database,
                       "DELETE FROM step WHERE record = 2; DELETE FROM contribution WHERE record = 2;"
                       "DELETE FROM optimizer WHERE record = 2; DELETE FROM closing WHERE session = 2",
                       NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(database);
    CHECK(read_all(path, &survey) == STATUS_OK);
    CHECK(survey.n_gap == 5 && survey.n_step == 5);
    CHECK(survey.gaps[0].kind == GAP_RECORDS && survey.gaps[0].first == 2 && survey.gaps[0].last == 2);
    CHECK(survey.gaps[1].kind == GAP_UNCOUNTED && survey.gaps[1].count == 1);
    CHECK(survey.gaps[2].kind == GAP_UNCOUNTED && survey.gaps[2].count == 5);
    CHECK(survey.gaps[3].kind == GAP_NOT_CLOSED && survey.gaps[3].first == 2);
    static const char *const sentences[] = {
        "session 1: records 2 to 2 of steps are not there",
        "session 1: its closing counts 1 more steps than are there",
        "session 1: its closing counts 5 more uses than are there",
        "session 2: cut off after step 2: the step in flight is not there",
        "session 2: steps 2 to 4 of earlier sessions were done again, and are void",
    };
    for (int i = 0; i < 5; i++) {
        struct text sentence;
        text_init(&sentence);
        recording_gap_say(&survey.gaps[i], &sentence);
        CHECK(strcmp(sentence.bytes, sentences[i]) == 0);
        text_clear(&sentence);
    }
    recording_survey_clear(&survey);
    memory_free(path);
}

static void test_not_a_recording(void)
{
    char *path = place("not one.sqlite");
    struct recording *recording;
    CHECK_FAILS(recording_open(path, &recording), BAD_INPUT, "cannot be read");
    CHECK_FAILS(recording_open(directory, &recording), BAD_INPUT, "a directory");
    CHECK(file_store(path, "", 0, 0644) == STATUS_OK);
    CHECK_FAILS(recording_open(path, &recording), BAD_INPUT, "application id");
    CHECK(file_store(path, "no database at all, only a sentence or two", 42, 0644) == STATUS_OK);
    CHECK_FAILS(recording_open(path, &recording), BAD_INPUT, "not a database");
    CHECK(recording == NULL);
    recording_close(recording);
    memory_free(path);
}

/* The log of a process that was killed, cut off anywhere. */
static void test_cut_off(void)
{
    char *path = place("live.sqlite"), *log = place("live.sqlite-wal"), *cut = place("cut.sqlite"),
         *cut_log = place("cut.sqlite-wal"), *cut_index = place("cut.sqlite-shm"), *bytes;
    struct recorder_options options = record_options(NULL);
    struct recorder *recorder;
    size_t n;
    CHECK(recorder_open(path, &options, &recorder) == STATUS_OK);
    CHECK(record_all(recorder) == STATUS_OK);
    CHECK(file_load(log, 1 << 30, &bytes, &n) == STATUS_OK);
    int64_t before = 0, refused = 0;
    for (size_t length = 0; length < n + 1; length += length < n ? (n - length < 797 ? n - length : 797) : 1) {
        struct recording_survey survey;
        unlink(cut_index);
        copy(path, cut);
        CHECK(file_store(cut_log, bytes, length, 0644) == STATUS_OK);
        enum status status = read_all(cut, &survey);
        CHECK(status == STATUS_OK || status == BAD_INPUT);
        if (status != STATUS_OK) { /* not even its tables are there yet */
            CHECK(before == 0);
            refused++;
        } else {
            CHECK(survey.n_step >= before && survey.n_step <= before + 1);
            before = survey.n_step;
        }
        recording_survey_clear(&survey);
    }
    CHECK(before == 6 && refused > 0);
    CHECK(recorder_close(recorder, NULL) == STATUS_OK);
    memory_free(bytes);
    memory_free(path);
    memory_free(log);
    memory_free(cut);
    memory_free(cut_log);
    memory_free(cut_index);
}

/* Any byte changed: refused, or read; the sanitizers watch. */
static void test_mutated(const char *original)
{
    char *path = place("mutated.sqlite"), *bytes;
    size_t n;
    CHECK(file_load(original, 1 << 30, &bytes, &n) == STATUS_OK);
    uint64_t state = 1;
    int64_t refused = 0;
    for (int round = 0; round < 1000; round++) {
        struct recording_survey survey;
        state = state * 6364136223846793005U + 1442695040888963407U;
        size_t at = (size_t)((state >> 20) % n);
        char before = bytes[at];
        bytes[at] = (char)(before ^ (char)(1 << ((state >> 60) & 7)));
        CHECK(overwrite(path, bytes, n));
        enum status status = read_all(path, &survey);
        CHECK(status == STATUS_OK || status == BAD_INPUT);
        refused += status == BAD_INPUT;
        recording_survey_clear(&survey);
        bytes[at] = before;
    }
    CHECK(refused > 0);
    memory_free(bytes);
    memory_free(path);
}

int main(void)
{
    const char *parent = getenv("TMPDIR"), *memory = "/dev/shm"; /* where syncing a file costs nothing */
    if (parent == NULL)
        parent = access(memory, W_OK) == 0 ? memory : "/tmp";
    snprintf(directory, sizeof directory, "%s/assay-recording-XXXXXX", parent);
    if (mkdtemp(directory) == NULL)
        return EXIT_FAILURE;
    char *original = place("original.sqlite"), *samples = place("samples.jsonl");
    CHECK(file_store(samples, "{\"id\": \"a\"}\n", 12, 0644) == STATUS_OK);
    struct recorder_options options = record_options(samples);
    struct recorder *recorder;
    CHECK(recorder_open(original, &options, &recorder) == STATUS_OK);
    CHECK(record_all(recorder) == STATUS_OK);
    CHECK(recorder_close(recorder, NULL) == STATUS_OK);
    test_tampered(original);
    test_holes(original);
    test_not_a_recording();
    test_cut_off();
    test_mutated(original);
    struct text command;
    text_init(&command);
    text_add(&command, "rm -rf '%s'", directory);
    CHECK(system(command.bytes) == 0);
    text_clear(&command);
    memory_free(original);
    memory_free(samples);
    return check_end();
}
