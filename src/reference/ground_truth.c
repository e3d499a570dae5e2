#include "reference/ground_truth.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "reference/retrain.h"
#include "reference/unfinished.h"

static const double seconds_between_keeping = 10; /* of finished networks: what an interruption costs, at most */

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
static enum status store_timing(const struct hand_over *hand_over, const struct retrain_time *time)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\"networks\": %lld, \"ranks\": %d, \"seconds\": %.3f}\n", (long long)time->n_network,
             hand_over->size, time->seconds);
    char *path = path_join(hand_over->directory, "truth/timing.json");
    enum status status = file_store(path, text.bytes, text.length, 0666);
    memory_free(path);
    text_clear(&text);
    return status;
}

static void retrain_and_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct retraining *retraining,
                                  struct retrain_time *time)
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
    *time = (struct retrain_time){outcomes.n_trained, clock_seconds() - start};
    outcomes_hand_over(hand_over, retraining->sets, &outcomes);
    if (hand_over->rank == 0 && hand_over->status == STATUS_OK)
        hand_over->status = store_timing(hand_over, time);
    outcomes_clear(&outcomes);
}

void ground_truth_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct training *training,
                            const struct ground_truth *truth, const struct truth_options *options,
                            struct retrain_time *time)
{
    struct unfinished unfinished = {.directory = hand_over->directory};
    digest_of(options->head, strlen(options->head), unfinished.of);
    const struct retraining retraining = {.config = training->config,
                                          .plan = training->plan,
                                          .images = training->images,
                                          .admissions = training->admissions,
                                          .queries = &truth->queries,
                                          .sets = &truth->sets,
                                          .unfinished = &unfinished,
                                          .keep_every = seconds_between_keeping,
                                          .talks = options->talks};
    if (planting_is_asked(&training->config->scenario)) {
        struct text text;
        text_init(&text);
        planted_list(&truth->planted, training->images, &truth->queries, &text);
        hand_over_bytes(hand_over, "truth/planted.jsonl", text.bytes, text.length);
        text_clear(&text);
    }
    if (truth->sets.n_set > 0)
        retrain_and_hand_over(comm, hand_over, &retraining, time);
}
