/* assay mechanism CONFIG: which parts of the model carry the behaviour. */
#include "mechanism/mechanism.h"

#include <stdio.h>

#include "jobs/context.h"
#include "jobs/outcome.h"
#include "jobs/policy_features.h"

static void print_outcome(const struct mechanism_outcome *outcome)
{
    char parts[32], probes[32];
    printf("mechanism  %s: %s parts x %s probes, %lld behaviours, %s", outcome->unchanged ? "unchanged" : "done",
           figure_count(outcome->n_part, parts), figure_count(outcome->n_probe, probes),
           (long long)outcome->n_behaviour,
           outcome->network ? "measured on the network" : "the symbolic policy is the model");
    if (!outcome->unchanged)
        printf(", %lld parts localised", (long long)outcome->n_localised);
    printf("\n");
}

static void print_json(const struct mechanism_outcome *outcome)
{
    struct text json;
    outcome_begin(&json, "mechanism");
    outcome_done(&json, outcome->unchanged);
    outcome_count(&json, "parts", outcome->n_part);
    outcome_count(&json, "probes", outcome->n_probe);
    outcome_count(&json, "behaviours", outcome->n_behaviour);
    outcome_flag(&json, "measured_on_network", outcome->network);
    if (!outcome->unchanged)
        outcome_count(&json, "localised", outcome->n_localised);
    outcome_print(&json);
}

enum status step_mechanism(struct context *context)
{
    struct mechanism_request request = context_mechanism(context);
    struct rows features = {0};
    struct segment_list read;
    segments_init(&read);
    enum status status = STATUS_OK;
    if (request.mechanism->level == LEVEL_POLICY) {
        if (config_get(&context->config, "policy") == NULL)
            return fail(BAD_CONFIG, "%s: policy: is missing: mechanism.level \"policy\" needs this section",
                        context->options->target);
        status = policy_features_read(context, &features, &read);
        request.features = &features;
        request.features_read = &read;
    }
    struct mechanism_outcome outcome;
    if (status == STATUS_OK)
        status = mechanism_run(context->comm, &request, context->resolved.bytes, &outcome);
    if (status == STATUS_OK && context_talks(context))
        print_outcome(&outcome);
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&outcome);
    rows_clear(&features);
    segments_clear(&read);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"mechanism", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status == STATUS_OK) {
        status = step_mechanism(&context);
        context_close(&context);
    }
    return status;
}

const struct job mechanism_job = {
    .name = "mechanism",
    .arguments = "CONFIG",
    .text = "localise each behaviour in parts, and rebuild it from them",
    .options = "djq",
    .mpi = WITH_MPI,
    .stops = true,
    .run = run,
};
