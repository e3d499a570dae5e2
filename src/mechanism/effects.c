#include "mechanism/effects.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "mechanism/policy_model.h"

double effect_mean(const double *differences, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += differences[i];
    return sum / (double)n;
}

/* ---- one part and behaviour ---------------------------------------------------------------------------------------
 */

/* Where the numbers of one part and behaviour go. */
struct cell {
    const struct scene *scene;
    struct effects *effects;
    struct resample *resample;
    int64_t part, behaviour;
};

static void set(const struct cell *cell, enum effect_field field, double value)
{
    effects_field(cell->effects, field)[cell->behaviour * cell->effects->n_part + cell->part] = value;
}

static double get(const struct cell *cell, enum effect_field field)
{
    return effects_field(cell->effects, field)[cell->behaviour * cell->effects->n_part + cell->part];
}

/* Means within folds and categories; NaN where there is no probe. */
static void set_groups(const struct cell *cell, const double *difference)
{
    const struct scene *scene = cell->scene;
    struct effects *effects = cell->effects;
    int64_t at = cell->behaviour * effects->n_part + cell->part, n_fold = effects->n_fold, n = scene->n_probe;
    double *fold = effects->fold + at * n_fold, *category = effects->category + at * effects->n_category;
    int64_t most = n_fold > effects->n_category ? n_fold : effects->n_category;
    int64_t *count = memory_allocate(most, sizeof *count);
    for (int64_t i = 0; i < n; i++) {
        fold[i % n_fold] += difference[i];
        count[i % n_fold]++;
    }
    int64_t agreeing = 0;
    for (int64_t f = 0; f < n_fold; f++) {
        fold[f] /= (double)count[f];
        count[f] = 0;
        double mean = get(cell, EFFECT_MEAN);
        agreeing += (mean > 0 && fold[f] > 0) || (mean < 0 && fold[f] < 0);
    }
    set(cell, EFFECT_FOLDS, (double)agreeing);
    for (int64_t c = n_fold; c < most; c++)
        count[c] = 0;
    for (int64_t i = 0; i < n; i++) {
        category[scene->category[i]] += difference[i];
        count[scene->category[i]]++;
    }
    for (int64_t c = 0; c < effects->n_category; c++)
        category[c] = count[c] > 0 ? category[c] / (double)count[c] : (double)NAN;
    memory_free(count);
}

static void set_effect(const struct cell *cell, const double *difference)
{
    int64_t n = cell->scene->n_probe;
    double low, high, magnitude = 0;
    for (int64_t i = 0; i < n; i++)
        magnitude += fabs(difference[i]);
    resample_interval(cell->resample, difference, &low, &high);
    set(cell, EFFECT_MEAN, effect_mean(difference, n));
    set(cell, EFFECT_LOW, low);
    set(cell, EFFECT_HIGH, high);
    set(cell, EFFECT_MAGNITUDE, magnitude / (double)n);
    set_groups(cell, difference);
}

/* The share of controls that would pass for localised beside the other ones, intervals and folds aside: what the
 * threshold is worth.  NaN for fewer than three. */
static double chance(const double *control, int64_t n, double threshold)
{
    int64_t passed = 0;
    for (int64_t r = 0; r < n && n >= 3; r++) {
        double sum = 0, square = 0, most = 0;
        for (int64_t k = 0; k < n; k++)
            if (k != r) {
                sum += control[k];
                most = fmax(most, fabs(control[k]));
            }
        double mean = sum / (double)(n - 1);
        for (int64_t k = 0; k < n; k++)
            if (k != r)
                square += (control[k] - mean) * (control[k] - mean);
        double limit = threshold * sqrt(square / (double)(n - 2));
        passed += fabs(control[r]) > most && fabs(control[r] - mean) >= limit;
    }
    return n >= 3 ? (double)passed / (double)n : (double)NAN;
}

/* mean[n]: the mean effect of each control. */
static void set_controls(const struct cell *cell, const double *control, int64_t n)
{
    double mean = get(cell, EFFECT_MEAN), square = 0, centre = n > 0 ? effect_mean(control, n) : (double)NAN;
    int64_t exceeded = 0;
    for (int64_t r = 0; r < n; r++) {
        square += (control[r] - centre) * (control[r] - centre);
        exceeded += fabs(control[r]) >= fabs(mean);
    }
    double deviation = n > 1 ? sqrt(square / (double)(n - 1)) : (double)NAN, away = mean - centre;
    double score = deviation > 0 ? away / deviation : away == 0 ? 0 : copysign((double)INFINITY, away);
    if (n < 2)
        score = (double)NAN;
    set(cell, EFFECT_CONTROL_MEAN, centre);
    set(cell, EFFECT_CONTROL_DEVIATION, deviation);
    set(cell, EFFECT_SCORE, score);
    set(cell, EFFECT_P, n > 0 ? (double)(1 + exceeded) / (double)(1 + n) : (double)NAN);
    set(cell, EFFECT_CHANCE, chance(control, n, cell->scene->config->threshold));
    set(cell, EFFECT_EXCEEDED, n > 0 ? (double)exceeded : -1);
    bool excludes = get(cell, EFFECT_LOW) > 0 || get(cell, EFFECT_HIGH) < 0;
    bool agrees = (int64_t)get(cell, EFFECT_FOLDS) == cell->effects->n_fold;
    set(cell, EFFECT_LOCALISED,
        n > 1 && excludes && agrees && exceeded == 0 && fabs(score) >= cell->scene->config->threshold);
}

/* ---- blocks of parts ----------------------------------------------------------------------------------------------
 */

/* What one rank needs to measure parts. */
struct measuring {
    struct scene *scene;
    struct effects *effects;
    struct resample *resample;
    int intervention;
    double *gap;        /* owned; n_behaviour: Σ (intact − source); NULL without */
    double *difference; /* owned; n_probe */
    double *control;    /* owned; one per control */
};

/* The behaviour after an intervention, probe by probe: n_probe × n_behaviour. */
static void take_difference(const struct measuring *measuring, const double *after, int64_t b)
{
    const struct scene *scene = measuring->scene;
    for (int64_t i = 0; i < scene->n_probe; i++)
        measuring->difference[i] = scene->intact[b * scene->n_probe + i] - after[i * scene->n_behaviour + b];
}

static void take_part(const struct measuring *measuring, int64_t part, const double *after, const double *controls)
{
    const struct scene *scene = measuring->scene;
    int64_t n = scene->n_probe, cells = n * scene->n_behaviour;
    int64_t n_control = controls != NULL ? scene->n_control[measuring->intervention] : 0;
    for (int64_t b = 0; b < scene->n_behaviour; b++) {
        const struct cell cell = {scene, measuring->effects, measuring->resample, part, b};
        take_difference(measuring, after, b);
        set_effect(&cell, measuring->difference);
        double recovered = (double)NAN;
        if (measuring->gap != NULL && measuring->gap[b] != 0)
            recovered = effect_mean(measuring->difference, n) * (double)n / measuring->gap[b];
        set(&cell, EFFECT_RECOVERED, recovered);
        for (int64_t r = 0; r < n_control; r++) {
            take_difference(measuring, controls + r * cells, b);
            measuring->control[r] = effect_mean(measuring->difference, n);
        }
        set_controls(&cell, measuring->control, n_control);
    }
}

/* Parts whose rows follow each other. */
static enum status measure_rows(const struct measuring *measuring, int64_t first, int64_t end)
{
    struct scene *scene = measuring->scene;
    enum scene_tensor after_of = SCENE_AFTER + (enum scene_tensor)measuring->intervention;
    enum scene_tensor controls_of = SCENE_CONTROLS + (enum scene_tensor)measuring->intervention;
    bool controlled = scene->tensors[controls_of] != NULL;
    int64_t cells = scene->n_probe * scene->n_behaviour, n_control = scene->n_control[measuring->intervention];
    int64_t row = scene->parts.items[first].row;
    double *after = NULL, *controls = NULL;
    enum status status = scene_read(scene, after_of, row, end - first, &after);
    if (status == STATUS_OK && controlled)
        status = scene_read(scene, controls_of, row, end - first, &controls);
    for (int64_t p = first; p < end && status == STATUS_OK; p++)
        take_part(measuring, p, after + (p - first) * cells,
                  controlled ? controls + (p - first) * n_control * cells : NULL);
    memory_free(after);
    memory_free(controls);
    return status;
}

static enum status measure_network(const struct measuring *measuring, int64_t first, int64_t end)
{
    const struct part *items = measuring->scene->parts.items;
    enum status status = STATUS_OK;
    for (int64_t at = first, next; at < end && status == STATUS_OK; at = next) {
        for (next = at + 1; next < end && items[next].row == items[next - 1].row + 1;)
            next++;
        status = measure_rows(measuring, at, next);
    }
    return status;
}

static void measure_policy(const struct measuring *measuring, int64_t first, int64_t end)
{
    const struct scene *scene = measuring->scene;
    double *after = memory_allocate(scene->n_probe * scene->n_behaviour, sizeof *after);
    for (int64_t p = first; p < end; p++) {
        const struct part *part = &scene->parts.items[p];
        policy_model_after(scene, measuring->intervention, scene->parts.members + part->first_member, part->n_member,
                           after);
        int64_t n_control = policy_model_controls(scene, measuring->intervention, p, NULL);
        for (int64_t b = 0; b < scene->n_behaviour; b++) {
            const struct cell cell = {scene, measuring->effects, measuring->resample, p, b};
            take_difference(measuring, after, b);
            set_effect(&cell, measuring->difference);
            set(&cell, EFFECT_RECOVERED, (double)NAN);
        }
        double *control = memory_allocate(n_control * scene->n_behaviour, sizeof *control);
        policy_model_controls(scene, measuring->intervention, p, control);
        for (int64_t b = 0; b < scene->n_behaviour; b++) {
            const struct cell cell = {scene, measuring->effects, measuring->resample, p, b};
            set_controls(&cell, control + b * n_control, n_control);
        }
        memory_free(control);
    }
    memory_free(after);
}

/* Σ over probes of what patching can bring at most.  Every rank reads it; it is listed once. */
static enum status read_gap(MPI_Comm comm, struct measuring *measuring)
{
    struct scene *scene = measuring->scene;
    int64_t n = scene->n_probe, m = scene->n_behaviour;
    if (measuring->intervention != INTERVENTION_PATCH || scene->tensors[SCENE_SOURCE] == NULL)
        return STATUS_OK;
    double *source = NULL;
    enum status status = agree(comm, scene_read(scene, SCENE_SOURCE, 0, n, &source));
    if (status == STATUS_OK) {
        measuring->gap = memory_allocate(m, sizeof *measuring->gap);
        for (int64_t i = 0; i < n; i++)
            for (int64_t b = 0; b < m; b++)
                measuring->gap[b] += scene->intact[b * n + i] - source[i * m + b];
    }
    memory_free(source);
    return status;
}

static enum status measure_blocks(MPI_Comm comm, struct measuring *measuring)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    struct scene *scene = measuring->scene;
    int64_t block = scene->config->block_parts, n = scene->parts.n;
    enum status status = STATUS_OK;
    for (int64_t first = rank * block; first < n && status == STATUS_OK; first += size * block) {
        int64_t end = first + block < n ? first + block : n;
        if (stop_requested())
            status =
                fail(STOPPED, "mechanism: stopped on request while parts were measured; run the same command again");
        else if (scene->network)
            status = measure_network(measuring, first, end);
        else
            measure_policy(measuring, first, end);
    }
    return agree(comm, status);
}

/* ---- all parts ----------------------------------------------------------------------------------------------------
 */

struct ranked {
    int64_t part;
    double value;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return (left->part > right->part) - (left->part < right->part);
}

static void find_order(struct effects *effects)
{
    int64_t n = effects->n_part;
    struct ranked *ranked = memory_allocate(n, sizeof *ranked);
    for (int64_t b = 0; b < effects->n_behaviour; b++) {
        const double *mean = effects_field(effects, EFFECT_MEAN) + b * n;
        for (int64_t p = 0; p < n; p++)
            ranked[p] = (struct ranked){p, fabs(mean[p])};
        qsort(ranked, (size_t)n, sizeof *ranked, compare_ranked);
        for (int64_t p = 0; p < n; p++)
            effects->order[b * n + p] = ranked[p].part;
    }
    memory_free(ranked);
}

static int64_t n_value(const struct effects *effects)
{
    return effects->n_behaviour * effects->n_part * (N_EFFECT_FIELD + effects->n_fold + effects->n_category);
}

static void effects_init(const struct scene *scene, struct effects *effects)
{
    *effects = (struct effects){.there = true,
                                .n_part = scene->parts.n,
                                .n_behaviour = scene->n_behaviour,
                                .n_fold = scene->config->folds,
                                .n_category = scene->n_category};
    int64_t cells = effects->n_behaviour * effects->n_part;
    effects->values = memory_allocate(n_value(effects), sizeof *effects->values);
    effects->fold = effects->values + N_EFFECT_FIELD * cells;
    effects->category = effects->fold + cells * effects->n_fold;
    effects->order = memory_allocate(cells, sizeof *effects->order);
}

enum status effects_measure(MPI_Comm comm, struct scene *scene, int intervention, struct resample *resample,
                            struct effects *effects)
{
    *effects = (struct effects){0};
    if (!scene_has(scene, intervention))
        return STATUS_OK;
    effects_init(scene, effects);
    struct measuring measuring = {.scene = scene,
                                  .effects = effects,
                                  .resample = resample,
                                  .intervention = intervention,
                                  .difference = memory_allocate(scene->n_probe, sizeof(double)),
                                  .control = memory_allocate(scene->n_control[intervention], sizeof(double))};
    enum status status = read_gap(comm, &measuring);
    if (status == STATUS_OK)
        status = measure_blocks(comm, &measuring);
    if (status == STATUS_OK) {
        share_doubles(comm, effects->values, n_value(effects)); /* every cell is some rank's own */
        find_order(effects);
    } else {
        effects_clear(effects);
    }
    memory_free(measuring.control);
    memory_free(measuring.difference);
    memory_free(measuring.gap);
    return status;
}

void effects_clear(struct effects *effects)
{
    memory_free(effects->values);
    memory_free(effects->order);
    *effects = (struct effects){0};
}
