#include "reference/autoencoder_files.h"

#include <string.h>

#include "reference/tensor_file.h"

/* The keys of TopKSAEConfig.  The version is that of the layout: a loader that finds none takes the file for an older
 * one, and fills in what it thinks is missing. */
void autoencoder_config_list(const struct autoencoder *autoencoder, const char *hook, struct text *text)
{
    text_add(text,
             "{\n"
             "  \"architecture\": \"topk\",\n"
             "  \"d_in\": %lld,\n"
             "  \"d_sae\": %lld,\n"
             "  \"k\": %lld,\n"
             "  \"rescale_acts_by_decoder_norm\": false,\n"
             "  \"apply_b_dec_to_input\": true,\n"
             "  \"normalize_activations\": \"none\",\n"
             "  \"reshape_activations\": \"none\",\n"
             "  \"dtype\": \"float32\",\n"
             "  \"device\": \"cpu\",\n"
             "  \"metadata\": {\"sae_lens_version\": \"6.0.0\", \"model_name\": \"assay-reference\", "
             "\"hook_name\": \"%s\"}\n"
             "}\n",
             (long long)autoencoder->n_in, (long long)autoencoder->n_feature, (long long)autoencoder->n_active, hook);
}

static void add_tensor(struct tensor_file *file, const char *name, const float *values, int64_t n_row, int64_t n_column)
{
    int64_t dims[2] = {n_row, n_column};
    memcpy(tensor_file_add(file, name, TENSOR_F32, n_column ? 2 : 1, dims), values,
           (size_t)(n_row * (n_column ? n_column : 1)) * sizeof *values);
}

void autoencoder_store(struct hand_over *hand_over, const char *path, const struct autoencoder *autoencoder)
{
    if (!hand_over_begin(hand_over, path))
        return;
    struct tensor_file file = {0};
    int64_t d_in = autoencoder->n_in, d_sae = autoencoder->n_feature;
    add_tensor(&file, "W_enc", autoencoder->encoder, d_in, d_sae);
    add_tensor(&file, "b_enc", autoencoder->bias, d_sae, 0);
    add_tensor(&file, "W_dec", autoencoder->decoder, d_sae, d_in);
    add_tensor(&file, "b_dec", autoencoder->centre, d_in, 0);
    tensor_file_store(&file, hand_over, NULL);
    tensor_file_clear(&file);
}
