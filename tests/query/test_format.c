/* A row is written as RFC 4180 and RFC 8259 say, and a table is never wider than it may be. */
#include <math.h>

#include "check.h"
#include "query/format.h"

static struct text written;

static enum status put(void *context, const char *bytes, size_t n)
{
    (void)context;
    text_add_bytes(&written, bytes, n);
    return STATUS_OK;
}

static struct query_value text_of(const char *text)
{
    return (struct query_value){.kind = QUERY_TEXT, .text = text, .n = (int64_t)strlen(text)};
}

/* The same two rows in a form; what was written is in `written`. */
static void write_rows(const char *name, int width, int n_row)
{
    static const char *const columns[] = {"a \"b\"", "number", "nothing", "real"};
    const struct format_out out = {NULL, put};
    struct format *format = format_create(name, width, &out);
    struct query_sink sink;
    CHECK(format != NULL);
    text_init(&written);
    CHECK(format_begin(format, "\"head\": 1") == STATUS_OK && format_answer(format, "Title", &sink) == STATUS_OK);
    CHECK(sink.begin(sink.context, columns, 4) == STATUS_OK);
    for (int i = 0; i < n_row; i++) {
        const struct query_value row[] = {text_of(i == 0 ? "x,\r\n\"y\"" : ""),
                                          {.kind = QUERY_INTEGER, .integer = INT64_MIN + i},
                                          {.kind = QUERY_NULL},
                                          {.kind = QUERY_REAL, .real = i == 0 ? 0.1 : -INFINITY}};
        CHECK(sink.row(sink.context, row, 4) == STATUS_OK);
    }
    CHECK(sink.end(sink.context) == STATUS_OK);
    CHECK(format_note(format, "a \"note\"") == STATUS_OK && format_end(format, "\"tail\": 2") == STATUS_OK);
    format_destroy(format);
}

static void test_csv(void)
{
    write_rows("csv", 0, 2);
    CHECK(strcmp(written.bytes, "\"a \"\"b\"\"\",number,nothing,real\r\n"
                                "\"x,\r\n\"\"y\"\"\",-9223372036854775808,,0.1\r\n"
                                "\"\",-9223372036854775807,,-inf\r\n") == 0);
    text_clear(&written);
}

static void test_json(void)
{
    write_rows("json", 0, 2);
    CHECK(strcmp(written.bytes,
                 "{\"head\": 1, \"answers\": [\n {\"title\": \"Title\", \"columns\": [\"a \\\"b\\\"\", \"number\", "
                 "\"nothing\", \"real\"], \"rows\": [\n"
                 "  [\"x,\\u000d\\u000a\\\"y\\\"\", -9223372036854775808, null, 0.1],\n"
                 "  [\"\", -9223372036854775807, null, -1e999]]},\n"
                 " {\"note\": \"a \\\"note\\\"\"}], \"tail\": 2}\n") == 0);
    text_clear(&written);
    write_rows("json", 0, 0);
    CHECK(strstr(written.bytes, "\"rows\": []}") != NULL);
    text_clear(&written);
}

static bool fits(int width)
{
    int n = 0;
    for (const char *at = written.bytes; *at; at++) {
        n = *at == '\n' ? 0 : n + (((unsigned char)*at & 0xc0) != 0x80);
        if (n > width)
            return false;
    }
    return true;
}

static void test_table(void)
{
    for (int n_row = 0; n_row < 1000; n_row += 249)
        for (int width = 60; width < 130; width += 7) {
            write_rows("table", width, n_row);
            CHECK(fits(width) && (strstr(written.bytes, "Title") == written.bytes) == (n_row > 0));
            CHECK((strstr(written.bytes, "No rows: Title") != NULL) == (n_row == 0));
            text_clear(&written);
        }
    write_rows("table", 40, 0);
    CHECK(strcmp(written.bytes, "a \"note\"\n\nNo rows: Title\n") == 0);
    text_clear(&written);
    write_rows("table", 40, 2);
    CHECK(strstr(written.bytes, "more column") != NULL);
    text_clear(&written);
    CHECK(format_create("xml", 80, &(struct format_out){NULL, put}) == NULL);
}

/* A list of 12 rows of which 5 are wanted. */
static void write_list(const char *name)
{
    static const char *const columns[] = {"steps"};
    const struct format_out out = {NULL, put};
    struct format *format = format_create(name, 80, &out);
    struct query_sink sink;
    text_init(&written);
    CHECK(format != NULL && format_begin(format, "") == STATUS_OK);
    CHECK(format_list(format, NULL, 5, "steps", &sink) == STATUS_OK);
    CHECK(sink.begin(sink.context, columns, 1) == STATUS_OK);
    for (int i = 0; i < 12; i++) {
        struct query_value value = text_of("7 -8 9");
        CHECK(sink.row(sink.context, i < 3 ? &(struct query_value){.kind = QUERY_NULL} : &value, 1) == STATUS_OK);
    }
    CHECK(sink.end(sink.context) == STATUS_OK && format_end(format, "") == STATUS_OK);
    format_destroy(format);
}

static void test_lists(void)
{
    write_list("table");
    CHECK(strcmp(written.bytes, "  steps\n  -\n  -\n  -\n  7 -8 9\n  7 -8 9\n"
                                "  5 of 12 rows: --format csv or json gives all\n") == 0);
    text_clear(&written);
    write_list("json");
    CHECK(strstr(written.bytes, "\n  [null],\n  [[7, -8, 9]]") != NULL && strstr(written.bytes, "of 12") == NULL);
    text_clear(&written);
    write_list("csv");
    CHECK(strstr(written.bytes, "\r\n7 -8 9\r\n") != NULL);
    text_clear(&written);
}

int main(void)
{
    test_lists();
    test_csv();
    test_json();
    test_table();
    return check_end();
}
