#include "lineage/sources.h"

#include "base/file.h"
#include "base/memory.h"

void sources_open(const struct ledger *ledger, const char *directory, struct order *order, struct sources *sources)
{
    *sources = (struct sources){.ledger = ledger,
                                .directory = directory,
                                .order = order,
                                .recording = memory_allocate(ledger->n_recorder, sizeof(struct recording *))};
}

static void close_all(struct sources *sources)
{
    for (int64_t i = 0; i < sources->ledger->n_recorder; i++) {
        recording_close(sources->recording[i]);
        sources->recording[i] = NULL;
    }
    sources->n_open = 0;
}

void sources_close(struct sources *sources)
{
    if (sources->recording != NULL)
        close_all(sources);
    memory_free(sources->recording);
    *sources = (struct sources){0};
}

enum status sources_get(struct sources *sources, int64_t recorder, struct recording **recording)
{
    enum status status = STATUS_OK;
    if (sources->recording[recorder] == NULL) {
        if (sources->n_open == SOURCES_OPEN)
            close_all(sources);
        char *path = path_join(sources->directory, sources->ledger->recorders[recorder].path);
        status = recording_open(path, &sources->recording[recorder]);
        sources->n_open += status == STATUS_OK;
        memory_free(path);
    }
    *recording = sources->recording[recorder];
    return status;
}

static const struct {
    enum table_id table;
    int samples, weights; /* columns; -1: none */
} tables[] = {[EVENT_ADMISSION] = {TABLE_ADMISSION, 7, 8},
              [EVENT_ROLE] = {TABLE_ROLE, 3, -1},
              [EVENT_USER] = {TABLE_USER, 3, -1}};

enum status sources_event(struct sources *sources, struct event_cursor *cursor, int64_t event, const int64_t **samples,
                          const float **weights)
{
    const struct event_note *note = &sources->ledger->events[event];
    enum status status = STATUS_OK;
    bool goes_on = cursor->rows != NULL && cursor->recorder == note->recorder && cursor->kind == note->kind &&
                   cursor->row < note->row;
    if (!goes_on) {
        struct recording *recording;
        event_cursor_close(cursor);
        status = sources_get(sources, note->recorder, &recording);
        if (status == STATUS_OK)
            status = recording_rows_open_at(recording, tables[note->kind].table, note->row, &cursor->rows);
        cursor->recorder = note->recorder;
        cursor->kind = note->kind;
        cursor->row = -1;
    }
    bool more = true;
    while (status == STATUS_OK && cursor->row != note->row) {
        status = recording_rows_next(cursor->rows, &more);
        if (status == STATUS_OK && (!more || recording_row(cursor->rows) > note->row))
            status = fail(BAD_INPUT, "%s: table %s: row %lld was there before: the file changed during the job",
                          sources->ledger->recorders[note->recorder].path, table_schemas[tables[note->kind].table].name,
                          (long long)note->row);
        if (status == STATUS_OK)
            cursor->row = recording_row(cursor->rows);
    }
    int64_t n = 0;
    if (status == STATUS_OK) {
        *samples = recording_array(cursor->rows, tables[note->kind].samples, &n);
        *weights =
            tables[note->kind].weights < 0 ? NULL : recording_array(cursor->rows, tables[note->kind].weights, NULL);
        if (n != note->n)
            status =
                fail(BAD_INPUT, "%s: an event changed during the job", sources->ledger->recorders[note->recorder].path);
    }
    return status;
}

void event_cursor_close(struct event_cursor *cursor)
{
    recording_rows_close(cursor->rows);
    *cursor = (struct event_cursor){0};
}
