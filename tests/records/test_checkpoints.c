/* Checkpoints are kept by the rule, against tables worked out by hand; every malformed record is refused with its line.
 */
#include <math.h>

#include "base/text.h"
#include "check.h"
#include "config/mutate.h"
#include "records/records.h"

static enum status parse_as(const struct checkpoints_config *config, const char *text, struct checkpoints *checkpoints)
{
    return checkpoints_parse(config, text, strlen(text), checkpoints);
}

static enum status parse(int rule, const char *text)
{
    struct checkpoints checkpoints = {0};
    char *names[] = {"step-2", "stpe-3"};
    struct checkpoints_config config = {.file = "c.jsonl", .rule = rule, .threshold = 0.02, .names = {names, 2}};
    enum status status = parse_as(&config, text, &checkpoints);
    CHECK((status == STATUS_OK) == (checkpoints.n > 0));
    checkpoints_clear(&checkpoints);
    return status;
}

static const char *const whole =
    "{\"name\": \"step-1\", \"step\": 0, \"learning_rate\": 0.1, \"validation_loss\": 2.5, \"file\": "
    "\"c/1.safetensors\"}\n"
    "{\"name\": \"step-2\", \"step\": 60, \"learning_rate\": 0, \"validation_loss\": null, \"file\": null}\n"
    "{\"name\": \"step-3\", \"step\": 120, \"learning_rate\": 5e-5, \"seed\": 1}";

static void test_values(void)
{
    struct checkpoints checkpoints;
    char *names[] = {"step-3", "step-1"};
    struct checkpoints_config config = {.file = "c.jsonl", .rule = SELECT_ALL};
    CHECK(parse_as(&config, whole, &checkpoints) == STATUS_OK && checkpoints.n == 3 && checkpoints.n_selected == 3);
    const struct checkpoint *items = checkpoints.items;
    CHECK(strcmp(items[0].name, "step-1") == 0 && strcmp(items[0].file, "c/1.safetensors") == 0 && items[0].step == 0);
    CHECK(items[0].learning_rate == 0.1 && items[0].validation_loss == 2.5 && items[0].selected);
    CHECK(items[1].file == NULL && isnan(items[1].validation_loss) && items[1].learning_rate == 0);
    CHECK(items[2].step == 120 && isnan(items[2].validation_loss) && items[2].learning_rate == 5e-5);
    checkpoints_clear(&checkpoints);
    config = (struct checkpoints_config){.file = "c.jsonl", .rule = SELECT_NAMES, .names = {names, 2}};
    CHECK(parse_as(&config, whole, &checkpoints) == STATUS_OK && checkpoints.n_selected == 2);
    CHECK(checkpoints.items[0].selected && !checkpoints.items[1].selected && checkpoints.items[2].selected);
    checkpoints_clear(&checkpoints);
}

/* losses, τ, and which of them are kept: x kept, . not. */
static void test_rule(void)
{
    static const struct {
        double losses[8], threshold;
        const char *kept;
    } tables[] = {
        /* 2 % of 2.0 is 0.04: 0.03 falls short, 0.05 does; 2 % of 1.95 is 0.039: 0.03 falls short, 0.04 does. */
        {{2.0, 1.97, 1.95, 1.92, 1.91, 1.90}, 0.02, "x.x.xx"},
        /* The reference is the last one kept, not the last one seen: 0.99, 0.98 … are 5 % below 1 only at 0.9375. */
        {{1, 0.99, 0.98, 0.97, 0.96, 0.9375, 0.93, 0.92}, 0.05, "x....x.x"},
        /* A rise is never an improvement; the last is kept although it is the worst. */
        {{1, 2, 0.5, 3, 0.5, 9}, 0.25, "x.x..x"},
        /* Exactly at the threshold is kept: 1 − 0.5 = 0.5, 0.5 − 0.25 = 0.25, powers of two are exact. */
        {{1, 0.5, 0.25, 0.1875, 0.125}, 0.5, "xxx.x"},
        /* τ = 0 keeps whatever is not worse, equal losses included. */
        {{1, 1, 1.5, 0.5, 0.5}, 0, "xx.xx"},
        /* τ = 1 keeps only a loss of zero; from a loss of zero, only another zero is no worse. */
        {{1, 0.001, 0, 0.5, 0, 1}, 1, "x.x.xx"},
        {{5}, 0.02, "x"},
        {{5, 6}, 0.02, "xx"},
    };
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        struct checkpoints_config config = {
            .file = "c.jsonl", .rule = SELECT_VALIDATION_IMPROVEMENT, .threshold = tables[t].threshold};
        struct checkpoints checkpoints;
        struct text text;
        int64_t n = (int64_t)strlen(tables[t].kept), n_kept = 0;
        text_init(&text);
        for (int64_t i = 0; i < n; i++)
            text_add(&text, "{\"name\": \"s%d\", \"step\": %d, \"learning_rate\": 0.1, \"validation_loss\": %.17g}\n",
                     (int)i, (int)i, tables[t].losses[i]);
        CHECK(parse_as(&config, text.bytes, &checkpoints) == STATUS_OK && checkpoints.n == n);
        for (int64_t i = 0; i < n; i++) {
            CHECK(checkpoints.items[i].selected == (tables[t].kept[i] == 'x'));
            n_kept += tables[t].kept[i] == 'x';
        }
        CHECK(checkpoints.n_selected == n_kept);
        checkpoints_clear(&checkpoints);
        text_clear(&text);
    }
}

#define REST ", \"step\": 1, \"learning_rate\": 0.1}"
#define NAME "{\"name\": \"a\", "

static void test_refusals(void)
{
    CHECK_FAILS(parse(SELECT_ALL, ""), BAD_INPUT, "c.jsonl: expected at least one checkpoint, found an empty file");
    CHECK_FAILS(parse(SELECT_ALL, "{\"step\": 1}"), BAD_INPUT,
                "c.jsonl: line 1: name: expected a string that is not empty, found nothing");
    CHECK_FAILS(parse(SELECT_ALL, "{\"name\": 5" REST), BAD_INPUT,
                "name: expected a string that is not empty, found 5");
    CHECK_FAILS(parse(SELECT_ALL, "{\"name\": \"\"" REST), BAD_INPUT, "name: expected a string that is not empty");
    static const char *const names[] = {"a/b", "..",  ".a",  "a*",     "a?",      "[a]",
                                        "{a}", "a#b", "a:b", "a\\\\b", "a\\u0007"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text text;
        text_init(&text);
        text_add(&text, "{\"name\": \"%s\"" REST, names[i]);
        CHECK_FAILS(parse(SELECT_ALL, text.bytes), BAD_INPUT, "line 1: name: expected a name without");
        text_clear(&text);
    }
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"learning_rate\": 1}"), BAD_INPUT,
                "line 1: step: expected an integer of at least 0, found nothing");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": -1}"), BAD_INPUT,
                "step: expected an integer of at least 0, found -1");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": 1.5}"), BAD_INPUT,
                "step: expected an integer of at least 0, found 1.5");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": \"1\"}"), BAD_INPUT,
                "step: expected an integer of at least 0, found \"1\"");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": 1}"), BAD_INPUT,
                "learning_rate: expected a number of at least 0, found nothing");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": 1, \"learning_rate\": -0.1}"), BAD_INPUT,
                "learning_rate: expected a number of at least 0, found -0.1");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": 1, \"learning_rate\": 1e999}"), BAD_INPUT,
                "line 1, column 43: the number is too large");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"step\": 1, \"learning_rate\": NaN}"), BAD_INPUT,
                "line 1, column 43: expected a value");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"validation_loss\": \"low\"" REST), BAD_INPUT,
                "validation_loss: expected a number, found \"low\"");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"file\": 5" REST), BAD_INPUT, "file: expected a string, found 5");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"file\": \"\"" REST), BAD_INPUT, "file: expected a path that is not empty");
    CHECK_FAILS(parse(SELECT_ALL, NAME "\"file\": \"a\\nb\"" REST), BAD_INPUT,
                "file: expected a path that is not empty, without control");
    CHECK_FAILS(parse(SELECT_ALL, "{\"name\": \"a\"" REST "\n{\"name\": \"b\"" REST), BAD_INPUT,
                "c.jsonl: line 2: step: expected a step after 1, that of the line before, found 1");
    CHECK_FAILS(parse(SELECT_ALL, "{\"name\": \"a\"" REST "\n{\"name\": \"b\", \"step\": 0, \"learning_rate\": 0}"),
                BAD_INPUT, "line 2: step: expected a step after 1");
    CHECK_FAILS(parse(SELECT_ALL, "{\"name\": \"a\"" REST "\n{\"name\": \"a\", \"step\": 2, \"learning_rate\": 0}"),
                BAD_INPUT, "line 2: name: expected a name of its own, found \"a\", which line 1 has too");
    CHECK_FAILS(parse(SELECT_ALL, "{\"name\": \"a\"" REST "\n\n"), BAD_INPUT,
                "line 2: expected a JSON object, found a blank line");
    CHECK_FAILS(parse(SELECT_VALIDATION_IMPROVEMENT, whole), BAD_INPUT,
                "c.jsonl: line 2: validation_loss: expected a number, as checkpoints.select.rule is");
    CHECK_FAILS(parse(SELECT_VALIDATION_IMPROVEMENT, NAME "\"validation_loss\": -1" REST), BAD_INPUT,
                "line 1: validation_loss: expected a number of at least 0");
    CHECK_FAILS(parse(SELECT_NAMES, whole), BAD_INPUT,
                "c.jsonl: expected a checkpoint \"stpe-3\", as checkpoints.select.names has it, found none; did you "
                "mean \"step-3\"?");
}

static void test_mutations(void)
{
    uint64_t state = 31337;
    int n_read = 0;
    for (int i = 0; i < 20000; i++) {
        char text[1024];
        size_t n = strlen(whole);
        memcpy(text, whole, n);
        n = mutate(text, n, &state);
        struct checkpoints checkpoints;
        struct checkpoints_config config = {.file = "c.jsonl", .rule = i % 2, .threshold = 0.02};
        if (checkpoints_parse(&config, text, n, &checkpoints) != STATUS_OK)
            continue;
        n_read++;
        for (int64_t k = 1; k < checkpoints.n; k++)
            CHECK(checkpoints.items[k].step > checkpoints.items[k - 1].step);
        checkpoints_clear(&checkpoints);
    }
    CHECK(n_read > 1000 && n_read < 19000);
}

static enum status parse_section(const char *members, struct config *config)
{
    static const struct section *const sections[] = {&checkpoints_section, NULL};
    struct text text;
    text_init(&text);
    text_add(&text, "{\"checkpoints\": {\"file\": \"c.jsonl\"%s}}", members);
    enum status status = config_parse(text.bytes, text.length, "c.json", sections, config);
    text_clear(&text);
    return status;
}

static void test_section(void)
{
    struct config config;
    CHECK(parse_section("", &config) == STATUS_OK);
    const struct checkpoints_config *checkpoints = config_get(&config, "checkpoints");
    CHECK(checkpoints->rule == SELECT_ALL && checkpoints->threshold == 0.02 && checkpoints->names.n == 0);
    config_clear(&config);
    CHECK(parse_section(", \"select\": {\"rule\": \"validation-improvement\", \"threshold\": 0.5}", &config) ==
          STATUS_OK);
    checkpoints = config_get(&config, "checkpoints");
    CHECK(checkpoints->rule == SELECT_VALIDATION_IMPROVEMENT && checkpoints->threshold == 0.5);
    config_clear(&config);
    CHECK(parse_section(", \"select\": {\"rule\": \"names\", \"names\": [\"a\", \"b\"]}", &config) == STATUS_OK);
    config_clear(&config);
    CHECK_FAILS(parse_section(", \"select\": {\"rule\": \"names\"}", &config), BAD_CONFIG,
                "c.json: checkpoints.select.names: expected at least one name");
    CHECK_FAILS(parse_section(", \"select\": {\"names\": [\"a\"]}", &config), BAD_CONFIG,
                "expected no names, as select.rule is \"all\", found 1");
    CHECK_FAILS(parse_section(", \"select\": {\"rule\": \"names\", \"names\": [\"a\", \"a\"]}", &config), BAD_CONFIG,
                "found \"a\" twice");
    CHECK_FAILS(parse_section(", \"select\": {\"threshold\": 1.5}", &config), BAD_CONFIG,
                "expected a number between 0 and 1, found 1.5");
}

int main(void)
{
    test_values();
    test_rule();
    test_refusals();
    test_mutations();
    test_section();
    return check_end();
}
