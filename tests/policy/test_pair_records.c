/* Records of pairs give ids, groups and intended features, by index or by label; whatever is wrong in a line is refused
 * with its number; effects and kept features follow their definitions, ties included. */
#include "check.h"

#include <math.h>

#include "base/memory.h"
#include "policy/pair_effect.h"
#include "policy/pair_records.h"
#include "policy/pair_top.h"

enum { N_FEATURE = 6 };

static char *const labels[N_FEATURE] = {"cat", "dog", "", "cat", "fish", ""};
static char *keys[] = {"policy", "license"};
static const struct strings no_keys = {NULL, 0}, both_keys = {keys, 2};

static enum status parse(const char *text, const struct strings *group_by, char *const *names,
                         struct pair_records *records)
{
    const struct pair_names pair_names = {"pairs.jsonl", group_by, N_FEATURE, names};
    return pair_records_parse(&pair_names, text, strlen(text), records);
}

static bool intends(const struct pair_records *records, int64_t pair, const char *expected)
{
    char found[64] = "";
    size_t n = 0;
    for (int64_t k = records->intended.start[pair]; k < records->intended.start[pair + 1]; k++)
        n += (size_t)snprintf(found + n, sizeof found - n, "%d ", (int)records->intended.feature[k]);
    return strcmp(found, expected) == 0;
}

static void test_good(void)
{
    struct pair_records records;
    const char *text = "{\"id\": \"b\", \"intended\": [4, 0, 4], \"policy\": \"z\", \"license\": 7}\n"
                       "{\"id\": \"a\", \"intended\": [\"cat\", 1], \"policy\": \"a\", \"other\": [1]}\n"
                       "{\"id\": 12, \"intended\": null, \"policy\": \"z\", \"license\": true}\n"
                       "{\"id\": \"d\", \"policy\": \"\\u00e9\", \"license\": 7}\n"
                       "{\"id\": \"longest\", \"intended\": [], \"policy\": \"a\", \"license\": null}";
    CHECK(parse(text, &both_keys, labels, &records) == STATUS_OK);
    CHECK(records.n == 5 && records.id_bytes == 7 && records.n_column == 2);
    CHECK(memcmp(records.ids,
                 "b\0\0\0\0\0\0a\0\0\0\0\0\0"
                 "12\0\0\0\0\0d\0\0\0\0\0\0longest",
                 35) == 0);
    CHECK(intends(&records, 0, "0 4 ") && intends(&records, 1, "0 1 3 ") && intends(&records, 2, ""));
    CHECK(intends(&records, 3, "") && intends(&records, 4, ""));
    CHECK(pair_intended_count(&records.intended, 1) == 3 && pair_intended_count(&records.intended, 2) == 0);
    CHECK(pair_intended_has(&records.intended, 1, 3) && !pair_intended_has(&records.intended, 1, 2));
    CHECK(!pair_intended_has(&records.intended, 2, 0) && !pair_intended_has(&records.intended, 0, 5));
    const struct pair_column *policy = &records.columns[0], *license = &records.columns[1];
    CHECK(policy->n_value == 3 && strcmp(policy->values[0], "a") == 0 && strcmp(policy->values[1], "z") == 0);
    CHECK(strcmp(policy->values[2], "é") == 0 && policy->count[0] == 2 && policy->count[2] == 1);
    CHECK(policy->codes[0] == 1 && policy->codes[1] == 0 && policy->codes[3] == 2);
    CHECK(license->n_value == 3 && strcmp(license->values[0], "") == 0 && strcmp(license->values[1], "7") == 0);
    CHECK(strcmp(license->values[2], "true") == 0 && license->count[0] == 2 && license->codes[2] == 2);
    pair_records_clear(&records);
    CHECK(parse("{\"id\": 1, \"intended\": [5]}\n", &no_keys, NULL, &records) == STATUS_OK);
    CHECK(records.n == 1 && records.n_column == 0 && intends(&records, 0, "5 "));
    pair_records_clear(&records);
}

static void test_many(void)
{
    struct text text;
    struct pair_records records;
    text_init(&text);
    for (int i = 0; i < 3000; i++)
        text_add(&text,
                 "{\"id\": %d, \"intended\": [\"cat\", %d, \"cat\", \"cat\", \"cat\", \"cat\", \"cat\", \"cat\"], "
                 "\"policy\": \"p%d\", \"license\": %d}\n",
                 i, i % N_FEATURE, i % 97, i % 2);
    CHECK(parse(text.bytes, &both_keys, labels, &records) == STATUS_OK);
    CHECK(records.n == 3000 && records.columns[0].n_value == 97 && records.columns[1].count[1] == 1500);
    for (int i = 0; i < 3000; i++) {
        int j = i % N_FEATURE;
        CHECK(pair_intended_count(&records.intended, i) == (j == 0 || j == 3 ? 2 : 3));
        CHECK(pair_intended_has(&records.intended, i, j) && pair_intended_has(&records.intended, i, 3));
        char name[16];
        snprintf(name, sizeof name, "p%d", i % 97);
        CHECK(strcmp(records.columns[0].values[records.columns[0].codes[i]], name) == 0);
    }
    pair_records_clear(&records);
    text_clear(&text);
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        enum status status;
        const char *part;
    } cases[] = {
        {"", BAD_INPUT, "pairs.jsonl: expected at least one pair, found an empty file"},
        {"[1]\n", BAD_INPUT, "pairs.jsonl: line 1: expected a JSON object"},
        {"{\"id\": 1}\n\n", BAD_INPUT, "pairs.jsonl: line 2: expected a JSON object, found a blank line"},
        {"{\"id\": 1\n", BAD_INPUT, "line 1"},
        {"{\"policy\": \"a\"}\n", BAD_INPUT, "line 1: id: expected a string or an integer"},
        {"{\"id\": 1}\n{\"id\": 2}\n{\"id\": 1}\n", BAD_INPUT, "line 3: id: expected an id of its own"},
        {"{\"id\": 1, \"intended\": 3}\n", BAD_INPUT,
         "line 1: intended: expected a list of feature indices or labels, found 3"},
        {"{\"id\": 1, \"intended\": {\"a\": 1}}\n", BAD_INPUT, "line 1: intended: expected a list"},
        {"{\"id\": 1}\n{\"id\": 2, \"intended\": [6]}\n", BAD_INPUT,
         "line 2: intended: expected a feature that exists, 0 to 5, found 6"},
        {"{\"id\": 1, \"intended\": [-1]}\n", BAD_INPUT, "expected a feature that exists, 0 to 5, found -1"},
        {"{\"id\": 1, \"intended\": [1.5]}\n", BAD_INPUT, "expected a list of feature indices or labels, found 1.5"},
        {"{\"id\": 1, \"intended\": [true]}\n", BAD_INPUT, "expected a list of feature indices or labels, found true"},
        {"{\"id\": 1, \"intended\": [[1]]}\n", BAD_INPUT, "expected a list of feature indices or labels, found a list"},
        {"{\"id\": 1, \"intended\": [\"cow\"]}\n", BAD_INPUT, "expected the label of a feature, found \"cow\""},
        {"{\"id\": 1, \"intended\": [\"\"]}\n", BAD_INPUT, "expected the label of a feature, found \"\""},
        {"{\"id\": 1, \"policy\": [2], \"license\": 1}\n", BAD_INPUT, "line 1: policy: expected a string, number"},
        {"{\"id\": 1, \"policy\": \"p\"}\n", BAD_CONFIG,
         "policy.pairs.group_by: expected keys of pairs.jsonl, found "
         "\"license\", which no pair has"},
    };
    struct pair_records records;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_FAILS(parse(cases[i].text, &both_keys, labels, &records), cases[i].status, cases[i].part);
    CHECK_FAILS(parse("{\"id\": 1, \"intended\": [\"cat\"]}\n", &no_keys, NULL, &records), BAD_INPUT,
                "expected indices of features, as policy.features.labels is not given, found \"cat\"");
    char *slashes[] = {"a/b"}, *dots[] = {"."};
    const struct strings slash = {slashes, 1}, dot = {dots, 1};
    CHECK_FAILS(parse("{\"id\": 1, \"a/b\": 1}\n", &slash, NULL, &records), BAD_CONFIG, "without \"/\"");
    CHECK_FAILS(parse("{\"id\": 1, \".\": 1}\n", &dot, NULL, &records), BAD_CONFIG, "without \"/\"");
}

static void test_too_many_groups(void)
{
    struct text text;
    struct pair_records records;
    text_init(&text);
    for (int i = 0; i < 65537; i++)
        text_add(&text, "{\"id\": %d, \"policy\": %d, \"license\": 1}\n", i, i);
    CHECK_FAILS(parse(text.bytes, &both_keys, NULL, &records), BAD_INPUT,
                "line 65537: policy: expected at most 65,536");
    text_clear(&text);
}

/* ---- effects --------------------------------------------------------------------------------------------------- */

static void test_effect(void)
{
    struct shift shift;
    struct pair_records records;
    struct pair_effect effect;
    int64_t kept[N_FEATURE];
    const double deviation[N_FEATURE] = {1, 2, 0, 1, 0.5, 1};
    const double x[N_FEATURE] = {3, -1, 99, -4, 0, 1}, y[N_FEATURE] = {1, -1, 1, 0, 8, 0};
    shift_init(&shift, 1, N_FEATURE);
    CHECK(parse("{\"id\": 0, \"intended\": [3]}\n{\"id\": 1, \"intended\": [0, 2]}\n{\"id\": 2}\n", &no_keys, NULL,
                &records) == STATUS_OK);
    pair_effect_find(&shift, 0, deviation, &records.intended, 0, &effect); /* nothing moves */
    CHECK(effect.shift == 0 && effect.first_order_error == 0 && effect.dominant == -1 && effect.interferes == 0);
    CHECK(effect.off_target == 0);
    memcpy(shift.x, x, sizeof x);
    memcpy(shift.y, y, sizeof y);
    memcpy(shift.first_order, x, sizeof x);
    shift.interaction[5] = -2;
    shift.intercept[0] = 0.25;
    /* Shifts times deviation: 4, −4, 0, −4, 4, 1. */
    pair_effect_find(&shift, 0, deviation, &records.intended, 0, &effect);
    CHECK(effect.shift == sqrt(65) && effect.x == sqrt(9 + 4 + 16 + 1) && effect.y == sqrt(1 + 4 + 16));
    CHECK(effect.interaction == 2 && effect.intercept == 0.25);
    CHECK(effect.first_order_error == sqrt((1.0 + 4 + 16) / 65));
    CHECK(effect.dominant == 0 && effect.interferes == 1);    /* of equals the first */
    CHECK(fabs(effect.off_target - (1 - 4.0 / 119)) < 1e-15); /* Σ |shift| = 4 + 2 + 100 + 4 + 8 + 1 */
    pair_effect_find(&shift, 0, deviation, &records.intended, 1, &effect);
    CHECK(effect.interferes == 0 && fabs(effect.off_target - (1 - 104.0 / 119)) < 1e-15);
    pair_effect_find(&shift, 0, deviation, &records.intended, 2, &effect);
    CHECK(effect.interferes == -1 && isnan(effect.off_target));
    pair_effect_keep(&shift, 0, deviation, N_FEATURE, kept);
    const int64_t all[N_FEATURE] = {0, 1, 3, 4, 5, 2};
    CHECK(memcmp(kept, all, sizeof all) == 0);
    pair_effect_keep(&shift, 0, deviation, 2, kept);
    CHECK(kept[0] == 0 && kept[1] == 1);
    pair_records_clear(&records);
    shift_clear(&shift);
}

/* Whatever the order of offers, the same pairs stay: the strongest, of equals the lower, never one that moved nothing.
 */
static void test_top(void)
{
    enum { N_PAIR = 40, KEEP = 7 };
    const double deviation[2] = {1, 0};
    struct pair_top top[2];
    struct shift shift;
    shift_init(&shift, 1, 2);
    for (int order = 0; order < 2; order++) {
        pair_top_init(1, 2, KEEP, &top[order]);
        for (int k = 0; k < N_PAIR; k++) {
            int pair = order == 0 ? k : k * 23 % N_PAIR;
            shift.x[0] = pair % 5 == 0 ? 0 : pair % 2 ? pair % 9 : -(pair % 9);
            shift.y[0] = 0;
            shift.x[1] = 5;
            pair_top_offer(&top[order], pair, &shift, deviation);
        }
    }
    double last = INFINITY;
    for (int k = 0; k < KEEP; k++) {
        int64_t pair = top[0].pair[k];
        CHECK(pair == top[1].pair[k] && top[0].shift[k] == top[1].shift[k]);
        CHECK(fabs(top[0].shift[k]) == (double)(pair % 9) && top[0].x[k] == top[0].shift[k] && top[0].y[k] == 0);
        CHECK(fabs(top[0].shift[k]) < last || pair > top[0].pair[k - 1]);
        last = fabs(top[0].shift[k]);
        CHECK(top[0].pair[KEEP + k] == -1 && top[0].shift[KEEP + k] == 0); /* the second feature never varies */
    }
    CHECK(top[0].pair[0] == 8 && top[0].pair[1] == 17 && top[0].pair[2] == 26 && top[0].pair[3] == 7);
    pair_top_clear(&top[0]);
    pair_top_clear(&top[1]);
    shift_clear(&shift);
}

int main(void)
{
    test_good();
    test_many();
    test_refused();
    test_too_many_groups();
    test_effect();
    test_top();
    return check_end();
}
