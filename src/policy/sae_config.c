#include "policy/sae_config.h"

#include <string.h>

#include "base/text.h"
#include "config/json.h"

/* The object being read; `name` starts sentences. */
struct source_text {
    const cJSON *json;
    const char *name;
};

static enum status refuse(const struct source_text *cfg, const char *key, const char *expected, const cJSON *found)
{
    struct text text;
    text_init(&text);
    json_add_found(&text, found);
    enum status status = fail(BAD_INPUT, "%s: %s: expected %s, found %s", cfg->name, key, expected, text.bytes);
    text_clear(&text);
    return status;
}

/* The member, or NULL if it is absent or null, which Python writes for None: both leave the default. */
static const cJSON *member(const struct source_text *cfg, const char *key)
{
    const cJSON *item = json_member(cfg->json, key);
    return cJSON_IsNull(item) ? NULL : item;
}

static enum status read_boolean(const struct source_text *cfg, const char *key, bool fallback, bool *value)
{
    const cJSON *item = member(cfg, key);
    *value = item == NULL ? fallback : cJSON_IsTrue(item);
    return item == NULL || cJSON_IsBool(item) ? STATUS_OK : refuse(cfg, key, "true or false", item);
}

/* One of `names` (ended by NULL) into *index; `fallback` when the key is absent. */
static enum status read_choice(const struct source_text *cfg, const char *key, const char *const *names, int fallback,
                               int *index)
{
    const cJSON *item = member(cfg, key);
    *index = fallback;
    if (item == NULL)
        return STATUS_OK;
    struct text list;
    text_init(&list);
    for (int i = 0; names[i] != NULL; i++) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, names[i]) == 0) {
            text_clear(&list);
            *index = i;
            return STATUS_OK;
        }
        text_add(&list, "%s%s", i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ", names[i]);
    }
    enum status status = refuse(cfg, key, list.bytes, item);
    text_clear(&list);
    return status;
}

static enum status check_k(const struct source_text *cfg, const char *key, const cJSON *item, int64_t *k)
{
    bool good = item != NULL && json_integer(item, k) && *k >= 1;
    return good ? STATUS_OK : refuse(cfg, key, "the number of features that top-k keeps, at least 1", item);
}

/* ---- SAELens ---------------------------------------------------------------------------------------------------- */

/* k itself in version 6; before, it was an argument of the activation function. */
static enum status read_k(const struct source_text *cfg, struct sae_config *config)
{
    const cJSON *k = member(cfg, "k"), *arguments = member(cfg, "activation_fn_kwargs");
    if (k == NULL && arguments != NULL && json_member(arguments, "k") != NULL)
        return check_k(cfg, "activation_fn_kwargs.k", json_member(arguments, "k"), &config->k);
    return check_k(cfg, "k", k, &config->k);
}

static enum status read_architecture(const struct source_text *cfg, struct sae_config *config)
{
    static const char *const architectures[] = {"standard", "jumprelu", "topk", "gated", NULL};
    static const char *const functions[] = {"relu", "topk", NULL};
    const cJSON *named = member(cfg, "architecture");
    int architecture, function;
    if (cJSON_IsString(named) && strstr(named->valuestring, "batchtopk") != NULL)
        return refuse(cfg, "architecture",
                      "an encoder saved for inference, where batch top-k is jumprelu with the threshold of training",
                      named);
    enum status status = read_choice(cfg, "architecture", architectures, SAE_STANDARD, &architecture);
    const char *key = member(cfg, "activation_fn") != NULL ? "activation_fn" : "activation_fn_str";
    if (status == STATUS_OK)
        status = read_choice(cfg, key, functions, 0, &function);
    if (status != STATUS_OK)
        return status;
    config->architecture = (enum sae_architecture)architecture;
    if (function == 1 && config->architecture != SAE_STANDARD && config->architecture != SAE_TOPK)
        return refuse(cfg, key, "relu with this architecture", member(cfg, key));
    if (function == 1)
        config->architecture = SAE_TOPK;
    return config->architecture == SAE_TOPK ? read_k(cfg, config) : STATUS_OK;
}

static enum status read_normalisation(const struct source_text *cfg, struct sae_config *config)
{
    static const char *const names[] = {"none", "expected_average_only_in", "constant_norm_rescale", "layer_norm",
                                        NULL};
    const char *key = "normalize_activations";
    const cJSON *item = member(cfg, key);
    int index = cJSON_IsTrue(item) ? SAE_NORM_EXPECTED_AVERAGE : SAE_NORM_NONE; /* booleans are of the first versions */
    enum status status = cJSON_IsBool(item) ? STATUS_OK : read_choice(cfg, key, names, SAE_NORM_NONE, &index);
    config->normalisation = (enum sae_normalisation)index;
    return status;
}

static enum status read_saelens(const struct source_text *cfg, struct sae_config *config)
{
    /* hook_z only flattens heads, which a matrix of activations is already. */
    static const char *const shapes[] = {"none", "hook_z", NULL};
    int shape;
    bool rescaled;
    enum status status = read_architecture(cfg, config);
    if (status == STATUS_OK)
        status = read_normalisation(cfg, config);
    if (status == STATUS_OK)
        status = read_choice(cfg, "reshape_activations", shapes, 0, &shape);
    if (status == STATUS_OK)
        status = read_boolean(cfg, "apply_b_dec_to_input", true, &config->is_centred);
    if (status == STATUS_OK)
        status = read_boolean(cfg, "rescale_acts_by_decoder_norm", false, &rescaled);
    /* Left over from training in other architectures, whose weights have it folded in. */
    config->is_rescaled = status == STATUS_OK && rescaled && config->architecture == SAE_TOPK;
    return status;
}

/* ---- sparsify --------------------------------------------------------------------------------------------------- */

static enum status read_sparsify(const struct source_text *cfg, struct sae_config *config)
{
    static const char *const functions[] = {"topk", NULL};
    static const struct {
        const char *key, *expected;
    } unsupported[] = {
        {"skip_connection", "false: what a skip connection carries past the features is not in them"},
        {"signed", "false: signed features are not supported"},
        {"matching_pursuit", "false: features found one after the other are not supported"},
    };
    int function;
    bool transcode;
    enum status status = read_choice(cfg, "activation", functions, 0, &function);
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported && status == STATUS_OK; i++) {
        bool is_set;
        status = read_boolean(cfg, unsupported[i].key, false, &is_set);
        if (status == STATUS_OK && is_set)
            status = refuse(cfg, unsupported[i].key, unsupported[i].expected, member(cfg, unsupported[i].key));
    }
    if (status == STATUS_OK)
        status = read_boolean(cfg, "transcode", false, &transcode);
    if (status != STATUS_OK)
        return status;
    config->architecture = SAE_TOPK;
    config->is_centred = !transcode;
    return check_k(cfg, "k", member(cfg, "k"), &config->k);
}

enum status sae_config_parse(const char *bytes, size_t n, const char *name, enum sae_layout layout,
                             struct sae_config *config)
{
    cJSON *json = NULL;
    enum status status = json_parse(bytes, n, name, BAD_INPUT, &json);
    if (status != STATUS_OK)
        return status;
    const struct source_text cfg = {json, name};
    struct sae_config read = {.layout = layout};
    if (!cJSON_IsObject(json))
        status = fail(BAD_INPUT, "%s: expected a JSON object", name);
    else
        status = layout == SAE_SPARSIFY ? read_sparsify(&cfg, &read) : read_saelens(&cfg, &read);
    cJSON_Delete(json);
    if (status == STATUS_OK)
        *config = read;
    return status;
}

const char *sae_architecture_name(enum sae_architecture architecture)
{
    static const char *const names[] = {"standard", "jumprelu", "top-k", "gated"};
    return names[architecture];
}
