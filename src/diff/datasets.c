#include <string.h>

#include "diff/tables.h"
#include "diff/top.h"
#include "diff/values.h"

/* ---- what a dataset looks like --------------------------------------------------------------------------------- */

static void add_shape(struct text *out, const struct dataset *shape)
{
    text_add(out, "%s", table_type_name(shape->type));
    if (shape->type == TABLE_STRING)
        text_add(out, "[%lld]", (long long)shape->string_bytes);
    text_add(out, " ");
    for (int d = 0; d < shape->n_dim; d++)
        text_add(out, "%s%lld", d ? " x " : "", (long long)shape->dims[d]);
    if (shape->n_dim == 0)
        text_add(out, "scalar");
}

static bool is_same_unit(const struct dataset *a, const struct dataset *b)
{
    return strcmp(a->unit ? a->unit : "", b->unit ? b->unit : "") == 0;
}

static void show_name(const char *path, const char *where, struct section_lines *lines)
{
    text_add(lines->out, "  ");
    show_text(lines->out, path, SHOWN_COLUMNS - 14);
    text_add(lines->out, "%s\n", where);
}

static void show_shapes(const struct dataset *const shapes[2], struct text *out)
{
    if (!values_comparable(shapes[0], shapes[1]) || shapes[0]->string_bytes != shapes[1]->string_bytes) {
        text_add(out, "      ");
        add_shape(out, shapes[0]);
        text_add(out, " | ");
        add_shape(out, shapes[1]);
        text_add(out, "\n");
    }
    if (!is_same_unit(shapes[0], shapes[1])) {
        text_add(out, "      unit ");
        show_text(out, shapes[0]->unit ? shapes[0]->unit : "(none)", 40);
        text_add(out, " | ");
        show_text(out, shapes[1]->unit ? shapes[1]->unit : "(none)", 40);
        text_add(out, "\n");
    }
}

/* ---- how its values differ ------------------------------------------------------------------------------------- */

static void show_values(const struct value_difference *difference, enum table_type type, struct text *out)
{
    char row[32], rows[32], value[32], values[32], first[32];
    text_add(out, "      %s of %s rows differ, %s of %s values, from row %s on\n",
             figure_count(difference->n_row_different, row), figure_count(difference->n_row, rows),
             figure_count(difference->n_value_different, value), figure_count(difference->n_value, values),
             figure_count(difference->first_row, first));
    if (type == TABLE_F64 && difference->n_value_different > difference->n_not_finite)
        text_add(out, "      by %.3g at most, and by %.2g of the larger value at most\n", difference->largest,
                 difference->largest_relative);
    if (difference->n_not_finite > 0)
        text_add(out, "      %s times one of the two is NaN or infinite\n",
                 figure_count(difference->n_not_finite, value));
}

/* The first two texts of a row that differ. */
static enum status show_texts(struct table_reader *const readers[2], const struct dataset *const shapes[2], int64_t row,
                              struct text *out)
{
    struct text texts[2];
    enum status status = STATUS_OK;
    for (int i = 0; i < 2; i++)
        text_init(&texts[i]);
    if (shapes[0]->n_dim == 1 && shapes[0]->string_bytes < 1 << 16 && shapes[1]->string_bytes < 1 << 16) {
        for (int i = 0; i < 2 && status == STATUS_OK; i++) {
            char value[1 << 16] = {0};
            status = table_read(readers[i], shapes[i]->path, row, 1, value);
            show_text(&texts[i], value, 42);
        }
        if (status == STATUS_OK)
            text_add(out, "      \"%s\" | \"%s\"\n", texts[0].bytes, texts[1].bytes);
    }
    for (int i = 0; i < 2; i++)
        text_clear(&texts[i]);
    return status;
}

/* Lists of kept entries: /…/index, queries × kept. */
static bool is_kept_index(const struct dataset *shape)
{
    enum { LONGEST_LIST = 1 << 24 };
    const char *name = strrchr(shape->path, '/');
    return strncmp(shape->path, "/top/", 5) == 0 && name != NULL && strcmp(name, "/index") == 0 &&
           shape->type == TABLE_I64 && shape->n_dim == 2 && shape->dims[0] > 0 && shape->dims[1] > 0 &&
           shape->dims[1] <= LONGEST_LIST;
}

static enum status show_agreement(struct table_reader *const readers[2], const struct dataset *const shapes[2],
                                  struct text *out)
{
    struct top_agreement agreement;
    if (!is_kept_index(shapes[0]) || !is_kept_index(shapes[1]) || shapes[0]->dims[0] != shapes[1]->dims[0])
        return STATUS_OK;
    enum status status = top_agreement_make(readers, shapes, &agreement);
    if (status != STATUS_OK)
        return status;
    char top[32], same[32], queries[32], least[32];
    text_add(out, "      top %s overlap %.1f %% (least: %.1f %%, of query %s); ", figure_count(agreement.top, top),
             100 * agreement.overlap, 100 * agreement.least_overlap, figure_count(agreement.least_query, least));
    text_add(out, "the same list for %s of %s queries\n", figure_count(agreement.n_same, same),
             figure_count(agreement.n_query, queries));
    if (agreement.n_ranked > 0)
        text_add(out, "      rank correlation of what both have %.4f (Spearman, mean over queries)\n", agreement.rank);
    return STATUS_OK;
}

/* ---- a table ---------------------------------------------------------------------------------------------------- */

struct comparison {
    const struct table_pair *pair;
    struct section_lines *lines;
    bool rows_are_same; /* row i of both tables' samples, and of their queries, is the same one */
};

/* One dataset that both have. */
static enum status compare_one(const struct comparison *comparison, const struct dataset *const shapes[2])
{
    struct table_reader *const *readers = comparison->pair->readers;
    struct value_difference difference = {0};
    enum status status = STATUS_OK;
    bool comparable = values_comparable(shapes[0], shapes[1]);
    if (comparable)
        status = dataset_compare(readers, shapes, &difference);
    bool is_same = comparable && difference.n_value_different == 0 &&
                   shapes[0]->string_bytes == shapes[1]->string_bytes && is_same_unit(shapes[0], shapes[1]);
    if (status != STATUS_OK || is_same || !show_next(comparison->lines))
        return status;
    struct text *out = comparison->lines->out;
    show_name(shapes[0]->path, "", comparison->lines);
    show_shapes(shapes, out);
    if (difference.n_value_different > 0)
        show_values(&difference, shapes[0]->type, out);
    if (difference.n_value_different > 0 && shapes[0]->type == TABLE_STRING)
        status = show_texts(readers, shapes, difference.first_row, out);
    if (status == STATUS_OK && comparison->rows_are_same)
        status = show_agreement(readers, shapes, out);
    return status;
}

/* Absent in both counts as the same. */
static enum status is_same_dataset(const struct table_pair *pair, const char *path, bool *same)
{
    const struct dataset *shapes[2] = {table_find(pair->readers[0], path), table_find(pair->readers[1], path)};
    struct value_difference difference = {0};
    enum status status = STATUS_OK;
    *same = (shapes[0] == NULL) == (shapes[1] == NULL);
    if (shapes[0] != NULL && shapes[1] != NULL) {
        *same = values_comparable(shapes[0], shapes[1]);
        if (*same)
            status = dataset_compare(pair->readers, shapes, &difference);
        *same = *same && difference.n_value_different == 0;
    }
    return status;
}

static bool is_listed_elsewhere(const char *path)
{
    return strncmp(path, "/inputs/", 8) == 0;
}

enum status tables_compare(const struct table_pair *pair, struct section_lines *lines, int64_t *n_dataset)
{
    struct comparison comparison = {.pair = pair, .lines = lines};
    bool samples = false, queries = false;
    enum status status = is_same_dataset(pair, "/samples/id", &samples);
    if (status == STATUS_OK)
        status = is_same_dataset(pair, "/queries/id", &queries);
    comparison.rows_are_same = samples && queries;
    *n_dataset = 0;
    for (int i = 0, j = 0; status == STATUS_OK;) {
        const struct dataset *a = i < table_count(pair->readers[0]) ? table_dataset(pair->readers[0], i) : NULL;
        const struct dataset *b = j < table_count(pair->readers[1]) ? table_dataset(pair->readers[1], j) : NULL;
        if (a == NULL && b == NULL)
            break;
        int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a->path, b->path);
        const struct dataset *first = order <= 0 ? a : b;
        i += order <= 0;
        j += order >= 0;
        if (is_listed_elsewhere(first->path))
            continue;
        ++*n_dataset;
        if (order == 0)
            status = compare_one(&comparison, (const struct dataset *const[]){a, b});
        else if (show_next(lines))
            show_name(first->path, order < 0 ? "  only in A" : "  only in B", lines);
    }
    return status;
}
