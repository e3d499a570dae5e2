/* The bits of a training are part of the contract: the weights after some steps must have this digest with any
 * compiler, any optimisation and any CPU; every epoch must use every training row once; seeds must matter. */
#include "scene.h"

#include "reference/training.h"

static const struct admissions all_admitted = {0};

static void weights_digest(const struct network *network, char hex[2 * DIGEST_BYTES + 1])
{
    struct digest *digest = digest_create();
    uint8_t sha256[DIGEST_BYTES];
    digest_begin(digest);
    for (int64_t k = 0; k < network->n_layer; k++) {
        const struct layer *layer = &network->layers[k];
        digest_add(digest, layer->weight, (size_t)(layer->n_in * layer->n_out) * sizeof(float));
        digest_add(digest, layer->bias, (size_t)layer->n_out * sizeof(float));
    }
    digest_end(digest, sha256);
    digest_destroy(digest);
    hex_encode(sha256, DIGEST_BYTES, hex);
}

static void train_some(const struct images *images, const char *members, int n_step, char hex[2 * DIGEST_BYTES + 1])
{
    struct config config;
    struct train_plan plan;
    struct training training;
    scene_config(members, &config);
    const struct train_config *train = config_get(&config, "train");
    CHECK(train_plan_make(train, images->n, NULL, &plan) == STATUS_OK);
    training_init(&training, train, &plan, images, &all_admitted);
    double before = training_evaluate(&training, SPLIT_TRAIN).loss;
    for (int step = 0; step < n_step; step++)
        CHECK(training_step(&training) == STATUS_OK);
    CHECK(training_evaluate(&training, SPLIT_TRAIN).loss < 0.8 * before);
    weights_digest(&training.network, hex);
    training_clear(&training);
    config_clear(&config);
}

static void check_bits(const struct images *images)
{
    char hex[2 * DIGEST_BYTES + 1], other[2 * DIGEST_BYTES + 1];
    train_some(images, "\"directory\": \"-\"", 100, hex);
    CHECK(strcmp(hex, "08822614fbfce8e4c40cc0101727150b3ef6a953feb7ee5b5865cdd93d030131") == 0);
    train_some(images, "\"directory\": \"elsewhere\"", 100, other);
    CHECK(strcmp(hex, other) == 0);
    train_some(images, "\"directory\": \"-\", \"seed\": 2", 100, other);
    CHECK(strcmp(hex, other) != 0);
    train_some(images,
               "\"directory\": \"-\", \"hidden\": [7], \"batch\": 11, \"learning_rate\": {\"schedule\": \"step\"}", 100,
               other);
    CHECK(strcmp(other, "7d25093d17952381ce04ac90a3367974c297cb929a23f3cca7180146f4f67fcf") == 0);
    train_some(images, "\"directory\": \"-\", \"momentum\": 0", 100, other);
    CHECK(strcmp(hex, other) == 0);
    train_some(images, "\"directory\": \"-\", \"momentum\": 0.9, \"learning_rate\": {\"initial\": 0.05}", 100, other);
    CHECK(strcmp(other, "9beb3d2bb9afdbe48dafe0699f747af13d4087912343ce205656200d89d17840") == 0);
}

static void check_order_and_splits(const struct images *images)
{
    struct config config;
    struct train_plan plan;
    struct training training;
    scene_config("\"directory\": \"-\", \"epochs\": 3, \"batch\": 100", &config);
    const struct train_config *train = config_get(&config, "train");
    CHECK(train_plan_make(train, images->n, NULL, &plan) == STATUS_OK);
    training_init(&training, train, &plan, images, &all_admitted);

    int *seen = memory_allocate(images->n, sizeof *seen);
    for (int s = 0; s < N_SPLIT; s++)
        for (int64_t r = 0; r < training.splits.n[s]; r++) {
            seen[training.splits.rows[s][r]]++;
            CHECK(r == 0 || training.splits.rows[s][r] > training.splits.rows[s][r - 1]);
            CHECK(training.splits.of_sample[training.splits.rows[s][r]] == s);
        }
    for (int64_t i = 0; i < images->n; i++)
        CHECK(seen[i] == 1);
    CHECK(training.splits.n[SPLIT_TRAIN] == 1437 && training.splits.n[SPLIT_VALIDATION] == 180);

    int64_t per_epoch = plan.steps_per_epoch * train->batch, n_same = 0;
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        const int64_t *rows = training.order + epoch * per_epoch;
        memset(seen, 0, (size_t)images->n * sizeof *seen);
        for (int64_t i = 0; i < per_epoch; i++) {
            CHECK(i < plan.n_train ? rows[i] >= 0 && rows[i] < plan.n_train : rows[i] == -1);
            if (i < plan.n_train)
                seen[rows[i]]++;
            n_same += epoch > 0 && i < plan.n_train && rows[i] == training.order[i];
        }
        for (int64_t r = 0; r < plan.n_train; r++)
            CHECK(seen[r] == 1);
    }
    CHECK(n_same < 20); /* 2 expected: each epoch has its own order */
    memory_free(seen);
    training_clear(&training);
    config_clear(&config);
}

static void check_divergence(const struct images *images)
{
    struct config config;
    struct train_plan plan;
    struct training training;
    scene_config("\"directory\": \"-\", \"hidden\": [64, 64, 64, 64, 64, 64], \"batch\": 4, "
                 "\"learning_rate\": {\"initial\": 1000, \"schedule\": \"constant\"}",
                 &config);
    CHECK(train_plan_make(config_get(&config, "train"), images->n, NULL, &plan) == STATUS_OK);
    training_init(&training, config_get(&config, "train"), &plan, images, &all_admitted);
    enum status status = STATUS_OK;
    for (int64_t step = 0; step < plan.n_step && status == STATUS_OK; step++)
        status = training_step(&training);
    CHECK_FAILS(status, NOT_CONVERGED, "train.learning_rate.initial than 1000");
    training_clear(&training);
    config_clear(&config);
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    struct config config;
    struct images images;
    scene_config("\"directory\": \"-\"", &config);
    CHECK(images_load(MPI_COMM_SELF, config_get(&config, "train"), "", &images) == STATUS_OK && images.n == 1797);
    config_clear(&config);
    check_bits(&images);
    check_order_and_splits(&images);
    check_divergence(&images);
    images_clear(&images);
    int code = check_end();
    MPI_Finalize();
    return code;
}
