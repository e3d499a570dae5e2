/* assay plan CONFIG: memory, bytes, operations, messages and time of every job, before anything is started. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/bytes.h"
#include "jobs/calibrate.h"
#include "jobs/forecast.h"

enum { MOST_RANKS = 10000000, MOST_CPUS = 4096 };
#define MOST_EXAMPLES INT64_C(1000000000000000)

/* A figure of the command line: digits alone.  Absent, it stays as it is. */
static enum status take_count(const char *name, const char *text, int64_t most, int64_t *value)
{
    if (text == NULL)
        return STATUS_OK;
    int64_t found = 0;
    size_t n = strspn(text, "0123456789");
    for (size_t i = 0; i < n && found <= most; i++)
        found = 10 * found + (text[i] - '0');
    if (n == 0 || text[n] || found < 1 || found > most)
        return fail(BAD_USAGE, "assay plan: %s: expected an integer between 1 and %lld, found \"%s\"", name,
                    (long long)most, text);
    *value = found;
    return STATUS_OK;
}

static enum status take_request(const struct options *options, struct forecast_request *request)
{
    *request = (struct forecast_request){.n_rank = 1, .n_node = 1, .n_cpu = 1};
    enum status status = take_count("--ranks", options->ranks, MOST_RANKS, &request->n_rank);
    if (status == STATUS_OK)
        status = take_count("--nodes", options->nodes, MOST_RANKS, &request->n_node);
    if (status == STATUS_OK)
        status = take_count("--cpus", options->cpus, MOST_CPUS, &request->n_cpu);
    if (status == STATUS_OK)
        status = take_count("--examples", options->examples, MOST_EXAMPLES, &request->n_train);
    if (status == STATUS_OK && options->memory != NULL &&
        (!bytes_parse(options->memory, &request->memory) || request->memory < 1))
        status = fail(BAD_USAGE, "assay plan: --memory: expected a size like \"4 GiB\" or \"512MiB\", found \"%s\"",
                      options->memory);
    if (status == STATUS_OK && request->n_node > request->n_rank)
        status = fail(BAD_USAGE, "assay plan: --nodes: expected no more than the %lld ranks, found %lld",
                      (long long)request->n_rank, (long long)request->n_node);
    return status;
}

/* The calibration asked for, or the usual one where there is one. */
static enum status find_calibration(const struct options *options, struct calibration *calibration, bool *found)
{
    char *path = options->calibration ? memory_copy_text(options->calibration) : calibration_default_path();
    *found = path != NULL && (options->calibration != NULL || path_exists(path));
    enum status status = *found ? calibration_load(path, calibration) : STATUS_OK;
    memory_free(path);
    return status;
}

static void print_forecast(const struct forecast *forecast, const struct options *options)
{
    struct text out;
    text_init(&out);
    if (options->json)
        forecast_add_json(forecast, &out);
    else
        forecast_show(forecast, options->target, &out);
    if (!options->quiet)
        fputs(out.bytes, stdout);
    text_clear(&out);
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    if (options->calibrate)
        return options->target == NULL ? calibrate(options)
                                       : fail(BAD_USAGE, "assay plan: expected either CONFIG or --calibrate");
    if (options->target == NULL)
        return fail(BAD_USAGE, "assay plan: expected CONFIG, or --calibrate; see `assay plan --help`");
    struct forecast_request request;
    struct calibration calibration;
    struct context context;
    struct forecast forecast;
    bool calibrated;
    enum status status = take_request(options, &request);
    if (status == STATUS_OK)
        status = find_calibration(options, &calibration, &calibrated);
    if (status == STATUS_OK)
        status = context_open_local(options, &context);
    if (status != STATUS_OK)
        return status;
    request.calibration = calibrated ? &calibration : NULL;
    status = forecast_make(&context, &request, &forecast);
    if (status == STATUS_OK) {
        print_forecast(&forecast, options);
        if (forecast.misfit != NULL)
            status = fail(CANNOT_FIT, "%s", forecast.misfit);
        forecast_clear(&forecast);
    }
    context_close(&context);
    return status;
}

const struct job plan_job = {
    .name = "plan",
    .arguments = "[CONFIG]",
    .text = "tell memory, operations, messages and time of a run",
    .options = "rnpxmbfawtjq",
    .more = "Opens headers only, and answers for any number of ranks.  The inputs must be there; with --examples a few "
            "rows\n"
            "stand for as many as will be.  Ends with the header of a Slurm script, and with exit code 8 when a rank "
            "would\n"
            "not fit.  Times need a calibration, which `assay plan --calibrate` on a compute node writes in a few "
            "seconds,\n"
            "to ~/.config/assay/calibration.json unless --output says otherwise.\n",
    .mpi = WITHOUT_MPI,
    .run = run,
};
