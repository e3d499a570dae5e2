#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/column.h"
#include "base/memory.h"
#include "counterfactual/answer.h"
#include "table/load.h"

enum { NAME_WIDTH = 28, SHOWN_GROUPS = 5 };

struct figures {
    int64_t n;        /* methods */
    uint8_t *control; /* owned, as the rest; NULL where there is no such truth */
    double *lds, *low, *high, *loo, *group, *ceiling;
};

static void add_figure(struct answer *answer, const double *values, int64_t i)
{
    if (values != NULL && !isnan(values[i]))
        text_add(answer->out, " %+10.3f", values[i]);
    else
        text_add(answer->out, " %10s", "-");
}

static void add_row(struct answer *answer, const struct figures *figures, int64_t i)
{
    char interval[32] = "";
    text_add(answer->out, "  ");
    answer_add_text(answer, "/validation/method/name", i, NAME_WIDTH);
    text_add(answer->out, " %-7s", figures->control[i] ? "control" : "");
    add_figure(answer, figures->lds, i);
    if (figures->lds != NULL && !isnan(figures->low[i]))
        snprintf(interval, sizeof interval, "%+.3f to %+.3f", figures->low[i], figures->high[i]);
    text_add(answer->out, "  %-17s", interval);
    add_figure(answer, figures->loo, i);
    add_figure(answer, figures->group, i);
    text_end_line(answer->out);
}

static int64_t best_of(const struct figures *figures, const double *values, bool control)
{
    int64_t best = -1;
    for (int64_t i = 0; i < figures->n; i++)
        if ((figures->control[i] != 0) == control && !isnan(values[i]) && (best < 0 || values[i] > values[best]))
            best = i;
    return best;
}

/* Where a control is ahead of every method, it is said. */
static void add_verdict(struct answer *answer, const struct figures *figures, const double *values, const char *what)
{
    if (values == NULL)
        return;
    int64_t method = best_of(figures, values, false), control = best_of(figures, values, true);
    if (control < 0 || (method >= 0 && values[method] >= values[control]))
        return;
    text_add(answer->out, "  a control wins by %s: ", what);
    char *name = table_load_text(answer->reader, "/validation/method/name", control);
    text_add(answer->out, "%s, %+.3f", name ? name : "?", values[control]);
    memory_free(name);
    if (method >= 0)
        text_add(answer->out, " against %+.3f of the best method", values[method]);
    text_add(answer->out, "\n");
}

static double mean_of(const double *values, int64_t n)
{
    double sum = 0;
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            sum += values[i];
            known++;
        }
    return known > 0 ? sum / (double)known : (double)NAN;
}

static void add_table(struct answer *answer, const struct figures *figures)
{
    text_add(answer->out,
             "\n  against models trained again: %lld subsets, %lld without one example, %lld without a group\n",
             (long long)table_extent_of(answer->reader, "/validation/subset/actual", 0),
             (long long)table_extent_of(answer->reader, "/validation/loo/actual", 0),
             (long long)table_extent_of(answer->reader, "/validation/group/actual", 0));
    text_add(answer->out, "  %-*s %-7s %10s  %-17s %10s %10s\n", NAME_WIDTH, "method", "", "LDS", "5 % to 95 %",
             "left out", "groups");
    for (int64_t i = 0; i < figures->n; i++)
        add_row(answer, figures, i);
    double ceiling = figures->ceiling != NULL ? mean_of(figures->ceiling, answer->n_query) : (double)NAN;
    if (!isnan(ceiling))
        text_add(answer->out, "  %-*s %-7s %+10.3f  between seeds of retraining\n", NAME_WIDTH, "noise ceiling", "",
                 ceiling);
    add_verdict(answer, figures, figures->lds, "LDS");
    add_verdict(answer, figures, figures->loo, "leave-one-out correlation");
    add_verdict(answer, figures, figures->group, "rank correlation over groups");
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

struct group {
    int64_t scenario, query; /* of which the actual change is largest */
    double predicted, actual;
};

static int compare_groups(const void *a, const void *b)
{
    const struct group *left = a, *right = b;
    double x = fabs(left->actual), y = fabs(right->actual);
    return x != y ? (x < y ? 1 : -1) : (left->scenario > right->scenario) - (left->scenario < right->scenario);
}

static struct group find_group(int64_t scenario, const double *loss, const double *actual, int64_t n_query)
{
    struct group group = {.scenario = scenario};
    for (int64_t q = 0; q < n_query; q++)
        if (fabs(actual[q]) > fabs(group.actual))
            group = (struct group){scenario, q, loss[scenario * n_query + q], actual[q]};
    return group;
}

/* Of each group the query that retraining changed most: what was foretold, and what came. */
static void add_groups(struct answer *answer)
{
    int64_t n = table_extent_of(answer->reader, "/validation/group/scenario", 0), m = answer->n_query, known = 0;
    const char *output = table_attribute(answer->reader, "truth output");
    if (n == 0 || output == NULL || strcmp(output, "loss") != 0)
        return;
    int64_t *scenario = table_load(answer->reader, "/validation/group/scenario", TABLE_I64, n);
    double *actual = answer_doubles(answer, "/validation/group/actual", n * m);
    double *loss = answer_doubles(answer, "/network/loss_change", answer->n_scenario * m);
    struct group *groups = memory_allocate(n, sizeof *groups);
    for (int64_t g = 0; g < n && scenario != NULL && actual != NULL && loss != NULL; g++)
        if (scenario[g] >= 0 && scenario[g] < answer->n_scenario)
            groups[known++] = find_group(scenario[g], loss, actual + g * m, m);
    qsort(groups, (size_t)known, sizeof *groups, compare_groups);
    if (known > 0)
        text_add(answer->out, "\n  %-*s %-20s %10s %10s\n", NAME_WIDTH, "loss when trained without", "most of",
                 "foretold", "actual");
    for (int64_t g = 0; g < known && g < SHOWN_GROUPS; g++) {
        text_add(answer->out, "  ");
        answer_add_text(answer, "/scenarios/name", groups[g].scenario, NAME_WIDTH);
        text_add(answer->out, " ");
        answer_add_text(answer, "/queries/id", groups[g].query, 20);
        text_add(answer->out, " %+10.3g %+10.3g\n", groups[g].predicted, groups[g].actual);
    }
    memory_free(groups);
    memory_free(loss);
    memory_free(actual);
    memory_free(scenario);
}

void answer_add_validation(struct answer *answer)
{
    int64_t n = table_extent_of(answer->reader, "/validation/method/name", 0);
    if (n == 0)
        return;
    struct figures figures = {.n = n,
                              .control = table_load(answer->reader, "/validation/method/control", TABLE_U8, n),
                              .lds = answer_doubles(answer, "/validation/lds/mean", n),
                              .low = answer_doubles(answer, "/validation/lds/low", n),
                              .high = answer_doubles(answer, "/validation/lds/high", n),
                              .ceiling = answer_doubles(answer, "/validation/lds/ceiling", answer->n_query),
                              .loo = answer_doubles(answer, "/validation/loo/mean", n),
                              .group = answer_doubles(answer, "/validation/group/spearman", n)};
    answer->failed = answer->failed || figures.control == NULL || (figures.lds == NULL) != (figures.low == NULL) ||
                     (figures.lds == NULL) != (figures.high == NULL);
    if (!answer->failed)
        add_table(answer, &figures);
    if (!answer->failed)
        add_groups(answer);
    memory_free(figures.group);
    memory_free(figures.loo);
    memory_free(figures.ceiling);
    memory_free(figures.high);
    memory_free(figures.low);
    memory_free(figures.lds);
    memory_free(figures.control);
}
