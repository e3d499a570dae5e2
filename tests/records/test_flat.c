/* Whatever flat_parse accepts, the strict parser accepts too, with the same members and the same text of each; common
 * lines are accepted; what only the strict parser can judge is left to it. */
#include "records/flat.h"

#include "base/memory.h"
#include "check.h"
#include "config/json.h"
#include "config/mutate.h"

static bool flat(const char *line)
{
    struct flat members;
    return flat_parse(line, (int64_t)strlen(line), &members);
}

/* What the strict parser makes of a value, as records read it. */
static bool same_value(const struct flat_member *member, const cJSON *item)
{
    struct text text;
    text_init(&text);
    if (cJSON_IsString(item))
        text_add(&text, "%s", item->valuestring);
    else
        json_add_found(&text, item);
    bool same = (int64_t)text.length == member->n_value && memcmp(text.bytes, member->value, text.length) == 0;
    text_clear(&text);
    switch (member->kind) {
        case FLAT_STRING:
            return cJSON_IsString(item) && same;
        case FLAT_INTEGER:
            return cJSON_IsNumber(item) && same;
        case FLAT_WORD:
            return cJSON_IsBool(item) && same;
        case FLAT_NULL:
            return cJSON_IsNull(item);
        case FLAT_OTHER:
            return cJSON_IsString(item) || cJSON_IsNumber(item);
    }
    return false;
}

/* Whether both parsers accept the line; they must agree as far as the quick one goes. */
static bool compare(const char *line, size_t n)
{
    struct flat members;
    cJSON *json = NULL;
    char *copy = malloc(n > 0 ? n : 1); /* exactly n bytes: a sanitizer sees any read beyond */
    memcpy(copy, line, n);
    bool quick = flat_parse(copy, (int64_t)n, &members);
    if (quick) {
        CHECK(json_parse_line(copy, n, "line", 1, BAD_INPUT, &json) == STATUS_OK && cJSON_IsObject(json));
        CHECK(cJSON_GetArraySize(json) == members.n);
        int i = 0;
        for (const cJSON *item = json ? json->child : NULL; item != NULL; item = item->next, i++) {
            const struct flat_member *member = flat_find(&members, item->string);
            CHECK(member == &members.members[i] && same_value(member, item));
        }
    }
    cJSON_Delete(json);
    free(copy);
    return quick;
}

static void test_common(void)
{
    static const char *const lines[] = {
        "{}",
        " { } \r",
        "{\"id\": \"sample-1\", \"split\": \"train\", \"policy\": \"web\"}",
        "{\"id\":17,\"score\":-0.25,\"good\":true,\"bad\":false,\"none\":null}\r",
        "\t{ \"text\" : \"a \\\"quoted\\\" \\\\ line\\n\" , \"id\" : \"\xc3\xa9\xf0\x9f\x98\x80\" }  ",
        "{\"n\": 0, \"m\": -1, \"z\": -0, \"big\": 123456789012345, \"f\": 0.123456789012345}",
        "{\"\": \"empty key\", \"e\": \"\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(compare(lines[i], strlen(lines[i])));
    struct flat members;
    CHECK(flat_parse("{\"a\": -0, \"b\": 1.5, \"c\": \"\\n\"}", 30, &members) && members.n == 3);
    for (int i = 0; i < 3; i++)
        CHECK(members.members[i].kind == FLAT_OTHER); /* the text is not its characters */
    CHECK(flat_find(&members, "d") == NULL && flat_find(&members, "") == NULL && flat_find(&members, "aa") == NULL);
}

/* Refused, or beyond what it knows: to it that is the same. */
static void test_left(void)
{
    static const char *const lines[] = {"",
                                        " ",
                                        "[]",
                                        "1",
                                        "\"a\"",
                                        "{",
                                        "}",
                                        "{}}",
                                        "{} {}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{a:1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\":1,\"b\":2,\"a\":3}",
                                        "{\"a\\n\":1}",
                                        "{\"a\":\"\\u0041\"}",
                                        "{\"a\":\"\\x\"}",
                                        "{\"a\":\"\\",
                                        "{\"a\":\"b",
                                        "{\"a\":[1]}",
                                        "{\"a\":{}}",
                                        "{\"a\":01}",
                                        "{\"a\":-}",
                                        "{\"a\":1.}",
                                        "{\"a\":.5}",
                                        "{\"a\":1e5}",
                                        "{\"a\":1.5E3}",
                                        "{\"a\":1234567890123456}",
                                        "{\"a\":+1}",
                                        "{\"a\":tru}",
                                        "{\"a\":nul}",
                                        "{\"a\":True}",
                                        "{\"a\":NaN}",
                                        "{\"a\":\"\x01\"}",
                                        "{\"a\":\"\xff\"}",
                                        "{\"a\":\"\xed\xa0\x80\"}",
                                        "\xef\xbb\xbf{}",
                                        "{\"a\":1}\xc3\xa9",
                                        "{\"a\":truex}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(!flat(lines[i]));
    CHECK(!compare("{\"a\":\"b\0c\"}", 11) && !compare("{}\0", 3));
    struct text many;
    text_init(&many);
    for (int i = 0; i <= FLAT_MOST; i++)
        text_add(&many, "%c\"k%d\":1", i ? ',' : '{', i);
    text_add(&many, "}");
    CHECK(!flat(many.bytes));
    text_clear(&many);
}

static void test_mutations(void)
{
    static const char *const wholes[] = {
        "{\"id\": \"b\", \"split\": \"train\", \"p\\\"\": \"x\\ty\", \"score\": 1.50, \"n\": -17, \"t\": true}",
        "{\"id\":17,\"a\":null,\"\xc3\xa9\":\"\xe2\x82\xac\",\"b\":false}\r"};
    uint64_t state = 4711;
    int n_quick = 0;
    for (int i = 0; i < 200000; i++) {
        char line[256];
        size_t n = strlen(wholes[i % 2]);
        memcpy(line, wholes[i % 2], n);
        n = mutate(line, n, &state);
        n_quick += compare(line, n);
    }
    printf("%d of 200,000 damaged lines are still flat\n", n_quick);
    CHECK(n_quick > 5000 && n_quick < 50000);
}

int main(void)
{
    test_common();
    test_left();
    test_mutations();
    return check_end();
}
