/* Strings grow, encodings are canonical both ways, and figures read as people write them. */
#include "base/text.h"

#include "base/memory.h"
#include "check.h"

static void test_growth(void)
{
    struct text text;
    text_init(&text);
    for (int i = 0; i < 1000; i++)
        text_add(&text, "%d,", i % 10);
    CHECK(text.length == 2000 && strlen(text.bytes) == 2000);
    CHECK(strncmp(text.bytes + 1998, "9,", 3) == 0);
    char *taken = text_take(&text);
    CHECK(strlen(taken) == 2000 && text.length == 0);
    memory_free(taken);
    text_clear(&text);
}

static void test_json_string(void)
{
    struct text text;
    text_init(&text);
    text_add_json_string(&text, "a\"b\\c\nd\x7f\x01é");
    CHECK(strcmp(text.bytes, "\"a\\\"b\\\\c\\u000ad\\u007f\\u0001é\"") == 0);
    text_clear(&text);
}

static void test_hex(void)
{
    uint8_t bytes[3] = {0, 0xab, 0xff}, back[3];
    char hex[7];
    hex_encode(bytes, 3, hex);
    CHECK(strcmp(hex, "00abff") == 0);
    CHECK(hex_decode(hex, back, 3) && memcmp(bytes, back, 3) == 0);
    CHECK(!hex_decode("00ABff", back, 3));
    CHECK(!hex_decode("00abf", back, 3));
    CHECK(!hex_decode("00abfg", back, 3));
}

/* The test vectors of RFC 4648, section 10. */
static void test_base64(void)
{
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (int i = 0; i < 7; i++) {
        struct text text;
        text_init(&text);
        base64_encode(&text, plain[i], strlen(plain[i]));
        CHECK(strcmp(text.bytes, encoded[i]) == 0);
        uint8_t back[8];
        int64_t n = base64_decode(encoded[i], strlen(encoded[i]), back, sizeof back);
        CHECK(n == (int64_t)strlen(plain[i]) && memcmp(back, plain[i], (size_t)n) == 0);
        text_clear(&text);
    }
    static const char *const refused[] = {"Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9v\n", "Z-9v"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        uint8_t back[16];
        CHECK(base64_decode(refused[i], strlen(refused[i]), back, sizeof back) == -1);
    }
    uint8_t small[2];
    CHECK(base64_decode("Zm9v", 4, small, 2) == -1); /* three bytes do not fit two */
}

static void test_utf8(void)
{
    static const char *const good[] = {"", "plain", "é", "€", "😀"};
    static const char *const bad[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(utf8_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!utf8_is_valid(bad[i], strlen(bad[i])));
    CHECK(!utf8_is_valid("a\0b", 3));
}

static void test_figures(void)
{
    char out[32], things[64];
    CHECK(strcmp(figure_count(0, out), "0") == 0);
    CHECK(strcmp(figure_count(999, out), "999") == 0);
    CHECK(strcmp(figure_count(-1234567, out), "-1,234,567") == 0);
    CHECK(strcmp(figure_count(INT64_MAX, out), "9,223,372,036,854,775,807") == 0);
    CHECK(strcmp(figure_things(1, "entry", "entries", things), "1 entry") == 0);
    CHECK(strcmp(figure_things(0, "entry", "entries", things), "0 entries") == 0);
    CHECK(strcmp(figure_things(1500, "entry", "entries", things), "1,500 entries") == 0);
    CHECK(strcmp(figure_bytes(1023, out), "1023 B") == 0);
    CHECK(strcmp(figure_bytes(1.5 * 1024 * 1024 * 1024, out), "1.5 GiB") == 0);
    CHECK(strcmp(figure_seconds(59.94, out), "59.9 s") == 0);
    CHECK(strcmp(figure_seconds(3599, out), "59 min 59 s") == 0);
    CHECK(strcmp(figure_seconds(7260, out), "2 h 01 min") == 0);
    CHECK(strcmp(figure_seconds(1e30, out), "?") == 0);
}

int main(void)
{
    test_growth();
    test_json_string();
    test_hex();
    test_base64();
    test_utf8();
    test_figures();
    return check_end();
}
