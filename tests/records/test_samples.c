/* samples_open, sample_rows_read and queries_parse keep what the file says, in its order; codes do not depend on the
 * order of lines; every malformed record is refused with its line; ids are unique over all splits; no damage to the
 * bytes does more than fail. */
#include <time.h>

#include "config/json.h"
#include "config/mutate.h"
#include "records/file_of.h"

#define MEMORY (1 << 20)

static char *group_keys[] = {"policy", "score"};
static const struct samples_config grouped = {
    .file = "s.jsonl", .id = "id", .split = "split", .train = "train", .group_by = {group_keys, 2}};
static const struct samples_config plain = {.file = "s.jsonl", .id = "id", .train = "train"};

static enum status open_text(const struct samples_config *config, const char *text, size_t n, struct samples *samples)
{
    records_write("s.jsonl", text, n);
    return samples_open(MPI_COMM_NULL, records_folder, config, MEMORY, samples, NULL);
}

/* All rows of an opened file. */
static void read_rows(const struct samples *samples, struct sample_rows *rows)
{
    struct sample_reader reader;
    sample_reader_init(samples, &reader);
    sample_rows_init(samples, samples->n, rows);
    CHECK(sample_rows_read(rows, &reader, 0, samples->n) == STATUS_OK && rows->n == samples->n);
    sample_reader_clear(&reader);
}

static enum status parse_with(const struct samples_config *config, const char *text, size_t n)
{
    struct samples samples;
    enum status status = open_text(config, text, n, &samples);
    CHECK((status == STATUS_OK) == (samples.n > 0));
    if (status == STATUS_OK) { /* what was accepted once is read again */
        struct sample_rows rows;
        read_rows(&samples, &rows);
        sample_rows_clear(&rows);
    }
    samples_clear(&samples);
    return status;
}

static enum status parse(const char *text)
{
    return parse_with(&grouped, text, strlen(text));
}

static const char *const whole =
    "{\"id\": \"b\", \"split\": \"train\", \"policy\": \"p2\", \"score\": 1.50, \"else\": [1]}\n"
    "{\"id\": 17, \"split\": \"test\", \"policy\": \"only in test\"}\n"
    "{\"id\": \"\xc3\xa9-long\", \"split\": \"train\", \"score\": true}\r\n"
    "{\"id\": -3, \"split\": \"train\", \"policy\": null, \"score\": \"x\"}\n"
    "  {\"id\": \"c\", \"split\": \"train\", \"policy\": \"p1\", \"score\": 1e2}";

static void test_values(void)
{
    struct samples samples;
    struct sample_rows rows;
    CHECK(open_text(&grouped, whole, strlen(whole), &samples) == STATUS_OK);
    CHECK(samples.n == 4 && samples.n_record == 5 && samples.id_bytes == 7 && samples.n_column == 2);
    read_rows(&samples, &rows);
    CHECK(strcmp(row_id(&rows, 0), "b") == 0 && strcmp(row_id(&rows, 1), "\xc3\xa9-long") == 0);
    CHECK(strcmp(row_id(&rows, 2), "-3") == 0 && strcmp(row_id(&rows, 3), "c") == 0);
    CHECK(memcmp(rows.ids, "b\0\0\0\0\0\0", 7) == 0);
    const struct group_column *policy = &samples.columns[0], *score = &samples.columns[1];
    const int32_t *policies = sample_rows_codes(&rows, 0), *scores = sample_rows_codes(&rows, 1);
    CHECK(strcmp(policy->name, "policy") == 0 && policy->n_value == 3);
    CHECK(strcmp(policy->values[0], "") == 0 && strcmp(policy->values[1], "p1") == 0 &&
          strcmp(policy->values[2], "p2") == 0);
    CHECK(policies[0] == 2 && policies[1] == 0 && policies[2] == 0 && policies[3] == 1);
    CHECK(policy->count[0] == 2 && policy->count[1] == 1 && policy->count[2] == 1);
    CHECK(score->n_value == 4 && strcmp(score->values[0], "1.5") == 0 && strcmp(score->values[1], "100") == 0);
    CHECK(strcmp(score->values[2], "true") == 0 && strcmp(score->values[3], "x") == 0);
    CHECK(scores[0] == 0 && scores[1] == 2 && scores[2] == 3 && scores[3] == 1);
    sample_rows_clear(&rows);
    samples_clear(&samples);
    CHECK(open_text(&plain, whole, strlen(whole), &samples) == STATUS_OK);
    CHECK(samples.n == 5 && samples.n_record == 5 && samples.n_column == 0);
    samples_clear(&samples);
    struct samples_config other = {.file = "s.jsonl", .id = "key", .split = "part", .train = "use"};
    const char *text = "{\"key\":\"1\",\"part\":\"use\"}\n{\"key\":\"2\",\"part\":\"train\"}\n";
    CHECK(open_text(&other, text, strlen(text), &samples) == STATUS_OK && samples.n == 1 && samples.id_bytes == 1);
    samples_clear(&samples);
}

/* The same lines in another order give every sample the same value under the same code. */
static void test_order(void)
{
    enum { N = 500 };
    struct text text;
    struct samples samples[2];
    struct sample_rows rows[2];
    char *names[] = {"group"};
    struct samples_config config = {.file = "s.jsonl", .id = "id", .train = "train", .group_by = {names, 1}};
    for (int way = 0; way < 2; way++) {
        text_init(&text);
        for (int k = 0; k < N; k++) {
            int i = way == 0 ? k : N - 1 - k;
            text_add(&text, "{\"id\":%d,\"group\":\"g%d\"}\n", i, i * i % 37);
        }
        CHECK(open_text(&config, text.bytes, text.length, &samples[way]) == STATUS_OK);
        read_rows(&samples[way], &rows[way]);
        text_clear(&text);
    }
    const struct group_column *forward = &samples[0].columns[0], *backward = &samples[1].columns[0];
    CHECK(forward->n_value == 19 && backward->n_value == 19); /* squares modulo 37 */
    for (int v = 0; v < 19; v++) {
        CHECK(strcmp(forward->values[v], backward->values[v]) == 0 && forward->count[v] == backward->count[v]);
        CHECK(v == 0 || strcmp(forward->values[v - 1], forward->values[v]) < 0);
    }
    for (int i = 0; i < N; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "g%d", i * i % 37);
        CHECK(rows[0].codes[i] == rows[1].codes[N - 1 - i] && strcmp(forward->values[rows[0].codes[i]], expected) == 0);
    }
    for (int way = 0; way < 2; way++) {
        sample_rows_clear(&rows[way]);
        samples_clear(&samples[way]);
    }
}

#define GOOD "{\"id\": \"a\", \"split\": \"train\"}\n"

static void test_refusals(void)
{
    CHECK_FAILS(parse(""), BAD_INPUT, "s.jsonl: expected at least one sample, found an empty file");
    CHECK_FAILS(parse("\n"), BAD_INPUT, "s.jsonl: line 1: expected a JSON object, found a blank line");
    CHECK_FAILS(parse(GOOD "\n" GOOD), BAD_INPUT, "s.jsonl: line 2: expected a JSON object, found a blank line");
    CHECK_FAILS(parse(GOOD " \r\n"), BAD_INPUT, "line 2: expected a JSON object, found a blank line");
    CHECK_FAILS(parse(GOOD "  "), BAD_INPUT, "line 2: expected a JSON object, found a blank line");
    CHECK_FAILS(parse(GOOD "[1]\n"), BAD_INPUT, "s.jsonl: line 2: expected a JSON object, found a list");
    CHECK_FAILS(parse(GOOD "{\"id\": }\n"), BAD_INPUT, "s.jsonl: line 2, column 8: expected a value");
    CHECK_FAILS(parse(GOOD "{\"id\": \"b\"} {}\n"), BAD_INPUT, "line 2, column 13: expected nothing more");
    CHECK_FAILS(parse(GOOD "{\"id\": \"b\",\n\"split\": \"train\"}\n"), BAD_INPUT, "line 2, column 12: expected a key");
    CHECK_FAILS(parse(GOOD "{\"id\": \"b\", \"id\": \"c\"}\n"), BAD_INPUT,
                "s.jsonl: id: is repeated at line 2, column 13");
    CHECK_FAILS(parse("\xef\xbb\xbf" GOOD), BAD_INPUT, "line 1, column 1: the text starts with a byte order mark");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"test\"}\n{\"id\": 7, \"split\": \"train\"}\n" GOOD), BAD_INPUT,
                "s.jsonl: line 3: id: expected an id of its own, found \"a\", which line 1 has too");
    CHECK_FAILS(parse("{\"id\": \"7\", \"split\": \"test\"}\n{\"id\": 7, \"split\": \"train\"}\n"), BAD_INPUT,
                "line 2: id: expected an id of its own, found \"7\", which line 1 has too");
    CHECK_FAILS(parse("{\"split\": \"train\"}"), BAD_INPUT,
                "line 1: id: expected a string or an integer within 2^53, found nothing");
    CHECK_FAILS(parse("{\"id\": 1.5, \"split\": \"train\"}"), BAD_INPUT, "line 1: id: expected a string or an integer");
    CHECK_FAILS(parse("{\"id\": 9007199254740993, \"split\": \"train\"}"), BAD_INPUT,
                "within 2^53, found 9007199254740992");
    CHECK_FAILS(parse("{\"id\": true, \"split\": \"train\"}"), BAD_INPUT, "found true");
    CHECK_FAILS(parse("{\"id\": \"\", \"split\": \"train\"}"), BAD_INPUT, "an id that is not empty");
    CHECK_FAILS(parse("{\"id\": \"a\\u001bb\", \"split\": \"train\"}"), BAD_INPUT,
                "an id without control characters, found \"a\\u001bb\"");
    CHECK_FAILS(parse("{\"id\": \"a\"}"), BAD_INPUT, "line 1: split: expected the name of a split, found nothing");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": 1}"), BAD_INPUT, "split: expected the name of a split, found 1");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"test\"}\n"), BAD_INPUT,
                "s.jsonl: expected at least one training sample, found none of 1 with split \"train\"");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"train\", \"policy\": {}}"), BAD_INPUT,
                "line 1: policy: expected a string, number, boolean or null, found an object");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"train\", \"policy\": [1]}"), BAD_INPUT, "found a list");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"train\", \"policy\": 1e17}"), BAD_INPUT,
                "policy: expected a number within 2^53");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"train\", \"policy\": \"a\\nb\"}"), BAD_INPUT,
                "without control characters");
    CHECK_FAILS(parse("{\"id\": \"a\", \"split\": \"train\", \"policy\": \"a\x7f\"}"), BAD_INPUT,
                "without control characters");
    CHECK(parse("{\"id\": \"a\", \"split\": \"test\", \"policy\": {}}\n{\"id\": \"b\", \"split\": \"train\"}") ==
          STATUS_OK);
}

static void test_limits(void)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\"id\": \"%01024d\", \"split\": \"train\", \"policy\": \"%01024d\"}", 1, 2);
    struct samples samples;
    CHECK(open_text(&grouped, text.bytes, text.length, &samples) == STATUS_OK && samples.id_bytes == 1024);
    samples_clear(&samples);
    text.length = 0;
    text_add(&text, "{\"id\": \"%01025d\", \"split\": \"train\"}", 1);
    CHECK_FAILS(parse(text.bytes), BAD_INPUT, "line 1: id: expected an id of at most 1024 bytes, found \"000");
    text.length = 0;
    text_add(&text, "{\"id\": 1, \"split\": \"train\", \"policy\": \"%01025d\"}", 1);
    CHECK_FAILS(parse(text.bytes), BAD_INPUT, "line 1: policy: expected a string of at most 1024 bytes");
    text.length = 0;
    for (int i = 0; i < 65536; i++)
        text_add(&text, "{\"id\": %d, \"split\": \"train\", \"policy\": %d}\n", i, i);
    CHECK(open_text(&grouped, text.bytes, text.length, &samples) == STATUS_OK);
    CHECK(samples.columns[0].n_value == 65536 && samples.columns[1].n_value == 1);
    samples_clear(&samples);
    text_add(&text, "{\"id\": \"x\", \"split\": \"train\", \"policy\": \"y\"}\n");
    CHECK_FAILS(parse(text.bytes), BAD_INPUT,
                "line 65537: policy: expected at most 65,536 different values in the file (leave the key out of "
                "group_by), found \"y\"");
    text_clear(&text);
}

/* A record may span pieces of the file, up to a limit. */
static void test_long_lines(void)
{
    enum { LONG = 3 << 20 };
    struct text text;
    struct samples samples;
    struct sample_rows rows;
    char *filler = memory_allocate(LINE_LONGEST + 1, 1);
    memset(filler, 'x', LINE_LONGEST);
    text_init(&text);
    text_add(&text, "{\"id\": 1, \"note\": \"%.*s\", \"split\": \"train\"}\n", LONG, filler);
    text_add(&text, "{\"id\": 2, \"note\": \"%.*s\", \"split\": \"train\"}\n" GOOD, LONG, filler);
    CHECK(open_text(&grouped, text.bytes, text.length, &samples) == STATUS_OK && samples.n == 3);
    read_rows(&samples, &rows);
    CHECK(strcmp(row_id(&rows, 1), "2") == 0 && strcmp(row_id(&rows, 2), "a") == 0);
    sample_rows_clear(&rows);
    samples_clear(&samples);
    text_add(&text, "{\"id\": 3, \"note\": \"%s\", \"split\": \"train\"}\n", filler);
    CHECK_FAILS(parse(text.bytes), BAD_INPUT, "s.jsonl: line 4: expected a record of at most 16 MiB");
    memory_free(filler);
    text_clear(&text);
}

static void test_many(void)
{
    enum { N = 100000 };
    struct text text;
    struct samples samples;
    struct sample_rows rows;
    text_init(&text);
    for (int i = 0; i < N; i++)
        text_add(&text,
                 "{\"id\": \"digit-%06d\", \"sha256\": \"%064d\", \"split\": \"train\", \"policy\": \"policy-%d\", "
                 "\"license\": \"CC-BY-4.0\", \"source\": \"collection %d\", \"score\": %d}\n",
                 i, i, i % 4, i % 5, i % 100);
    clock_t start = clock();
    records_write("s.jsonl", text.bytes, text.length);
    CHECK(samples_open(MPI_COMM_NULL, records_folder, &grouped, 64 << 20, &samples, NULL) == STATUS_OK);
    printf("100,000 samples: %.3f s, ", (double)(clock() - start) / CLOCKS_PER_SEC);
    CHECK(samples.n == N && samples.columns[0].n_value == 4 && samples.columns[1].n_value == 100);
    start = clock();
    read_rows(&samples, &rows);
    printf("and %.3f s to read them again\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    CHECK(samples.id_bytes == 12 && strcmp(row_id(&rows, N - 1), "digit-099999") == 0);
    sample_rows_clear(&rows);
    samples_clear(&samples);
    text_clear(&text);
}

static enum status parse_queries(const char *text)
{
    struct queries queries = {0};
    enum status status = queries_parse("q.jsonl", text, strlen(text), &queries);
    CHECK((status == STATUS_OK) == (queries.n > 0));
    queries_clear(&queries);
    return status;
}

static void test_queries(void)
{
    struct queries queries;
    const char *text =
        "{\"id\": \"q-1\", \"text\": \"two\\nlines\"}\n{\"id\": 2}\n{\"id\": \"\xc3\xa9\", \"text\": null}";
    CHECK(queries_parse("q.jsonl", text, strlen(text), &queries) == STATUS_OK);
    CHECK(queries.n == 3 && queries.id_bytes == 3 && memcmp(queries.ids, "q-12\0\0\xc3\xa9\0", 9) == 0);
    CHECK(strcmp(queries.texts[0], "two\nlines") == 0 && queries.texts[1][0] == 0 && queries.texts[2][0] == 0);
    queries_clear(&queries);
    CHECK_FAILS(parse_queries(""), BAD_INPUT, "q.jsonl: expected at least one query, found an empty file");
    CHECK_FAILS(parse_queries("{\"text\": \"x\"}"), BAD_INPUT, "q.jsonl: line 1: id: expected a string or an integer");
    CHECK_FAILS(parse_queries("{\"id\": 1, \"text\": 5}"), BAD_INPUT,
                "q.jsonl: line 1: text: expected a string, found 5");
    CHECK_FAILS(parse_queries("{\"id\": 1}\n{\"id\": 2}\n{\"id\": \"1\"}"), BAD_INPUT,
                "line 3: id: expected an id of its own");
    CHECK_FAILS(parse_queries("{\"id\": 1}\n\n"), BAD_INPUT, "line 2: expected a JSON object, found a blank line");
    CHECK_FAILS(parse_queries("{\"id\": 1}\n{\"id\""), BAD_INPUT, "q.jsonl: line 2, column 6: expected ':'");
}

static void test_mutations(void)
{
    uint64_t state = 777;
    int n_read = 0;
    for (int i = 0; i < 20000; i++) {
        char text[1024];
        size_t n = strlen(whole);
        memcpy(text, whole, n);
        n = mutate(text, n, &state);
        n_read += parse_with(&grouped, text, n) == STATUS_OK;
        struct queries queries;
        if (queries_parse("q.jsonl", text, n, &queries) == STATUS_OK)
            queries_clear(&queries);
    }
    CHECK(n_read > 1000 && n_read < 19000);
}

static enum status parse_section(const char *text, struct config *config)
{
    static const struct section *const sections[] = {&samples_section, NULL};
    return config_parse(text, strlen(text), "c.json", sections, config);
}

static void test_section(void)
{
    struct config config;
    CHECK(parse_section("{\"samples\": {\"file\": \"s.jsonl\"}}", &config) == STATUS_OK);
    const struct samples_config *samples = config_get(&config, "samples");
    CHECK(strcmp(samples->id, "id") == 0 && samples->split == NULL && strcmp(samples->train, "train") == 0);
    CHECK(samples->group_by.n == 0);
    config_clear(&config);
    CHECK_FAILS(parse_section("{\"samples\": {}}", &config), BAD_CONFIG, "samples.file: is missing");
    CHECK_FAILS(parse_section("{\"samples\": {\"file\": \"f\", \"group_by\": [\"a\", \"b\", \"a\"]}}", &config),
                BAD_CONFIG, "c.json: samples.group_by: expected different keys, found \"a\" twice");
}

int main(void)
{
    records_folder_make();
    test_values();
    test_order();
    test_refusals();
    test_limits();
    test_long_lines();
    test_many();
    test_queries();
    test_mutations();
    test_section();
    records_folder_remove("s.jsonl");
    return check_end();
}
