/* The ledger in order: steps and events sorted, and what they contradict. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lineage/ledger.h"

#define COMPARE(a, b)                                                                                                  \
    if ((a) != (b))                                                                                                    \
    order = order ? order : ((a) < (b) ? -1 : 1)

static int compare_steps(const void *a, const void *b)
{
    const struct step_note *left = a, *right = b;
    int order = 0;
    COMPARE(left->step, right->step);
    COMPARE(left->superseded, right->superseded);
    COMPARE(left->process, right->process);
    COMPARE(left->record, right->record);
    COMPARE(left->session, right->session);
    COMPARE(left->recorder, right->recorder);
    return order;
}

static int compare_events(const void *a, const void *b)
{
    const struct event_note *left = a, *right = b;
    int order = 0;
    COMPARE(left->kind, right->kind);
    COMPARE(left->step, right->step);
    COMPARE(left->process, right->process);
    COMPARE(left->session, right->session);
    COMPARE(left->row, right->row);
    COMPARE(left->recorder, right->recorder);
    return order;
}

static int compare_integers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void sort(void *items, int64_t n, size_t bytes, int (*compare)(const void *, const void *))
{
    int64_t i = 1; /* one recorder's steps come in order */
    while (i < n && compare((char *)items + (size_t)(i - 1) * bytes, (char *)items + (size_t)i * bytes) <= 0)
        i++;
    if (i < n)
        qsort(items, (size_t)n, bytes, compare);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void find_claims(const struct ledger *ledger, struct finding_list *findings)
{
    for (int64_t i = 1; i < ledger->n_step; i++) {
        const struct step_note *one = &ledger->steps[i - 1], *other = &ledger->steps[i];
        if (one->step != other->step || one->process != other->process || one->superseded || other->superseded ||
            one->recorder == other->recorder)
            continue;
        struct finding finding = finding_of(FOUND_CLAIMED_TWICE);
        finding.step = one->step;
        finding.process = one->process;
        finding.size = (double)other->n;
        finding_say(&finding, "step %lld of process %d is in %.90s and in %.90s: both are kept, and counted",
                    (long long)one->step, (int)one->process, ledger->recorders[one->recorder].path,
                    ledger->recorders[other->recorder].path);
        finding_list_add(findings, &finding);
    }
}

static void say_missing(struct finding_list *findings, int64_t process, int64_t first, int64_t last)
{
    struct finding finding = finding_of(FOUND_MISSING_PROCESS_STEPS);
    finding.step = first;
    finding.process = process;
    finding.size = (double)(last - first + 1);
    finding_say(&finding, "process %lld has no record of steps %lld to %lld", (long long)process, (long long)first,
                (long long)last);
    finding_list_add(findings, &finding);
}

/* Holes within one file are in its survey; here come those between files of a process, and before and after them. */
static void find_holes(const struct ledger *ledger, int64_t n_process, struct finding_list *findings)
{
    int64_t *last = memory_allocate(n_process, sizeof *last), first_of_all = -1, last_of_all = -1;
    int32_t *recorder = memory_allocate(n_process, sizeof *recorder);
    for (int64_t p = 0; p < n_process; p++)
        recorder[p] = -1;
    for (int64_t i = 0; i < ledger->n_step; i++) {
        const struct step_note *step = &ledger->steps[i];
        if (step->superseded || step->process < 0 || step->process >= n_process)
            continue;
        first_of_all = first_of_all < 0 ? step->step : first_of_all;
        last_of_all = step->step;
        int64_t due = recorder[step->process] < 0 ? first_of_all : last[step->process] + 1;
        if (step->step > due && step->recorder != recorder[step->process])
            say_missing(findings, step->process, due, step->step - 1);
        recorder[step->process] = step->recorder;
        last[step->process] = step->step;
    }
    for (int64_t p = 0; p < n_process; p++)
        if (recorder[p] >= 0 && last[p] < last_of_all)
            say_missing(findings, p, last[p] + 1, last_of_all);
    memory_free(recorder);
    memory_free(last);
}

static void find_absent(const struct ledger *ledger, int64_t n_process, struct finding_list *findings)
{
    uint8_t *present = memory_allocate(n_process, 1);
    for (int64_t i = 0; i < ledger->n_recorder; i++)
        present[ledger->recorders[i].process] = 1;
    for (int64_t p = 0; p < n_process; p++) {
        if (present[p])
            continue;
        struct finding finding = finding_of(FOUND_MISSING_PROCESS);
        finding.process = p;
        finding_say(&finding, "no recorder file of process %lld, of %lld that took part", (long long)p,
                    (long long)n_process);
        finding_list_add(findings, &finding);
    }
    memory_free(present);
}

static void set_starts(struct ledger *ledger)
{
    int64_t n = ledger->n_step, **starts[] = {&ledger->use_start, &ledger->contribution_start, &ledger->detail_start,
                                              &ledger->optimizer_start};
    for (int s = 0; s < 4; s++)
        *starts[s] = memory_allocate(n + 1, sizeof **starts[s]);
    for (int64_t i = 0; i < n; i++) {
        const struct step_note *step = &ledger->steps[i];
        ledger->use_start[i + 1] = ledger->use_start[i] + step->n;
        ledger->contribution_start[i + 1] = ledger->contribution_start[i] + step->n_contribution;
        ledger->detail_start[i + 1] = ledger->detail_start[i] + step->n_detailed * step->n;
        ledger->optimizer_start[i + 1] = ledger->optimizer_start[i] + step->n_optimizer;
        if (step->n_contribution > 0)
            ledger->recorders[step->recorder].has_contributions = true;
        ledger->has_losses = ledger->has_losses || step->has_losses;
        ledger->has_weights = ledger->has_weights || step->has_weights;
        ledger->has_details = ledger->has_details || step->n_detailed > 0;
        ledger->has_contributions = ledger->has_contributions || step->n_contribution > 0;
    }
}

static void list_epochs(struct ledger *ledger)
{
    ledger->epochs = memory_allocate(ledger->n_step, sizeof *ledger->epochs);
    int64_t n = 0;
    for (int64_t i = 0; i < ledger->n_step; i++)
        if (!ledger->steps[i].superseded && (n == 0 || ledger->epochs[n - 1] != ledger->steps[i].epoch))
            ledger->epochs[n++] = ledger->steps[i].epoch;
    sort(ledger->epochs, n, sizeof *ledger->epochs, compare_integers);
    for (int64_t i = 0; i < n; i++)
        if (ledger->n_epoch == 0 || ledger->epochs[ledger->n_epoch - 1] != ledger->epochs[i])
            ledger->epochs[ledger->n_epoch++] = ledger->epochs[i];
}

static void order_steps(struct ledger *ledger, struct finding_list *findings)
{
    int64_t n_process = 0;
    for (int64_t i = 0; i < ledger->n_recorder; i++)
        if (ledger->recorders[i].world_size > n_process)
            n_process = ledger->recorders[i].world_size;
    sort(ledger->steps, ledger->n_step, sizeof *ledger->steps, compare_steps);
    set_starts(ledger);
    list_epochs(ledger);
    find_claims(ledger, findings);
    find_holes(ledger, n_process, findings);
    find_absent(ledger, n_process, findings);
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

/* Sorts them, and gives the samples named before each, and in all; the caller owns these. */
static int64_t *order_events(struct event_note *events, int64_t n)
{
    sort(events, n, sizeof *events, compare_events);
    int64_t *start = memory_allocate(n + 1, sizeof *start);
    for (int64_t i = 0; i < n; i++)
        start[i + 1] = start[i] + events[i].n;
    return start;
}

static void order_observations(struct ledger *ledger)
{
    ledger->observation_start = order_events(ledger->observations, ledger->n_observation);
    for (int64_t i = 0; i < ledger->n_observation; i++)
        ledger->observed[ledger->observations[i].kind - EVENT_OBSERVED + 1]++;
    for (int kind = 0; kind < N_OBSERVED; kind++)
        ledger->observed[kind + 1] += ledger->observed[kind];
}

/* ---- definitions, checkpoints and whole files ------------------------------------------------------------------- */

static void judge_definitions(const struct ledger *ledger, const struct named_texts *list, bool is_profile,
                              struct finding_list *findings)
{
    int64_t *named = memory_allocate(list->n, sizeof *named);
    for (int64_t i = 0; i < ledger->n_admission_event; i++) {
        int32_t d = is_profile ? ledger->events[i].profile : ledger->events[i].name;
        if (d >= 0)
            named[d] += ledger->events[i].n;
    }
    const char *what = is_profile ? "profile" : "policy";
    for (int64_t i = 0; i < list->n; i++) {
        const char *name = ledger_text(ledger, list->items[i].name);
        struct finding finding = finding_of(FOUND_UNKNOWN_POLICY);
        finding.size = (double)named[i];
        finding_say(&finding, "%lld admissions name %s \"%.120s\", whose text is not known", (long long)named[i], what,
                    name);
        if (list->items[i].sha256 < 0 && strcmp(name, "(none)") != 0)
            finding_list_add(findings, &finding);
        for (int64_t k = 0; k < i; k++)
            if (list->items[k].name == list->items[i].name && list->items[i].sha256 >= 0) {
                finding = finding_of(FOUND_POLICY_REDEFINED);
                finding_say(&finding, "%s \"%.120s\" stands for more than one text: give each version its name", what,
                            name);
                finding_list_add(findings, &finding);
                break;
            }
    }
    memory_free(named);
}

static void judge_files(const struct ledger *ledger, struct finding_list *findings)
{
    int64_t key = -1;
    for (int64_t i = 0; i < ledger->n_recorder; i++) {
        const struct recorder_entry *entry = &ledger->recorders[i];
        if (entry->run != ledger->recorders[0].run) {
            struct finding finding = finding_of(FOUND_RUN_DIFFERS);
            finding.process = entry->process;
            finding_say(&finding, "%.90s is of run \"%.50s\", the first file of \"%.50s\"", entry->path,
                        ledger_text(ledger, entry->run), ledger_text(ledger, ledger->recorders[0].run));
            finding_list_add(findings, &finding);
        }
        if (key >= 0 && entry->key_id >= 0 && entry->key_id != key) {
            struct finding finding = finding_of(FOUND_KEY_DIFFERS);
            finding.process = entry->process;
            finding_say(&finding, "%.120s has pseudonyms under another key than the files before", entry->path);
            finding_list_add(findings, &finding);
        }
        key = key < 0 ? entry->key_id : key;
    }
}

static void order_checkpoints(struct ledger *ledger)
{
    /* Insertion: few, and each process may name the same one. */
    int64_t n = 0;
    for (int64_t i = 0; i < ledger->n_checkpoint; i++) {
        struct checkpoint_note added = ledger->checkpoints[i];
        int64_t at = n;
        bool known = false;
        for (int64_t k = 0; k < n && !known; k++)
            known = ledger->checkpoints[k].step == added.step && ledger->checkpoints[k].name == added.name &&
                    ledger->checkpoints[k].sha256 == added.sha256;
        if (known)
            continue;
        const char *name = ledger_text(ledger, added.name);
        while (at > 0 && (ledger->checkpoints[at - 1].step > added.step ||
                          (ledger->checkpoints[at - 1].step == added.step &&
                           strcmp(ledger_text(ledger, ledger->checkpoints[at - 1].name), name) > 0))) {
            ledger->checkpoints[at] = ledger->checkpoints[at - 1];
            at--;
        }
        ledger->checkpoints[at] = added;
        n++;
    }
    ledger->n_checkpoint = n;
}

void ledger_conclude(struct ledger *ledger, struct finding_list *findings)
{
    order_steps(ledger, findings);
    ledger->event_start = order_events(ledger->events, ledger->n_event);
    order_observations(ledger);
    order_checkpoints(ledger);
    judge_definitions(ledger, &ledger->policies, false, findings);
    judge_definitions(ledger, &ledger->profiles, true, findings);
    judge_files(ledger, findings);
    if (ledger->n_admission_event == 0) {
        struct finding finding = finding_of(FOUND_NO_ADMISSIONS);
        finding_say(&finding, "no recorder has an admission: which samples were let in, and why, cannot be checked");
        finding_list_add(findings, &finding);
    }
}
