#include "reference/captures.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "reference/tensor_file.h"

char *checkpoint_name(int64_t step, char name[CHECKPOINT_NAME_BYTES])
{
    snprintf(name, CHECKPOINT_NAME_BYTES, "step-%06lld", (long long)step);
    return name;
}

/* Tensor "fcK.PART" of layer k = K − 1; a vector when n_column is 0. */
static float *add_layer_tensor(struct tensor_file *file, int64_t k, const char *part, int64_t n_row, int64_t n_column)
{
    char name[64], layer[LAYER_NAME_BYTES];
    snprintf(name, sizeof name, "%s.%s", layer_name(k, layer), part);
    return tensor_file_add(file, name, TENSOR_F32, n_column ? 2 : 1, (int64_t[]){n_row, n_column});
}

static void store(struct tensor_file *file, struct hand_over *hand_over, const char *checkpoint)
{
    tensor_file_store(file, hand_over, (const char *[]){"checkpoint", checkpoint, NULL});
    tensor_file_clear(file);
}

void checkpoint_store(struct hand_over *hand_over, const char *name, const struct network *network)
{
    char path[128];
    snprintf(path, sizeof path, "checkpoints/%s.safetensors", name);
    if (!hand_over_begin(hand_over, path))
        return;
    struct tensor_file file = {0};
    for (int64_t k = 0; k < network->n_layer; k++) {
        const struct layer *layer = &network->layers[k];
        float *weight = add_layer_tensor(&file, k, "weight", layer->n_out, layer->n_in);
        for (int64_t i = 0; i < layer->n_in; i++)
            for (int64_t j = 0; j < layer->n_out; j++)
                weight[j * layer->n_in + i] = layer->weight[i * layer->n_out + j];
        memcpy(add_layer_tensor(&file, k, "bias", layer->n_out, 0), layer->bias, (size_t)layer->n_out * sizeof(float));
    }
    store(&file, hand_over, name);
}

/* Where the rows of a capture go, in the order of its tensors. */
struct capture_rows {
    float **input, **gradient; /* owned lists of borrowed tensors; per layer */
    float *logits;
    int64_t *labels;
};

static void begin_rows(struct capture_rows *rows, struct tensor_file *file, const struct network *network, int64_t n)
{
    int64_t n_layer = network->n_layer;
    *rows = (struct capture_rows){.input = memory_allocate(n_layer, sizeof *rows->input),
                                  .gradient = memory_allocate(n_layer, sizeof *rows->gradient)};
    for (int64_t k = 0; k < n_layer; k++) {
        rows->input[k] = add_layer_tensor(file, k, "input", n, network->layers[k].n_in);
        rows->gradient[k] = add_layer_tensor(file, k, "gradient", n, network->layers[k].n_out);
    }
    rows->logits = tensor_file_add(file, "logits", TENSOR_F32, 2, (int64_t[]){n, N_CLASS});
    rows->labels = tensor_file_add(file, "labels", TENSOR_I64, 1, &n);
}

static void copy_row(float *tensor, int64_t row, const float *values, int64_t n)
{
    memcpy(tensor + row * n, values, (size_t)n * sizeof *values);
}

static void fill_rows(struct capture_rows *rows, const struct capture *capture, const struct network *network,
                      const struct images *images)
{
    struct pass pass;
    pass_init(&pass, network);
    for (int64_t r = 0; r < capture->n; r++) {
        int64_t sample = capture->rows[r], label = images->labels[sample];
        float x[N_PIXEL];
        images_get(images, sample, x);
        network_forward(network, x, label, &pass);
        network_backward(network, label, &pass);
        for (int64_t k = 0; k < network->n_layer; k++) {
            copy_row(rows->input[k], r, pass.input[k], network->layers[k].n_in);
            copy_row(rows->gradient[k], r, pass.gradient[k], network->layers[k].n_out);
        }
        copy_row(rows->logits, r, pass.logits, N_CLASS);
        rows->labels[r] = label;
    }
    pass_clear(&pass);
}

void capture_store(struct hand_over *hand_over, const struct capture *capture, const struct network *network,
                   const struct images *images)
{
    char path[128];
    snprintf(path, sizeof path, "captures/%s/%s", capture->checkpoint, capture->file);
    if (!hand_over_begin(hand_over, path))
        return;
    struct tensor_file file = {0};
    struct capture_rows rows;
    begin_rows(&rows, &file, network, capture->n);
    fill_rows(&rows, capture, network, images);
    memory_free(rows.input);
    memory_free(rows.gradient);
    store(&file, hand_over, capture->checkpoint);
}
