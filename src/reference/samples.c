#include "reference/samples.h"

#include <stdio.h>

#include "base/memory.h"
#include "reference/rng.h"

static const char *const split_names[N_SPLIT] = {
    [SPLIT_TRAIN] = "train", [SPLIT_VALIDATION] = "validation", [SPLIT_TEST] = "test"};

void splits_init(struct splits *splits, const struct train_plan *plan, int64_t seed)
{
    *splits = (struct splits){.of_sample = memory_allocate(plan->n_sample, 1)};
    int64_t *drawn = memory_allocate(plan->n_sample, sizeof *drawn);
    for (int64_t i = 0; i < plan->n_sample; i++)
        drawn[i] = i;
    struct rng rng;
    rng_init(&rng, seed, STREAM_SPLIT, 0);
    rng_shuffle(&rng, drawn, plan->n_sample);
    for (int64_t i = 0; i < plan->n_validation + plan->n_test; i++)
        splits->of_sample[drawn[i]] = i < plan->n_validation ? SPLIT_VALIDATION : SPLIT_TEST;
    memory_free(drawn);

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

/* An invented collection: how much of the data it gave, and which digits it gave more of. */
struct collection {
    const char *source, *license, *policy;
    uint32_t share;       /* of any digit */
    uint32_t extra_share; /* of the digits in `extra_labels` on top of it */
    uint32_t extra_labels;
};

#define DIGIT(d) (1U << (d))
static const struct collection collections[] = {
    {"harbour-ledgers", "CC-BY-4.0", "open-license", 34, 0, 0},
    {"school-exercises", "CC-BY-SA-4.0", "signed-consent", 24, 0, 0},
    {"postal-slips", "CC0-1.0", "open-license", 18, 24, DIGIT(1) | DIGIT(7)},
    {"survey-sheets", "CC-BY-4.0", "institution-agreement", 15, 0, 0},
    {"weather-logbooks", "CC0-1.0", "institution-agreement", 4, 12, DIGIT(0) | DIGIT(8) | DIGIT(9)},
};
enum { N_COLLECTION = sizeof collections / sizeof *collections };

/* One sample in twelve was let in before its collection had a policy. */
static const char *const early_policy = "legacy-import";
enum { EARLY_ONE_IN = 12 };
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
    return (struct governance){.policy = policy, .license = collection->license, .source = collection->source};
}

void samples_list(const struct images *images, const struct splits *splits, struct text *text)
{
    for (int64_t i = 0; i < images->n; i++) {
        struct governance governance = sample_governance(images, i);
        uint8_t sha256[DIGEST_BYTES];
        char id[SAMPLE_ID_BYTES], hex[2 * DIGEST_BYTES + 1];
        digest_of(images->pixels + i * N_PIXEL, N_PIXEL, sha256);
        hex_encode(sha256, DIGEST_BYTES, hex);
        text_add(text,
                 "{\"id\": \"%s\", \"sha256\": \"%s\", \"split\": \"%s\", \"label\": %d, \"policy\": \"%s\", "
                 "\"license\": \"%s\", \"source\": \"%s\", \"governance\": \"invented for the demonstration\"}\n",
                 sample_id(i, id), hex, split_names[splits->of_sample[i]], images->labels[i], governance.policy,
                 governance.license, governance.source);
    }
}
