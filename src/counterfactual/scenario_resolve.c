#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "counterfactual/scenario_parts.h"

/* An id that the config names, and the training row that has it. */
struct wanted {
    const char *id; /* borrowed */
    int64_t scenario;
    int64_t row; /* -1: not found so far */
};

struct resolving {
    struct inquiry *inquiry;
    struct scenarios *scenarios;
    struct wanted *wanted; /* owned; by id */
    int64_t n_wanted;
    int64_t *counts; /* owned; per scenario, of this rank's rows */
};

static int compare_wanted(const void *a, const void *b)
{
    return strcmp(((const struct wanted *)a)->id, ((const struct wanted *)b)->id);
}

static void find_wanted(struct resolving *resolving, const struct sample_rows *rows, int64_t i)
{
    char id[ID_LONGEST + 1] = {0};
    int64_t width = rows->samples->id_bytes;
    memcpy(id, rows->ids + i * width, (size_t)width);
    struct wanted key = {.id = id};
    struct wanted *found = bsearch(&key, resolving->wanted, (size_t)resolving->n_wanted, sizeof key, compare_wanted);
    if (found == NULL)
        return;
    while (found > resolving->wanted && strcmp(found[-1].id, id) == 0)
        found--;
    for (; found < resolving->wanted + resolving->n_wanted && strcmp(found->id, id) == 0; found++)
        found->row = rows->first + i;
}

static void count_members(struct resolving *resolving, const struct sample_rows *rows, int64_t i)
{
    for (int64_t s = 0; s < resolving->scenarios->n; s++)
        if (resolving->scenarios->items[s].kind == SCENARIO_LISTED)
            resolving->counts[s] += scenario_has(&resolving->scenarios->items[s], rows, i);
}

/* Every rank looks at the samples of its blocks. */
static enum status walk(MPI_Comm comm, struct resolving *resolving,
                        void (*visit)(struct resolving *resolving, const struct sample_rows *rows, int64_t i))
{
    int rank = 0, size = 1;
    if (comm != MPI_COMM_NULL) {
        MPI_Comm_rank(comm, &rank);
        MPI_Comm_size(comm, &size);
    }
    const struct samples *samples = &resolving->inquiry->samples;
    int64_t step = resolving->inquiry->config->block_rows;
    struct sample_reader reader;
    struct sample_rows rows;
    sample_reader_init(samples, &reader);
    sample_rows_init(samples, step, &rows);
    enum status status = STATUS_OK;
    for (int64_t first = rank * step; first < samples->n && status == STATUS_OK; first += size * step) {
        int64_t n = samples->n - first < step ? samples->n - first : step;
        status = sample_rows_read(&rows, &reader, first, n);
        for (int64_t i = 0; i < n && status == STATUS_OK; i++)
            visit(resolving, &rows, i);
    }
    sample_rows_clear(&rows);
    sample_reader_clear(&reader);
    return comm != MPI_COMM_NULL ? agree(comm, status) : status;
}

static int compare_rows(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Ids become rows, ascending and once each. */
static enum status take_rows(MPI_Comm comm, struct resolving *resolving)
{
    enum status status = STATUS_OK;
    for (int64_t w = 0; w < resolving->n_wanted && comm != MPI_COMM_NULL; w++)
        MPI_Allreduce(MPI_IN_PLACE, &resolving->wanted[w].row, 1, MPI_INT64_T, MPI_MAX, comm);
    for (int64_t w = 0; w < resolving->n_wanted && status == STATUS_OK; w++) {
        struct scenario *scenario = &resolving->scenarios->items[resolving->wanted[w].scenario];
        if (resolving->wanted[w].row < 0)
            status = fail(BAD_INPUT,
                          "counterfactual: the scenario \"%s\" names nothing by \"%s\": no training sample of %s has "
                          "that id",
                          scenario->name, resolving->wanted[w].id, resolving->inquiry->samples_config.file);
        else
            scenario_add_member(scenario, resolving->wanted[w].row);
    }
    for (int64_t s = 0; s < resolving->scenarios->n && status == STATUS_OK; s++) {
        struct scenario *scenario = &resolving->scenarios->items[s];
        int64_t n = 0;
        if (scenario->n_member > 1)
            qsort(scenario->members, (size_t)scenario->n_member, sizeof *scenario->members, compare_rows);
        for (int64_t i = 0; i < scenario->n_member; i++)
            if (i == 0 || scenario->members[i] != scenario->members[i - 1])
                scenario->members[n++] = scenario->members[i];
        scenario->n_member = n;
    }
    return status;
}

static void list_wanted(struct resolving *resolving)
{
    const struct scenarios *scenarios = resolving->scenarios;
    int64_t n = 0;
    for (int64_t s = 0; s < scenarios->n; s++)
        n += scenarios->items[s].n_id;
    resolving->wanted = memory_allocate(n, sizeof *resolving->wanted);
    for (int64_t s = 0; s < scenarios->n; s++)
        for (int64_t i = 0; i < scenarios->items[s].n_id; i++)
            resolving->wanted[resolving->n_wanted++] = (struct wanted){scenarios->items[s].ids[i], s, -1};
    qsort(resolving->wanted, (size_t)n, sizeof *resolving->wanted, compare_wanted);
}

static enum status take_counts(const struct resolving *resolving)
{
    const struct samples *samples = &resolving->inquiry->samples;
    for (int64_t s = 0; s < resolving->scenarios->n; s++) {
        struct scenario *scenario = &resolving->scenarios->items[s];
        const struct condition *condition = scenario->conditions;
        scenario->count = scenario->kind == SCENARIO_LISTED ? resolving->counts[s]
                          : scenario->kind == SCENARIO_EXAMPLE
                              ? scenario->n_member
                              : samples->columns[condition->column].count[condition->code];
        if (scenario->count >= samples->n)
            return fail(BAD_CONFIG,
                        "counterfactual: the scenario \"%s\" names everything: without all %lld training samples there "
                        "is no model",
                        scenario->name, (long long)samples->n);
        if (scenario->count == 0)
            return fail(BAD_CONFIG, "counterfactual: the scenario \"%s\" names nothing", scenario->name);
    }
    return STATUS_OK;
}

enum status scenarios_resolve(MPI_Comm comm, struct inquiry *inquiry, struct scenarios *scenarios)
{
    struct resolving resolving = {.inquiry = inquiry, .scenarios = scenarios};
    bool listed = false;
    for (int64_t s = 0; s < scenarios->n; s++)
        listed = listed || scenarios->items[s].kind == SCENARIO_LISTED;
    list_wanted(&resolving);
    resolving.counts = memory_allocate(scenarios->n, sizeof *resolving.counts);
    enum status status = resolving.n_wanted > 0 ? walk(comm, &resolving, find_wanted) : STATUS_OK;
    if (status == STATUS_OK)
        status = take_rows(comm, &resolving);
    if (status == STATUS_OK && listed)
        status = walk(comm, &resolving, count_members);
    if (status == STATUS_OK && scenarios->n > 0 && comm != MPI_COMM_NULL)
        MPI_Allreduce(MPI_IN_PLACE, resolving.counts, to_int(scenarios->n), MPI_INT64_T, MPI_SUM, comm);
    if (status == STATUS_OK)
        status = take_counts(&resolving);
    memory_free(resolving.counts);
    memory_free(resolving.wanted);
    return status;
}
