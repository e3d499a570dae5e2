/* json_parse must accept what RFC 8259 accepts and nothing else, refuse repeated keys however they are written, say
 * where a text is wrong, and take no more than n log n time and a fixed stack on hostile texts. */
#include <locale.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "check.h"
#include "config/json.h"
#include "mutate.h"

static enum status parse_bytes(const char *text, size_t n)
{
    /* Exactly n bytes on the heap: a sanitizer sees any read beyond. */
    char *copy = malloc(n > 0 ? n : 1);
    memcpy(copy, text, n);
    cJSON *json = NULL;
    enum status status = json_parse(copy, n, "t.json", BAD_INPUT, &json);
    CHECK((status == STATUS_OK) == (json != NULL));
    CHECK(status == STATUS_OK || strncmp(failure_sentence(), "t.json: ", 8) == 0);
    cJSON_Delete(json);
    free(copy);
    return status;
}

static enum status parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static const char *const accepted[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "-0.5",
    "10",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "1.5e3",
    "0e0",
    "1e-400",
    "1.7976931348623157e308",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    " [ ] ",
    "\t\r\n{ }\n",
    "[1,2,3]",
    "[[],{}]",
    "{\"a\":1}",
    "{\"a\":1,\"A\":2}",
    "{\"\":0}",
    "{\"a\":{\"a\":{\"a\":1}}}",
    "[{\"a\":1},{\"a\":1}]",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u00e9\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\ud83d\\ude00x\"",
    "\"\xc3\xa9\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\x7f\"",
    "\"\xef\xbf\xbf\"",
    "\"\\uffff\"",
    "{\"a\\u0062\":1,\"a\\u0063\":2}",
    "[1, 2.0, \"x\", null, true, {\"k\": [0]}]",
    "123456789012345678901234567890123456789012345678901234567890123",
    "\"\xf4\x8f\xbf\xbf\"",
    "[\"\xef\xbb\xbf\"]",
};

static const char *const refused[] = {
    "",
    " ",
    "01",
    "-01",
    "+1",
    ".5",
    "1.",
    "-",
    "--1",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "1,2",
    "NaN",
    "Infinity",
    "-Infinity",
    "nul",
    "nulll",
    "True",
    "TRUE",
    "'a'",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\a\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"",
    "\"\\ud800\\u0041\"",
    "\"\\ude00\\ud83d\"",
    "\"\t\"",
    "\"\n\"",
    "\"\x1f\"",
    "\"\xff\"",
    "\"\xc3\"",
    "\"\xc0\xaf\"",
    "\"\xe0\x80\xaf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf8\x88\x80\x80\x80\"",
    "\xc3\xa9",
    "[",
    "]",
    "{",
    "}",
    "[1",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "[1}",
    "{1:2}",
    "{a:1}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\" 1}",
    "{\"a\":1]",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    "{\"\":1,\"\":2}",
    "[{\"x\":{\"k\":1,\"b\":2,\"k\":3}}]",
    "\xef\xbb\xbf{}",
    "{}{}",
    "{} x",
    "1 2",
    "[]]",
    "// c\n1",
    "[1] # c",
    "\xe2\x80\xa8[]",
    "\v1",
    "\f1",
    "\xc2\xa0[]",
    "1e400",
    "-1e309",
    "[1e99999999999999999999]",
    "1.797693134862315808e308",
    "1234567890123456789012345678901234567890123456789012345678901234",
    "\"\\",
    "\"\\u",
    "\"\\ud83d\\",
    "\"\\ud83d\\u",
    "tru",
    "n",
    "\"\\uD83D\\uDE0\"",
    "\"\\U00e9\"",
    "\"\\u 0e9\"",
    "\"\\u+0e9\"",
};

enum {
    N_ACCEPTED = sizeof accepted / sizeof *accepted,
    N_REFUSED = sizeof refused / sizeof *refused,
    N_MUTATED = 4000
};

static void test_lists(void)
{
    for (int i = 0; i < N_ACCEPTED; i++)
        if (parse(accepted[i]) != STATUS_OK)
            CHECK(!accepted[i]); /* shows the sentence */
    for (int i = 0; i < N_REFUSED; i++)
        CHECK_FAILS(parse(refused[i]), BAD_INPUT, " line 1, column ");
}

static void write_hex(FILE *file, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(file, "%02x", (unsigned char)text[i]);
    fprintf(file, "\n");
}

/* The same verdict as Python's parser on both lists and on thousands of damaged texts. */
static void test_against_python(void)
{
    static char verdicts[N_ACCEPTED + N_REFUSED + N_MUTATED];
    int n = 0, n_good = 0;
    char path[] = "test_config_json-XXXXXX", command[4096], answer[8];
    int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    CHECK(file != NULL);
    if (file == NULL)
        return;
    for (int i = 0; i < N_ACCEPTED + N_REFUSED; i++) {
        const char *text = i < N_ACCEPTED ? accepted[i] : refused[i - N_ACCEPTED];
        write_hex(file, text, strlen(text));
        verdicts[n++] = parse(text) == STATUS_OK;
    }
    uint64_t state = 20240229;
    for (int i = 0; i < N_MUTATED; i++) {
        char text[256] = {0};
        const char *from = accepted[random_next(&state) % N_ACCEPTED];
        size_t length = strlen(from);
        memcpy(text, from, length);
        length = mutate(text, length, &state);
        write_hex(file, text, length);
        verdicts[n++] = parse_bytes(text, length) == STATUS_OK;
    }
    fclose(file);
    const char *source = getenv("ASSAY_SOURCE");
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/config/strict_json.py' %s", source ? source : ".",
             path);
    FILE *python = popen(command, "r");
    int line = 0;
    for (; python && fgets(answer, sizeof answer, python); line++) {
        CHECK(line < n && (answer[0] == '1') == (verdicts[line] == 1));
        n_good += answer[0] == '1';
        if (line < n && (answer[0] == '1') != (verdicts[line] == 1))
            fprintf(stderr, "text %d: Python says %c\n", line, answer[0]);
    }
    CHECK(python != NULL && pclose(python) == 0 && line == n);
    CHECK(n_good > N_ACCEPTED + N_MUTATED / 20); /* damage that leaves a text valid occurs too */
    unlink(path);
}

static void test_places(void)
{
    CHECK_FAILS(parse("{\n  \"a\": 1,\n  \"b\": x\n}"), BAD_INPUT,
                "t.json: line 3, column 8: expected a value, found 'x'");
    CHECK_FAILS(parse("{\"\xc3\xa9\xc3\xa9\": x}"), BAD_INPUT, "column 8:");
    CHECK_FAILS(parse("[1, 2"), BAD_INPUT, "column 6: expected ',' or ']', found the end of the text");
    CHECK_FAILS(parse("{\"a\": 1\n\"b\": 2}"), BAD_INPUT, "line 2, column 1: expected ',' or '}', found '\"'");
    CHECK_FAILS(parse("[007]"), BAD_INPUT, "column 2: a number must not start with 0");
    CHECK_FAILS(parse("\xef\xbb\xbf{}"), BAD_INPUT, "byte order mark");
    CHECK_FAILS(parse("\"\\u0000\""), BAD_INPUT, "column 2: \\u0000 is not accepted");
    CHECK_FAILS(parse("\"ab\\ud800\""), BAD_INPUT, "column 4: half of a surrogate pair");
    CHECK_FAILS(parse("\"\xff\""), BAD_INPUT, "expected valid UTF-8, found the byte 0xff");
    CHECK_FAILS(parse_bytes("[1]\0", 4), BAD_INPUT,
                "column 4: expected nothing more after the value, found the byte 0x00");
    CHECK_FAILS(parse_bytes("\"\0\"", 3), BAD_INPUT, "column 2");
    CHECK_FAILS(parse("{\"run\": {\"list\": [0, {\n\"x.y\": 1, \"b\": 2, \"x\\u002ey\": 3}]}}"), BAD_INPUT,
                "t.json: run.list[1].\"x.y\": is repeated at line 2, column 19 (first given at line 2, column 1)");
    CHECK_FAILS(parse("[[{\"a\":1,\"a\":2}]]"), BAD_INPUT, "t.json: [0][0].a: is repeated");
    CHECK_FAILS(parse("{\"a\":1,\"a\":2}"), BAD_INPUT, "t.json: a: is repeated at line 1, column 8");
    CHECK_FAILS(parse("{\"a\\nb\":1,\"a\\nb\":2}"), BAD_INPUT, "t.json: \"a\\u000ab\": is repeated");
    cJSON *json = NULL;
    CHECK_FAILS(json_parse_line("{]", 2, "s.jsonl", 4711, BAD_INPUT, &json), BAD_INPUT,
                "s.jsonl: line 4711, column 2:");
    CHECK_FAILS(json_parse("{]", 2, "c.json", BAD_CONFIG, &json), BAD_CONFIG, "c.json: line 1, column 2:");
    CHECK(json == NULL);
}

static enum status parse_nested(int depth, char open, const char *inner)
{
    struct text text;
    text_init(&text);
    for (int i = 0; i < depth; i++)
        text_add(&text, open == '[' ? "[" : "{\"k\":");
    text_add(&text, "%s", inner);
    for (int i = 0; i < depth; i++)
        text_add(&text, open == '[' ? "]" : "}");
    enum status status = parse_bytes(text.bytes, text.length);
    text_clear(&text);
    return status;
}

static void test_depth(void)
{
    CHECK(parse_nested(64, '[', "1") == STATUS_OK && parse_nested(64, '{', "1") == STATUS_OK);
    CHECK(parse_nested(63, '[', "{}") == STATUS_OK);
    CHECK_FAILS(parse_nested(65, '[', "1"), BAD_INPUT, "column 65: objects and lists are nested deeper than 64");
    CHECK_FAILS(parse_nested(64, '{', "[]"), BAD_INPUT, "deeper than 64");
    CHECK_FAILS(parse_nested(1000000, '[', ""), BAD_INPUT, "deeper than 64");
    CHECK_FAILS(parse_nested(1000000, '{', "0"), BAD_INPUT, "deeper than 64");
}

/* Hundreds of thousands of keys: all different with a long common start, or all the same. */
static void test_many_keys(bool same)
{
    enum { N = 400000 };
    struct text text;
    text_init(&text);
    for (int i = 0; i < N; i++)
        text_add(&text, "%c\"a key with a long common start %d\":0", i ? ',' : '{', same ? 7 : i);
    text_add(&text, "}");
    clock_t start = clock();
    enum status status = parse_bytes(text.bytes, text.length);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("400,000 %s keys: %.2f s\n", same ? "equal" : "different", seconds);
    CHECK(seconds < 30); /* a quadratic check would take hours */
    CHECK(status == (same ? BAD_INPUT : STATUS_OK));
    text_clear(&text);
}

static void test_lenient(void)
{
    const char *text = "{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2}, \"a\": 3}";
    cJSON *json = NULL;
    struct text repeated;
    text_init(&repeated);
    CHECK(json_parse_lenient(text, strlen(text), "t.json", BAD_CONFIG, &json, &repeated) == STATUS_OK);
    CHECK(strcmp(repeated.bytes,
                 "b.c: is repeated at line 1, column 24 (first given at line 1, column 16): keep one of them\n"
                 "a: is repeated at line 1, column 33 (first given at line 1, column 2): keep one of them\n") == 0);
    int64_t value = 0;
    CHECK(json_integer(json_member(json, "a"), &value) && value == 1); /* the first counts */
    CHECK(json_member(json, "A") == NULL && json_member(json_member(json, "a"), "x") == NULL);
    CHECK(json_member(NULL, "a") == NULL);
    cJSON_Delete(json);
    text_clear(&repeated);
}

static bool integer_of(const char *text, int64_t *value)
{
    cJSON *json = NULL;
    CHECK(json_parse(text, strlen(text), "t.json", BAD_INPUT, &json) == STATUS_OK);
    bool is_integer = json_integer(json, value);
    cJSON_Delete(json);
    return is_integer;
}

static void test_integers(void)
{
    int64_t value = 7;
    CHECK(integer_of("9007199254740991", &value) && value == 9007199254740991);
    CHECK(integer_of("-9007199254740991", &value) && value == -9007199254740991);
    CHECK(integer_of("-0", &value) && value == 0);
    CHECK(integer_of("2e3", &value) && value == 2000);
    value = 7;
    CHECK(!integer_of("9007199254740992", &value) && !integer_of("-9007199254740992", &value));
    CHECK(!integer_of("1.5", &value) && !integer_of("1e300", &value) && !integer_of("\"1\"", &value));
    CHECK(!integer_of("true", &value) && !json_integer(NULL, &value) && value == 7);
}

static void check_number(double value, const char *expected)
{
    struct text text;
    text_init(&text);
    json_add_number(&text, value);
    CHECK(expected == NULL || strcmp(text.bytes, expected) == 0);
    cJSON *json = NULL;
    CHECK(json_parse(text.bytes, text.length, "t.json", BAD_INPUT, &json) == STATUS_OK && json->valuedouble == value);
    cJSON_Delete(json);
    text_clear(&text);
}

/* Every double comes back, with the fewest digits, also where the locale writes a comma. */
static void test_numbers(void)
{
    check_number(0.1, "0.1");
    check_number(0.1 + 0.2, "0.30000000000000004");
    check_number(1.0 / 3, "0.3333333333333333");
    check_number(100000, "100000");
    check_number(1e22, "1e+22");
    check_number(5e-324, "4.94065645841247e-324");
    check_number(1.7976931348623157e308, "1.7976931348623157e+308");
    uint64_t state = 99;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_next(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_number(value, NULL);
    }
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL) {
        check_number(0.25, "0.25");
        CHECK(parse("[1.5e3]") == STATUS_OK);
        CHECK_FAILS(parse("1.8e308"), BAD_INPUT, "too large for a double");
        setlocale(LC_NUMERIC, "C");
    }
}

static void test_decoded(void)
{
    const char *text = "{\"\\u00e9\": \"\\ud83d\\ude00\\n\\/\"}";
    cJSON *json = NULL;
    CHECK(json_parse(text, strlen(text), "t.json", BAD_INPUT, &json) == STATUS_OK);
    const cJSON *item = json_member(json, "\xc3\xa9");
    CHECK(cJSON_IsString(item) && strcmp(item->valuestring, "\xf0\x9f\x98\x80\n/") == 0);
    cJSON_Delete(json);
    struct text found;
    text_init(&found);
    struct cJSON string = {.type = cJSON_String, .valuestring = (char[121]){0}};
    for (int i = 0; i < 120; i += 2)
        memcpy(string.valuestring + i, "\xc3\xa9", 2);
    json_add_found(&found, &string);
    CHECK(found.length == 2 + 120); /* sixty characters are not cut */
    json_add_found(&found, NULL);
    CHECK(strcmp(found.bytes + 122, "nothing") == 0);
    text_clear(&found);
}

int main(void)
{
    test_lists();
    test_against_python();
    test_places();
    test_depth();
    test_many_keys(false);
    test_many_keys(true);
    test_lenient();
    test_integers();
    test_numbers();
    test_decoded();
    return check_end();
}
