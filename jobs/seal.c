/* assay seal CONFIG: the Merkle log of the run, and its signed root. */
#include "seal/seal.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "jobs/context.h"
#include "jobs/outcome.h"
#include "seal/root.h"
#include "seal/seal_config.h"

/* Tables that a run may have, in the order in which jobs write them. */
static const char *const all_tables[] = {"lineage.h5", "influence.h5", "policy.h5", "mechanism.h5",
                                         "counterfactual.h5"};
enum { N_TABLES = sizeof all_tables / sizeof *all_tables };

/* Rank 0 looks, for all: on network file systems others may see a new file later.  @collective context->comm */
static int tables_present(const struct context *context, const char **tables)
{
    int present[N_TABLES] = {0}, n = 0;
    for (int i = 0; i < N_TABLES && context->rank == 0; i++) {
        char *path = path_join(context->run_directory, all_tables[i]);
        present[i] = path_exists(path);
        memory_free(path);
    }
    MPI_Bcast(present, N_TABLES, MPI_INT, 0, context->comm);
    for (int i = 0; i < N_TABLES; i++)
        if (present[i])
            tables[n++] = all_tables[i];
    return n;
}

/* What can be proved of single samples, and how. */
static void print_samples(const struct usage_summary *samples, const char *directory)
{
    char size[64], unlisted[32];
    if (samples->size == 0) {
        printf("           no sample has a content digest (key sha256): nothing can be proved of a single one\n");
        return;
    }
    printf("           %s listed", figure_things(samples->size, "sample", "samples", size));
    if (samples->unlisted > 0)
        printf(", %s without a content digest not", figure_count(samples->unlisted, unlisted));
    printf(": assay prove %s --content FILE proves use or non-use\n", directory);
}

static void print_seal(const struct context *context, const struct seal_result *result,
                       const struct sealed_root *former)
{
    char size[64], *directory = path_relative(".", context->run_directory);
    printf("seal       %s: %s\n", result->unchanged ? "unchanged" : "done",
           figure_things(result->n_entry, "entry", "entries", size));
    if (former->is_sealed && strcmp(former->root, result->root) != 0)
        printf("           in place of an earlier seal of this run, with root %s: inputs or tables have changed\n",
               former->root);
    if (result->has_samples)
        print_samples(&result->samples, directory ? directory : context->run_directory);
    printf("\nroot       %s\nkey        %s\nverify     %s verify %s --key '%s'\n", result->root, result->vkey,
           context->options->program, directory ? directory : context->run_directory, result->vkey);
    memory_free(directory);
}

static void print_json(const struct seal_result *result, const struct sealed_root *former, const char *new_key)
{
    struct text json;
    outcome_begin(&json, "seal");
    outcome_done(&json, result->unchanged);
    outcome_count(&json, "entries", result->n_entry);
    outcome_text(&json, "root", result->root);
    outcome_text(&json, "key", result->vkey);
    outcome_text(&json, "former_root", former->is_sealed ? former->root : NULL);
    if (result->has_samples) {
        outcome_count(&json, "samples_listed", result->samples.size);
        outcome_count(&json, "samples_unlisted", result->samples.unlisted);
    }
    outcome_text(&json, "new_key", new_key);
    outcome_print(&json);
}

char *seal_key_path(const struct context *context)
{
    const struct seal_config *config = config_get(&context->config, "seal");
    return context->options->key ? memory_copy_text(context->options->key)
                                 : path_join(context->inputs_directory, config->key);
}

enum status step_seal(struct context *context)
{
    char *key = seal_key_path(context);
    const char *tables[N_TABLES];
    struct seal_request request = {.run_directory = context->run_directory,
                                   .inputs_directory = context->inputs_directory,
                                   .origin = context->run->origin,
                                   .run_name = context->run->name,
                                   .key_path = key,
                                   .execution_json = context->execution.bytes,
                                   .started = context->started,
                                   .tables = tables,
                                   .n_table = tables_present(context, tables),
                                   .quiet = !context_talks(context)};
    struct seal_result result;
    bool has_key = context->rank != 0 || path_exists(key);
    struct sealed_root former = {0};
    if (context->rank == 0 && sealed_root_load(context->run_directory, &former) != STATUS_OK)
        former.is_sealed = false;
    enum status status =
        request.n_table > 0
            ? seal_run(context->comm, &request, &result)
            : fail(BAD_RUN,
                   "%s: there is no table to seal yet: run `assay run`, `assay influence` or `assay policy` first",
                   context->run_directory);
    if (status == STATUS_OK && context_talks(context)) {
        print_seal(context, &result, &former);
        if (!has_key)
            printf("new key    %s was made to sign with: keep it, and keep it secret\n", key);
    }
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&result, &former, has_key ? NULL : key);
    memory_free(key);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"seal", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status == STATUS_OK) {
        status = step_seal(&context);
        context_close(&context);
    }
    return status;
}

const struct job seal_job = {
    .name = "seal",
    .arguments = "CONFIG",
    .text = "commit inputs, config and tables to one Merkle root and sign it",
    .options = "dkjq",
    .mpi = WITH_MPI,
    .run = run,
};
