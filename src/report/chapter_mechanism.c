/* Which parts carry a behaviour, and how much of it comes back from the few strongest alone. */
#include <math.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { SHOWN_BEHAVIOURS = 4, SHOWN_PARTS = 10, SHOWN_LINKS = 3, MOST_FAILURES = 12 };

struct mechanism {
    int64_t n_behaviour, n_part, n_size, n_baseline;
    const char *main; /* the intervention that ranks parts */
    const char *mean_path, *low_path, *high_path, *control_path, *order_path, *localised_path;
};

static bool load(struct page *page, struct mechanism *mechanism)
{
    const char *main = page_attribute(page, "main");
    *mechanism = (struct mechanism){.n_behaviour = page_extent(page, "/behaviours/name", 0),
                                    .n_part = page_extent(page, "/parts/id", 0),
                                    .n_size = page_extent(page, "/recomposition/k", 0),
                                    .n_baseline = page_extent(page, "/baselines/name", 0),
                                    .main = main ? main : "mean"};
    mechanism->mean_path = page_path(page, "/effects/%s/mean", mechanism->main);
    mechanism->low_path = page_path(page, "/effects/%s/low", mechanism->main);
    mechanism->high_path = page_path(page, "/effects/%s/high", mechanism->main);
    mechanism->control_path = page_path(page, "/effects/%s/control_mean", mechanism->main);
    mechanism->order_path = page_path(page, "/effects/%s/order", mechanism->main);
    mechanism->localised_path = page_path(page, "/effects/%s/localised", mechanism->main);
    return mechanism->n_behaviour > 0 && mechanism->n_part > 0;
}

/* ---- localisation ----------------------------------------------------------------------------------------------- */

/* The strongest parts of a behaviour, in order; n_part numbers each. */
struct effects {
    const double *mean, *low, *high, *control, *order, *localised;
};

static bool load_effects(struct page *page, const struct mechanism *mechanism, int64_t b, struct effects *effects)
{
    int64_t n = mechanism->n_part;
    effects->mean = page_rows(page, mechanism->mean_path, b, 1, n);
    effects->low = page_rows(page, mechanism->low_path, b, 1, n);
    effects->high = page_rows(page, mechanism->high_path, b, 1, n);
    effects->control = page_rows(page, mechanism->control_path, b, 1, n);
    effects->order = page_rows(page, mechanism->order_path, b, 1, n);
    effects->localised = page_rows(page, mechanism->localised_path, b, 1, n);
    bool good =
        effects->mean && effects->low && effects->high && effects->control && effects->order && effects->localised;
    for (int64_t i = 0; good && i < n; i++)
        good = effects->order[i] >= 0 && effects->order[i] < (double)n;
    return good;
}

static void draw_effects(struct page *page, const struct mechanism *mechanism, int64_t b, const struct effects *effects)
{
    struct content *content = &page->content;
    int64_t n = mechanism->n_part < 2 * SHOWN_PARTS ? mechanism->n_part : 2 * SHOWN_PARTS;
    double *values = content_keep(content, memory_allocate(5 * n, sizeof *values));
    double *x = values, *mean = values + n, *low = values + 2 * n, *high = values + 3 * n, *control = values + 4 * n;
    const char **names = content_keep(content, memory_allocate(n, sizeof *names));
    for (int64_t i = 0; i < n; i++) {
        int64_t part = (int64_t)effects->order[i];
        x[i] = (double)i;
        mean[i] = effects->mean[part];
        low[i] = effects->low[part];
        high[i] = effects->high[part];
        control[i] = effects->control[part];
        names[i] = page_string(page, "/parts/id", part);
    }
    struct chart *chart =
        content_chart(content, page_path(page,
                                         "Localisation of “%s”: the effect of each part, with its interval, beside "
                                         "random parts of equal size",
                                         page_string(page, "/behaviours/name", b)));
    chart->x_label = "part, strongest first";
    chart->y_label = "effect";
    chart->x_names = names;
    chart->n_name = n;
    chart_add(chart, (struct series){.name = "the part",
                                     .style = STYLE_POINTS,
                                     .n = n,
                                     .x = x,
                                     .y = mean,
                                     .low = low,
                                     .high = high,
                                     .source = at_row(page, mechanism->mean_path, b)});
    chart_add(chart, (struct series){.name = "random parts",
                                     .style = STYLE_LINE,
                                     .n = n,
                                     .x = x,
                                     .y = control,
                                     .source = at_row(page, mechanism->control_path, b)});
}

/* The training example that stands strongest behind a part, and the policy that admitted it. */
static void add_link(struct page *page, const struct mechanism *mechanism, int64_t b, int64_t part)
{
    struct content *content = &page->content;
    int64_t keep = page_extent(page, "/links/pairs/pair", 2);
    const double *pair = NULL;
    if (keep > 0)
        pair = page_rows(page, "/links/pairs/pair", b, 1, mechanism->n_part * keep);
    int64_t found = pair != NULL ? (int64_t)pair[part * keep] : -1;
    if (found >= 0 && page->tables[POLICY] != NULL) {
        page->current = POLICY;
        cell_name(content, page_string(page, "/pairs/id", found), at_row(page, "/pairs/id", found));
        page->current = MECHANISM;
    } else {
        cell_words(content, "–");
    }
}

static void write_parts(struct page *page, const struct mechanism *mechanism, int64_t b, const struct effects *effects)
{
    static const struct column columns[] = {{"part", false, false},      {"label", false, false},
                                            {"effect", true, true},      {"from", true, false},
                                            {"to", true, false},         {"random parts", true, false},
                                            {"localised", false, false}, {"pair behind it", false, false}};
    struct content *content = &page->content;
    content_table(content, page_path(page, "The parts that carry “%s”", page_string(page, "/behaviours/name", b)),
                  columns, sizeof columns / sizeof *columns);
    for (int64_t i = 0; i < mechanism->n_part && i < SHOWN_PARTS; i++) {
        int64_t part = (int64_t)effects->order[i];
        cell_name(content, page_string(page, "/parts/id", part), at_row(page, "/parts/id", part));
        cell_name(content, page_string(page, "/parts/label", part), at_row(page, "/parts/label", part));
        cell_number(content, effects->mean[part], FORM_SIGNED, at_row(page, mechanism->mean_path, b));
        cell_number(content, effects->low[part], FORM_SIGNED, at_row(page, mechanism->low_path, b));
        cell_number(content, effects->high[part], FORM_SIGNED, at_row(page, mechanism->high_path, b));
        cell_number(content, effects->control[part], FORM_SIGNED, at_row(page, mechanism->control_path, b));
        cell_words(content, effects->localised[part] == 1 ? "yes" : "no");
        add_link(page, mechanism, b, part);
    }
}

/* ---- links ------------------------------------------------------------------------------------------------------ */

/* The examples of the layer "all" behind a behaviour, and the policies that admitted them. */
static void write_examples_behind(struct page *page, const struct mechanism *mechanism)
{
    static const struct column columns[] = {{"behaviour", false, false},
                                            {"example", false, false},
                                            {"admitted under", false, false},
                                            {"score", true, true}};
    struct content *content = &page->content;
    int64_t n_layer = page_extent(page, "/links/examples/index", 1),
            keep = page_extent(page, "/links/examples/index", 2);
    if (n_layer == 0 || keep == 0 || page->tables[INFLUENCE] == NULL)
        return;
    content_table(content, "Training examples behind each behaviour, through all layers", columns, 4);
    for (int64_t b = 0; b < mechanism->n_behaviour && b < SHOWN_BEHAVIOURS; b++) {
        const double *index = page_rows(page, "/links/examples/index", b, 1, n_layer * keep);
        const double *score = page_rows(page, "/links/examples/score", b, 1, n_layer * keep);
        const double *policy = page_rows(page, "/links/examples/policy", b, 1, n_layer * keep);
        for (int64_t k = 0; index && score && policy && k < keep && k < SHOWN_LINKS && index[k] >= 0; k++) {
            cell_name(content, page_string(page, "/behaviours/name", b), at_row(page, "/behaviours/name", b));
            page->current = INFLUENCE;
            cell_name(content, page_string(page, "/samples/id", (int64_t)index[k]),
                      at_row(page, "/samples/id", (int64_t)index[k]));
            page->current = MECHANISM;
            if (policy[k] >= 0)
                cell_name(content, page_string(page, "/links/policies/name", (int64_t)policy[k]),
                          at_row(page, "/links/policies/name", (int64_t)policy[k]));
            else
                cell_words(content, "–");
            cell_number(content, score[k], FORM_SIGNED, at_row(page, "/links/examples/score", b));
        }
    }
}

/* ---- recomposition ---------------------------------------------------------------------------------------------- */

static void draw_recomposition(struct page *page, const struct mechanism *mechanism, int64_t b)
{
    struct content *content = &page->content;
    int64_t n = mechanism->n_size;
    const double *k = page_numbers(page, "/recomposition/k", n), *r2 = page_rows(page, "/recomposition/r2", b, 1, n);
    const double *random = page_rows(page, "/recomposition/random_r2", b, 1, n);
    const double *low = page_rows(page, "/recomposition/random_r2_low", b, 1, n);
    const double *high = page_rows(page, "/recomposition/random_r2_high", b, 1, n);
    if (n < 2 || !k || !r2 || !random || !low || !high)
        return;
    struct chart *chart = content_chart(content, page_path(page,
                                                           "Recomposition of “%s”: how much of it the strongest k "
                                                           "parts give back alone, beside k random parts",
                                                           page_string(page, "/behaviours/name", b)));
    chart->x_label = "parts kept (k)";
    chart->counts_x = true;
    chart->y_label = "fidelity (R²)";
    chart->log_x = k[0] > 0;
    chart_add(chart, (struct series){.name = "strongest k",
                                     .style = STYLE_LINE,
                                     .n = n,
                                     .x = k,
                                     .y = r2,
                                     .source = at_row(page, "/recomposition/r2", b)});
    chart_add(chart, (struct series){.name = "random k",
                                     .style = STYLE_LINE,
                                     .n = n,
                                     .x = k,
                                     .y = random,
                                     .low = low,
                                     .high = high,
                                     .source = at_row(page, "/recomposition/random_r2", b)});
    for (int64_t i = 0; i < mechanism->n_baseline && i < 3; i++) {
        const double *baseline = page_rows(page, "/baselines/r2", i, 1, mechanism->n_behaviour);
        double *level = content_keep(content, memory_allocate(n, sizeof *level));
        for (int64_t j = 0; j < n; j++)
            level[j] = baseline != NULL ? baseline[b] : NAN;
        chart_add(chart, (struct series){.name = page_string(page, "/baselines/name", i),
                                         .style = STYLE_LINE,
                                         .n = n,
                                         .x = k,
                                         .y = level,
                                         .source = at_row(page, "/baselines/r2", i)});
    }
}

static void write_failures(struct page *page)
{
    static const struct column columns[] = {{"what does not hold", false, false},
                                            {"found", true, false},
                                            {"limit", true, false},
                                            {"in words", false, false}};
    struct content *content = &page->content;
    int64_t n = page_extent(page, "/failures/text", 0);
    if (n == 0)
        return;
    const double *kind = page_numbers(page, "/failures/kind", n), *size = page_numbers(page, "/failures/size", n);
    const double *limit = page_numbers(page, "/failures/limit", n);
    if (kind == NULL || size == NULL || limit == NULL)
        return;
    content_table(content, "What this account does not explain", columns, 4);
    for (int64_t i = 0; i < n && i < MOST_FAILURES; i++) {
        cell_name(content, page_string(page, "/failure_kinds/name", (int64_t)kind[i]),
                  at_row(page, "/failure_kinds/name", (int64_t)kind[i]));
        cell_number(content, size[i], form_of_size(size[i]), at_row(page, "/failures/size", i));
        cell_number(content, limit[i], form_of_size(limit[i]), at_row(page, "/failures/limit", i));
        cell_sentence(content, page_string(page, "/failures/text", i), at_row(page, "/failures/text", i));
    }
}

void write_mechanism(struct page *page)
{
    struct mechanism mechanism;
    struct content *content = &page->content;
    if (!load(page, &mechanism))
        return;
    const char *level = page_attribute(page, "level");
    content_paragraph(content, TONE_PLAIN);
    say(content, "%lld %s taken out one at a time (intervention “%s”, level: ", (long long)mechanism.n_part,
        plural(mechanism.n_part, "part was", "parts were"), mechanism.main);
    say(content, "%s).  A positive effect means that the part raises the behaviour.", level ? level : "not recorded");
    for (int64_t b = 0; b < mechanism.n_behaviour && b < SHOWN_BEHAVIOURS; b++) {
        struct effects effects;
        if (load_effects(page, &mechanism, b, &effects)) {
            draw_effects(page, &mechanism, b, &effects);
            write_parts(page, &mechanism, b, &effects);
        }
        draw_recomposition(page, &mechanism, b);
    }
    write_examples_behind(page, &mechanism);
    write_failures(page);
}

/* ---- for the answer --------------------------------------------------------------------------------------------- */

static void answer_behaviour(struct page *page, const struct mechanism *mechanism, int64_t b)
{
    struct content *content = &page->content;
    struct effects effects;
    if (!load_effects(page, mechanism, b, &effects))
        return;
    int64_t best = (int64_t)effects.order[0];
    const double *enough = page_rows(page, "/recomposition/enough", b, 1, 1);
    const double *k = page_numbers(page, "/recomposition/k", mechanism->n_size);
    say(content, "  ");
    say_name(content, page_string(page, "/behaviours/name", b));
    say(content, ": ");
    say_name(content, page_string(page, "/parts/id", best));
    say(content, " (");
    say_number(content, effects.mean[best], FORM_SIGNED, at_row(page, mechanism->mean_path, b));
    if (enough != NULL && k != NULL && *enough >= 0 && *enough < (double)mechanism->n_size) {
        say(content, "), and the strongest ");
        say_number(content, k[(int64_t)*enough], FORM_COUNT, at_row(page, "/recomposition/k", (int64_t)*enough));
        say(content, k[(int64_t)*enough] == 1 ? " rebuilds it." : " rebuild it.");
    } else {
        say(content, "), and no number of the strongest rebuilds it.");
    }
}

void answer_mechanism(struct page *page)
{
    struct mechanism mechanism;
    struct content *content = &page->content;
    page->current = MECHANISM;
    if (!load(page, &mechanism))
        return;
    content_paragraph(content, TONE_LEAD);
    say_strong(content, "Asked: ");
    say(content, "which of ");
    say_number(content, (double)mechanism.n_part, FORM_COUNT, over_rows(page, "/parts/id", "count"));
    say(content, " %s of the model carry %s?", plural(mechanism.n_part, "part", "parts"),
        plural(mechanism.n_behaviour, "the behaviour", "each behaviour"));
    for (int64_t b = 0; b < mechanism.n_behaviour && b < SHOWN_BEHAVIOURS; b++)
        answer_behaviour(page, &mechanism, b);
}
