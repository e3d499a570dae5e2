/* assay train CONFIG: the reference workload. */
#include <stdio.h>

#include "base/text.h"
#include "jobs/context.h"
#include "reference/train.h"

enum status step_train(struct context *context)
{
    struct train_summary summary;
    enum status status = train_run(context->comm, config_get(&context->config, "train"), context->inputs_directory,
                                   !context_talks(context), &summary);
    if (status == STATUS_OK && context_talks(context)) {
        char train[32], bytes[32];
        printf(
            "train      %s: %s examples, %lld steps, %lld checkpoints, validation accuracy %.1f %%, %s handed over\n",
            summary.unchanged ? "unchanged" : "done", figure_count(summary.n_train, train), (long long)summary.n_step,
            (long long)summary.n_checkpoint, 100 * summary.validation_accuracy,
            figure_bytes((double)summary.bytes, bytes));
    }
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
    .options = "q",
    .mpi = WITH_MPI,
    .run = run,
};
