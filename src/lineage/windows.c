#include "lineage/windows.h"

#include "base/memory.h"

/* Read, and on their way to the ranks that have their samples. */
enum { USE_BYTES = 8 + 2 * 8 + 4, DETAIL_BYTES = 16 + 2 * 24, ROW_BYTES = 96, EVENT_USE_BYTES = 8 + 8 + 2 * 8 + 4 };

/* Read, and as rows of the table: a sample with its place, and names and values. */
enum { OBSERVED_BYTES = (1 + OBSERVED_VALUES) * 8 + 4 * 8 + OBSERVED_NAMES * 4 + OBSERVED_VALUES * 8 };

int64_t step_bytes(const struct ledger *ledger, int64_t step)
{
    const struct step_note *note = &ledger->steps[step];
    int64_t per_use = USE_BYTES + 8 * ledger->has_losses + 8 * ledger->has_weights;
    return ROW_BYTES * (1 + (int64_t)note->n_contribution + note->n_optimizer) + per_use * note->n +
           DETAIL_BYTES * note->n_detailed * note->n;
}

int64_t event_bytes(const struct event_note *event)
{
    return ROW_BYTES + EVENT_USE_BYTES * event->n;
}

int64_t observation_bytes(const struct event_note *event)
{
    return ROW_BYTES + OBSERVED_BYTES * event->n;
}

static void add(struct windows *windows, int64_t *capacity, int64_t first, int64_t bytes)
{
    if (windows->n + 1 >= *capacity) {
        int64_t larger = 2 * *capacity + 16;
        windows->first = memory_resize(windows->first, *capacity, larger, sizeof *windows->first);
        *capacity = larger;
    }
    windows->first[windows->n++] = first;
    if (bytes > windows->largest)
        windows->largest = bytes;
}

/* `binds` says whether item i must be where the item before it is. */
static void cut(const struct ledger *ledger, int64_t n, int64_t limit, struct windows *windows,
                int64_t (*bytes_of)(const struct ledger *ledger, int64_t i),
                bool (*binds)(const struct ledger *ledger, int64_t i))
{
    int64_t capacity = 0, bytes = 0, first = 0;
    *windows = (struct windows){0};
    for (int64_t i = 0, end; i < n; i = end) {
        int64_t together = 0;
        for (end = i; end < n && (end == i || binds(ledger, end)); end++)
            together += bytes_of(ledger, end);
        if (i > first && bytes + together > limit) {
            add(windows, &capacity, first, bytes);
            first = i;
            bytes = 0;
        }
        bytes += together;
    }
    if (n > first)
        add(windows, &capacity, first, bytes);
    if (windows->first == NULL)
        windows->first = memory_allocate(1, sizeof *windows->first);
    windows->first[windows->n] = n;
}

static bool is_same_step(const struct ledger *ledger, int64_t i)
{
    return ledger->steps[i].step == ledger->steps[i - 1].step;
}

static int64_t bytes_of_event(const struct ledger *ledger, int64_t i)
{
    return event_bytes(&ledger->events[i]);
}

static int64_t bytes_of_observation(const struct ledger *ledger, int64_t i)
{
    return observation_bytes(&ledger->observations[i]);
}

static bool is_free(const struct ledger *ledger, int64_t i)
{
    (void)ledger;
    (void)i;
    return false;
}

void windows_of_steps(const struct ledger *ledger, int64_t bytes, struct windows *windows)
{
    cut(ledger, ledger->n_step, bytes, windows, step_bytes, is_same_step);
}

void windows_of_events(const struct ledger *ledger, int64_t bytes, struct windows *windows)
{
    cut(ledger, ledger->n_event, bytes, windows, bytes_of_event, is_free);
}

void windows_of_observations(const struct ledger *ledger, int64_t bytes, struct windows *windows)
{
    cut(ledger, ledger->n_observation, bytes, windows, bytes_of_observation, is_free);
}

void windows_clear(struct windows *windows)
{
    memory_free(windows->first);
    *windows = (struct windows){0};
}
