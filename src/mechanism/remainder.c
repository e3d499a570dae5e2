#include "mechanism/remainder.h"

#include <math.h>

#include "base/memory.h"
#include "base/text.h"

const char *const failure_names[N_FAILURE_KIND] = {"no controls",          "not localised", "not rebuilt",
                                                   "unexplained probes",   "interference",  "no gain",
                                                   "below raw activations"};

enum { MOST_FAILURES = N_FAILURE_KIND };

static void add(struct remainder *remainder, struct failure failure, struct text *text)
{
    failure.text = text_take(text);
    remainder->items[remainder->n++] = failure;
}

static void find_parts(const struct measured *measured, int64_t b, struct text *text, struct remainder *remainder)
{
    const struct scene *scene = measured->scene;
    const struct effects *effects = &measured->effects[scene->config->main];
    const double *localised = effects_field(effects, EFFECT_LOCALISED) + b * effects->n_part;
    const double *exceeded = effects_field(effects, EFFECT_EXCEEDED) + b * effects->n_part;
    int64_t n_localised = 0, n_uncontrolled = 0, n = effects->n_part;
    for (int64_t p = 0; p < n; p++) {
        n_localised += localised[p] > 0;
        n_uncontrolled += exceeded[p] < 0;
    }
    if (n_uncontrolled == n) {
        text_add(text, "no random parts were intervened on: no effect can be told from chance");
        add(remainder, (struct failure){FAILURE_NO_CONTROLS, b, (double)n, 0, NULL}, text);
    } else if (n_localised < n) {
        text_add(text, "%lld of %lld parts have no effect beyond that of random parts of equal size",
                 (long long)(n - n_localised), (long long)n);
        add(remainder, (struct failure){FAILURE_NOT_LOCALISED, b, (double)(n - n_localised), (double)n, NULL}, text);
    }
}

static void find_recomposition(const struct measured *measured, int64_t b, struct text *text,
                               struct remainder *remainder)
{
    const struct recomposition *made = measured->recomposition;
    const struct scene *scene = measured->scene;
    if (made->n_k == 0)
        return;
    double enough = scene->config->recomposition.enough, best = (double)NAN;
    for (int64_t s = 0; s < made->n_k; s++)
        best = fmax(best, made->r2[b * made->n_k + s]); /* the number, where one is NaN */
    if (made->enough[b] < 0) {
        text_add(text, "the behaviour is not rebuilt: R2 %.3f at best, and %.3f would be enough", best, enough);
        add(remainder, (struct failure){FAILURE_NOT_REBUILT, b, best, enough, NULL}, text);
    }
    int64_t n = 0;
    for (int64_t i = 0; i < made->n_probe; i++)
        n += made->unexplained[b * made->n_probe + i];
    if (n > 0) {
        text_add(text, "%lld of %lld probes are rebuilt worse than by %g x the behaviour's standard deviation",
                 (long long)n, (long long)made->n_probe, scene->config->recomposition.unexplained);
        add(remainder, (struct failure){FAILURE_UNEXPLAINED, b, (double)n, (double)made->n_probe, NULL}, text);
    }
}

static void find_interference(const struct measured *measured, int64_t b, struct text *text,
                              struct remainder *remainder)
{
    const struct interference *made = measured->interference;
    int64_t n = 0;
    for (int64_t i = b * made->n_pair; i < (b + 1) * made->n_pair; i++)
        n += made->low[i] > 0 || made->high[i] < 0;
    if (n > 0) {
        text_add(text, "%lld of %lld pairs of parts interfere: what both do is not the sum of what each does",
                 (long long)n, (long long)made->n_pair);
        add(remainder, (struct failure){FAILURE_INTERFERENCE, b, (double)n, (double)made->n_pair, NULL}, text);
    }
}

/* What the explanation reaches: the policy by folds, else the behaviour as rebuilt. */
static double explained(const struct measured *measured, int64_t b, const char **name)
{
    const struct recomposition *made = measured->recomposition;
    int policy = baselines_find(measured->baselines, BASELINE_POLICY);
    if (policy >= 0) {
        *name = "the symbolic policy";
        return measured->baselines->r2[policy * measured->baselines->n_behaviour + b];
    }
    *name = "the behaviour rebuilt";
    int64_t s = made->n_k > 0 && made->enough[b] >= 0 ? made->enough[b] : made->n_k - 1;
    return made->n_k > 0 ? made->r2[b * made->n_k + s] : (double)NAN;
}

static void find_gain(const struct measured *measured, int64_t b, struct text *text, struct remainder *remainder)
{
    static const int others[] = {BASELINE_NEIGHBOURS, BASELINE_RIDGE};
    static const int kinds[] = {FAILURE_NO_GAIN, FAILURE_BELOW_RAW};
    static const char *const words[] = {"no gain over a black box", "worse than raw activations"};
    const struct baselines *baselines = measured->baselines;
    const char *name;
    double own = explained(measured, b, &name);
    for (int k = 0; k < 2; k++) {
        int at = baselines_find(baselines, others[k]);
        double other = at >= 0 ? baselines->r2[at * baselines->n_behaviour + b] : (double)NAN;
        if (!(own <= other))
            continue;
        text_add(text, "%s: R2 %.3f of %s, %.3f of %s", words[k], own, name, other, baseline_names[others[k]]);
        add(remainder, (struct failure){kinds[k], b, own, other, NULL}, text);
    }
}

void remainder_find(const struct measured *measured, struct remainder *remainder)
{
    int64_t m = measured->scene->n_behaviour;
    *remainder = (struct remainder){.items = memory_allocate(m * MOST_FAILURES, sizeof *remainder->items)};
    struct text text;
    text_init(&text);
    for (int64_t b = 0; b < m; b++) {
        find_parts(measured, b, &text, remainder);
        find_recomposition(measured, b, &text, remainder);
        find_interference(measured, b, &text, remainder);
        find_gain(measured, b, &text, remainder);
    }
    text_clear(&text);
}

void remainder_clear(struct remainder *remainder)
{
    for (int64_t i = 0; i < remainder->n; i++)
        memory_free(remainder->items[i].text);
    memory_free(remainder->items);
    *remainder = (struct remainder){0};
}
