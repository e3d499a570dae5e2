/* What is planted must be what planted.jsonl says and nothing else: so many samples of each kind, none for two
 * purposes, the same for the same seed; the governance of a sample must not change with its label; too much is refused.
 */
#include "scene.h"

#include "reference/planted.h"
#include "reference/rng.h"

/* A split and what is planted in it. */
struct stage {
    struct config config;
    const struct train_config *train;
    struct train_plan plan;
    struct splits splits;
    struct images images;
    struct planted planted;
    struct query_images queries;
};

static enum status stage_set(struct stage *stage, const char *members)
{
    *stage = (struct stage){0};
    scene_config(members, &stage->config);
    stage->train = config_get(&stage->config, "train");
    CHECK(images_load(MPI_COMM_SELF, stage->train, "", &stage->images) == STATUS_OK);
    CHECK(train_plan_make(stage->train, stage->images.n, NULL, &stage->plan) == STATUS_OK);
    splits_init(&stage->splits, &stage->plan, stage->train->seed);
    enum status status = planted_init(&stage->planted, stage->train, &stage->splits, &stage->images);
    return status == STATUS_OK ? query_images_init(&stage->queries, stage->train, &stage->splits, &stage->images)
                               : status;
}

static void stage_clear(struct stage *stage)
{
    query_images_clear(&stage->queries);
    planted_clear(&stage->planted);
    images_clear(&stage->images);
    splits_clear(&stage->splits);
    config_clear(&stage->config);
}

#define PLANTED                                                                                                        \
    "\"directory\": \"-\", \"scenario\": {\"mislabelled\": 0.04, \"duplicates\": 9, \"backdoor\": {\"samples\": 30, "  \
    "\"policy\": \"legacy-import\", \"target\": 7, \"pixels\": [0, 63], \"queries\": 12}}"

static const uint8_t *pixels_of(const struct images *images, int64_t i)
{
    return images->pixels + i * N_PIXEL;
}

static bool is_patched(const uint8_t *pixels, const uint8_t *before)
{
    for (int j = 0; j < N_PIXEL; j++)
        if (pixels[j] != (j == 0 || j == 63 ? PIXEL_MAXIMUM : before[j]))
            return false;
    return true;
}

static void check_plant(const struct plant *plant, const struct stage *stage, const struct images *found)
{
    const struct images *images = &stage->images;
    int64_t i = plant->sample;
    bool same_pixels = memcmp(pixels_of(images, i), pixels_of(found, i), N_PIXEL) == 0;
    CHECK(stage->splits.rows[SPLIT_TRAIN][plant->row] == i);
    CHECK(images->found_labels[i] == found->labels[i]);
    if (plant->kind == PLANT_MISLABELLED)
        CHECK(images->labels[i] < N_CLASS && images->labels[i] != found->labels[i] && same_pixels);
    if (plant->kind == PLANT_BACKDOOR) {
        CHECK(images->labels[i] == 7 && found->labels[i] != 7);
        CHECK(is_patched(pixels_of(images, i), pixels_of(found, i)));
        CHECK(strcmp(sample_governance(found, i).policy, "legacy-import") == 0);
    }
    if (plant->kind == PLANT_DUPLICATE) {
        CHECK(plant->of != i && memcmp(pixels_of(images, i), pixels_of(found, plant->of), N_PIXEL) == 0);
        CHECK(images->labels[i] == found->labels[plant->of]);
    }
}

static void check_planted(void)
{
    struct stage stage, plain;
    CHECK(stage_set(&stage, PLANTED) == STATUS_OK);
    CHECK(stage_set(&plain, "\"directory\": \"-\"") == STATUS_OK);
    int64_t counts[N_PLANT_KIND] = {0};
    bool *touched = memory_allocate(stage.images.n, sizeof *touched);
    for (int64_t k = 0; k < stage.planted.n; k++) {
        const struct plant *plant = &stage.planted.plants[k];
        counts[plant->kind]++;
        CHECK(!touched[plant->sample]);
        touched[plant->sample] = true;
        check_plant(plant, &stage, &plain.images);
    }
    for (int64_t k = 0; k < stage.planted.n; k++) /* what is copied was left alone */
        if (stage.planted.plants[k].kind == PLANT_DUPLICATE)
            CHECK(!touched[stage.planted.plants[k].of]);
    CHECK(counts[PLANT_MISLABELLED] == 57 && counts[PLANT_BACKDOOR] == 30 && counts[PLANT_DUPLICATE] == 9);
    for (int64_t i = 0; i < stage.images.n; i++) {
        const struct governance here = sample_governance(&stage.images, i), there = sample_governance(&plain.images, i);
        CHECK(here.policy == there.policy && here.license == there.license && here.source == there.source);
        if (!touched[i])
            CHECK(stage.images.labels[i] == plain.images.labels[i] &&
                  memcmp(pixels_of(&stage.images, i), pixels_of(&plain.images, i), N_PIXEL) == 0);
    }
    CHECK(plain.planted.n == 0 && plain.images.n_more == 0 && !planting_is_asked(&plain.train->scenario));
    CHECK(planting_is_asked(&stage.train->scenario));
    memory_free(touched);
    stage_clear(&plain);
    stage_clear(&stage);
}

static void check_queries(void)
{
    struct stage stage;
    char id[SAMPLE_ID_BYTES], plain[SAMPLE_ID_BYTES];
    CHECK(stage_set(&stage, PLANTED) == STATUS_OK);
    const struct query_images *queries = &stage.queries;
    CHECK(queries->n == 52 && queries->n == stage.plan.n_query && queries->n_plain == 40 && stage.images.n_more == 12);
    for (int64_t q = 0; q < queries->n; q++) {
        int64_t row = queries->rows[q], shown = queries->shown[q];
        query_id(queries, q, id);
        sample_id(shown, plain);
        CHECK(stage.splits.of_sample[shown] == SPLIT_TEST);
        if (q < queries->n_plain) {
            CHECK(row == shown && row == stage.splits.rows[SPLIT_TEST][q] && strcmp(id, plain) == 0);
            continue;
        }
        CHECK(row >= stage.images.n && stage.images.labels[row] == 7 && stage.images.labels[shown] != 7);
        CHECK(is_patched(pixels_of(&stage.images, row), pixels_of(&stage.images, shown)));
        CHECK(strncmp(id, plain, strlen(plain)) == 0 && strcmp(id + strlen(plain), "-patched") == 0);
        bool is_asked_plain = false;
        for (int64_t p = 0; p < queries->n_plain; p++)
            is_asked_plain = is_asked_plain || queries->rows[p] == shown;
        CHECK(is_asked_plain); /* each is asked with and without */
    }
    stage_clear(&stage);
}

static void list_of(const char *members, struct text *text)
{
    struct stage stage;
    CHECK(stage_set(&stage, members) == STATUS_OK);
    text_init(text);
    planted_list(&stage.planted, &stage.images, &stage.queries, text);
    stage_clear(&stage);
}

static void check_seed(void)
{
    struct text first, again, other;
    list_of(PLANTED, &first);
    list_of(PLANTED ", \"epochs\": 3, \"hidden\": [5]", &again);
    list_of(PLANTED ", \"seed\": 2", &other);
    CHECK(first.length > 1000 && strcmp(first.bytes, again.bytes) == 0 && strcmp(first.bytes, other.bytes) != 0);
    CHECK(strstr(first.bytes, "{\"kind\": \"query\", \"query\": \"digit-") != NULL);
    text_clear(&first);
    text_clear(&again);
    text_clear(&other);
}

static void check_refused(const char *members, const char *sentence)
{
    struct stage stage;
    CHECK_FAILS(stage_set(&stage, members), BAD_CONFIG, sentence);
    stage_clear(&stage);
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    check_planted();
    check_queries();
    check_seed();
    check_refused("\"directory\": \"-\", \"scenario\": {\"backdoor\": {\"samples\": 5, \"policy\": \"nobody\"}}",
                  "at most the 0 training samples of policy \"nobody\" that are no 0, found 5");
    check_refused("\"directory\": \"-\", \"scenario\": {\"backdoor\": {\"samples\": 900}}",
                  "of policy \"legacy-import\"");
    check_refused("\"directory\": \"-\", \"scenario\": {\"mislabelled\": 0.5, \"duplicates\": 400}",
                  "at most the 1437 training samples, each for one purpose, found 718 with a wrong label, 0 with the "
                  "backdoor, and 800 that are copied");
    check_refused(
        "\"directory\": \"-\", \"queries\": 10, \"scenario\": {\"backdoor\": {\"queries\": 10, \"target\": 5}}",
        "of the first 10 test images that are no 5, found 10");
    int code = check_end();
    MPI_Finalize();
    return code;
}
