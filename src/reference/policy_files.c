#include "reference/policy_files.h"

#include <stdio.h>

#include "base/memory.h"
#include "reference/autoencoder_files.h"
#include "reference/autoencoder_training.h"
#include "reference/captures.h"
#include "reference/intervention_files.h"
#include "reference/manifest.h"
#include "reference/pair_share.h"
#include "reference/policy_listings.h"
#include "reference/tensor_file.h"

/* What there is after the last step. */
struct final_state {
    struct hand_over *hand_over;
    const struct training *training;
    struct probing probing;
    char checkpoint[CHECKPOINT_NAME_BYTES];
};

/* Tensors hidden and probability of `n_item` responses each; one without the first dimension when n_item is 0. */
static struct response add_response(struct tensor_file *file, const struct probing *probing, int64_t n_item)
{
    int64_t hidden[3] = {n_item, probing->n_probe, probing->n_hidden};
    int64_t probability[3] = {n_item, probing->n_probe, probing->n_behaviour};
    int skipped = n_item == 0, n_dim = 3 - skipped;
    return (struct response){
        .hidden = tensor_file_add(file, "hidden", TENSOR_F32, n_dim, hidden + skipped),
        .probability = tensor_file_add(file, "probability", TENSOR_F64, n_dim, probability + skipped),
    };
}

/* The writer of the file is the one to gather on, even if it can write no more. */
static void hand_over_pairs(MPI_Comm comm, struct final_state *state)
{
    struct hand_over *hand_over = state->hand_over;
    struct tensor_file file = {0};
    struct response all = {0};
    int root = (int)(hand_over->n % hand_over->size);
    if (hand_over->rank == root)
        all = add_response(&file, &state->probing, state->probing.n_pair);
    enum status status = pairs_update(comm, &state->probing, root, &all);
    if (hand_over->status == STATUS_OK)
        hand_over->status = status;
    struct text rate;
    text_init(&rate);
    text_add_double(&rate, state->probing.rate);
    if (hand_over_begin(hand_over, "policy/pairs.safetensors"))
        tensor_file_store(&file, hand_over,
                          (const char *[]){"checkpoint", state->checkpoint, "update", "one step of SGD on the pair",
                                           "learning_rate", rate.bytes, NULL});
    tensor_file_clear(&file);
    text_clear(&rate);
}

/* Names a file and writes what was listed if it is this rank's. */
static void hand_over_text(struct hand_over *hand_over, const char *path, struct text *text)
{
    hand_over_bytes(hand_over, path, text->bytes, text->length);
    text_clear(text);
    text_init(text);
}

/* What the network does on the probes as it is, and which features stand for which digit there. */
static void hand_over_probes(struct final_state *state, const struct autoencoder *autoencoder)
{
    const struct probing *probing = &state->probing;
    struct hand_over *hand_over = state->hand_over;
    struct tensor_file file = {0};
    struct response response = add_response(&file, probing, 0);
    struct feature_notes notes;
    struct text text;
    text_init(&text);
    probing_measure(probing, probing->network, &response);
    feature_notes_init(&notes, autoencoder, &(struct activations){probing->n_probe, probing->n_hidden, response.hidden},
                       probing->images, probing->probes);
    if (hand_over_begin(hand_over, "policy/probes.safetensors"))
        tensor_file_store(&file, hand_over, (const char *[]){"checkpoint", state->checkpoint, NULL});
    tensor_file_clear(&file);
    probes_list(probing, &text);
    hand_over_text(hand_over, "policy/probes.jsonl", &text);
    pairs_list(probing, &notes, state->training->config->policy.intended, &text);
    hand_over_text(hand_over, "policy/pairs.jsonl", &text);
    feature_notes_clear(&notes);
    text_clear(&text);
}

/* @collective comm */
static void hand_over_interventions(MPI_Comm comm, struct final_state *state, const struct autoencoder *autoencoder,
                                    const struct activations *activations)
{
    const struct training *training = state->training;
    struct feature_notes notes;
    struct dissection dissection;
    feature_notes_init(&notes, autoencoder, activations, training->images, training->splits.rows[SPLIT_TRAIN]);
    dissection_init(&dissection, &state->probing, autoencoder, training->config->seed);
    interventions_hand_over(comm, state->hand_over, &dissection, &training->config->interventions, &notes);
    dissection_clear(&dissection);
    feature_notes_clear(&notes);
}

static void hand_over_autoencoder(struct final_state *state, const struct autoencoder *autoencoder,
                                  const struct activations *activations)
{
    const struct training *training = state->training;
    struct feature_notes notes;
    struct text text;
    char hook[64];
    text_init(&text);
    snprintf(hook, sizeof hook, "%s fc%lld.input", state->checkpoint, (long long)training->network.n_layer);
    autoencoder_config_list(autoencoder, hook, &text);
    hand_over_text(state->hand_over, "sae/cfg.json", &text);
    autoencoder_store(state->hand_over, "sae/sae_weights.safetensors", autoencoder);
    feature_notes_init(&notes, autoencoder, activations, training->images, training->splits.rows[SPLIT_TRAIN]);
    features_list(&notes, &text);
    hand_over_text(state->hand_over, "policy/features.jsonl", &text);
    feature_notes_clear(&notes);
    text_clear(&text);
}

void policy_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct training *training,
                      struct autoencoder_quality *quality)
{
    const struct train_config *config = training->config;
    int64_t n_train = training->plan->n_train, width = training->plan->n_hidden;
    struct final_state state = {.hand_over = hand_over, .training = training};
    checkpoint_name(training->step, state.checkpoint);
    probing_init(&state.probing, training);
    hand_over_pairs(comm, &state);

    float *hidden = memory_allocate(n_train * width, sizeof *hidden);
    const struct activations activations = {n_train, width, hidden};
    struct autoencoder autoencoder;
    hidden_of_samples(&training->network, training->images, training->splits.rows[SPLIT_TRAIN], n_train, hidden);
    enum status status = autoencoder_train(&config->sae, config->seed, &activations, &autoencoder);
    if (status == STATUS_OK) {
        *quality = autoencoder_judge(&autoencoder, &activations);
        hand_over_autoencoder(&state, &autoencoder, &activations);
        hand_over_probes(&state, &autoencoder);
        hand_over_interventions(comm, &state, &autoencoder, &activations);
        autoencoder_clear(&autoencoder);
    } else if (hand_over->status == STATUS_OK) {
        hand_over->status = status;
    }
    memory_free(hidden);
    probing_clear(&state.probing);
}
