/* The policy section gives every default, takes every key, and refuses what cannot be meant. */
#include "policy/policy_config.h"

#include "check.h"

static const struct section *const sections[] = {&policy_section, NULL};

static const char *const least = "\"probes\": \"p.jsonl\", \"features\": {\"values\": \"x.npy\"}, "
                                 "\"behaviour\": {\"names\": [\"a\", \"b\"], \"values\": \"y.npy\"}";

static enum status parse(const char *body, struct config *config)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\"policy\": {%s}}", body);
    enum status status = config_parse(text.bytes, text.length, "config.json", sections, config);
    text_clear(&text);
    return status;
}

static void test_defaults(void)
{
    struct config config;
    CHECK(parse(least, &config) == STATUS_OK);
    const struct policy_config *policy = config_get(&config, "policy");
    CHECK(strcmp(policy->features.values, "x.npy") == 0 && policy->features.indices == NULL && policy->width == 0);
    CHECK(policy->sae == NULL && policy->labels == NULL && policy->behaviour_kind == BEHAVIOUR_PROBABILITY);
    CHECK(policy->lambda.n == 5 && policy->lambda.items[0] == 0.01 && policy->lambda.items[4] == 100);
    CHECK(policy->choice == CHOOSE_GCV && policy->form == FORM_AUTO && policy->folds == 5 && policy->leverages);
    CHECK(policy->pairs.file == NULL && policy->pairs.state == STATE_AFTER && policy->pairs.group_by.n == 0);
    CHECK(policy->n_digit == 4 && policy->block_rows == 1024 && policy->memory == INT64_C(2) << 30);
    CHECK(policy->keep_features == 10 && policy->keep_pairs == 10 && policy->keep_watched == 10);
    struct text text;
    text_init(&text);
    config_resolved(&config, SCOPE_RESULT, &text);
    CHECK(strstr(text.bytes, "\"lambda\"") != NULL && strstr(text.bytes, "memory") == NULL &&
          strstr(text.bytes, "backend") == NULL);
    text_clear(&text);
    config_clear(&config);
}

static void refuse(const char *more, const char *part)
{
    struct config config;
    struct text text;
    text_init(&text);
    text_add(&text, "%s, %s", least, more);
    CHECK_FAILS(parse(text.bytes, &config), BAD_CONFIG, part);
    text_clear(&text);
}

static void take(const char *more)
{
    struct config config;
    struct text text;
    text_init(&text);
    text_add(&text, "%s, %s", least, more);
    bool taken = parse(text.bytes, &config) == STATUS_OK;
    CHECK(taken);
    if (taken)
        config_clear(&config);
    text_clear(&text);
}

static void test_ridge(void)
{
    refuse("\"ridge\": {\"lambda\": []}", "policy.ridge.lambda: expected at least one candidate");
    refuse("\"ridge\": {\"lambda\": [1, 2, 1]}", "policy.ridge.lambda: expected different candidates, found 1 twice");
    refuse("\"ridge\": {\"lambda\": [0]}", "policy.ridge.lambda");
    refuse("\"ridge\": {\"lambda\": [-1]}", "policy.ridge.lambda");
    refuse("\"ridge\": {\"folds\": 1}", "policy.ridge.folds: expected 0 or at least 2");
    refuse("\"ridge\": {\"folds\": 1001}", "policy.ridge.folds");
    refuse("\"ridge\": {\"leverages\": false}", "policy.ridge.choose: expected \"first\", or ridge.leverages");
    refuse("\"ridge\": {\"form\": \"both\"}", "policy.ridge.form");
    take("\"ridge\": {\"leverages\": false, \"lambda\": [3]}");
    take("\"ridge\": {\"leverages\": false, \"choose\": \"first\"}");
    take("\"ridge\": {\"folds\": 0}");
}

static void test_rest(void)
{
    struct config config;
    CHECK_FAILS(parse("\"probes\": \"p\"", &config), BAD_CONFIG, "policy.behaviour.names");
    CHECK_FAILS(parse("\"probes\": \"p\", \"behaviour\": {\"names\": [], \"values\": \"y\"}", &config), BAD_CONFIG,
                "policy.behaviour.names: expected at least one name");
    CHECK_FAILS(parse("\"probes\": \"p\", \"behaviour\": {\"names\": [\"a\", \"a\"], \"values\": \"y\"}", &config),
                BAD_CONFIG, "found \"a\" twice");
    refuse("\"pairs\": {\"values\": \"z\"}", "policy.pairs.file: expected the file that lists the pairs");
    refuse("\"pairs\": {\"group_by\": [\"policy\"]}", "policy.pairs.file");
    refuse("\"pairs\": {\"file\": \"z\"}", "policy.pairs.behaviour");
    refuse("\"digits\": 5", "policy.digits");
    refuse("\"block_rows\": 0", "policy.block_rows");
    refuse("\"gaps\": {\"active\": 1.5}", "policy.gaps.active");
    refuse("\"keep\": {\"pairs\": 0}", "policy.keep.pairs");
    refuse("\"memory\": \"1 KiB\"", "policy.memory");
    refuse("\"labels\": \"l.jsonl\"", "policy.labels");
    take("\"pairs\": {\"file\": \"z\", \"behaviour\": \"q\", \"state\": \"change\", \"values\": \"v\", \"group_by\": "
         "[\"a\"]}");
}

int main(void)
{
    test_defaults();
    test_ridge();
    test_rest();
    return check_end();
}
