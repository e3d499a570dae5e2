/* Texts from data reach a terminal harmlessly and within their columns, and a section counts what it does not show. */
#include "diff/show.h"

#include "check.h"

static bool shows(const char *value, int columns, const char *expected)
{
    struct text out;
    text_init(&out);
    show_text(&out, value, columns);
    bool same = strcmp(out.bytes, expected) == 0;
    if (!same)
        fprintf(stderr, "found \"%s\"\n", out.bytes);
    text_clear(&out);
    return same;
}

static void test_text(void)
{
    CHECK(shows("", 10, ""));
    CHECK(shows("plain text", 10, "plain text"));
    CHECK(shows("plain text", 9, "plain te…"));
    CHECK(shows("é€𝄞", 3, "é€𝄞"));
    CHECK(shows("é€𝄞", 2, "é…"));
    CHECK(shows("\x1b[31m", 20, "\\x1b[31m"));
    CHECK(shows("a\nb\tc\x7f", 20, "a\\x0ab\\x09c\\x7f"));
    CHECK(shows("\xc2\x9b", 20, "\\xc2\\x9b")); /* CSI as one character */
    CHECK(shows("\xc2\xa0", 20, "\xc2\xa0"));
    CHECK(shows("\xff\xc3", 20, "\\xff\\xc3")); /* no UTF-8, and a character cut off */
    CHECK(shows("\xed\xa0\x80", 20, "\\xed\\xa0\\x80"));
    CHECK(shows("\n\n\n", 9, "\\x0a\\x0a…"));
}

static void test_pair(void)
{
    struct text out;
    char wide[120] = {0};
    memset(wide, 'x', 100);
    text_init(&out);
    show_pair(&out, "what", "1", "2");
    CHECK(strcmp(out.bytes, "  what  1 | 2\n") == 0);
    out.length = 0;
    show_pair(&out, "what", wide, "2");
    CHECK(strncmp(out.bytes, "  what\n    A xxx", 15) == 0 && strstr(out.bytes, "x…\n    B 2\n") != NULL);
    CHECK(strcspn(out.bytes + strlen("  what\n"), "\n") <= 100 + 2); /* … has three bytes */
    text_clear(&out);
}

static void test_section(void)
{
    struct section_lines lines = {.most = 2};
    CHECK(show_next(&lines) && show_next(&lines) && !show_next(&lines) && !show_next(&lines));
    CHECK(lines.n == 4);
}

int main(void)
{
    test_text();
    test_pair();
    test_section();
    return check_end();
}
