/* What would change without some examples, and how that holds against retraining. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { SHOWN_SCENARIOS = 16, SHOWN_FLIPS = 10, MOST_POINTS = 2000, SHOWN_MEMBERS = 4 };

/* ---- scenarios -------------------------------------------------------------------------------------------------- */

struct scenarios {
    int64_t n, n_query;
    bool network, ridge;
    double *loss, *margin, *flips; /* per scenario: sums over queries; NULL where not made */
};

/* Sum over queries of each scenario; the page keeps it. */
static double *sum_of(struct page *page, const char *path, const struct scenarios *scenarios)
{
    double *sums = content_keep(&page->content, memory_allocate(scenarios->n, sizeof *sums));
    for (int64_t s = 0; s < scenarios->n; s++) {
        const double *row = page_rows(page, path, s, 1, scenarios->n_query);
        for (int64_t q = 0; row != NULL && q < scenarios->n_query; q++)
            sums[s] += row[q];
    }
    return sums;
}

/* Whether sums of scores are known to be changes of the loss: their scale is. */
static bool has_scale(const struct page *page)
{
    const char *origin = page_attribute(page, "network scale origin");
    return origin != NULL && origin[0];
}

static bool load(struct page *page, struct scenarios *scenarios)
{
    enum { MOST = 20000 };
    *scenarios = (struct scenarios){.n = page_extent(page, "/scenarios/name", 0),
                                    .n_query = page_extent(page, "/queries/id", 0),
                                    .network = page_has(page, "/network/loss_change"),
                                    .ridge = page_has(page, "/ridge/change/margin")};
    scenarios->n = scenarios->n < MOST ? scenarios->n : MOST;
    if (scenarios->network)
        scenarios->loss = sum_of(page, "/network/loss_change", scenarios);
    if (scenarios->ridge) {
        scenarios->margin = sum_of(page, "/ridge/change/margin", scenarios);
        scenarios->flips = sum_of(page, "/ridge/flips", scenarios);
    }
    return scenarios->n > 0 && scenarios->n_query > 0;
}

static void add_scenario(struct page *page, const struct scenarios *scenarios, const double *count, int64_t s)
{
    struct content *content = &page->content;
    double n_query = (double)scenarios->n_query;
    cell_name(content, page_string(page, "/scenarios/name", s), at_row(page, "/scenarios/name", s));
    cell_number(content, count[s], FORM_COUNT, at_row(page, "/scenarios/count", s));
    cell_number(content, scenarios->loss ? scenarios->loss[s] / n_query : NAN, FORM_SIGNED,
                within_row(page, "/network/loss_change", s, "mean over queries"));
    cell_number(content, scenarios->margin ? scenarios->margin[s] / n_query : NAN, FORM_SIGNED,
                within_row(page, "/ridge/change/margin", s, "mean over queries"));
    cell_number(content, scenarios->flips ? scenarios->flips[s] : NAN, FORM_COUNT,
                within_row(page, "/ridge/flips", s, "sum over queries"));
}

static void write_scenarios(struct page *page, const struct scenarios *scenarios)
{
    static const struct column fixed[] = {{"without", false, false},
                                          {"examples", true, false},
                                          {"sum of scores, mean", true, true},
                                          {"margin of the ridge, mean", true, false},
                                          {"answers that flip", true, false}};
    struct content *content = &page->content;
    const double *count = page_numbers(page, "/scenarios/count", page_extent(page, "/scenarios/name", 0));
    if (count == NULL)
        return;
    const double *key = scenarios->loss ? scenarios->loss : scenarios->margin;
    if (key == NULL)
        return;
    struct column *columns = content_keep(content, memory_allocate(5, sizeof *columns));
    memcpy(columns, fixed, sizeof fixed);
    if (has_scale(page))
        columns[2].heading = "loss of the network, mean";
    content_table(content, "Change of the queries, without the examples minus with them; largest first", columns, 5);
    const int64_t *order = page_order(page, key, scenarios->n, true);
    for (int64_t i = 0; i < scenarios->n && i < SHOWN_SCENARIOS; i++)
        add_scenario(page, scenarios, count, order[i]);
}

/* ---- smallest sets ---------------------------------------------------------------------------------------------- */

static void add_members(struct page *page, const double *members, double count, int64_t q)
{
    struct text list;
    text_init(&list);
    for (int64_t i = 0; i < (int64_t)count && i < SHOWN_MEMBERS && members[i] >= 0; i++) {
        text_add(&list, "%s", i > 0 ? ", " : "");
        text_add(&list, "%s", page_string(page, "/samples/id", (int64_t)members[i]));
    }
    if (count > SHOWN_MEMBERS)
        text_add(&list, ", …");
    cell_name(&page->content, list.bytes ? list.bytes : "", at_row(page, "/flips/ridge/member", q));
    text_clear(&list);
}

static void write_flips(struct page *page, const struct scenarios *scenarios)
{
    static const struct column columns[] = {{"query", false, false},
                                            {"flips without", true, true},
                                            {"first of them", false, false},
                                            {"margin after a refit", true, false}};
    struct content *content = &page->content;
    int64_t n = scenarios->n_query, most = page_extent(page, "/flips/ridge/member", 1), shown = 0;
    if (most == 0)
        return;
    const double *flipped = page_numbers(page, "/flips/ridge/flipped", n),
                 *count = page_numbers(page, "/flips/ridge/count", n);
    const double *refit = page_numbers(page, "/flips/ridge/refit_margin", n);
    if (flipped == NULL || count == NULL || refit == NULL)
        return;
    content_table(content, "Few examples that decide an answer (greedy search: an estimate of the smallest set; ridge)",
                  columns, 4);
    for (int64_t q = 0; q < n && shown < SHOWN_FLIPS; q++) {
        const double *members = flipped[q] == 1 ? page_rows(page, "/flips/ridge/member", q, 1, most) : NULL;
        if (members == NULL)
            continue;
        cell_name(content, page_string(page, "/queries/id", q), at_row(page, "/queries/id", q));
        cell_number(content, count[q], FORM_COUNT, at_row(page, "/flips/ridge/count", q));
        add_members(page, members, count[q] < (double)most ? count[q] : (double)most, q);
        cell_number(content, refit[q], FORM_SIGNED, at_row(page, "/flips/ridge/refit_margin", q));
        shown++;
    }
}

void write_what_if(struct page *page)
{
    struct scenarios scenarios;
    struct content *content = &page->content;
    if (!load(page, &scenarios))
        return;
    content_paragraph(content, TONE_PLAIN);
    say(content,
        "Ridge figures are exact: the same as fitting again without the examples.  Network figures are first order: "
        "what small steps on them did, summed; retraining may differ.");
    if (scenarios.network)
        say(content, has_scale(page)
                         ? "  A rise of the loss means that the examples helped."
                         : "  The scale of the scores is not known here: their sums are no changes of the loss in its "
                           "units.  A sum above zero means that the examples helped.");
    write_scenarios(page, &scenarios);
    write_flips(page, &scenarios);
}

/* ---- against retraining ----------------------------------------------------------------------------------------- */

static void write_methods(struct page *page, int64_t n)
{
    static const struct column columns[] = {{"method", false, false},
                                            {"", false, false},
                                            {"LDS, mean", true, true},
                                            {"from", true, false},
                                            {"to", true, false}};
    struct content *content = &page->content;
    const double *control = page_numbers(page, "/validation/method/control", n);
    const double *mean = page_numbers(page, "/validation/lds/mean", n),
                 *low = page_numbers(page, "/validation/lds/low", n);
    const double *high = page_numbers(page, "/validation/lds/high", n);
    if (control == NULL || mean == NULL || low == NULL || high == NULL)
        return;
    content_table(content, "Agreement with networks trained on subsets (linear datamodelling score)", columns, 5);
    for (int64_t i = 0; i < n; i++) {
        cell_name(content, page_string(page, "/validation/method/name", i), at_row(page, "/validation/method/name", i));
        cell_words(content, control[i] == 1 ? "a control" : "");
        cell_number(content, mean[i], FORM_UNIT, at_row(page, "/validation/lds/mean", i));
        cell_number(content, low[i], FORM_UNIT, at_row(page, "/validation/lds/low", i));
        cell_number(content, high[i], FORM_UNIT, at_row(page, "/validation/lds/high", i));
    }
}

/* Predicted against actual change, of groups or else of single examples, by the first method. */
static void draw_prediction(struct page *page, const char *what, const char *words)
{
    struct content *content = &page->content;
    const char *actual_path = page_path(page, "/validation/%s/actual", what);
    const char *predicted_path = page_path(page, "/validation/%s/predicted", what);
    int64_t n_set = page_extent(page, actual_path, 0), n_query = page_extent(page, actual_path, 1);
    if (n_set == 0 || n_query == 0 || n_set > MOST_POINTS / n_query + 1)
        return;
    const double *actual = page_numbers(page, actual_path, n_set * n_query);
    const double *predicted = page_rows(page, predicted_path, 0, 1, n_set * n_query);
    if (actual == NULL || predicted == NULL)
        return;
    struct chart *chart = content_chart(content, page_path(page,
                                                           "What changes without %s: predicted, and after training "
                                                           "again",
                                                           words));
    chart->x_label = "predicted, on the method's own scale";
    chart->y_label = "after training again";
    chart_add(chart, (struct series){.name = page_string(page, "/validation/method/name", 0),
                                     .style = STYLE_POINTS,
                                     .n = n_set * n_query,
                                     .x = predicted,
                                     .y = actual,
                                     .source = over_rows(page, actual_path, NULL)});
}

void write_truth(struct page *page)
{
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/validation/method/name", 0);
    if (n == 0)
        return;
    content_paragraph(content, TONE_PLAIN);
    say(content,
        "Here the truth is known: the network was trained again without the examples.  Controls know nothing of the "
        "network; a method that does not beat them has told you nothing.");
    if (page_has(page, "/validation/lds/mean"))
        write_methods(page, n);
    draw_prediction(page, "group", "each group");
    draw_prediction(page, "loo", "single examples");
}

/* ---- for the answer --------------------------------------------------------------------------------------------- */

static void answer_lineage(struct page *page)
{
    struct content *content = &page->content;
    page->current = LINEAGE;
    int64_t n = page_extent(page, "/finding_kinds/name", 0);
    const double *count = page_numbers(page, "/finding_kinds/count", n);
    const double *violation = page_numbers(page, "/finding_kinds/violation", n);
    double found = 0;
    if (count == NULL || violation == NULL)
        return;
    for (int64_t k = 0; k < n; k++)
        found += violation[k] == 1 ? count[k] : 0;
    content_paragraph(content, TONE_LEAD);
    say_strong(content, "Asked: ");
    say(content, "did training use only what was admitted?  The records of ");
    int64_t n_use = page_extent(page, "/uses/sample", 0);
    say_number(content, (double)n_use, FORM_COUNT, over_rows(page, "/uses/sample", "count"));
    say(content, " %s ", plural(n_use, "use shows", "uses show"));
    say_number(content, found, FORM_COUNT, over_rows(page, "/finding_kinds/count", "sum over violations"));
    say(content, " %s.", plural((int64_t)found, "violation", "violations"));
    if (page_extent(page, "/admissions/decision", 0) == 0)
        say(content, "  No admission was recorded, so they do not say whether the samples were admitted.");
}

static void answer_what_if(struct page *page)
{
    struct scenarios scenarios;
    struct content *content = &page->content;
    page->current = COUNTERFACTUAL;
    if (!load(page, &scenarios) || scenarios.loss == NULL)
        return;
    int64_t best = page_order(page, scenarios.loss, scenarios.n, true)[0];
    content_paragraph(content, TONE_LEAD);
    say_strong(content, "Asked: ");
    say(content, "what would change without some of the examples?  Of ");
    say_number(content, (double)scenarios.n, FORM_COUNT, over_rows(page, "/scenarios/name", "count"));
    say(content, " %s, ", plural(scenarios.n, "scenario", "scenarios"));
    say_name(content, page_string(page, "/scenarios/name", best));
    say(content, has_scale(page) ? " changes the loss most: by " : " has the largest sum of scores: ");
    say_number(content, scenarios.loss[best] / (double)scenarios.n_query, FORM_SIGNED,
               within_row(page, "/network/loss_change", best, "mean over queries"));
    say(content, " on the mean query, to first order.");
}

void answer_more(struct page *page)
{
    if (page->tables[MECHANISM] != NULL)
        answer_mechanism(page);
    if (page->tables[LINEAGE] != NULL)
        answer_lineage(page);
    if (page->tables[COUNTERFACTUAL] != NULL)
        answer_what_if(page);
}
