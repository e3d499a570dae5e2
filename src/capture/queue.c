#include "capture/queue.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

static const double retry_seconds = 1.0;

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void queue_init(struct queue *queue, struct recorder_store *store, int64_t limit)
{
    *queue = (struct queue){.store = store, .limit = limit};
    batch_init(&queue->owed);
}

static void clear_losses(struct queue *queue)
{
    for (int i = 0; i < queue->n_loss; i++) {
        memory_free(queue->losses[i].what);
        memory_free(queue->losses[i].reason);
    }
    queue->n_loss = 0;
}

static void drop_first(struct queue *queue)
{
    struct pending *pending = queue->first;
    queue->first = pending->next;
    queue->bytes -= (int64_t)pending->rows.bytes.length;
    batch_clear(&pending->rows);
    memory_free(pending);
}

void queue_clear(struct queue *queue)
{
    while (queue->first != NULL)
        drop_first(queue);
    clear_losses(queue);
    batch_clear(&queue->owed);
    recorder_store_close(queue->store);
    queue->store = NULL;
}

static void note_failure(struct queue *queue)
{
    if (queue->n_failure++ == 0)
        snprintf(queue->sentence, sizeof queue->sentence, "%.200s", failure_sentence());
}

static bool same_loss(const struct loss *loss, int64_t session, const char *what, const char *reason)
{
    return loss->session == session && strcmp(loss->what, what) == 0 && strcmp(loss->reason, reason) == 0;
}

void queue_lose(struct queue *queue, int64_t session, int64_t step, const char *what)
{
    const char *reason = queue->n_loss < MAX_REASONS ? failure_sentence() : "further reasons";
    int at = 0;
    while (at < queue->n_loss && !same_loss(&queue->losses[at], session, what, reason) && at < MAX_REASONS)
        at++;
    struct loss *loss = &queue->losses[at];
    if (at == queue->n_loss) {
        queue->n_loss++;
        *loss = (struct loss){.session = session,
                              .step_first = step,
                              .step_last = step,
                              .what = memory_copy_text(what),
                              .reason = memory_copy_text(reason)};
    }
    loss->count++;
    if (step >= 0 && (loss->step_first < 0 || step < loss->step_first))
        loss->step_first = step;
    if (step > loss->step_last)
        loss->step_last = step;
    queue->n_lost++;
    note_failure(queue);
}

static void add_losses(const struct queue *queue, struct batch *rows)
{
    for (int i = 0; i < queue->n_loss; i++) {
        const struct loss *loss = &queue->losses[i];
        batch_row(rows, TABLE_LOST);
        batch_integer(rows, loss->session);
        batch_maybe_integer(rows, loss->step_first);
        batch_maybe_integer(rows, loss->step_last);
        batch_text(rows, loss->what);
        batch_integer(rows, loss->count);
        batch_text(rows, loss->reason);
    }
}

/* Writes the rows with those that are owed and the losses so far. */
static enum status write_with(struct queue *queue, const struct batch *rows, bool *passing)
{
    struct batch lost;
    batch_init(&lost);
    add_losses(queue, &lost);
    const struct batch *batches[] = {&queue->owed, &lost, rows};
    enum status status = recorder_store_write(queue->store, batches, 3, passing);
    if (status == STATUS_OK) {
        clear_losses(queue);
        batch_clear(&queue->owed);
        batch_init(&queue->owed);
    }
    batch_clear(&lost);
    return status;
}

enum status queue_write(struct queue *queue, bool now)
{
    enum status first = STATUS_OK;
    while (queue->first != NULL && (now || now_seconds() >= queue->retry_at)) {
        struct pending *pending = queue->first;
        bool passing = false;
        enum status status = write_with(queue, &pending->rows, &passing);
        if (status != STATUS_OK && passing) {
            note_failure(queue);
            queue->retry_at = now_seconds() + retry_seconds;
            return status;
        }
        if (status != STATUS_OK) {
            queue_lose(queue, pending->session, pending->step, pending->what);
            first = status;
        }
        drop_first(queue);
    }
    return first;
}

enum status queue_submit(struct queue *queue, struct batch *rows, int64_t session, int64_t step, const char *what)
{
    int64_t bytes = (int64_t)rows->bytes.length;
    if (queue->bytes + bytes > queue->limit) {
        enum status status = fail(CANNOT_WRITE, "more than %lld bytes wait to be written", (long long)queue->limit);
        queue_lose(queue, session, step, what);
        batch_clear(rows);
        batch_init(rows);
        return status;
    }
    struct pending *pending = memory_allocate(1, sizeof *pending);
    *pending = (struct pending){.rows = *rows, .session = session, .step = step, .what = what};
    batch_init(rows);
    *(queue->first == NULL ? &queue->first : &queue->last->next) = pending;
    queue->last = pending;
    queue->bytes += bytes;
    return queue_write(queue, false);
}

enum status queue_end(struct queue *queue, struct batch *rows)
{
    while (queue->first != NULL) {
        fail(CANNOT_WRITE, "it could not be written before the recorder was closed");
        queue_lose(queue, queue->first->session, queue->first->step, queue->first->what);
        drop_first(queue);
    }
    bool passing;
    enum status status = write_with(queue, rows, &passing);
    if (status != STATUS_OK)
        note_failure(queue);
    return status;
}
