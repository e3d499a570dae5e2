#include "policy/sae_weights.h"

#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "exact/elementary.h"
#include "exact/gemm.h"
#include "policy/sae_reading.h"

/* How a layout calls its tensors. */
static const struct {
    const char *weights, *bias;
    bool is_transposed; /* the weights are d_in × d_sae */
} layouts[] = {[SAE_SAELENS] = {"W_enc", "b_enc", true}, [SAE_SPARSIFY] = {"encoder.weight", "encoder.bias", false}};

/* ---- weights ---------------------------------------------------------------------------------------------------- */

static void digitise_rows(const struct sae_block *block, void *to)
{
    digits_set(to, block->first, block->n, block->values);
}

struct transposition {
    int64_t n_row;
    float *values; /* n_column × n_row */
};

/* A few columns and rows at a time, so that both sides stay in the cache. */
static void transpose_rows(const struct sae_block *block, void *to)
{
    enum { SIDE = 64 };
    const struct transposition *out = to;
    for (int64_t i0 = 0; i0 < block->n; i0 += SIDE)
        for (int64_t j0 = 0; j0 < block->n_column; j0 += SIDE) {
            int64_t i1 = i0 + SIDE < block->n ? i0 + SIDE : block->n;
            int64_t j1 = j0 + SIDE < block->n_column ? j0 + SIDE : block->n_column;
            for (int64_t j = j0; j < j1; j++)
                for (int64_t i = i0; i < i1; i++)
                    out->values[j * out->n_row + block->first + i] = block->values[i * block->n_column + j];
        }
}

static enum status read_transposed(struct sae_reading *reading, struct tensor *tensor, struct digits *weights)
{
    struct transposition staging = {tensor_rows(tensor), NULL};
    staging.values = memory_allocate_raw(weights->n_row * weights->n_column, sizeof(float));
    enum status status = sae_reading_for_each(reading, tensor, transpose_rows, &staging);
    if (status == STATUS_OK)
        digits_set(weights, 0, weights->n_row, staging.values);
    memory_free(staging.values);
    return status;
}

static enum status check_sizes(const struct tensor *tensor, const struct sae *sae)
{
    if (sae->d_in < 1 || sae->d_sae < 1 || sae->d_in > GEMM_MAX_COLUMN || sae->d_sae > INT32_MAX)
        return fail(BAD_INPUT, "%s: expected 1 to %d activations and 1 to %d features, found %lld and %lld",
                    tensor_name(tensor), GEMM_MAX_COLUMN, INT32_MAX, (long long)sae->d_in, (long long)sae->d_sae);
    if (sae->config.k > sae->d_sae)
        return fail(BAD_INPUT, "%s: expected at least the k = %lld features that top-k keeps, found %lld",
                    tensor_name(tensor), (long long)sae->config.k, (long long)sae->d_sae);
    if (sae->config.normalisation == SAE_NORM_LAYER && sae->d_in < 2)
        return fail(BAD_INPUT, "%s: expected at least 2 activations, which layer_norm needs, found 1",
                    tensor_name(tensor));
    return STATUS_OK;
}

static enum status read_weights(struct sae_reading *reading, int n_digit)
{
    struct sae *sae = reading->sae;
    const bool is_transposed = layouts[sae->config.layout].is_transposed;
    struct tensor *tensor;
    int64_t dims[TENSOR_MAX_DIM];
    enum status status = sae_reading_open(reading, layouts[sae->config.layout].weights, &tensor);
    if (status != STATUS_OK)
        return status;
    int n_dim = tensor_dimensions(tensor, dims);
    if (n_dim != 2)
        return fail(BAD_INPUT, "%s: expected a matrix (%s), found %d dimension%s", tensor_name(tensor),
                    is_transposed ? "activations x features" : "features x activations", n_dim, n_dim == 1 ? "" : "s");
    sae->d_in = dims[is_transposed ? 0 : 1];
    sae->d_sae = dims[is_transposed ? 1 : 0];
    status = check_sizes(tensor, sae);
    if (status != STATUS_OK)
        return status;
    digits_init(&sae->weights, n_digit, sae->d_sae, sae->d_in);
    return is_transposed ? read_transposed(reading, tensor, &sae->weights)
                         : sae_reading_for_each(reading, tensor, digitise_rows, &sae->weights);
}

/* ---- vectors and the decoder ------------------------------------------------------------------------------------ */

static void copy_values(const struct sae_block *block, void *to)
{
    double *values = to;
    for (int64_t i = 0; i < block->n * block->n_column; i++)
        values[block->first + i] = (double)block->values[i];
}

/* *values is allocated here: n doubles. */
static enum status read_vector(struct sae_reading *reading, const char *object, int64_t n, double **values)
{
    struct tensor *tensor;
    enum status status = sae_reading_open(reading, object, &tensor);
    if (status == STATUS_OK)
        status = sae_reading_check(reading, tensor, n, 0);
    if (status != STATUS_OK)
        return status;
    *values = memory_allocate(n, sizeof **values);
    return sae_reading_for_each(reading, tensor, copy_values, *values);
}

static void set_norms(const struct sae_block *block, void *to)
{
    double *norms = to;
    for (int64_t i = 0; norms != NULL && i < block->n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < block->n_column; k++) {
            double value = (double)block->values[i * block->n_column + k];
            sum += value * value;
        }
        norms[block->first + i] = sqrt(sum);
    }
}

/* The decoder is read where its norms are wanted, and otherwise only as part of what is hashed. */
static enum status read_decoder(struct sae_reading *reading)
{
    struct sae *sae = reading->sae;
    struct tensor *tensor;
    enum status status = sae_reading_open(reading, "W_dec", &tensor);
    if (status == STATUS_OK)
        status = sae_reading_check(reading, tensor, sae->d_sae, sae->d_in);
    if (status != STATUS_OK)
        return status;
    if (reading->segments != NULL || sae->config.is_rescaled)
        return sae_reading_for_each(reading, tensor, set_norms, sae->config.is_rescaled ? sae->gain : NULL);
    sae_reading_list(reading, tensor);
    return STATUS_OK;
}

static enum status read_gate(struct sae_reading *reading)
{
    struct sae *sae = reading->sae;
    double *log_gain = NULL;
    enum status status = read_vector(reading, "b_gate", sae->d_sae, &sae->bias);
    if (status == STATUS_OK)
        status = read_vector(reading, "b_mag", sae->d_sae, &sae->offset);
    if (status == STATUS_OK)
        status = read_vector(reading, "r_mag", sae->d_sae, &log_gain);
    for (int64_t j = 0; j < sae->d_sae && status == STATUS_OK; j++) {
        sae->gain[j] = exact_exp(log_gain[j]);
        if (isinf(sae->gain[j]))
            status = fail(BAD_INPUT, "%s#r_mag: expected logarithms of factors, found %g in row %lld, counted from 0",
                          sae->weights_file, log_gain[j], (long long)j);
    }
    memory_free(log_gain);
    return status;
}

static enum status read_threshold(struct sae_reading *reading)
{
    struct sae *sae = reading->sae;
    memory_free(sae->threshold);
    sae->threshold = NULL;
    enum status status = read_vector(reading, "threshold", sae->d_sae, &sae->threshold);
    for (int64_t j = 0; j < sae->d_sae && status == STATUS_OK; j++)
        sae->threshold[j] = sae->threshold[j] > 0 ? sae->threshold[j] : 0; /* what is above it goes through a relu */
    return status;
}

static enum status read_vectors(struct sae_reading *reading)
{
    struct sae *sae = reading->sae;
    sae->threshold = memory_allocate(sae->d_sae, sizeof *sae->threshold);
    sae->gain = memory_allocate(sae->d_sae, sizeof *sae->gain);
    for (int64_t j = 0; j < sae->d_sae; j++)
        sae->gain[j] = 1;
    enum status status = read_vector(reading, "b_dec", sae->d_in, &sae->centre);
    if (status == STATUS_OK)
        status = read_decoder(reading);
    if (status == STATUS_OK && sae->config.architecture == SAE_GATED)
        status = read_gate(reading);
    else if (status == STATUS_OK)
        status = read_vector(reading, layouts[sae->config.layout].bias, sae->d_sae, &sae->bias);
    if (status == STATUS_OK && sae->config.architecture == SAE_JUMPRELU)
        status = read_threshold(reading);
    if (!sae->config.is_centred) {
        memory_free(sae->centre);
        sae->centre = NULL;
    }
    return status;
}

enum status sae_weights_read(const char *directory, int n_digit, struct segment_list *segments, struct sae *sae)
{
    struct sae_reading reading = {
        .directory = directory, .sae = sae, .weights_name = layouts[sae->config.layout].weights, .segments = segments};
    enum status status = read_weights(&reading, n_digit);
    if (status == STATUS_OK)
        status = read_vectors(&reading);
    if (status == STATUS_OK)
        status = sae_reading_finish(&reading);
    sae_reading_close(&reading);
    return status;
}
