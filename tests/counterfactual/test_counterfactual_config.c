/* The counterfactual section gives every default, and refuses keys that mean something only with others. */
#include "counterfactual/counterfactual_config.h"

#include "check.h"

static const struct section *const sections[] = {&counterfactual_section, NULL};

static enum status parse(const char *more, struct config *config)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\"counterfactual\": {\"queries\": \"q.jsonl\"%s%s}}", more[0] ? ", " : "", more);
    enum status status = config_parse(text.bytes, text.length, "config.json", sections, config);
    text_clear(&text);
    return status;
}

static void refuse(const char *more, const char *part)
{
    struct config config;
    CHECK_FAILS(parse(more, &config), BAD_CONFIG, part);
}

static void test_defaults(void)
{
    struct config config;
    CHECK(parse("", &config) == STATUS_OK);
    const struct counterfactual_config *found = config_get(&config, "counterfactual");
    CHECK(found->groups && found->top == 3 && found->without.n == 0 && found->scenarios == NULL);
    CHECK(found->ridge.features == NULL && found->ridge.lambda == 1 && found->ridge.loo && found->network.scale == 0);
    CHECK(found->bootstrap == 200 && found->flip_most == 50 && found->flip_candidates == 500);
    CHECK(found->truth.output == OUTPUT_LOSS && found->truth.scores.n == 0 && found->block_rows == 4096);
    struct text text;
    text_init(&text);
    config_resolved(&config, SCOPE_RESULT, &text);
    CHECK(strstr(text.bytes, "bootstrap") != NULL && strstr(text.bytes, "memory") == NULL);
    text_clear(&text);
    config_clear(&config);
}

static void test_refusals(void)
{
    refuse("\"ridge\": {\"features\": \"x\", \"queries\": \"y\"}", "ridge.targets: expected one of");
    refuse("\"ridge\": {\"features\": \"x\", \"queries\": \"y\", \"key\": \"k\", \"labels\": \"l\"}", "found 2");
    refuse("\"ridge\": {\"labels\": \"l\"}", "ridge.features");
    refuse("\"ridge\": {\"features\": \"x\", \"labels\": \"l\"}", "ridge.queries");
    refuse("\"ridge\": {\"lambda\": 0}", "ridge.lambda");
    refuse("\"network\": {\"logits\": \"l\"}", "network.labels");
    refuse("\"truth\": {\"subsets\": \"m\"}", "truth.subset_outputs");
    refuse("\"truth\": {\"subsets\": \"m\", \"subset_outputs\": \"o\"}", "truth.baseline");
    refuse("\"truth\": {\"baseline\": \"b\"}", "truth.baseline");
    refuse("\"truth\": {\"names\": [\"a\"], \"scores\": []}", "truth.names");
    refuse("\"truth\": {\"inputs\": \"x\", \"query_inputs\": \"q\"}", "truth.baseline");
    refuse("\"truth\": {\"query_labels\": \"q\"}", "truth.labels");
    refuse("\"bootstrap\": -1", "bootstrap");
    refuse("\"with\": []", "with");
}

int main(void)
{
    test_defaults();
    test_refusals();
    return check_end();
}
