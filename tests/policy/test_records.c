/* Probes and labels are read as they are written, in any order of categories, and every bad line is refused by name. */
#include "policy/labels.h"
#include "records/probes.h"

#include "check.h"

static char *names[] = {"refuses", "complies"};
static const struct strings behaviours = {names, 2};

static enum status parse(const char *text, struct probes *probes)
{
    return probes_parse("probes.jsonl", &behaviours, text, strlen(text), probes);
}

static void test_probes(void)
{
    struct probes probes;
    CHECK(parse("{\"id\": \"p\", \"category\": \"harmless\", \"expected\": [\"complies\"], \"more\": 1}\n"
                "{\"id\": 17, \"category\": \"harmful\", \"expected\": [\"complies\", \"refuses\"]}\n"
                "{\"id\": \"last\"}\n"
                "{\"id\": \"x\", \"category\": null, \"expected\": null}",
                &probes) == STATUS_OK);
    CHECK(probes.n == 4 && probes.n_behaviour == 2 && probes.n_category == 3 && probes.id_bytes == 4);
    CHECK(strcmp(probes.categories[0], "") == 0 && strcmp(probes.categories[1], "harmful") == 0 &&
          strcmp(probes.categories[2], "harmless") == 0);
    const int32_t category[] = {2, 1, 0, 0};
    const uint8_t expected[] = {0, 1, 1, 1, 0, 0, 0, 0};
    CHECK(memcmp(probes.category, category, sizeof category) == 0);
    CHECK(memcmp(probes.expected, expected, sizeof expected) == 0);
    CHECK(memcmp(probes.ids,
                 "p\0\0\0"
                 "17\0\0"
                 "last"
                 "x\0\0\0",
                 16) == 0);
    probes_clear(&probes);
}

static void test_many_probes(void)
{
    enum { N = 1000 };
    struct text text;
    text_init(&text);
    for (int i = 0; i < N; i++)
        text_add(&text, "{\"id\": %d, \"category\": \"c%d\", \"expected\": [%s]}\n", i, i % 7,
                 i % 3 ? "" : "\"refuses\"");
    struct probes probes;
    CHECK(parse(text.bytes, &probes) == STATUS_OK);
    CHECK(probes.n == N && probes.n_category == 7);
    bool good = true;
    for (int i = 0; i < N; i++)
        good = good && probes.category[i] == i % 7 && probes.expected[2 * i] == (i % 3 == 0) &&
               !probes.expected[2 * i + 1];
    CHECK(good);
    probes_clear(&probes);
    text_clear(&text);
}

static void test_bad_probes(void)
{
    struct probes probes = {0};
    const char *first = "{\"id\": \"a\"}\n";
    const struct {
        const char *line, *part;
    } rows[] = {{"{\"id\": \"a\"}", "line 2: id: expected an id of its own, found \"a\", which line 1 has too"},
                {"{}", "line 2: id: expected a string or an integer"},
                {"{\"id\": \"\"}", "not empty"},
                {"[]", "line 2: expected a JSON object"},
                {"{\"id\": \"b\", \"category\": 3}", "line 2: category: expected a string, found 3"},
                {"{\"id\": \"b\", \"category\": \"a\\nb\"}", "line 2: category"},
                {"{\"id\": \"b\", \"expected\": \"refuses\"}", "line 2: expected: expected a list"},
                {"{\"id\": \"b\", \"expected\": [\"sings\"]}", "names of behaviour.names, found \"sings\""},
                {"{\"id\": \"b\", \"expected\": [3]}", "names of behaviour.names, found 3"},
                {"{\"id\": \"b\"", "line 2"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text;
        text_init(&text);
        text_add(&text, "%s%s\n", first, rows[i].line);
        CHECK_FAILS(parse(text.bytes, &probes), BAD_INPUT, rows[i].part);
        text_clear(&text);
    }
    CHECK_FAILS(parse("", &probes), BAD_INPUT, "at least two probes, found 0");
    CHECK_FAILS(parse(first, &probes), BAD_INPUT, "at least two probes, found 1");
}

static enum status label(const char *text, struct labels *labels)
{
    return labels_parse("labels.jsonl", text, strlen(text), 3, labels);
}

static void test_labels(void)
{
    struct labels labels;
    CHECK(label("{\"index\": 2, \"label\": \"two\"}\n{\"index\": 0, \"label\": \"nought\", \"active\": 0.5}\n",
                &labels) == STATUS_OK);
    CHECK(labels.n == 3 && strcmp(labels.items[0], "nought") == 0 && labels.items[1][0] == 0 &&
          strcmp(labels.items[2], "two") == 0);
    labels_clear(&labels);
    CHECK(label("", &labels) == STATUS_OK && labels.items[0][0] == 0);
    labels_clear(&labels);
    CHECK_FAILS(label("{\"index\": 3, \"label\": \"\"}", &labels), BAD_INPUT,
                "line 1: index: expected a feature from 0 to 2");
    CHECK_FAILS(label("{\"index\": -1}", &labels), BAD_INPUT, "found -1");
    CHECK_FAILS(label("{\"index\": 1.5}", &labels), BAD_INPUT, "found 1.5");
    CHECK_FAILS(label("{\"label\": \"x\"}", &labels), BAD_INPUT, "found nothing");
    CHECK_FAILS(label("{\"index\": 1}\n{\"index\": 1}", &labels), BAD_INPUT,
                "line 2: index: expected a feature that no");
    CHECK_FAILS(label("{\"index\": 1, \"label\": 4}", &labels), BAD_INPUT, "line 1: label: expected a string");
    CHECK_FAILS(label("{\"index\": 1, \"label\": \"a\\tb\"}", &labels), BAD_INPUT, "line 1: label");
    CHECK(labels.items == NULL);
}

int main(void)
{
    test_probes();
    test_many_probes();
    test_bad_probes();
    test_labels();
    return check_end();
}
