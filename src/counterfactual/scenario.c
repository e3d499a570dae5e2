#include "counterfactual/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "counterfactual/scenario_parts.h"
#include "table/load.h"

const char *const scenario_kind_names[N_SCENARIO_KINDS] = {
    [SCENARIO_GROUP] = "group", [SCENARIO_EXAMPLE] = "example", [SCENARIO_LISTED] = "listed"};

bool scenario_is_named(const struct scenarios *scenarios, const char *name)
{
    for (int64_t s = 0; s < scenarios->n; s++)
        if (strcmp(scenarios->items[s].name, name) == 0)
            return true;
    return false;
}

enum status scenario_add(struct scenarios *scenarios, const char *name, enum scenario_kind kind,
                         struct scenario **scenario)
{
    if (scenario_is_named(scenarios, name))
        return fail(BAD_CONFIG, "counterfactual: expected scenarios of different names, found \"%s\" twice", name);
    if (scenarios->n == scenarios->capacity) {
        int64_t more = 2 * scenarios->capacity + 16;
        scenarios->items = memory_resize(scenarios->items, scenarios->n, more, sizeof *scenarios->items);
        scenarios->capacity = more;
    }
    *scenario = &scenarios->items[scenarios->n++];
    **scenario = (struct scenario){.name = memory_copy_text(name), .kind = kind};
    return STATUS_OK;
}

void scenario_add_id(struct scenario *scenario, const char *id)
{
    scenario->ids = memory_resize(scenario->ids, scenario->n_id, scenario->n_id + 1, sizeof *scenario->ids);
    scenario->ids[scenario->n_id++] = memory_copy_text(id);
}

void scenario_add_member(struct scenario *scenario, int64_t row)
{
    int64_t n = scenario->n_member;
    scenario->members = memory_resize(scenario->members, n, n + 1, sizeof *scenario->members);
    scenario->members[scenario->n_member++] = row;
}

enum status scenario_add_condition(struct scenario *scenario, const struct inquiry *inquiry, const char *where,
                                   const char *column, const char *value)
{
    const struct group_column *found = NULL;
    int64_t c = 0, v = 0;
    for (; c < inquiry->n_group_column && found == NULL; c++)
        if (strcmp(inquiry->samples.columns[c].name, column) == 0)
            found = &inquiry->samples.columns[c];
    if (found == NULL)
        return fail(BAD_CONFIG, "%s: expected a column of samples.group_by, found \"%s\"", where, column);
    while (v < found->n_value && strcmp(found->values[v], value) != 0)
        v++;
    if (v == found->n_value)
        return fail(BAD_CONFIG, "%s: names nothing: no training sample has the %s \"%s\"", where, column, value);
    int64_t n = scenario->n_condition;
    scenario->conditions = memory_resize(scenario->conditions, n, n + 1, sizeof *scenario->conditions);
    scenario->conditions[scenario->n_condition++] = (struct condition){c - 1, (int32_t)v};
    return STATUS_OK;
}

bool scenario_has(const struct scenario *scenario, const struct sample_rows *rows, int64_t i)
{
    for (int64_t k = 0; k < scenario->n_condition; k++)
        if (sample_rows_codes(rows, scenario->conditions[k].column)[i] == scenario->conditions[k].code)
            return true;
    int64_t row = rows->first + i, low = 0, high = scenario->n_member;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (scenario->members[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < scenario->n_member && scenario->members[low] == row;
}

/* ---- automatic scenarios ---------------------------------------------------------------------------------------- */

static enum status add_groups(const struct inquiry *inquiry, struct scenarios *scenarios)
{
    struct text name;
    text_init(&name);
    enum status status = STATUS_OK;
    for (int64_t c = 0; c < inquiry->n_group_column; c++) {
        const struct group_column *column = &inquiry->samples.columns[c];
        for (int64_t v = 0; v < column->n_value && status == STATUS_OK; v++) {
            struct scenario *scenario = NULL;
            name.length = 0;
            text_add(&name, "%s=%s", column->name, column->values[v]);
            if (scenario_is_named(scenarios, name.bytes))
                continue;
            if (column->n_value == 1) {
                text_add(&scenarios->left_out, "%s%s", scenarios->left_out.length ? ", " : "", name.bytes);
                continue;
            }
            status = scenario_add(scenarios, name.bytes, SCENARIO_GROUP, &scenario);
            if (status == STATUS_OK) {
                scenario->automatic = true;
                status =
                    scenario_add_condition(scenario, inquiry, "counterfactual.groups", column->name, column->values[v]);
            }
        }
    }
    text_clear(&name);
    return status;
}

static int compare_rows(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static enum status add_example(const struct scores *scores, int64_t row, struct scenarios *scenarios)
{
    char *id = table_load_text(scores->reader, "/samples/id", row);
    if (id == NULL)
        return fail(BAD_INPUT, "influence.h5: expected the id of training sample %lld in /samples/id", (long long)row);
    struct text name;
    text_init(&name);
    text_add(&name, "id=%s", id);
    enum status status = STATUS_OK;
    struct scenario *scenario = NULL;
    if (!scenario_is_named(scenarios, name.bytes))
        status = scenario_add(scenarios, name.bytes, SCENARIO_EXAMPLE, &scenario);
    if (status == STATUS_OK && scenario != NULL) {
        scenario->automatic = true;
        scenario_add_member(scenario, row);
    }
    text_clear(&name);
    memory_free(id);
    return status;
}

static enum status add_proponents(const struct inquiry *inquiry, const struct scores *scores,
                                  struct scenarios *scenarios)
{
    int64_t most = inquiry->config->top < scores->top ? inquiry->config->top : scores->top, n = 0;
    int64_t *rows = memory_allocate(scores->n_query * most, sizeof *rows);
    for (int64_t q = 0; q < scores->n_query; q++)
        for (int64_t t = 0; t < most; t++) {
            int64_t row = scores->index[SIDE_PROPONENTS][q * scores->top + t];
            if (row >= 0 && row < scores->n_train)
                rows[n++] = row;
        }
    qsort(rows, (size_t)n, sizeof *rows, compare_rows);
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        if (i == 0 || rows[i] != rows[i - 1])
            status = add_example(scores, rows[i], scenarios);
    memory_free(rows);
    return status;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

enum status scenarios_make(MPI_Comm comm, struct inquiry *inquiry, const struct scores *scores,
                           struct scenarios *scenarios)
{
    *scenarios = (struct scenarios){0};
    text_init(&scenarios->left_out);
    enum status status = scenarios_parse(inquiry, scenarios);
    if (status == STATUS_OK && inquiry->config->groups)
        status = add_groups(inquiry, scenarios);
    if (status == STATUS_OK && scores != NULL)
        status = add_proponents(inquiry, scores, scenarios);
    status = agree(comm, status);
    if (status == STATUS_OK)
        status = scenarios_resolve(comm, inquiry, scenarios);
    if (status == STATUS_OK && scenarios->n == 0)
        status =
            fail(BAD_CONFIG, "counterfactual: expected at least one scenario, found none: give without, scenarios, "
                             "or samples.group_by a column of several values");
    if (status != STATUS_OK)
        scenarios_clear(scenarios);
    return status;
}

void scenarios_check(const struct inquiry_request *request, struct text *problems)
{
    struct inquiry inquiry;
    struct scenarios scenarios = {0};
    if (!inquiry_open_local(request, &inquiry, problems))
        return;
    text_init(&scenarios.left_out);
    enum status status = scenarios_parse(&inquiry, &scenarios);
    if (status == STATUS_OK)
        status = scenarios_resolve(MPI_COMM_NULL, &inquiry, &scenarios);
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
    scenarios_clear(&scenarios);
    inquiry_close(&inquiry);
}

void scenarios_clear(struct scenarios *scenarios)
{
    for (int64_t s = 0; s < scenarios->n; s++) {
        struct scenario *scenario = &scenarios->items[s];
        for (int64_t i = 0; i < scenario->n_id; i++)
            memory_free(scenario->ids[i]);
        memory_free(scenario->ids);
        memory_free(scenario->members);
        memory_free(scenario->conditions);
        memory_free(scenario->name);
    }
    memory_free(scenarios->items);
    text_clear(&scenarios->left_out);
    *scenarios = (struct scenarios){0};
}
