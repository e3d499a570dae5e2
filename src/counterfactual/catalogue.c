#include "counterfactual/catalogue.h"

#include <string.h>

#include "base/memory.h"

void catalogue_init(struct catalogue *catalogue)
{
    *catalogue = (struct catalogue){0};
}

void catalogue_clear(struct catalogue *catalogue)
{
    for (int i = 0; i < catalogue->n_owned; i++)
        memory_free(catalogue->owned[i]);
    memory_free(catalogue->owned);
    memory_free(catalogue->entries);
    *catalogue = (struct catalogue){0};
}

void catalogue_add(struct catalogue *catalogue, struct dataset dataset, const void *data)
{
    if (catalogue->n == catalogue->capacity) {
        int more = 2 * catalogue->capacity + 32;
        catalogue->entries = memory_resize(catalogue->entries, catalogue->n, more, sizeof *catalogue->entries);
        catalogue->capacity = more;
    }
    catalogue->entries[catalogue->n++] = (struct entry){dataset, data};
}

void *catalogue_own(struct catalogue *catalogue, void *memory)
{
    catalogue->owned =
        memory_resize(catalogue->owned, catalogue->n_owned, catalogue->n_owned + 1, sizeof *catalogue->owned);
    catalogue->owned[catalogue->n_owned++] = memory;
    return memory;
}

void catalogue_add_texts(struct catalogue *catalogue, const char *path, const char *const *texts, int64_t n,
                         const char *text)
{
    size_t width = 1;
    for (int64_t i = 0; i < n; i++)
        width = strlen(texts[i]) > width ? strlen(texts[i]) : width;
    char *rows = catalogue_own(catalogue, memory_allocate(n, width));
    for (int64_t i = 0; i < n; i++)
        memcpy(rows + (size_t)i * width, texts[i], strlen(texts[i]));
    catalogue_add(catalogue, (struct dataset){path, TABLE_STRING, 1, {n}, (int64_t)width, "1", text}, rows);
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static void add_members(struct catalogue *catalogue, const struct scenarios *scenarios)
{
    int64_t n = 0, at = 0, count = scenarios->n;
    for (int64_t s = 0; s < count; s++)
        n += scenarios->items[s].n_member;
    int64_t *start = catalogue_own(catalogue, memory_allocate(count + 1, sizeof *start));
    int64_t *member = catalogue_own(catalogue, memory_allocate(n, sizeof *member));
    int64_t *size = catalogue_own(catalogue, memory_allocate(count, sizeof *size));
    uint8_t *automatic = catalogue_own(catalogue, memory_allocate(count, sizeof *automatic));
    for (int64_t s = 0; s < count; s++) {
        const struct scenario *scenario = &scenarios->items[s];
        for (int64_t i = 0; i < scenario->n_member; i++)
            member[at++] = scenario->members[i];
        start[s + 1] = at;
        size[s] = scenario->count;
        automatic[s] = scenario->automatic;
    }
    catalogue_add(catalogue,
                  (struct dataset){"/scenarios/automatic",
                                   TABLE_U8,
                                   1,
                                   {count},
                                   0,
                                   "1",
                                   "1 where the job made the scenario, 0 where the config names it"},
                  automatic);
    catalogue_add(catalogue,
                  (struct dataset){
                      "/scenarios/count", TABLE_I64, 1, {count}, 0, "examples", "training examples that are left out"},
                  size);
    catalogue_add(catalogue,
                  (struct dataset){"/scenarios/member_start",
                                   TABLE_I64,
                                   1,
                                   {count + 1},
                                   0,
                                   "1",
                                   "where the examples named one by one begin in /scenarios/member, and the end"},
                  start);
    catalogue_add(catalogue,
                  (struct dataset){"/scenarios/member",
                                   TABLE_I64,
                                   1,
                                   {n},
                                   0,
                                   "training example",
                                   "examples named one by one; those of a group are known by their values"},
                  member);
}

static void add_scenarios(struct catalogue *catalogue, const struct inquiry *inquiry, const struct scenarios *scenarios)
{
    int64_t n = scenarios->n;
    const char **names = catalogue_own(catalogue, memory_allocate(4 * n, sizeof *names));
    const char **kinds = names + n, **columns = kinds + n, **values = columns + n;
    for (int64_t s = 0; s < n; s++) {
        const struct scenario *scenario = &scenarios->items[s];
        const struct group_column *column =
            scenario->kind == SCENARIO_GROUP ? &inquiry->samples.columns[scenario->conditions->column] : NULL;
        names[s] = scenario->name;
        kinds[s] = scenario_kind_names[scenario->kind];
        columns[s] = column != NULL ? column->name : "";
        values[s] = column != NULL                       ? column->values[scenario->conditions->code]
                    : scenario->kind == SCENARIO_EXAMPLE ? strchr(scenario->name, '=') + 1
                                                         : "";
    }
    catalogue_add_texts(catalogue, "/scenarios/name", names, n, "what each scenario leaves out");
    catalogue_add_texts(catalogue, "/scenarios/kind", kinds, n,
                        "group: all with one value of a column; example: one id; listed: as a file says");
    catalogue_add_texts(catalogue, "/scenarios/column", columns, n, "of a group: the column");
    catalogue_add_texts(catalogue, "/scenarios/value", values, n, "of a group: the value; of an example: its id");
}

void catalogue_add_records(struct catalogue *catalogue, const struct inquiry *inquiry,
                           const struct scenarios *scenarios)
{
    const struct queries *queries = &inquiry->queries;
    catalogue_add(catalogue,
                  (struct dataset){"/samples/id",
                                   TABLE_STRING,
                                   1,
                                   {inquiry->samples.n},
                                   inquiry->samples.id_bytes,
                                   "1",
                                   "id of each training example"},
                  NULL);
    catalogue_add(
        catalogue,
        (struct dataset){"/queries/id", TABLE_STRING, 1, {queries->n}, queries->id_bytes, "1", "id of each query"},
        queries->ids);
    catalogue_add_texts(catalogue, "/queries/text", (const char *const *)queries->texts, queries->n,
                        "what each query is, for people");
    add_scenarios(catalogue, inquiry, scenarios);
    add_members(catalogue, scenarios);
}

/* ---- changes ---------------------------------------------------------------------------------------------------- */

static void add_fit(struct catalogue *catalogue, const struct inquiry *inquiry, const struct ridge *ridge)
{
    int64_t q = ridge->n_query, k = ridge->n_output, n = ridge->n;
    catalogue_add(
        catalogue,
        (struct dataset){
            "/ridge/prediction", TABLE_F64, 2, {q, k}, 0, "output", "outputs of the ridge head for each query"},
        ridge->prediction);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/predicted",
                                   TABLE_I32,
                                   1,
                                   {q},
                                   0,
                                   "1",
                                   "what is predicted, as an index into /classes/name; one output: 1 at the "
                                   "threshold and above, else 0"},
                  ridge->predicted);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/margin",
                                   TABLE_F64,
                                   1,
                                   {q},
                                   0,
                                   "output",
                                   "of the predicted output over the best other; one output: from the threshold"},
                  ridge->margin);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/leverage",
                                   TABLE_F64,
                                   1,
                                   {n},
                                   0,
                                   "1",
                                   "change of the example's own output per change of its target"},
                  NULL);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/loo/residual",
                                   TABLE_F64,
                                   2,
                                   {n, k},
                                   0,
                                   "output",
                                   "target - output of the fit without the example, exactly"},
                  NULL);
    if (inquiry->config->ridge.loo)
        catalogue_add(catalogue,
                      (struct dataset){"/ridge/loo/margin",
                                       TABLE_F64,
                                       2,
                                       {n, q},
                                       0,
                                       "output",
                                       "exact change of the query's margin without the example alone"},
                      NULL);
}

void catalogue_add_ridge(struct catalogue *catalogue, const struct inquiry *inquiry, const struct targets *targets,
                         const struct ridge *ridge, const struct changes *changes)
{
    int64_t s = changes->n_scenario, q = changes->n_query, k = changes->n_output;
    catalogue_add_texts(catalogue, "/classes/name", (const char *const *)targets->names, k,
                        "outputs of the ridge head");
    add_fit(catalogue, inquiry, ridge);
    uint8_t *flips = catalogue_own(catalogue, memory_allocate(s * q, sizeof *flips));
    double *gap = catalogue_own(catalogue, memory_allocate(s * q, sizeof *gap));
    for (int64_t i = 0; i < s * q; i++) {
        flips[i] = changes->becomes[i] != ridge->predicted[i % q];
        gap[i] = changes->margin[i] - changes->additive[i];
    }
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/change/prediction",
                                   TABLE_F64,
                                   3,
                                   {s, q, k},
                                   0,
                                   "output",
                                   "exact change of each output without the scenario's examples"},
                  changes->prediction);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/change/margin",
                                   TABLE_F64,
                                   2,
                                   {s, q},
                                   0,
                                   "output",
                                   "exact change of the margin without the scenario's examples"},
                  changes->margin);
    catalogue_add(
        catalogue,
        (struct dataset){"/ridge/flips", TABLE_U8, 2, {s, q}, 0, "1", "1 where another output is predicted then"},
        flips);
    catalogue_add(
        catalogue,
        (struct dataset){
            "/ridge/flips_to", TABLE_I32, 2, {s, q}, 0, "1", "what is predicted then, as an index into /classes/name"},
        changes->becomes);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/additive/margin",
                                   TABLE_F64,
                                   2,
                                   {s, q},
                                   0,
                                   "output",
                                   "change of the margin if what single examples change simply added up"},
                  changes->additive);
    catalogue_add(catalogue,
                  (struct dataset){"/ridge/additivity_gap",
                                   TABLE_F64,
                                   2,
                                   {s, q},
                                   0,
                                   "output",
                                   "exact change - change if single ones added up"},
                  gap);
}

void catalogue_add_network(struct catalogue *catalogue, bool is_loss, const struct changes *changes)
{
    int64_t s = changes->n_scenario, q = changes->n_query;
    const char *unit = is_loss ? "loss" : "score";
    catalogue_add(catalogue,
                  (struct dataset){"/network/loss_change",
                                   TABLE_F64,
                                   2,
                                   {s, q},
                                   0,
                                   unit,
                                   "scale x sum of the left-out examples' scores: to first order the change "
                                   "of the query's loss; NaN where too few scores are kept to know it"},
                  changes->loss);
    catalogue_add(catalogue,
                  (struct dataset){"/network/standard_error",
                                   TABLE_F64,
                                   2,
                                   {s, q},
                                   0,
                                   unit,
                                   "of that change, by /network/uncertainty; NaN: none"},
                  changes->error);
    catalogue_add(catalogue,
                  (struct dataset){"/network/low", TABLE_F64, 2, {s, q}, 0, unit, "5th percentile; NaN: none"},
                  changes->low);
    catalogue_add(catalogue,
                  (struct dataset){"/network/high", TABLE_F64, 2, {s, q}, 0, unit, "95th percentile; NaN: none"},
                  changes->high);
    catalogue_add(catalogue,
                  (struct dataset){"/network/uncertainty",
                                   TABLE_U8,
                                   2,
                                   {s, q},
                                   0,
                                   "1",
                                   "0: none; 1: spread over checkpoints; 2: bootstrap over the left-out examples"},
                  changes->kind);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

enum status catalogue_create(MPI_Comm comm, const char *path, const struct catalogue *catalogue,
                             const struct table_attribute *attributes, int n_attribute,
                             const struct segment_list *inputs, struct table **table)
{
    struct dataset *list = memory_allocate(catalogue->n + N_INPUT_DATASETS, sizeof *list);
    for (int i = 0; i < catalogue->n; i++)
        list[i] = catalogue->entries[i].dataset;
    inputs_datasets(comm, inputs, list + catalogue->n);
    enum status status =
        table_create(comm, path, list, catalogue->n + N_INPUT_DATASETS, attributes, n_attribute, table);
    memory_free(list);
    return status;
}

enum status catalogue_write(const struct catalogue *catalogue, struct table *table)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < catalogue->n && status == STATUS_OK; i++) {
        const struct entry *entry = &catalogue->entries[i];
        if (entry->data != NULL)
            status = table_write(table, entry->dataset.path, 0, dataset_rows(&entry->dataset), entry->data);
    }
    return status;
}
