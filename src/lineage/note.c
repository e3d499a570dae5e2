#include "lineage/note.h"

#include <string.h>

#include "base/memory.h"

void note_init(struct recorder_note *note)
{
    *note = (struct recorder_note){.run = -1, .samples_sha256 = -1, .key_id = -1, .step_first = -1, .step_last = -1};
    name_set_init(&note->names);
}

void note_clear(struct recorder_note *note)
{
    struct note_list *lists[] = {&note->steps,       &note->events,      &note->observations, &note->groups,
                                 &note->definitions, &note->checkpoints, &note->gaps,         &note->kinds};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        memory_free(lists[i]->items);
    name_set_clear(&note->names);
    *note = (struct recorder_note){0};
}

void *note_list_add(struct note_list *list, size_t bytes)
{
    if (list->n == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 16;
        list->items = memory_resize(list->items, list->capacity, larger, bytes);
        list->capacity = larger;
    }
    return (char *)list->items + (size_t)list->n++ * bytes;
}

/* ---- flat bytes -------------------------------------------------------------------------------------------------- */

static void pack(struct text *text, const void *bytes, size_t n)
{
    text_add_bytes(text, bytes, n);
}

static void pack_list(struct text *text, const struct note_list *list, size_t bytes)
{
    pack(text, &list->n, sizeof list->n);
    if (list->n > 0)
        pack(text, list->items, (size_t)list->n * bytes);
}

void note_pack(const struct recorder_note *note, struct text *text)
{
    const int64_t numbers[] = {note->rank,   note->world_size,     note->n_session, note->closed,
                               note->run,    note->samples_sha256, note->key_id,    note->n_step,
                               note->n_use,  note->step_first,     note->step_last, note->last_with_steps,
                               note->names.n};
    pack(text, numbers, sizeof numbers);
    for (int64_t i = 0; i < note->names.n; i++) {
        const char *name = name_set_get(&note->names, i);
        pack(text, name, strlen(name) + 1);
    }
    pack_list(text, &note->steps, sizeof(struct step_note));
    pack_list(text, &note->events, sizeof(struct event_note));
    pack_list(text, &note->observations, sizeof(struct event_note));
    pack_list(text, &note->groups, sizeof(struct group_note));
    pack_list(text, &note->definitions, sizeof(struct definition_note));
    pack_list(text, &note->checkpoints, sizeof(struct checkpoint_note));
    pack_list(text, &note->gaps, sizeof(struct gap_note));
    pack_list(text, &note->kinds, sizeof(int64_t));
}

static void unpack(const char *bytes, int64_t n, int64_t *at, void *into, int64_t count)
{
    ASSERT(count >= 0 && count <= n - *at);
    memcpy(into, bytes + *at, (size_t)count);
    *at += count;
}

static void unpack_list(const char *bytes, int64_t n, int64_t *at, struct note_list *list, int64_t item)
{
    unpack(bytes, n, at, &list->n, sizeof list->n);
    list->capacity = list->n;
    list->items = memory_allocate_raw(list->n, (size_t)item);
    if (list->n > 0)
        unpack(bytes, n, at, list->items, list->n * item);
}

void note_unpack(const char *bytes, int64_t n, int64_t *at, struct recorder_note *note)
{
    int64_t numbers[13];
    note_init(note);
    unpack(bytes, n, at, numbers, sizeof numbers);
    note->rank = numbers[0];
    note->world_size = numbers[1];
    note->n_session = numbers[2];
    note->closed = numbers[3];
    note->run = numbers[4];
    note->samples_sha256 = numbers[5];
    note->key_id = numbers[6];
    note->n_step = numbers[7];
    note->n_use = numbers[8];
    note->step_first = numbers[9];
    note->step_last = numbers[10];
    note->last_with_steps = numbers[11];
    for (int64_t i = 0; i < numbers[12]; i++) {
        bool is_new;
        const char *name = bytes + *at;
        int64_t number = name_set_add(&note->names, name, &is_new);
        *at += (int64_t)strlen(name) + 1;
        ASSERT(*at <= n && number == i);
    }
    unpack_list(bytes, n, at, &note->steps, sizeof(struct step_note));
    unpack_list(bytes, n, at, &note->events, sizeof(struct event_note));
    unpack_list(bytes, n, at, &note->observations, sizeof(struct event_note));
    unpack_list(bytes, n, at, &note->groups, sizeof(struct group_note));
    unpack_list(bytes, n, at, &note->definitions, sizeof(struct definition_note));
    unpack_list(bytes, n, at, &note->checkpoints, sizeof(struct checkpoint_note));
    unpack_list(bytes, n, at, &note->gaps, sizeof(struct gap_note));
    unpack_list(bytes, n, at, &note->kinds, sizeof(int64_t));
}
