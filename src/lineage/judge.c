#include "lineage/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lineage/gate.h"

void judge_init(const struct ledger *ledger, const struct lineage_config *config, const struct sample_lines *lines,
                struct finding_list *findings, struct judge *judge)
{
    *judge = (struct judge){.ledger = ledger,
                            .config = config,
                            .lines = lines,
                            .findings = findings,
                            .training_role = -1,
                            .times = memory_allocate_raw(ledger->n_step, sizeof *judge->times),
                            .epoch_used = memory_allocate(ledger->n_epoch, sizeof *judge->epoch_used),
                            .epoch_covered = memory_allocate(ledger->n_epoch, sizeof *judge->epoch_covered),
                            .group_uses = memory_allocate(lines->n_column, sizeof *judge->group_uses)};
    for (int64_t r = 0; r < ledger->roles.n; r++)
        if (strcmp(ledger_text(ledger, ledger->roles.names[r]), lines->config->train) == 0)
            judge->training_role = (int32_t)r;
    for (int64_t c = 0; c < lines->n_column; c++)
        judge->group_uses[c] = memory_allocate(lines->samples.columns[c].n_value, sizeof **judge->group_uses);
    int32_t at = 0;
    for (int64_t i = 0; i < ledger->n_step; i++) {
        int64_t epoch = ledger->steps[i].epoch;
        if (ledger->n_epoch > 0 && ledger->epochs[at] != epoch)
            for (at = 0; at < ledger->n_epoch - 1 && ledger->epochs[at] < epoch;)
                at++;
        judge->times[i] = (struct step_time){ledger->steps[i].superseded ? -1 : ledger->steps[i].step, at};
    }
}

void judge_clear(struct judge *judge)
{
    for (int64_t c = 0; c < judge->lines->n_column; c++)
        memory_free(judge->group_uses[c]);
    gate_map_clear(&judge->gate);
    memory_free(judge->group_uses);
    memory_free(judge->times);
    memory_free(judge->epoch_used);
    memory_free(judge->epoch_covered);
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

/* A use that counts. */
struct counted_use {
    int64_t step;
    int32_t epoch;
    uint32_t row; /* of steps */
};

/* What is known of the sample at hand. */
struct sample_case {
    struct judge *judge;
    const char *id;
    int id_length;
    int64_t sample;
    struct counted_use *uses; /* by row */
    int64_t n_use;
    const uint32_t *items; /* of events */
    int64_t n_item;
};

static struct finding begin_finding(const struct sample_case *one, enum finding_kind kind, int64_t step)
{
    struct finding finding = finding_of(kind);
    finding.sample = one->sample;
    finding.step = step;
    return finding;
}

/* The uses of steps that were not superseded; `uses` has room for all.  Steps lie anywhere in memory: they are asked
 * for some time ahead. */
static int64_t count_uses(const struct judge *judge, const uint32_t *rows, int64_t n, struct counted_use *uses)
{
    enum { AHEAD = 12 };
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            __builtin_prefetch(&judge->times[rows[i + AHEAD]]);
        struct step_time time = judge->times[rows[i]];
        uses[kept] = (struct counted_use){time.step, time.epoch, rows[i]};
        kept += time.step >= 0;
    }
    return kept;
}

/* Uses against the admissions in force at their steps. */
static void judge_admissions(const struct sample_case *one)
{
    const struct ledger *ledger = one->judge->ledger;
    int64_t at = 0, n_missing = 0, n_rejected = 0, missing_step = -1, rejected_step = -1;
    int64_t next = -1; /* the step from which item `at` holds; beyond all steps if it is no admission */
    bool any = false, rejected = false, next_rejected = false;
    for (int64_t i = 0; i < one->n_use; i++) {
        while (at < one->n_item || next >= 0) {
            if (next < 0) {
                const struct event_note *event = &ledger->events[event_of(ledger, one->items[at])];
                if (event->kind != EVENT_ADMISSION) {
                    at = one->n_item;
                    break;
                }
                next = event->step + 1; /* 0: from the beginning */
                next_rejected = event->decision == REJECT;
                at++;
            }
            if (next > one->uses[i].step + 1)
                break;
            any = true;
            rejected = next_rejected;
            next = -1;
        }
        if (!any && n_missing++ == 0)
            missing_step = one->uses[i].step;
        if (rejected && n_rejected++ == 0)
            rejected_step = one->uses[i].step;
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

static int compare_uses(const void *a, const void *b)
{
    const struct counted_use *left = a, *right = b;
    if (left->epoch != right->epoch)
        return left->epoch < right->epoch ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

/* Uses within each epoch: how many samples it used, and which ones too often.  Leaves the uses sorted by epoch. */
static void judge_epochs(const struct sample_case *one, bool is_expected)
{
    struct judge *judge = one->judge;
    const struct ledger *ledger = judge->ledger;
    int64_t n = one->n_use, most = judge->config->uses_per_epoch;
    bool sorted = true;
    for (int64_t i = 1; i < n; i++)
        sorted = sorted && one->uses[i - 1].epoch <= one->uses[i].epoch;
    if (!sorted)
        qsort(one->uses, (size_t)n, sizeof *one->uses, compare_uses);
    for (int64_t i = 0, next; i < n; i = next) {
        int32_t epoch = one->uses[i].epoch;
        for (next = i; next < n && one->uses[next].epoch == epoch;)
            next++;
        judge->epoch_used[epoch]++;
        judge->epoch_covered[epoch] += is_expected;
        if (most == 0 || next - i <= most || ledger->epochs[epoch] < 0)
            continue;
        struct finding finding = begin_finding(one, FOUND_REUSED, one->uses[i + most].step);
        finding.process = ledger->steps[one->uses[i + most].row].process;
        finding.size = (double)(next - i);
        finding.limit = (double)most;
        finding_say(&finding, "sample %.*s: used %lld times in epoch %lld, again in step %lld", one->id_length, one->id,
                    (long long)(next - i), (long long)ledger->epochs[epoch], (long long)finding.step);
        finding_list_add(judge->findings, &finding);
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
            *rejected = event->decision == REJECT;
        } else if (event->kind == EVENT_ROLE) {
            verdicts->role[i] = event->name;
        } else {
            verdicts->owner[i] = event->name;
        }
    }
}

static void judge_sample(const struct sample_case *one, int64_t i, const struct sample_slice *slice,
                         struct verdicts *verdicts)
{
    struct judge *judge = one->judge;
    const struct sample_lines *lines = judge->lines;
    bool has_admissions = judge->ledger->n_admission_event > 0, rejected = false;
    verdicts->admission[i] = verdicts->owner[i] = -1;
    verdicts->role[i] = lines->role >= 0 ? slice->codes[lines->role * slice->n + i] : 0;
    take_events(one, i, verdicts, &rejected);
    verdicts->uses[i] = one->n_use;
    verdicts->first_step[i] = one->n_use > 0 ? one->uses[0].step : -1;
    verdicts->last_step[i] = one->n_use > 0 ? one->uses[one->n_use - 1].step : -1;
    if (has_admissions)
        judge_admissions(one);
    bool training = verdicts->role[i] == judge->training_role;
    bool is_expected = training && !rejected && (!has_admissions || verdicts->admission[i] >= 0);
    judge_epochs(one, is_expected);
    if (slice->verdicts != NULL && verdicts->admission[i] >= 0)
        gate_check(judge, &judge->ledger->events[event_of(judge->ledger, verdicts->admission[i])], &slice->verdicts[i],
                   one->sample, one->id, one->id_length);
    judge->expected += is_expected;
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
    struct counted_use *uses = memory_allocate_raw(longest + 1, sizeof *uses);
    for (int64_t i = 0; i < n; i++) {
        const char *id = slice->ids + i * width;
        struct sample_case one = {.judge = judge,
                                  .id = id,
                                  .id_length = (int)strnlen(id, width < ID_SHOWN ? (size_t)width : ID_SHOWN),
                                  .sample = slice->first + i,
                                  .uses = uses,
                                  .n_use =
                                      count_uses(judge, rows + use_start[i], use_start[i + 1] - use_start[i], uses),
                                  .items = items + event_start[i],
                                  .n_item = event_start[i + 1] - event_start[i]};
        judge_sample(&one, i, slice, verdicts);
    }
    memory_free(uses);
}
