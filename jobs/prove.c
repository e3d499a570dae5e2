/* assay prove RUN WHAT, or --sample, or --content: a proof file that a third party checks offline. */
#include <stdio.h>

#include "base/text.h"
#include "jobs/job.h"
#include "jobs/outcome.h"
#include "seal/seal.h"

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    int n_asked = (options->what != NULL) + (options->sample != NULL) + (options->content != NULL);
    if (n_asked == 0)
        return fail(BAD_USAGE,
                    "assay prove: expected RUN and WHAT, --sample ID or --content FILE, found only \"%s\"; see `assay "
                    "prove --help`",
                    options->target);
    if (n_asked > 1)
        return fail(BAD_USAGE, "assay prove: expected one of WHAT, --sample and --content, found several; a proof is "
                               "about one thing");
    const char *out_path = options->output ? options->output : "assay.proof";
    struct text summary;
    text_init(&summary);
    enum status status = options->what != NULL
                             ? prove_run(options->target, options->what, out_path, &summary)
                             : prove_sample(options->target, options->sample, options->content, out_path, &summary);
    if (status == STATUS_OK && options->json) {
        struct text json;
        outcome_begin(&json, "prove");
        outcome_done(&json, false);
        outcome_text(&json, "proof", out_path);
        outcome_text(&json, "proves", summary.bytes);
        outcome_print(&json);
    } else if (status == STATUS_OK && !options->quiet) {
        fputs(summary.bytes, stdout);
    }
    text_clear(&summary);
    return status;
}

const struct job prove_job = {
    .name = "prove",
    .arguments = "RUN [WHAT]",
    .text = "write the proof that something is in a run, or is not",
    .options = "SCojq",
    .more =
        "WHAT is FILE (an input as the config names it, or run.json), FILE@OFFSET (the segment of an input with that\n"
        "byte), or TABLE:/dataset[ROW] (the block of a table with that row; the first without [ROW]).\n"
        "Instead of WHAT: --sample ID or --content FILE, of a run with lineage, gives a proof of use (in which steps,\n"
        "in which role, under which policy), or of non-use where no sample has the content.\n"
        "The proof goes to assay.proof unless --output says otherwise.\n",
    .mpi = WITHOUT_MPI,
    .run = run,
};
