#include "mechanism/link_examples.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "records/records.h"
#include "records/sample.h"
#include "table/load.h"

/* What of influence.h5 is looked at; owned. */
struct proponents {
    struct table_reader *reader;
    int64_t n_query, n_top, n_layer;
    int64_t *index;           /* n_query × n_top; −1: no more */
    double *score, *by_layer; /* n_query × n_top, and × n_layer */
    int32_t *behaviour;       /* n_query: which it shows, −1: none of them */
};

static void proponents_clear(struct proponents *proponents)
{
    table_reader_close(proponents->reader);
    memory_free(proponents->index);
    memory_free(proponents->score);
    memory_free(proponents->by_layer);
    memory_free(proponents->behaviour);
    *proponents = (struct proponents){0};
}

static enum status proponents_open(const char *path, struct proponents *proponents)
{
    *proponents = (struct proponents){0};
    enum status status = table_open(path, &proponents->reader);
    if (status != STATUS_OK) {
        proponents->reader = NULL;
        return status;
    }
    struct table_reader *reader = proponents->reader;
    int64_t m = table_extent_of(reader, "/queries/id", 0), top = table_extent_of(reader, "/top/proponents/index", 1);
    int64_t layers = table_extent_of(reader, "/layers/name", 0);
    proponents->n_query = m;
    proponents->n_top = top;
    proponents->n_layer = layers;
    proponents->index = table_load(reader, "/top/proponents/index", TABLE_I64, m * top);
    proponents->score = table_load(reader, "/top/proponents/score", TABLE_F64, m * top);
    proponents->by_layer = table_load(reader, "/top/proponents/by_layer", TABLE_F64, m * top * layers);
    proponents->behaviour = memory_allocate(m, sizeof *proponents->behaviour);
    if (m > 0 && proponents->index != NULL && proponents->score != NULL && proponents->by_layer != NULL)
        return STATUS_OK;
    return fail(BAD_INPUT,
                "%s: expected the datasets of an influence table; some are missing or unreadable: run `assay "
                "influence` again",
                path);
}

/* ---- which behaviour a query shows --------------------------------------------------------------------------------
 */

static int32_t find_value(const struct strings *values, const char *value)
{
    for (int64_t b = 0; b < values->n; b++)
        if (strcmp(values->items[b], value) == 0)
            return (int32_t)b;
    return -1;
}

static enum status take_queries(const struct scene *scene, const char *bytes, size_t n, struct proponents *proponents)
{
    const struct mechanism_config *config = scene->config;
    struct strings keys = {(char *[]){config->links.key}, 1};
    const struct samples_config as = {.file = config->links.queries, .id = (char *)"id", .group_by = keys};
    struct sample sample;
    int64_t q = 0;
    enum status status = STATUS_OK;
    if (config->links.values.n != scene->n_behaviour)
        return fail(BAD_CONFIG, "mechanism.links.values: expected one for each of the %lld behaviours, found %lld",
                    (long long)scene->n_behaviour, (long long)config->links.values.n);
    sample_init(&sample, &as);
    for (size_t at = 0; at < n && status == STATUS_OK; q++) {
        const char *end = memchr(bytes + at, '\n', n - at);
        size_t length = end != NULL ? (size_t)(end - bytes) - at : n - at;
        status = sample_read(&sample, bytes + at, (int64_t)length, q + 1);
        if (status == STATUS_OK && q < proponents->n_query)
            proponents->behaviour[q] = find_value(&config->links.values, sample.values[0].bytes);
        at += length + 1;
    }
    sample_clear(&sample);
    if (status == STATUS_OK && q != proponents->n_query)
        status = fail(BAD_INPUT, "%s: expected the %lld queries of influence.h5, found %lld", config->links.queries,
                      (long long)proponents->n_query, (long long)q);
    return status;
}

/* ---- sums over queries --------------------------------------------------------------------------------------------
 */

struct entry {
    int64_t index, at; /* at: of the kept proponents */
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

/* Sums of the examples kept for the queries that show behaviour b: index[n], sums[n × width], in order of index; both
 * owned by the caller. */
static int64_t sum_examples(const struct proponents *proponents, int64_t b, int64_t **index, double **sums)
{
    int64_t top = proponents->n_top, width = proponents->n_layer + 1, n = 0, n_sum = 0;
    struct entry *entries = memory_allocate(proponents->n_query * top, sizeof *entries);
    for (int64_t q = 0; q < proponents->n_query; q++)
        for (int64_t k = q * top; k < (q + 1) * top && proponents->behaviour[q] == b; k++)
            if (proponents->index[k] >= 0)
                entries[n++] = (struct entry){proponents->index[k], k};
    qsort(entries, (size_t)n, sizeof *entries, compare_entries);
    *index = memory_allocate(n, sizeof **index);
    *sums = memory_allocate(n * width, sizeof **sums);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || entries[i].index != entries[i - 1].index)
            (*index)[n_sum++] = entries[i].index;
        double *sum = *sums + (n_sum - 1) * width;
        sum[0] += proponents->score[entries[i].at];
        for (int64_t l = 1; l < width; l++)
            sum[l] += proponents->by_layer[entries[i].at * proponents->n_layer + l - 1];
    }
    memory_free(entries);
    return n_sum;
}

struct strongest {
    int64_t index;
    double value;
};

static int compare_strongest(const void *a, const void *b)
{
    const struct strongest *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return (left->index > right->index) - (left->index < right->index);
}

/* Where the examples of one behaviour and layer go. */
static void keep_strongest(struct links *links, const struct admissions *admissions, int64_t b, int64_t l,
                           const int64_t *index, const double *sums, int64_t n)
{
    struct strongest *all = memory_allocate(n, sizeof *all);
    double *policy_score = links->policy_score + (b * links->n_layer + l) * links->n_policy;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        double value = sums[i * links->n_layer + l];
        int32_t policy = admissions_get(admissions, index[i]);
        if (policy >= 0)
            policy_score[policy] += value;
        if (value > 0)
            all[kept++] = (struct strongest){index[i], value};
    }
    qsort(all, (size_t)kept, sizeof *all, compare_strongest);
    int64_t at = (b * links->n_layer + l) * links->n_example;
    for (int64_t k = 0; k < links->n_example; k++) {
        bool there = k < kept;
        links->example[at + k] = there ? all[k].index : -1;
        links->score[at + k] = there ? all[k].value : 0;
        links->policy[at + k] = there ? admissions_get(admissions, all[k].index) : -1;
    }
    memory_free(all);
}

static enum status take_names(struct proponents *proponents, const struct admissions *admissions, struct links *links)
{
    links->n_layer = proponents->n_layer + 1;
    links->layers = memory_allocate(links->n_layer, sizeof *links->layers);
    links->layers[0] = memory_copy_text("all");
    bool good = true;
    for (int64_t l = 1; l < links->n_layer; l++) {
        links->layers[l] = table_load_text(proponents->reader, "/layers/name", l - 1);
        good = good && links->layers[l] != NULL;
    }
    links->n_policy = admissions_count(admissions);
    links->policies = memory_allocate(links->n_policy, sizeof *links->policies);
    for (int64_t p = 0; p < links->n_policy; p++)
        links->policies[p] = memory_copy_text(admissions_name(admissions, p));
    return good ? STATUS_OK : fail(BAD_INPUT, "influence.h5: expected names of layers, found none that can be read");
}

static void fill(const struct scene *scene, const struct proponents *proponents, const struct admissions *admissions,
                 struct links *links)
{
    int64_t m = links->n_behaviour, n = m * links->n_layer * scene->config->links.top;
    links->n_example = scene->config->links.top;
    links->queries = memory_allocate(m, sizeof *links->queries);
    links->example = memory_allocate(n, sizeof *links->example);
    links->score = memory_allocate(n, sizeof *links->score);
    links->policy = memory_allocate(n, sizeof *links->policy);
    links->policy_score = memory_allocate(m * links->n_layer * links->n_policy, sizeof *links->policy_score);
    for (int64_t q = 0; q < proponents->n_query; q++)
        if (proponents->behaviour[q] >= 0)
            links->queries[proponents->behaviour[q]]++;
    for (int64_t b = 0; b < m; b++) {
        int64_t *index;
        double *sums;
        int64_t n_sum = sum_examples(proponents, b, &index, &sums);
        for (int64_t l = 0; l < links->n_layer; l++)
            keep_strongest(links, admissions, b, l, index, sums, n_sum);
        memory_free(sums);
        memory_free(index);
    }
}

enum status link_examples(const struct scene *scene, const char *queries, size_t n, struct links *links)
{
    char *path = path_join(scene->request->run_directory, "influence.h5");
    if (queries == NULL || !path_exists(path)) {
        memory_free(path);
        return STATUS_OK;
    }
    struct proponents proponents;
    struct admissions *admissions = NULL;
    enum status status = proponents_open(path, &proponents);
    if (status == STATUS_OK)
        status = take_queries(scene, queries, n, &proponents);
    if (status == STATUS_OK) {
        admissions = admissions_open(scene->request->run_directory, proponents.reader, scene->config->links.column);
        status = take_names(&proponents, admissions, links);
    }
    if (status == STATUS_OK)
        fill(scene, &proponents, admissions, links);
    admissions_close(admissions);
    proponents_clear(&proponents);
    memory_free(path);
    return status;
}
