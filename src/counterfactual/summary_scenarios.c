#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/column.h"
#include "base/memory.h"
#include "counterfactual/answer.h"
#include "table/load.h"

enum { SHOWN = 12, NAME_WIDTH = 22, QUERY_WIDTH = 14 };

/* A scenario by the size of what it changes most. */
struct ranked {
    int64_t scenario;
    double size;
};

struct changes {
    double *margin, *gap, *loss, *error; /* owned; n_scenario × n_query; NULL where there is no such level */
    uint8_t *flips;
    int64_t *count;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->size != right->size)
        return left->size < right->size ? 1 : -1;
    return (left->scenario > right->scenario) - (left->scenario < right->scenario);
}

/* The query of which |values| is largest; -1 when all are unknown. */
static int64_t strongest(const double *values, int64_t n)
{
    int64_t best = -1;
    for (int64_t q = 0; values != NULL && q < n; q++)
        if (!isnan(values[q]) && (best < 0 || fabs(values[q]) > fabs(values[best])))
            best = q;
    return best;
}

static void add_row(struct answer *answer, const struct changes *changes, int64_t s)
{
    int64_t m = answer->n_query, at = s * m, n = 0;
    char count[32];
    text_add(answer->out, "  ");
    answer_add_text(answer, "/scenarios/name", s, NAME_WIDTH);
    text_add(answer->out, " %8s", figure_count(changes->count[s], count));
    int64_t q = strongest(changes->margin != NULL ? changes->margin + at : NULL, m);
    for (int64_t i = 0; changes->flips != NULL && i < m; i++)
        n += changes->flips[at + i];
    if (changes->margin != NULL && q >= 0) {
        text_add(answer->out, " %5lld %+9.2g ", (long long)n, changes->margin[at + q]);
        answer_add_text(answer, "/queries/id", q, QUERY_WIDTH);
    }
    q = strongest(changes->loss != NULL ? changes->loss + at : NULL, m);
    if (changes->loss != NULL && q >= 0) {
        char error[32] = "";
        if (!isnan(changes->error[at + q]))
            snprintf(error, sizeof error, "+-%.2g", changes->error[at + q]);
        text_add(answer->out, " %+9.2g %-9s ", changes->loss[at + q], error);
        answer_add_text(answer, "/queries/id", q, QUERY_WIDTH);
    }
    text_end_line(answer->out);
}

static void add_heading(struct answer *answer, const struct changes *changes)
{
    const char *origin = table_attribute(answer->reader, "network scale origin");
    bool is_loss = origin != NULL && origin[0];
    text_add(answer->out, "\n  ");
    text_add_column(answer->out, "without", NAME_WIDTH);
    text_add(answer->out, " examples");
    if (changes->margin != NULL)
        text_add(answer->out, " flips    margin %-*s", QUERY_WIDTH, "(most, of)");
    if (changes->loss != NULL)
        text_add(answer->out, "     %5s %-9s %s", is_loss ? "loss" : "score", "", "(most, of)");
    text_end_line(answer->out);
}

/* Groups and listed ones first by what they change most; of single examples the strongest few. */
static void add_ranked(struct answer *answer, const struct changes *changes)
{
    int64_t m = answer->n_query, n = 0;
    const double *values = changes->margin != NULL ? changes->margin : changes->loss;
    struct ranked *all = memory_allocate(answer->n_scenario, sizeof *all);
    for (int64_t s = 0; s < answer->n_scenario; s++) {
        int64_t q = strongest(values + s * m, m);
        all[n++] = (struct ranked){s, q < 0 ? 0 : fabs(values[s * m + q])};
    }
    qsort(all, (size_t)n, sizeof *all, compare);
    for (int64_t i = 0; i < n && i < SHOWN; i++)
        add_row(answer, changes, all[i].scenario);
    if (n > SHOWN)
        text_add(answer->out, "  and %lld more, which change less\n", (long long)(n - SHOWN));
    memory_free(all);
}

/* How far the whole is more than its parts, over scenarios of several examples. */
static void add_gap(struct answer *answer, const struct changes *changes)
{
    double largest = 0, whole = 0;
    int64_t m = answer->n_query, at = -1;
    for (int64_t i = 0; i < answer->n_scenario * m; i++)
        if (changes->count[i / m] > 1 && fabs(changes->gap[i]) > largest) {
            largest = fabs(changes->gap[i]);
            whole = changes->margin[i];
            at = i;
        }
    if (at < 0)
        return;
    text_add(answer->out, "  not additive: single effects would miss by up to %.3g (of %+.3g, without ", largest,
             whole);
    answer_add_text(answer, "/scenarios/name", at / m, NAME_WIDTH);
    while (answer->out->bytes[answer->out->length - 1] == ' ')
        answer->out->bytes[--answer->out->length] = 0;
    text_add(answer->out, ")\n");
}

static void *load(struct answer *answer, const char *path, enum table_type type, int64_t n)
{
    void *values = table_load(answer->reader, path, type, n);
    answer->failed = answer->failed || values == NULL;
    return values;
}

void answer_add_scenarios(struct answer *answer)
{
    int64_t n = answer->n_scenario * answer->n_query;
    struct changes changes = {.margin = answer_doubles(answer, "/ridge/change/margin", n),
                              .gap = answer_doubles(answer, "/ridge/additivity_gap", n),
                              .loss = answer_doubles(answer, "/network/loss_change", n),
                              .error = answer_doubles(answer, "/network/standard_error", n)};
    answer->failed = answer->failed || (changes.margin == NULL) != (changes.gap == NULL) ||
                     (changes.loss == NULL) != (changes.error == NULL);
    changes.count = load(answer, "/scenarios/count", TABLE_I64, answer->n_scenario);
    if (changes.margin != NULL)
        changes.flips = load(answer, "/ridge/flips", TABLE_U8, n);
    if (!answer->failed && (changes.margin != NULL || changes.loss != NULL)) {
        add_heading(answer, &changes);
        add_ranked(answer, &changes);
        if (changes.margin != NULL)
            add_gap(answer, &changes);
    }
    memory_free(changes.flips);
    memory_free(changes.count);
    memory_free(changes.error);
    memory_free(changes.loss);
    memory_free(changes.gap);
    memory_free(changes.margin);
}
