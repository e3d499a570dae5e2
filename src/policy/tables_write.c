#include <string.h>

#include "base/memory.h"
#include "policy/tables.h"

/* A series of writes: the first failure counts, the others are skipped. */
struct writer {
    struct table *table;
    enum status status;
};

static void put(struct writer *writer, const char *path, int64_t n, const void *data)
{
    if (writer->status == STATUS_OK)
        writer->status = table_write(writer->table, path, 0, n, data);
}

/* n strings as fixed-width rows; NULL stands for empty ones. */
static void put_texts(struct writer *writer, const char *path, const char *const *texts, int64_t n)
{
    size_t width = 1;
    for (int64_t i = 0; texts != NULL && i < n; i++)
        width = strlen(texts[i]) > width ? strlen(texts[i]) : width;
    char *rows = memory_allocate(n, width);
    for (int64_t i = 0; texts != NULL && i < n; i++)
        memcpy(rows + (size_t)i * width, texts[i], strlen(texts[i]));
    put(writer, path, n, rows);
    memory_free(rows);
}

static void put_records(struct writer *writer, const struct problem *problem)
{
    const struct probes *probes = &problem->probes;
    const struct strings *names = &problem->config->behaviours;
    put(writer, "/probes/id", probes->n, probes->ids);
    put(writer, "/probes/category", probes->n, probes->category);
    put(writer, "/probes/expected", probes->n, probes->expected);
    if (problem->config->folds > 0) {
        int32_t *fold = memory_allocate(probes->n, sizeof *fold);
        for (int64_t i = 0; i < probes->n; i++)
            fold[i] = (int32_t)(i % problem->config->folds);
        put(writer, "/probes/fold", probes->n, fold);
        memory_free(fold);
    }
    put_texts(writer, "/categories/name", (const char *const *)probes->categories, probes->n_category);
    put_texts(writer, "/behaviours/name", (const char *const *)names->items, names->n);
}

static void put_features(struct writer *writer, const struct findings *findings)
{
    const struct features *features = findings->features;
    const struct solution *solution = &findings->model->solution;
    int64_t m = features->n_feature;
    put_texts(writer, "/features/label", (const char *const *)findings->problem->labels.items, m);
    put(writer, "/features/mean", m, features->mean);
    put(writer, "/features/deviation", m, features->deviation);
    put(writer, "/features/active", m, features->active);
    put(writer, "/coefficients", solution->n_behaviour, solution->coefficient);
    put(writer, "/intercept", solution->n_behaviour, solution->intercept);
}

static void put_path(struct writer *writer, const struct path *path, bool leverages)
{
    uint8_t *chosen = memory_allocate(path->n, sizeof *chosen);
    chosen[path->chosen] = 1;
    put(writer, "/path/lambda", path->n, path->lambda);
    put(writer, "/path/chosen", path->n, chosen);
    put(writer, "/path/r2", path->n, path->r2);
    if (leverages) {
        put(writer, "/path/gcv", path->n, path->gcv);
        put(writer, "/path/press", path->n, path->press);
        put(writer, "/path/degrees_of_freedom", path->n, path->degrees);
        put(writer, "/path/criterion", path->n, path->criterion);
    }
    memory_free(chosen);
}

static void put_model(struct writer *writer, const struct model *model)
{
    int64_t m = model->n_behaviour;
    put(writer, "/predictions", m, model->prediction);
    put(writer, "/residuals", m, model->residual);
    if (model->leverage != NULL) {
        put(writer, "/leverage", model->n_probe, model->leverage);
        put(writer, "/loo_residual", m, model->loo_residual);
    }
    if (model->fold_prediction != NULL)
        put(writer, "/fold_prediction", m, model->fold_prediction);
    static const char *const names[N_JUDGED] = {"train", "loo", "folds"};
    for (int j = 0; j < N_JUDGED; j++) {
        const struct judgement *judgement = &model->judgements[j];
        const char *const figures[] = {"r2", "auc", "log_loss"};
        const double *const values[] = {judgement->r2, judgement->auc, judgement->log_loss};
        for (int k = 0; k < 3 && judgement->made; k++) {
            struct text path;
            text_init(&path);
            text_add(&path, "/diagnostics/%s/%s", names[j], figures[k]);
            put(writer, path.bytes, m, values[k]);
            text_clear(&path);
        }
    }
}

static double field_of(const struct gap *gap, int field)
{
    switch (field) {
        case 0:
            return (double)gap->n_expecting / (double)gap->n_probe;
        case 1:
            return gap->behaviour_mean;
        case 2:
            return gap->contribution;
        case 3:
            return gap->lift;
        default:
            return gap->strongest;
    }
}

static void put_gaps(struct writer *writer, const struct gaps *gaps)
{
    static const char *const numbers[] = {"/gaps/expected_share", "/gaps/mean_behaviour", "/gaps/mean_contribution",
                                          "/gaps/lift", "/gaps/strongest"};
    int64_t n = gaps->n;
    int32_t *index = memory_allocate(n, sizeof *index);
    int64_t *count = memory_allocate(n, sizeof *count);
    double *value = memory_allocate(n, sizeof *value);
    for (int64_t g = 0; g < n; g++)
        index[g] = gaps->items[g].category;
    put(writer, "/gaps/category", n, index);
    for (int64_t g = 0; g < n; g++)
        index[g] = gaps->items[g].behaviour;
    put(writer, "/gaps/behaviour", n, index);
    for (int64_t g = 0; g < n; g++)
        count[g] = gaps->items[g].n_probe;
    put(writer, "/gaps/probes", n, count);
    for (int64_t g = 0; g < n; g++)
        count[g] = gaps->items[g].n_expecting;
    put(writer, "/gaps/expecting", n, count);
    for (int64_t g = 0; g < n; g++)
        count[g] = gaps->items[g].n_active;
    put(writer, "/gaps/active_features", n, count);
    for (int field = 0; field < (int)(sizeof numbers / sizeof *numbers); field++) {
        for (int64_t g = 0; g < n; g++)
            value[g] = field_of(&gaps->items[g], field);
        put(writer, numbers[field], n, value);
    }
    memory_free(value);
    memory_free(count);
    memory_free(index);
    put(writer, "/gaps/evidence/feature", n, gaps->feature);
    put(writer, "/gaps/evidence/coefficient", n, gaps->coefficient);
    put(writer, "/gaps/evidence/mean_activation", n, gaps->mean);
    put(writer, "/gaps/evidence/active_share", n, gaps->share);
}

/* Of one width for all kinds, whichever were found. */
static void put_kinds(struct writer *writer, const struct gaps *gaps)
{
    size_t width = 1;
    for (int k = 0; k < N_GAP_KINDS; k++)
        width = strlen(gap_names[k]) > width ? strlen(gap_names[k]) : width;
    char *rows = memory_allocate(gaps->n, width);
    for (int64_t g = 0; g < gaps->n; g++) {
        const char *name = gap_names[gaps->items[g].kind];
        memcpy(rows + (size_t)g * width, name, strlen(name));
    }
    put(writer, "/gaps/kind", gaps->n, rows);
    memory_free(rows);
}

enum status policy_tables_write(struct table *table, const struct findings *findings)
{
    struct writer writer = {table, STATUS_OK};
    put_records(&writer, findings->problem);
    put_features(&writer, findings);
    put_path(&writer, &findings->model->path, findings->model->leverage != NULL);
    put_model(&writer, findings->model);
    put_gaps(&writer, findings->gaps);
    put_kinds(&writer, findings->gaps);
    return writer.status;
}
