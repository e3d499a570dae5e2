/* What a recorder file does not have, though it should. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "capture/recording_parts.h"

static struct recording_gap *add_gap(struct recording_survey *survey, enum gap_kind kind, int64_t session)
{
    if (survey->n_gap == survey->capacity) {
        int64_t capacity = survey->capacity ? 2 * survey->capacity : 16;
        survey->gaps = memory_resize(survey->gaps, survey->capacity, capacity, sizeof *survey->gaps);
        survey->capacity = capacity;
    }
    struct recording_gap *gap = &survey->gaps[survey->n_gap++];
    *gap = (struct recording_gap){.kind = kind, .session = session, .first = -1, .last = -1, .count = -1};
    return gap;
}

static void add_range(struct recording_survey *survey, enum gap_kind kind, int64_t session, int64_t first, int64_t last)
{
    struct recording_gap *gap = add_gap(survey, kind, session);
    gap->first = first;
    gap->last = last;
    gap->count = last - first + 1;
}

/* What the steps of a session say about it. */
struct session_tally {
    int64_t n_step, n_use, first, last; /* steps; -1 if there is none */
    bool closed;
};

static enum status count_steps(struct recording *recording, struct recording_survey *survey,
                               struct session_tally *tallies, recording_visit *visit, void *context)
{
    struct recording_steps *steps = NULL;
    struct recorded_step step;
    bool more = true;
    int64_t record = 0;
    enum status status = recording_steps_open(recording, &steps);
    while (status == STATUS_OK && (status = recording_next_step(steps, &step, &more)) == STATUS_OK && more) {
        struct session_tally *tally = &tallies[step.session - 1];
        if (step.record > record + 1)
            add_range(survey, GAP_RECORDS, step.session, record + 1, step.record - 1);
        else if (tally->n_step > 0 && step.step > tally->last + 1)
            add_range(survey, GAP_STEPS, step.session, tally->last + 1, step.step - 1);
        record = step.record;
        if (tally->n_step == 0)
            tally->first = step.step;
        tally->last = step.step;
        tally->n_step++;
        tally->n_use += step.n;
        survey->n_step++;
        survey->n_use += step.n;
        survey->n_superseded += step.superseded;
        if (visit != NULL)
            status = visit(context, steps, &step);
    }
    recording_steps_close(steps);
    return status;
}

/* Between sessions: steps that nobody did, or that a later session did again. */
static void join_sessions(struct recording_survey *survey, const struct session_tally *tallies, int64_t n)
{
    int64_t reach = -1; /* the last step so far that counts */
    for (int64_t s = 0; s < n; s++) {
        if (tallies[s].n_step == 0)
            continue;
        if (survey->step_first < 0)
            survey->step_first = tallies[s].first;
        else if (tallies[s].first > reach + 1)
            add_range(survey, GAP_STEPS, s + 1, reach + 1, tallies[s].first - 1);
        else if (tallies[s].first <= reach)
            add_range(survey, GAP_SUPERSEDED, s + 1, tallies[s].first, reach);
        if (tallies[s].first < survey->step_first)
            survey->step_first = tallies[s].first;
        reach = tallies[s].last;
    }
    survey->step_last = reach;
}

static enum status read_losses(struct recording *recording, struct recording_survey *survey)
{
    enum { SESSION, FIRST, LAST, WHAT, COUNT, REASON };
    struct recording_rows *rows = NULL;
    bool more = true;
    enum status status = recording_rows_open(recording, TABLE_LOST, &rows);
    while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more) {
        struct recording_gap *gap = add_gap(survey, GAP_LOST, recording_integer(rows, SESSION));
        gap->first = recording_integer(rows, FIRST);
        gap->last = recording_integer(rows, LAST);
        gap->count = recording_integer(rows, COUNT);
        gap->what = memory_copy_text(recording_text(rows, WHAT));
        gap->reason = memory_copy_text(recording_text(rows, REASON));
    }
    recording_rows_close(rows);
    return status;
}

static void compare_count(struct recording_survey *survey, int64_t session, const char *what, int64_t said,
                          int64_t found)
{
    if (said == found)
        return;
    struct recording_gap *gap = add_gap(survey, GAP_UNCOUNTED, session);
    gap->count = said - found;
    gap->what = memory_copy_text(what);
}

static enum status read_closings(struct recording *recording, struct recording_survey *survey,
                                 struct session_tally *tallies)
{
    enum { SESSION, TIME, STEPS, USES };
    struct recording_rows *rows = NULL;
    bool more = true;
    enum status status = recording_rows_open(recording, TABLE_CLOSING, &rows);
    while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more) {
        int64_t session = recording_integer(rows, SESSION);
        if (session < 1 || session > recording->info.n_session || tallies[session - 1].closed) {
            status = recording_expected(rows, "a session that the file has, closed once");
            break;
        }
        tallies[session - 1].closed = true;
        compare_count(survey, session, "steps", recording_integer(rows, STEPS), tallies[session - 1].n_step);
        compare_count(survey, session, "uses", recording_integer(rows, USES), tallies[session - 1].n_use);
    }
    recording_rows_close(rows);
    for (int64_t s = 0; s < recording->info.n_session && status == STATUS_OK; s++)
        if (!tallies[s].closed)
            add_gap(survey, GAP_NOT_CLOSED, s + 1)->first = tallies[s].last;
    return status;
}

static int compare_gaps(const void *a, const void *b)
{
    const struct recording_gap *left = a, *right = b;
    if (left->session != right->session)
        return left->session < right->session ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return (left->first > right->first) - (left->first < right->first);
}

enum status recording_survey(struct recording *recording, struct recording_survey *survey)
{
    return recording_survey_visit(recording, survey, NULL, NULL);
}

enum status recording_survey_visit(struct recording *recording, struct recording_survey *survey, recording_visit *visit,
                                   void *context)
{
    *survey = (struct recording_survey){.step_first = -1, .step_last = -1};
    int64_t n = recording->info.n_session;
    struct session_tally *tallies = memory_allocate(n, sizeof *tallies);
    for (int64_t s = 0; s < n; s++)
        tallies[s].first = tallies[s].last = -1;
    enum status status = count_steps(recording, survey, tallies, visit, context);
    if (status == STATUS_OK) {
        join_sessions(survey, tallies, n);
        status = read_losses(recording, survey);
    }
    if (status == STATUS_OK)
        status = read_closings(recording, survey, tallies);
    memory_free(tallies);
    if (status != STATUS_OK)
        recording_survey_clear(survey);
    else if (survey->n_gap > 1)
        qsort(survey->gaps, (size_t)survey->n_gap, sizeof *survey->gaps, compare_gaps);
    return status;
}

void recording_survey_clear(struct recording_survey *survey)
{
    for (int64_t i = 0; i < survey->n_gap; i++) {
        memory_free(survey->gaps[i].what);
        memory_free(survey->gaps[i].reason);
    }
    memory_free(survey->gaps);
    *survey = (struct recording_survey){0};
}

void recording_gap_say(const struct recording_gap *gap, struct text *text)
{
    long long session = (long long)gap->session, first = (long long)gap->first, last = (long long)gap->last,
              count = (long long)gap->count;
    switch (gap->kind) {
        case GAP_RECORDS:
            text_add(text, "session %lld: records %lld to %lld of steps are not there", session, first, last);
            break;
        case GAP_STEPS:
            text_add(text, "session %lld: steps %lld to %lld were not recorded", session, first, last);
            break;
        case GAP_LOST:
            text_add(text, "session %lld: the recorder lost %lld of \"%s\"", session, count, gap->what);
            if (gap->first >= 0)
                text_add(text, " in steps %lld to %lld", first, last);
            text_add(text, ": %s", gap->reason);
            break;
        case GAP_NOT_CLOSED:
            if (gap->first >= 0)
                text_add(text, "session %lld: cut off after step %lld: the step in flight is not there", session,
                         first);
            else
                text_add(text, "session %lld: cut off before its first step was complete", session);
            break;
        case GAP_UNCOUNTED:
            text_add(text, "session %lld: its closing counts %lld more %s than are there", session, count, gap->what);
            break;
        case GAP_SUPERSEDED:
            text_add(text, "session %lld: steps %lld to %lld of earlier sessions were done again, and are void",
                     session, first, last);
            break;
        case N_GAP_KIND:
            break;
    }
}
