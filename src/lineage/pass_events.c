/* Admissions in windows, and observations in windows: each rank reads and writes its own. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "lineage/job.h"
#include "lineage/rows.h"

/* One finding for all samples of an event that the samples file does not have. */
static void find_unknown(struct lineage_job *job, const struct event_note *event, const int64_t *samples,
                         const char *plural)
{
    int64_t n_unknown = 0, unknown = -1;
    for (int64_t i = 0; i < event->n; i++)
        if (samples[i] >= job->tally.n_sample) {
            n_unknown++;
            unknown = unknown < 0 || samples[i] < unknown ? samples[i] : unknown;
        }
    if (n_unknown == 0)
        return;
    struct finding finding = finding_of(FOUND_UNKNOWN_SAMPLE);
    finding.step = event->step;
    finding.process = event->process;
    finding.sample = unknown;
    finding.size = (double)n_unknown;
    finding_say(&finding, "%lld samples of recorded %s are not in the samples file, such as %lld", (long long)n_unknown,
                plural, (long long)unknown);
    finding_list_add(&job->findings, &finding);
}

/* ---- admissions -------------------------------------------------------------------------------------------------- */

/* The admissions of a window, as the table has them. */
struct admission_rows {
    int64_t n, *sample, *step, *process, *session; /* owned, as all */
    int32_t *decision, *policy, *profile, *reason;
    double *weight;
};

static void admissions_make(int64_t n, struct admission_rows *rows)
{
    int64_t **wide[] = {&rows->sample, &rows->step, &rows->process, &rows->session};
    int32_t **narrow[] = {&rows->decision, &rows->policy, &rows->profile, &rows->reason};
    rows->n = n;
    for (int i = 0; i < 4; i++) {
        *wide[i] = memory_allocate_raw(n, sizeof **wide[i]);
        *narrow[i] = memory_allocate_raw(n, sizeof **narrow[i]);
    }
    rows->weight = memory_allocate_raw(n, sizeof *rows->weight);
}

static void admissions_clear(struct admission_rows *rows)
{
    void *owned[] = {rows->sample, rows->step,    rows->process, rows->session, rows->decision,
                     rows->policy, rows->profile, rows->reason,  rows->weight};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        memory_free(owned[i]);
}

static void take_admission(struct lineage_job *job, const struct event_note *event, const int64_t *samples,
                           const float *weights, int64_t at, struct admission_rows *rows)
{
    for (int64_t i = 0; i < event->n; i++) {
        rows->sample[at + i] = samples[i];
        rows->step[at + i] = event->step;
        rows->process[at + i] = event->process;
        rows->session[at + i] = event->session;
        rows->decision[at + i] = event->decision;
        rows->policy[at + i] = event->name;
        rows->profile[at + i] = event->profile;
        rows->reason[at + i] = event->reason;
        rows->weight[at + i] = weights != NULL ? (double)weights[i] : 1;
    }
    find_unknown(job, event, samples, "admissions");
}

static enum status write_admissions(const struct lineage_job *job, int64_t first, const struct admission_rows *a)
{
    const struct rows rows[] = {
        {"/admissions/sample", a->sample, first, a->n},     {"/admissions/step", a->step, first, a->n},
        {"/admissions/process", a->process, first, a->n},   {"/admissions/session", a->session, first, a->n},
        {"/admissions/decision", a->decision, first, a->n}, {"/admissions/policy", a->policy, first, a->n},
        {"/admissions/profile", a->profile, first, a->n},   {"/admissions/reason", a->reason, first, a->n},
        {"/admissions/weight", a->weight, first, a->n}};
    return rows_write(job->table, rows, sizeof rows / sizeof *rows);
}

static enum status take_admissions(struct lineage_job *job, int64_t w)
{
    const struct ledger *ledger = &job->ledger;
    int64_t first = job->event_windows.first[w], end = job->event_windows.first[w + 1];
    end = end < ledger->n_admission_event ? end : ledger->n_admission_event;
    if (first >= end)
        return STATUS_OK;
    struct event_cursor cursor = {0};
    struct admission_rows rows;
    int64_t begin = ledger->event_start[first];
    admissions_make(ledger->event_start[end] - begin, &rows);
    enum status status = job_check_stop();
    for (int64_t e = first; e < end && status == STATUS_OK; e++) {
        const int64_t *samples = NULL;
        const float *weights = NULL;
        status = sources_event(&job->sources, &cursor, e, &samples, &weights);
        if (status == STATUS_OK)
            take_admission(job, &ledger->events[e], samples, weights, ledger->event_start[e] - begin, &rows);
    }
    if (status == STATUS_OK)
        status = write_admissions(job, begin, &rows);
    event_cursor_close(&cursor);
    admissions_clear(&rows);
    return status;
}

/* ---- observations ------------------------------------------------------------------------------------------------ */

/* Observations of one kind, as its tables have them. */
struct observation_rows {
    int64_t n, *sample, *step, *process, *session; /* owned, as all */
    uint8_t *superseded;
    int32_t *names[OBSERVED_NAMES];
    void *values[OBSERVED_VALUES]; /* of 8 bytes each */
};

static void observations_make(int64_t n, struct observation_rows *rows)
{
    int64_t **wide[] = {&rows->sample, &rows->step, &rows->process, &rows->session};
    rows->n = n;
    for (int i = 0; i < 4; i++)
        *wide[i] = memory_allocate_raw(n, sizeof **wide[i]);
    rows->superseded = memory_allocate_raw(n, sizeof *rows->superseded);
    for (int k = 0; k < OBSERVED_NAMES; k++)
        rows->names[k] = memory_allocate_raw(n, sizeof *rows->names[k]);
    for (int v = 0; v < OBSERVED_VALUES; v++)
        rows->values[v] = memory_allocate_raw(n, 8);
}

static void observations_clear(struct observation_rows *rows)
{
    void *owned[] = {rows->sample, rows->step, rows->process, rows->session, rows->superseded};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        memory_free(owned[i]);
    for (int k = 0; k < OBSERVED_NAMES; k++)
        memory_free(rows->names[k]);
    for (int v = 0; v < OBSERVED_VALUES; v++)
        memory_free(rows->values[v]);
}

/* An array of the recorder's row as 64-bit numbers; -1 or NaN where it has none. */
static void take_values(const struct observed_value *value, enum table_id table, const struct recording_rows *row,
                        int64_t n, void *numbers)
{
    const void *array = recording_array(row, schema_find(table, value->column, value->kind), NULL);
    for (int64_t i = 0; i < n; i++) {
        if (value->kind == COLUMN_I64S)
            ((int64_t *)numbers)[i] = array != NULL ? ((const int64_t *)array)[i] : -1;
        else if (value->kind == COLUMN_F32S)
            ((double *)numbers)[i] = array != NULL ? (double)((const float *)array)[i] : (double)NAN;
        else
            ((double *)numbers)[i] = array != NULL ? ((const double *)array)[i] : (double)NAN;
    }
}

static void take_observation(struct lineage_job *job, const struct event_note *event, const struct recording_rows *row,
                             int64_t at, struct observation_rows *rows)
{
    const struct observation_class *class = &observation_classes[event->kind - EVENT_OBSERVED];
    const int64_t *samples = recording_array(row, schema_find(class->table, "samples", COLUMN_I64S), NULL);
    struct event_note names = *event;
    for (int64_t i = 0; i < event->n; i++) {
        rows->sample[at + i] = samples[i];
        rows->step[at + i] = event->step;
        rows->process[at + i] = event->process;
        rows->session[at + i] = event->session;
        rows->superseded[at + i] = event->superseded != 0;
        for (int k = 0; k < OBSERVED_NAMES; k++)
            rows->names[k][at + i] = *event_name(&names, k);
    }
    for (int v = 0; class->values[v].column != NULL; v++)
        take_values(&class->values[v], class->table, row, event->n, (int64_t *)rows->values[v] + at);
    find_unknown(job, event, samples, class->plural);
}

static enum status write_observations(const struct lineage_job *job, int kind, int64_t first,
                                      const struct observation_rows *o)
{
    const struct observation_class *class = &observation_classes[kind];
    struct rows rows[5 + OBSERVED_NAMES + OBSERVED_VALUES] = {{class->sample, o->sample, first, o->n},
                                                              {class->process, o->process, first, o->n},
                                                              {class->session, o->session, first, o->n}};
    size_t n = 3;
    if (class->step != NULL)
        rows[n++] = (struct rows){class->step, o->step, first, o->n};
    if (class->superseded != NULL)
        rows[n++] = (struct rows){class->superseded, o->superseded, first, o->n};
    for (int k = 0; class->names[k].column != NULL; k++)
        rows[n++] = (struct rows){class->names[k].path, o->names[k], first, o->n};
    for (int v = 0; class->values[v].column != NULL; v++)
        rows[n++] = (struct rows){class->values[v].path, o->values[v], first, o->n};
    return rows_write(job->table, rows, n);
}

/* Where in a recorder's file an observation is. */
struct origin {
    int64_t row, event;
    int32_t recorder;
};

static int compare_origins(const void *a, const void *b)
{
    const struct origin *left = a, *right = b;
    if (left->recorder != right->recorder)
        return left->recorder < right->recorder ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

/* Observations [first, end) file by file, and in each as it has them; the caller owns them. */
static struct origin *by_origin(const struct ledger *ledger, int64_t first, int64_t end)
{
    struct origin *origins = memory_allocate_raw(end - first, sizeof *origins);
    for (int64_t e = first; e < end; e++)
        origins[e - first] = (struct origin){ledger->observations[e].row, e, ledger->observations[e].recorder};
    qsort(origins, (size_t)(end - first), sizeof *origins, compare_origins);
    return origins;
}

/* Observations [first, end), all of one kind. */
static enum status take_kind(struct lineage_job *job, int kind, int64_t first, int64_t end)
{
    const struct ledger *ledger = &job->ledger;
    int64_t begin = ledger->observation_start[first];
    struct event_cursor cursor = {0};
    struct observation_rows rows;
    observations_make(ledger->observation_start[end] - begin, &rows);
    enum status status = job_check_stop();
    struct origin *origins = by_origin(ledger, first, end);
    for (int64_t i = 0; i < end - first && status == STATUS_OK; i++) {
        int64_t e = origins[i].event;
        const struct event_note *event = &ledger->observations[e];
        status = sources_row(&job->sources, &cursor, event);
        if (status == STATUS_OK)
            take_observation(job, event, cursor.rows, ledger->observation_start[e] - begin, &rows);
    }
    if (status == STATUS_OK)
        status = write_observations(job, kind, begin - ledger->observation_start[ledger->observed[kind]], &rows);
    event_cursor_close(&cursor);
    memory_free(origins);
    observations_clear(&rows);
    return status;
}

static enum status take_observations(struct lineage_job *job, int64_t w)
{
    const int64_t *observed = job->ledger.observed;
    int64_t first = job->observation_windows.first[w], end = job->observation_windows.first[w + 1];
    enum status status = STATUS_OK;
    for (int kind = 0; kind < N_OBSERVED && status == STATUS_OK; kind++) {
        int64_t from = first > observed[kind] ? first : observed[kind];
        int64_t to = end < observed[kind + 1] ? end : observed[kind + 1];
        if (from < to)
            status = take_kind(job, kind, from, to);
    }
    return status;
}

enum status job_pass_events(struct lineage_job *job)
{
    enum status status = STATUS_OK;
    for (int64_t w = job->rank; w < job->event_windows.n && status == STATUS_OK; w += job->size)
        status = take_admissions(job, w);
    for (int64_t w = job->rank; w < job->observation_windows.n && status == STATUS_OK; w += job->size)
        status = take_observations(job, w);
    return agree(job->comm, status);
}
