/* The files behind a ledger, open for reading windows of it. */
#ifndef ASSAY_LINEAGE_SOURCES_H
#define ASSAY_LINEAGE_SOURCES_H

#include "capture/recorder_read.h"
#include "lineage/ledger.h"
#include "lineage/order.h"

enum { SOURCES_OPEN = 64 /* files at a time */ };

struct sources {
    const struct ledger *ledger; /* borrowed, as the next two */
    const char *directory;
    struct order *order;          /* NULL without */
    struct recording **recording; /* owned; per recorder, NULL while it is closed */
    int64_t n_open;
};

void sources_open(const struct ledger *ledger, const char *directory, struct order *order, struct sources *sources);
void sources_close(struct sources *sources);
/* The recorder's file; it stays open until others need the room.  @local   @fails BAD_INPUT */
enum status sources_get(struct sources *sources, int64_t recorder, struct recording **recording);

/* Reads rows of recorder files.  Those of one table and file that follow each other are read in one go: `rows` starts
 * as NULL, and is closed by the caller in the end. */
struct event_cursor {
    struct recording_rows *rows;
    int32_t recorder, kind;
    int64_t row; /* read last */
};
/* Goes to the row of an event or observation, which `rows` then shows.  @local   @fails BAD_INPUT */
enum status sources_row(struct sources *sources, struct event_cursor *cursor, const struct event_note *event);
/* The samples of event i, and where they have some their weights (else NULL); both borrowed until the next call.
 * @local   @fails BAD_INPUT */
enum status sources_event(struct sources *sources, struct event_cursor *cursor, int64_t event, const int64_t **samples,
                          const float **weights);
void event_cursor_close(struct event_cursor *cursor);

#endif
