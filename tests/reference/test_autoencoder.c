/* Encoding must keep the largest pre-activations above zero and no others; training must find planted features, be the
 * same bits with any compiler and on any CPU, bring dead features back, and say when it diverges. */
#include "check.h"

#include <math.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "reference/autoencoder.h"
#include "reference/autoencoder_training.h"
#include "reference/rng.h"

/* ---- encoding and decoding ---- */

/* Identity encoder: pre-activation j is x_j − centre_j + bias_j. */
static void check_encoding(void)
{
    struct autoencoder model;
    struct excitation excitation;
    autoencoder_init(&model, 5, 5, 3);
    excitation_init(&excitation, &model);
    for (int j = 0; j < 5; j++) {
        model.encoder[j * 5 + j] = 1;
        model.decoder[j * 5 + (j + 1) % 5] = 1;
        model.centre[j] = (float)j;
    }
    model.bias[4] = 0.5F;
    /* Less the centre: 2, −1, 7, 2, 2 + 1/2. */
    autoencoder_encode(&model, (const float[]){2, 0, 9, 5, 6}, &excitation);
    CHECK(excitation.n == 3 && excitation.features[0] == 2 && excitation.features[1] == 4 &&
          excitation.features[2] == 0); /* of the equals 0 and 3, the first */
    CHECK(excitation.values[0] == 7 && excitation.values[1] == 2.5F && excitation.values[2] == 2);
    float decoded[5];
    autoencoder_decode(&model, &excitation, decoded);
    CHECK(decoded[0] == 2.5F && decoded[1] == 1 + 2 && decoded[2] == 2 && decoded[3] == 3 + 7 && decoded[4] == 4);

    /* One value above zero: the rest of the three places stays empty. */
    autoencoder_encode(&model, (const float[]){0, 1, 2, 3.25F, 3}, &excitation);
    CHECK(excitation.n == 1 && excitation.features[0] == 3 && excitation.values[0] == 0.25F);
    autoencoder_encode(&model, (const float[]){0, 1, 2, 3, 3}, &excitation);
    CHECK(excitation.n == 0);
    autoencoder_decode(&model, &excitation, decoded);
    for (int j = 0; j < 5; j++)
        CHECK(decoded[j] == model.centre[j]);
    excitation_clear(&excitation);
    autoencoder_clear(&model);
}

/* Against all pairs compared, on random numbers with many equals. */
static void check_top_k(void)
{
    enum { N_FEATURE = 30, N_ROUND = 200 };
    for (int round = 0; round < N_ROUND; round++) {
        struct autoencoder model;
        struct excitation excitation;
        struct rng rng;
        rng_init(&rng, round, STREAM_WEIGHTS, 0);
        int64_t n_active = 1 + (int64_t)rng_below(&rng, N_FEATURE);
        autoencoder_init(&model, 1, N_FEATURE, n_active);
        excitation_init(&excitation, &model);
        for (int j = 0; j < N_FEATURE; j++)
            model.bias[j] = (float)rng_below(&rng, 12) - 5;
        autoencoder_encode(&model, (const float[]){0}, &excitation);
        bool is_active[N_FEATURE] = {false};
        for (int64_t a = 0; a < excitation.n; a++) {
            is_active[excitation.features[a]] = true;
            CHECK(excitation.values[a] == model.bias[excitation.features[a]]);
        }
        for (int j = 0; j < N_FEATURE; j++) {
            int64_t ahead = 0;
            for (int i = 0; i < N_FEATURE; i++)
                ahead += model.bias[i] > model.bias[j] || (model.bias[i] == model.bias[j] && i < j);
            CHECK(is_active[j] == (model.bias[j] > 0 && ahead < n_active));
        }
        excitation_clear(&excitation);
        autoencoder_clear(&model);
    }
}

static void check_judgement(void)
{
    struct autoencoder model;
    autoencoder_init(&model, 2, 3, 1);
    model.encoder[0] = model.decoder[0] = 1; /* feature 0: the first axis, from the centre 0; 1 and 2 are dead */
    const float rows[] = {2, 0, 4, 0, 0, 3, 6, 1};
    /* The mean is (3, 1): spread 2 + 2 + 13 + 9; lost 0 + 0 + 9 + 1. */
    struct autoencoder_quality quality = autoencoder_judge(&model, &(struct activations){4, 2, rows});
    CHECK(quality.n_dead == 2 && fabs(quality.explained - (1 - 10.0 / 26)) < 1e-15);
    quality = autoencoder_judge(&model, &(struct activations){1, 2, rows});
    CHECK(quality.explained == 1); /* nothing varies */
    autoencoder_clear(&model);
}

/* ---- training ---- */

enum { N_ROW = 600, WIDTH = 12, N_PLANTED = 20 };

/* Each row is two of N_PLANTED directions, with weights between 1 and 2, on an offset; times `scale`. */
static float *planted_rows(float scale)
{
    float *rows = memory_allocate(N_ROW * WIDTH, sizeof *rows), directions[N_PLANTED][WIDTH];
    struct rng rng;
    rng_init(&rng, 5, STREAM_WEIGHTS, 0);
    for (int p = 0; p < N_PLANTED; p++)
        for (int i = 0; i < WIDTH; i++)
            directions[p][i] = 2 * rng_uniform(&rng) - 1;
    for (int r = 0; r < N_ROW; r++)
        for (int part = 0; part < 2; part++) {
            uint32_t p = rng_below(&rng, N_PLANTED);
            float weight = 1 + rng_uniform(&rng);
            for (int i = 0; i < WIDTH; i++)
                rows[r * WIDTH + i] += scale * (weight * directions[p][i] + 3);
        }
    return rows;
}

static void model_digest(const struct autoencoder *model, char hex[2 * DIGEST_BYTES + 1])
{
    struct digest *digest = digest_create();
    uint8_t sha256[DIGEST_BYTES];
    size_t n_weight = (size_t)(model->n_in * model->n_feature) * sizeof(float);
    digest_begin(digest);
    digest_add(digest, model->encoder, n_weight);
    digest_add(digest, model->bias, (size_t)model->n_feature * sizeof(float));
    digest_add(digest, model->decoder, n_weight);
    digest_add(digest, model->centre, (size_t)model->n_in * sizeof(float));
    digest_end(digest, sha256);
    digest_destroy(digest);
    hex_encode(sha256, DIGEST_BYTES, hex);
}

static struct autoencoder_quality train(const struct sae_config *config, int64_t seed, const float *rows,
                                        char hex[2 * DIGEST_BYTES + 1])
{
    const struct activations activations = {N_ROW, WIDTH, rows};
    struct autoencoder model;
    enum status status = autoencoder_train(config, seed, &activations, &model);
    CHECK(status == STATUS_OK);
    if (status != STATUS_OK)
        return (struct autoencoder_quality){0};
    CHECK(model.n_in == WIDTH && model.n_feature == config->features && model.n_active == config->active);
    for (int64_t j = 0; j < model.n_feature; j++) {
        double norm = 0;
        for (int64_t i = 0; i < WIDTH; i++)
            norm += (double)model.decoder[j * WIDTH + i] * (double)model.decoder[j * WIDTH + i];
        CHECK(fabs(norm - 1) < 1e-6);
    }
    struct autoencoder_quality quality = autoencoder_judge(&model, &activations);
    model_digest(&model, hex);
    autoencoder_clear(&model);
    return quality;
}

static const struct sae_config usual = {.features = 40, .active = 3, .epochs = 30, .batch = 32, .rate = 0.01};

static void check_training(void)
{
    char hex[2 * DIGEST_BYTES + 1], other[2 * DIGEST_BYTES + 1];
    float *rows = planted_rows(1), *large = planted_rows(1024);
    struct autoencoder_quality quality = train(&usual, 1, rows, hex), scaled;
    CHECK(quality.explained > 0.93 && quality.explained < 1 && quality.n_dead <= 2);
    CHECK(strcmp(hex, "4b7db5d8778eacfaac4820c8efd34d7c98e393e4caa1434d811397839e71147d") == 0);
    train(&usual, 1, rows, other);
    CHECK(strcmp(hex, other) == 0);
    train(&usual, 2, rows, other);
    CHECK(strcmp(hex, other) != 0);

    /* Units make no difference, to the last bit of what is explained. */
    scaled = train(&usual, 1, large, other);
    CHECK(scaled.explained == quality.explained && scaled.n_dead == quality.n_dead);
    /* One epoch explains less; a last batch that is short is no problem. */
    struct sae_config brief = usual;
    brief.epochs = 1;
    brief.batch = 7;
    CHECK(train(&brief, 1, rows, other).explained < quality.explained - 0.02);
    brief.features = N_ROW; /* as many as there are rows */
    train(&brief, 1, rows, other);
    memory_free(rows);
    memory_free(large);
}

/* Nearly all rows are one point, so nearly all features start there, where but one of them can be active; the others
 * must come back for the rare directions. */
static void check_revival(void)
{
    float *rows = memory_allocate(N_ROW * WIDTH, sizeof *rows);
    for (int r = 0; r < N_ROW; r++) {
        int direction = r % 50 < 40 ? 0 : r % 10 + 1;
        rows[r * WIDTH + direction] = direction == 0 ? 1 : 5;
    }
    const struct activations activations = {N_ROW, WIDTH, rows};
    const struct sae_config config = {.features = 11, .active = 1, .epochs = 40, .batch = 50, .rate = 0.01};
    struct autoencoder model;
    CHECK(autoencoder_train(&config, 1, &activations, &model) == STATUS_OK);
    struct autoencoder_quality quality = autoencoder_judge(&model, &activations);
    CHECK(quality.explained > 0.99);
    autoencoder_clear(&model);
    memory_free(rows);
}

static void check_failures(void)
{
    struct autoencoder model = {.n_in = -7};
    float *rows = planted_rows(1);
    const struct activations activations = {N_ROW, WIDTH, rows};
    struct sae_config wild = usual;
    wild.rate = 1e39;
    CHECK_FAILS(autoencoder_train(&wild, 1, &activations, &model), NOT_CONVERGED, "train.sae.learning_rate than 1e+39");
    rows[77] = INFINITY;
    CHECK_FAILS(autoencoder_train(&usual, 1, &activations, &model), NOT_CONVERGED, "expected finite activations");
    rows[77] = NAN;
    CHECK_FAILS(autoencoder_train(&usual, 1, &activations, &model), NOT_CONVERGED, "expected finite activations");
    CHECK(model.n_in == -7); /* untouched on failure */

    /* Rows that do not vary have no features, and that is no failure. */
    for (int i = 0; i < N_ROW * WIDTH; i++)
        rows[i] = 0.1F;
    CHECK(autoencoder_train(&usual, 1, &activations, &model) == STATUS_OK);
    struct autoencoder_quality quality = autoencoder_judge(&model, &activations);
    CHECK(quality.explained > 0.99 && quality.n_dead == usual.features);
    autoencoder_clear(&model);
    memory_free(rows);
}

int main(void)
{
    check_encoding();
    check_top_k();
    check_judgement();
    check_training();
    check_revival();
    check_failures();
    return check_end();
}
