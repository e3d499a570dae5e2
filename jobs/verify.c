/* assay verify RUN | PROOF: does what lies on disk still give the signed root? */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "jobs/job.h"
#include "jobs/outcome.h"
#include "seal/seal.h"

static bool names_input(const struct verify_report *report)
{
    bool found = false;
    for (int64_t i = 0; i < report->n_finding && !found; i++)
        found = strncmp(report->findings[i], "input ", strlen("input ")) == 0;
    return found;
}

static void print_report(const struct verify_report *report, bool quiet)
{
    for (int64_t i = 0; i < report->n_finding; i++)
        printf("differs    %s\n", report->findings[i]);
    if (report->n_finding_total > report->n_finding)
        printf("differs    … and %lld more\n", (long long)(report->n_finding_total - report->n_finding));
    if (names_input(report))
        printf("           if inputs were moved, say with --inputs DIR what their paths start from now\n");
    if (quiet)
        return;
    char entries[64], inputs[64], input_bytes[32], blocks[64], block_bytes[32], leaves[64];
    printf("checked    %s: %s (%s), %s (%s)\n", figure_things(report->n_entry, "entry", "entries", entries),
           figure_things(report->n_input, "input segment", "input segments", inputs),
           figure_bytes((double)report->n_input_byte, input_bytes),
           figure_things(report->n_block, "table block", "table blocks", blocks),
           figure_bytes((double)report->n_block_byte, block_bytes));
    if (report->n_leaf >= 0)
        printf("           the list of %s, made anew from the tables\n",
               figure_things(report->n_leaf, "sample", "samples", leaves));
    printf("root       %s\nkey        %s\n", report->root[0] ? report->root : "(unreadable)",
           report->vkey[0] ? report->vkey : "(unreadable)");
    if (!report->key_was_given)
        printf(
            "           the run's own key: this finds damage; to rule out forgery give the key you trust with --key\n");
    if (report->n_finding_total == 0)
        printf("verified   everything on disk gives the signed root\n");
}

static void print_json(const struct verify_report *report)
{
    struct text json;
    outcome_begin(&json, "verify");
    outcome_text(&json, "outcome", report->n_finding_total == 0 ? "verified" : "differs");
    outcome_count(&json, "entries", report->n_entry);
    outcome_count(&json, "input_segments", report->n_input);
    outcome_count(&json, "input_bytes", report->n_input_byte);
    outcome_count(&json, "table_blocks", report->n_block);
    outcome_count(&json, "table_bytes", report->n_block_byte);
    if (report->n_leaf >= 0)
        outcome_count(&json, "samples", report->n_leaf);
    outcome_text(&json, "root", report->root[0] ? report->root : NULL);
    outcome_text(&json, "key", report->vkey[0] ? report->vkey : NULL);
    outcome_flag(&json, "key_was_given", report->key_was_given);
    outcome_count(&json, "findings_total", report->n_finding_total);
    outcome_texts(&json, "findings", (const char *const *)report->findings, report->n_finding);
    outcome_print(&json);
}

static enum status verify_directory(MPI_Comm comm, const struct options *options)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    struct verify_report report;
    enum status status = verify_run(comm, options->target, options->inputs, options->key, &report);
    if ((status == STATUS_OK || status == DIFFERS) && rank == 0 && options->json)
        print_json(&report);
    else if ((status == STATUS_OK || status == DIFFERS) && rank == 0)
        print_report(&report, options->quiet);
    verify_report_clear(&report);
    return status;
}

static enum status verify_file(const struct options *options)
{
    if (options->key == NULL)
        return fail(BAD_USAGE,
                    "assay verify: a proof file is checked against a key that you trust: expected --key VKEY");
    struct text summary;
    text_init(&summary);
    enum status status = verify_proof(options->target, options->key, options->content, &summary);
    if (status == STATUS_OK && options->json) {
        struct text json;
        outcome_begin(&json, "verify");
        outcome_text(&json, "outcome", "verified");
        outcome_text(&json, "proof", options->target);
        outcome_text(&json, "proves", summary.bytes);
        outcome_print(&json);
    } else if (status == STATUS_OK && !options->quiet) {
        fputs(summary.bytes, stdout);
    }
    text_clear(&summary);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    if (!path_exists(options->target))
        return fail(BAD_USAGE, "assay verify: %s: expected a run directory or a proof file, found nothing there",
                    options->target);
    return path_is_directory(options->target) ? verify_directory(comm, options) : verify_file(options);
}

const struct job verify_job = {
    .name = "verify",
    .arguments = "RUN | PROOF",
    .text = "re-derive a run's root and name what differs; or check a proof",
    .options = "vicjq",
    .more =
        "Without --key a run is checked against the key it carries: that finds damage, not a forger who signs anew.\n"
        "A proof file needs --key.  Exit code 1 means that the check was made and something differs.\n",
    .mpi = MPI_FOR_DIRECTORIES,
    .run = run,
};
