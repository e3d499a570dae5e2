#include <math.h>
#include <stdlib.h>

#include "base/column.h"
#include "base/memory.h"
#include "policy/policy.h"
#include "policy/view.h"

enum { SHOWN_BEHAVIOURS = 3, SHOWN_FEATURES = 5, SHOWN_PAIRS = 3, SHOWN_GAPS = 6, LABEL_WIDTH = 22, PAIR_WIDTH = 22 };

/* What the lines of all behaviours need; owned. */
struct summary {
    struct policy_view view;
    double *coefficient, *deviation;
    int64_t *top_pair; /* of pairs, as the rest; n_behaviour × n_feature × keep */
    double *top_shift, *top_x, *top_y;
    double *shift_norm, *off_target;
    int8_t *interferes;
    int64_t *dominant;
    int64_t keep;
    struct text *out; /* borrowed */
};

static bool load_pairs(struct summary *summary)
{
    struct policy_view *view = &summary->view;
    const struct dataset *top = table_find(view->reader, "/features/top_pairs/pair");
    if (view->n_pair == 0)
        return true;
    if (top == NULL || top->n_dim != 3)
        return false;
    summary->keep = top->dims[2];
    int64_t n = view->n_behaviour * view->n_feature * summary->keep, n_pair = view->n_pair * view->n_behaviour;
    summary->top_pair = policy_view_load(view, "/features/top_pairs/pair", TABLE_I64, n);
    summary->top_shift = policy_view_load(view, "/features/top_pairs/shift", TABLE_F64, n);
    summary->top_x = policy_view_load(view, "/features/top_pairs/x", TABLE_F64, n);
    summary->top_y = policy_view_load(view, "/features/top_pairs/y", TABLE_F64, n);
    summary->shift_norm = policy_view_load(view, "/pairs/shift_norm", TABLE_F64, n_pair);
    summary->off_target = policy_view_load(view, "/pairs/off_target_share", TABLE_F64, n_pair);
    summary->interferes = policy_view_load(view, "/pairs/interferes", TABLE_I8, n_pair);
    summary->dominant = policy_view_load(view, "/pairs/dominant", TABLE_I64, n_pair);
    return summary->keep > 0 && summary->top_pair && summary->top_shift && summary->top_x && summary->top_y &&
           summary->shift_norm && summary->off_target && summary->interferes && summary->dominant;
}

static void clear(struct summary *summary)
{
    memory_free(summary->coefficient);
    memory_free(summary->deviation);
    memory_free(summary->top_pair);
    memory_free(summary->top_shift);
    memory_free(summary->top_x);
    memory_free(summary->top_y);
    memory_free(summary->shift_norm);
    memory_free(summary->off_target);
    memory_free(summary->interferes);
    memory_free(summary->dominant);
    policy_view_close(&summary->view);
}

/* Row i of a dataset of strings in a column; "(none)" where it is empty. */
static bool add_text(struct summary *summary, const char *path, int64_t i, int width)
{
    char *value = policy_view_text(&summary->view, path, i);
    if (value == NULL)
        return false;
    text_add_column(summary->out, value[0] ? value : "(none)", width);
    memory_free(value);
    return true;
}

/* ---- how well --------------------------------------------------------------------------------------------------- */

static void add_figures(struct summary *summary, const char *figure, const char *name, int64_t b)
{
    static const char *const judged[] = {"train", "loo", "folds"};
    static const char *const words[] = {"fitted", "left out", "by folds"};
    struct text line;
    text_init(&line);
    int n = 0;
    for (int j = 0; j < 3; j++) {
        struct text path;
        text_init(&path);
        text_add(&path, "/diagnostics/%s/%s", judged[j], figure);
        double *values = policy_view_load(&summary->view, path.bytes, TABLE_F64, summary->view.n_behaviour);
        if (values != NULL && isfinite(values[b]))
            text_add(&line, "%s%.3f %s", n++ ? ", " : "", values[b], words[j]);
        memory_free(values);
        text_clear(&path);
    }
    if (n > 0)
        text_add(summary->out, "  %-9s %s\n", name, line.bytes);
    text_clear(&line);
}

/* ---- the strongest features ------------------------------------------------------------------------------------- */

struct strength {
    int64_t index;
    double value;
};

static int compare(const void *a, const void *b)
{
    const struct strength *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return (left->index > right->index) - (left->index < right->index);
}

/* The pair that shifted a coefficient most, by how much, and through which pathway. */
static bool add_mover(struct summary *summary, int64_t at)
{
    int64_t pair = summary->top_pair[at];
    if (pair < 0)
        return true;
    text_add(summary->out, "  ");
    if (!add_text(summary, "/pairs/id", pair, PAIR_WIDTH))
        return false;
    double x = fabs(summary->top_x[at]), y = fabs(summary->top_y[at]);
    bool through_x = x >= y;
    text_add(summary->out, " %+#10.3g  %s %.0f %%", summary->top_shift[at], through_x ? "activations" : "behaviour",
             x + y > 0 ? 100 * (through_x ? x : y) / (x + y) : 0);
    return true;
}

static bool add_features(struct summary *summary, int64_t b)
{
    int64_t m = summary->view.n_feature;
    const double *w = summary->coefficient + b * m;
    struct strength *all = memory_allocate(m, sizeof *all);
    for (int64_t j = 0; j < m; j++)
        all[j] = (struct strength){j, fabs(w[j]) * summary->deviation[j]};
    qsort(all, (size_t)m, sizeof *all, compare);
    text_add(summary->out, "  %-8s %10s  ", "feature", "effect");
    text_add_column(summary->out, "label", LABEL_WIDTH);
    if (summary->view.n_pair > 0)
        text_add(summary->out, "  %-*s %10s  %s", PAIR_WIDTH, "moved most by", "shift", "mostly through");
    text_end_line(summary->out);
    bool good = true;
    for (int64_t k = 0; k < SHOWN_FEATURES && k < m && good; k++) {
        int64_t j = all[k].index;
        text_add(summary->out, "  %-8lld %+#10.3g  ", (long long)j, w[j] * summary->deviation[j]);
        good = add_text(summary, "/features/label", j, LABEL_WIDTH);
        if (good && summary->view.n_pair > 0)
            good = add_mover(summary, (b * m + j) * summary->keep);
        text_end_line(summary->out);
    }
    memory_free(all);
    return good;
}

/* ---- interference ----------------------------------------------------------------------------------------------- */

static bool add_interference(struct summary *summary, int64_t b)
{
    int64_t n = summary->view.n_pair, m = summary->view.n_behaviour, n_known = 0, n_found = 0;
    struct strength *all = memory_allocate(n, sizeof *all);
    for (int64_t i = 0; i < n; i++) {
        n_known += summary->interferes[i * m + b] >= 0;
        if (summary->interferes[i * m + b] == 1)
            all[n_found++] = (struct strength){i, summary->shift_norm[i * m + b]};
    }
    qsort(all, (size_t)n_found, sizeof *all, compare);
    text_add(summary->out, "  interfering: %lld of %lld pairs moved a feature most that they were not meant to%s\n",
             (long long)n_found, (long long)n_known, n_found > 0 ? "; the strongest:" : "");
    bool good = true;
    for (int64_t k = 0; k < SHOWN_PAIRS && k < n_found && good; k++) {
        int64_t i = all[k].index, feature = summary->dominant[i * m + b];
        text_add(summary->out, "    ");
        good = add_text(summary, "/pairs/id", i, PAIR_WIDTH);
        text_add(summary->out, "  moved %-6lld ", (long long)feature);
        good = good && add_text(summary, "/features/label", feature, LABEL_WIDTH);
        text_add(summary->out, "  %.0f %% of its shift off target\n", 100 * summary->off_target[i * m + b]);
    }
    memory_free(all);
    return good;
}

/* ---- gaps ------------------------------------------------------------------------------------------------------- */

static bool add_gap(struct summary *summary, int64_t g, int32_t category, int32_t behaviour, const double *lift)
{
    text_add(summary->out, "  ");
    bool good = add_text(summary, "/categories/name", category, LABEL_WIDTH);
    text_add(summary->out, "  ");
    good = good && add_text(summary, "/behaviours/name", behaviour, LABEL_WIDTH);
    text_add(summary->out, "  ");
    good = good && add_text(summary, "/gaps/kind", g, 18);
    text_add(summary->out, "  lift %+#.3g", lift[g]);
    text_end_line(summary->out);
    return good;
}

static bool add_gaps(struct summary *summary)
{
    const struct dataset *dataset = table_find(summary->view.reader, "/gaps/kind");
    int64_t n = dataset != NULL ? dataset_rows(dataset) : 0, n_found = 0;
    if (n == 0) {
        text_add(summary->out, "Gaps: no category of probes names a behaviour that is expected of it\n");
        return dataset != NULL;
    }
    int32_t *category = policy_view_load(&summary->view, "/gaps/category", TABLE_I32, n);
    int32_t *behaviour = policy_view_load(&summary->view, "/gaps/behaviour", TABLE_I32, n);
    double *lift = policy_view_load(&summary->view, "/gaps/lift", TABLE_F64, n);
    bool good = category && behaviour && lift, *is_gap = memory_allocate(n, sizeof *is_gap);
    for (int64_t g = 0; g < n && good; g++) {
        char *kind = policy_view_text(&summary->view, "/gaps/kind", g);
        good = kind != NULL;
        is_gap[g] = good && kind[0] != 'c'; /* "carried" */
        n_found += is_gap[g];
        memory_free(kind);
    }
    text_add(summary->out, "Gaps: in %lld of %lld categories with an expected behaviour the policy does not carry it\n",
             (long long)n_found, (long long)n);
    int shown = 0;
    for (int64_t g = 0; g < n && good && shown < SHOWN_GAPS; g++)
        if (is_gap[g]) {
            good = add_gap(summary, g, category[g], behaviour[g], lift);
            shown++;
        }
    memory_free(is_gap);
    memory_free(lift);
    memory_free(behaviour);
    memory_free(category);
    return good;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static bool add_behaviour(struct summary *summary, int64_t b)
{
    text_add(summary->out, "\nBehaviour ");
    bool good = add_text(summary, "/behaviours/name", b, 60);
    text_end_line(summary->out);
    add_figures(summary, "r2", "R2", b);
    add_figures(summary, "auc", "AUC", b);
    add_figures(summary, "log_loss", "log loss", b);
    good = good && add_features(summary, b);
    return good && (summary->view.n_pair == 0 || add_interference(summary, b));
}

static void add_title(struct summary *summary, const char *path)
{
    const struct policy_view *view = &summary->view;
    const char *lambda = table_attribute(view->reader, "lambda");
    const char *features = table_attribute(view->reader, "features");
    char probes[32], count[32], pairs[32];
    text_add(summary->out, "Policy: ridge over %s features of %s probes, lambda %s; %s pairs\n",
             figure_count(view->n_feature, count), figure_count(view->n_probe, probes), lambda ? lambda : "?",
             figure_count(view->n_pair, pairs));
    text_add_column(summary->out, features ? features : "?", 98);
    text_end_line(summary->out);
    text_add(summary->out, "Effect = coefficient x deviation of the feature: positive raises the behaviour\n");
    if (view->n_behaviour > SHOWN_BEHAVIOURS)
        text_add(summary->out, "The first %d of %lld behaviours; all are in %s\n", SHOWN_BEHAVIOURS,
                 (long long)view->n_behaviour, path);
}

enum status policy_summary(const char *path, struct text *out)
{
    struct summary summary = {.out = out};
    enum status status = policy_view_open(path, &summary.view);
    if (status != STATUS_OK)
        return status;
    int64_t m = summary.view.n_feature, nb = summary.view.n_behaviour;
    summary.coefficient = policy_view_load(&summary.view, "/coefficients", TABLE_F64, nb * m);
    summary.deviation = policy_view_load(&summary.view, "/features/deviation", TABLE_F64, m);
    bool good = summary.coefficient != NULL && summary.deviation != NULL && load_pairs(&summary);
    if (good)
        add_title(&summary, path);
    for (int64_t b = 0; b < nb && b < SHOWN_BEHAVIOURS && good; b++)
        good = add_behaviour(&summary, b);
    text_add(out, "\n");
    good = good && add_gaps(&summary);
    clear(&summary);
    return good ? STATUS_OK
                : fail(BAD_INPUT, "%s: expected the datasets of a policy table; some are missing or unreadable", path);
}
