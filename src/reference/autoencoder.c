#include "reference/autoencoder.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "reference/float_rows.h"

void autoencoder_init(struct autoencoder *autoencoder, int64_t n_in, int64_t n_feature, int64_t n_active)
{
    *autoencoder = (struct autoencoder){
        .n_in = n_in,
        .n_feature = n_feature,
        .n_active = n_active,
        .encoder = memory_allocate(n_in * n_feature, sizeof *autoencoder->encoder),
        .bias = memory_allocate(n_feature, sizeof *autoencoder->bias),
        .decoder = memory_allocate(n_feature * n_in, sizeof *autoencoder->decoder),
        .centre = memory_allocate(n_in, sizeof *autoencoder->centre),
    };
}

void autoencoder_clear(struct autoencoder *autoencoder)
{
    memory_free(autoencoder->encoder);
    memory_free(autoencoder->bias);
    memory_free(autoencoder->decoder);
    memory_free(autoencoder->centre);
    *autoencoder = (struct autoencoder){0};
}

void excitation_init(struct excitation *excitation, const struct autoencoder *autoencoder)
{
    *excitation = (struct excitation){
        .features = memory_allocate(autoencoder->n_active, sizeof *excitation->features),
        .values = memory_allocate(autoencoder->n_active, sizeof *excitation->values),
        .input = memory_allocate(autoencoder->n_in, sizeof *excitation->input),
        .all = memory_allocate(autoencoder->n_feature, sizeof *excitation->all),
    };
}

void excitation_clear(struct excitation *excitation)
{
    memory_free(excitation->features);
    memory_free(excitation->values);
    memory_free(excitation->input);
    memory_free(excitation->all);
    *excitation = (struct excitation){0};
}

/* The largest values above zero, by insertion: a later one must be larger than what it displaces. */
static void keep_largest(struct excitation *excitation, int64_t n_feature, int64_t n_active)
{
    excitation->n = 0;
    for (int64_t j = 0; j < n_feature; j++) {
        float value = excitation->all[j];
        bool is_full = excitation->n == n_active;
        if (!(value > 0) || (is_full && value <= excitation->values[n_active - 1]))
            continue;
        int64_t place = is_full ? n_active - 1 : excitation->n++;
        for (; place > 0 && excitation->values[place - 1] < value; place--) {
            excitation->values[place] = excitation->values[place - 1];
            excitation->features[place] = excitation->features[place - 1];
        }
        excitation->values[place] = value;
        excitation->features[place] = j;
    }
}

void autoencoder_encode(const struct autoencoder *autoencoder, const float *x, struct excitation *excitation)
{
    int64_t n_feature = autoencoder->n_feature;
    memcpy(excitation->all, autoencoder->bias, (size_t)n_feature * sizeof *excitation->all);
    for (int64_t i = 0; i < autoencoder->n_in; i++) {
        excitation->input[i] = x[i] - autoencoder->centre[i];
        row_add_scaled(excitation->all, autoencoder->encoder + i * n_feature, excitation->input[i], n_feature);
    }
    keep_largest(excitation, n_feature, autoencoder->n_active);
}

void autoencoder_decode(const struct autoencoder *autoencoder, const struct excitation *excitation, float *x)
{
    int64_t n_in = autoencoder->n_in;
    memcpy(x, autoencoder->centre, (size_t)n_in * sizeof *x);
    for (int64_t a = 0; a < excitation->n; a++)
        row_add_scaled(x, autoencoder->decoder + excitation->features[a] * n_in, excitation->values[a], n_in);
}

void activations_mean(const struct activations *activations, float *mean)
{
    int64_t width = activations->width;
    double *sum = memory_allocate(width, sizeof *sum);
    for (int64_t r = 0; r < activations->n; r++)
        for (int64_t i = 0; i < width; i++)
            sum[i] += (double)activations->rows[r * width + i];
    for (int64_t i = 0; i < width; i++)
        mean[i] = (float)(sum[i] / (double)activations->n);
    memory_free(sum);
}

static double square_distance(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

double activations_spread(const struct activations *activations, const float *mean)
{
    double spread = 0;
    for (int64_t r = 0; r < activations->n; r++)
        spread += square_distance(activations->rows + r * activations->width, mean, activations->width);
    return spread;
}

struct autoencoder_quality autoencoder_judge(const struct autoencoder *autoencoder,
                                             const struct activations *activations)
{
    int64_t width = activations->width, n_dead = autoencoder->n_feature;
    float *mean = memory_allocate(width, sizeof *mean), *decoded = memory_allocate(width, sizeof *decoded);
    bool *is_alive = memory_allocate(autoencoder->n_feature, sizeof *is_alive);
    struct excitation excitation;
    excitation_init(&excitation, autoencoder);
    double lost = 0;
    for (int64_t r = 0; r < activations->n; r++) {
        const float *row = activations->rows + r * width;
        autoencoder_encode(autoencoder, row, &excitation);
        autoencoder_decode(autoencoder, &excitation, decoded);
        lost += square_distance(row, decoded, width);
        for (int64_t a = 0; a < excitation.n; a++) {
            n_dead -= !is_alive[excitation.features[a]];
            is_alive[excitation.features[a]] = true;
        }
    }
    activations_mean(activations, mean);
    double spread = activations_spread(activations, mean);
    excitation_clear(&excitation);
    memory_free(mean);
    memory_free(decoded);
    memory_free(is_alive);
    return (struct autoencoder_quality){.explained = spread > 0 ? 1 - lost / spread : 1, .n_dead = n_dead};
}
