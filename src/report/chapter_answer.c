/* The first thing on the page: the question in one sentence, and what the tables answer. */
#include <math.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { MOST_COLUMNS = 4, SHOWN_BEHAVIOURS = 5 };

/* ---- influence -------------------------------------------------------------------------------------------------- */

static void ask_influence(struct page *page)
{
    struct content *content = &page->content;
    int64_t n_query = page_extent(page, "/queries/id", 0), n_train = page_extent(page, "/samples/id", 0);
    const char *method = page_attribute(page, "method");
    content_paragraph(content, TONE_LEAD);
    say_strong(content, "Asked: ");
    say(content, "which of ");
    say_number(content, (double)n_train, FORM_COUNT, over_rows(page, "/samples/id", "count"));
    say(content, " training %s made the model answer ", plural(n_train, "example", "examples"));
    say_number(content, (double)n_query, FORM_COUNT, over_rows(page, "/queries/id", "count"));
    say(content, " %s as it does, by the method “%s”?", plural(n_query, "query", "queries"), method ? method : "?");
}

/* A column of groups: the value whose examples lowered the queries' loss most, beside its share of the examples. */
struct leader {
    const char *column, *name, *values, *nets, *counts;
    int64_t best;
    double net, share, of_examples;
};

static bool find_leader(struct page *page, const char *column, struct leader *leader)
{
    *leader = (struct leader){.column = column,
                              .values = page_path(page, "/groups/%s/value", column),
                              .nets = page_path(page, "/groups/%s/net", column),
                              .counts = page_path(page, "/groups/%s/count", column)};
    int64_t n = page_extent(page, leader->values, 0), n_query = page_extent(page, leader->nets, 0);
    const double *net = page_sums(page, leader->nets, n_query, n), *count = page_numbers(page, leader->counts, n);
    if (net == NULL || count == NULL || n < 1)
        return false;
    double total = 0, n_train = 0;
    for (int64_t v = 0; v < n; v++) {
        total += net[v] > 0 ? net[v] : 0;
        n_train += count[v];
        leader->best = net[v] > net[leader->best] ? v : leader->best;
    }
    const char *name = page_string(page, leader->values, leader->best);
    leader->name = name[0] ? name : "(none)";
    leader->net = net[leader->best];
    leader->share = leader->net / total;
    leader->of_examples = count[leader->best] / n_train;
    return total > 0 && n_train > 0;
}

static void say_leader(struct page *page, const struct leader *leader)
{
    struct content *content = &page->content;
    content_paragraph(content, TONE_LEAD);
    say(content, "By %s, ", leader->column);
    say_name(content, leader->name);
    say(content, " helped most: its examples are ");
    say_number(content, leader->of_examples, FORM_SHARE, over_rows(page, leader->counts, "share"));
    say(content, " of all, and brought ");
    say_number(content, leader->share, FORM_SHARE,
               over_rows(page, leader->nets, "share of the positive sums over rows"));
    say(content, " of all that helped.");
}

static void add_leader(struct page *page, const struct leader *leader)
{
    struct content *content = &page->content;
    cell_words(content, leader->column);
    cell_name(content, leader->name, at_row(page, leader->values, leader->best));
    cell_number(content, leader->net, FORM_SIGNED, over_rows(page, leader->nets, "sum over rows"));
    cell_number(content, leader->share, FORM_SHARE,
                over_rows(page, leader->nets, "share of the positive sums over rows"));
    cell_number(content, leader->of_examples, FORM_SHARE, over_rows(page, leader->counts, "share"));
}

static void answer_influence(struct page *page)
{
    static const struct column columns[] = {{"by", false, false},
                                            {"helped most", false, false},
                                            {"net influence", true, false},
                                            {"of all that helped", true, true},
                                            {"of the examples", true, false}};
    const char *names[MOST_COLUMNS];
    struct leader leaders[MOST_COLUMNS];
    page->current = INFLUENCE;
    ask_influence(page);
    int n = page_groups(page, "/groups/", names, MOST_COLUMNS), found = 0;
    for (int c = 0; c < n; c++)
        found += find_leader(page, names[c], &leaders[found]);
    if (found == 0)
        return;
    say_leader(page, &leaders[0]);
    content_table(&page->content, "", columns, sizeof columns / sizeof *columns);
    for (int c = 0; c < found; c++)
        add_leader(page, &leaders[c]);
}

/* ---- policy ----------------------------------------------------------------------------------------------------- */

static void add_behaviour(struct page *page, int64_t b, int64_t m)
{
    struct content *content = &page->content;
    const double *w = page_rows(page, "/coefficients", b, 1, m), *spread = page_numbers(page, "/features/deviation", m);
    if (w == NULL || spread == NULL)
        return;
    int64_t best = 0;
    for (int64_t j = 1; j < m; j++)
        if (fabs(w[j] * spread[j]) > fabs(w[best] * spread[best]))
            best = j;
    const char *label = page_string(page, "/features/label", best);
    cell_name(content, page_string(page, "/behaviours/name", b), at_row(page, "/behaviours/name", b));
    cell_name(content, page_path(page, "%lld%s%s", (long long)best, label[0] ? " " : "", label),
              at_row(page, "/features/label", best));
    cell_number(content, w[best] * spread[best], FORM_SIGNED, at_row(page, "/coefficients", b));
    const char *judged = page_has(page, "/diagnostics/loo/r2") ? "/diagnostics/loo/r2" : "/diagnostics/train/r2";
    const double *r2 = page_rows(page, judged, b, 1, 1);
    cell_number(content, r2 ? *r2 : NAN, FORM_UNIT, at_row(page, judged, b));
}

static void say_gaps(struct page *page)
{
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/gaps/kind", 0), found = 0;
    for (int64_t g = 0; g < n; g++)
        found += page_string(page, "/gaps/kind", g)[0] != 'c'; /* "carried" */
    if (n == 0)
        return;
    content_paragraph(content, TONE_LEAD);
    if (found == 0) {
        say(content, "The policy has no gap: in ");
        say_number(content, (double)n, FORM_COUNT, over_rows(page, "/gaps/kind", "count"));
        say(content, " of %lld %s of which a behaviour is expected, features carry it.", (long long)n,
            plural(n, "category", "categories"));
    } else {
        say(content, "The policy has %s: in ", plural(found, "a gap", "gaps"));
        say_number(content, (double)found, FORM_COUNT, over_rows(page, "/gaps/kind", "count of other than “carried”"));
        say(content, " of %lld %s of which a behaviour is expected, no feature carries it as it should.", (long long)n,
            plural(n, "category", "categories"));
    }
}

static void answer_policy(struct page *page)
{
    static const struct column columns[] = {{"behaviour", false, false},
                                            {"carried most by feature", false, false},
                                            {"effect", true, true},
                                            {"R² of the policy", true, false}};
    struct content *content = &page->content;
    page->current = POLICY;
    int64_t n = page_extent(page, "/coefficients", 0), m = page_extent(page, "/coefficients", 1);
    if (n == 0 || m == 0)
        return;
    content_paragraph(content, TONE_LEAD);
    say_strong(content, "Asked: ");
    say(content, "which of ");
    say_number(content, (double)m, FORM_COUNT, over_rows(page, "/features/label", "count"));
    say(content, " %s carry %s, and what did each training pair do to them?", plural(m, "feature", "features"),
        plural(n, "the behaviour", "each behaviour"));
    content_table(content, "", columns, sizeof columns / sizeof *columns);
    for (int64_t b = 0; b < n && b < SHOWN_BEHAVIOURS; b++)
        add_behaviour(page, b, m);
    say_gaps(page);
}

/* ---- figures ---------------------------------------------------------------------------------------------------- */

static void add_figures(struct page *page)
{
    static const struct {
        enum run_table table;
        const char *path, *one, *many;
    } figures[] = {
        {INFLUENCE, "/samples/id", "training example", "training examples"},
        {INFLUENCE, "/queries/id", "query", "queries"},
        {INFLUENCE, "/checkpoints/used", "checkpoint used", "checkpoints used"},
        {POLICY, "/probes/id", "probe", "probes"},
        {POLICY, "/features/label", "feature", "features"},
        {POLICY, "/pairs/id", "training pair", "training pairs"},
        {MECHANISM, "/parts/id", "part", "parts"},
        {LINEAGE, "/steps/step", "step recorded", "steps recorded"},
        {LINEAGE, "/uses/sample", "use recorded", "uses recorded"},
        {COUNTERFACTUAL, "/scenarios/name", "scenario", "scenarios"},
    };
    struct content *content = &page->content;
    int n = 0;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        page->current = figures[i].table;
        int64_t extent = page_extent(page, figures[i].path, 0);
        if (extent == 0)
            continue;
        if (n++ == 0)
            content_figures(content);
        figure_number(content, plural(extent, figures[i].one, figures[i].many), (double)extent, FORM_COUNT,
                      over_rows(page, figures[i].path, "count"));
    }
}

void write_answer(struct page *page)
{
    if (page->tables[INFLUENCE] != NULL)
        answer_influence(page);
    if (page->tables[POLICY] != NULL)
        answer_policy(page);
    answer_more(page);
    add_figures(page);
    struct content *content = &page->content;
    bool any = false;
    for (int t = 0; t < N_RUN_TABLES; t++)
        any = any || page->tables[t] != NULL;
    if (!any) {
        content_paragraph(content, TONE_WARNING);
        say(content, "There is no table yet, and so no answer.");
    }
    page->current = INFLUENCE;
}
