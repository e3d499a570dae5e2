/* assay train CONFIG: the reference workload. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jobs/context.h"
#include "jobs/outcome.h"
#include "reference/train.h"
#include "reference/train_config.h"

/* Samples of one's own beside a train section that was left in the config: the training is not what is analysed. */
static void note_unused(const struct context *context)
{
    const struct train_config *train = config_get(&context->config, "train");
    const struct samples_config *samples = config_get(&context->config, "samples");
    size_t n = strlen(train->directory);
    if (samples != NULL && strncmp(samples->file, train->directory, n) != 0)
        printf("           note: the training goes to %s, but samples.file is %s: leave out the section train if the "
               "samples are your own\n",
               train->directory, samples->file);
}

static void note_retrained(const struct train_summary *summary)
{
    char networks[32], seconds[32];
    if (summary->retrained.n_network > 0)
        printf("           %s networks trained again without some samples, in %s\n",
               figure_count(summary->retrained.n_network, networks),
               figure_seconds(summary->retrained.seconds, seconds));
}

static void note_admissions(const struct train_summary *summary)
{
    char full[32], modulated[32], rejected[32];
    if (summary->n_modulated + summary->n_rejected > 0)
        printf("           the gate let in %s in full, %s with the weights of a depth profile, and rejected %s\n",
               figure_count(summary->n_train - summary->n_modulated, full),
               figure_count(summary->n_modulated, modulated), figure_count(summary->n_rejected, rejected));
}

static void print_json(const struct train_summary *summary)
{
    struct text json;
    outcome_begin(&json, "train");
    outcome_done(&json, summary->unchanged);
    outcome_count(&json, "examples", summary->n_train);
    outcome_count(&json, "steps", summary->n_step);
    outcome_count(&json, "checkpoints", summary->n_checkpoint);
    outcome_number(&json, "validation_accuracy", summary->validation_accuracy);
    outcome_count(&json, "bytes", (int64_t)summary->bytes);
    outcome_number(&json, "autoencoder_explained", summary->autoencoder.explained);
    outcome_count(&json, "pairs", summary->n_pair);
    outcome_count(&json, "probes", summary->n_probe);
    outcome_print(&json);
}

enum status step_train(struct context *context)
{
    struct train_summary summary;
    enum status status = train_run(context->comm, config_get(&context->config, "train"), context->inputs_directory,
                                   !context_talks(context), &summary);
    if (status == STATUS_OK && context_talks(context)) {
        char train[32], pairs[32], probes[32], bytes[32];
        printf(
            "train      %s: %s examples, %lld steps, %lld checkpoints, validation accuracy %.1f %%, %s handed over\n",
            summary.unchanged ? "unchanged" : "done", figure_count(summary.n_train, train), (long long)summary.n_step,
            (long long)summary.n_checkpoint, 100 * summary.validation_accuracy,
            figure_bytes((double)summary.bytes, bytes));
        printf(
            "           an autoencoder of its last hidden layer explains %.1f %%; %s pairs, each tried on %s probes\n",
            100 * summary.autoencoder.explained, figure_count(summary.n_pair, pairs),
            figure_count(summary.n_probe, probes));
        note_admissions(&summary);
        note_retrained(&summary);
        note_unused(context);
    }
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&summary);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"train", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, false, &context);
    if (status == STATUS_OK) {
        status = step_train(&context);
        context_close(&context);
    }
    return status;
}

const struct job train_job = {
    .name = "train",
    .arguments = "CONFIG",
    .text = "train the reference network and hand over its captures",
    .options = "jq",
    .mpi = WITH_MPI,
    .run = run,
};
