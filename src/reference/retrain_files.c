#include <stdio.h>
#include <string.h>

#include "reference/listings.h"
#include "reference/retrain.h"
#include "reference/tensor_file.h"

static void hand_over_masks(struct hand_over *hand_over, const struct retrain_sets *sets, int kind)
{
    const struct npy npy = {"|u1", sets->n[kind], sets->n_train, sets->kept + sets->first[kind] * sets->n_train};
    char path[64];
    struct text text;
    snprintf(path, sizeof path, "truth/%s.npy", set_kind_names[kind]);
    text_init(&text);
    npy_list(&npy, &text);
    hand_over_bytes(hand_over, path, text.bytes, text.length);
    text_clear(&text);
}

/* Tensor NAME of the sets of one kind, from the values of all kinds. */
static void add_tensor(struct tensor_file *file, const char *name, enum tensor_type type,
                       const struct outcomes *outcomes, const struct retrain_sets *sets, int kind, const void *values)
{
    size_t bytes = (size_t)(outcomes->n_seed * outcomes->n_query) * tensor_type_size(type); /* of a set */
    void *tensor =
        tensor_file_add(file, name, type, 3, (int64_t[]){sets->n[kind], outcomes->n_seed, outcomes->n_query});
    memcpy(tensor, (const char *)values + (size_t)sets->first[kind] * bytes, (size_t)sets->n[kind] * bytes);
}

static void hand_over_outcomes(struct hand_over *hand_over, const struct retrain_sets *sets, int kind,
                               const struct outcomes *outcomes)
{
    char path[64];
    snprintf(path, sizeof path, "truth/%s.safetensors", set_kind_names[kind]);
    if (!hand_over_begin(hand_over, path))
        return;
    struct tensor_file file = {0};
    add_tensor(&file, "loss", TENSOR_F64, outcomes, sets, kind, outcomes->loss);
    add_tensor(&file, "margin", TENSOR_F64, outcomes, sets, kind, outcomes->margin);
    add_tensor(&file, "correct", TENSOR_U8, outcomes, sets, kind, outcomes->correct);
    tensor_file_store(&file, hand_over, (const char *[]){"axes", "set, seed, query", NULL});
    tensor_file_clear(&file);
}

void outcomes_hand_over(struct hand_over *hand_over, const struct retrain_sets *sets, const struct outcomes *outcomes)
{
    struct text text;
    text_init(&text);
    retrain_sets_list(sets, &text);
    hand_over_bytes(hand_over, "truth/sets.jsonl", text.bytes, text.length);
    text_clear(&text);
    for (int kind = 0; kind < N_SET_KIND; kind++) {
        if (sets->n[kind] > 0 && kind != SET_BASELINE)
            hand_over_masks(hand_over, sets, kind);
        if (sets->n[kind] > 0)
            hand_over_outcomes(hand_over, sets, kind, outcomes);
    }
}
