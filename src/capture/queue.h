/* Transactions on their way into a recorder file, and the account of those that never got there. */
#ifndef ASSAY_CAPTURE_QUEUE_H
#define ASSAY_CAPTURE_QUEUE_H

#include "base/status.h"
#include "capture/batch.h"
#include "capture/recorder_store.h"

enum { MAX_REASONS = 64 /* kinds of losses that are told apart */ };

/* What was lost for one reason, as it goes into the file. */
struct loss {
    int64_t session, step_first, step_last, count; /* steps: -1 where there was none */
    char *what, *reason;                           /* owned */
};

/* A transaction that waits. */
struct pending {
    struct batch rows; /* owned */
    struct pending *next;
    int64_t session, step; /* -1: not of a step */
    const char *what;      /* a constant */
};

/* Writes each transaction at once if it can; if not, keeps up to `limit` bytes of them and tries again a second later,
 * with the next one.  What is lost is noted in the file with the next transaction that gets through. */
struct queue {
    struct recorder_store *store; /* owned */
    int64_t limit, bytes;
    struct pending *first, *last; /* owned */
    double retry_at;              /* seconds of the monotonic clock */
    struct batch owed;            /* rows that go with the next transaction that is written, whichever that is */
    struct loss losses[MAX_REASONS + 1];
    int n_loss;
    int64_t n_lost;     /* events that are not in the file */
    int64_t n_failure;  /* attempts that failed, these included */
    char sentence[240]; /* of the first failure; "" if there was none */
};

void queue_init(struct queue *queue, struct recorder_store *store, int64_t limit);
void queue_clear(struct queue *queue);

/* Takes the rows, which are then empty, and writes them together or not at all.  The status is that of this attempt;
 * what may go away is tried again by later calls.  @local   @fails CANNOT_WRITE */
enum status queue_submit(struct queue *queue, struct batch *rows, int64_t session, int64_t step, const char *what);
/* Writes what waits, in order; without regard to the pause after a failure if it must be `now`.  @fails CANNOT_WRITE */
enum status queue_write(struct queue *queue, bool now);
/* Gives up what still waits, and writes `rows` with what is owed and all losses.  @fails CANNOT_WRITE */
enum status queue_end(struct queue *queue, struct batch *rows);
/* Accounts for an event that will not be in the file, for the reason of failure_sentence().  step: -1 if of none. */
void queue_lose(struct queue *queue, int64_t session, int64_t step, const char *what);

#endif
