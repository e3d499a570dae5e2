#include "lineage/chunk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static double *numbers(int64_t n)
{
    return memory_allocate_raw(n, sizeof(double));
}

static void make(const struct ledger *ledger, int64_t first, int64_t end, struct chunk *chunk)
{
    *chunk = (struct chunk){.first = first,
                            .end = end,
                            .n_step = end - first,
                            .n_use = ledger->use_start[end] - ledger->use_start[first],
                            .n_contribution = ledger->contribution_start[end] - ledger->contribution_start[first],
                            .n_detail = ledger->detail_start[end] - ledger->detail_start[first],
                            .n_optimizer = ledger->optimizer_start[end] - ledger->optimizer_start[first]};
    chunk->rates = numbers(chunk->n_step);
    chunk->losses = numbers(chunk->n_step);
    chunk->samples = memory_allocate_raw(chunk->n_use, sizeof *chunk->samples);
    chunk->use_losses = ledger->has_losses ? numbers(chunk->n_use) : NULL;
    chunk->use_weights = ledger->has_weights ? numbers(chunk->n_use) : NULL;
    chunk->group = memory_allocate_raw(chunk->n_contribution, sizeof *chunk->group);
    chunk->step = memory_allocate_raw(chunk->n_contribution, sizeof *chunk->step);
    chunk->detail_start = memory_allocate_raw(chunk->n_contribution + 1, sizeof *chunk->detail_start);
    chunk->delta_norm = numbers(chunk->n_contribution);
    chunk->residual = numbers(chunk->n_contribution);
    chunk->rounding = numbers(chunk->n_contribution);
    chunk->share_sum = numbers(chunk->n_contribution);
    chunk->conditional = memory_allocate_raw(chunk->n_contribution, 1);
    chunk->norms = numbers(chunk->n_detail);
    chunk->shares = numbers(chunk->n_detail);
    chunk->optimizer_contribution = memory_allocate_raw(chunk->n_optimizer, sizeof(int64_t));
    chunk->optimizer_kind = memory_allocate_raw(chunk->n_optimizer, sizeof(int32_t));
    chunk->optimizer_group = memory_allocate_raw(chunk->n_optimizer, sizeof(int32_t));
    chunk->optimizer_norm = numbers(chunk->n_optimizer);
    chunk->optimizer_share = numbers(chunk->n_optimizer);
    chunk->detail_start[chunk->n_contribution] = ledger->detail_start[end];
}

void chunk_clear(struct chunk *chunk)
{
    void *owned[] = {
        chunk->rates,          chunk->losses,          chunk->samples,        chunk->use_losses,
        chunk->use_weights,    chunk->group,           chunk->step,           chunk->detail_start,
        chunk->delta_norm,     chunk->residual,        chunk->rounding,       chunk->share_sum,
        chunk->conditional,    chunk->norms,           chunk->shares,         chunk->optimizer_contribution,
        chunk->optimizer_kind, chunk->optimizer_group, chunk->optimizer_norm, chunk->optimizer_share};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        memory_free(owned[i]);
    *chunk = (struct chunk){0};
}

/* ---- one step ---------------------------------------------------------------------------------------------------- */

/* f32 of the record to the table's f64; absent: `otherwise`. */
static void widen(const float *values, int64_t n, double otherwise, double *into)
{
    for (int64_t i = 0; i < n; i++)
        into[i] = values != NULL ? (double)values[i] : otherwise;
}

static enum status changed(const struct ledger *ledger, const struct step_note *note)
{
    return fail(BAD_INPUT,
                "%s: record %lld is another one than before: the file changed during the job; run it again "
                "when nothing writes to its inputs",
                ledger->recorders[note->recorder].path, (long long)note->record);
}

static void take_uses(const struct ledger *ledger, const struct recorded_step *recorded, int64_t row,
                      struct chunk *chunk)
{
    int64_t at = ledger->use_start[row] - ledger->use_start[chunk->first];
    memcpy(chunk->samples + at, recorded->samples, (size_t)recorded->n * sizeof *chunk->samples);
    if (chunk->use_losses != NULL)
        widen(recorded->losses, recorded->n, (double)NAN, chunk->use_losses + at);
    if (chunk->use_weights != NULL)
        widen(recorded->weights, recorded->n, 1, chunk->use_weights + at);
    chunk->rates[row - chunk->first] = recorded->learning_rate;
    chunk->losses[row - chunk->first] = recorded->loss;
}

static enum status take_contributions(const struct ledger *ledger, struct recording_steps *steps, int64_t row,
                                      struct chunk *chunk)
{
    const struct step_note *note = &ledger->steps[row];
    const int32_t *group_of = ledger->recorders[note->recorder].group_of;
    int64_t first = ledger->contribution_start[row] - ledger->contribution_start[chunk->first], n = 0;
    int64_t detail = ledger->detail_start[row], most = ledger->detail_start[row + 1];
    struct recorded_contribution recorded;
    bool more = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (status = recording_next_contribution(steps, &recorded, &more)) == STATUS_OK &&
           more) {
        bool detailed = recorded.norms != NULL || recorded.shares != NULL;
        if (n == note->n_contribution || (detailed && detail + note->n > most))
            return changed(ledger, note);
        int64_t c = first + n++;
        chunk->group[c] = group_of[recorded.group - 1];
        chunk->step[c] = row;
        chunk->delta_norm[c] = recorded.delta_norm;
        chunk->residual[c] = recorded.residual;
        chunk->rounding[c] = recorded.rounding;
        chunk->conditional[c] = recorded.conditional;
        chunk->share_sum[c] = recorded.shares != NULL ? 0 : (double)NAN;
        chunk->detail_start[c] = detail;
        if (!detailed)
            continue;
        int64_t at = detail - ledger->detail_start[chunk->first];
        widen(recorded.norms, note->n, (double)NAN, chunk->norms + at);
        for (int64_t i = 0; i < note->n; i++) {
            chunk->shares[at + i] = recorded.shares != NULL ? recorded.shares[i] : (double)NAN;
            chunk->share_sum[c] += chunk->shares[at + i];
        }
        detail += note->n;
    }
    return status == STATUS_OK && (n != note->n_contribution || detail != most) ? changed(ledger, note) : status;
}

static enum status take_optimizers(const struct ledger *ledger, struct recording_steps *steps, int64_t row,
                                   struct chunk *chunk)
{
    const struct step_note *note = &ledger->steps[row];
    const int32_t *group_of = ledger->recorders[note->recorder].group_of;
    int64_t first = ledger->optimizer_start[row] - ledger->optimizer_start[chunk->first], n = 0;
    int64_t c_first = ledger->contribution_start[row], c_base = ledger->contribution_start[chunk->first];
    struct recorded_optimizer recorded;
    bool more = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (status = recording_next_optimizer(steps, &recorded, &more)) == STATUS_OK && more) {
        if (n == note->n_optimizer)
            return changed(ledger, note);
        int64_t o = first + n++, k = 0;
        int32_t group = group_of[recorded.group - 1], kind = 0;
        while (kind < ledger->kinds.n && strcmp(ledger_text(ledger, ledger->kinds.names[kind]), recorded.kind) != 0)
            kind++;
        while (k < note->n_contribution && chunk->group[c_first - c_base + k] != group)
            k++;
        chunk->optimizer_contribution[o] = k < note->n_contribution ? c_first + k : -1;
        if (k < note->n_contribution)
            chunk->share_sum[c_first - c_base + k] += recorded.share;
        chunk->optimizer_kind[o] = kind;
        chunk->optimizer_group[o] = group;
        chunk->optimizer_norm[o] = recorded.norm;
        chunk->optimizer_share[o] = recorded.share;
    }
    return status == STATUS_OK && n != note->n_optimizer ? changed(ledger, note) : status;
}

static enum status take_step(const struct ledger *ledger, struct recording_steps *steps,
                             const struct recorded_step *recorded, int64_t row, struct chunk *chunk)
{
    const struct step_note *note = &ledger->steps[row];
    if (recorded->step != note->step || recorded->n != note->n)
        return changed(ledger, note);
    take_uses(ledger, recorded, row, chunk);
    enum status status = take_contributions(ledger, steps, row, chunk);
    return status == STATUS_OK ? take_optimizers(ledger, steps, row, chunk) : status;
}

/* ---- a window ---------------------------------------------------------------------------------------------------- */

struct place {
    int32_t recorder;
    int64_t record, row;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->recorder != right->recorder)
        return left->recorder < right->recorder ? -1 : 1;
    return (left->record > right->record) - (left->record < right->record);
}

/* Rows of one recorder, by record: read from the first to the last, those between that are not wanted passed over. */
static enum status read_recorder(struct sources *sources, const struct place *places, int64_t n, struct chunk *chunk)
{
    struct recording *recording;
    struct recording_steps *steps = NULL;
    enum status status = sources_get(sources, places[0].recorder, &recording);
    if (status == STATUS_OK)
        status = recording_steps_open_at(recording, places[0].record, &steps);
    for (int64_t i = 0; i < n && status == STATUS_OK;) {
        struct recorded_step recorded;
        bool more;
        status = recording_next_step(steps, &recorded, &more);
        if (status == STATUS_OK && (!more || recorded.record > places[i].record))
            status = changed(sources->ledger, &sources->ledger->steps[places[i].row]);
        if (status == STATUS_OK && recorded.record == places[i].record)
            status = take_step(sources->ledger, steps, &recorded, places[i++].row, chunk);
    }
    recording_steps_close(steps);
    return status;
}

/* Steps of the order file come one after the other. */
static enum status read_order(struct sources *sources, int64_t n, struct chunk *chunk)
{
    const struct ledger *ledger = sources->ledger;
    struct order *order = sources->order;
    int64_t at = 0, *rows = memory_allocate_raw(ORDER_ROWS * order->width, sizeof *rows);
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < n && status == STATUS_OK; i += ORDER_ROWS) {
        int64_t count = n - i < ORDER_ROWS ? n - i : ORDER_ROWS;
        status = order_read(order, ledger->steps[chunk->first + i].record, count, rows, NULL);
        for (int64_t k = 0; k < count && status == STATUS_OK; k++) {
            int64_t uses = ledger->steps[chunk->first + i + k].n;
            memcpy(chunk->samples + at, rows + k * order->width, (size_t)uses * sizeof *rows);
            chunk->rates[i + k] = chunk->losses[i + k] = (double)NAN;
            at += uses;
        }
    }
    memory_free(rows);
    return status;
}

enum status chunk_read(struct sources *sources, int64_t first, int64_t end, struct chunk *chunk)
{
    const struct ledger *ledger = sources->ledger;
    make(ledger, first, end, chunk);
    int64_t n = end - first;
    if (n > 0 && ledger->steps[first].recorder < 0)
        return read_order(sources, n, chunk);
    struct place *places = memory_allocate_raw(n, sizeof *places);
    for (int64_t i = 0; i < n; i++)
        places[i] = (struct place){ledger->steps[first + i].recorder, ledger->steps[first + i].record, first + i};
    qsort(places, (size_t)n, sizeof *places, compare_places);
    enum status status = STATUS_OK;
    for (int64_t i = 0, next; i < n && status == STATUS_OK; i = next) {
        for (next = i; next < n && places[next].recorder == places[i].recorder;)
            next++;
        status = read_recorder(sources, places + i, next - i, chunk);
    }
    memory_free(places);
    return status;
}
