#include "reference/ground_truth.h"

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "reference/manifest.h"
#include "reference/retrain.h"

enum status ground_truth_init(struct ground_truth *truth, const struct train_config *config,
                              const struct train_plan *plan, struct images *images)
{
    struct splits splits;
    *truth = (struct ground_truth){0};
    splits_init(&splits, plan, config->seed);
    enum status status = planted_init(&truth->planted, config, &splits, images);
    if (status == STATUS_OK)
        status = query_images_init(&truth->queries, config, &splits, images);
    if (status == STATUS_OK && retrain_is_asked(&config->retrain))
        status = retrain_sets_init(&truth->sets, config, &splits, images);
    splits_clear(&splits);
    if (status != STATUS_OK)
        ground_truth_clear(truth);
    return status;
}

void ground_truth_clear(struct ground_truth *truth)
{
    planted_clear(&truth->planted);
    query_images_clear(&truth->queries);
    retrain_sets_clear(&truth->sets);
}

/* How long it took, for people: no file of the hand-over may depend on it. */
static enum status store_timing(const struct hand_over *hand_over, int64_t n_network, double seconds)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\"networks\": %lld, \"ranks\": %d, \"seconds\": %.3f}\n", (long long)n_network, hand_over->size,
             seconds);
    char *path = path_join(hand_over->directory, "truth/timing.json");
    enum status status = file_store(path, text.bytes, text.length, 0666);
    memory_free(path);
    text_clear(&text);
    return status;
}

static void retrain_and_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct retraining *retraining,
                                  int64_t *n_network, double *seconds)
{
    struct outcomes outcomes;
    double start = clock_seconds();
    enum status status = agree(comm, hand_over->status); /* what could not be written so far ends it before this */
    if (status == STATUS_OK)
        status = retrain(comm, retraining, &outcomes);
    if (status != STATUS_OK) {
        hand_over->status = status;
        return;
    }
    *n_network = outcomes.n_set * outcomes.n_seed;
    *seconds = clock_seconds() - start;
    outcomes_hand_over(hand_over, retraining->sets, &outcomes);
    if (hand_over->rank == 0 && hand_over->status == STATUS_OK)
        hand_over->status = store_timing(hand_over, *n_network, *seconds);
    outcomes_clear(&outcomes);
}

void ground_truth_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct training *training,
                            const struct ground_truth *truth, bool talks, int64_t *n_network, double *seconds)
{
    const struct retraining retraining = {training->config, training->plan, training->images,
                                          &truth->queries,  &truth->sets,   talks};
    if (planting_is_asked(&training->config->scenario)) {
        struct text text;
        text_init(&text);
        planted_list(&truth->planted, training->images, &truth->queries, &text);
        hand_over_bytes(hand_over, "truth/planted.jsonl", text.bytes, text.length);
        text_clear(&text);
    }
    if (truth->sets.n_set > 0)
        retrain_and_hand_over(comm, hand_over, &retraining, n_network, seconds);
}
