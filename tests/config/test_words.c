/* Sizes read exactly as written or not at all; suggestions are as near as an independent distance says; help fits a
 * hundred columns; the schema is JSON that says what the tables say. */
#include "base/memory.h"
#include "check.h"
#include "config/bytes.h"
#include "config/json.h"
#include "config/run_section.h"
#include "config/suggest.h"
#include "mutate.h"

static void test_bytes(void)
{
    static const struct {
        const char *size;
        int64_t bytes;
        const char *canonical;
    } good[] = {
        {"0 B", 0, "0 B"},
        {"1 B", 1, "1 B"},
        {"1024B", 1024, "1 KiB"},
        {"512 MiB", 512LL << 20, "512 MiB"},
        {"2 GiB", 2LL << 30, "2 GiB"},
        {"2048 MiB", 2LL << 30, "2 GiB"},
        {"3TiB", 3LL << 40, "3 TiB"},
        {"4096 TiB", 4096LL << 40, "4096 TiB"},
        {"8388607 TiB", 8388607LL << 40, "8388607 TiB"},
        {"1536 B", 1536, "1536 B"},
        {"922337203685477580 B", 922337203685477580, "922337203685477580 B"},
    };
    static const char *const bad[] = {"",       " ",           "B",
                                      "1",      "1 ",          "01 B",
                                      "-1 B",   "+1 B",        "1.5 GiB",
                                      "1  B",   " 1 B",        "1 B ",
                                      "1 GB",   "1 gib",       "1 KIB",
                                      "1e6 B",  "8388608 TiB", "9223372036854775808 B",
                                      "0x10 B", "1\tB",        "99999999999999999999999999 B"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t bytes = -1;
        struct text text;
        text_init(&text);
        CHECK(bytes_parse(good[i].size, &bytes) && bytes == good[i].bytes);
        bytes_add(&text, bytes);
        CHECK(strcmp(text.bytes, good[i].canonical) == 0);
        text_clear(&text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t bytes = -1;
        CHECK(!bytes_parse(bad[i], &bytes) && bytes == -1);
    }
}

/* The distance by its recursive definition, without a table. */
static int distance_by_definition(const char *a, size_t n_a, const char *b, size_t n_b)
{
    if (n_a == 0 || n_b == 0)
        return (int)(n_a + n_b);
    int best = distance_by_definition(a, n_a - 1, b, n_b - 1) + (a[n_a - 1] != b[n_b - 1]);
    int without_a = distance_by_definition(a, n_a - 1, b, n_b) + 1;
    int without_b = distance_by_definition(a, n_a, b, n_b - 1) + 1;
    best = without_a < best ? without_a : best;
    best = without_b < best ? without_b : best;
    if (n_a > 1 && n_b > 1 && a[n_a - 1] == b[n_b - 2] && a[n_a - 2] == b[n_b - 1]) {
        int swapped = distance_by_definition(a, n_a - 2, b, n_b - 2) + 1;
        best = swapped < best ? swapped : best;
    }
    return best;
}

static void test_suggestions(void)
{
    CHECK(word_distance("", "") == 0 && word_distance("", "abc") == 3 && word_distance("kitten", "sitting") == 3);
    CHECK(word_distance("digits", "DIGITS") == 0 && word_distance("digtis", "digits") == 1);
    uint64_t state = 5;
    for (int round = 0; round < 300; round++) {
        char a[6] = {0}, b[6] = {0};
        for (uint64_t i = random_next(&state) % 6; i > 0; i--)
            a[i - 1] = (char)('a' + random_next(&state) % 3);
        for (uint64_t i = random_next(&state) % 6; i > 0; i--)
            b[i - 1] = (char)('a' + random_next(&state) % 3);
        CHECK(word_distance(a, b) == distance_by_definition(a, strlen(a), b, strlen(b)));
        CHECK(word_distance(a, b) == word_distance(b, a));
    }
    static const char *const keys[] = {"digits", "layers", "top", "queries", "directory"};
    CHECK(strcmp(word_nearest("digts", keys, 5), "digits") == 0 && strcmp(word_nearest("tpo", keys, 5), "top") == 0);
    CHECK(strcmp(word_nearest("Querys", keys, 5), "queries") == 0 &&
          strcmp(word_nearest("dirctery", keys, 5), "directory") == 0);
    CHECK(word_nearest("memory", keys, 5) == NULL && word_nearest("", keys, 5) == NULL &&
          word_nearest("x", keys, 0) == NULL);
    char lengthy[400];
    memset(lengthy, 'd', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = 0;
    CHECK(word_nearest(lengthy, keys, 5) == NULL);
}

struct sample_section {
    char *note;
    int64_t size, count;
    double rate;
    struct numbers lambda;
    int rule;
    bool on;
};
static const char *const rules[] = {"a rule with a long name", "another rule with a long name", "a third rule of them",
                                    "a fourth rule of them all", NULL};
#define AT(member) offsetof(struct sample_section, member)
static const struct field fields[] = {
    {.path = "note",
     .type = FIELD_STRING,
     .offset = AT(note),
     .fallback = "\"\"",
     .text =
         "Text that goes on for so long that it takes more than one line of help, with an \xc3\xa9, since everything "
         "about it is worth knowing and little of it can be left out."},
    {.path = "deep.er.size",
     .type = FIELD_BYTES,
     .offset = AT(size),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"1 KiB\"",
     .minimum = 16,
     .maximum = 1 << 20,
     .text = "a size"},
    {.path = "deep.count",
     .type = FIELD_INTEGER,
     .offset = AT(count),
     .minimum = 3,
     .maximum = 1e300,
     .text = "a count"},
    {.path = "rate", .type = FIELD_NUMBER, .offset = AT(rate), .fallback = "", .text = "a rate"},
    {.path = "lambda",
     .type = FIELD_NUMBERS,
     .offset = AT(lambda),
     .fallback = "[1]",
     .minimum = 0.5,
     .maximum = 2,
     .text = "penalties"},
    {.path = "rule", .type = FIELD_CHOICE, .offset = AT(rule), .choices = rules, .text = "a rule"},
    {.path = "on", .type = FIELD_BOOLEAN, .offset = AT(on), .fallback = "true", .text = "on"},
};
static const struct section section = {.name = "sample",
                                       .text = "a section with \"quotes\"",
                                       .fields = fields,
                                       .n_field = sizeof fields / sizeof *fields,
                                       .size = sizeof(struct sample_section)};

static int widest_line(const char *text)
{
    int widest = 0, at = 0;
    for (; *text; text++) {
        at = *text == '\n' ? 0 : at + (((unsigned char)*text & 0xc0) != 0x80);
        widest = at > widest ? at : widest;
    }
    return widest;
}

static void test_help(void)
{
    struct text text;
    text_init(&text);
    config_help(&section, &text);
    CHECK(widest_line(text.bytes) <= 100 && widest_line(text.bytes) > 90);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        CHECK(strstr(text.bytes, fields[i].path) != NULL);
    CHECK(strstr(text.bytes,
                 "\n  deep.er.size  a size such as \"512 MiB\" between 16 B and 1 MiB; default \"1 KiB\"; never "
                 "changes a\n                result\n                a size\n") != NULL);
    CHECK(strstr(text.bytes, "deep.count    an integer of at least 3; required\n") != NULL);
    CHECK(strstr(text.bytes, "rate          a number; optional\n") != NULL);
    text.length = 0;
    config_help(&run_section, &text);
    CHECK(widest_line(text.bytes) <= 100 && strstr(text.bytes, "\"run\": what the run is called") == text.bytes);
    text_clear(&text);
}

/* The value at a path of keys, as compact JSON in `out`. */
static const char *at(const cJSON *json, const char *path, char out[512])
{
    char key[64];
    while (json != NULL && *path) {
        size_t n = strcspn(path, "/");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(key)) : json_member(json, key);
        path += n + (path[n] == '/');
    }
    char *printed = json ? cJSON_PrintUnformatted(json) : NULL;
    snprintf(out, 512, "%s", printed ? printed : "absent");
    cJSON_free(printed);
    return out;
}

static void test_schema(void)
{
    const struct section *const sections[] = {&run_section, &section, NULL};
    struct text text;
    cJSON *json = NULL;
    char out[512];
    text_init(&text);
    config_schema(sections, &text);
    CHECK(json_parse(text.bytes, text.length, "schema.json", BAD_CONFIG, &json) == STATUS_OK);
    static const struct {
        const char *path, *value;
    } expected[] = {
        {"$schema", "\"https://json-schema.org/draft/2020-12/schema\""},
        {"additionalProperties", "false"},
        {"required", "absent"}, /* every section may be left out */
        {"properties/run/required", "[\"name\",\"directory\",\"origin\"]"},
        {"properties/run/properties/name/minLength", "1"},
        {"properties/run/properties/also/type", "\"array\""},
        {"properties/run/properties/also/items/type", "\"string\""},
        {"properties/run/properties/also/default", "[]"},
        {"properties/sample/description", "\"a section with \\\"quotes\\\"\""},
        {"properties/sample/additionalProperties", "false"},
        {"properties/sample/required", "[\"deep\",\"rule\"]"},
        {"properties/sample/properties/note/type", "\"string\""},
        {"properties/sample/properties/note/minLength", "absent"},
        {"properties/sample/properties/note/default", "\"\""},
        {"properties/sample/properties/deep/type", "\"object\""},
        {"properties/sample/properties/deep/additionalProperties", "false"},
        {"properties/sample/properties/deep/required", "[\"count\"]"},
        {"properties/sample/properties/deep/properties/er/required", "[]"},
        {"properties/sample/properties/deep/properties/er/properties/size/anyOf/0",
         "{\"type\":\"integer\",\"minimum\":16,\"maximum\":1048576}"},
        {"properties/sample/properties/deep/properties/er/properties/size/anyOf/1/pattern",
         "\"^(0|[1-9][0-9]*) ?(B|KiB|MiB|GiB|TiB)$\""},
        {"properties/sample/properties/deep/properties/count",
         "{\"description\":\"a count\",\"type\":\"integer\",\"minimum\":3}"},
        {"properties/sample/properties/rate", "{\"description\":\"a rate\",\"type\":\"number\"}"},
        {"properties/sample/properties/lambda/items", "{\"type\":\"number\",\"minimum\":0.5,\"maximum\":2}"},
        {"properties/sample/properties/rule/enum/3", "\"a fourth rule of them all\""},
        {"properties/sample/properties/on", "{\"description\":\"on\",\"type\":\"boolean\",\"default\":true}"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (strcmp(at(json, expected[i].path, out), expected[i].value) != 0)
            fprintf(stderr, "%s: %s\n", expected[i].path, out);
        CHECK(strcmp(out, expected[i].value) == 0);
    }
    cJSON_Delete(json);
    text_clear(&text);
}

int main(void)
{
    test_bytes();
    test_suggestions();
    test_help();
    test_schema();
    return check_end();
}
