#include "reference/interventions.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "reference/float_rows.h"
#include "reference/rng.h"

/* ---- taking apart -------------------------------------------------------------------------------------------------
 */

static void list_components(struct dissection *dissection)
{
    const struct network *network = dissection->probing->network;
    int64_t n_feature = dissection->autoencoder->n_feature, n = n_feature, last = network->n_layer - 1;
    for (int64_t k = 1; k <= last; k++)
        n += network->layers[k].n_in + 1;
    dissection->components = memory_allocate(n, sizeof *dissection->components);
    struct component *next = dissection->components;
    for (int64_t j = 0; j < n_feature; j++)
        *next++ = (struct component){COMPONENT_FEATURE, last, j};
    for (int64_t k = 1; k <= last; k++) {
        for (int64_t u = 0; u < network->layers[k].n_in; u++)
            *next++ = (struct component){COMPONENT_UNIT, k, u};
        *next++ = (struct component){COMPONENT_LAYER, k, -1};
    }
    dissection->n_component = n;
}

/* What every layer is given on every probe. */
static void take_hidden(struct dissection *dissection)
{
    const struct probing *probing = dissection->probing;
    const struct network *network = probing->network;
    struct pass pass;
    pass_init(&pass, network);
    for (int64_t k = 0; k < network->n_layer; k++) {
        dissection->hidden[k] = memory_allocate(probing->n_probe * network->layers[k].n_in, sizeof(float));
        dissection->mean[k] = memory_allocate(network->layers[k].n_in, sizeof(float));
    }
    for (int64_t i = 0; i < probing->n_probe; i++) {
        float x[N_PIXEL];
        images_get(probing->images, probing->probes[i], x);
        network_forward(network, x, probing->images->labels[probing->probes[i]], &pass);
        for (int64_t k = 0; k < network->n_layer; k++) {
            int64_t width = network->layers[k].n_in;
            memcpy(dissection->hidden[k] + i * width, pass.input[k], (size_t)width * sizeof(float));
        }
    }
    for (int64_t k = 0; k < network->n_layer; k++)
        activations_mean(&(struct activations){probing->n_probe, network->layers[k].n_in, dissection->hidden[k]},
                         dissection->mean[k]);
    pass_clear(&pass);
}

static void take_features(struct dissection *dissection)
{
    const struct autoencoder *autoencoder = dissection->autoencoder;
    int64_t n = dissection->probing->n_probe, n_feature = autoencoder->n_feature, n_in = autoencoder->n_in;
    const float *hidden = dissection->hidden[dissection->probing->network->n_layer - 1];
    struct excitation excitation;
    excitation_init(&excitation, autoencoder);
    dissection->feature = memory_allocate(n * n_feature, sizeof(float));
    dissection->feature_mean = memory_allocate(n_feature, sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        autoencoder_encode(autoencoder, hidden + i * n_in, &excitation);
        for (int64_t a = 0; a < excitation.n; a++)
            dissection->feature[i * n_feature + excitation.features[a]] = excitation.values[a];
    }
    activations_mean(&(struct activations){n, n_feature, dissection->feature}, dissection->feature_mean);
    excitation_clear(&excitation);
}

void dissection_init(struct dissection *dissection, const struct probing *probing,
                     const struct autoencoder *autoencoder, int64_t seed)
{
    int64_t n_layer = probing->network->n_layer, n = probing->n_probe;
    *dissection = (struct dissection){.probing = probing,
                                      .autoencoder = autoencoder,
                                      .seed = seed,
                                      .hidden = memory_allocate(n_layer, sizeof(float *)),
                                      .mean = memory_allocate(n_layer, sizeof(float *)),
                                      .source = memory_allocate(n, sizeof(int64_t))};
    for (int64_t i = 0; i < n; i++)
        dissection->source[i] = (i + n / 2) % n; /* probes are in order of digits */
    list_components(dissection);
    take_hidden(dissection);
    take_features(dissection);
}

void dissection_clear(struct dissection *dissection)
{
    for (int64_t k = 0; dissection->probing != NULL && k < dissection->probing->network->n_layer; k++) {
        memory_free(dissection->hidden[k]);
        memory_free(dissection->mean[k]);
    }
    memory_free(dissection->hidden);
    memory_free(dissection->mean);
    memory_free(dissection->feature);
    memory_free(dissection->feature_mean);
    memory_free(dissection->source);
    memory_free(dissection->components);
    *dissection = (struct dissection){0};
}

/* ---- changes ------------------------------------------------------------------------------------------------------
 */

/* activation[n_probe × width], of which element `member` changes on probe i: how much of it goes. */
static float amount(const struct dissection *dissection, const float *activation, const float *mean, int64_t width,
                    int64_t member, enum change change, int64_t i)
{
    float now = activation[i * width + member];
    switch (change) {
        case CHANGE_ZERO:
            return now;
        case CHANGE_MEAN:
            return now - mean[member];
        default:
            return now - activation[dissection->source[i] * width + member];
    }
}

/* The change of a component on probe i, taken from x. */
static void take_away(const struct dissection *dissection, const struct component *component, enum change change,
                      int64_t i, float *x)
{
    int64_t width = dissection->probing->network->layers[component->layer].n_in, k = component->layer;
    if (component->kind == COMPONENT_FEATURE) {
        const struct autoencoder *autoencoder = dissection->autoencoder;
        float gone = amount(dissection, dissection->feature, dissection->feature_mean, autoencoder->n_feature,
                            component->member, change, i);
        if (gone != 0)
            row_add_scaled(x, autoencoder->decoder + component->member * width, -gone, width);
        return;
    }
    int64_t first = component->kind == COMPONENT_UNIT ? component->member : 0;
    int64_t end = component->kind == COMPONENT_UNIT ? first + 1 : width;
    for (int64_t u = first; u < end; u++)
        x[u] -= amount(dissection, dissection->hidden[k], dissection->mean[k], width, u, change, i);
}

/* The size of that change: signed for one activation, the norm for a layer. */
static float change_size(const struct dissection *dissection, const struct component *component, enum change change,
                         int64_t i)
{
    int64_t k = component->layer, width = dissection->probing->network->layers[k].n_in;
    if (component->kind == COMPONENT_FEATURE)
        return amount(dissection, dissection->feature, dissection->feature_mean, dissection->autoencoder->n_feature,
                      component->member, change, i);
    if (component->kind == COMPONENT_UNIT)
        return amount(dissection, dissection->hidden[k], dissection->mean[k], width, component->member, change, i);
    double square = 0;
    for (int64_t u = 0; u < width; u++) {
        double gone = (double)amount(dissection, dissection->hidden[k], dissection->mean[k], width, u, change, i);
        square += gone * gone;
    }
    return (float)sqrt(square);
}

static void draw_direction(const struct dissection *dissection, int64_t component, int64_t control, int64_t width,
                           float *direction)
{
    enum { MOST_CONTROLS = 1 << 20 };
    struct rng rng;
    float element = (float)(1 / sqrt((double)width));
    rng_init(&rng, dissection->seed, STREAM_DIRECTION, component * MOST_CONTROLS + control);
    for (int64_t u = 0; u < width; u++)
        direction[u] = rng_next(&rng) >> 31 ? element : -element;
}

/* ---- the network with them ----------------------------------------------------------------------------------------
 */

/* What the network says of probe i, of whose pass the input of `layer` was set. */
static void respond(const struct dissection *dissection, int64_t layer, int64_t i, struct pass *pass,
                    double *probability)
{
    const struct probing *probing = dissection->probing;
    network_resume(probing->network, layer, pass);
    for (int64_t b = 0; b < probing->n_behaviour; b++)
        probability[i * probing->n_behaviour + b] = pass->probability[probing->behaviours[b]];
}

static float *begin(const struct dissection *dissection, int64_t layer, int64_t i, struct pass *pass)
{
    int64_t width = dissection->probing->network->layers[layer].n_in;
    memcpy(pass->input[layer], dissection->hidden[layer] + i * width, (size_t)width * sizeof(float));
    return pass->input[layer];
}

void dissection_change(const struct dissection *dissection, int64_t c, enum change change, int64_t control,
                       double *probability)
{
    const struct component *component = &dissection->components[c];
    int64_t width = dissection->probing->network->layers[component->layer].n_in;
    float *direction = memory_allocate(width, sizeof *direction);
    struct pass pass;
    pass_init(&pass, dissection->probing->network);
    if (control >= 0)
        draw_direction(dissection, c, control, width, direction);
    for (int64_t i = 0; i < dissection->probing->n_probe; i++) {
        float *x = begin(dissection, component->layer, i, &pass);
        if (control < 0)
            take_away(dissection, component, change, i, x);
        else
            row_add_scaled(x, direction, -change_size(dissection, component, change, i), width);
        respond(dissection, component->layer, i, &pass, probability);
    }
    pass_clear(&pass);
    memory_free(direction);
}

void dissection_change_both(const struct dissection *dissection, int64_t first, int64_t second, double *probability)
{
    int64_t layer = dissection->components[first].layer;
    struct pass pass;
    ASSERT(dissection->components[second].layer == layer);
    pass_init(&pass, dissection->probing->network);
    for (int64_t i = 0; i < dissection->probing->n_probe; i++) {
        float *x = begin(dissection, layer, i, &pass);
        take_away(dissection, &dissection->components[first], CHANGE_ZERO, i, x);
        take_away(dissection, &dissection->components[second], CHANGE_ZERO, i, x);
        respond(dissection, layer, i, &pass, probability);
    }
    pass_clear(&pass);
}

void dissection_rebuild(const struct dissection *dissection, const int64_t *order, int64_t k, double *probability)
{
    const struct autoencoder *autoencoder = dissection->autoencoder;
    int64_t last = dissection->probing->network->n_layer - 1, n_feature = autoencoder->n_feature;
    bool *kept = memory_allocate(n_feature, sizeof *kept);
    struct pass pass;
    pass_init(&pass, dissection->probing->network);
    for (int64_t a = 0; a < k; a++)
        kept[order[a]] = true;
    for (int64_t i = 0; i < dissection->probing->n_probe; i++) {
        float *x = pass.input[last];
        memcpy(x, autoencoder->centre, (size_t)autoencoder->n_in * sizeof *x);
        for (int64_t j = 0; j < n_feature; j++) {
            float value = kept[j] ? dissection->feature[i * n_feature + j] : dissection->feature_mean[j];
            if (value != 0)
                row_add_scaled(x, autoencoder->decoder + j * autoencoder->n_in, value, autoencoder->n_in);
        }
        respond(dissection, last, i, &pass, probability);
    }
    pass_clear(&pass);
    memory_free(kept);
}
