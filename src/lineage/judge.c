#include "lineage/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void judge_init(const struct ledger *ledger, const struct lineage_config *config, const struct sample_lines *lines,
                struct finding_list *findings, struct judge *judge)
{
    *judge = (struct judge){.ledger = ledger,
                            .config = config,
                            .lines = lines,
                            .findings = findings,
                            .training_role = -1,
                            .epoch_of = memory_allocate_raw(ledger->n_step, sizeof *judge->epoch_of),
                            .epoch_used = memory_allocate(ledger->n_epoch, sizeof *judge->epoch_used),
                            .group_uses = memory_allocate(lines->n_column, sizeof *judge->group_uses)};
    for (int64_t r = 0; r < ledger->roles.n; r++)
        if (strcmp(ledger_text(ledger, ledger->roles.names[r]), lines->config->train) == 0)
            judge->training_role = (int32_t)r;
    for (int64_t c = 0; c < lines->n_column; c++)
        judge->group_uses[c] = memory_allocate(lines->samples.columns[c].n_value, sizeof **judge->group_uses);
    int32_t at = 0;
    for (int64_t i = 0; i < ledger->n_step; i++) {
        int64_t epoch = ledger->steps[i].epoch;
        if (ledger->n_epoch == 0)
            continue;
        if (at >= ledger->n_epoch || ledger->epochs[at] != epoch)
            for (at = 0; at < ledger->n_epoch - 1 && ledger->epochs[at] < epoch;)
                at++;
        judge->epoch_of[i] = at;
    }
}

void judge_clear(struct judge *judge)
{
    for (int64_t c = 0; c < judge->lines->n_column; c++)
        memory_free(judge->group_uses[c]);
    memory_free(judge->group_uses);
    memory_free(judge->epoch_of);
    memory_free(judge->epoch_used);
    *judge = (struct judge){0};
}

void verdicts_clear(struct verdicts *verdicts)
{
    memory_free(verdicts->uses);
    memory_free(verdicts->first_step);
    memory_free(verdicts->last_step);
    memory_free(verdicts->admission);
    memory_free(verdicts->role);
    memory_free(verdicts->owner);
    *verdicts = (struct verdicts){0};
}

/* The event that an item belongs to. */
static int64_t event_of(const struct ledger *ledger, int64_t item)
{
    int64_t low = 0, high = ledger->n_event;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (ledger->event_start[middle] <= item)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- one sample -------------------------------------------------------------------------------------------------- */

/* What is known of the sample at hand. */
struct sample_case {
    struct judge *judge;
    const char *id;
    int id_length;
    int64_t sample;
    const uint32_t *rows, *items; /* of steps; of events */
    int64_t n_row, n_item;
};

static struct finding begin_finding(const struct sample_case *one, enum finding_kind kind, int64_t step)
{
    struct finding finding = finding_of(kind);
    finding.sample = one->sample;
    finding.step = step;
    return finding;
}

/* Uses against the admissions in force at their steps. */
static void judge_admissions(const struct sample_case *one)
{
    const struct ledger *ledger = one->judge->ledger;
    int64_t at = 0, n_missing = 0, n_rejected = 0, missing_step = -1, rejected_step = -1, in_force = -1;
    for (int64_t i = 0; i < one->n_row; i++) {
        const struct step_note *step = &ledger->steps[one->rows[i]];
        if (step->superseded)
            continue;
        for (; at < one->n_item; at++) {
            int64_t event = event_of(ledger, one->items[at]);
            if (ledger->events[event].kind != EVENT_ADMISSION || ledger->events[event].step > step->step)
                break;
            in_force = event;
        }
        if (in_force < 0 && n_missing++ == 0)
            missing_step = step->step;
        if (in_force >= 0 && ledger->events[in_force].decision == DECISION_REJECT && n_rejected++ == 0)
            rejected_step = step->step;
    }
    if (n_missing > 0) {
        struct finding finding = begin_finding(one, FOUND_NOT_ADMITTED, missing_step);
        finding.size = (double)n_missing;
        finding_say(&finding, "sample %.*s: %lld uses from step %lld on without an admission", one->id_length, one->id,
                    (long long)n_missing, (long long)missing_step);
        finding_list_add(one->judge->findings, &finding);
    }
    if (n_rejected > 0) {
        struct finding finding = begin_finding(one, FOUND_REJECTED_USED, rejected_step);
        finding.size = (double)n_rejected;
        finding_say(&finding, "sample %.*s: %lld uses from step %lld on, though it was rejected", one->id_length,
                    one->id, (long long)n_rejected, (long long)rejected_step);
        finding_list_add(one->judge->findings, &finding);
    }
}

struct epoch_use {
    int32_t epoch;
    uint32_t row;
};

static int compare_uses(const void *a, const void *b)
{
    const struct epoch_use *left = a, *right = b;
    if (left->epoch != right->epoch)
        return left->epoch < right->epoch ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

/* Uses within each epoch: how many samples it used, and which ones too often.  `scratch` has room for all of them. */
static void judge_epochs(const struct sample_case *one, struct epoch_use *scratch)
{
    struct judge *judge = one->judge;
    const struct ledger *ledger = judge->ledger;
    int64_t n = 0, most = judge->config->uses_per_epoch;
    bool sorted = true;
    for (int64_t i = 0; i < one->n_row; i++) {
        if (ledger->steps[one->rows[i]].superseded)
            continue;
        scratch[n++] = (struct epoch_use){judge->epoch_of[one->rows[i]], one->rows[i]};
        sorted = sorted && (n < 2 || scratch[n - 2].epoch <= scratch[n - 1].epoch);
    }
    if (!sorted)
        qsort(scratch, (size_t)n, sizeof *scratch, compare_uses);
    for (int64_t i = 0, next; i < n; i = next) {
        int32_t epoch = scratch[i].epoch;
        for (next = i; next < n && scratch[next].epoch == epoch;)
            next++;
        judge->epoch_used[epoch]++;
        if (most == 0 || next - i <= most || ledger->epochs[epoch] < 0)
            continue;
        struct finding finding = begin_finding(one, FOUND_REUSED, ledger->steps[scratch[i + most].row].step);
        finding.process = ledger->steps[scratch[i + most].row].process;
        finding.size = (double)(next - i);
        finding.limit = (double)most;
        finding_say(&finding, "sample %.*s: used %lld times in epoch %lld, again in step %lld", one->id_length, one->id,
                    (long long)(next - i), (long long)ledger->epochs[epoch], (long long)finding.step);
        finding_list_add(judge->findings, &finding);
    }
}

static void count_uses(const struct sample_case *one, int64_t i, struct verdicts *verdicts)
{
    const struct step_note *steps = one->judge->ledger->steps;
    verdicts->first_step[i] = verdicts->last_step[i] = -1;
    for (int64_t k = 0; k < one->n_row; k++) {
        if (steps[one->rows[k]].superseded)
            continue;
        if (verdicts->uses[i]++ == 0)
            verdicts->first_step[i] = steps[one->rows[k]].step;
        verdicts->last_step[i] = steps[one->rows[k]].step;
    }
}

/* The last word of the recorders on a sample. */
static void take_events(const struct sample_case *one, int64_t i, struct verdicts *verdicts, bool *rejected)
{
    const struct ledger *ledger = one->judge->ledger;
    for (int64_t k = 0; k < one->n_item; k++) {
        const struct event_note *event = &ledger->events[event_of(ledger, one->items[k])];
        if (event->kind == EVENT_ADMISSION) {
            verdicts->admission[i] = one->items[k];
            *rejected = event->decision == DECISION_REJECT;
        } else if (event->kind == EVENT_ROLE) {
            verdicts->role[i] = event->name;
        } else {
            verdicts->owner[i] = event->name;
        }
    }
}

static void judge_sample(const struct sample_case *one, int64_t i, const struct sample_slice *slice,
                         struct epoch_use *scratch, struct verdicts *verdicts)
{
    struct judge *judge = one->judge;
    const struct sample_lines *lines = judge->lines;
    bool has_admissions = judge->ledger->n_admission_event > 0, rejected = false;
    verdicts->admission[i] = verdicts->owner[i] = -1;
    verdicts->role[i] = lines->role >= 0 ? slice->codes[lines->role * slice->n + i] : 0;
    take_events(one, i, verdicts, &rejected);
    count_uses(one, i, verdicts);
    if (has_admissions)
        judge_admissions(one);
    judge_epochs(one, scratch);
    bool training = verdicts->role[i] == judge->training_role;
    if (training && !rejected && (!has_admissions || verdicts->admission[i] >= 0))
        judge->expected++;
    if (!training && verdicts->uses[i] > 0) {
        const struct ledger *ledger = judge->ledger;
        struct finding finding = begin_finding(one, FOUND_WRONG_ROLE, verdicts->first_step[i]);
        finding.size = (double)verdicts->uses[i];
        finding_say(&finding, "sample %.*s: %lld uses from step %lld on, though its role is \"%.60s\"", one->id_length,
                    one->id, (long long)verdicts->uses[i], (long long)verdicts->first_step[i],
                    ledger_text(ledger, ledger->roles.names[verdicts->role[i]]));
        finding_list_add(judge->findings, &finding);
    }
    for (int64_t c = 0; c < lines->n_column; c++)
        judge->group_uses[c][slice->codes[c * slice->n + i]] += verdicts->uses[i];
}

void judge_slice(struct judge *judge, const struct sample_slice *slice, const int64_t *use_start, const uint32_t *rows,
                 const int64_t *event_start, const uint32_t *items, struct verdicts *verdicts)
{
    enum { ID_SHOWN = 80 };
    int64_t n = slice->n, longest = 0, width = judge->lines->samples.id_bytes;
    *verdicts = (struct verdicts){.uses = memory_allocate(n, sizeof(int64_t)),
                                  .first_step = memory_allocate(n, sizeof(int64_t)),
                                  .last_step = memory_allocate(n, sizeof(int64_t)),
                                  .admission = memory_allocate(n, sizeof(int64_t)),
                                  .role = memory_allocate(n, sizeof(int32_t)),
                                  .owner = memory_allocate(n, sizeof(int32_t))};
    for (int64_t i = 0; i < n; i++)
        longest = use_start[i + 1] - use_start[i] > longest ? use_start[i + 1] - use_start[i] : longest;
    struct epoch_use *scratch = memory_allocate_raw(longest, sizeof *scratch);
    for (int64_t i = 0; i < n; i++) {
        const char *id = slice->ids + i * width;
        struct sample_case one = {.judge = judge,
                                  .id = id,
                                  .id_length = (int)strnlen(id, width < ID_SHOWN ? (size_t)width : ID_SHOWN),
                                  .sample = slice->first + i,
                                  .rows = rows + use_start[i],
                                  .items = items + event_start[i],
                                  .n_row = use_start[i + 1] - use_start[i],
                                  .n_item = event_start[i + 1] - event_start[i]};
        judge_sample(&one, i, slice, scratch, verdicts);
    }
    memory_free(scratch);
}
