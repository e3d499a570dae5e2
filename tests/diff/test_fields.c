/* Two JSON trees differ where a value does, and nowhere else: not in the order of keys, not in how a number is written.
 */
#include "diff/fields.h"

#include "check.h"

/* The lines for two texts, by value; the number of differences in *n. */
static struct text compare(const char *a, const char *b, int64_t most, int64_t *n)
{
    cJSON *trees[2] = {NULL, NULL};
    struct text out;
    text_init(&out);
    struct section_lines lines = {.out = &out, .most = most};
    CHECK(json_parse(a, strlen(a), "a", BAD_RUN, &trees[0]) == STATUS_OK);
    CHECK(json_parse(b, strlen(b), "b", BAD_RUN, &trees[1]) == STATUS_OK);
    fields_compare(trees[0], trees[1], &lines);
    cJSON_Delete(trees[0]);
    cJSON_Delete(trees[1]);
    *n = lines.n;
    return out;
}

static bool gives(const char *a, const char *b, int64_t expected_n, const char *expected)
{
    int64_t n;
    struct text out = compare(a, b, 100, &n);
    bool same = n == expected_n && strcmp(out.bytes ? out.bytes : "", expected) == 0;
    if (!same)
        fprintf(stderr, "found %lld:\n%s", (long long)n, out.bytes);
    text_clear(&out);
    return same;
}

static void test_same(void)
{
    CHECK(gives("{}", "{ }", 0, ""));
    CHECK(gives("{\"a\":1,\"b\":[true,null]}", "{\"b\":[true,null],\"a\":1.0}", 0, ""));
    CHECK(gives("[[],{}]", "[[],{}]", 0, ""));
}

static void test_values(void)
{
    CHECK(gives("{\"a\":1}", "{\"a\":2}", 1, "  a  1 | 2\n"));
    CHECK(gives("{\"a\":0.1}", "{\"a\":0.10000000000000001}", 0, ""));
    CHECK(gives("{\"a\":0.1}", "{\"a\":0.10000000000000002}", 1, "  a  0.1 | 0.10000000000000002\n"));
    CHECK(gives("{\"a\":\"x\"}", "{\"a\":\"X\"}", 1, "  a  \"x\" | \"X\"\n"));
    CHECK(gives("{\"a\":1}", "{\"a\":\"1\"}", 1, "  a  1 | \"1\"\n"));
    CHECK(gives("{\"a\":true}", "{\"a\":false}", 1, "  a  true | false\n"));
    CHECK(gives("{\"a\":null}", "{}", 1, "  a  null | nothing\n"));
    CHECK(gives("1", "2", 1, "  (the whole)  1 | 2\n"));
    CHECK(gives("{\"a\":\"\\u001b[31m\"}", "{}", 1, "  a  \"\\u001b[31m\" | nothing\n"));
}

static void test_nested(void)
{
    CHECK(gives("{\"a\":{\"b\":{\"c\":1,\"d\":2}}}", "{\"a\":{\"b\":{\"c\":1,\"d\":3}}}", 1, "  a.b.d  2 | 3\n"));
    CHECK(gives("{\"a\":{}}", "{\"a\":{\"b\":1}}", 1, "  a.b  nothing | 1\n"));
    CHECK(gives("{\"a\":{}}", "{}", 1, "  a  an object | nothing\n"));
    CHECK(gives("{\"a\":[1,2,3]}", "{\"a\":[1,4]}", 2, "  a[1]  2 | 4\n  a[2]  3 | nothing\n"));
    CHECK(gives("{\"a\":[]}", "{\"a\":[{\"b\":1}]}", 1, "  a[0]  nothing | an object\n"));
    CHECK(gives("{\"a\":[]}", "{\"a\":{}}", 1, "  a  an empty list | an object\n"));
    CHECK(gives("{\"a\":1}", "{\"a\":[1]}", 1, "  a  1 | a list\n"));
    CHECK(gives("{\"a\":1}", "{\"A\":1}", 2, "  a  1 | nothing\n  A  nothing | 1\n"));
}

static void test_many(void)
{
    int64_t n;
    struct text out = compare("[1,1,1,1,1]", "[2,2,2,2,2]", 3, &n);
    CHECK(n == 5 && strcmp(out.bytes, "  [0]  1 | 2\n  [1]  1 | 2\n  [2]  1 | 2\n") == 0);
    text_clear(&out);
}

int main(void)
{
    test_same();
    test_values();
    test_nested();
    test_many();
    return check_end();
}
