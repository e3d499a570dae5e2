#include "policy/sae.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "policy/sae_weights.h"

enum { CONFIG_LIMIT = 16 << 20 };

static const char *const weights_files[] = {
    [SAE_SAELENS] = "sae_weights.safetensors", [SAE_SPARSIFY] = "sae.safetensors"};

static bool has_file(const char *directory, const char *name, const char *file)
{
    char *within = path_join(name, file), *path = path_join(directory, within);
    bool exists = path_exists(path);
    memory_free(path);
    memory_free(within);
    return exists;
}

/* The weights' file tells the layouts apart; cfg.json is of both. */
static enum status find_layout(const char *directory, const char *name, enum sae_layout *layout)
{
    if (name[0] == 0 || strpbrk(name, "*?[") != NULL)
        return fail(BAD_INPUT, "\"%s\": expected the folder of a sparse autoencoder, without * ? [ in its name", name);
    bool has[] = {has_file(directory, name, weights_files[SAE_SAELENS]),
                  has_file(directory, name, weights_files[SAE_SPARSIFY])};
    if (has[SAE_SAELENS] == has[SAE_SPARSIFY])
        return fail(BAD_INPUT, "%s: expected a folder with either %s (SAELens) or %s (sparsify), found %s", name,
                    weights_files[SAE_SAELENS], weights_files[SAE_SPARSIFY],
                    has[SAE_SAELENS] ? "both" : "none of them");
    *layout = has[SAE_SAELENS] ? SAE_SAELENS : SAE_SPARSIFY;
    return STATUS_OK;
}

static enum status read_config(const char *directory, enum sae_layout layout, struct segment_list *segments,
                               struct sae *sae)
{
    char *within = path_join(sae->directory, "cfg.json"), *path = path_join(directory, within), *bytes = NULL;
    size_t n = 0;
    enum status status = file_load(path, CONFIG_LIMIT, &bytes, &n);
    bool is_loaded = status == STATUS_OK;
    if (is_loaded)
        status = sae_config_parse(bytes, n, within, layout, &sae->config);
    if (status == STATUS_OK) {
        struct segment whole = {.path = within, .object = (char *)"-", .kind = SEGMENT_RAW, .bytes = (int64_t)n};
        segments_add(&sae->files, &whole);
        digest_of(bytes, n, whole.sha256);
        if (segments != NULL)
            segments_add(segments, &whole);
    }
    if (is_loaded)
        memory_free(bytes);
    memory_free(path);
    memory_free(within);
    return status;
}

static void describe(struct sae *sae)
{
    static const char *const normalisations[] = {
        [SAE_NORM_CONSTANT] = ", activations at constant norm", [SAE_NORM_LAYER] = ", activations layer-normalised"};
    struct text text;
    text_init(&text);
    text_add(&text, "%s encoder of %s, ", sae_architecture_name(sae->config.architecture), sae->directory);
    if (sae->config.k > 0)
        text_add(&text, "%lld of ", (long long)sae->config.k);
    text_add(&text, "%lld feature%s", (long long)sae->d_sae, sae->d_sae == 1 ? "" : "s");
    if (sae->config.normalisation >= SAE_NORM_CONSTANT)
        text_add(&text, "%s", normalisations[sae->config.normalisation]);
    sae->description = text_take(&text);
    text_clear(&text);
}

enum status sae_open(const char *directory, const char *name, int n_digit, struct segment_list *segments,
                     struct sae **sae)
{
    enum sae_layout layout = SAE_SAELENS;
    enum status status = find_layout(directory, name, &layout);
    if (status != STATUS_OK)
        return status;
    struct sae *opened = memory_allocate(1, sizeof *opened);
    struct segment_list hashed;
    segments_init(&hashed);
    segments_init(&opened->files);
    opened->n_user = 1;
    opened->directory = memory_copy_text(name);
    opened->weights_file = path_join(name, weights_files[layout]);
    struct segment_list *into = segments != NULL ? &hashed : NULL;
    status = read_config(directory, layout, into, opened);
    if (status == STATUS_OK)
        status = sae_weights_read(directory, n_digit, into, opened);
    if (status == STATUS_OK) {
        describe(opened);
        for (int64_t i = 0; i < hashed.n; i++)
            segments_add(segments, &hashed.items[i]);
        *sae = opened;
    } else {
        sae_close(opened);
    }
    segments_clear(&hashed);
    return status;
}

struct sae *sae_share(struct sae *sae)
{
    sae->n_user++;
    return sae;
}

void sae_close(struct sae *sae)
{
    if (sae == NULL || --sae->n_user > 0)
        return;
    digits_clear(&sae->weights);
    memory_free(sae->centre);
    memory_free(sae->bias);
    memory_free(sae->threshold);
    memory_free(sae->gain);
    memory_free(sae->offset);
    memory_free(sae->directory);
    memory_free(sae->description);
    memory_free(sae->weights_file);
    segments_clear(&sae->files);
    memory_free(sae);
}

int64_t sae_bytes(const struct sae *sae)
{
    int n_vector = sae->offset == NULL ? 3 : 4;
    return digits_bytes(sae->weights.n_digit, sae->d_sae, sae->d_in) +
           (n_vector * sae->d_sae + (sae->centre == NULL ? 0 : sae->d_in)) * (int64_t)sizeof(double);
}
