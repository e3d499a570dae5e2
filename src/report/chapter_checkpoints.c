/* Which checkpoints were looked at, and why those. */
#include <math.h>

#include "base/memory.h"
#include "report/chapters.h"

enum { MOST_SHOWN = 60 };

struct timeline {
    int64_t n, n_used, n_query;
    const double *step, *loss, *rate, *selected, *used, *total;
};

static bool load(struct page *page, struct timeline *timeline)
{
    *timeline = (struct timeline){.n = page_extent(page, "/checkpoints/name", 0),
                                  .n_used = page_extent(page, "/checkpoints/used", 0),
                                  .n_query = page_extent(page, "/checkpoints/total", 0)};
    timeline->step = page_numbers(page, "/checkpoints/step", timeline->n);
    timeline->loss = page_numbers(page, "/checkpoints/validation_loss", timeline->n);
    timeline->rate = page_numbers(page, "/checkpoints/learning_rate", timeline->n);
    timeline->selected = page_numbers(page, "/checkpoints/selected", timeline->n);
    timeline->used = page_numbers(page, "/checkpoints/used", timeline->n_used);
    timeline->total = page_sums(page, "/checkpoints/total", timeline->n_query, timeline->n_used);
    return timeline->step && timeline->loss && timeline->rate && timeline->selected && timeline->used &&
           timeline->total;
}

static void draw(struct page *page, const struct timeline *timeline)
{
    struct content *content = &page->content;
    double *x = content_keep(content, memory_allocate(timeline->n, sizeof *x));
    double *y = content_keep(content, memory_allocate(timeline->n, sizeof *y));
    int64_t n = 0, n_loss = 0;
    for (int64_t i = 0; i < timeline->n; i++) {
        n_loss += isfinite(timeline->loss[i]);
        if (timeline->selected[i] == 1) {
            x[n] = timeline->step[i];
            y[n++] = timeline->loss[i];
        }
    }
    if (n_loss < 2)
        return;
    struct chart *chart = content_chart(content, "Validation loss of every candidate; rings mark those selected");
    chart->x_label = "optimizer step";
    chart->counts_x = true;
    chart->y_label = "validation loss";
    struct source source = over_rows(page, "/checkpoints/validation_loss", NULL);
    chart_add(chart, (struct series){.name = "candidates",
                                     .style = STYLE_LINE,
                                     .n = timeline->n,
                                     .x = timeline->step,
                                     .y = timeline->loss,
                                     .source = source});
    chart_add(chart, (struct series){.name = "selected",
                                     .style = STYLE_MARKS,
                                     .n = n,
                                     .x = x,
                                     .y = y,
                                     .source = over_rows(page, "/checkpoints/selected", NULL)});
}

static void tabulate(struct page *page, const struct timeline *timeline)
{
    static const struct column columns[] = {{"checkpoint", false, false},   {"step", true, false},
                                            {"learning rate", true, false}, {"validation loss", true, false},
                                            {"selected", false, false},     {"influence, all queries", true, true}};
    struct content *content = &page->content;
    content_table(content, "Candidates, and what influence came by each", columns, sizeof columns / sizeof *columns);
    for (int64_t i = 0; i < timeline->n && i < MOST_SHOWN; i++) {
        int64_t use = 0;
        while (use < timeline->n_used && (int64_t)timeline->used[use] != i)
            use++;
        cell_name(content, page_string(page, "/checkpoints/name", i), at_row(page, "/checkpoints/name", i));
        cell_number(content, timeline->step[i], FORM_COUNT, at_row(page, "/checkpoints/step", i));
        cell_number(content, timeline->rate[i], FORM_PLAIN, at_row(page, "/checkpoints/learning_rate", i));
        cell_number(content, timeline->loss[i], FORM_PLAIN, at_row(page, "/checkpoints/validation_loss", i));
        cell_words(content, timeline->selected[i] == 1 ? "yes" : "no");
        if (use < timeline->n_used)
            cell_number(content, timeline->total[use], FORM_SIGNED,
                        over_rows(page, "/checkpoints/total", "sum over rows"));
        else
            cell_words(content, "");
    }
}

void write_checkpoints(struct page *page)
{
    struct timeline timeline;
    if (!load(page, &timeline))
        return;
    struct content *content = &page->content;
    const char *rule = page_attribute(page, "checkpoint rule");
    content_paragraph(content, TONE_PLAIN);
    say(content, "Influence is summed over %lld of %lld candidate %s.  The rule: ", (long long)timeline.n_used,
        (long long)timeline.n, plural(timeline.n, "checkpoint", "checkpoints"));
    say(content, "%s.", rule != NULL ? rule : "not recorded");
    draw(page, &timeline);
    tabulate(page, &timeline);
}
