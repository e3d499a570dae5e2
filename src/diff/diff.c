#include "diff/diff.h"

#include "base/file.h"
#include "base/memory.h"
#include "diff/fields.h"
#include "diff/inputs.h"
#include "diff/tables.h"

enum { CONFIG_LIMIT = 16 << 20, FIELDS_SHOWN = 20, FILES_SHOWN = 20, DATASETS_SHOWN = 200 };

/* The title of a section, and its items or what stands for none. */
static void end_section(struct text *out, const char *title, const char *none, const struct section_lines *lines,
                        const char *what)
{
    char n[32];
    if (lines->n == 0)
        text_add(out, "%-10s %s\n", title, none);
    else
        text_add(out, "%-10s %s %s\n%s", title, figure_count(lines->n, n), what, lines->out->bytes);
    if (lines->n > lines->most)
        text_add(out, "  … and %s more\n", figure_count(lines->n - lines->most, n));
}

/* ---- config ---------------------------------------------------------------------------------------------------- */

static enum status load_config(const char *run, cJSON **json)
{
    if (!path_exists(run))
        return fail(BAD_RUN, "%s: expected a run directory, found nothing there", run);
    char *path = path_join(run, "run.json"), *bytes = NULL;
    size_t n = 0;
    enum status status = STATUS_OK;
    if (!path_exists(path))
        status = fail(BAD_RUN, "%s: expected a run directory, found no run.json in it", run);
    else if (file_load(path, CONFIG_LIMIT, &bytes, &n) != STATUS_OK)
        status = fail(BAD_RUN, "%s", failure_sentence());
    if (status == STATUS_OK) {
        status = json_parse(bytes, n, path, BAD_RUN, json);
        memory_free(bytes);
    }
    memory_free(path);
    return status;
}

static enum status compare_configs(const char *const runs[2], struct text *out, int64_t *n)
{
    cJSON *configs[2] = {NULL, NULL};
    enum status status = load_config(runs[0], &configs[0]);
    if (status == STATUS_OK)
        status = load_config(runs[1], &configs[1]);
    if (status == STATUS_OK) {
        struct text items;
        text_init(&items);
        struct section_lines lines = {.out = &items, .most = FIELDS_SHOWN};
        fields_compare(configs[0], configs[1], &lines);
        end_section(out, "config", "the same", &lines, lines.n == 1 ? "field differs" : "fields differ");
        *n = lines.n;
        text_clear(&items);
    }
    cJSON_Delete(configs[1]);
    cJSON_Delete(configs[0]);
    return status;
}

/* ---- inputs ---------------------------------------------------------------------------------------------------- */

/* All inputs of all tables of one run that can be read. */
static void gather_inputs(struct table_pairs *pairs, int which, struct segment_list *inputs)
{
    for (int64_t t = 0; t < pairs->n; t++) {
        enum status status = STATUS_OK;
        if (pairs->items[t].readers[which] != NULL)
            status = inputs_read(pairs->items[t].readers[which], inputs);
        if (status != STATUS_OK)
            table_pairs_fail(pairs, status);
    }
    enum status sorted = segments_sort(inputs);
    if (sorted != STATUS_OK)
        table_pairs_fail(pairs, sorted);
}

static void compare_inputs(struct table_pairs *pairs, struct text *out, int64_t *n)
{
    struct segment_list inputs[2];
    struct text items, none;
    text_init(&items);
    text_init(&none);
    for (int i = 0; i < 2; i++) {
        segments_init(&inputs[i]);
        gather_inputs(pairs, i, &inputs[i]);
    }
    struct section_lines lines = {.out = &items, .most = FILES_SHOWN};
    int64_t n_file = inputs_compare(&inputs[0], &inputs[1], &lines);
    char files[32];
    text_add(&none, "the same %s files", figure_count(n_file, files));
    end_section(out, "inputs", n_file > 0 ? none.bytes : "none are listed", &lines,
                lines.n == 1 ? "file differs" : "files differ");
    *n = lines.n;
    for (int i = 0; i < 2; i++)
        segments_clear(&inputs[i]);
    text_clear(&none);
    text_clear(&items);
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static enum status compare_pair(const struct table_pair *pair, struct text *out, int64_t *n)
{
    struct text items, none, title;
    text_init(&items);
    text_init(&none);
    text_init(&title);
    struct section_lines lines = {.out = &items, .most = DATASETS_SHOWN};
    int64_t n_dataset = 0;
    char count[32];
    enum status status = tables_compare(pair, &lines, &n_dataset);
    text_add(&none, "the same %s datasets%s", figure_count(n_dataset, count),
             status == STATUS_OK ? "" : " as far as they can be read");
    show_text(&title, pair->name, 40);
    end_section(out, title.bytes, none.bytes, &lines, lines.n == 1 ? "dataset differs" : "datasets differ");
    *n += lines.n;
    text_clear(&title);
    text_clear(&none);
    text_clear(&items);
    return status;
}

static void compare_tables(struct table_pairs *pairs, struct text *out, struct diff_counts *counts)
{
    if (pairs->n == 0)
        text_add(out, "%-10s neither run has any\n", "tables");
    for (int64_t t = 0; t < pairs->n; t++) {
        const struct table_pair *pair = &pairs->items[t];
        bool is_shared = pair->is_there[0] && pair->is_there[1];
        if (is_shared && pair->readers[0] != NULL && pair->readers[1] != NULL) {
            enum status status = compare_pair(pair, out, &counts->n_dataset);
            if (status != STATUS_OK)
                table_pairs_fail(pairs, status);
            continue;
        }
        show_text(out, pair->name, 40);
        if (is_shared)
            text_add(out, " cannot be read in %s\n", pair->readers[0] == NULL ? "A" : "B");
        else
            text_add(out, " only in %s\n", pair->is_there[0] ? "A" : "B");
        counts->n_table += !is_shared;
    }
}

enum status diff_runs(const char *const runs[2], struct text *out, struct diff_counts *counts)
{
    *counts = (struct diff_counts){0};
    enum status status = compare_configs(runs, out, &counts->n_field);
    if (status != STATUS_OK)
        return status;
    struct table_pairs pairs;
    status = table_pairs_open(runs, &pairs);
    if (status == STATUS_OK) {
        compare_inputs(&pairs, out, &counts->n_input);
        compare_tables(&pairs, out, counts);
        if (pairs.status != STATUS_OK)
            status = fail(pairs.status, "%s", pairs.sentence);
    }
    table_pairs_close(&pairs);
    return status;
}
