#include "influence/tables.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { MAX_FIXED = 40, PER_COLUMN = 7 };

struct influence_tables {
    struct dataset *list; /* owned; their paths too where `owned_path` says so */
    int n, n_owned;
    char **owned_path; /* owned: names made of column names */
};

static int64_t text_width(char *const *texts, int64_t n)
{
    int64_t width = 1;
    for (int64_t i = 0; i < n; i++)
        if ((int64_t)strlen(texts[i]) > width)
            width = (int64_t)strlen(texts[i]);
    return width;
}

static void add(struct influence_tables *tables, struct dataset dataset)
{
    tables->list[tables->n++] = dataset;
}

/* /groups/COLUMN/… and the like: the path is owned by the list. */
static const char *path_of(struct influence_tables *tables, const char *before, const char *column, const char *after)
{
    struct text path;
    text_init(&path);
    text_add(&path, "%s%s%s", before, column, after);
    tables->owned_path[tables->n_owned++] = path.bytes;
    return path.bytes;
}

static const char *score_unit(const struct study *study)
{
    return study->method->normalised ? "1" : "loss";
}

static void add_records(struct influence_tables *tables, const struct study *study, const struct influence_plan *plan)
{
    const struct queries *queries = &study->queries;
    const struct checkpoints *all = &study->checkpoints;
    int64_t name = 1;
    for (int64_t i = 0; i < all->n; i++)
        name = (int64_t)strlen(all->items[i].name) > name ? (int64_t)strlen(all->items[i].name) : name;
    add(tables, (struct dataset){"/samples/id",
                                 TABLE_STRING,
                                 1,
                                 {plan->n_train},
                                 study->samples.id_bytes,
                                 "1",
                                 "id of each training example, in the order of the captures' rows"});
    add(tables,
        (struct dataset){"/queries/id", TABLE_STRING, 1, {queries->n}, queries->id_bytes, "1", "id of each query"});
    add(tables, (struct dataset){"/queries/text",
                                 TABLE_STRING,
                                 1,
                                 {queries->n},
                                 text_width(queries->texts, queries->n),
                                 "1",
                                 "what each query is, for people"});
    add(tables, (struct dataset){
                    "/checkpoints/name", TABLE_STRING, 1, {all->n}, name, "1", "name of each candidate checkpoint"});
    add(tables,
        (struct dataset){"/checkpoints/step", TABLE_I64, 1, {all->n}, 0, "optimizer steps", "step of each candidate"});
    add(tables,
        (struct dataset){
            "/checkpoints/learning_rate", TABLE_F64, 1, {all->n}, 0, "1", "learning rate in force at the step"});
    add(tables, (struct dataset){"/checkpoints/validation_loss",
                                 TABLE_F64,
                                 1,
                                 {all->n},
                                 0,
                                 "loss",
                                 "validation loss of each candidate, NaN where none was recorded"});
    add(tables, (struct dataset){"/checkpoints/selected",
                                 TABLE_U8,
                                 1,
                                 {all->n},
                                 0,
                                 "1",
                                 "1 where the selection rule kept the candidate, 0 where it rejected it"});
    add(tables, (struct dataset){"/checkpoints/used",
                                 TABLE_I64,
                                 1,
                                 {study->n_used},
                                 0,
                                 "1",
                                 "candidates that were scored: the axis of by_checkpoint"});
    add(tables, (struct dataset){"/layers/name",
                                 TABLE_STRING,
                                 1,
                                 {study->n_layer},
                                 text_width(study->config->layers.items, study->n_layer),
                                 "1",
                                 "parameter groups: the axis of by_layer"});
}

static void add_side(struct influence_tables *tables, const struct study *study, const struct influence_plan *plan,
                     enum side side)
{
    const char *group = side == PROPONENTS ? "/top/proponents/" : "/top/opponents/";
    const char *unit = score_unit(study);
    int64_t m = plan->n_query, top = plan->top;
    add(tables, (struct dataset){path_of(tables, group, "index", ""),
                                 TABLE_I64,
                                 2,
                                 {m, top},
                                 0,
                                 "training example",
                                 side == PROPONENTS ? "examples that lower the query's loss most, strongest first"
                                                    : "examples that raise the query's loss most, strongest first"});
    add(tables, (struct dataset){path_of(tables, group, "score", ""),
                                 TABLE_F64,
                                 2,
                                 {m, top},
                                 0,
                                 unit,
                                 "influence of the example on the query; positive = proponent"});
    add(tables, (struct dataset){path_of(tables, group, "by_checkpoint", ""),
                                 TABLE_F64,
                                 3,
                                 {m, top, study->n_used},
                                 0,
                                 unit,
                                 "the score by used checkpoint; sums to the score"});
    add(tables, (struct dataset){path_of(tables, group, "by_layer", ""),
                                 TABLE_F64,
                                 3,
                                 {m, top, study->n_layer},
                                 0,
                                 unit,
                                 "the score by layer; sums to the score"});
}

static void add_results(struct influence_tables *tables, const struct study *study, const struct influence_plan *plan)
{
    const char *unit = score_unit(study);
    for (int side = 0; side < N_SIDES; side++)
        add_side(tables, study, plan, (enum side)side);
    add(tables, (struct dataset){"/self",
                                 TABLE_F64,
                                 1,
                                 {plan->n_train},
                                 0,
                                 study->method->learning_rate ? "loss" : "squared gradient norm",
                                 "self-influence: the squared norm of the example's own gradient, weighted by the "
                                 "learning rates where the method is"});
    add(tables, (struct dataset){"/layers/total",
                                 TABLE_F64,
                                 2,
                                 {plan->n_query, study->n_layer},
                                 0,
                                 unit,
                                 "sum over all training examples of the influence through each layer"});
    add(tables, (struct dataset){"/checkpoints/total",
                                 TABLE_F64,
                                 2,
                                 {plan->n_query, study->n_used},
                                 0,
                                 unit,
                                 "sum over all training examples of the influence at each used checkpoint"});
    if (study->config->keep_scores)
        add(tables, (struct dataset){"/scores",
                                     TABLE_F64,
                                     2,
                                     {plan->n_train, plan->n_query},
                                     0,
                                     unit,
                                     "influence of every training example on every query; positive = proponent"});
}

static void add_column(struct influence_tables *tables, const struct study *study, const struct influence_plan *plan,
                       const struct group_column *column)
{
    const char *unit = score_unit(study);
    int64_t m = plan->n_query, n = column->n_value;
    add(tables, (struct dataset){path_of(tables, "/samples/group/", column->name, ""),
                                 TABLE_I32,
                                 1,
                                 {plan->n_train},
                                 0,
                                 "1",
                                 "each training example's value, as an index into the group's values"});
    add(tables, (struct dataset){path_of(tables, "/groups/", column->name, "/value"),
                                 TABLE_STRING,
                                 1,
                                 {n},
                                 text_width(column->values, n),
                                 "1",
                                 "distinct values, in bytewise order"});
    add(tables, (struct dataset){path_of(tables, "/groups/", column->name, "/count"),
                                 TABLE_I64,
                                 1,
                                 {n},
                                 0,
                                 "examples",
                                 "training examples with this value"});
    add(tables, (struct dataset){path_of(tables, "/groups/", column->name, "/proponents"),
                                 TABLE_I64,
                                 2,
                                 {m, n},
                                 0,
                                 "examples",
                                 "training examples with this value and a positive score"});
    add(tables, (struct dataset){path_of(tables, "/groups/", column->name, "/positive"),
                                 TABLE_F64,
                                 2,
                                 {m, n},
                                 0,
                                 unit,
                                 "sum of the positive scores of the group's examples"});
    add(tables, (struct dataset){path_of(tables, "/groups/", column->name, "/negative"),
                                 TABLE_F64,
                                 2,
                                 {m, n},
                                 0,
                                 unit,
                                 "sum of the negative scores of the group's examples"});
    add(tables, (struct dataset){path_of(tables, "/groups/", column->name, "/net"),
                                 TABLE_F64,
                                 2,
                                 {m, n},
                                 0,
                                 unit,
                                 "sum of all scores of the group's examples"});
}

struct influence_tables *influence_tables_list(const struct study *study, const struct influence_plan *plan)
{
    struct influence_tables *tables = memory_allocate(1, sizeof *tables);
    int64_t room = MAX_FIXED + PER_COLUMN * study->samples.n_column;
    tables->list = memory_allocate(room, sizeof *tables->list);
    tables->owned_path = memory_allocate(room, sizeof *tables->owned_path);
    add_records(tables, study, plan);
    add_results(tables, study, plan);
    for (int64_t c = 0; c < study->samples.n_column; c++)
        add_column(tables, study, plan, &study->samples.columns[c]);
    ASSERT(tables->n + N_INPUT_DATASETS <= room);
    return tables;
}

struct influence_tables *influence_tables_plan(MPI_Comm comm, const struct study *study,
                                               const struct influence_plan *plan, const struct segment_list *inputs)
{
    struct influence_tables *tables = influence_tables_list(study, plan);
    inputs_datasets(comm, inputs, tables->list + tables->n);
    tables->n += N_INPUT_DATASETS;
    return tables;
}

const struct dataset *influence_tables_get(const struct influence_tables *tables, int *n)
{
    *n = tables->n;
    return tables->list;
}

void influence_tables_destroy(struct influence_tables *tables)
{
    if (tables == NULL)
        return;
    for (int i = 0; i < tables->n_owned; i++)
        memory_free(tables->owned_path[i]);
    memory_free(tables->owned_path);
    memory_free(tables->list);
    memory_free(tables);
}

enum status influence_tables_create(MPI_Comm comm, const char *path, const struct influence_tables *tables,
                                    const struct study *study, const char *fingerprint, struct table **table)
{
    const struct table_attribute attributes[] = {
        {"title", "Assay: influence of training examples on queries"},
        {"method", study->method->name},
        {"formula", study->method->formula},
        {"source", study->method->source},
        {"convention", "positive = proponent: a step on the example lowers the query's loss"},
        {"exactness", "first order in the parameters; the arithmetic is exact on the digits of the config"},
        {"checkpoint rule", study->rule},
        {"fingerprint", fingerprint},
    };
    return table_create(comm, path, tables->list, tables->n, attributes, sizeof attributes / sizeof *attributes, table);
}

enum status influence_tables_check(const char *path, const char *fingerprint)
{
    struct table_reader *reader = NULL;
    struct text partial;
    text_init(&partial);
    text_add(&partial, "%s.partial", path);
    enum status status = STATUS_OK;
    if (!path_exists(partial.bytes)) {
        status = fail(BAD_RUN, "%s: is missing, though a journal says what is done in it: remove the folder journal",
                      partial.bytes);
    } else if (table_open(partial.bytes, &reader) != STATUS_OK) {
        status = fail(BAD_RUN, "%s: remove it and the folder journal", failure_sentence());
    } else {
        const char *found = table_attribute(reader, "fingerprint");
        if (found == NULL || strcmp(found, fingerprint) != 0)
            status = fail(BAD_RUN, "%s: belongs to another config or other records: remove it and the folder journal",
                          partial.bytes);
        table_reader_close(reader);
    }
    text_clear(&partial);
    return status;
}

enum status influence_tables_reopen(MPI_Comm comm, const char *path, const struct influence_tables *tables,
                                    struct table **table)
{
    return table_reopen(comm, path, tables->list, tables->n, table);
}
