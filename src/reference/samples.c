#include "reference/samples.h"

#include <stdio.h>

#include "admission/day.h"
#include "base/memory.h"
#include "reference/admissions.h"
#include "reference/manifest.h"
#include "reference/network.h"
#include "reference/rng.h"

static const char *const split_names[N_SPLIT] = {
    [SPLIT_TRAIN] = "train", [SPLIT_VALIDATION] = "validation", [SPLIT_TEST] = "test", [SPLIT_REJECTED] = "rejected"};

/* The splits of all n samples by the seed, before any is rejected.  The caller owns them. */
static uint8_t *draw_splits(int64_t n, int64_t n_validation, int64_t n_test, int64_t seed)
{
    uint8_t *of_sample = memory_allocate(n, 1);
    int64_t *drawn = memory_allocate(n, sizeof *drawn);
    for (int64_t i = 0; i < n; i++)
        drawn[i] = i;
    struct rng rng;
    rng_init(&rng, seed, STREAM_SPLIT, 0);
    rng_shuffle(&rng, drawn, n);
    for (int64_t i = 0; i < n_validation + n_test; i++)
        of_sample[drawn[i]] = i < n_validation ? SPLIT_VALIDATION : SPLIT_TEST;
    memory_free(drawn);
    return of_sample;
}

int64_t splits_count_rejected(const struct train_config *config, int64_t n_sample, const uint8_t *rejected)
{
    if (rejected == NULL)
        return 0;
    uint8_t *of_sample = draw_splits(n_sample, config->validation, config->test, config->seed);
    int64_t n = 0;
    for (int64_t i = 0; i < n_sample; i++)
        n += of_sample[i] == SPLIT_TRAIN && rejected[i];
    memory_free(of_sample);
    return n;
}

void splits_init(struct splits *splits, const struct train_plan *plan, int64_t seed)
{
    *splits = (struct splits){.of_sample = draw_splits(plan->n_sample, plan->n_validation, plan->n_test, seed)};
    for (int64_t i = 0; i < plan->n_sample && plan->rejected != NULL; i++)
        if (splits->of_sample[i] == SPLIT_TRAIN && plan->rejected[i])
            splits->of_sample[i] = SPLIT_REJECTED;
    for (int s = 0; s < N_SPLIT; s++)
        splits->rows[s] = memory_allocate(plan->n_sample, sizeof *splits->rows[s]);
    for (int64_t i = 0; i < plan->n_sample; i++) {
        int s = splits->of_sample[i];
        splits->rows[s][splits->n[s]++] = i;
    }
}

void splits_clear(struct splits *splits)
{
    for (int s = 0; s < N_SPLIT; s++)
        memory_free(splits->rows[s]);
    memory_free(splits->of_sample);
    *splits = (struct splits){0};
}

char *sample_id(int64_t i, char id[SAMPLE_ID_BYTES])
{
    snprintf(id, SAMPLE_ID_BYTES, "digit-%04lld", (long long)i);
    return id;
}

/* An invented collection: how much of the data it gave, which digits it gave more of, and what is said of it. */
struct collection {
    const char *source, *license, *policy;
    uint32_t share;       /* of any digit */
    uint32_t extra_share; /* of the digits in `extra_labels` on top of it */
    uint32_t extra_labels;
    const char *classification;
    uint32_t other_one_in; /* one of so many of its samples is of another classification, "internal" */
    const char *from;      /* the day on which its collection began */
    uint32_t n_day;        /* and for how many days it went on */
};

#define DIGIT(d) (1U << (d))
static const struct collection collections[] = {
    {"harbour-ledgers", "CC-BY-4.0", "open-license", 34, 0, 0, "public", 40, "2009-01-01", 5000},
    {"school-exercises", "CC-BY-SA-4.0", "signed-consent", 24, 0, 0, "personal", 60, "2011-09-01", 4200},
    {"postal-slips", "CC0-1.0", "open-license", 18, 24, DIGIT(1) | DIGIT(7), "public", 40, "2005-04-01", 6500},
    {"survey-sheets", "CC-BY-4.0", "institution-agreement", 15, 0, 0, "internal", 100, "2014-01-01", 3000},
    {"weather-logbooks", "CC0-1.0", "institution-agreement", 4, 12, DIGIT(0) | DIGIT(8) | DIGIT(9), "public", 30,
     "1998-06-01", 8000},
};
enum { N_COLLECTION = sizeof collections / sizeof *collections };

/* One sample in twelve was let in before its collection had a policy. */
static const char *const early_policy = "legacy-import";
enum { EARLY_ONE_IN = 12, N_OWNER = 60 };
static const int64_t governance_seed = 20240229; /* the invention stays the same whatever is trained */

static uint32_t collection_share(const struct collection *collection, uint8_t label)
{
    return collection->share + (collection->extra_labels & DIGIT(label) ? collection->extra_share : 0);
}

static const struct collection *draw_collection(struct rng *rng, uint8_t label)
{
    uint32_t all = 0;
    for (int k = 0; k < N_COLLECTION; k++)
        all += collection_share(&collections[k], label);
    uint32_t drawn = rng_below(rng, all);
    int k = 0;
    for (; k < N_COLLECTION - 1 && drawn >= collection_share(&collections[k], label); k++)
        drawn -= collection_share(&collections[k], label);
    return &collections[k];
}

struct governance sample_governance(const struct images *images, int64_t i)
{
    struct rng rng;
    rng_init(&rng, governance_seed, STREAM_GOVERNANCE, i);
    const struct collection *collection = draw_collection(&rng, images->found_labels[i]);
    const char *policy = rng_below(&rng, EARLY_ONE_IN) == 0 ? early_policy : collection->policy;
    bool is_other = rng_below(&rng, collection->other_one_in) == 0;
    struct governance governance = {.policy = policy,
                                    .license = collection->license,
                                    .source = collection->source,
                                    .classification = is_other ? "internal" : collection->classification};
    uint32_t owner = rng_below(&rng, 1 + rng_below(&rng, N_OWNER)); /* the first ones own most */
    snprintf(governance.owner, sizeof governance.owner, "writer-%02u", (unsigned)owner);
    int64_t first = 0;
    bool is_day = day_parse(collection->from, &first);
    ASSERT(is_day);
    day_text(first + rng_below(&rng, collection->n_day), governance.collected);
    return governance;
}

/* ---- samples.jsonl ---------------------------------------------------------------------------------------------- */

static void add_decision(const struct admissions *admissions, int64_t i, int64_t n_layer, struct text *text)
{
    const struct verdict *verdict = admissions_of(admissions, i);
    char name[LAYER_NAME_BYTES];
    text_add(text, ", \"admission\": \"%s\"", decision_name(verdict->decision));
    if (verdict->decision == REJECT) {
        text_add(text, ", \"reason\": ");
        text_add_json_string(text, verdict->reason);
        return;
    }
    if (verdict->profile >= 0) {
        text_add(text, ", \"profile\": ");
        text_add_json_string(text, profiles_get(admissions->policies, verdict->profile)->name);
    }
    for (int64_t k = 0; k < n_layer; k++) {
        text_add(text, ", \"weight.%s\": ", layer_name(k, name));
        text_add_double(text, profile_weight(admissions->policies, verdict->profile, name));
    }
}

void samples_list(const struct images *images, const struct splits *splits, const struct admissions *admissions,
                  int64_t n_layer, struct text *text)
{
    for (int64_t i = 0; i < images->n; i++) {
        const struct governance governance = sample_governance(images, i);
        enum split split = splits->of_sample[i];
        uint8_t sha256[DIGEST_BYTES];
        char id[SAMPLE_ID_BYTES], hex[2 * DIGEST_BYTES + 1];
        digest_of(images->pixels + i * N_PIXEL, N_PIXEL, sha256);
        hex_encode(sha256, DIGEST_BYTES, hex);
        text_add(text,
                 "{\"id\": \"%s\", \"sha256\": \"%s\", \"split\": \"%s\", \"label\": %d, \"policy\": \"%s\", "
                 "\"license\": \"%s\", \"source\": \"%s\", \"classification\": \"%s\", \"owner\": \"%s\", "
                 "\"collected\": \"%s\", \"governance\": \"invented for the demonstration\"",
                 sample_id(i, id), hex, split_names[split], images->labels[i], governance.policy, governance.license,
                 governance.source, governance.classification, governance.owner, governance.collected);
        if (admissions->policies != NULL && (split == SPLIT_TRAIN || split == SPLIT_REJECTED))
            add_decision(admissions, i, n_layer, text);
        text_add(text, "}\n");
    }
}
