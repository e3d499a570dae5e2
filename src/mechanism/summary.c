#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/column.h"
#include "base/file.h"
#include "base/memory.h"
#include "mechanism/mechanism.h"
#include "mechanism/summary_parts.h"
#include "table/load.h"

enum { SHOWN_BEHAVIOURS = 3, SHOWN_PARTS = 5, SHOWN_SIZES = 9, PART_WIDTH = 16, LABEL_WIDTH = 20, FAILURE_WIDTH = 92 };

bool summary_text(struct summary *summary, const char *path, int64_t i, int width)
{
    char *value = table_load_text(summary->reader, path, i);
    if (value == NULL)
        return false;
    text_add_column(summary->out, value[0] ? value : "(none)", width);
    memory_free(value);
    return true;
}

/* A dataset of the main intervention, n_behaviour × n_part; the caller owns it. */
static void *load_effect(struct summary *summary, const char *field, enum table_type type)
{
    struct text path;
    text_init(&path);
    text_add(&path, "/effects/%s/%s", summary->main, field);
    void *data = table_load(summary->reader, path.bytes, type, summary->n_behaviour * summary->n_part);
    text_clear(&path);
    return data;
}

/* A table may be damaged: parts that it names must be there. */
static bool is_order(const struct summary *summary)
{
    bool good = summary->order != NULL;
    for (int64_t i = 0; good && i < summary->n_behaviour * summary->n_part; i++)
        good = summary->order[i] >= 0 && summary->order[i] < summary->n_part;
    return good;
}

static bool load(struct summary *summary)
{
    summary->mean = load_effect(summary, "mean", TABLE_F64);
    summary->low = load_effect(summary, "low", TABLE_F64);
    summary->high = load_effect(summary, "high", TABLE_F64);
    summary->control = load_effect(summary, "control_mean", TABLE_F64);
    summary->score = load_effect(summary, "score", TABLE_F64);
    summary->chance = load_effect(summary, "chance", TABLE_F64);
    summary->localised = load_effect(summary, "localised", TABLE_U8);
    summary->order = load_effect(summary, "order", TABLE_I64);
    return summary->mean && summary->low && summary->high && summary->control && summary->score && summary->chance &&
           summary->localised && is_order(summary);
}

static void clear(struct summary *summary)
{
    void *const arrays[] = {summary->chance,  summary->mean,  summary->low,       summary->high,
                            summary->control, summary->score, summary->localised, summary->order};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memory_free(arrays[i]);
    table_reader_close(summary->policy);
    table_reader_close(summary->influence);
    table_reader_close(summary->reader);
}

/* ---- the strongest parts ------------------------------------------------------------------------------------------
 */

static bool add_part(struct summary *summary, int64_t b, int64_t p)
{
    struct text *out = summary->out;
    int64_t at = b * summary->n_part + p;
    text_add(out, "  %s ", summary->localised[at] ? "*" : " ");
    bool good = summary_text(summary, "/parts/id", p, PART_WIDTH);
    text_add(out, "  ");
    good = good && summary_text(summary, "/parts/label", p, LABEL_WIDTH);
    text_add(out, " %+9.4f [%+8.4f,%+8.4f]", summary->mean[at], summary->low[at], summary->high[at]);
    if (isnan(summary->control[at]))
        text_add(out, "         -        -");
    else
        text_add(out, " %+9.4f %8.1f", summary->control[at], summary->score[at]);
    text_end_line(out);
    return good;
}

/* The strongest of those that are localised, then of the others. */
static int64_t choose_parts(const struct summary *summary, int64_t b, int64_t shown[SHOWN_PARTS])
{
    const int64_t *order = summary->order + b * summary->n_part;
    int64_t n = 0;
    for (int pass = 1; pass >= 0; pass--)
        for (int64_t k = 0; k < summary->n_part && n < SHOWN_PARTS; k++)
            if ((summary->localised[b * summary->n_part + order[k]] > 0) == pass)
                shown[n++] = order[k];
    return n;
}

static bool add_parts(struct summary *summary, int64_t b)
{
    int64_t shown[SHOWN_PARTS], n = choose_parts(summary, b, shown);
    struct text *out = summary->out;
    const char *confidence = table_attribute(summary->reader, "confidence");
    char interval[40];
    snprintf(interval, sizeof interval, "[%.0f %% interval]", confidence ? 100 * strtod(confidence, NULL) : 0);
    text_add(out, "    %-*s  %-*s %9s %-19s %9s %8s\n", PART_WIDTH, "part", LABEL_WIDTH, "label", "effect", interval,
             "random", "score");
    bool good = true;
    for (int64_t k = 0; k < n && good; k++)
        good = add_part(summary, b, shown[k]);
    return good && summary_add_links(summary, b, shown, n);
}

/* ---- recomposition ------------------------------------------------------------------------------------------------
 */

static void add_curve(struct summary *summary, const char *name, const double *values, int64_t n)
{
    if (isnan(values[0]))
        return;
    text_add(summary->out, "    %-16s", name);
    for (int64_t s = 0; s < n; s++)
        text_add(summary->out, " %7.3f", fmax(values[s], -99));
    text_end_line(summary->out);
}

/* The last sizes, where there are too many. */
static bool add_recomposition(struct summary *summary, int64_t b)
{
    int64_t n = table_extent_of(summary->reader, "/recomposition/k", 0);
    if (n == 0)
        return true;
    int64_t first = n > SHOWN_SIZES ? n - SHOWN_SIZES : 0;
    int64_t *k = table_load(summary->reader, "/recomposition/k", TABLE_I64, n);
    double *r2 = table_load(summary->reader, "/recomposition/r2", TABLE_F64, n * summary->n_behaviour);
    double *random = table_load(summary->reader, "/recomposition/random_r2", TABLE_F64, n * summary->n_behaviour);
    bool good = k && r2 && random;
    if (good) {
        text_add(summary->out, "  rebuilt from the k strongest parts alone: R2\n    %-16s", "k");
        for (int64_t s = first; s < n; s++)
            text_add(summary->out, " %7lld", (long long)k[s]);
        text_end_line(summary->out);
        add_curve(summary, "strongest", r2 + b * n + first, n - first);
        add_curve(summary, "random, mean", random + b * n + first, n - first);
    }
    memory_free(random);
    memory_free(r2);
    memory_free(k);
    return good;
}

static bool add_baselines(struct summary *summary, int64_t b)
{
    int64_t n = table_extent_of(summary->reader, "/baselines/name", 0), m = summary->n_behaviour;
    if (n == 0)
        return true;
    double *r2 = table_load(summary->reader, "/baselines/r2", TABLE_F64, n * m);
    if (r2 == NULL)
        return false;
    text_add(summary->out, "  beside it by folds:");
    bool good = true;
    for (int64_t i = 0; i < n && good; i++) {
        char *name = table_load_text(summary->reader, "/baselines/name", i);
        good = name != NULL;
        if (good)
            text_add(summary->out, "%s %s %.3f", i ? "," : "", name, fmax(r2[i * m + b], -99));
        memory_free(name);
    }
    text_end_line(summary->out);
    memory_free(r2);
    return good;
}

/* ---- interference -------------------------------------------------------------------------------------------------
 */

static bool add_interference(struct summary *summary, int64_t b)
{
    int64_t n = table_extent_of(summary->reader, "/interference/first", 0), cells = n * summary->n_behaviour;
    if (n == 0)
        return true;
    int64_t *first = table_load(summary->reader, "/interference/first", TABLE_I64, n);
    int64_t *second = table_load(summary->reader, "/interference/second", TABLE_I64, n);
    double *excess = table_load(summary->reader, "/interference/excess", TABLE_F64, cells);
    double *low = table_load(summary->reader, "/interference/low", TABLE_F64, cells);
    double *high = table_load(summary->reader, "/interference/high", TABLE_F64, cells);
    bool good = first && second && excess && low && high;
    int64_t n_found = 0, most = -1;
    for (int64_t i = 0; i < n && good; i++)
        if (low[b * n + i] > 0 || high[b * n + i] < 0) {
            n_found++;
            if (most < 0 || fabs(excess[b * n + i]) > fabs(excess[b * n + most]))
                most = i;
        }
    if (good)
        text_add(summary->out, "  interference: %lld of %lld pairs of parts do together what is not the sum of each",
                 (long long)n_found, (long long)n);
    if (good && most >= 0) {
        text_add(summary->out, "; most:\n    ");
        good = summary_text(summary, "/parts/id", first[most], PART_WIDTH);
        text_add(summary->out, "  with ");
        good = good && summary_text(summary, "/parts/id", second[most], PART_WIDTH);
        text_add(summary->out, " %+9.4f [%+8.4f,%+8.4f]", excess[b * n + most], low[b * n + most], high[b * n + most]);
    }
    if (good)
        text_add(summary->out, "\n");
    memory_free(high);
    memory_free(low);
    memory_free(excess);
    memory_free(second);
    memory_free(first);
    return good;
}

/* ---- the remainder ------------------------------------------------------------------------------------------------
 */

static bool add_remainder(struct summary *summary, int64_t b)
{
    int64_t n = table_extent_of(summary->reader, "/failures/behaviour", 0);
    int32_t *behaviour = table_load(summary->reader, "/failures/behaviour", TABLE_I32, n);
    bool good = behaviour != NULL;
    for (int64_t i = 0; i < n && good; i++)
        if (behaviour[i] == b) {
            char *text = table_load_text(summary->reader, "/failures/text", i);
            good = text != NULL;
            if (good) {
                text_add(summary->out, "  open: ");
                text_add_column(summary->out, text, FAILURE_WIDTH);
                text_end_line(summary->out);
            }
            memory_free(text);
        }
    memory_free(behaviour);
    return good;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------
 */

/* Of random parts the share that would pass, too; the mean over parts. */
static void add_chance(struct summary *summary, int64_t b)
{
    double sum = 0;
    int64_t n = 0;
    for (int64_t at = b * summary->n_part; at < (b + 1) * summary->n_part; at++)
        if (!isnan(summary->chance[at])) {
            sum += summary->chance[at];
            n++;
        }
    if (n > 0)
        text_add(summary->out, "; of these up to %.1f %% would pass", 100 * sum / (double)n);
    text_end_line(summary->out);
}

static bool add_behaviour(struct summary *summary, int64_t b)
{
    int64_t n_localised = 0;
    for (int64_t p = 0; p < summary->n_part; p++)
        n_localised += summary->localised[b * summary->n_part + p] > 0;
    text_add(summary->out, "\nBehaviour ");
    bool good = summary_text(summary, "/behaviours/name", b, 50);
    text_end_line(summary->out);
    text_add(summary->out, "  %lld of %lld parts (*) carry it beyond random ones of equal size", (long long)n_localised,
             (long long)summary->n_part);
    add_chance(summary, b);
    good = good && add_parts(summary, b);
    good = good && add_recomposition(summary, b) && add_baselines(summary, b);
    return good && add_interference(summary, b) && add_remainder(summary, b);
}

static void add_title(struct summary *summary, const char *path)
{
    const char *level = table_attribute(summary->reader, "level");
    bool network = level != NULL && level[0] == 'n';
    char parts[32], probes[32];
    text_add(summary->out, "Mechanism: %s parts on %s probes; %s; main intervention: set to %s\n",
             figure_count(summary->n_part, parts),
             figure_count(table_extent_of(summary->reader, "/probes/id", 0), probes),
             network ? "measured on the network" : "the symbolic policy is the model",
             summary->main[0] == 'p' ? "what it is on another probe" : summary->main);
    text_add(summary->out, "Effect = behaviour intact - after it: positive: the part raises the behaviour\n");
    if (summary->n_behaviour > SHOWN_BEHAVIOURS)
        text_add(summary->out, "The first %d of %lld behaviours; all are in %s\n", SHOWN_BEHAVIOURS,
                 (long long)summary->n_behaviour, path);
}

/* Tables of the same run name pairs and examples; without one its names are left out. */
static struct table_reader *open_sibling(const char *path, const char *name)
{
    char *directory = path_directory(path), *sibling = path_join(directory, name);
    struct table_reader *reader = NULL;
    if (path_exists(sibling) && table_open(sibling, &reader) != STATUS_OK)
        reader = NULL;
    memory_free(sibling);
    memory_free(directory);
    return reader;
}

enum status mechanism_summary(const char *path, struct text *out)
{
    struct summary summary = {.out = out};
    enum status status = table_open(path, &summary.reader);
    if (status != STATUS_OK)
        return status;
    summary.main = table_attribute(summary.reader, "main");
    summary.n_part = table_extent_of(summary.reader, "/parts/id", 0);
    summary.n_behaviour = table_extent_of(summary.reader, "/behaviours/name", 0);
    summary.policy = open_sibling(path, "policy.h5");
    summary.influence = open_sibling(path, "influence.h5");
    bool good = summary.main != NULL && summary.n_part > 0 && load(&summary);
    if (good)
        add_title(&summary, path);
    for (int64_t b = 0; b < summary.n_behaviour && b < SHOWN_BEHAVIOURS && good; b++)
        good = add_behaviour(&summary, b);
    clear(&summary);
    return good ? STATUS_OK
                : fail(BAD_INPUT, "%s: expected the datasets of a mechanism table; some are missing or unreadable",
                       path);
}
