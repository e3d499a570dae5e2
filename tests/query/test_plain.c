/* Whatever bytes come, a terminal sees nothing that it obeys, and JSON stays JSON. */
#include "check.h"
#include "config/json.h"
#include "query/plain.h"

static void check_shown(const char *bytes, int64_t n, const char *expected)
{
    struct text text;
    text_init(&text);
    plain_add(&text, bytes, n);
    CHECK(strcmp(text.bytes, expected) == 0);
    text_clear(&text);
}

static void test_marks(void)
{
    check_shown("plain", 5, "plain");
    check_shown("na\xc3\xafve \xe6\x97\xa5 \xf0\x9f\x99\x82", 15, "na\xc3\xafve \xe6\x97\xa5 \xf0\x9f\x99\x82");
    check_shown("a\x1b[31m\n\t\x7f", 9, "a?[31m???");
    check_shown("a\0b", 3, "a?b");
    check_shown("\xc2\x9b", 2, "?"); /* a control of one character */
    check_shown("\xe2\x80\xae"
                "x\xe2\x81\xa9",
                7, "?x?");                                     /* right to left, and back */
    check_shown("\xe2\x80\x8b\xef\xbb\xbf\xc2\xad", 8, "???"); /* nothing to see */
    check_shown("\xe2\x80\xa9", 3, "?");                       /* another end of paragraph */
    check_shown("\xc0\xaf\xed\xa0\x80\xff", 6, "??????");      /* no UTF-8: overlong, surrogate, no such byte */
    check_shown("\xf4\x90\x80\x80", 4, "????");                /* beyond the last code point */
    check_shown("\xe6\x97", 2, "??");                          /* cut off */
}

/* Every pair and many longer runs of bytes. */
static void test_any_bytes(void)
{
    uint32_t random = 1;
    bool good = true;
    for (int i = 0; i < 70000; i++) {
        char bytes[12];
        int n = i < 65536 ? 2 : 12;
        bytes[0] = (char)(i >> 8);
        bytes[1] = (char)i;
        for (int k = i < 65536 ? 2 : 0; k < n; k++) {
            random = random * 1664525u + 1013904223u;
            bytes[k] = (char)(random >> 24);
        }
        struct text text;
        cJSON *json = NULL;
        text_init(&text);
        plain_add_json(&text, bytes, n);
        bool has_zero = memchr(bytes, 0, (size_t)n) != NULL; /* the strict reader takes no \u0000 */
        good = good && (has_zero || json_parse(text.bytes, text.length, "text", BAD_INPUT, &json) == STATUS_OK);
        cJSON_Delete(json);
        text.length = 0;
        plain_add(&text, bytes, n);
        good = good && utf8_is_valid(text.bytes, text.length);
        text_clear(&text);
    }
    CHECK(good);
}

int main(void)
{
    test_marks();
    test_any_bytes();
    return check_end();
}
