#include "reference/train.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "reference/captures.h"
#include "reference/hand_over.h"
#include "reference/listings.h"
#include "reference/manifest.h"
#include "reference/policy_files.h"
#include "reference/record.h"
#include "reference/training.h"
#include "reference/unfinished.h"

/* What is known before the first step: the samples and the order of their use. */
static void hand_over_inputs(struct hand_over *hand_over, const struct training *training,
                             uint8_t samples_sha256[DIGEST_BYTES])
{
    const struct train_plan *plan = training->plan;
    const struct npy order = {"<i8", plan->n_step, training->config->batch, training->order};
    const struct npy rates = {"<f8", plan->n_step, 0, training->rates};
    struct text text;
    text_init(&text);
    samples_list(training->images, &training->splits, training->admissions, training->network.n_layer, &text);
    digest_of(text.bytes, text.length, samples_sha256);
    hand_over_bytes(hand_over, "samples.jsonl", text.bytes, text.length);
    text_clear(&text);

    text_init(&text);
    npy_list(&order, &text);
    hand_over_bytes(hand_over, "order.npy", text.bytes, text.length);
    text_clear(&text);

    text_init(&text);
    npy_list(&rates, &text);
    hand_over_bytes(hand_over, "learning-rates.npy", text.bytes, text.length);
    text_clear(&text);
}

/* Weights and captures as they are now. */
static enum status hand_over_checkpoint(struct hand_over *hand_over, struct training *training,
                                        const struct query_images *queries, struct checkpoint_note *note)
{
    const struct train_plan *plan = training->plan;
    note->step = training->step;
    note->learning_rate = learning_rate_at(&training->config->rate, plan, training->step);
    note->validation_loss = training_evaluate(training, SPLIT_VALIDATION).loss;
    if (!isfinite(note->validation_loss))
        return fail(NOT_CONVERGED,
                    "training: the validation loss left the finite numbers at step %lld; use a smaller "
                    "train.learning_rate.initial than %g",
                    (long long)training->step, training->config->rate.initial);
    char name[CHECKPOINT_NAME_BYTES], file[64];
    checkpoint_name(training->step, name);
    checkpoint_store(hand_over, name, &training->network);
    int64_t per_shard = training->config->rows_per_shard;
    for (int64_t shard = 0; shard < plan->n_shard; shard++) {
        int64_t first = shard * per_shard, left = plan->n_train - first;
        snprintf(file, sizeof file, "train-%05lld.safetensors", (long long)shard);
        capture_store(hand_over,
                      &(struct capture){name, file, training->splits.rows[SPLIT_TRAIN] + first,
                                        left < per_shard ? left : per_shard},
                      &training->network, training->images);
    }
    capture_store(hand_over, &(struct capture){name, "queries.safetensors", queries->rows, queries->n},
                  &training->network, training->images);
    return hand_over->status;
}

static int64_t count_modulated(const struct training *training)
{
    int64_t n = 0;
    for (int64_t r = 0; r < training->plan->n_train; r++)
        n += admissions_of(training->admissions, training->splits.rows[SPLIT_TRAIN][r])->decision == MODULATE;
    return n;
}

/* What is known after the last step. */
static void hand_over_results(struct hand_over *hand_over, struct training *training,
                              const struct query_images *queries, const struct checkpoint_note *notes,
                              struct train_summary *summary)
{
    const struct train_plan *plan = training->plan;
    struct text text;
    text_init(&text);
    checkpoints_list(notes, plan->n_checkpoint, &text);
    hand_over_bytes(hand_over, "checkpoints.jsonl", text.bytes, text.length);
    text_clear(&text);

    text_init(&text);
    queries_list(&training->network, training->images, queries, &text);
    hand_over_bytes(hand_over, "queries.jsonl", text.bytes, text.length);
    text_clear(&text);

    struct evaluation validation = training_evaluate(training, SPLIT_VALIDATION);
    *summary = (struct train_summary){
        .n_train = plan->n_train,
        .n_modulated = count_modulated(training),
        .n_rejected = plan->n_rejected,
        .n_step = plan->n_step,
        .n_checkpoint = plan->n_checkpoint,
        .validation_loss = validation.loss,
        .validation_accuracy = validation.accuracy,
        .test_accuracy = training_evaluate(training, SPLIT_TEST).accuracy,
        .n_probe = plan->n_probe,
        .n_pair = plan->n_pair,
    };
}

/* A replica that is being trained, and what is noted on the way. */
struct course {
    struct training *training;
    const struct query_images *queries; /* borrowed */
    struct checkpoint_note *notes;      /* owned; per checkpoint */
    struct record *record;              /* rank 0's */
};

static enum status advance(struct course *course, struct hand_over *hand_over, int64_t k)
{
    struct training *training = course->training;
    int64_t until = train_plan_epoch(training->config, training->plan, k) * training->plan->steps_per_epoch;
    enum status status = STATUS_OK;
    while (training->step < until && status == STATUS_OK) {
        status = training_step(training);
        if (status == STATUS_OK && course->record != NULL)
            status = record_step(course->record);
    }
    if (status == STATUS_OK)
        status = hand_over_checkpoint(hand_over, training, course->queries, &course->notes[k]);
    if (status == STATUS_OK && course->record != NULL) {
        char name[CHECKPOINT_NAME_BYTES];
        status = record_predictions(course->record, checkpoint_name(training->step, name),
                                    training->splits.rows[SPLIT_TEST], training->config->queries);
    }
    return status;
}

/* The whole training on this rank, with no word to the others: the first failure of its own ends it. */
static void train_and_hand_over(struct hand_over *hand_over, struct course *course, struct train_summary *summary)
{
    uint8_t samples_sha256[DIGEST_BYTES];
    hand_over_reserve(hand_over, record_path);
    hand_over_inputs(hand_over, course->training, samples_sha256);
    enum status status = hand_over->status;
    if (status == STATUS_OK && hand_over->rank == 0)
        status = record_begin(hand_over->directory, course->training, samples_sha256, &course->record);
    for (int64_t k = 0; k < course->training->plan->n_checkpoint && status == STATUS_OK; k++)
        status = advance(course, hand_over, k);
    if (status == STATUS_OK) {
        hand_over_results(hand_over, course->training, course->queries, course->notes, summary);
        status = hand_over->status;
    }
    hand_over->status = status;
}

/* Rank 0's last words: the digests of the checkpoints, which it knows by now. */
static enum status end_record(struct course *course, struct hand_over *hand_over)
{
    struct record *record = course->record;
    course->record = NULL;
    enum status status = record_end(record, hand_over, course->notes, course->training->plan->n_checkpoint);
    return status == STATUS_OK ? hand_over_fill(hand_over) : status;
}

static enum status train_anew(MPI_Comm comm, struct training *training, const struct ground_truth *truth,
                              const char *directory, const char *head, struct train_summary *summary)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    enum status status = agree_from(comm, 0, rank == 0 ? manifest_begin(directory, head) : STATUS_OK);
    if (status != STATUS_OK)
        return status;
    struct hand_over hand_over;
    struct course course = {.training = training,
                            .queries = &truth->queries,
                            .notes = memory_allocate(training->plan->n_checkpoint, sizeof *course.notes)};
    hand_over_init(&hand_over, comm, directory);
    train_and_hand_over(&hand_over, &course, summary);
    status = agree(comm, hand_over.status); /* all have the final network, or none goes on */
    if (status == STATUS_OK) {
        bool talks = training->progress.enabled;
        progress_end(&training->progress);
        policy_hand_over(comm, &hand_over, training, &summary->autoencoder);
        ground_truth_hand_over(comm, &hand_over, training, truth, &(struct truth_options){head, talks},
                               &summary->retrained);
        status = hand_over_gather(&hand_over, comm);
    }
    if (status == STATUS_OK)
        status = agree_from(comm, 0, rank == 0 ? end_record(&course, &hand_over) : STATUS_OK);
    if (course.record != NULL)
        record_end(course.record, NULL, NULL, 0);
    memory_free(course.notes);
    if (status == STATUS_OK)
        status = agree_from(comm, 0, rank == 0 ? manifest_end(head, summary, &hand_over) : STATUS_OK);
    if (status == STATUS_OK && rank == 0)
        unfinished_remove(directory);
    summary->n_file = hand_over.n;
    for (int64_t i = 0; i < hand_over.n; i++)
        summary->bytes += hand_over.files[i].bytes;
    hand_over_clear(&hand_over);
    return status;
}

/* All that is known before the directory is looked at. */
static enum status prepare(MPI_Comm comm, const struct train_config *config, const char *base_directory,
                           struct images *images, struct admissions *admissions, struct train_plan *plan,
                           struct ground_truth *truth)
{
    *truth = (struct ground_truth){0};
    enum status status = images_load(comm, config, base_directory, images);
    if (status != STATUS_OK)
        return status;
    status = admissions_init(comm, config, base_directory, images, admissions);
    if (status == STATUS_OK) {
        status = train_plan_make(config, images->n, admissions->rejected, plan);
        if (status == STATUS_OK)
            status = ground_truth_init(truth, config, plan, images);
        status = agree(comm, status);
    }
    if (status != STATUS_OK) {
        ground_truth_clear(truth);
        admissions_clear(admissions);
        images_clear(images);
    }
    return status;
}

enum status train_run(MPI_Comm comm, const struct train_config *config, const char *base_directory, bool quiet,
                      struct train_summary *summary)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    struct images images;
    struct admissions admissions;
    struct train_plan plan;
    struct ground_truth truth;
    struct train_summary found = {0};
    enum status status = prepare(comm, config, base_directory, &images, &admissions, &plan, &truth);
    if (status != STATUS_OK)
        return status;
    struct text head;
    manifest_head(config, &images, &admissions, &head);
    char *directory = path_join(base_directory, config->directory);
    if (rank == 0)
        manifest_is_current(directory, head.bytes, &found);
    MPI_Bcast(&found, sizeof found, MPI_BYTE, 0, comm);
    if (!found.unchanged) {
        struct training training;
        training_init(&training, config, &plan, &images, &admissions);
        progress_begin(&training.progress, rank == 0 && !quiet, "train", "steps", plan.n_step, plan.n_step);
        status = train_anew(comm, &training, &truth, directory, head.bytes, &found);
        training_clear(&training);
        MPI_Bcast(&found, sizeof found, MPI_BYTE, 0, comm); /* sizes are known to rank 0 only */
    }
    if (status == STATUS_OK)
        *summary = found;
    memory_free(directory);
    text_clear(&head);
    ground_truth_clear(&truth);
    admissions_clear(&admissions);
    images_clear(&images);
    return status;
}
