#include "report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/json.h"

enum { MOST_ELEMENTS = 1 << 24, CHUNK = 1 << 18, CONFIG_LIMIT = 16 << 20 };

const char *const run_table_files[N_RUN_TABLES] = {"lineage.h5", "influence.h5", "policy.h5", "mechanism.h5",
                                                   "counterfactual.h5"};
const char *const run_table_sections[N_RUN_TABLES] = {"lineage", "influence", "policy", "mechanism", "counterfactual"};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void open_config(struct page *page)
{
    char *path = path_join(page->request->run_directory, "run.json"), *bytes;
    size_t n;
    enum status status = path_exists(path) ? file_load(path, CONFIG_LIMIT, &bytes, &n)
                                           : fail(BAD_RUN, "%s: is missing: no job has begun this run", path);
    if (status == STATUS_OK) {
        status = json_parse(bytes, n, path, BAD_RUN, &page->config);
        memory_free(bytes);
    }
    if (status != STATUS_OK)
        page->config_trouble = memory_copy_text(failure_sentence());
    memory_free(path);
}

static void open_table(struct page *page, enum run_table table)
{
    char *path = path_join(page->request->run_directory, run_table_files[table]);
    struct text partial;
    text_init(&partial);
    text_add(&partial, "%s.partial", path);
    const cJSON *wanted = json_member(page->config, run_table_sections[table]);
    if (path_exists(path)) {
        if (table_open(path, &page->tables[table]) != STATUS_OK) {
            page->tables[table] = NULL;
            page->trouble[table] = memory_copy_text(failure_sentence());
        }
    } else if (path_exists(partial.bytes)) {
        page->trouble[table] = memory_copy_text("is not finished: a job is writing it, or was stopped; run the same "
                                                "command again to go on");
    } else if (wanted != NULL) {
        page->trouble[table] = memory_copy_text("is missing, though the config names it: the job did not run yet");
    }
    text_clear(&partial);
    memory_free(path);
}

enum status page_open(const struct report_request *request, struct page *page)
{
    *page = (struct page){.request = request};
    content_init(&page->content);
    text_init(&page->missing);
    open_config(page);
    bool any = page->config != NULL;
    for (int t = 0; t < N_RUN_TABLES; t++) {
        open_table(page, (enum run_table)t);
        any = any || page->tables[t] != NULL || page->trouble[t] != NULL;
    }
    if (any)
        return STATUS_OK;
    enum status status = fail(BAD_RUN, "%s; expected a run directory, with run.json and tables", page->config_trouble);
    page_close(page);
    return status;
}

void page_close(struct page *page)
{
    for (int t = 0; t < N_RUN_TABLES; t++) {
        if (page->tables[t] != NULL)
            table_reader_close(page->tables[t]);
        memory_free(page->trouble[t]);
    }
    content_clear(&page->content);
    text_clear(&page->missing);
    cJSON_Delete(page->config);
    memory_free(page->config_trouble);
    *page = (struct page){0};
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

struct source at_row(const struct page *page, const char *path, int64_t row)
{
    return (struct source){.file = run_table_files[page->current], .path = path, .row = row};
}

struct source within_row(const struct page *page, const char *path, int64_t row, const char *how)
{
    return (struct source){.file = run_table_files[page->current], .path = path, .row = row, .how = how};
}

struct source over_rows(const struct page *page, const char *path, const char *how)
{
    return (struct source){.file = run_table_files[page->current], .path = path, .row = -1, .how = how};
}

static struct table_reader *current(const struct page *page)
{
    return page->tables[page->current];
}

static const struct dataset *find(const struct page *page, const char *path)
{
    return current(page) != NULL ? table_find(current(page), path) : NULL;
}

bool page_has(const struct page *page, const char *path)
{
    return find(page, path) != NULL;
}

int64_t page_extent(const struct page *page, const char *path, int dim)
{
    const struct dataset *dataset = find(page, path);
    return dataset != NULL && dim < dataset->n_dim ? dataset->dims[dim] : 0;
}

static void *note_missing(struct page *page, const char *path)
{
    if (strstr(page->missing.bytes ? page->missing.bytes : "", path) == NULL)
        text_add(&page->missing, "%s%s", page->missing.length > 0 ? ", " : "", path);
    return NULL;
}

static double element(const void *data, enum table_type type, int64_t i)
{
    switch (type) {
        case TABLE_I8:
            return ((const int8_t *)data)[i];
        case TABLE_U8:
            return ((const uint8_t *)data)[i];
        case TABLE_I32:
            return ((const int32_t *)data)[i];
        case TABLE_I64:
            return (double)((const int64_t *)data)[i];
        case TABLE_F64:
            return ((const double *)data)[i];
        case TABLE_STRING:
            break;
    }
    return NAN;
}

/* The caller owns them. */
static double *load_rows(struct page *page, const char *path, int64_t first, int64_t n, int64_t per_row)
{
    const struct dataset *dataset = find(page, path);
    if (dataset == NULL || dataset->type == TABLE_STRING || first < 0 || n < 0 || first + n > dataset_rows(dataset) ||
        dataset_row_bytes(dataset) / dataset_element_bytes(dataset) != per_row ||
        (per_row > 0 && n > MOST_ELEMENTS / per_row))
        return note_missing(page, path);
    void *data = memory_allocate_raw(n * per_row, (size_t)dataset_element_bytes(dataset));
    double *values = memory_allocate_raw(n * per_row, sizeof *values);
    enum status status = table_read(current(page), path, first, n, data);
    for (int64_t i = 0; i < n * per_row && status == STATUS_OK; i++)
        values[i] = element(data, dataset->type, i);
    memory_free(data);
    if (status == STATUS_OK)
        return values;
    memory_free(values);
    return note_missing(page, path);
}

const double *page_rows(struct page *page, const char *path, int64_t first, int64_t n, int64_t per_row)
{
    double *values = load_rows(page, path, first, n, per_row);
    return values != NULL ? content_keep(&page->content, values) : NULL;
}

static int64_t rows_at_once(int64_t per_row)
{
    return per_row < CHUNK ? CHUNK / (per_row > 0 ? per_row : 1) : 1;
}

const double *page_sums(struct page *page, const char *path, int64_t n_row, int64_t per_row)
{
    if (per_row > MOST_ELEMENTS)
        return note_missing(page, path);
    double *sums = content_keep(&page->content, memory_allocate(per_row, sizeof *sums));
    int64_t step = rows_at_once(per_row);
    for (int64_t first = 0; first < n_row; first += step) {
        int64_t n = n_row - first < step ? n_row - first : step;
        double *values = load_rows(page, path, first, n, per_row);
        if (values == NULL)
            return NULL;
        for (int64_t i = 0; i < n * per_row; i++)
            sums[i % per_row] += values[i];
        memory_free(values);
    }
    return sums;
}

bool page_largest(struct page *page, const char *path, int64_t n, int most, int64_t *indexes, double *values)
{
    int found = 0;
    for (int64_t first = 0; first < n; first += CHUNK) {
        int64_t count = n - first < CHUNK ? n - first : CHUNK;
        double *chunk = load_rows(page, path, first, count, 1);
        if (chunk == NULL)
            return false;
        for (int64_t i = 0; i < count; i++) {
            int at = found;
            while (at > 0 && chunk[i] > values[at - 1])
                at--;
            if (at == most || !isfinite(chunk[i]))
                continue;
            found += found < most;
            for (int k = found - 1; k > at; k--) {
                values[k] = values[k - 1];
                indexes[k] = indexes[k - 1];
            }
            values[at] = chunk[i];
            indexes[at] = first + i;
        }
        memory_free(chunk);
    }
    for (; found < most; found++)
        indexes[found] = -1;
    return true;
}

const double *page_numbers(struct page *page, const char *path, int64_t n)
{
    const struct dataset *dataset = find(page, path);
    int64_t rows = dataset != NULL ? dataset_rows(dataset) : 0;
    if (dataset == NULL || (rows == 0 ? n != 0 : n % rows != 0))
        return note_missing(page, path);
    if (rows == 0)
        return content_keep(&page->content, memory_allocate(0, sizeof(double)));
    return page_rows(page, path, 0, rows, n / rows);
}

const char *page_string(struct page *page, const char *path, int64_t i)
{
    const struct dataset *dataset = find(page, path);
    if (dataset == NULL || dataset->type != TABLE_STRING || i < 0 || i >= dataset_rows(dataset) || dataset->n_dim > 1) {
        note_missing(page, path);
        return "?";
    }
    char *value = content_keep(&page->content, memory_allocate(dataset->string_bytes + 1, 1));
    if (table_read(current(page), path, i, 1, value) == STATUS_OK)
        return value;
    note_missing(page, path);
    return "?";
}

const char *page_attribute(const struct page *page, const char *name)
{
    return current(page) != NULL ? table_attribute(current(page), name) : NULL;
}

const char *page_path(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *path = content_format_list(&page->content, format, arguments);
    va_end(arguments);
    return path;
}

int page_children(struct page *page, const char *before, const char *after, const char **names, int most)
{
    int found = 0;
    size_t n_before = strlen(before), n_after = strlen(after);
    for (int i = 0; current(page) != NULL && i < table_count(current(page)) && found < most; i++) {
        const char *path = table_dataset(current(page), i)->path;
        size_t n = strlen(path);
        if (n <= n_before + n_after || strncmp(path, before, n_before) != 0 || strcmp(path + n - n_after, after) != 0)
            continue;
        char *name = memory_copy_text(path + n_before);
        name[n - n_before - n_after] = 0;
        names[found++] = content_keep(&page->content, name);
    }
    return found;
}

/* Where the config's samples.group_by has a column; behind all where it has not. */
static int rank_of(const struct page *page, const char *column)
{
    const cJSON *list = json_member(json_member(page->config, "samples"), "group_by");
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0, at = 0;
    while (at < n) {
        const cJSON *item = cJSON_GetArrayItem(list, at);
        if (cJSON_IsString(item) && strcmp(item->valuestring, column) == 0)
            break;
        at++;
    }
    return at;
}

int page_groups(struct page *page, const char *before, const char **names, int most)
{
    int n = page_children(page, before, "/value", names, most);
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && rank_of(page, names[k]) < rank_of(page, names[k - 1]); k--) {
            const char *swap = names[k];
            names[k] = names[k - 1];
            names[k - 1] = swap;
        }
    return n;
}

void page_add_group(struct page *page, const char *codes, const char *values, int64_t i)
{
    const double *code = page_rows(page, codes, i, 1, 1);
    const char *value = code != NULL ? page_string(page, values, (int64_t)*code) : "?";
    cell_name(&page->content, value[0] ? value : "(none)", at_row(page, codes, i));
}

/* ---- small things ----------------------------------------------------------------------------------------------- */

struct place {
    int64_t index;
    double key;
};

static int compare(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? 1 : -1;
    return (left->index > right->index) - (left->index < right->index);
}

const int64_t *page_order(struct page *page, const double *values, int64_t n, bool by_magnitude)
{
    struct place *places = memory_allocate(n, sizeof *places);
    int64_t *order = content_keep(&page->content, memory_allocate(n, sizeof *order));
    for (int64_t i = 0; i < n; i++) {
        double key = by_magnitude ? fabs(values[i]) : values[i];
        places[i] = (struct place){i, isfinite(key) ? key : -HUGE_VAL};
    }
    qsort(places, (size_t)n, sizeof *places, compare);
    for (int64_t i = 0; i < n; i++)
        order[i] = places[i].index;
    memory_free(places);
    return order;
}

const char *page_config_text(const struct page *page, const char *section, const char *name)
{
    const cJSON *item = json_member(json_member(page->config, section), name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}
