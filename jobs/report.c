/* assay report RUN: one page about a run, for people. */
#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "jobs/context.h"
#include "jobs/outcome.h"
#include "seal/root.h"
#include "seal/seal.h"

/* What is known of a run's seal: read, or checked against every file. */
struct known {
    struct sealed_root root;
    struct verify_report report; /* filled if `verified` */
    bool verified;
    enum status found; /* by the check */
    char *sentence;    /* owned; what it said; NULL when all is as it was sealed, or nothing was checked */
    char *trouble;     /* owned; NULL when the seal holds, or there is none */
};

static void known_load(const char *run_directory, struct known *known)
{
    *known = (struct known){.verified = false};
    if (sealed_root_load(run_directory, &known->root) != STATUS_OK)
        known->trouble = memory_copy_text(failure_sentence());
}

static void known_clear(struct known *known)
{
    verify_report_clear(&known->report);
    memory_free(known->sentence);
    memory_free(known->trouble);
}

static struct report_seal seal_of(const struct known *known)
{
    return (struct report_seal){.is_sealed = known->root.is_sealed,
                                .trouble = known->trouble,
                                .origin = known->root.origin,
                                .root = known->root.root,
                                .vkey = known->root.vkey[0] ? known->root.vkey : NULL,
                                .n_entry = known->root.n_entry,
                                .was_verified = known->verified,
                                .findings = (const char *const *)known->report.findings,
                                .n_finding = known->report.n_finding,
                                .n_finding_total = known->report.n_finding_total};
}

/* Where the page is, and what is not in it. */
static void print_outcome(const char *path, const struct report_outcome *outcome)
{
    printf("report     %s\n", path);
    if (outcome->n_plot < outcome->n_chart)
        printf("           %d of %d charts are numbers only: %s\n", outcome->n_chart - outcome->n_plot,
               outcome->n_chart, outcome->plot_trouble);
    if (outcome->n_missing > 0)
        printf("           it begins with what is missing or wrong\n");
}

static void print_json(const char *path, const struct report_seal *seal, const struct report_outcome *outcome)
{
    struct text json;
    outcome_begin(&json, "report");
    outcome_done(&json, false);
    outcome_text(&json, "page", path);
    outcome_count(&json, "charts", outcome->n_chart);
    outcome_count(&json, "charts_drawn", outcome->n_plot);
    outcome_text(&json, "plot_trouble", outcome->plot_trouble[0] ? outcome->plot_trouble : NULL);
    outcome_count(&json, "missing", outcome->n_missing);
    if (seal->was_verified)
        outcome_flag(&json, "verified", seal->n_finding_total == 0);
    else
        outcome_text(&json, "verified", NULL);
    outcome_print(&json);
}

static enum status print_page(const struct text *page)
{
    bool good = fwrite(page->bytes, 1, page->length, stdout) == page->length && fflush(stdout) == 0;
    return good ? STATUS_OK : fail(CANNOT_WRITE, "assay report: standard output cannot be written to");
}

static bool is_stdout(const char *output)
{
    return strcmp(output, "-") == 0;
}

/* Writes the page and says in one line where it is; "-" is standard output. */
static enum status make(const struct report_request *request, const char *output, const struct options *options)
{
    struct text page;
    struct report_outcome outcome;
    text_init(&page);
    bool to_stdout = is_stdout(output);
    enum status status = report_write(request, &page, &outcome);
    if (status == STATUS_OK)
        status = to_stdout ? print_page(&page) : file_keep(output, page.bytes, page.length, 0666);
    if (status == STATUS_OK && !to_stdout) {
        char *relative = path_relative(".", output);
        const char *shown = relative ? relative : output;
        if (options->json)
            print_json(shown, &request->seal, &outcome);
        else if (!options->quiet)
            print_outcome(shown, &outcome);
        memory_free(relative);
    }
    text_clear(&page);
    return status;
}

static enum status sign(const struct context *context)
{
    char *key = seal_key_path(context);
    enum status status = seal_page(context->run_directory, context->run->origin, key);
    memory_free(key);
    return status;
}

void step_report(struct context *context)
{
    if (context->rank != 0)
        return;
    struct known known;
    known_load(context->run_directory, &known);
    char *directory = path_relative(".", context->run_directory);
    struct report_request request = {.run_directory = directory ? directory : context->run_directory,
                                     .command = context->options->program,
                                     .format = REPORT_HTML,
                                     .seal = seal_of(&known)};
    char *page = path_join(request.run_directory, "report.html");
    bool has_key = context->options->key != NULL || config_get(&context->config, "seal") != NULL;
    enum status status = known.root.is_sealed && !has_key
                             ? fail(BAD_CONFIG, "the run is sealed, and so is its page: the section seal is missing")
                             : make(&request, page, context->options);
    if (status == STATUS_OK && known.root.is_sealed)
        status = sign(context);
    if (status != STATUS_OK && context_talks(context))
        printf("report     not written: %s\n", failure_sentence());
    memory_free(page);
    memory_free(directory);
    known_clear(&known);
}

/* Checks everything against the root first.  A run that differs, or is not sealed, has its page all the same.
 * @collective comm */
static enum status verify_first(MPI_Comm comm, const struct options *options, struct known *known)
{
    known->found = verify_run(comm, options->target, options->inputs, options->key, &known->report);
    known->verified = known->found == STATUS_OK || known->found == DIFFERS;
    if (known->found != STATUS_OK)
        known->sentence = memory_copy_text(failure_sentence());
    return known->verified || known->found == BAD_RUN ? STATUS_OK : known->found;
}

/* What the check found, now that the page is written: the job ends as `assay verify` would.  A page on standard output
 * stays free of it. */
static enum status say_verdict(const struct known *known, bool page_is_printed, const struct options *options)
{
    char count[32];
    if (known->found != STATUS_OK)
        return fail(known->found, "%s", known->sentence);
    if (!options->quiet && !options->json)
        fprintf(page_is_printed ? stderr : stdout, "verified   %s %s, nothing differs\n",
                figure_count(known->report.n_entry, count), known->report.n_entry == 1 ? "entry" : "entries");
    return STATUS_OK;
}

/* Where it goes if nobody says: a page into the run, unless that is sealed: its own page is signed, and another one
 * goes where we are.  Anything else goes to standard output.  The caller owns it. */
static char *usual_output(const char *run_directory, enum report_format format, bool is_sealed)
{
    if (format != REPORT_HTML)
        return memory_copy_text("-");
    if (!is_sealed)
        return path_join(run_directory, "report.html");
    size_t end = strlen(run_directory), start;
    while (end > 0 && run_directory[end - 1] == '/')
        end--;
    for (start = end; start > 0 && run_directory[start - 1] != '/';)
        start--;
    struct text name;
    text_init(&name);
    if (end == start || run_directory[end - 1] == '.')
        text_add(&name, "run");
    else
        text_add_bytes(&name, run_directory + start, end - start);
    text_add(&name, "-report.html");
    return name.bytes;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    enum report_format format = options->format ? report_format_named(options->format) : REPORT_HTML;
    if (format == N_REPORT_FORMATS)
        return fail(BAD_USAGE, "assay report: --format: expected html, markdown or csv, found \"%s\"", options->format);
    if (!path_is_directory(options->target))
        return fail(BAD_USAGE, "assay report: %s: expected a run directory, found none", options->target);
    if ((options->inputs != NULL || options->key != NULL) && !options->verify)
        return fail(BAD_USAGE, "assay report: --inputs and --key are for --verify");
    struct known known;
    int rank = 0;
    known_load(options->target, &known);
    enum status status = STATUS_OK;
    if (options->verify) {
        MPI_Comm_rank(comm, &rank);
        status = verify_first(comm, options, &known);
    }
    struct report_request request = {
        .run_directory = options->target, .command = options->program, .format = format, .seal = seal_of(&known)};
    if (status == STATUS_OK && rank == 0) {
        char *output = options->output ? memory_copy_text(options->output)
                                       : usual_output(options->target, format, known.root.is_sealed);
        status = make(&request, output, options);
        if (status == STATUS_OK && options->verify)
            status = say_verdict(&known, is_stdout(output), options);
        memory_free(output);
    }
    if (options->verify)
        status = agree_from(comm, 0, status);
    known_clear(&known);
    return status;
}

const struct job report_job = {
    .name = "report",
    .arguments = "RUN",
    .text = "write one page about a run, for people: the answer, and how to check it",
    .options = "ROBiyjq",
    .more =
        "The page is one file that needs no network and no script; gnuplot draws its charts.  It is not under the\n"
        "root, for it is made from what is.  markdown and csv go to standard output; csv has every figure in full,\n"
        "with the dataset that it is from.  With --verify the exit code is 1 when something differs.\n",
    .mpi = MPI_TO_VERIFY,
    .run = run,
};
