#include "lineage/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "capture/recorder_read.h"

void ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){0};
    name_set_init(&ledger->names);
}

static void lexicon_clear(struct lexicon *lexicon)
{
    memory_free(lexicon->names);
    memory_free(lexicon->index);
}

void ledger_clear(struct ledger *ledger)
{
    for (int64_t i = 0; i < ledger->n_recorder; i++) {
        memory_free(ledger->recorders[i].path);
        memory_free(ledger->recorders[i].group_of);
        memory_free(ledger->recorders[i].covers);
    }
    struct lexicon *lexicons[] = {&ledger->groups, &ledger->kinds, &ledger->reasons, &ledger->roles, &ledger->owners};
    for (size_t i = 0; i < sizeof lexicons / sizeof *lexicons; i++)
        lexicon_clear(lexicons[i]);
    for (int kind = 0; kind < N_OBSERVED; kind++)
        for (int k = 0; k < OBSERVED_NAMES; k++)
            lexicon_clear(&ledger->observed_names[kind][k]);
    void *owned[] = {
        ledger->recorders,          ledger->parameters,   ledger->covered,         ledger->policies.items,
        ledger->profiles.items,     ledger->checkpoints,  ledger->steps,           ledger->use_start,
        ledger->contribution_start, ledger->detail_start, ledger->optimizer_start, ledger->events,
        ledger->event_start,        ledger->epochs,       ledger->observations,    ledger->observation_start};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        memory_free(owned[i]);
    name_set_clear(&ledger->names);
    *ledger = (struct ledger){0};
}

int32_t lexicon_add(struct lexicon *lexicon, int64_t name)
{
    if (name < 0)
        return -1;
    if (name >= lexicon->n_index) {
        int64_t larger = 2 * name + 64;
        lexicon->index = memory_resize(lexicon->index, lexicon->n_index, larger, sizeof *lexicon->index);
        for (int64_t i = lexicon->n_index; i < larger; i++)
            lexicon->index[i] = -1;
        lexicon->n_index = larger;
    }
    if (lexicon->index[name] >= 0)
        return lexicon->index[name];
    if (lexicon->n == lexicon->capacity) {
        int64_t larger = lexicon->capacity ? 2 * lexicon->capacity : 16;
        lexicon->names = memory_resize(lexicon->names, lexicon->capacity, larger, sizeof *lexicon->names);
        lexicon->capacity = larger;
    }
    lexicon->names[lexicon->n] = name;
    lexicon->index[name] = (int32_t)lexicon->n;
    return (int32_t)lexicon->n++;
}

int64_t ledger_name(struct ledger *ledger, const char *text)
{
    bool is_new;
    return name_set_add(&ledger->names, text, &is_new);
}

const char *ledger_text(const struct ledger *ledger, int64_t name)
{
    return name < 0 ? "" : name_set_get(&ledger->names, name);
}

/* ---- one file ---------------------------------------------------------------------------------------------------- */

/* The ledger's number for each of the note's names; the caller owns them. */
static int64_t *adopt_names(struct ledger *ledger, const struct recorder_note *note)
{
    int64_t *adopted = memory_allocate(note->names.n, sizeof *adopted);
    for (int64_t i = 0; i < note->names.n; i++)
        adopted[i] = ledger_name(ledger, name_set_get(&note->names, i));
    return adopted;
}

static int64_t adopt(const int64_t *adopted, int64_t name)
{
    return name < 0 ? -1 : adopted[name];
}

static void adopt_groups(struct ledger *ledger, const struct recorder_note *note, const int64_t *adopted,
                         struct recorder_entry *entry)
{
    entry->n_group = note->groups.n;
    entry->group_of = memory_allocate(note->groups.n, sizeof *entry->group_of);
    entry->covers = memory_allocate(note->groups.n, 1);
    for (int64_t k = 0; k < note->groups.n; k++) {
        const struct group_note *group = (const struct group_note *)note->groups.items + k;
        int64_t before = ledger->groups.n;
        int32_t g = lexicon_add(&ledger->groups, adopted[group->name]);
        if (ledger->groups.n > before) {
            ledger->parameters = memory_resize(ledger->parameters, before, before + 1, sizeof *ledger->parameters);
            ledger->covered = memory_resize(ledger->covered, before, before + 1, sizeof *ledger->covered);
            ledger->parameters[g] = group->parameters;
            ledger->covered[g] = 0;
        }
        if (group->parameters > ledger->parameters[g])
            ledger->parameters[g] = group->parameters;
        ledger->covered[g] = ledger->covered[g] || group->covered;
        entry->group_of[k] = g;
        entry->covers[k] = group->covered != 0;
    }
}

static int64_t find_definition(const struct named_texts *list, int64_t name, int64_t sha256)
{
    for (int64_t i = 0; i < list->n; i++)
        if (list->items[i].name == name && (sha256 == -2 || list->items[i].sha256 == sha256))
            return i;
    return -1;
}

static int32_t add_definition(struct named_texts *list, int64_t name, int64_t sha256, int64_t content)
{
    int64_t known = find_definition(list, name, sha256);
    if (known >= 0)
        return (int32_t)known;
    if (list->n == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 16;
        list->items = memory_resize(list->items, list->capacity, larger, sizeof *list->items);
        list->capacity = larger;
    }
    list->items[list->n] = (struct named_text){.name = name, .sha256 = sha256, .content = content};
    return (int32_t)list->n++;
}

static void adopt_definitions(struct ledger *ledger, const struct recorder_note *note, const int64_t *adopted)
{
    for (int64_t i = 0; i < note->definitions.n; i++) {
        const struct definition_note *found = (const struct definition_note *)note->definitions.items + i;
        add_definition(found->is_profile ? &ledger->profiles : &ledger->policies, adopted[found->name],
                       adopted[found->sha256], adopted[found->content]);
    }
}

/* What a name stands for in a file: the text that the file gives last, or that any file gives. */
static int32_t definition_of(struct named_texts *list, const struct recorder_note *note, const int64_t *adopted,
                             int64_t local, bool is_profile)
{
    if (local < 0)
        return -1;
    for (int64_t i = note->definitions.n - 1; i >= 0; i--) {
        const struct definition_note *found = (const struct definition_note *)note->definitions.items + i;
        if (found->name == local && (found->is_profile != 0) == is_profile)
            return (int32_t)find_definition(list, adopted[local], adopted[found->sha256]);
    }
    int64_t known = find_definition(list, adopted[local], -2);
    return known >= 0 ? (int32_t)known : add_definition(list, adopted[local], -1, -1);
}

static void adopt_events(struct ledger *ledger, const struct recorder_note *note, const int64_t *adopted)
{
    ledger->events =
        memory_resize(ledger->events, ledger->n_event, ledger->n_event + note->events.n, sizeof *ledger->events);
    for (int64_t i = 0; i < note->events.n; i++) {
        struct event_note event = ((const struct event_note *)note->events.items)[i];
        if (event.kind == EVENT_ADMISSION) {
            event.name = definition_of(&ledger->policies, note, adopted, event.name, false);
            event.profile = definition_of(&ledger->profiles, note, adopted, event.profile, true);
            event.reason = lexicon_add(&ledger->reasons, adopt(adopted, event.reason));
            ledger->n_admission_event++;
        } else {
            event.name =
                lexicon_add(event.kind == EVENT_ROLE ? &ledger->roles : &ledger->owners, adopt(adopted, event.name));
        }
        ledger->events[ledger->n_event++] = event;
    }
}

static void adopt_observations(struct ledger *ledger, const struct recorder_note *note, const int64_t *adopted)
{
    if (note->observations.n == 0)
        return;
    ledger->observations = memory_resize(ledger->observations, ledger->n_observation,
                                         ledger->n_observation + note->observations.n, sizeof *ledger->observations);
    for (int64_t i = 0; i < note->observations.n; i++) {
        struct event_note event = ((const struct event_note *)note->observations.items)[i];
        for (int k = 0; k < OBSERVED_NAMES; k++)
            *event_name(&event, k) = lexicon_add(&ledger->observed_names[event.kind - EVENT_OBSERVED][k],
                                                 adopt(adopted, *event_name(&event, k)));
        ledger->observations[ledger->n_observation++] = event;
    }
}

static void adopt_gaps(const struct recorder_note *note, int64_t process, const char *path,
                       struct finding_list *findings)
{
    static const enum finding_kind kinds[N_GAP_KIND] = {
        [GAP_RECORDS] = FOUND_MISSING_RECORDS, [GAP_STEPS] = FOUND_MISSING_STEPS, [GAP_LOST] = FOUND_LOST_EVENTS,
        [GAP_NOT_CLOSED] = FOUND_CUT_OFF,      [GAP_UNCOUNTED] = FOUND_UNCOUNTED, [GAP_SUPERSEDED] = FOUND_SUPERSEDED};
    for (int64_t i = 0; i < note->gaps.n; i++) {
        const struct gap_note *gap = (const struct gap_note *)note->gaps.items + i;
        /* Cut off, and gone on with in a later session: what is missing in between is told as steps. */
        bool resumed = gap->kind == GAP_NOT_CLOSED && gap->session < note->last_with_steps;
        struct finding finding = finding_of(resumed ? FOUND_RESUMED : kinds[gap->kind]);
        finding.step = gap->kind == GAP_RECORDS ? -1 : gap->first;
        finding.process = process;
        finding.size = gap->count >= 0 ? (double)gap->count : finding.size;
        finding_say(&finding, "%s: %s", path, name_set_get(&note->names, gap->sentence));
        finding_list_add(findings, &finding);
    }
}

void ledger_add(struct ledger *ledger, const char *path, const struct recorder_note *note,
                struct finding_list *findings)
{
    int64_t *adopted = adopt_names(ledger, note), n = ledger->n_recorder, n_list = note->kinds.n;
    ledger->recorders = memory_resize(ledger->recorders, n, n + 1, sizeof *ledger->recorders);
    struct recorder_entry *entry = &ledger->recorders[ledger->n_recorder++];
    *entry = (struct recorder_entry){.path = memory_copy_text(path),
                                     .process = note->rank,
                                     .world_size = note->world_size,
                                     .n_step = note->n_step,
                                     .n_use = note->n_use,
                                     .closed = note->closed,
                                     .run = adopt(adopted, note->run),
                                     .samples_sha256 = adopt(adopted, note->samples_sha256),
                                     .key_id = adopt(adopted, note->key_id)};
    adopt_groups(ledger, note, adopted, entry);
    adopt_definitions(ledger, note, adopted);
    adopt_events(ledger, note, adopted);
    adopt_observations(ledger, note, adopted);
    for (int64_t k = 0; k < n_list; k++)
        lexicon_add(&ledger->kinds, adopted[((const int64_t *)note->kinds.items)[k]]);
    if (note->checkpoints.n > 0)
        ledger->checkpoints = memory_resize(ledger->checkpoints, ledger->n_checkpoint,
                                            ledger->n_checkpoint + note->checkpoints.n, sizeof *ledger->checkpoints);
    for (int64_t i = 0; i < note->checkpoints.n; i++) {
        struct checkpoint_note checkpoint = ((const struct checkpoint_note *)note->checkpoints.items)[i];
        checkpoint.name = adopt(adopted, checkpoint.name);
        checkpoint.sha256 = adopt(adopted, checkpoint.sha256);
        ledger->checkpoints[ledger->n_checkpoint++] = checkpoint;
    }
    if (note->steps.n > 0) {
        ledger->steps =
            memory_resize(ledger->steps, ledger->n_step, ledger->n_step + note->steps.n, sizeof *ledger->steps);
        memcpy(ledger->steps + ledger->n_step, note->steps.items, (size_t)note->steps.n * sizeof *ledger->steps);
        ledger->n_step += note->steps.n;
    }
    adopt_gaps(note, note->rank, path, findings);
    memory_free(adopted);
}

void ledger_add_order(struct ledger *ledger, int64_t n_step, const int64_t *n)
{
    ledger->steps = memory_resize(ledger->steps, ledger->n_step, ledger->n_step + n_step, sizeof *ledger->steps);
    for (int64_t i = 0; i < n_step; i++)
        ledger->steps[ledger->n_step++] = (struct step_note){
            .step = i, .record = i, .epoch = -1, .n = n[i], .session = -1, .recorder = -1, .process = -1};
}

int64_t ledger_bytes(int64_t n_step, int64_t n_event)
{
    /* As bytes on their way, as notes, and in the ledger with their starts and what uses ask of them. */
    const int64_t step = 3 * (int64_t)sizeof(struct step_note) + 6 * 8,
                  event = 3 * (int64_t)sizeof(struct event_note) + 8;
    return step * n_step + event * n_event;
}
