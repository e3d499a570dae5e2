/* What training used, when, and whether each use was admitted. */
#include <math.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { MOST_FINDINGS = 25, MOST_EPOCHS = 40, MOST_KINDS = 40, MOST_COLUMNS = 4, MOST_VALUES = 15 };

/* A name that a code stands for; "–" for −1. */
static void add_code(struct page *page, const char *names, const double *codes, int64_t i)
{
    if (codes != NULL && codes[i] >= 0)
        cell_name(&page->content, page_string(page, names, (int64_t)codes[i]), at_row(page, names, (int64_t)codes[i]));
    else
        cell_words(&page->content, "–");
}

/* ---- admissions ------------------------------------------------------------------------------------------------- */

static void write_admissions(struct page *page)
{
    static const struct column columns[] = {
        {"policy", false, false}, {"decision", false, false}, {"decided", true, true}};
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/admissions/decision", 0), n_policy = page_extent(page, "/policies/name", 0);
    int64_t n_decision = page_extent(page, "/decisions/name", 0);
    if (n == 0 || n_decision == 0 || n_decision > 16 || n_policy > 4096)
        return;
    const double *decision = page_numbers(page, "/admissions/decision", n);
    const double *policy = page_numbers(page, "/admissions/policy", n);
    if (decision == NULL || policy == NULL)
        return;
    int64_t *counts = content_keep(content, memory_allocate((n_policy + 1) * n_decision, sizeof *counts));
    for (int64_t i = 0; i < n; i++) {
        int64_t p = policy[i] >= 0 && policy[i] < (double)n_policy ? (int64_t)policy[i] : n_policy;
        if (decision[i] >= 0 && decision[i] < (double)n_decision)
            counts[p * n_decision + (int64_t)decision[i]]++;
    }
    content_table(content, "What the gate decided", columns, sizeof columns / sizeof *columns);
    for (int64_t p = 0; p <= n_policy && p < MOST_VALUES; p++)
        for (int64_t d = 0; d < n_decision; d++) {
            if (counts[p * n_decision + d] == 0)
                continue;
            if (p < n_policy)
                cell_name(content, page_string(page, "/policies/name", p), at_row(page, "/policies/name", p));
            else
                cell_words(content, "(none)");
            cell_name(content, page_string(page, "/decisions/name", d), at_row(page, "/decisions/name", d));
            cell_number(content, (double)counts[p * n_decision + d], FORM_COUNT,
                        over_rows(page, "/admissions/decision", "count by policy and decision"));
        }
}

/* ---- uses ------------------------------------------------------------------------------------------------------- */

static void write_epochs(struct page *page)
{
    static const struct column columns[] = {{"epoch", true, false},
                                            {"steps", true, false},
                                            {"uses", true, false},
                                            {"samples used", true, true},
                                            {"samples expected", true, false},
                                            {"of these used", true, false}};
    enum { N_COLUMN = sizeof columns / sizeof *columns, N_OLD = N_COLUMN - 1 /* that every table has */ };
    static const char *const paths[] = {"/completeness/epoch",
                                        "/completeness/steps",
                                        "/completeness/uses",
                                        "/completeness/samples_used",
                                        "/completeness/samples_expected",
                                        "/completeness/samples_covered"};
    struct content *content = &page->content;
    int64_t n = page_extent(page, paths[0], 0);
    const double *values[N_COLUMN];
    int n_column = 0;
    while (n_column < N_COLUMN && (values[n_column] = page_numbers(page, paths[n_column], n)) != NULL)
        n_column++;
    if (n <= 0 || n_column < N_OLD)
        return;
    content_table(content, "Was every sample used, epoch by epoch?", columns, n_column);
    for (int64_t i = 0; i < n && i < MOST_EPOCHS; i++)
        for (int k = 0; k < n_column; k++) {
            if (k == 0 && values[k][i] < 0)
                cell_words(content, "not known");
            else
                cell_number(content, values[k][i], FORM_COUNT, at_row(page, paths[k], i));
        }
}

static void write_column(struct page *page, const char *column)
{
    static const struct column columns[] = {{"value", false, false}, {"samples", true, false}, {"uses", true, true}};
    struct content *content = &page->content;
    const char *values = page_path(page, "/groups/%s/value", column),
               *uses = page_path(page, "/groups/%s/uses", column);
    const char *counts = page_path(page, "/groups/%s/count", column);
    int64_t n = page_extent(page, values, 0);
    const double *count = page_numbers(page, counts, n), *use = page_numbers(page, uses, n);
    if (n == 0 || count == NULL || use == NULL)
        return;
    const int64_t *order = page_order(page, use, n, false);
    content_table(content, page_path(page, "Uses by %s, over samples of every split", column), columns, 3);
    for (int64_t i = 0; i < n && i < MOST_VALUES; i++) {
        const char *value = page_string(page, values, order[i]);
        cell_name(content, value[0] ? value : "(none)", at_row(page, values, order[i]));
        cell_number(content, count[order[i]], FORM_COUNT, at_row(page, counts, order[i]));
        cell_number(content, use[order[i]], FORM_COUNT, at_row(page, uses, order[i]));
    }
}

/* ---- findings --------------------------------------------------------------------------------------------------- */

static void write_kinds(struct page *page)
{
    static const struct column columns[] = {
        {"finding", false, false}, {"which is", false, false}, {"found", true, true}};
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/finding_kinds/name", 0);
    const double *count = page_numbers(page, "/finding_kinds/count", n);
    const double *violation = page_numbers(page, "/finding_kinds/violation", n);
    int64_t found = 0;
    for (int64_t k = 0; count != NULL && k < n; k++)
        found += count[k] > 0;
    if (count == NULL || violation == NULL || found == 0)
        return;
    content_table(content, "What was found", columns, 3);
    for (int64_t k = 0; k < n && k < MOST_KINDS; k++) {
        if (count[k] == 0)
            continue;
        cell_name(content, page_string(page, "/finding_kinds/name", k), at_row(page, "/finding_kinds/name", k));
        cell_words(content, violation[k] == 1 ? "a violation" : "a note");
        cell_number(content, count[k], FORM_COUNT, at_row(page, "/finding_kinds/count", k));
    }
}

static void write_findings(struct page *page)
{
    static const struct column columns[] = {{"kind", false, false},
                                            {"step", true, false},
                                            {"what was found", false, false},
                                            {"size", true, false},
                                            {"limit", true, false}};
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/findings/text", 0);
    write_kinds(page);
    if (n == 0 && page_numbers(page, "/findings/size", 0) == NULL)
        return; /* not there: that says nothing */
    if (n == 0) {
        content_paragraph(content, TONE_GOOD);
        say(content, "%s",
            page_extent(page, "/admissions/decision", 0) > 0
                ? "No finding: every recorded use is of a sample that was admitted, and the records are "
                  "whole."
                : "No finding: the records are whole.  No admission was recorded, so they do not say "
                  "whether the samples were admitted.");
        return;
    }
    const double *kind = page_numbers(page, "/findings/kind", n), *step = page_numbers(page, "/findings/step", n);
    const double *size = page_numbers(page, "/findings/size", n), *limit = page_numbers(page, "/findings/limit", n);
    if (kind == NULL || step == NULL || size == NULL || limit == NULL)
        return;
    content_table(content,
                  n <= MOST_FINDINGS ? "Each finding"
                                     : page_path(page, "The first %d of %lld findings", MOST_FINDINGS, (long long)n),
                  columns, 5);
    for (int64_t i = 0; i < n && i < MOST_FINDINGS; i++) {
        add_code(page, "/finding_kinds/name", kind, i);
        if (step[i] >= 0)
            cell_number(content, step[i], FORM_COUNT, at_row(page, "/findings/step", i));
        else
            cell_words(content, "");
        cell_sentence(content, page_string(page, "/findings/text", i), at_row(page, "/findings/text", i));
        cell_number(content, size[i], form_of_size(size[i]), at_row(page, "/findings/size", i));
        cell_number(content, limit[i], form_of_size(limit[i]), at_row(page, "/findings/limit", i));
    }
}

void write_lineage(struct page *page)
{
    struct content *content = &page->content;
    content_paragraph(content, TONE_PLAIN);
    int64_t n_step = page_extent(page, "/steps/step", 0), n_use = page_extent(page, "/uses/sample", 0);
    say(content, "Merged from what training itself recorded: ");
    say_number(content, (double)n_step, FORM_COUNT, over_rows(page, "/steps/step", "count"));
    say(content, " %s and ", plural(n_step, "step", "steps"));
    say_number(content, (double)n_use, FORM_COUNT, over_rows(page, "/uses/sample", "count"));
    say(content, " %s of samples.", plural(n_use, "use", "uses"));
    write_findings(page);
    write_admissions(page);
    write_epochs(page);
    const char *names[MOST_COLUMNS];
    int n = page_groups(page, "/groups/", names, MOST_COLUMNS);
    for (int c = 0; c < n; c++)
        write_column(page, names[c]);
}
