/* What each policy, license and source brought, over all queries. */
#include <math.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { MOST_COLUMNS = 6, MOST_VALUES = 15 };

static const struct column columns[] = {
    {"value", false, false},   {"examples", true, false}, {"positive", true, false},
    {"negative", true, false}, {"net", true, true},       {"net per example", true, false},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static void write_column(struct page *page, const char *column)
{
    struct content *content = &page->content;
    const char *values = page_path(page, "/groups/%s/value", column);
    const char *paths[] = {page_path(page, "/groups/%s/positive", column),
                           page_path(page, "/groups/%s/negative", column), page_path(page, "/groups/%s/net", column)};
    const char *counts = page_path(page, "/groups/%s/count", column);
    int64_t n = page_extent(page, values, 0), n_query = page_extent(page, paths[2], 0);
    const double *sums[3], *count = page_numbers(page, counts, n);
    for (int p = 0; p < 3; p++)
        sums[p] = page_sums(page, paths[p], n_query, n);
    if (count == NULL || sums[0] == NULL || sums[1] == NULL || sums[2] == NULL)
        return;
    content_table(content,
                  page_path(page, "By %s, summed over %s", column,
                            n_query == 1 ? "the one query" : page_path(page, "all %lld queries", (long long)n_query)),
                  columns, N_COLUMNS);
    const int64_t *order = page_order(page, sums[2], n, false);
    for (int64_t i = 0; i < n && i < MOST_VALUES; i++) {
        int64_t v = order[i];
        const char *value = page_string(page, values, v);
        cell_name(content, value[0] ? value : "(none)", at_row(page, values, v));
        cell_number(content, count[v], FORM_COUNT, at_row(page, counts, v));
        for (int p = 0; p < 3; p++)
            cell_number(content, sums[p][v], FORM_SIGNED, over_rows(page, paths[p], "sum over rows"));
        cell_number(content, count[v] > 0 ? sums[2][v] / count[v] : NAN, FORM_SIGNED, (struct source){0});
    }
    if (n > MOST_VALUES) {
        content_paragraph(content, TONE_NOTE);
        say(content, "The first %d of %lld values; all are in influence.h5.", MOST_VALUES, (long long)n);
    }
}

void write_groups(struct page *page)
{
    const char *names[MOST_COLUMNS];
    struct content *content = &page->content;
    int n = page_groups(page, "/groups/", names, MOST_COLUMNS);
    content_paragraph(content, TONE_PLAIN);
    if (n == 0) {
        say(content, "The config groups samples by nothing (samples.group_by), so there are no totals.");
        return;
    }
    say(content, "Totals of all scores of the examples that come under each value.  Large groups have large totals: "
                 "“net per example” compares them whatever their size.");
    for (int c = 0; c < n; c++)
        write_column(page, names[c]);
}
