/* A config is accepted exactly when every key, type and range is as its table says; all mistakes come at once, one line
 * each; what is resolved from it reads back as the same; no damage to its bytes does more than fail. */
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "config/json.h"
#include "config/run_section.h"
#include "mutate.h"

struct study_config {
    char *method_note, *title, *anything;
    struct strings layers, extra;
    int64_t top, digits, step, room, cache;
    double rate, floor, any;
    struct numbers lambda;
    bool scores, verbose;
    int rule, mode;
};

static const char *const rules[] = {"all", "validation-improvement", "names", NULL};

#define AT(member) offsetof(struct study_config, member)
static const struct field study_fields[] = {
    {.path = "title", .type = FIELD_STRING, .offset = AT(title), .text = "what it is called"},
    {.path = "note", .type = FIELD_STRING, .offset = AT(method_note), .fallback = "", .text = "a note"},
    {.path = "anything", .type = FIELD_STRING, .offset = AT(anything), .fallback = "\"\"", .text = "may be empty"},
    {.path = "keep.top",
     .type = FIELD_INTEGER,
     .offset = AT(top),
     .fallback = "100",
     .minimum = 1,
     .maximum = 100000,
     .text = "how many are kept"},
    {.path = "digits",
     .type = FIELD_INTEGER,
     .offset = AT(digits),
     .fallback = "2",
     .minimum = 1,
     .maximum = 4,
     .text = "digits"},
    {.path = "step", .type = FIELD_INTEGER, .offset = AT(step), .fallback = "", .text = "any integer, or none"},
    {.path = "keep.scores", .type = FIELD_BOOLEAN, .offset = AT(scores), .fallback = "false", .text = "keep scores"},
    {.path = "keep.deep.layers", .type = FIELD_STRINGS, .offset = AT(layers), .text = "layers"},
    {.path = "extra", .type = FIELD_STRINGS, .offset = AT(extra), .fallback = "", .text = "extra files"},
    {.path = "rate",
     .type = FIELD_NUMBER,
     .offset = AT(rate),
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 1,
     .text = "a rate"},
    {.path = "floor",
     .type = FIELD_NUMBER,
     .offset = AT(floor),
     .fallback = "-1.5",
     .minimum = -2,
     .maximum = INFINITY,
     .text = "a floor"},
    {.path = "any", .type = FIELD_NUMBER, .offset = AT(any), .fallback = "0", .text = "any number"},
    {.path = "lambda",
     .type = FIELD_NUMBERS,
     .offset = AT(lambda),
     .fallback = "[0.01, 0.1, 1]",
     .minimum = 0,
     .maximum = 1e6,
     .text = "penalties"},
    {.path = "rule",
     .type = FIELD_CHOICE,
     .offset = AT(rule),
     .fallback = "\"all\"",
     .choices = rules,
     .text = "a rule"},
    {.path = "mode",
     .type = FIELD_CHOICE,
     .offset = AT(mode),
     .fallback = "\"names\"",
     .choices = rules,
     .text = "a mode"},
    {.path = "memory.room",
     .type = FIELD_BYTES,
     .offset = AT(room),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"2 GiB\"",
     .minimum = 1024,
     .maximum = 1e15,
     .text = "memory per rank"},
    {.path = "memory.cache",
     .type = FIELD_BYTES,
     .offset = AT(cache),
     .scope = SCOPE_EXECUTION,
     .fallback = "0",
     .text = "cache per rank"},
    {.path = "verbose",
     .type = FIELD_BOOLEAN,
     .offset = AT(verbose),
     .scope = SCOPE_EXECUTION,
     .fallback = "true",
     .text = "says more"},
};
#undef AT

static enum status check_study(const void *values)
{
    const struct study_config *study = values;
    return study->digits == 3 ? fail(BAD_CONFIG, "study.digits: expected anything but 3, found 3") : STATUS_OK;
}

static const struct section study_section = {.name = "study",
                                             .text = "a section with a field of every type",
                                             .fields = study_fields,
                                             .n_field = sizeof study_fields / sizeof *study_fields,
                                             .size = sizeof(struct study_config),
                                             .check = check_study};
static const struct section *const sections[] = {&run_section, &study_section, NULL};

static enum status parse(const char *text, struct config *config)
{
    return config_parse(text, strlen(text), "configs/x.json", sections, config);
}

/* The sentence of a "study" section with these members besides the two that are required. */
static enum status parse_study(const char *members)
{
    struct text text;
    struct config config = {0};
    text_init(&text);
    text_add(&text, "{\"study\": {\"title\": \"t\", \"keep\": {\"deep\": {\"layers\": [\"a\"]}}%s%s}}",
             members[0] ? ", " : "", members);
    enum status status = parse(text.bytes, &config);
    config_clear(&config);
    text_clear(&text);
    return status;
}

static const char *const whole =
    "{\n"
    " \"run\": {\"name\": \"digits\", \"directory\": \"runs/digits\", \"origin\": \"example.org/audit/digits\",\n"
    "         \"also\": [\"README.md\"]},\n"
    " \"study\": {\"title\": \"A \\\"t\xc3\xaftle\\\"\", \"keep\": {\"top\": 7, \"scores\": true,\n"
    "   \"deep\": {\"layers\": [\"fc1\", \"fc2\"]}}, \"digits\": 4e0, \"step\": -3, \"rate\": 1e-1, \"floor\": -0.0,\n"
    "   \"lambda\": [1, 0.3333333333333333, 1000000], \"rule\": \"names\", \"memory\": {\"room\": \"1048576 B\",\n"
    "   \"cache\": 1536}, \"verbose\": false, \"extra\": []}\n"
    "}\n";

static void test_values(void)
{
    struct config config;
    CHECK(parse(whole, &config) == STATUS_OK);
    const struct study_config *study = config_get(&config, "study");
    CHECK(strcmp(study->title, "A \"t\xc3\xaftle\"") == 0 && study->method_note == NULL && study->anything[0] == 0);
    CHECK(study->top == 7 && study->scores && study->digits == 4 && study->step == -3);
    CHECK(study->layers.n == 2 && strcmp(study->layers.items[1], "fc2") == 0 && study->extra.n == 0);
    CHECK(study->rate == 0.1 && study->floor == 0 && study->any == 0);
    CHECK(study->lambda.n == 3 && study->lambda.items[1] == 0.3333333333333333);
    CHECK(study->rule == 2 && study->mode == 2 && study->room == 1 << 20 && study->cache == 1536 && !study->verbose);
    CHECK(config_given(&config, "study", "keep.top") && !config_given(&config, "study", "note"));
    CHECK(!config_given(&config, "study", "nothing") && !config_given(&config, "nothing", "note"));
    const struct run_config *run = config_get(&config, "run");
    CHECK(strcmp(run->directory, "runs/digits") == 0 && run->also.n == 1);
    CHECK(config_get(&config, "other") == NULL);
    CHECK(strcmp(config.directory, "configs") == 0 && strcmp(config.name, "configs/x.json") == 0);
    config_clear(&config);
    CHECK(parse("{}", &config) == STATUS_OK && config_get(&config, "run") == NULL);
    config_clear(&config);
    CHECK(parse_study("") == STATUS_OK);
}

static void test_resolved(void)
{
    struct config config;
    struct text text;
    text_init(&text);
    CHECK(parse(whole, &config) == STATUS_OK);
    config_resolved(&config, SCOPE_RESULT, &text);
    CHECK(strcmp(text.bytes, "{\n"
                             "  \"run\": {\n"
                             "    \"name\": \"digits\",\n"
                             "    \"origin\": \"example.org/audit/digits\",\n"
                             "    \"also\": [\"README.md\"]\n"
                             "  },\n"
                             "  \"study\": {\n"
                             "    \"title\": \"A \\\"t\xc3\xaftle\\\"\",\n"
                             "    \"anything\": \"\",\n"
                             "    \"keep\": {\n"
                             "      \"top\": 7,\n"
                             "      \"scores\": true,\n"
                             "      \"deep\": {\n"
                             "        \"layers\": [\"fc1\", \"fc2\"]\n"
                             "      }\n"
                             "    },\n"
                             "    \"digits\": 4,\n"
                             "    \"step\": -3,\n"
                             "    \"extra\": [],\n"
                             "    \"rate\": 0.1,\n"
                             "    \"floor\": 0,\n"
                             "    \"any\": 0,\n"
                             "    \"lambda\": [1, 0.3333333333333333, 1000000],\n"
                             "    \"rule\": \"names\",\n"
                             "    \"mode\": \"names\"\n"
                             "  }\n"
                             "}\n") == 0);
    text.length = 0;
    config_resolved(&config, SCOPE_EXECUTION, &text);
    CHECK(strcmp(text.bytes, "{\n"
                             "  \"run\": {\n"
                             "    \"directory\": \"runs/digits\"\n"
                             "  },\n"
                             "  \"study\": {\n"
                             "    \"memory\": {\n"
                             "      \"room\": \"1 MiB\",\n"
                             "      \"cache\": \"1536 B\"\n"
                             "    },\n"
                             "    \"verbose\": false\n"
                             "  }\n"
                             "}\n") == 0);
    config_clear(&config);
    CHECK(parse("{}", &config) == STATUS_OK);
    text.length = 0;
    config_resolved(&config, SCOPE_RESULT, &text);
    CHECK(strcmp(text.bytes, "{}\n") == 0);
    config_clear(&config);
    text_clear(&text);
}

/* Resolving what was resolved changes nothing; order and spelling of the original do not show. */
static void test_idempotent(void)
{
    static const char *const same[] = {
        "{\"study\": {\"title\": \"x\", \"keep\": {\"top\": 100, \"deep\": {\"layers\": []}}, \"rate\": 0.10, "
        "\"lambda\": [1e-2, 0.1, 1.0]}}",
        "{\"study\": {\"keep\": {\"deep\": {\"layers\": []}}, \"mode\": \"names\", \"title\": \"\\u0078\", \"memory\": "
        "{\"room\": 5000}}}",
    };
    struct text texts[3];
    for (int i = 0; i < 3; i++) {
        struct config config;
        text_init(&texts[i]);
        CHECK(parse(i < 2 ? same[i] : texts[0].bytes, &config) == STATUS_OK);
        config_resolved(&config, SCOPE_RESULT, &texts[i]);
        CHECK(strcmp(texts[i].bytes, texts[0].bytes) == 0);
        config_clear(&config);
    }
    for (int i = 0; i < 3; i++)
        text_clear(&texts[i]);
}

static void test_ten_mistakes(void)
{
    const char *text =
        "{\n"
        " \"run\": {\"nme\": \"digits\", \"directory\": 5, \"origin\": \"o\"},\n"
        " \"study\": {\"title\": \"\", \"keep\": {\"top\": \"ten\", \"deep\": {\"layers\": [\"a\", 3]}, \"wat\": 1},\n"
        "   \"digts\": 2, \"rate\": 1.5, \"rate\": 0.5, \"rule\": \"al\", \"verbose\": 1},\n"
        " \"stdy\": {}\n"
        "}";
    static const char *const lines[] = {
        "study.rate: is repeated at line 4, column 29 (first given at line 4, column 16): keep one of them",
        "stdy: is not a section; did you mean \"study\"?",
        "run.nme: is not a key of this section; did you mean \"name\"?",
        "run.name: is missing: expected a string (what the run is called, for people)",
        "run.directory: expected a string, found 5",
        "study.keep.wat: is not a key of this object; expected \"top\", \"scores\" or \"deep\"",
        "study.digts: is not a key of this section; did you mean \"digits\"?",
        "study.title: expected a string that is not empty, found \"\"",
        "study.keep.top: expected an integer between 1 and 100000, found \"ten\"",
        "study.keep.deep.layers[1]: expected a string, found 3",
        "study.rate: expected a number between 0 and 1, found 1.5",
        "study.rule: expected \"all\", \"validation-improvement\" or \"names\", found \"al\"; did you mean \"all\"?",
        "study.verbose: expected true or false, found 1",
    };
    enum { N = sizeof lines / sizeof *lines };
    struct config config = {0};
    struct text expected;
    text_init(&expected);
    for (int i = 0; i < N; i++)
        text_add(&expected, "%sconfigs/x.json: %s", i > 0 ? "\n" : "", lines[i]);
    CHECK(parse(text, &config) == BAD_CONFIG);
    CHECK(strcmp(failure_sentence(), expected.bytes) == 0);
    CHECK(config.values == NULL); /* untouched */
    text_clear(&expected);
}

static void test_refusals(void)
{
    struct config config;
    CHECK_FAILS(parse("[1]", &config), BAD_CONFIG, "configs/x.json: expected an object of sections, found a list");
    CHECK_FAILS(parse("{\"run\": 5}", &config), BAD_CONFIG, "configs/x.json: run: expected an object, found 5");
    CHECK_FAILS(parse("{\"study\": {\"title\": \"t\", \"keep\": null}}", &config), BAD_CONFIG,
                "configs/x.json: study.keep: expected an object, found null");
    CHECK(strstr(failure_sentence(), "layers") == NULL); /* what null hides is not missing as well */
    CHECK_FAILS(parse("{\"study\": {\"title\": \"t\"}}", &config), BAD_CONFIG,
                "study.keep.deep.layers: is missing: expected a list of strings (layers)");
    CHECK_FAILS(parse("{\"RUN\": {}}", &config), BAD_CONFIG, "RUN: is not a section; did you mean \"run\"?");
    CHECK_FAILS(parse("{\"quite other\": {}}", &config), BAD_CONFIG,
                "\"quite other\": is not a section; expected \"run\" or \"study\"");
    CHECK_FAILS(parse("{\"study\": {}", &config), BAD_CONFIG, "line 1, column 13: expected ',' or '}'");
    CHECK_FAILS(parse_study("\"top\": 5"), BAD_CONFIG,
                "study.top: is not a key of this section; did you mean study.keep.top?");
    CHECK_FAILS(parse_study("\"keep.top\": 5"), BAD_CONFIG, "study.\"keep.top\": is not a key of this section");
    CHECK_FAILS(parse_study("\"rate\\nx.json: all is well\": 5"), BAD_CONFIG,
                "study.\"rate\\u000ax.json: all is well\":");
    CHECK_FAILS(parse_study("\"note\": \"\""), BAD_CONFIG,
                "study.note: expected a string that is not empty, found \"\"");
    CHECK_FAILS(parse_study("\"note\": \"a\\tb\""), BAD_CONFIG, "without control characters, found \"a\\u0009b\"");
    CHECK_FAILS(parse_study("\"note\": \"a\x7f\""), BAD_CONFIG, "without control characters");
    CHECK_FAILS(parse_study("\"note\": null"), BAD_CONFIG, "study.note: expected a string, found null");
    CHECK_FAILS(parse_study("\"extra\": \"a\""), BAD_CONFIG, "study.extra: expected a list of strings, found \"a\"");
    CHECK_FAILS(parse_study("\"extra\": [\"\"]"), BAD_CONFIG, "study.extra[0]: expected a string that is not empty");
    CHECK_FAILS(parse_study("\"digits\": 0"), BAD_CONFIG, "expected an integer between 1 and 4, found 0");
    CHECK_FAILS(parse_study("\"digits\": 5"), BAD_CONFIG, "expected an integer between 1 and 4, found 5");
    CHECK_FAILS(parse_study("\"digits\": 2.5"), BAD_CONFIG, "found 2.5");
    CHECK_FAILS(parse_study("\"digits\": 3"), BAD_CONFIG,
                "configs/x.json: study.digits: expected anything but 3, found 3");
    CHECK_FAILS(parse_study("\"digits\": 3, \"any\": \"x\""), BAD_CONFIG, "study.any: expected a number, found \"x\"");
    CHECK(strstr(failure_sentence(), "anything but 3") == NULL); /* the last check wants good fields */
    CHECK_FAILS(parse_study("\"step\": 9007199254740992"), BAD_CONFIG,
                "study.step: expected an integer, found 9007199254740992");
    CHECK_FAILS(parse_study("\"floor\": -3"), BAD_CONFIG, "expected a number of at least -2, found -3");
    CHECK_FAILS(parse_study("\"lambda\": [0, -1, 2, \"x\"]"), BAD_CONFIG,
                "study.lambda[1]: expected a number between 0 and 1000000, found -1\n"
                "configs/x.json: study.lambda[3]: expected a number between 0 and 1000000, found \"x\"");
    CHECK_FAILS(parse_study("\"lambda\": 5"), BAD_CONFIG,
                "study.lambda: expected a list of numbers between 0 and 1000000, found 5");
    CHECK_FAILS(parse_study("\"rule\": 1"), BAD_CONFIG,
                "expected \"all\", \"validation-improvement\" or \"names\", found 1");
    CHECK_FAILS(parse_study("\"rule\": \"ALL\""), BAD_CONFIG, "found \"ALL\"; did you mean \"all\"?");
    CHECK_FAILS(parse_study("\"verbose\": \"true\""), BAD_CONFIG, "expected true or false, found \"true\"");
    CHECK_FAILS(
        parse_study("\"memory\": {\"room\": \"1 KB\"}"), BAD_CONFIG,
        "study.memory.room: expected a size such as \"512 MiB\" between 1 KiB and 976562500000 KiB, found \"1 KB\"");
    CHECK_FAILS(parse_study("\"memory\": {\"room\": 1000}"), BAD_CONFIG, "found 1000");
    CHECK_FAILS(parse_study("\"memory\": {\"cache\": -1}"), BAD_CONFIG, "found -1");
    CHECK_FAILS(parse_study("\"memory\": {\"room\": \"9999999 TiB\"}"), BAD_CONFIG, "study.memory.room");
    CHECK_FAILS(parse_study("\"memory\": []"), BAD_CONFIG, "study.memory: expected an object, found an empty list");
    struct text many;
    text_init(&many);
    for (int i = 0; i < 5000; i++)
        text_add(&many, "%s\"some_key_%d\": 1", i ? ", " : "", i);
    CHECK_FAILS(parse_study(many.bytes), BAD_CONFIG, "\nconfigs/x.json: and 4900 more");
    text_clear(&many);
}

static enum status parse_origin(const char *origin)
{
    struct text text;
    struct config config = {0};
    text_init(&text);
    text_add(&text, "{\"run\": {\"name\": \"n\", \"directory\": \"d\", \"origin\": \"%s\"}}", origin);
    enum status status = parse(text.bytes, &config);
    CHECK(status != STATUS_OK || config_get(&config, "run") != NULL);
    config_clear(&config);
    text_clear(&text);
    return status;
}

static void test_origin(void)
{
    CHECK(parse_origin("example.org/audit/digits") == STATUS_OK && parse_origin("x") == STATUS_OK);
    CHECK(parse_origin("example.org:8080/a?b=c") == STATUS_OK);
    CHECK_FAILS(parse_origin("https://example.org"), BAD_CONFIG,
                "configs/x.json: run.origin: expected a URL without its scheme");
    CHECK_FAILS(parse_origin("a b"), BAD_CONFIG,
                "expected printable ASCII without spaces and without '+', found \"a b\"");
    CHECK_FAILS(parse_origin("a+b"), BAD_CONFIG, "without '+'");
    CHECK_FAILS(parse_origin("a\\u2003b"), BAD_CONFIG, "printable ASCII");
    CHECK_FAILS(parse_origin("a\\nb"), BAD_CONFIG, "run.origin: expected a string without control characters");
    CHECK_FAILS(parse_origin("/a"), BAD_CONFIG, "neither starts nor ends with '/'");
    CHECK_FAILS(parse_origin("a/"), BAD_CONFIG, "neither starts nor ends with '/'");
    CHECK_FAILS(parse_origin(""), BAD_CONFIG, "run.origin: expected a string that is not empty");
}

/* Damaged configs are refused or read, and what is read resolves to what reads back. */
static void test_mutations(void)
{
    static char text[4096];
    uint64_t state = 4242;
    int n_read = 0;
    struct text first, second;
    text_init(&first);
    text_init(&second);
    for (int i = 0; i < 20000; i++) {
        size_t n = strlen(whole);
        memcpy(text, whole, n);
        n = mutate(text, n, &state);
        struct config config, again;
        if (config_parse(text, n, "m.json", sections, &config) != STATUS_OK) {
            CHECK(strncmp(failure_sentence(), "m.json: ", 8) == 0);
            continue;
        }
        n_read++;
        first.length = second.length = 0;
        config_resolved(&config, SCOPE_RESULT, &first);
        bool has_run = config_get(&config, "run") != NULL;
        config_clear(&config);
        if (has_run) { /* what a result leaves out, reading wants back */
            char *at = strstr(first.bytes, "\"run\": {");
            CHECK(at != NULL);
            struct text with;
            text_init(&with);
            text_add(&with, "%.*s\"directory\": \"d\", %s", (int)(at + 8 - first.bytes), first.bytes, at + 8);
            CHECK(config_parse(with.bytes, with.length, "r.json", sections, &again) == STATUS_OK);
            text_clear(&with);
        } else {
            CHECK(config_parse(first.bytes, first.length, "r.json", sections, &again) == STATUS_OK);
        }
        config_resolved(&again, SCOPE_RESULT, &second);
        CHECK(strcmp(first.bytes, second.bytes) == 0);
        config_clear(&again);
    }
    CHECK(n_read > 1000 && n_read < 15000);
    text_clear(&first);
    text_clear(&second);
}

int main(void)
{
    test_values();
    test_resolved();
    test_idempotent();
    test_ten_mistakes();
    test_refusals();
    test_origin();
    test_mutations();
    return check_end();
}
