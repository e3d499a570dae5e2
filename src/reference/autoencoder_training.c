#include "reference/autoencoder_training.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "reference/adam.h"
#include "reference/float_rows.h"
#include "reference/rng.h"

/* Everything happens in units in which the rows have mean 0 and a standard deviation between 1/2 and 1: learning rates
 * mean the same for any network. */
struct study {
    const struct sae_config *config; /* borrowed */
    int64_t seed, n_row, n_in;
    float *rows;               /* owned; n_row × n_in in these units */
    int64_t *order;            /* owned; n_row */
    double *errors;            /* owned; n_row: squared error of each row when it was last seen */
    int64_t *n_fired;          /* owned; n_feature: in this epoch */
    struct autoencoder *model; /* borrowed; with centre 0 */
    struct adam encoder, bias, decoder;
    struct adam_clock clock;
    struct excitation excitation;
    float *residual; /* owned; n_in: decoded − row */
};

/* A power of two by which to multiply, so that the units change without rounding. */
static double unit_scale(const struct activations *activations, double spread)
{
    enum { MOST = 60 }; /* keeps the scale and its products in the range of float */
    int exponent = 0;
    if (spread > 0)
        frexp(sqrt(spread / ((double)activations->n * (double)activations->width)), &exponent);
    exponent = exponent > MOST ? MOST : exponent < -MOST ? -MOST : exponent;
    return ldexp(1, -exponent);
}

static void study_init(struct study *study, const struct activations *activations, const float *mean, double scale)
{
    int64_t n_feature = study->model->n_feature, n_row = activations->n, n_in = activations->width;
    study->n_row = n_row;
    study->n_in = n_in;
    study->rows = memory_allocate(n_row * n_in, sizeof *study->rows);
    study->order = memory_allocate(n_row, sizeof *study->order);
    study->errors = memory_allocate(n_row, sizeof *study->errors);
    study->n_fired = memory_allocate(n_feature, sizeof *study->n_fired);
    study->residual = memory_allocate(n_in, sizeof *study->residual);
    for (int64_t r = 0; r < n_row; r++)
        for (int64_t i = 0; i < n_in; i++)
            study->rows[r * n_in + i] = (activations->rows[r * n_in + i] - mean[i]) * (float)scale;
    adam_init(&study->encoder, study->model->encoder, n_in * n_feature);
    adam_init(&study->bias, study->model->bias, n_feature);
    adam_init(&study->decoder, study->model->decoder, n_feature * n_in);
    excitation_init(&study->excitation, study->model);
}

static void study_clear(struct study *study)
{
    memory_free(study->rows);
    memory_free(study->order);
    memory_free(study->errors);
    memory_free(study->n_fired);
    memory_free(study->residual);
    adam_clear(&study->encoder);
    adam_clear(&study->bias);
    adam_clear(&study->decoder);
    excitation_clear(&study->excitation);
}

/* Feature j now stands for this direction: its decoder row, and the same as its encoder column. */
static void point_feature(struct study *study, int64_t j, const float *direction)
{
    double norm = sqrt(row_square_sum(direction, study->n_in));
    if (!(norm > 0) || !isfinite(norm))
        return;
    for (int64_t i = 0; i < study->n_in; i++) {
        float value = (float)((double)direction[i] / norm);
        int64_t in_encoder = i * study->model->n_feature + j, in_decoder = j * study->n_in + i;
        study->model->encoder[in_encoder] = study->model->decoder[in_decoder] = value;
        adam_forget(&study->encoder, in_encoder);
        adam_forget(&study->decoder, in_decoder);
    }
    study->model->bias[j] = 0;
    adam_forget(&study->bias, j);
}

/* A random order of all rows. */
static void draw_order(struct study *study, enum rng_stream stream, int64_t index)
{
    struct rng rng;
    rng_init(&rng, study->seed, stream, index);
    for (int64_t r = 0; r < study->n_row; r++)
        study->order[r] = r;
    rng_shuffle(&rng, study->order, study->n_row);
}

/* Each from a row of its own: two equal features would stay equal for ever. */
static void draw_features(struct study *study)
{
    draw_order(study, STREAM_FEATURES, 0);
    for (int64_t j = 0; j < study->model->n_feature; j++)
        point_feature(study, j, study->rows + study->order[j] * study->n_in);
}

/* Encodes and decodes row r: the residual, and its square sum. */
static double explain_row(struct study *study, int64_t r)
{
    const float *row = study->rows + r * study->n_in;
    autoencoder_encode(study->model, row, &study->excitation);
    autoencoder_decode(study->model, &study->excitation, study->residual);
    for (int64_t i = 0; i < study->n_in; i++)
        study->residual[i] -= row[i];
    return row_square_sum(study->residual, study->n_in);
}

/* Adds the gradient of `weight` · ‖residual‖² / 2 to the sums. */
static void add_gradient(struct study *study, float weight)
{
    const struct excitation *excitation = &study->excitation;
    int64_t n_in = study->n_in, n_feature = study->model->n_feature;
    for (int64_t a = 0; a < excitation->n; a++) {
        int64_t j = excitation->features[a];
        float pull = weight * row_dot(study->residual, study->model->decoder + j * n_in, n_in);
        row_add_scaled(study->decoder.gradient + j * n_in, study->residual, weight * excitation->values[a], n_in);
        for (int64_t i = 0; i < n_in; i++)
            study->encoder.gradient[i * n_feature + j] += pull * excitation->input[i];
        study->bias.gradient[j] += pull;
        study->n_fired[j]++;
    }
}

/* Only the part of a decoder row's gradient that turns it: its length is fixed. */
static void remove_lengthening(struct study *study)
{
    for (int64_t j = 0; j < study->model->n_feature; j++) {
        float *gradient = study->decoder.gradient + j * study->n_in;
        const float *row = study->model->decoder + j * study->n_in;
        row_add_scaled(gradient, row, -row_dot(gradient, row, study->n_in), study->n_in);
    }
}

static void normalise_decoder(struct study *study)
{
    for (int64_t j = 0; j < study->model->n_feature; j++) {
        float *row = study->model->decoder + j * study->n_in;
        double norm = sqrt(row_square_sum(row, study->n_in));
        for (int64_t i = 0; i < study->n_in && norm > 0; i++)
            row[i] = (float)((double)row[i] / norm);
    }
}

/* One step on rows order[first … last − 1]; their squared error. */
static double step(struct study *study, int64_t first, int64_t last, double rate)
{
    double error = 0;
    for (int64_t at = first; at < last; at++) {
        int64_t r = study->order[at];
        study->errors[r] = explain_row(study, r);
        error += study->errors[r];
        add_gradient(study, 1 / (float)(last - first));
    }
    remove_lengthening(study);
    adam_clock_tick(&study->clock);
    adam_step(&study->encoder, &study->clock, rate);
    adam_step(&study->bias, &study->clock, rate);
    adam_step(&study->decoder, &study->clock, rate);
    normalise_decoder(study);
    return error;
}

/* A row, drawn in proportion to its error. */
static int64_t draw_row(const struct study *study, struct rng *rng)
{
    double total = 0, below = 0;
    for (int64_t r = 0; r < study->n_row; r++)
        total += study->errors[r];
    double target = total * (double)rng_uniform(rng);
    for (int64_t r = 0; r < study->n_row; r++) {
        below += study->errors[r];
        if (below > target)
            return r;
    }
    return study->n_row - 1;
}

/* @source Bricken et al., Towards Monosemanticity, 2023, on resampling of dead neurons */
static void revive_features(struct study *study, int64_t epoch)
{
    struct rng rng;
    rng_init(&rng, study->seed, STREAM_REVIVAL, epoch);
    for (int64_t j = 0; j < study->model->n_feature; j++) {
        if (study->n_fired[j] > 0)
            continue;
        explain_row(study, draw_row(study, &rng));
        for (int64_t i = 0; i < study->n_in; i++)
            study->residual[i] = -study->residual[i];
        point_feature(study, j, study->residual);
    }
}

/* A weight that is no number excites nothing, so the error alone would not show it. */
static bool is_finite(const struct autoencoder *model)
{
    int64_t n_weight = model->n_in * model->n_feature;
    return row_is_finite(model->encoder, n_weight) && row_is_finite(model->decoder, n_weight) &&
           row_is_finite(model->bias, model->n_feature);
}

static enum status train(struct study *study)
{
    const struct sae_config *config = study->config;
    int64_t per_epoch = (study->n_row + config->batch - 1) / config->batch, n_step = config->epochs * per_epoch;
    draw_features(study);
    for (int64_t epoch = 0; epoch < config->epochs; epoch++) {
        draw_order(study, STREAM_FEATURE_ORDER, epoch);
        memset(study->n_fired, 0, (size_t)study->model->n_feature * sizeof *study->n_fired);
        double error = 0;
        for (int64_t s = 0; s < per_epoch; s++) {
            int64_t first = s * config->batch, last = first + config->batch;
            double rate = config->rate * (1 - (double)study->clock.step / (double)n_step);
            error += step(study, first, last < study->n_row ? last : study->n_row, rate);
        }
        if (!isfinite(error) || !is_finite(study->model))
            return fail(NOT_CONVERGED,
                        "training of the autoencoder: it left the finite numbers in epoch %lld; use a smaller "
                        "train.sae.learning_rate than %g",
                        (long long)epoch, config->rate);
        if (4 * (epoch + 1) <= 3 * config->epochs)
            revive_features(study, epoch);
    }
    return STATUS_OK;
}

/* From the units of training to those of the rows: decoded differences and features shrink by the scale, so that the
 * encoder's and decoder's weights stay. */
static void restore_units(struct autoencoder *model, const float *mean, double scale)
{
    memcpy(model->centre, mean, (size_t)model->n_in * sizeof *mean);
    for (int64_t j = 0; j < model->n_feature; j++)
        model->bias[j] = model->bias[j] / (float)scale;
}

enum status autoencoder_train(const struct sae_config *config, int64_t seed, const struct activations *activations,
                              struct autoencoder *autoencoder)
{
    ASSERT(config->features <= activations->n && config->active <= config->features);
    struct autoencoder model;
    struct study study = {.config = config, .seed = seed, .model = &model};
    float *mean = memory_allocate(activations->width, sizeof *mean);
    activations_mean(activations, mean);
    double spread = activations_spread(activations, mean), scale = unit_scale(activations, spread);
    if (!isfinite(spread)) {
        memory_free(mean);
        return fail(NOT_CONVERGED, "training of the autoencoder: expected finite activations of the last hidden layer; "
                                   "use a smaller train.learning_rate.initial");
    }
    autoencoder_init(&model, activations->width, config->features, config->active);
    study_init(&study, activations, mean, scale);
    enum status status = train(&study);
    study_clear(&study);
    if (status == STATUS_OK) {
        restore_units(&model, mean, scale);
        *autoencoder = model;
    } else {
        autoencoder_clear(&model);
    }
    memory_free(mean);
    return status;
}
