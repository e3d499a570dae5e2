/* A record has one text, whatever stands in its names; what is no record is refused. */
#include "base/memory.h"
#include "check.h"
#include "usage/record.h"

static void check_name(const char *name, const char *expected)
{
    struct text text;
    text_init(&text);
    usage_add_name(&text, name, strlen(name));
    CHECK(strcmp(text.bytes, expected) == 0);
    text_clear(&text);
}

static void test_names(void)
{
    check_name("digit-0005", "\"digit-0005\"");
    check_name("", "\"\"");
    check_name("a \"quote\" and \\", "\"a \\\"quote\\\" and \\\\\"");
    check_name("line\nfeed\x7f", "\"line\\u000afeed\\u007f\"");
    check_name("caf\xc3\xa9 \xc2\x85 \xc2\xa0", "\"caf\xc3\xa9 \\u0085 \xc2\xa0\"");
}

static void check_steps(const int64_t *steps, int64_t n, const char *expected)
{
    struct text text;
    text_init(&text);
    usage_add_steps(&text, steps, n);
    if (strcmp(text.bytes, expected) != 0)
        fprintf(stderr, "found %s\n", text.bytes);
    CHECK(strcmp(text.bytes, expected) == 0);
    text_clear(&text);
}

static void test_steps(void)
{
    static const int64_t mixed[] = {0, 0, 1, 2, 5, 9, 10, 10, INT64_MAX};
    check_steps(mixed, 0, "-");
    check_steps(mixed, 1, "0");
    check_steps(mixed, 4, "0-2");
    check_steps(mixed, 9, "0-2,5,9-10,9223372036854775807");
    int64_t odd[200];
    struct text all, expected;
    uint8_t sha256[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    text_init(&all);
    text_init(&expected);
    for (int i = 0; i < 200; i++) {
        odd[i] = 2 * i + 1;
        text_add(&all, "%s%d", i > 0 ? "," : "", 2 * i + 1);
    }
    digest_of(all.bytes, all.length, sha256);
    hex_encode(sha256, DIGEST_BYTES, hex);
    text_add(&expected, "first 1 last 399 count 200 sha256 %s", hex);
    check_steps(odd, 200, expected.bytes);
    text_clear(&all);
    text_clear(&expected);
}

static void write_record(const char *id, struct text *text)
{
    struct text quoted;
    struct record_value values[N_RECORD_LINES];
    text_init(&quoted);
    usage_add_name(&quoted, id, strlen(id));
    for (int i = 0; i < N_RECORD_LINES; i++)
        values[i] = (struct record_value){"-", 1};
    values[RECORD_ID] = (struct record_value){quoted.bytes, quoted.length};
    values[RECORD_USES] = (struct record_value){"12", 2};
    usage_record_write(values, text);
    text_clear(&quoted);
}

static void test_parse(const char *id)
{
    struct text text;
    struct usage_record record;
    text_init(&text);
    write_record(id, &text);
    CHECK(usage_record_parse(text.bytes, text.length, "here", &record) == STATUS_OK);
    CHECK(record.uses == 12 && strcmp(record.values[RECORD_INFLUENCE], "-") == 0 && record.values[RECORD_ID][0] == '"');
    usage_record_clear(&record);
    CHECK_FAILS(usage_record_parse(text.bytes, text.length - 1, "here", &record), BAD_INPUT,
                "here: expected the record");
    text_add(&text, "more\n");
    CHECK_FAILS(usage_record_parse(text.bytes, text.length, "here", &record), BAD_INPUT, "expected the record");
    text.bytes[0] = 'A';
    CHECK_FAILS(usage_record_parse(text.bytes, text.length - 5, "here", &record), BAD_INPUT, "expected the record");
    text_clear(&text);
}

/* No value may bring in a line of its own, nor a count that is none. */
static void test_forged(void)
{
    static const struct {
        enum record_line line;
        const char *value;
    } cases[] = {
        {RECORD_ID, "\"a\"\nuses 5"}, {RECORD_USES, "-1"},           {RECORD_USES, "012"},  {RECORD_USES, ""},
        {RECORD_ROLE, "\"\x1b[2J\""}, {RECORD_ROLE, "\"\xc2\x9b\""}, {RECORD_ROLE, "\xff"}, {RECORD_INFLUENCE, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text;
        struct usage_record record;
        struct record_value values[N_RECORD_LINES];
        text_init(&text);
        for (int k = 0; k < N_RECORD_LINES; k++)
            values[k] = (struct record_value){k == RECORD_USES ? "1" : "-", 1};
        values[cases[i].line] = (struct record_value){cases[i].value, strlen(cases[i].value)};
        usage_record_write(values, &text);
        CHECK_FAILS(usage_record_parse(text.bytes, text.length, "here", &record), BAD_INPUT, "expected the record");
        text_clear(&text);
    }
}

int main(void)
{
    char *long_id = memory_allocate(10001, 1);
    memset(long_id, 'x', 10000);
    test_names();
    test_steps();
    test_parse("plain");
    test_parse("\"quotes\" and\nlines\r\n");
    test_parse(long_id);
    test_forged();
    memory_free(long_id);
    return check_end();
}
