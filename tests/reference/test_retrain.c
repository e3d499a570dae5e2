/* The ground truth must be what training without the samples gives, by a plain loop; with nothing left out, the very
 * network; the same bytes on any ranks, also after an interruption; and what cannot be left out is refused. */
#include "scene.h"

#include "comm/agree.h"
#include "reference/retrain.h"
#include "reference/training.h"
#include "reference/unfinished.h"

static const struct admissions all_admitted = {0};
static int rank, size;

/* 597 training samples, 10 steps an epoch. */
#define SMALL "\"hidden\": [8], \"epochs\": 2, \"batch\": 64, \"validation\": 600, \"test\": 600, \"queries\": 5"
#define RETRAIN                                                                                                        \
    ", \"retrain\": {\"subsets\": 5, \"fraction\": 0.3, \"leave_one_out\": 2, \"leave\": [\"%s\"], \"seeds\": 2, "     \
    "\"groups\": [\"source\", \"license\"]}"

struct stage {
    struct config config;
    const struct train_config *train;
    struct train_plan plan;
    struct splits splits;
    struct images images;
    struct query_images queries;
    struct retrain_sets sets;
};

static enum status stage_set(struct stage *stage, const char *members)
{
    *stage = (struct stage){0};
    scene_config(members, &stage->config);
    stage->train = config_get(&stage->config, "train");
    CHECK(images_load(MPI_COMM_SELF, stage->train, "", &stage->images) == STATUS_OK);
    CHECK(train_plan_make(stage->train, stage->images.n, NULL, &stage->plan) == STATUS_OK);
    splits_init(&stage->splits, &stage->plan, stage->train->seed);
    CHECK(query_images_init(&stage->queries, stage->train, &stage->splits, &stage->images) == STATUS_OK);
    return retrain_sets_init(&stage->sets, stage->train, &stage->splits, &stage->images);
}

static void stage_clear(struct stage *stage)
{
    retrain_sets_clear(&stage->sets);
    query_images_clear(&stage->queries);
    splits_clear(&stage->splits);
    images_clear(&stage->images);
    config_clear(&stage->config);
}

static struct unfinished unfinished; /* in the scene, and of nothing that is there */

static struct retraining retraining_of(const struct stage *stage)
{
    return (struct retraining){.config = stage->train,
                               .plan = &stage->plan,
                               .images = &stage->images,
                               .admissions = &all_admitted,
                               .queries = &stage->queries,
                               .sets = &stage->sets,
                               .unfinished = &unfinished,
                               .keep_every = 1e9};
}

/* The id of the last training sample, into the config's text. */
static void stage_set_usual(struct stage *stage)
{
    char members[1024], id[SAMPLE_ID_BYTES];
    CHECK(stage_set(stage, "\"directory\": \"-\", " SMALL) == STATUS_OK);
    sample_id(stage->splits.rows[SPLIT_TRAIN][596], id);
    stage_clear(stage);
    snprintf(members, sizeof members, "\"directory\": \"-\", " SMALL RETRAIN, id);
    CHECK(stage_set(stage, members) == STATUS_OK);
}

/* Equal to the last bit (no outcome is a NaN or a negative zero). */
static bool same_numbers(const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static int64_t n_left_out(const struct retrain_sets *sets, int64_t set)
{
    int64_t n = 0;
    for (int64_t row = 0; row < sets->n_train; row++)
        n += sets->kept[set * sets->n_train + row] == 0;
    return n;
}

static void check_sets(const struct stage *stage)
{
    const struct retrain_sets *sets = &stage->sets;
    CHECK(sets->n_train == 597 && sets->n[SET_BASELINE] == 1 && sets->n[SET_SUBSET] == 5);
    CHECK(sets->n[SET_LEAVE_ONE_OUT] == 3 && sets->n[SET_GROUP] == 5 + 3 && sets->n_set == 17);
    CHECK(n_left_out(sets, 0) == 0);
    for (int64_t s = sets->first[SET_SUBSET]; s < sets->first[SET_SUBSET] + 5; s++) {
        CHECK(n_left_out(sets, s) == 597 - 179);
        CHECK(s == 1 || memcmp(sets->kept + s * 597, sets->kept + (s - 1) * 597, 597) != 0);
    }
    static const int64_t alone[] = {0, 1, 596};
    for (int64_t k = 0; k < 3; k++) {
        int64_t s = sets->first[SET_LEAVE_ONE_OUT] + k;
        CHECK(n_left_out(sets, s) == 1 && sets->kept[s * 597 + alone[k]] == 0);
        CHECK(sets->samples[s] == stage->splits.rows[SPLIT_TRAIN][alone[k]]);
    }
    int64_t n = 0;
    for (int64_t s = sets->first[SET_GROUP]; s < sets->n_set; s++) {
        CHECK(s == sets->first[SET_GROUP] || strcmp(sets->columns[s], sets->columns[s - 1]) != 0 ||
              strcmp(sets->names[s], sets->names[s - 1]) > 0);
        for (int64_t row = 0; row < 597; row++) {
            const struct governance g = sample_governance(&stage->images, stage->splits.rows[SPLIT_TRAIN][row]);
            const char *value = strcmp(sets->columns[s], "source") == 0 ? g.source : g.license;
            CHECK(sets->kept[s * 597 + row] == (strcmp(value, sets->names[s]) != 0));
        }
        n += n_left_out(sets, s);
    }
    CHECK(n == 2 * 597); /* every sample has one source and one license */
}

static void ask_plainly(const struct stage *stage, struct training *training, double *loss)
{
    for (int64_t q = 0; q < stage->queries.n; q++) {
        float x[N_PIXEL];
        images_get(&stage->images, stage->queries.rows[q], x);
        network_forward(&training->network, x, stage->images.labels[stage->queries.rows[q]], &training->pass);
        loss[q] = training->pass.loss;
    }
}

/* Trains with plain loops: the order and rates of a training of this seed, each left out row's gradient not added. */
static void train_plainly(const struct stage *stage, int64_t seed, const uint8_t *kept, double *loss)
{
    struct train_config config = *stage->train;
    struct training training;
    config.seed = seed; /* the splits are of another seed than those used below */
    training_init(&training, &config, &stage->plan, &stage->images, &all_admitted);
    struct network *network = &training.network, sum;
    network_init_like(&sum, network);
    for (int64_t step = 0; step < stage->plan.n_step; step++) {
        int64_t n = 0;
        for (int64_t k = 0; k < config.batch; k++) {
            int64_t row = training.order[step * config.batch + k];
            n += row >= 0;
            if (row < 0 || !kept[row])
                continue;
            int64_t sample = stage->splits.rows[SPLIT_TRAIN][row];
            float x[N_PIXEL];
            images_get(&stage->images, sample, x);
            network_forward(network, x, stage->images.labels[sample], &training.pass);
            network_backward(network, stage->images.labels[sample], &training.pass);
            network_add_gradient(&sum, &training.pass);
        }
        network_descend(network, &sum, (float)(training.rates[step] / (double)n));
    }
    ask_plainly(stage, &training, loss);
    network_clear(&sum);
    training_clear(&training);
}

static void check_against_plain(const struct stage *stage, const struct outcomes *outcomes)
{
    double loss[5] = {0};
    for (int64_t set = rank; set < stage->sets.n_set; set += size)
        for (int64_t s = 0; s < 2; s++) {
            const double *found = outcomes->loss + (set * 2 + s) * 5;
            train_plainly(stage, stage->train->seed + s, stage->sets.kept + set * 597, loss);
            CHECK(same_numbers(found, loss, 5));
        }
    for (int64_t i = 0; i < outcomes->n_set * 2 * 5; i++) {
        /* loss = log(1 + exp(−margin)): a margin above 0 is a loss below log 2 */
        CHECK((outcomes->margin[i] > 0) == (outcomes->loss[i] < 0.69314718055994530942));
        CHECK(outcomes->margin[i] <= 0 || outcomes->correct[i] == 1);
    }
    /* Sets, and seeds, have networks of their own. */
    for (int64_t set = 0; set < outcomes->n_set; set++) {
        CHECK(!same_numbers(outcomes->loss + set * 10, outcomes->loss + set * 10 + 5, 5));
        CHECK(set == 0 || !same_numbers(outcomes->loss, outcomes->loss + set * 10, 5));
    }
}

static bool same(const struct outcomes *a, const struct outcomes *b)
{
    int64_t n = a->n_set * a->n_seed * a->n_query;
    return a->n_set == b->n_set && a->n_seed == b->n_seed && a->n_query == b->n_query &&
           same_numbers(a->loss, b->loss, n) && same_numbers(a->margin, b->margin, n) &&
           memcmp(a->correct, b->correct, (size_t)n) == 0;
}

static void check_outcomes(void)
{
    struct stage stage;
    struct outcomes together, alone;
    stage_set_usual(&stage);
    check_sets(&stage);
    struct retraining retraining = retraining_of(&stage);
    CHECK(retrain(MPI_COMM_WORLD, &retraining, &together) == STATUS_OK);
    CHECK(together.n_set == 17 && together.n_seed == 2 && together.n_query == 5);
    check_against_plain(&stage, &together);
    CHECK(retrain(MPI_COMM_SELF, &retraining, &alone) == STATUS_OK && same(&together, &alone));
    outcomes_clear(&alone);

    /* Whatever a left out sample is, nothing of it may be seen: set 6 leaves out row 0. */
    int64_t left_out = stage.splits.rows[SPLIT_TRAIN][0];
    stage.images.labels[left_out] = (uint8_t)((stage.images.labels[left_out] + 1) % N_CLASS);
    CHECK(retrain(MPI_COMM_WORLD, &retraining, &alone) == STATUS_OK);
    CHECK(same_numbers(alone.loss + 60, together.loss + 60, 10));
    CHECK(!same_numbers(alone.loss, together.loss, 10));
    outcomes_clear(&alone);
    outcomes_clear(&together);
    stage_clear(&stage);
}

/* A replica that has trained one network must know nothing of it when it trains the next. */
static void check_momentum(void)
{
    struct stage stage;
    struct outcomes outcomes;
    CHECK(stage_set(&stage, "\"directory\": \"-\", " SMALL ", \"momentum\": 0.5, \"retrain\": {\"subsets\": 2}") ==
          STATUS_OK);
    struct retraining retraining = retraining_of(&stage);
    CHECK(retrain(MPI_COMM_SELF, &retraining, &outcomes) == STATUS_OK && outcomes.n_set == 3);
    for (int64_t set = 0; set < outcomes.n_set; set++) {
        struct training training;
        double loss[5] = {0};
        training_init(&training, stage.train, &stage.plan, &stage.images, &all_admitted);
        training.kept = stage.sets.kept + set * 597;
        while (training.step < stage.plan.n_step)
            CHECK(training_step(&training) == STATUS_OK);
        ask_plainly(&stage, &training, loss);
        CHECK(same_numbers(outcomes.loss + set * 5, loss, 5));
        training_clear(&training);
    }
    outcomes_clear(&outcomes);
    stage_clear(&stage);
}

static void check_refused(const char *members, const char *sentence)
{
    struct stage stage;
    CHECK_FAILS(stage_set(&stage, members), BAD_CONFIG, sentence);
    stage_clear(&stage);
}

static void check_divergence(void)
{
    struct stage stage;
    struct outcomes outcomes;
    CHECK(stage_set(&stage, "\"directory\": \"-\", \"hidden\": [64, 64, 64, 64, 64, 64], \"batch\": 4, \"epochs\": 1, "
                            "\"learning_rate\": {\"initial\": 1000, \"schedule\": \"constant\"}, "
                            "\"retrain\": {\"leave_one_out\": 1}") == STATUS_OK);
    struct retraining retraining = retraining_of(&stage);
    CHECK_FAILS(retrain(MPI_COMM_WORLD, &retraining, &outcomes), NOT_CONVERGED, "learning_rate.initial than 1000");
    stage_clear(&stage);
}

/* ---- interruptions ---- */

/* One bit of the file of the last rank is another. */
static void damage_last(const char *scene)
{
    char name[64], *bytes = NULL;
    size_t n;
    snprintf(name, sizeof name, "truth/unfinished-%05d", size - 1);
    char *path = path_join(scene, name);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        CHECK(file_load(path, 1 << 20, &bytes, &n) == STATUS_OK);
        bytes[n / 2] ^= 1;
        CHECK(file_store(path, bytes, n, 0666) == STATUS_OK);
        memory_free(bytes);
    }
    memory_free(path);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* What was finished is taken over, by any number of ranks, unless it is of something else or damaged. */
static void check_interrupted(const char *scene)
{
    struct stage stage;
    struct outcomes whole, again;
    CHECK(stage_set(&stage, "\"directory\": \"-\", " SMALL ", \"retrain\": {\"subsets\": 5}") == STATUS_OK);
    struct retraining retraining = retraining_of(&stage);
    CHECK(retrain(MPI_COMM_WORLD, &retraining, &whole) == STATUS_OK && whole.n_trained == 6);
    retraining.keep_every = 0;
    agree_fail_at(2, 0); /* after the last network */
    CHECK_FAILS(retrain(MPI_COMM_WORLD, &retraining, &again), FAULT_INJECTED, "as the test asked");
    agree_fail_at(0, 0);
    MPI_Barrier(MPI_COMM_WORLD);

    /* All labels are others now: whatever is trained anew comes out otherwise. */
    uint8_t *labels = stage.images.labels;
    stage.images.labels = memory_allocate(stage.images.n, 1);
    for (int64_t q = 0; q < stage.queries.n; q++)
        stage.images.labels[stage.queries.rows[q]] = labels[stage.queries.rows[q]];
    retraining.keep_every = 1e9;
    if (rank == 0) {
        CHECK(retrain(MPI_COMM_SELF, &retraining, &again) == STATUS_OK);
        CHECK(again.n_trained == 0 && same(&whole, &again));
        outcomes_clear(&again);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    unfinished.of[0] ^= 1;
    CHECK(retrain(MPI_COMM_WORLD, &retraining, &again) == STATUS_OK && again.n_trained == 6 && !same(&whole, &again));
    outcomes_clear(&again);
    unfinished.of[0] ^= 1;
    damage_last(scene); /* of one rank: all that there is; of more: rank 0 alone has put all together */
    CHECK(retrain(MPI_COMM_WORLD, &retraining, &again) == STATUS_OK);
    CHECK(again.n_trained == (size == 1 ? 6 : 0) && same(&whole, &again) == (size > 1));
    outcomes_clear(&again);
    memory_free(stage.images.labels);
    stage.images.labels = labels;
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        unfinished_remove(scene);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(retrain(MPI_COMM_WORLD, &retraining, &again) == STATUS_OK && again.n_trained == 6 && same(&whole, &again));
    outcomes_clear(&again);
    outcomes_clear(&whole);
    stage_clear(&stage);
}

/* ---- the hand-over ---- */

#define WHOLE                                                                                                          \
    SMALL ", \"sae\": {\"features\": 12, \"active\": 2, \"epochs\": 2}, \"policy\": {\"probes\": 9, \"pairs\": 3}, "   \
          "\"scenario\": {\"mislabelled\": 0.1, \"backdoor\": {\"queries\": 2, \"samples\": 4}}, "                     \
          "\"retrain\": {\"subsets\": 3, \"groups\": [\"policy\"]}"

static char *manifest_of(const char *scene, const char *directory)
{
    char name[64], *bytes = NULL;
    size_t n;
    snprintf(name, sizeof name, "%s/train.json", directory);
    char *path = path_join(scene, name);
    CHECK(file_load(path, 1 << 20, &bytes, &n) == STATUS_OK);
    memory_free(path);
    return bytes;
}

static bool is_there(const char *scene, const char *name)
{
    char *path = path_join(scene, name);
    bool there = path_exists(path);
    memory_free(path);
    return there;
}

/* train.json lists the digest of every file: equal manifests are equal hand-overs. */
static void check_hand_over(const char *scene)
{
    static const char *const files[] = {"planted.jsonl",       "sets.jsonl", "baseline.safetensors", "subsets.npy",
                                        "subsets.safetensors", "groups.npy", "groups.safetensors"};
    struct train_summary all = {0}, alone = {0};
    CHECK(scene_train(MPI_COMM_WORLD, scene, WHOLE ", \"directory\": \"all\"", &all) == STATUS_OK);
    CHECK(all.retrained.n_network == 1 + 3 + 4);
    if (rank == 0)
        CHECK(scene_train(MPI_COMM_SELF, scene, WHOLE ", \"directory\": \"alone\"", &alone) == STATUS_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    char *first = manifest_of(scene, "all"), *second = manifest_of(scene, "alone");
    CHECK(strcmp(first, second) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        snprintf(name, sizeof name, "\"truth/%s\"", files[i]);
        CHECK(strstr(first, name) != NULL);
    }
    CHECK(strstr(first, "leave-one-out") == NULL && strstr(first, "timing") == NULL);
    CHECK(is_there(scene, "all/truth/timing.json"));
    CHECK(scene_train(MPI_COMM_WORLD, scene, WHOLE ", \"directory\": \"all\"", &all) == STATUS_OK && all.unchanged);
    /* Without it, nothing of the old truth may be left. */
    CHECK(scene_train(MPI_COMM_WORLD, scene, SMALL ", \"directory\": \"all\"", &all) == STATUS_OK);
    CHECK(!all.unchanged && !is_there(scene, "all/truth/timing.json") && !is_there(scene, "all/truth/subsets.npy"));
    memory_free(first);
    memory_free(second);

    /* A folder of this name that is somebody's own. */
    char *path = path_join(scene, "foreign/truth/notes.txt");
    if (rank == 0)
        CHECK(file_store(path, "precious", 8, 0666) == STATUS_OK);
    memory_free(path);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_FAILS(scene_train(MPI_COMM_WORLD, scene, WHOLE ", \"directory\": \"foreign\"", &all), CANNOT_WRITE,
                "found truth");
}

/* Every agreement fails once on the last rank: all leave with it, and the next run ends as ever. */
static void check_faults(const char *scene)
{
    struct train_summary summary;
    enum status status = FAULT_INJECTED;
    long k = 1;
    for (; status != STATUS_OK && k < 30; k++) {
        agree_fail_at(k, size - 1);
        status = scene_train(MPI_COMM_WORLD, scene, WHOLE ", \"directory\": \"faults\"", &summary);
        agree_fail_at(0, 0);
        CHECK(status == STATUS_OK || status == FAULT_INJECTED);
    }
    char *first = manifest_of(scene, "faults"), *second = manifest_of(scene, "alone");
    CHECK(strcmp(first, second) == 0);
    memory_free(first);
    memory_free(second);
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char scene[SCENE_PATH_BYTES];
    scene_directory(MPI_COMM_WORLD, scene);
    unfinished = (struct unfinished){.directory = scene, .of = {7}};
    check_outcomes();
    check_interrupted(scene);
    check_momentum();
    check_divergence();
    check_refused("\"directory\": \"-\", \"retrain\": {\"leave\": [\"digit-9999\"]}",
                  "train.retrain.leave[0]: expected the id of a training sample");
    check_refused("\"directory\": \"-\", \"retrain\": {\"leave_one_out\": 1438}",
                  "train.retrain.leave_one_out: expected at most the 1437 training samples, found 1438");
    check_refused("\"directory\": \"-\", \"validation\": 1795, \"test\": 1, \"batch\": 1, \"queries\": 1, \"sae\": "
                  "{\"features\": 1, \"active\": 1}, \"policy\": {\"intended\": 1}, \"retrain\": {\"groups\": "
                  "[\"policy\"]}",
                  "without it nothing is left to train on");
    check_refused("\"directory\": \"-\", \"retrain\": {\"subsets\": 1000000}", "at most 1 GiB together");
    check_hand_over(scene);
    check_faults(scene);
    scene_remove(MPI_COMM_WORLD, scene);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
