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

static enum table_id table_of(int32_t kind)
{
    return kind < EVENT_OBSERVED ? tables[kind].table : observation_classes[kind - EVENT_OBSERVED].table;
}

enum status sources_row(struct sources *sources, struct event_cursor *cursor, const struct event_note *event)
{
    enum table_id table = table_of(event->kind);
    enum status status = STATUS_OK;
    bool goes_on = cursor->rows != NULL && cursor->recorder == event->recorder && cursor->kind == event->kind &&
                   cursor->row < event->row;
    if (!goes_on) {
        struct recording *recording;
        event_cursor_close(cursor);
        status = sources_get(sources, event->recorder, &recording);
        if (status == STATUS_OK)
            status = recording_rows_open_at(recording, table, event->row, &cursor->rows);
        cursor->recorder = event->recorder;
        cursor->kind = event->kind;
        cursor->row = -1;
    }
    const char *path = sources->ledger->recorders[event->recorder].path;
    bool more = true;
    while (status == STATUS_OK && cursor->row != event->row) {
        status = recording_rows_next(cursor->rows, &more);
        if (status == STATUS_OK && (!more || recording_row(cursor->rows) > event->row))
            status = fail(BAD_INPUT, "%s: table %s: row %lld was there before: the file changed during the job", path,
                          table_schemas[table].name, (long long)event->row);
        if (status == STATUS_OK)
            cursor->row = recording_row(cursor->rows);
    }
    int64_t n = 0;
    if (status == STATUS_OK) {
        recording_array(cursor->rows, schema_find(table, "samples", COLUMN_I64S), &n);
        if (n != event->n)
            status = fail(BAD_INPUT, "%s: an event changed during the job", path);
    }
    return status;
}

enum status sources_event(struct sources *sources, struct event_cursor *cursor, int64_t event, const int64_t **samples,
                          const float **weights)
{
    const struct event_note *note = &sources->ledger->events[event];
    enum status status = sources_row(sources, cursor, note);
    if (status == STATUS_OK) {
        int column = tables[note->kind].weights;
        *samples = recording_array(cursor->rows, tables[note->kind].samples, NULL);
        *weights = column < 0 ? NULL : recording_array(cursor->rows, column, NULL);
    }
    return status;
}

void event_cursor_close(struct event_cursor *cursor)
{
    recording_rows_close(cursor->rows);
    *cursor = (struct event_cursor){0};
}
