/* A recorder file becomes a note: every step and every event is met once. */
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/stop.h"
#include "capture/recorder_read.h"
#include "lineage/note.h"
#include "lineage/observation.h"

enum { PROCESSES_MOST = 10 * 1000 * 1000 };

struct reading {
    struct recording *recording;
    const char *name; /* of the file, as the config finds it */
    int32_t recorder;
    struct tally *tally;
    struct recorder_note *note;
};

static int64_t name_of(struct reading *reading, const char *text)
{
    bool is_new;
    return text == NULL ? -1 : name_set_add(&reading->note->names, text, &is_new);
}

static int64_t name_of_digest(struct reading *reading, const uint8_t *digest)
{
    char hex[2 * DIGEST_BYTES + 1];
    if (digest == NULL)
        return -1;
    hex_encode(digest, DIGEST_BYTES, hex);
    return name_of(reading, hex);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static enum status note_contributions(struct recording_steps *steps, struct step_note *step)
{
    struct recorded_contribution contribution;
    bool more = true;
    enum status status;
    while ((status = recording_next_contribution(steps, &contribution, &more)) == STATUS_OK && more) {
        step->n_contribution++;
        step->n_detailed += contribution.norms != NULL || contribution.shares != NULL;
    }
    return status;
}

static enum status note_optimizers(struct reading *reading, struct recording_steps *steps, struct step_note *step)
{
    struct note_list *kinds = &reading->note->kinds;
    struct recorded_optimizer optimizer;
    bool more = true;
    enum status status;
    while ((status = recording_next_optimizer(steps, &optimizer, &more)) == STATUS_OK && more) {
        int64_t k = 0;
        while (k < kinds->n &&
               strcmp(name_set_get(&reading->note->names, ((const int64_t *)kinds->items)[k]), optimizer.kind) != 0)
            k++;
        if (k == kinds->n)
            *(int64_t *)note_list_add(kinds, sizeof(int64_t)) = name_of(reading, optimizer.kind);
        step->n_optimizer++;
    }
    return status;
}

static enum status note_step(void *context, struct recording_steps *steps, const struct recorded_step *recorded)
{
    struct reading *reading = context;
    if (stop_requested())
        return fail(STOPPED, "%s: stopped on request while it was read; run the same command again", reading->name);
    struct step_note step = {.step = recorded->step,
                             .record = recorded->record,
                             .epoch = recorded->epoch,
                             .n = recorded->n,
                             .session = (int32_t)recorded->session,
                             .recorder = reading->recorder,
                             .process = (int32_t)reading->note->rank,
                             .superseded = recorded->superseded,
                             .has_losses = recorded->losses != NULL,
                             .has_weights = recorded->weights != NULL};
    enum status status = note_contributions(steps, &step);
    if (status == STATUS_OK)
        status = note_optimizers(reading, steps, &step);
    tally_add(reading->tally, reading->tally->uses, recorded->n, recorded->samples, &reading->tally->n_unknown);
    reading->note->last_with_steps = recorded->session;
    *(struct step_note *)note_list_add(&reading->note->steps, sizeof step) = step;
    return status;
}

static enum status note_steps(struct reading *reading)
{
    struct recorder_note *note = reading->note;
    struct recording_survey survey;
    enum status status = recording_survey_visit(reading->recording, &survey, note_step, reading);
    if (status != STATUS_OK)
        return status;
    note->closed = true;
    for (int64_t i = 0; i < survey.n_gap; i++) {
        const struct recording_gap *gap = &survey.gaps[i];
        struct text sentence;
        text_init(&sentence);
        recording_gap_say(gap, &sentence);
        struct gap_note *added = note_list_add(&note->gaps, sizeof *added);
        *added = (struct gap_note){gap->kind, gap->session, gap->first,
                                   gap->last, gap->count,   name_of(reading, sentence.bytes)};
        note->closed = note->closed && !(gap->kind == GAP_NOT_CLOSED && gap->session == note->n_session);
        text_clear(&sentence);
    }
    note->n_step = survey.n_step;
    note->n_use = survey.n_use;
    note->step_first = survey.step_first;
    note->step_last = survey.step_last;
    recording_survey_clear(&survey);
    return STATUS_OK;
}

/* ---- the rows of other tables ------------------------------------------------------------------------------------ */

static void add_event(struct reading *reading, const struct recording_rows *rows, int samples_column,
                      struct event_note event)
{
    int64_t n, unknown = 0;
    const int64_t *samples = recording_array(rows, samples_column, &n);
    event.row = recording_row(rows);
    event.n = n;
    event.session = (int32_t)recording_integer(rows, 0);
    event.recorder = reading->recorder;
    event.process = (int32_t)reading->note->rank;
    tally_add(reading->tally, reading->tally->events, n, samples, &unknown);
    *(struct event_note *)note_list_add(&reading->note->events, sizeof event) = event;
}

static enum status note_admission(struct reading *reading, const struct recording_rows *rows)
{
    enum { SESSION, STEP, DECISION, POLICY, PROFILE, REASON, N, SAMPLES };
    struct event_note event = {.kind = EVENT_ADMISSION, .step = recording_integer(rows, STEP)};
    while (event.decision < N_DECISION &&
           strcmp(recording_text(rows, DECISION), decision_name((enum decision)event.decision)) != 0)
        event.decision++;
    if (event.decision == N_DECISION)
        return fail(BAD_INPUT, "%s: table admission, row %lld: expected \"admit\", \"modulate\" or \"reject\"",
                    reading->name, (long long)recording_row(rows));
    event.name = (int32_t)name_of(reading, recording_text(rows, POLICY));
    event.profile = (int32_t)name_of(reading, recording_text(rows, PROFILE));
    event.reason = (int32_t)name_of(reading, recording_text(rows, REASON));
    add_event(reading, rows, SAMPLES, event);
    return STATUS_OK;
}

static enum status note_role(struct reading *reading, const struct recording_rows *rows)
{
    enum { SESSION, ROLE, N, SAMPLES };
    int32_t name = (int32_t)name_of(reading, recording_text(rows, ROLE));
    add_event(reading, rows, SAMPLES,
              (struct event_note){.kind = EVENT_ROLE, .step = -1, .name = name, .profile = -1, .reason = -1});
    return STATUS_OK;
}

static enum status note_user(struct reading *reading, const struct recording_rows *rows)
{
    enum { SESSION, PSEUDONYM, N, SAMPLES };
    int32_t name = (int32_t)name_of_digest(reading, recording_digest(rows, PSEUDONYM));
    add_event(reading, rows, SAMPLES,
              (struct event_note){.kind = EVENT_USER, .step = -1, .name = name, .profile = -1, .reason = -1});
    return STATUS_OK;
}

static enum status note_group(struct reading *reading, const struct recording_rows *rows)
{
    enum { NUMBER, NAME, PARAMETERS, COVERED };
    struct group_note *group = note_list_add(&reading->note->groups, sizeof *group);
    *group = (struct group_note){name_of(reading, recording_text(rows, NAME)), recording_integer(rows, PARAMETERS),
                                 recording_integer(rows, COVERED) != 0};
    return STATUS_OK;
}

static enum status note_definition(struct reading *reading, const struct recording_rows *rows)
{
    enum { SESSION, KIND, NAME, SHA256, CONTENT };
    const char *kind = recording_text(rows, KIND);
    if (strcmp(kind, "policy") != 0 && strcmp(kind, "profile") != 0)
        return fail(BAD_INPUT, "%s: table definition, row %lld: expected \"policy\" or \"profile\"", reading->name,
                    (long long)recording_row(rows));
    uint8_t sha256[DIGEST_BYTES];
    const char *content = recording_text(rows, CONTENT);
    digest_of(content, strlen(content), sha256);
    if (memcmp(sha256, recording_digest(rows, SHA256), DIGEST_BYTES) != 0)
        return fail(BAD_INPUT, "%s: table definition, row %lld: expected the SHA-256 of its content", reading->name,
                    (long long)recording_row(rows));
    struct definition_note *definition = note_list_add(&reading->note->definitions, sizeof *definition);
    *definition = (struct definition_note){kind[1] == 'r', name_of(reading, recording_text(rows, NAME)),
                                           name_of_digest(reading, sha256), name_of(reading, content)};
    return STATUS_OK;
}

static enum status note_checkpoint(struct reading *reading, const struct recording_rows *rows)
{
    enum { SESSION, STEP, NAME, FILE_NAME, SHA256, RATE, LOSS };
    struct checkpoint_note *checkpoint = note_list_add(&reading->note->checkpoints, sizeof *checkpoint);
    *checkpoint = (struct checkpoint_note){.name = name_of(reading, recording_text(rows, NAME)),
                                           .sha256 = name_of_digest(reading, recording_digest(rows, SHA256)),
                                           .step = recording_integer(rows, STEP),
                                           .learning_rate = recording_real(rows, RATE),
                                           .validation_loss = recording_real(rows, LOSS)};
    return STATUS_OK;
}

static const struct {
    enum table_id table;
    enum status (*note)(struct reading *reading, const struct recording_rows *rows);
} tables[] = {{TABLE_PARAMETER_GROUP, note_group},
              {TABLE_DEFINITION, note_definition},
              {TABLE_CHECKPOINT, note_checkpoint},
              {TABLE_ADMISSION, note_admission},
              {TABLE_ROLE, note_role},
              {TABLE_USER, note_user}};

static enum status note_tables(struct reading *reading)
{
    enum status status = STATUS_OK;
    for (size_t t = 0; t < sizeof tables / sizeof *tables && status == STATUS_OK; t++) {
        struct recording_rows *rows = NULL;
        bool more = true;
        status = recording_rows_open(reading->recording, tables[t].table, &rows);
        while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more)
            status = tables[t].note(reading, rows);
        recording_rows_close(rows);
    }
    return status;
}

/* What is longer would widen every row of its list: the beginning, and the digest of the whole. */
static int64_t name_of_long(struct reading *reading, const char *text)
{
    enum { LONGEST = 256, KEPT = 120 };
    size_t n = text != NULL ? strlen(text) : 0;
    if (n <= LONGEST)
        return name_of(reading, text);
    uint8_t digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    digest_of(text, n, digest);
    hex_encode(digest, DIGEST_BYTES, hex);
    size_t kept = KEPT;
    while (((unsigned char)text[kept] & 0xc0) == 0x80) /* not within a character */
        kept--;
    struct text cut;
    text_init(&cut);
    text_add(&cut, "%.*s… (%zu bytes, SHA-256 %s)", (int)kept, text, n, hex);
    int64_t name = name_of(reading, cut.bytes);
    text_clear(&cut);
    return name;
}

/* ---- what was observed ------------------------------------------------------------------------------------------- */

static void note_observation(struct reading *reading, const struct recording_rows *rows, int kind)
{
    const struct observation_class *class = &observation_classes[kind];
    struct event_note event = {.kind = EVENT_OBSERVED + kind,
                               .row = recording_row(rows),
                               .step = -1,
                               .session = (int32_t)recording_integer(rows, 0),
                               .recorder = reading->recorder,
                               .process = (int32_t)reading->note->rank,
                               .name = -1,
                               .profile = -1,
                               .reason = -1};
    if (class->step != NULL)
        event.step = recording_integer(rows, schema_find(class->table, "step", COLUMN_INTEGER));
    for (int k = 0; class->names[k].column != NULL; k++) {
        int column = schema_find(class->table, class->names[k].column, COLUMN_TEXT);
        *event_name(&event, k) = (int32_t)name_of_long(reading, recording_text(rows, column));
    }
    recording_array(rows, schema_find(class->table, "samples", COLUMN_I64S), &event.n);
    *(struct event_note *)note_list_add(&reading->note->observations, sizeof event) = event;
}

static enum status note_observations(struct reading *reading)
{
    enum status status = STATUS_OK;
    for (int kind = 0; kind < N_OBSERVED && status == STATUS_OK; kind++) {
        struct recording_rows *rows = NULL;
        bool more = true;
        status = recording_rows_open(reading->recording, observation_classes[kind].table, &rows);
        while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more)
            note_observation(reading, rows, kind);
        recording_rows_close(rows);
    }
    return status;
}

/* Observations in steps that a later session did again are void, as the steps are. */
static void void_observations(struct recorder_note *note)
{
    int64_t *again = memory_allocate_raw(note->n_session + 2, sizeof *again); /* the first step of the sessions after */
    for (int64_t s = 0; s < note->n_session + 2; s++)
        again[s] = INT64_MAX;
    const struct step_note *steps = note->steps.items;
    for (int64_t i = 0; i < note->steps.n; i++)
        if (steps[i].session >= 1 && steps[i].session <= note->n_session && steps[i].step < again[steps[i].session - 1])
            again[steps[i].session - 1] = steps[i].step;
    for (int64_t s = note->n_session - 1; s >= 0; s--)
        again[s] = again[s] < again[s + 1] ? again[s] : again[s + 1];
    struct event_note *events = note->observations.items;
    for (int64_t i = 0; i < note->observations.n; i++)
        if (events[i].session >= 0 && events[i].session <= note->n_session)
            events[i].superseded = events[i].step >= again[events[i].session];
    memory_free(again);
}

enum status note_read(const char *path, const char *name, int32_t recorder, struct tally *tally,
                      struct recorder_note *note)
{
    struct reading reading = {.name = name, .recorder = recorder, .tally = tally, .note = note};
    note_init(note);
    enum status status = recording_open(path, &reading.recording);
    if (status != STATUS_OK)
        return status;
    const struct recording_info *info = recording_info(reading.recording);
    if (info->world_size > PROCESSES_MOST) {
        status = fail(BAD_INPUT, "%s: meta: expected a world size of at most %d, found %lld", name, PROCESSES_MOST,
                      (long long)info->world_size);
        recording_close(reading.recording);
        return status;
    }
    note->rank = info->rank;
    note->world_size = info->world_size;
    note->n_session = info->n_session;
    note->run = name_of(&reading, info->run);
    note->samples_sha256 = name_of(&reading, info->samples_sha256);
    note->key_id = name_of(&reading, info->key_id);
    status = note_tables(&reading);
    if (status == STATUS_OK)
        status = note_observations(&reading);
    if (status == STATUS_OK)
        status = note_steps(&reading);
    if (status == STATUS_OK)
        void_observations(note);
    recording_close(reading.recording);
    return status;
}
