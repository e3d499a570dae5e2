/* The symbolic policy: which features carry a behaviour, how well that describes it, and where it has gaps. */
#include <math.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { SHOWN_BEHAVIOURS = 4, SHOWN_FEATURES = 8, MOST_GAPS = 40 };

struct policy {
    int64_t n_behaviour, n_feature, n_pair, keep;
};

static bool load(struct page *page, struct policy *policy)
{
    *policy = (struct policy){.n_behaviour = page_extent(page, "/coefficients", 0),
                              .n_feature = page_extent(page, "/coefficients", 1),
                              .n_pair = page_extent(page, "/pairs/id", 0),
                              .keep = page_extent(page, "/features/top_pairs/pair", 2)};
    return policy->n_behaviour > 0 && policy->n_feature > 0;
}

/* ---- how well --------------------------------------------------------------------------------------------------- */

static void write_quality(struct page *page, const struct policy *policy)
{
    static const struct column columns[] = {{"behaviour", false, false},
                                            {"judged on", false, false},
                                            {"R²", true, false},
                                            {"AUC", true, false},
                                            {"log loss", true, false}};
    static const struct {
        const char *path, *words;
    } judged[] = {
        {"train", "the probes it was fitted to"}, {"loo", "each probe left out"}, {"folds", "folds left out"}};
    static const char *const figures[] = {"r2", "auc", "log_loss"};
    struct content *content = &page->content;
    content_table(content, "How well the policy describes each behaviour", columns, sizeof columns / sizeof *columns);
    for (int64_t b = 0; b < policy->n_behaviour && b < SHOWN_BEHAVIOURS; b++)
        for (int j = 0; j < 3; j++) {
            if (!page_has(page, page_path(page, "/diagnostics/%s/r2", judged[j].path)))
                continue;
            cell_name(content, page_string(page, "/behaviours/name", b), at_row(page, "/behaviours/name", b));
            cell_words(content, judged[j].words);
            for (int f = 0; f < 3; f++) {
                const char *path = page_path(page, "/diagnostics/%s/%s", judged[j].path, figures[f]);
                const double *value = page_rows(page, path, b, 1, 1);
                cell_number(content, value ? *value : NAN, FORM_UNIT, at_row(page, path, b));
            }
        }
}

static void draw_path(struct page *page)
{
    int64_t n = page_extent(page, "/path/lambda", 0);
    if (n < 2 || !page_has(page, "/path/criterion"))
        return;
    const double *lambda = page_numbers(page, "/path/lambda", n), *chosen = page_numbers(page, "/path/chosen", n);
    const double *criterion = page_numbers(page, "/path/criterion", n);
    if (lambda == NULL || chosen == NULL || criterion == NULL)
        return;
    struct content *content = &page->content;
    double *x = content_keep(content, memory_allocate(n, sizeof *x));
    double *y = content_keep(content, memory_allocate(n, sizeof *y));
    int64_t n_chosen = 0;
    for (int64_t i = 0; i < n; i++)
        if (chosen[i] == 1) {
            x[n_chosen] = lambda[i];
            y[n_chosen++] = criterion[i];
        }
    struct chart *chart = content_chart(content, "How the penalty was chosen: the smallest error on what was left out "
                                                 "(relative to the spread of the behaviours), ringed");
    chart->x_label = "penalty (lambda)";
    chart->y_label = "error";
    chart->log_x = true;
    chart_add(chart, (struct series){.name = "candidates",
                                     .style = STYLE_LINE,
                                     .n = n,
                                     .x = lambda,
                                     .y = criterion,
                                     .source = over_rows(page, "/path/criterion", NULL)});
    chart_add(chart, (struct series){.name = "chosen",
                                     .style = STYLE_MARKS,
                                     .n = n_chosen,
                                     .x = x,
                                     .y = y,
                                     .source = over_rows(page, "/path/chosen", NULL)});
}

/* ---- features --------------------------------------------------------------------------------------------------- */

/* The pair that shifted a coefficient most, and the shift. */
static void add_mover(struct page *page, const struct policy *policy, int64_t behaviour, const double *pair,
                      const double *shift, int64_t feature)
{
    struct content *content = &page->content;
    int64_t at = feature * policy->keep, mover = pair != NULL && shift != NULL ? (int64_t)pair[at] : -1;
    if (mover < 0) {
        cell_words(content, "");
        cell_words(content, "");
        return;
    }
    cell_name(content, page_string(page, "/pairs/id", mover), at_row(page, "/pairs/id", mover));
    cell_number(content, shift[at], FORM_SIGNED, at_row(page, "/features/top_pairs/shift", behaviour));
}

static void write_features(struct page *page, const struct policy *policy, int64_t b)
{
    static const struct column columns[] = {
        {"feature", true, false}, {"label", false, false},         {"coefficient", true, false},
        {"effect", true, true},   {"moved most by", false, false}, {"shift", true, false},
    };
    struct content *content = &page->content;
    int64_t m = policy->n_feature;
    const double *w = page_rows(page, "/coefficients", b, 1, m);
    const double *deviation = page_numbers(page, "/features/deviation", m), *pair = NULL, *shift = NULL;
    if (policy->n_pair > 0 && policy->keep > 0) {
        pair = page_rows(page, "/features/top_pairs/pair", b, 1, m * policy->keep);
        shift = page_rows(page, "/features/top_pairs/shift", b, 1, m * policy->keep);
    }
    if (w == NULL || deviation == NULL)
        return;
    double *effect = content_keep(content, memory_allocate(m, sizeof *effect));
    for (int64_t j = 0; j < m; j++)
        effect[j] = w[j] * deviation[j];
    const int64_t *order = page_order(page, effect, m, true);
    content_table(content, page_path(page, "What carries “%s”", page_string(page, "/behaviours/name", b)), columns,
                  policy->n_pair > 0 ? 6 : 4);
    for (int64_t k = 0; k < m && k < SHOWN_FEATURES; k++) {
        int64_t j = order[k];
        cell_number(content, (double)j, FORM_COUNT, (struct source){0});
        cell_name(content, page_string(page, "/features/label", j), at_row(page, "/features/label", j));
        cell_number(content, w[j], FORM_SIGNED, at_row(page, "/coefficients", b));
        cell_number(content, effect[j], FORM_SIGNED, over_rows(page, "/features/deviation", "coefficient × element"));
        if (policy->n_pair > 0)
            add_mover(page, policy, b, pair, shift, j);
    }
}

/* ---- gaps ------------------------------------------------------------------------------------------------------- */

static void write_gaps(struct page *page)
{
    static const struct column columns[] = {
        {"category", false, false}, {"expected behaviour", false, false}, {"what the policy has there", false, false},
        {"lift", true, true},       {"behaviour, mean", true, false},     {"probes that expect it", true, false}};
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/gaps/kind", 0), shown = n < MOST_GAPS ? n : MOST_GAPS;
    content_heading(content, 3, NULL, "Gaps");
    content_paragraph(content, TONE_PLAIN);
    if (n == 0) {
        say(content, "No category of probes names a behaviour that is expected of it, so there is nothing to compare.");
        return;
    }
    const double *category = page_numbers(page, "/gaps/category", n),
                 *mean = page_numbers(page, "/gaps/mean_behaviour", n);
    const double *behaviour = page_numbers(page, "/gaps/behaviour", n), *lift = page_numbers(page, "/gaps/lift", n);
    const double *expecting = page_numbers(page, "/gaps/expecting", n);
    if (category == NULL || behaviour == NULL || lift == NULL || mean == NULL || expecting == NULL)
        return;
    say(content, "A gap is a category of which a behaviour is expected, but where no feature carries it, or one pushes "
                 "the other way.  Lift is what the active features add to the behaviour there; below zero they work "
                 "against it.");
    content_table(content, "", columns, sizeof columns / sizeof *columns);
    for (int64_t g = 0; g < shown; g++) {
        int64_t c = (int64_t)category[g], b = (int64_t)behaviour[g];
        cell_name(content, page_string(page, "/categories/name", c), at_row(page, "/categories/name", c));
        cell_name(content, page_string(page, "/behaviours/name", b), at_row(page, "/behaviours/name", b));
        cell_name(content, page_string(page, "/gaps/kind", g), at_row(page, "/gaps/kind", g));
        cell_number(content, lift[g], FORM_SIGNED, at_row(page, "/gaps/lift", g));
        cell_number(content, mean[g], FORM_PLAIN, at_row(page, "/gaps/mean_behaviour", g));
        cell_number(content, expecting[g], FORM_COUNT, at_row(page, "/gaps/expecting", g));
    }
}

void write_policy(struct page *page)
{
    struct policy policy;
    struct content *content = &page->content;
    if (!load(page, &policy)) {
        content_paragraph(content, TONE_NOTE);
        say(content, "The table has no coefficients.");
        return;
    }
    const char *features = page_attribute(page, "features"), *lambda = page_attribute(page, "lambda");
    content_paragraph(content, TONE_PLAIN);
    say(content, "Each behaviour is modelled as a ridge regression on %lld %s (%s), with penalty %s.  ",
        (long long)policy.n_feature, plural(policy.n_feature, "feature", "features"),
        features ? features : "source not recorded", lambda ? lambda : "not recorded");
    say(content,
        "Effect is the coefficient times the feature's deviation over the probes: how much the behaviour moves "
        "with it.");
    write_quality(page, &policy);
    for (int64_t b = 0; b < policy.n_behaviour && b < SHOWN_BEHAVIOURS; b++)
        write_features(page, &policy, b);
    if (policy.n_behaviour > SHOWN_BEHAVIOURS) {
        content_paragraph(content, TONE_NOTE);
        say(content, "The first %d of %lld behaviours; all are in policy.h5.", SHOWN_BEHAVIOURS,
            (long long)policy.n_behaviour);
    }
    draw_path(page);
    write_gaps(page);
}
