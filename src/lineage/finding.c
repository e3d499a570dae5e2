#include "lineage/finding.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/share.h"

const struct finding_class finding_classes[N_FINDING_KIND] = {
    [FOUND_RESIDUAL] = {"residual", true, "a change is not the sum of its contributions"},
    [FOUND_SHARE_SUM] = {"share_sum", true, "shares in a change do not add up to 1"},
    [FOUND_MISSING_CONTRIBUTION] = {"missing_contribution", true, "a step says nothing of a covered group"},
    [FOUND_NOT_ADMITTED] = {"not_admitted", true, "a sample was used without an admission in force"},
    [FOUND_REJECTED_USED] = {"rejected_used", true, "a rejected sample was used"},
    [FOUND_WRONG_ROLE] = {"wrong_role", true, "a sample that is not for training was used"},
    [FOUND_REUSED] = {"reused", true, "a sample was used too often in an epoch"},
    [FOUND_UNKNOWN_POLICY] = {"unknown_policy", true, "admissions name a policy or profile whose text is not known"},
    [FOUND_UNKNOWN_SAMPLE] = {"unknown_sample", true, "an event names a sample that the samples file does not have"},
    [FOUND_POLICY_REDEFINED] = {"policy_redefined", true, "one name stands for two texts"},
    [FOUND_GATE_DIFFERS] = {"gate_differs", true, "a policy decides otherwise than was recorded"},
    [FOUND_MISSING_RECORDS] = {"missing_records", true, "steps are gone from a recorder file"},
    [FOUND_MISSING_STEPS] = {"missing_steps", true, "steps were not recorded"},
    [FOUND_LOST_EVENTS] = {"lost_events", true, "a recorder says that it lost events"},
    [FOUND_CUT_OFF] = {"cut_off", true, "a recorder file ends without having been closed"},
    [FOUND_UNCOUNTED] = {"uncounted", true, "a recorder counted other steps or uses than are there"},
    [FOUND_MISSING_PROCESS] = {"missing_process", true, "a process of the run left no record"},
    [FOUND_MISSING_PROCESS_STEPS] = {"missing_process_steps", true,
                                     "a process has no record of steps that others have"},
    [FOUND_CLAIMED_TWICE] = {"claimed_twice", true, "two recorders claim one step of one process"},
    [FOUND_SAMPLES_DIFFER] = {"samples_differ", true, "a recorder counted the lines of another samples file"},
    [FOUND_RUN_DIFFERS] = {"run_differs", true, "recorder files of different runs"},
    [FOUND_KEY_DIFFERS] = {"key_differs", true, "pseudonyms under different keys"},
    [FOUND_ORDER_DIFFERS] = {"order_differs", true, "the published order and the record differ"},
    [FOUND_SUPERSEDED] = {"superseded", false, "steps that were done again: void, but kept"},
    [FOUND_RESUMED] = {"resumed", false, "a session that was cut off and gone on with"},
    [FOUND_EPOCH_INCOMPLETE] = {"epoch_incomplete", false, "an epoch did not use every sample"},
    [FOUND_NO_ADMISSIONS] = {"no_admissions", false, "no admission was recorded: compliance cannot be checked"},
};

void finding_list_init(struct finding_list *findings, int64_t keep)
{
    *findings = (struct finding_list){.keep = keep};
}

void finding_list_clear(struct finding_list *findings)
{
    for (int k = 0; k < N_FINDING_KIND; k++)
        memory_free(findings->items[k]);
    *findings = (struct finding_list){0};
}

struct finding finding_of(enum finding_kind kind)
{
    return (struct finding){
        .kind = kind, .step = -1, .group = -1, .process = -1, .sample = -1, .size = (double)NAN, .limit = (double)NAN};
}

void finding_say(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    /* A text that was cut within a character ends before it. */
    size_t length = n < 0 ? 0 : (size_t)n < sizeof finding->text ? (size_t)n : sizeof finding->text - 1;
    while (length > 0 && (size_t)n >= sizeof finding->text && ((unsigned char)finding->text[length - 1] & 0x80) != 0)
        length--;
    memset(finding->text + length, 0, sizeof finding->text - length);
}

static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(b) != 0) - (isnan(a) != 0);
    return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    const int64_t of_left[] = {left->step, left->process, left->group, left->sample};
    const int64_t of_right[] = {right->step, right->process, right->group, right->sample};
    for (int i = 0; i < 4; i++)
        if (of_left[i] != of_right[i])
            return of_left[i] < of_right[i] ? -1 : 1;
    int order = compare_numbers(left->size, right->size);
    return order != 0 ? order : strcmp(left->text, right->text);
}

static void sort_kind(struct finding_list *findings, int kind)
{
    if (findings->n[kind] > 1)
        qsort(findings->items[kind], (size_t)findings->n[kind], sizeof(struct finding), compare);
    if (findings->n[kind] > findings->keep)
        findings->n[kind] = findings->keep;
}

static void hold(struct finding_list *findings, const struct finding *finding)
{
    int kind = (int)finding->kind;
    if (findings->n[kind] == 2 * findings->keep)
        sort_kind(findings, kind);
    if (findings->n[kind] == findings->capacity[kind]) {
        int64_t larger = findings->capacity[kind] ? 2 * findings->capacity[kind] : 16;
        findings->items[kind] =
            memory_resize(findings->items[kind], findings->capacity[kind], larger, sizeof(struct finding));
        findings->capacity[kind] = larger;
    }
    findings->items[kind][findings->n[kind]++] = *finding;
}

void finding_list_add(struct finding_list *findings, const struct finding *finding)
{
    ASSERT(finding->kind >= 0 && finding->kind < N_FINDING_KIND);
    findings->count[finding->kind]++;
    hold(findings, finding);
}

void finding_list_gather(MPI_Comm comm, struct finding_list *findings)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int kind = 0; kind < N_FINDING_KIND; kind++)
        sort_kind(findings, kind);
    share_sum_to(comm, findings->count, findings->count, N_FINDING_KIND);
    for (int r = 1; r < size; r++) {
        for (int kind = 0; kind < N_FINDING_KIND && rank == r; kind++)
            share_send(comm, 0, (const char *)findings->items[kind],
                       findings->n[kind] * (int64_t)sizeof(struct finding));
        for (int kind = 0; kind < N_FINDING_KIND && rank == 0; kind++) {
            int64_t n;
            char *bytes = share_receive(comm, r, &n);
            for (int64_t i = 0; i < n / (int64_t)sizeof(struct finding); i++)
                hold(findings, (const struct finding *)(const void *)bytes + i);
            memory_free(bytes);
        }
    }
    for (int kind = 0; kind < N_FINDING_KIND; kind++)
        sort_kind(findings, kind);
    if (rank != 0) {
        int64_t keep = findings->keep;
        finding_list_clear(findings);
        finding_list_init(findings, keep);
    }
}

int64_t finding_list_violations(const struct finding_list *findings)
{
    int64_t n = 0;
    for (int kind = 0; kind < N_FINDING_KIND; kind++)
        n += finding_classes[kind].violation ? findings->count[kind] : 0;
    return n;
}
