/* A report being written: the run's tables, open, and the content so far. */
#ifndef ASSAY_REPORT_PAGE_H
#define ASSAY_REPORT_PAGE_H

#include <cjson/cJSON.h>

#include "report/content.h"
#include "report/report.h"
#include "table/table.h"

/* Tables that a run may have, in the order in which jobs write them. */
enum run_table { LINEAGE, INFLUENCE, POLICY, MECHANISM, COUNTERFACTUAL, N_RUN_TABLES };
extern const char *const run_table_files[N_RUN_TABLES];    /* "influence.h5" */
extern const char *const run_table_sections[N_RUN_TABLES]; /* of the config: "influence" */

struct page {
    const struct report_request *request; /* borrowed */
    struct content content;
    struct table_reader *tables[N_RUN_TABLES]; /* NULL where there is none */
    char *trouble[N_RUN_TABLES]; /* owned; why there is none, though the config names it; NULL: no reason */
    cJSON *config;               /* owned: run.json; NULL when it cannot be read */
    char *config_trouble;        /* owned */
    enum run_table current;      /* what the paths below are of */
    struct text missing;         /* datasets that the current chapter needed and did not find */
};

/* @fails BAD_RUN when the directory holds neither run.json nor a table */
enum status page_open(const struct report_request *request, struct page *page);
void page_close(struct page *page);

/* ---- reading the current table: what a section gets belongs to the page ------------------------------------------ */

/* A source of the current table: of one row, of what was done with one, or with all of them. */
struct source at_row(const struct page *page, const char *path, int64_t row);
struct source within_row(const struct page *page, const char *path, int64_t row, const char *how);
struct source over_rows(const struct page *page, const char *path, const char *how);

bool page_has(const struct page *page, const char *path);
/* Size of a dimension of a dataset; 0 when there is none.  @local */
int64_t page_extent(const struct page *page, const char *path, int dim);
/* Elements of rows [first, first + n) of a dataset of numbers, as doubles.  Each row must have `per_row` elements.
 * NULL, noted as missing, when the dataset is absent, of another shape, cannot be read, or is unreasonably large.
 * @local */
const double *page_rows(struct page *page, const char *path, int64_t first, int64_t n, int64_t per_row);
/* All of a dataset that must have n elements.  @local */
const double *page_numbers(struct page *page, const char *path, int64_t n);
/* Sums over its n_row rows of each of a row's elements.  @local */
const double *page_sums(struct page *page, const char *path, int64_t n_row, int64_t per_row);
/* The `most` largest of a list of n numbers and where they are, largest first, ties by index; −1 behind the last.
 * @local */
bool page_largest(struct page *page, const char *path, int64_t n, int most, int64_t *indexes, double *values);
/* Row i of a dataset of strings; "?" when it is out of range or cannot be read.  @local */
const char *page_string(struct page *page, const char *path, int64_t i);
/* An attribute of the file; NULL when it is absent. */
const char *page_attribute(const struct page *page, const char *name);
/* A path from parts, which lives as long as the page. */
const char *page_path(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Names NAME of datasets BEFORE/NAME[/AFTER], in order of path; the caller gets them, they belong to the page. */
int page_children(struct page *page, const char *before, const char *after, const char **names, int most);

/* The same of columns by which things are grouped, BEFORE/NAME/value: in the order of the config's samples.group_by,
 * then by path. */
int page_groups(struct page *page, const char *before, const char **names, int most);

/* Adds a cell with the name that row i's code in `codes` has in `values`; "(none)" for an empty one. */
void page_add_group(struct page *page, const char *codes, const char *values, int64_t i);

/* ---- small things several chapters do ---------------------------------------------------------------------------- */

/* Indexes of the n values in order: largest first, ties by index; those that are not finite last. */
const int64_t *page_order(struct page *page, const double *values, int64_t n, bool by_magnitude);

/* A string of the config: member `name` of section `section`; NULL when it is absent. */
const char *page_config_text(const struct page *page, const char *section, const char *name);

#endif
