/* What each training pair did to the policy: through which pathway, and to what it was not meant for. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { SHOWN_BEHAVIOURS = 4, SHOWN_PAIRS = 8, MOST_COLUMNS = 4, MOST_VALUES = 12, N_FIXED = 8, MOST_POINTS = 4000 };

struct pairs {
    int64_t n, n_behaviour, n_feature, n_watched;
    const double *norm, *x, *y, *interaction, *dominant, *interferes, *off_target; /* n × n_behaviour */
};

static bool load(struct page *page, struct pairs *pairs)
{
    *pairs = (struct pairs){.n = page_extent(page, "/pairs/id", 0),
                            .n_behaviour = page_extent(page, "/coefficients", 0),
                            .n_feature = page_extent(page, "/coefficients", 1),
                            .n_watched = page_extent(page, "/pairs/watched", 1)};
    int64_t n = pairs->n * pairs->n_behaviour;
    if (n == 0)
        return false;
    pairs->norm = page_numbers(page, "/pairs/shift_norm", n);
    pairs->x = page_numbers(page, "/pairs/x_norm", n);
    pairs->y = page_numbers(page, "/pairs/y_norm", n);
    pairs->interaction = page_numbers(page, "/pairs/interaction_norm", n);
    pairs->dominant = page_numbers(page, "/pairs/dominant", n);
    pairs->interferes = page_numbers(page, "/pairs/interferes", n);
    pairs->off_target = page_numbers(page, "/pairs/off_target_share", n);
    return pairs->norm && pairs->x && pairs->y && pairs->interaction && pairs->dominant && pairs->interferes &&
           pairs->off_target;
}

/* One behaviour's column of a table of pairs × behaviours: of every step-th pair. */
static const double *column_of(struct page *page, const struct pairs *pairs, const double *values, int64_t b,
                               int64_t step)
{
    double *column = content_keep(&page->content, memory_allocate(pairs->n, sizeof *column));
    for (int64_t i = 0; i < pairs->n; i += step)
        column[i / step] = values[i * pairs->n_behaviour + b];
    return column;
}

static void draw_pathways(struct page *page, const struct pairs *pairs)
{
    int64_t step = (pairs->n + MOST_POINTS - 1) / MOST_POINTS, n = (pairs->n + step - 1) / step;
    const char *each = step == 1 ? "Each pair" : page_path(page, "One pair in %lld", (long long)step);
    const char *how = step == 1 ? NULL : page_path(page, "one row in %lld", (long long)step);
    struct chart *chart =
        content_chart(&page->content, page_path(page,
                                                "%s as a point: how far it moved the policy through what the model "
                                                "represents, and through what it says",
                                                each));
    chart->x_label = "through feature activations";
    chart->y_label = "through behaviour";
    chart->log_x = chart->log_y = true;
    for (int64_t b = 0; b < pairs->n_behaviour && b < SHOWN_BEHAVIOURS; b++)
        chart_add(chart, (struct series){.name = page_string(page, "/behaviours/name", b),
                                         .style = STYLE_POINTS,
                                         .n = n,
                                         .x = column_of(page, pairs, pairs->x, b, step),
                                         .y = column_of(page, pairs, pairs->y, b, step),
                                         .source = over_rows(page, "/pairs/y_norm", how)});
}

static void add_dominant(struct page *page, const struct pairs *pairs, int64_t i, int64_t b)
{
    static const char *const verdicts[] = {"not known", "as intended", "not intended"};
    struct content *content = &page->content;
    int64_t at = i * pairs->n_behaviour + b, feature = (int64_t)pairs->dominant[at];
    int verdict = (int)pairs->interferes[at] + 1;
    if (feature >= 0 && feature < pairs->n_feature) {
        const char *label = page_string(page, "/features/label", feature);
        cell_name(content, page_path(page, "%lld %s", (long long)feature, label), at_row(page, "/pairs/dominant", i));
    } else {
        cell_words(content, "none");
    }
    cell_words(content, verdict >= 0 && verdict <= 2 ? verdicts[verdict] : "?");
    cell_number(content, pairs->off_target[at], FORM_SHARE, at_row(page, "/pairs/off_target_share", i));
}

/* The columns that are always there, and one per way in which pairs are grouped. */
static const struct column *columns_of(struct page *page, const char *const *names, int n_name)
{
    static const struct column fixed[N_FIXED] = {{"pair", false, false},          {"moved the policy", true, false},
                                                 {"by activations", true, false}, {"by behaviour", true, false},
                                                 {"open", true, false},           {"moved most", false, false},
                                                 {"which was", false, false},     {"off target", true, false}};
    struct column *columns = content_keep(&page->content, memory_allocate(N_FIXED + n_name, sizeof *columns));
    memcpy(columns, fixed, sizeof fixed);
    for (int c = 0; c < n_name; c++)
        columns[N_FIXED + c] = (struct column){.heading = names[c]};
    return columns;
}

static void write_behaviour(struct page *page, const struct pairs *pairs, int64_t b, const char *const *names,
                            int n_name)
{
    struct content *content = &page->content;
    const int64_t *order = page_order(page, column_of(page, pairs, pairs->norm, b, 1), pairs->n, false);
    content_table(content, page_path(page, "The pairs that moved “%s” most", page_string(page, "/behaviours/name", b)),
                  columns_of(page, names, n_name), N_FIXED + n_name);
    for (int64_t k = 0; k < pairs->n && k < SHOWN_PAIRS; k++) {
        int64_t i = order[k], at = i * pairs->n_behaviour + b;
        cell_name(content, page_string(page, "/pairs/id", i), at_row(page, "/pairs/id", i));
        cell_number(content, pairs->norm[at], FORM_PLAIN, at_row(page, "/pairs/shift_norm", i));
        cell_number(content, pairs->x[at], FORM_PLAIN, at_row(page, "/pairs/x_norm", i));
        cell_number(content, pairs->y[at], FORM_PLAIN, at_row(page, "/pairs/y_norm", i));
        cell_number(content, pairs->interaction[at], FORM_PLAIN, at_row(page, "/pairs/interaction_norm", i));
        add_dominant(page, pairs, i, b);
        for (int c = 0; c < n_name; c++)
            page_add_group(page, page_path(page, "/pairs/group/%s", names[c]),
                           page_path(page, "/pairs/groups/%s/value", names[c]), i);
    }
}

static void write_interference(struct page *page, const struct pairs *pairs)
{
    struct content *content = &page->content;
    content_paragraph(content, TONE_PLAIN);
    for (int64_t b = 0; b < pairs->n_behaviour && b < SHOWN_BEHAVIOURS; b++) {
        int64_t known = 0, found = 0;
        for (int64_t i = 0; i < pairs->n; i++) {
            known += pairs->interferes[i * pairs->n_behaviour + b] >= 0;
            found += pairs->interferes[i * pairs->n_behaviour + b] == 1;
        }
        say(content, "%sFor ", b > 0 ? "  " : "");
        say_name(content, page_string(page, "/behaviours/name", b));
        say(content, ", ");
        say_number(content, (double)found, FORM_COUNT, over_rows(page, "/pairs/interferes", "count of 1"));
        say(content, " of %lld %s moved a feature most that %s not meant to move.", (long long)known,
            plural(known, "pair", "pairs"), plural(found, "it was", "they were"));
    }
}

/* How many pairs of each value interfered: a column per behaviour. */
static void write_column(struct page *page, const struct pairs *pairs, const char *column)
{
    struct content *content = &page->content;
    const char *values = page_path(page, "/pairs/groups/%s/value", column);
    const char *counts = page_path(page, "/pairs/groups/%s/count", column);
    const char *interfering = page_path(page, "/pairs/groups/%s/interfering", column);
    int64_t n = page_extent(page, values, 0);
    int shown = pairs->n_behaviour < SHOWN_BEHAVIOURS ? (int)pairs->n_behaviour : SHOWN_BEHAVIOURS;
    const double *count = page_numbers(page, counts, n);
    const double *found = page_numbers(page, interfering, n * pairs->n_behaviour);
    if (count == NULL || found == NULL)
        return;
    struct column *columns = content_keep(content, memory_allocate(2 + shown, sizeof *columns));
    columns[0] = (struct column){.heading = column};
    columns[1] = (struct column){.heading = "pairs", .is_number = true};
    for (int b = 0; b < shown; b++)
        columns[2 + b] = (struct column){page_string(page, "/behaviours/name", b), true, true};
    content_table(content, page_path(page, "Pairs that moved most what they were not meant to, by %s", column), columns,
                  2 + shown);
    for (int64_t v = 0; v < n && v < MOST_VALUES; v++) {
        const char *value = page_string(page, values, v);
        cell_name(content, value[0] ? value : "(none)", at_row(page, values, v));
        cell_number(content, count[v], FORM_COUNT, at_row(page, counts, v));
        for (int b = 0; b < shown; b++)
            cell_number(content, found[v * pairs->n_behaviour + b], FORM_COUNT, at_row(page, interfering, v));
    }
}

void write_pairs(struct page *page)
{
    struct pairs pairs;
    struct content *content = &page->content;
    if (!load(page, &pairs))
        return;
    content_paragraph(content, TONE_PLAIN);
    say(content,
        "%s tried alone, and the policy fitted again on the same probes: exactly, by a low-rank "
        "change.  What moved came through the features' activations, or through the behaviour itself; “open” is "
        "what the two only do together.",
        pairs.n == 1 ? "The one pair was" : page_path(page, "Each of %lld pairs was", (long long)pairs.n));
    write_interference(page, &pairs);
    draw_pathways(page, &pairs);
    const char *names[MOST_COLUMNS];
    int n = page_groups(page, "/pairs/groups/", names, MOST_COLUMNS);
    for (int64_t b = 0; b < pairs.n_behaviour && b < SHOWN_BEHAVIOURS; b++)
        write_behaviour(page, &pairs, b, names, n);
    for (int c = 0; c < n; c++)
        write_column(page, &pairs, names[c]);
}
