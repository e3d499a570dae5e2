#include "seal/log_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/json.h"
#include "seal/coverage.h"

enum { CONFIG_LIMIT = 16 << 20 };

static enum status read_config(const char *run_directory, struct log_plan *plan)
{
    char *path = path_join(run_directory, "run.json");
    size_t n = 0;
    cJSON *json = NULL;
    enum status status = file_load(path, CONFIG_LIMIT, &plan->config, &n);
    if (status != STATUS_OK)
        status = fail(BAD_RUN, "%s; the run directory of a finished job has it", failure_sentence());
    if (status == STATUS_OK)
        status = json_parse(plan->config, n, path, BAD_RUN, &json);
    if (status == STATUS_OK && (plan->config[0] != '{' || n < 2 || strcmp(plan->config + n - 2, "}\n") != 0))
        status = fail(BAD_RUN, "%s: expected one JSON object from the first byte to a last line feed", path);
    plan->config_bytes = (int64_t)n;
    if (status == STATUS_OK)
        digest_of(plan->config, n, plan->config_sha256);
    cJSON_Delete(json);
    memory_free(path);
    return status;
}

const char *log_type(const struct dataset *shape, char type[32])
{
    if (shape->type == TABLE_STRING)
        snprintf(type, 32, "utf8[%lld]", (long long)shape->string_bytes);
    else
        snprintf(type, 32, "%s", table_type_name(shape->type));
    return type;
}

static void add_dataset(struct log_plan *plan, int table, int i)
{
    struct log_dataset *dataset = &plan->datasets[plan->n_dataset++];
    const struct table_reader *reader = plan->tables[table].reader;
    dataset->table = table;
    dataset->shape = table_dataset(reader, i);
    log_type(dataset->shape, dataset->type);
    table_extent(reader, i, &dataset->offset, &dataset->bytes);
    if (dataset->bytes == 0)
        dataset->offset = 0;
    dataset->n_row = dataset_rows(dataset->shape);
    dataset->row_bytes = dataset_row_bytes(dataset->shape);
    dataset->block_first = plan->n_block;
    dataset->n_block = block_count(dataset->n_row, dataset->row_bytes);
    plan->n_block += dataset->n_block;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct log_table *)a)->name, ((const struct log_table *)b)->name);
}

static int compare_datasets(const void *a, const void *b)
{
    const struct log_dataset *left = a, *right = b;
    return left->table != right->table ? (left->table > right->table) - (left->table < right->table)
                                       : strcmp(left->shape->path, right->shape->path);
}

static enum status open_tables(const char *run_directory, const char *const *names, int n, struct log_plan *plan)
{
    enum status status = STATUS_OK;
    plan->tables = memory_allocate(n, sizeof *plan->tables);
    for (int i = 0; i < n; i++) {
        plan->tables[i].name = memory_copy_text(names[i]);
        plan->tables[i].path = path_join(run_directory, names[i]);
    }
    plan->n_table = n;
    qsort(plan->tables, (size_t)n, sizeof *plan->tables, compare_paths);
    for (int i = 0; i < n && status == STATUS_OK; i++) {
        if (i > 0 && strcmp(plan->tables[i - 1].name, plan->tables[i].name) == 0)
            return fail(BAD_RUN, "table %s: named twice; name each table to seal once", plan->tables[i].name);
        status = table_open(plan->tables[i].path, &plan->tables[i].reader);
        if (status == STATUS_OK)
            status = inputs_read(plan->tables[i].reader, &plan->inputs);
        if (status == STATUS_OK)
            plan->n_dataset += table_count(plan->tables[i].reader);
    }
    return status == STATUS_OK ? STATUS_OK : fail(BAD_RUN, "%s", failure_sentence());
}

/* Blocks are counted in the order in which the log lists datasets, whatever order a reader gives them in. */
static void list_datasets(struct log_plan *plan)
{
    plan->datasets = memory_allocate(plan->n_dataset, sizeof *plan->datasets);
    plan->n_dataset = 0;
    for (int t = 0; t < plan->n_table; t++)
        for (int i = 0; i < table_count(plan->tables[t].reader); i++)
            add_dataset(plan, t, i);
    qsort(plan->datasets, (size_t)plan->n_dataset, sizeof *plan->datasets, compare_datasets);
    plan->n_block = 0;
    for (int64_t d = 0; d < plan->n_dataset; d++) {
        plan->datasets[d].block_first = plan->n_block;
        plan->n_block += plan->datasets[d].n_block;
    }
}

enum status log_plan_open(const char *run_directory, const char *const *tables, int n_table, struct log_plan *plan)
{
    *plan = (struct log_plan){0};
    segments_init(&plan->inputs);
    enum status status = read_config(run_directory, plan);
    if (status == STATUS_OK)
        status = open_tables(run_directory, tables, n_table, plan);
    if (status == STATUS_OK)
        status = segments_sort(&plan->inputs);
    if (status == STATUS_OK)
        status = coverage_check(&plan->inputs);
    if (status != STATUS_OK)
        return status;
    list_datasets(plan);
    plan->n_entry = 1 + plan->inputs.n + plan->n_dataset + plan->n_block + 1;
    return STATUS_OK;
}

void log_plan_close(struct log_plan *plan)
{
    for (int i = 0; i < plan->n_table; i++) {
        table_reader_close(plan->tables[i].reader);
        memory_free(plan->tables[i].name);
        memory_free(plan->tables[i].path);
    }
    memory_free(plan->tables);
    memory_free(plan->datasets);
    memory_free(plan->config);
    segments_clear(&plan->inputs);
    *plan = (struct log_plan){0};
}

void log_plan_add_samples(struct log_plan *plan, const char *run_name, const struct usage_summary *samples)
{
    plan->run_name = run_name;
    plan->samples = *samples;
    plan->n_entry++;
}
