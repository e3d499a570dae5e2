/* The section "train" must have the documented defaults and refuse what cannot be trained; the plan's numbers and the
 * learning rates must follow from it. */
#include "check.h"

#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "reference/train_config.h"
#include "reference/train_plan.h"

static const struct section *const sections[] = {&train_section, NULL};

/* Parses a section "train" with these members beside the required ones. */
static enum status parse(const char *members, struct config *config)
{
    struct text text;
    text_init(&text);
    text_add(&text,
             "{\"train\": {\"data\": {\"images\": \"i.npy\", \"labels\": \"l.npy\"}, \"directory\": \"out\"%s%s}}",
             members[0] ? ", " : "", members);
    enum status status = config_parse(text.bytes, text.length, "t.json", sections, config);
    text_clear(&text);
    return status;
}

/* A plan for `members` and n_sample samples. */
static enum status plan_of(const char *members, int64_t n_sample, struct train_config *train, struct train_plan *plan)
{
    struct config config;
    enum status status = parse(members, &config);
    if (status != STATUS_OK)
        return status;
    *train = *(struct train_config *)config_get(&config, "train");
    status = train_plan_make(train, n_sample, NULL, plan);
    config_clear(&config); /* the strings go; the numbers of the copy stay */
    return status;
}

static void check_defaults(void)
{
    struct config config;
    CHECK(parse("", &config) == STATUS_OK);
    const struct train_config *train = config_get(&config, "train");
    CHECK(strcmp(train->images, "i.npy") == 0 && strcmp(train->labels, "l.npy") == 0);
    CHECK(train->hidden.n == 2 && train->hidden.items[0] == 64 && train->hidden.items[1] == 32);
    CHECK(train->validation == 180 && train->test == 180 && train->queries == 40 && train->rows_per_shard == 512);
    CHECK(train->rate.schedule == RATE_COSINE && train->rate.final <= train->rate.initial);
    CHECK(train->sae.features == 96 && train->sae.active == 6 && train->policy.probes == 180);
    CHECK(train->policy.pairs == 200 && train->policy.behaviours.n == 3 && train->policy.behaviours.items[1] == 8);
    struct text resolved;
    text_init(&resolved);
    config_resolved(&config, SCOPE_RESULT, &resolved);
    CHECK(strstr(resolved.bytes, "i.npy") != NULL && strstr(resolved.bytes, "\"out\"") == NULL);
    text_clear(&resolved);
    config_clear(&config);
}

static void check_numbers(void)
{
    struct train_config train = {0};
    struct train_plan plan = {0};
    CHECK(plan_of("", 1797, &train, &plan) == STATUS_OK);
    CHECK(plan.n_train == 1437 && plan.steps_per_epoch == 45 && plan.n_step == 45 * train.epochs && plan.n_shard == 3);

    CHECK(plan.n_hidden == 32 && plan.n_probe == 180 && plan.n_pair == 200 && plan.n_behaviour == 3);
    CHECK(plan.pair_bytes == 180 * (32 * 4 + 3 * 8));

    /* At most what the splits have; without a hidden layer, the last layer is given the pixels. */
    CHECK(plan_of("\"hidden\": [], \"validation\": 30, \"policy\": {\"pairs\": 5000, \"behaviours\": [0]}", 1797,
                  &train, &plan) == STATUS_OK);
    CHECK(plan.n_hidden == 64 && plan.n_probe == 30 && plan.n_pair == 1587 && plan.n_behaviour == 1);

    CHECK(plan_of("\"epochs\": 7, \"checkpoint_every\": 3, \"batch\": 479, \"rows_per_shard\": 1437", 1797, &train,
                  &plan) == STATUS_OK);
    CHECK(plan.steps_per_epoch == 3 && plan.n_step == 21 && plan.n_shard == 1 && plan.n_checkpoint == 4);
    static const int64_t epochs[] = {0, 3, 6, 7};
    for (int64_t k = 0; k < 4; k++)
        CHECK(train_plan_epoch(&train, &plan, k) == epochs[k]);
    CHECK(plan_of("\"epochs\": 6, \"checkpoint_every\": 3", 1797, &train, &plan) == STATUS_OK);
    CHECK(plan.n_checkpoint == 3 && train_plan_epoch(&train, &plan, 2) == 6);
    CHECK(plan_of("\"epochs\": 2, \"checkpoint_every\": 9", 1797, &train, &plan) == STATUS_OK);
    CHECK(plan.n_checkpoint == 2 && train_plan_epoch(&train, &plan, 0) == 0 && train_plan_epoch(&train, &plan, 1) == 2);
}

static void check_refusals(void)
{
    struct train_config train;
    struct train_plan plan;
    static const struct {
        const char *members, *part;
    } cases[] = {
        {"\"batch\": 1438", "train.batch: expected at most the 1437 training samples, found 1438"},
        {"\"batch\": 0", "train.batch"},
        {"\"validation\": 1617", "train.validation, train.test: expected fewer than the 1797 samples"},
        {"\"validation\": 1000000", "train.validation"},
        {"\"test\": 0", "train.test"},
        {"\"queries\": 181", "train.queries: expected at most the 180 samples"},
        {"\"queries\": 0", "train.queries"},
        {"\"hidden\": [64, 32.5]", "train.hidden[1]: expected a whole number of units, found 32.5"},
        {"\"hidden\": [0]", "train.hidden"},
        {"\"hidden\": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "train.hidden: expected at most 16 layers, found 17"},
        {"\"learning_rate\": {\"initial\": 0.01, \"final\": 0.02}", "train.learning_rate.final: expected at most"},
        {"\"learning_rate\": {\"initial\": 0}", "train.learning_rate.initial"},
        {"\"learning_rate\": {\"schedule\": \"linear\"}", "train.learning_rate.schedule"},
        {"\"epochs\": 0", "train.epochs"},
        {"\"checkpoint_every\": 0", "train.checkpoint_every"},
        {"\"rows_per_shard\": 0", "train.rows_per_shard"},
        {"\"seed\": -1", "train.seed"},
        {"\"sae\": {\"features\": 0}", "train.sae.features"},
        {"\"sae\": {\"features\": 1438}", "train.sae.features: expected at most the 1437 training samples, found 1438"},
        {"\"sae\": {\"active\": 0}", "train.sae.active"},
        {"\"sae\": {\"active\": 97}", "train.sae.active: expected at most the 96 features, found 97"},
        {"\"sae\": {\"epochs\": 0}", "train.sae.epochs"},
        {"\"sae\": {\"batch\": 0}", "train.sae.batch"},
        {"\"sae\": {\"learning_rate\": 0}", "train.sae.learning_rate"},
        {"\"sae\": {\"learning_rate\": 1.5}", "train.sae.learning_rate"},
        {"\"sae\": {\"k\": 3}", "train.sae.k"},
        {"\"policy\": {\"probes\": 0}", "train.policy.probes"},
        {"\"policy\": {\"pairs\": 0}", "train.policy.pairs"},
        {"\"policy\": {\"intended\": 97}", "train.policy.intended: expected at most the 96 features"},
        {"\"policy\": {\"intended\": 0}", "train.policy.intended"},
        {"\"policy\": {\"learning_rate\": 0}", "train.policy.learning_rate"},
        {"\"policy\": {\"behaviours\": []}", "train.policy.behaviours: expected at least one digit, found none"},
        {"\"policy\": {\"behaviours\": [3, 8.5]}", "train.policy.behaviours[1]: expected a digit, found 8.5"},
        {"\"policy\": {\"behaviours\": [3, 10]}", "train.policy.behaviours"},
        {"\"policy\": {\"behaviours\": [3, 8, 3]}",
         "train.policy.behaviours[2]: expected a digit that is not there yet"},
        {"\"hidden\": [4096], \"policy\": {\"pairs\": 1437}",
         "train.policy.probes, train.policy.pairs: expected at most 1 GiB"},
        {"\"seeds\": 1", "train.seeds"},
        {"\"scenario\": {\"mislabelled\": 0.6}", "train.scenario.mislabelled"},
        {"\"scenario\": {\"backdoor\": {\"target\": 10}}", "train.scenario.backdoor.target"},
        {"\"scenario\": {\"backdoor\": {\"pixels\": [1.5]}}", "train.scenario.backdoor.pixels[0]: expected a pixel"},
        {"\"scenario\": {\"backdoor\": {\"pixels\": [64]}}", "train.scenario.backdoor.pixels"},
        {"\"scenario\": {\"backdoor\": {\"pixels\": []}}", "train.scenario.backdoor.pixels: expected at least one"},
        {"\"scenario\": {\"backdoor\": {\"queries\": 41}}",
         "train.scenario.backdoor.queries: expected at most the 40 of train.queries, found 41"},
        {"\"retrain\": {\"fraction\": 1}", "train.retrain.fraction"},
        {"\"retrain\": {\"seeds\": 0}", "train.retrain.seeds"},
        {"\"retrain\": {\"groups\": [\"owner\"]}", "train.retrain.groups[0]: expected policy, license or source"},
        {"\"retrain\": {\"groups\": [\"policy\", \"policy\"]}", "expected each column once, found \"policy\" again"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_FAILS(plan_of(cases[i].members, 1797, &train, &plan), BAD_CONFIG, cases[i].part);
    CHECK_FAILS(plan_of("", 0, &train, &plan), BAD_CONFIG, "train.validation, train.test");
    CHECK(plan_of("\"batch\": 1437, \"hidden\": []", 1797, &train, &plan) == STATUS_OK && plan.steps_per_epoch == 1);
}

/* The cosine against libm's, the steps against multiplication. */
static void check_learning_rates(void)
{
    struct train_plan plan = {.steps_per_epoch = 10, .n_step = 400};
    const struct rate_config cosine = {.initial = 0.5, .schedule = RATE_COSINE, .final = 0.125};
    for (int64_t step = 0; step <= plan.n_step; step++) {
        double wave = (1 + cos(3.14159265358979323846 * (double)step / 400)) / 2;
        CHECK(fabs(learning_rate_at(&cosine, &plan, step) - (0.125 + 0.375 * wave)) < 1e-15);
    }
    CHECK(learning_rate_at(&cosine, &plan, 0) == 0.5 && learning_rate_at(&cosine, &plan, 400) == 0.125);
    const struct rate_config constant = {.initial = 0.3, .schedule = RATE_CONSTANT};
    CHECK(learning_rate_at(&constant, &plan, 0) == 0.3 && learning_rate_at(&constant, &plan, 400) == 0.3);
    const struct rate_config steps = {.initial = 0.4, .schedule = RATE_STEP, .every = 2, .factor = 0.5};
    CHECK(learning_rate_at(&steps, &plan, 0) == 0.4 && learning_rate_at(&steps, &plan, 19) == 0.4);
    CHECK(learning_rate_at(&steps, &plan, 20) == 0.2 && learning_rate_at(&steps, &plan, 40) == 0.1);
}

int main(void)
{
    check_defaults();
    check_numbers();
    check_refusals();
    check_learning_rates();
    return check_end();
}
