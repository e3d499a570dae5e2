/* assay prove RUN WHAT: a proof file that a third party checks offline. */
#include <stdio.h>

#include "base/text.h"
#include "jobs/job.h"
#include "seal/seal.h"

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    if (options->what == NULL)
        return fail(BAD_USAGE, "assay prove: expected RUN and WHAT, found only \"%s\"; see `assay prove --help`",
                    options->target);
    struct text summary;
    text_init(&summary);
    enum status status =
        prove_run(options->target, options->what, options->output ? options->output : "assay.proof", &summary);
    if (status == STATUS_OK && !options->quiet)
        fputs(summary.bytes, stdout);
    text_clear(&summary);
    return status;
}

const struct job prove_job = {
    .name = "prove",
    .arguments = "RUN WHAT",
    .text = "write the proof that an input or a table block is in a run",
    .options = "oq",
    .more =
        "WHAT is FILE (an input as the config names it, or run.json), FILE@OFFSET (the segment of an input with that\n"
        "byte), or TABLE:/dataset[ROW] (the block of a table with that row; the first without [ROW]).\n"
        "The proof goes to assay.proof unless --output says otherwise.\n",
    .mpi = WITHOUT_MPI,
    .run = run,
};
