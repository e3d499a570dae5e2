#include "base/file.h"
#include "base/memory.h"
#include "mechanism/link_examples.h"
#include "table/load.h"

struct admissions {
    int64_t n_training, n_policy;
    int32_t *policy; /* owned; per training row */
    char **names;    /* owned */
};

static char **load_names(struct table_reader *reader, const char *path, int64_t n)
{
    char **names = memory_allocate(n, sizeof *names);
    for (int64_t i = 0; i < n; i++) {
        names[i] = table_load_text(reader, path, i);
        if (names[i] == NULL)
            names[i] = memory_copy_text("?");
    }
    return names;
}

/* By the last admission of every sample that was trained on. */
static bool take_lineage(struct table_reader *lineage, struct admissions *made)
{
    int64_t n = table_extent_of(lineage, "/samples/training", 0),
            n_row = table_extent_of(lineage, "/admissions/policy", 0);
    int64_t *training = table_load(lineage, "/samples/training", TABLE_I64, n);
    int64_t *admission = table_load(lineage, "/samples/admission", TABLE_I64, n);
    int32_t *policy = table_load(lineage, "/admissions/policy", TABLE_I32, n_row);
    int64_t n_policy = table_extent_of(lineage, "/policies/name", 0);
    bool good = n > 0 && n_row > 0 && n_policy > 0 && training != NULL && admission != NULL && policy != NULL,
         any = false;
    for (int64_t i = 0; i < n && good; i++) {
        int64_t t = training[i], row = admission[i];
        if (t < 0 || t >= made->n_training || row < 0 || row >= n_row || policy[row] < 0 || policy[row] >= n_policy)
            continue;
        made->policy[t] = policy[row];
        any = true;
    }
    if (any) {
        made->n_policy = n_policy;
        made->names = load_names(lineage, "/policies/name", n_policy);
    }
    memory_free(policy);
    memory_free(admission);
    memory_free(training);
    return any;
}

static void take_column(struct table_reader *influence, const char *column, struct admissions *made)
{
    struct text codes, values;
    text_init(&codes);
    text_init(&values);
    text_add(&codes, "/samples/group/%s", column);
    text_add(&values, "/groups/%s/value", column);
    int64_t n_policy = table_extent_of(influence, values.bytes, 0);
    int32_t *policy = table_load(influence, codes.bytes, TABLE_I32, made->n_training);
    for (int64_t t = 0; t < made->n_training && policy != NULL; t++)
        if (policy[t] >= 0 && policy[t] < n_policy)
            made->policy[t] = policy[t];
    if (policy != NULL) {
        made->n_policy = n_policy;
        made->names = load_names(influence, values.bytes, n_policy);
    }
    memory_free(policy);
    text_clear(&codes);
    text_clear(&values);
}

struct admissions *admissions_open(const char *run_directory, struct table_reader *influence, const char *column)
{
    struct admissions *made = memory_allocate(1, sizeof *made);
    struct table_reader *lineage;
    char *path = path_join(run_directory, "lineage.h5");
    bool known = false;
    made->n_training = table_extent_of(influence, "/samples/id", 0);
    made->policy = memory_allocate(made->n_training, sizeof *made->policy);
    for (int64_t t = 0; t < made->n_training; t++)
        made->policy[t] = -1;
    if (path_exists(path) && table_open(path, &lineage) == STATUS_OK) {
        known = take_lineage(lineage, made);
        table_reader_close(lineage);
    }
    if (!known)
        take_column(influence, column, made);
    memory_free(path);
    return made;
}

void admissions_close(struct admissions *admissions)
{
    if (admissions == NULL)
        return;
    for (int64_t i = 0; i < admissions->n_policy; i++)
        memory_free(admissions->names[i]);
    memory_free(admissions->names);
    memory_free(admissions->policy);
    memory_free(admissions);
}

int64_t admissions_count(const struct admissions *admissions)
{
    return admissions->n_policy;
}

const char *admissions_name(const struct admissions *admissions, int64_t policy)
{
    return admissions->names[policy];
}

int32_t admissions_get(const struct admissions *admissions, int64_t training)
{
    return training >= 0 && training < admissions->n_training ? admissions->policy[training] : -1;
}
