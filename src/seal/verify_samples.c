/* The tree of samples against the tables it was made from. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "config/json.h"
#include "seal/verify.h"
#include "usage/check.h"

static void find(void *context, const char *sentence)
{
    struct verification *verification = context;
    findings_add(&verification->findings, FOUND_CONTENT, verification->samples.index, "%s", sentence);
}

/* Rank 0 alone, or whichever rank saw the entry, has it on all ranks afterwards.  The run's name must be that of
 * run.json.  @collective */
static void share_entry(struct verification *verification)
{
    struct verify_samples *samples = &verification->samples;
    int rank = samples->is_seen ? verification->rank : -1, from;
    MPI_Allreduce(&rank, &from, 1, MPI_INT, MPI_MAX, verification->comm);
    if (from >= 0)
        MPI_Bcast(samples, (int)sizeof *samples, MPI_BYTE, from, verification->comm);
}

/* The name that run.json gives the run; "" if it gives none.  @local */
static void load_name(const struct verification *verification, char name[SAMPLES_NAME_BYTES])
{
    enum { LIMIT = 1 << 30 };
    char *path = path_join(verification->run_directory, "run.json"), *bytes = NULL;
    size_t n = 0;
    cJSON *json = NULL;
    name[0] = 0;
    if (file_load(path, LIMIT, &bytes, &n) == STATUS_OK && json_parse(bytes, n, path, BAD_RUN, &json) == STATUS_OK) {
        const cJSON *item = json_member(json_member(json, "run"), "name");
        if (cJSON_IsString(item) && strlen(item->valuestring) < SAMPLES_NAME_BYTES)
            memcpy(name, item->valuestring, strlen(item->valuestring) + 1);
    }
    cJSON_Delete(json);
    memory_free(bytes);
    memory_free(path);
}

static bool has_table(const struct verification *verification, const char *name)
{
    const struct statement *statement = &verification->ground.statement;
    for (int64_t t = 0; t < statement->n_table; t++)
        if (strcmp(statement->tables[t].path, name) == 0)
            return true;
    return false;
}

enum status verify_samples(struct verification *verification)
{
    const struct ground *ground = &verification->ground;
    struct verify_samples *samples = &verification->samples;
    char name[SAMPLES_NAME_BYTES];
    share_entry(verification);
    if (!samples->is_seen) {
        if (verification->rank == 0 && ground->has_statement && has_table(verification, "lineage.h5"))
            findings_add(&verification->findings, FOUND_CONTENT, ground->checkpoint.size - 1,
                         "the log has no entry of the samples, though lineage.h5 is among the tables");
        return STATUS_OK;
    }
    if (verification->rank == 0)
        load_name(verification, name);
    MPI_Bcast(name, sizeof name, MPI_CHAR, 0, verification->comm);
    if (verification->rank == 0 && strcmp(name, samples->name) != 0)
        findings_add(&verification->findings, FOUND_CONTENT, samples->index,
                     "the entry of the samples is of a run called %s, run.json calls it %s", samples->name, name);
    const struct usage_request request = {
        .run_directory = verification->run_directory,
        .has_influence = ground->has_statement ? has_table(verification, "influence.h5") : samples->summary.scored > 0,
        .origin = ground->key.name,
        .run_name = name,
        .quiet = true};
    return usage_check(verification->comm, &request, &samples->summary, find, verification,
                       &verification->report->n_leaf);
}
