#include "policy/sae_encode.h"

#include <float.h>

#include "base/memory.h"
#include "base/vector.h"
#include "policy/sae_active.h"
#include "policy/sae_prepare.h"

/* Rows enough to make weights worth reading, and few enough that lists of active features stay small. */
enum { TILE_ROWS = 256, TILE_FEATURES = 1024 };

struct sae_encoder {
    const struct sae *sae; /* borrowed */
    const struct gemm_backend *backend;
    struct digits input;       /* TILE_ROWS × d_in */
    double *weight_scale;      /* d_sae: powers of two */
    double *product;           /* TILE_ROWS × TILE_FEATURES; one row of features after the other becomes values */
    void *workspace;           /* for the backend */
    struct sae_active *active; /* TILE_ROWS */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t product_bytes(const struct sae *sae, const struct gemm_backend *backend)
{
    return backend->workspace_bytes(sae->weights.n_digit, TILE_ROWS, least(TILE_FEATURES, sae->d_sae), sae->d_in);
}

struct sae_encoder *sae_encoder_create(const struct sae *sae, const struct gemm_backend *backend)
{
    struct sae_encoder *encoder = memory_allocate(1, sizeof *encoder);
    encoder->sae = sae;
    encoder->backend = backend;
    digits_init(&encoder->input, sae->weights.n_digit, TILE_ROWS, sae->d_in);
    encoder->weight_scale = memory_allocate(sae->d_sae, sizeof *encoder->weight_scale);
    for (int64_t j = 0; j < sae->d_sae; j++)
        encoder->weight_scale[j] = digits_scale(&sae->weights, j);
    encoder->product = memory_allocate(TILE_ROWS * least(TILE_FEATURES, sae->d_sae), sizeof *encoder->product);
    encoder->workspace = memory_allocate(product_bytes(sae, backend), 1);
    encoder->active = memory_allocate(TILE_ROWS, sizeof *encoder->active);
    for (int64_t i = 0; i < TILE_ROWS; i++)
        sae_active_init(&encoder->active[i], sae->config.k);
    return encoder;
}

void sae_encoder_destroy(struct sae_encoder *encoder)
{
    if (encoder == NULL)
        return;
    digits_clear(&encoder->input);
    memory_free(encoder->weight_scale);
    memory_free(encoder->product);
    memory_free(encoder->workspace);
    for (int64_t i = 0; i < TILE_ROWS; i++)
        sae_active_clear(&encoder->active[i]);
    memory_free(encoder->active);
    memory_free(encoder);
}

int64_t sae_encoder_bytes(const struct sae *sae, const struct gemm_backend *backend)
{
    int64_t active = sae->config.k > 0 ? sae->config.k : 2 * sae->d_sae; /* lists double as they grow */
    return digits_bytes(sae->weights.n_digit, TILE_ROWS, sae->d_in) + product_bytes(sae, backend) +
           (sae->d_sae + TILE_ROWS * least(TILE_FEATURES, sae->d_sae)) * (int64_t)sizeof(double) +
           TILE_ROWS * active * (int64_t)(sizeof(double) + sizeof(int32_t));
}

/* The parameters of n features, and of the row that meets them. */
struct activation {
    const double *weight_scale, *bias, *threshold, *gain, *offset;
    double input_scale;
};

/* values: integer products in, features out, 0 where not active. */
VECTORISED
static void activate(const struct activation *a, int64_t n, double *restrict values)
{
    for (int64_t j = 0; j < n; j++) {
        double before = values[j] * a->weight_scale[j] * a->input_scale + a->bias[j];
        double value = before * a->gain[j];
        int is_active = (before > a->threshold[j]) & (value > 0); /* without branches, to vectorise */
        values[j] = is_active ? value : 0;
    }
}

VECTORISED
static void activate_gated(const struct activation *a, int64_t n, double *restrict values)
{
    for (int64_t j = 0; j < n; j++) {
        double projected = values[j] * a->weight_scale[j] * a->input_scale;
        double value = projected * a->gain[j] + a->offset[j];
        int is_active = (projected + a->bias[j] > a->threshold[j]) & (value > 0);
        values[j] = is_active ? value : 0;
    }
}

/* false when a value is infinite (only parameters and activations near the end of the range get there). */
static bool collect(const double *values, int64_t first, int64_t n, struct sae_active *active)
{
    for (int64_t j = 0; j < n; j++) {
        if (!(values[j] <= DBL_MAX))
            return false;
        if (values[j] > 0)
            sae_active_add(active, (int32_t)(first + j), values[j]);
    }
    return true;
}

static enum status refuse_row(const struct sae_encoder *encoder, const struct sae_input *input, int64_t row,
                              const char *expected)
{
    return fail(BAD_INPUT, "%s: row %lld of activations, counted from 0: %s (%s)", input->name,
                (long long)(input->first + row), expected, encoder->sae->description);
}

/* All rows of the tile with features [first, first + n). */
static enum status encode_features(struct sae_encoder *encoder, const struct sae_input *input, int64_t row,
                                   int64_t n_row, int64_t first)
{
    const struct sae *sae = encoder->sae;
    int64_t n = least(TILE_FEATURES, sae->d_sae - first);
    const struct digits weights = digits_rows(&sae->weights, first, n);
    encoder->backend->multiply(&encoder->input, 0, n_row, &weights, encoder->product, encoder->workspace);
    struct activation activation = {.weight_scale = encoder->weight_scale + first,
                                    .bias = sae->bias + first,
                                    .threshold = sae->threshold + first,
                                    .gain = sae->gain + first,
                                    .offset = sae->offset == NULL ? NULL : sae->offset + first};
    for (int64_t i = 0; i < n_row; i++) {
        double *values = encoder->product + i * n;
        activation.input_scale = digits_scale(&encoder->input, i);
        if (sae->offset != NULL)
            activate_gated(&activation, n, values);
        else
            activate(&activation, n, values);
        if (!collect(values, first, n, &encoder->active[i]))
            return refuse_row(encoder, input, row + i, "expected features within the range of doubles");
    }
    return STATUS_OK;
}

static enum status encode_tile(struct sae_encoder *encoder, const struct sae_input *input, int64_t row, int64_t n_row,
                               struct rows *rows)
{
    const struct sae *sae = encoder->sae;
    for (int64_t i = 0; i < n_row; i++) {
        const char *problem = sae_prepare(sae, input->values + (row + i) * sae->d_in);
        if (problem != NULL)
            return refuse_row(encoder, input, row + i, problem);
        sae_active_empty(&encoder->active[i]);
    }
    digits_set_double(&encoder->input, 0, n_row, input->values + row * sae->d_in);
    for (int64_t first = 0; first < sae->d_sae; first += TILE_FEATURES) {
        enum status status = encode_features(encoder, input, row, n_row, first);
        if (status != STATUS_OK)
            return status;
    }
    for (int64_t i = 0; i < n_row; i++) {
        struct sae_active *active = &encoder->active[i];
        sae_active_sort(active);
        rows_add(rows, active->n, active->column, active->value);
    }
    return STATUS_OK;
}

enum status sae_encode(struct sae_encoder *encoder, const struct sae_input *input, struct rows *rows)
{
    enum status status = STATUS_OK;
    for (int64_t row = 0; row < input->n && status == STATUS_OK; row += TILE_ROWS)
        status = encode_tile(encoder, input, row, least(TILE_ROWS, input->n - row), rows);
    return status;
}
