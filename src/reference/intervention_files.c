#include "reference/intervention_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/share.h"
#include "reference/rng.h"
#include "reference/row_share.h"
#include "reference/tensor_file.h"

static const char *const change_names[N_CHANGE] = {"zero", "mean", "patch"};

/* What a rank has measured of its own parts, and what all know. */
struct measuring {
    MPI_Comm comm;
    int rank, size;
    struct hand_over *hand_over;
    const struct dissection *dissection;
    const struct interventions_config *config;
    int64_t first, n, cells;                               /* own parts; numbers of one response */
    double *intact, *after[N_CHANGE], *controls[N_CHANGE]; /* owned */
    int64_t *order; /* owned; n_behaviour × n_feature: by |mean effect|, ties to the lower one */
};

/* ---- measuring ----------------------------------------------------------------------------------------------------
 */

static void measure_parts(struct measuring *measuring)
{
    int64_t n = measuring->n, cells = measuring->cells, n_control = measuring->config->controls;
    for (int v = 0; v < N_CHANGE; v++) {
        measuring->after[v] = memory_allocate(n * cells, sizeof(double));
        measuring->controls[v] = memory_allocate(n * n_control * cells, sizeof(double));
        for (int64_t p = 0; p < n; p++) {
            dissection_change(measuring->dissection, measuring->first + p, (enum change)v, -1,
                              measuring->after[v] + p * cells);
            for (int64_t r = 0; r < n_control; r++)
                dissection_change(measuring->dissection, measuring->first + p, (enum change)v, r,
                                  measuring->controls[v] + (p * n_control + r) * cells);
        }
    }
}

static void measure_intact(struct measuring *measuring)
{
    const struct probing *probing = measuring->dissection->probing;
    struct response response = {memory_allocate(probing->n_probe * probing->n_hidden, sizeof(float)),
                                memory_allocate(measuring->cells, sizeof(double))};
    probing_measure(probing, probing->network, &response);
    measuring->intact = response.probability;
    memory_free(response.hidden);
}

struct strength {
    int64_t feature;
    double value;
};

static int compare_strengths(const void *a, const void *b)
{
    const struct strength *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return (left->feature > right->feature) - (left->feature < right->feature);
}

/* Features come first among the parts.  @collective measuring->comm */
static void order_features(struct measuring *measuring)
{
    int64_t m = measuring->dissection->probing->n_behaviour, n_feature = measuring->dissection->autoencoder->n_feature;
    double *effect = memory_allocate(m * n_feature, sizeof *effect);
    struct strength *all = memory_allocate(n_feature, sizeof *all);
    measuring->order = memory_allocate(m * n_feature, sizeof *measuring->order);
    for (int64_t p = 0; p < measuring->n && measuring->first + p < n_feature; p++)
        for (int64_t i = 0; i < measuring->cells; i++)
            effect[i % m * n_feature + measuring->first + p] +=
                measuring->intact[i] - measuring->after[CHANGE_ZERO][p * measuring->cells + i];
    share_doubles(measuring->comm, effect, m * n_feature);
    for (int64_t b = 0; b < m; b++) {
        for (int64_t j = 0; j < n_feature; j++)
            all[j] = (struct strength){j, fabs(effect[b * n_feature + j])};
        qsort(all, (size_t)n_feature, sizeof *all, compare_strengths);
        for (int64_t j = 0; j < n_feature; j++)
            measuring->order[b * n_feature + j] = all[j].feature;
    }
    memory_free(all);
    memory_free(effect);
}

/* ---- files of parts -----------------------------------------------------------------------------------------------
 */

static void list_parts(struct measuring *measuring, const struct feature_notes *notes)
{
    static const char *const kinds[] = {
        [COMPONENT_FEATURE] = "feature", [COMPONENT_UNIT] = "neuron", [COMPONENT_LAYER] = "layer"};
    struct text text;
    text_init(&text);
    for (int64_t c = 0; c < measuring->dissection->n_component; c++) {
        const struct component *component = &measuring->dissection->components[c];
        long long member = component->member, layer = component->layer;
        if (component->kind == COMPONENT_FEATURE)
            text_add(&text, "{\"id\": \"feature-%lld\"", member);
        else if (component->kind == COMPONENT_UNIT)
            text_add(&text, "{\"id\": \"fc%lld-%lld\"", layer, member);
        else
            text_add(&text, "{\"id\": \"fc%lld\"", layer);
        text_add(&text, ", \"kind\": \"%s\"", kinds[component->kind]);
        if (layer > 0) /* features may be those of the image itself */
            text_add(&text, ", \"layer\": \"fc%lld\"", layer);
        if (component->kind == COMPONENT_LAYER) {
            int64_t width = measuring->dissection->probing->network->layers[component->layer].n_in;
            for (int64_t u = 0; u < width; u++)
                text_add(&text, "%s%lld", u ? ", " : ", \"members\": [", (long long)u);
            text_add(&text, "]");
        } else {
            text_add(&text, ", \"members\": [%lld]", member);
        }
        text_add(&text, ", \"label\": \"");
        if (component->kind == COMPONENT_FEATURE)
            feature_label(notes, component->member, &text);
        else
            text_add(&text, "%s", component->kind == COMPONENT_UNIT ? "a hidden unit" : "all hidden units");
        text_add(&text, "\"}\n");
    }
    hand_over_bytes(measuring->hand_over, "mechanism/parts.jsonl", text.bytes, text.length);
    text_clear(&text);
}

/* The rank that writes the next file. */
static int next_writer(const struct measuring *measuring)
{
    return (int)(measuring->hand_over->n % measuring->hand_over->size);
}

static void add_source(const struct measuring *measuring, struct tensor_file *file)
{
    const struct dissection *dissection = measuring->dissection;
    const struct probing *probing = dissection->probing;
    int64_t n = probing->n_probe, m = probing->n_behaviour;
    double *source = tensor_file_add(file, "source", TENSOR_F64, 2, (int64_t[]){n, m});
    float *inputs = tensor_file_add(file, "inputs", TENSOR_F32, 2, (int64_t[]){n, N_PIXEL});
    for (int64_t i = 0; i < n; i++)
        memcpy(source + i * m, measuring->intact + dissection->source[i] * m, (size_t)m * sizeof *source);
    memcpy(inputs, dissection->hidden[0], (size_t)(n * N_PIXEL) * sizeof *inputs);
}

/* Three tensors of all parts, gathered on the rank that writes them.  @collective measuring->comm */
static void hand_over_parts(struct measuring *measuring, const char *path, bool controls)
{
    const struct probing *probing = measuring->dissection->probing;
    int64_t n = measuring->dissection->n_component, n_control = measuring->config->controls;
    struct tensor_file file = {0};
    int root = next_writer(measuring);
    for (int v = 0; v < N_CHANGE; v++) {
        const int64_t after[] = {n, probing->n_probe, probing->n_behaviour};
        const int64_t control[] = {n, n_control, probing->n_probe, probing->n_behaviour};
        double *all = NULL;
        if (measuring->rank == root)
            all = tensor_file_add(&file, change_names[v], TENSOR_F64, controls ? 4 : 3, controls ? control : after);
        int64_t bytes = measuring->cells * (controls ? n_control : 1) * (int64_t)sizeof(double);
        row_share_gather(measuring->comm, n, bytes, controls ? measuring->controls[v] : measuring->after[v], root, all);
    }
    if (!controls && measuring->rank == root)
        add_source(measuring, &file);
    if (hand_over_begin(measuring->hand_over, path))
        tensor_file_store(&file, measuring->hand_over, (const char *[]){"network", "at the last checkpoint", NULL});
    tensor_file_clear(&file);
}

/* ---- pairs and recomposition --------------------------------------------------------------------------------------
 */

/* Two of the strongest features of a behaviour, each pair once: first[], second[] owned by the caller. */
static int64_t list_pairs(const struct measuring *measuring, int64_t **first, int64_t **second)
{
    int64_t m = measuring->dissection->probing->n_behaviour, n_feature = measuring->dissection->autoencoder->n_feature;
    int64_t top = measuring->config->paired < n_feature ? measuring->config->paired : n_feature, n = 0;
    *first = memory_allocate(m * top * top, sizeof **first);
    *second = memory_allocate(m * top * top, sizeof **second);
    for (int64_t b = 0; b < m; b++)
        for (int64_t i = 0; i < top; i++)
            for (int64_t k = i + 1; k < top; k++) {
                const int64_t *order = measuring->order + b * n_feature;
                int64_t low = order[i] < order[k] ? order[i] : order[k], high = order[i] + order[k] - low, at = 0;
                while (at < n && ((*first)[at] != low || (*second)[at] != high))
                    at++;
                (*first)[at] = low;
                (*second)[at] = high;
                n += at == n;
            }
    return n;
}

/* 0, 1, 2, 4, … and all features. */
static int64_t list_sizes(int64_t n_feature, int64_t k[64])
{
    int64_t n = 0;
    k[n++] = 0;
    for (int64_t size = 1; size < n_feature; size *= 2)
        k[n++] = size;
    k[n++] = n_feature;
    return n;
}

static void fill_top(const struct measuring *measuring, const int64_t *k, int64_t n_k, double *top)
{
    int64_t m = measuring->dissection->probing->n_behaviour, n_feature = measuring->dissection->autoencoder->n_feature;
    double *rebuilt = memory_allocate(measuring->cells, sizeof *rebuilt);
    for (int64_t s = 0; s < n_k; s++)
        for (int64_t b = 0; b < m; b++) {
            dissection_rebuild(measuring->dissection, measuring->order + b * n_feature, k[s], rebuilt);
            for (int64_t i = b; i < measuring->cells; i += m)
                top[s * measuring->cells + i] = rebuilt[i];
        }
    memory_free(rebuilt);
}

static void fill_random(const struct measuring *measuring, const int64_t *k, int64_t n_k, double *random)
{
    int64_t n_feature = measuring->dissection->autoencoder->n_feature, n_draw = measuring->config->draws;
    int64_t *order = memory_allocate(n_feature, sizeof *order);
    for (int64_t d = 0; d < n_draw; d++) {
        struct rng rng;
        rng_init(&rng, measuring->dissection->seed, STREAM_PARTS, d);
        for (int64_t j = 0; j < n_feature; j++)
            order[j] = j;
        rng_shuffle(&rng, order, n_feature);
        for (int64_t s = 0; s < n_k; s++)
            dissection_rebuild(measuring->dissection, order, k[s], random + (s * n_draw + d) * measuring->cells);
    }
    memory_free(order);
}

/* Small enough for the rank that writes it to do all of it. */
static void hand_over_recomposition(struct measuring *measuring)
{
    const struct probing *probing = measuring->dissection->probing;
    int64_t k[64], n = probing->n_probe, m = probing->n_behaviour, *first, *second;
    int64_t n_k = list_sizes(measuring->dissection->autoencoder->n_feature, k);
    int64_t n_pair = list_pairs(measuring, &first, &second);
    struct text text;
    text_init(&text);
    for (int64_t i = 0; i < n_pair; i++)
        text_add(&text, "{\"first\": \"feature-%lld\", \"second\": \"feature-%lld\"}\n", (long long)first[i],
                 (long long)second[i]);
    hand_over_bytes(measuring->hand_over, "mechanism/pairs.jsonl", text.bytes, text.length);
    text_clear(&text);
    if (hand_over_begin(measuring->hand_over, "mechanism/recomposition.safetensors")) {
        struct tensor_file file = {0};
        memcpy(tensor_file_add(&file, "k", TENSOR_I64, 1, &n_k), k, (size_t)n_k * sizeof *k);
        fill_top(measuring, k, n_k, tensor_file_add(&file, "top", TENSOR_F64, 3, (int64_t[]){n_k, n, m}));
        fill_random(measuring, k, n_k,
                    tensor_file_add(&file, "random", TENSOR_F64, 4, (int64_t[]){n_k, measuring->config->draws, n, m}));
        double *both = tensor_file_add(&file, "pairs", TENSOR_F64, 3, (int64_t[]){n_pair, n, m});
        for (int64_t i = 0; i < n_pair; i++)
            dissection_change_both(measuring->dissection, first[i], second[i], both + i * measuring->cells);
        tensor_file_store(&file, measuring->hand_over, (const char *[]){"network", "at the last checkpoint", NULL});
        tensor_file_clear(&file);
    }
    memory_free(first);
    memory_free(second);
}

/* ---- all of it ----------------------------------------------------------------------------------------------------
 */

void interventions_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct dissection *dissection,
                             const struct interventions_config *config, const struct feature_notes *notes)
{
    if (config->controls == 0)
        return;
    const struct probing *probing = dissection->probing;
    struct measuring measuring = {.comm = comm,
                                  .hand_over = hand_over,
                                  .dissection = dissection,
                                  .config = config,
                                  .cells = probing->n_probe * probing->n_behaviour};
    MPI_Comm_rank(comm, &measuring.rank);
    MPI_Comm_size(comm, &measuring.size);
    measuring.first = row_share_first(dissection->n_component, measuring.rank, measuring.size);
    measuring.n = row_share_first(dissection->n_component, measuring.rank + 1, measuring.size) - measuring.first;
    measure_intact(&measuring);
    measure_parts(&measuring);
    order_features(&measuring);
    list_parts(&measuring, notes);
    hand_over_parts(&measuring, "mechanism/interventions.safetensors", false);
    hand_over_parts(&measuring, "mechanism/controls.safetensors", true);
    hand_over_recomposition(&measuring);
    for (int v = 0; v < N_CHANGE; v++) {
        memory_free(measuring.after[v]);
        memory_free(measuring.controls[v]);
    }
    memory_free(measuring.intact);
    memory_free(measuring.order);
}
