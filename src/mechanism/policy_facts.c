#include "mechanism/policy_facts.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "table/load.h"

/* Reads datasets one after the other; what was read goes into one digest. */
struct loading {
    struct table_reader *reader;
    struct digest *digest;
    bool good;
};

static void *load(struct loading *loading, const char *path, enum table_type type, int64_t n, size_t size)
{
    void *data = loading->good ? table_load(loading->reader, path, type, n) : NULL;
    loading->good = data != NULL;
    if (data != NULL)
        digest_add(loading->digest, data, (size_t)n * size);
    return data;
}

static double *load_doubles(struct loading *loading, const char *path, int64_t n)
{
    return load(loading, path, TABLE_F64, n, sizeof(double));
}

/* n texts of their own. */
static char **load_texts(struct loading *loading, const char *path, int64_t n)
{
    char **texts = memory_allocate(n, sizeof *texts);
    for (int64_t i = 0; i < n && loading->good; i++) {
        texts[i] = table_load_text(loading->reader, path, i);
        loading->good = texts[i] != NULL;
        if (loading->good)
            digest_add(loading->digest, texts[i], strlen(texts[i]) + 1);
    }
    return texts;
}

static void load_all(struct loading *loading, struct policy_facts *facts)
{
    struct table_reader *reader = loading->reader;
    const struct dataset *ids = table_find(reader, "/probes/id");
    const char *behaviour = table_attribute(reader, "behaviour");
    facts->n_behaviour = table_extent_of(reader, "/coefficients", 0);
    facts->n_feature = table_extent_of(reader, "/coefficients", 1);
    facts->n_probe = table_extent_of(reader, "/probes/id", 0);
    facts->n_category = table_extent_of(reader, "/categories/name", 0);
    facts->n_pair = table_extent_of(reader, "/pairs/id", 0);
    facts->n_top = table_extent_of(reader, "/features/top_pairs/pair", 2);
    facts->is_value = behaviour != NULL && strcmp(behaviour, "value") == 0;
    facts->id_bytes = ids != NULL ? ids->string_bytes : 0;
    loading->good = facts->n_behaviour > 0 && facts->n_feature > 0 && facts->n_probe > 0 && facts->n_category > 0;
    int64_t m = facts->n_feature, nb = facts->n_behaviour, n = facts->n_probe;
    facts->probe_ids = load(loading, "/probes/id", TABLE_STRING, n, (size_t)facts->id_bytes);
    facts->category = load(loading, "/probes/category", TABLE_I32, n, sizeof(int32_t));
    facts->categories = load_texts(loading, "/categories/name", facts->n_category);
    facts->behaviours = load_texts(loading, "/behaviours/name", nb);
    facts->labels = load_texts(loading, "/features/label", m);
    facts->coefficient = load_doubles(loading, "/coefficients", nb * m);
    facts->intercept = load_doubles(loading, "/intercept", nb);
    facts->mean = load_doubles(loading, "/features/mean", m);
    facts->deviation = load_doubles(loading, "/features/deviation", m);
    facts->active = load(loading, "/features/active", TABLE_I64, m, sizeof(int64_t));
    facts->prediction = load_doubles(loading, "/predictions", nb * n);
    facts->residual = load_doubles(loading, "/residuals", nb * n);
    if (table_find(reader, "/fold_prediction") != NULL)
        facts->fold_prediction = load_doubles(loading, "/fold_prediction", nb * n);
    if (facts->n_pair > 0) {
        facts->top_pair = load(loading, "/features/top_pairs/pair", TABLE_I64, nb * m * facts->n_top, sizeof(int64_t));
        facts->top_shift = load_doubles(loading, "/features/top_pairs/shift", nb * m * facts->n_top);
    }
}

static enum status open_local(const char *path, struct policy_facts *facts)
{
    struct loading loading = {.digest = digest_create()};
    enum status status = table_open(path, &loading.reader);
    if (status == STATUS_OK) {
        digest_begin(loading.digest);
        load_all(&loading, facts);
        digest_end(loading.digest, facts->digest);
        table_reader_close(loading.reader);
        if (!loading.good)
            status = fail(BAD_INPUT,
                          "%s: expected the datasets of a policy table; some are missing or unreadable: run `assay "
                          "policy` again",
                          path);
    }
    digest_destroy(loading.digest);
    return status;
}

enum status policy_facts_open(MPI_Comm comm, const char *run_directory, struct policy_facts *facts)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    *facts = (struct policy_facts){0};
    char *path = path_join(run_directory, "policy.h5");
    int there = rank == 0 && path_exists(path); /* rank 0 looks, for all */
    MPI_Bcast(&there, 1, MPI_INT, 0, comm);
    facts->there = there;
    enum status status = agree(comm, there ? open_local(path, facts) : STATUS_OK);
    if (status != STATUS_OK)
        policy_facts_clear(facts);
    memory_free(path);
    return status;
}

static void free_texts(char **texts, int64_t n)
{
    for (int64_t i = 0; texts != NULL && i < n; i++)
        memory_free(texts[i]);
    memory_free(texts);
}

void policy_facts_clear(struct policy_facts *facts)
{
    free_texts(facts->categories, facts->n_category);
    free_texts(facts->behaviours, facts->n_behaviour);
    free_texts(facts->labels, facts->n_feature);
    void *const arrays[] = {facts->probe_ids, facts->category,        facts->coefficient, facts->intercept,
                            facts->mean,      facts->deviation,       facts->active,      facts->prediction,
                            facts->residual,  facts->fold_prediction, facts->top_pair,    facts->top_shift};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memory_free(arrays[i]);
    *facts = (struct policy_facts){0};
}

int64_t policy_facts_behaviour(const struct policy_facts *facts, const char *name)
{
    for (int64_t b = 0; b < facts->n_behaviour; b++)
        if (strcmp(facts->behaviours[b], name) == 0)
            return b;
    return -1;
}
