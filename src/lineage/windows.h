/* Steps and events in windows that fit into memory: the units of work that ranks share. */
#ifndef ASSAY_LINEAGE_WINDOWS_H
#define ASSAY_LINEAGE_WINDOWS_H

#include "lineage/ledger.h"

struct windows {
    int64_t *first; /* owned; n + 1: window w has items [first[w], first[w + 1]) */
    int64_t n;
    int64_t largest; /* bytes of the largest */
};

/* Windows of steps of about `bytes` each; all processes' parts of a step, with what superseded them, are in one window.
 * Window w is work of rank w mod ranks.  @local */
void windows_of_steps(const struct ledger *ledger, int64_t bytes, struct windows *windows);
void windows_of_events(const struct ledger *ledger, int64_t bytes, struct windows *windows);
void windows_of_observations(const struct ledger *ledger, int64_t bytes, struct windows *windows);
void windows_clear(struct windows *windows);

/* Bytes that work on a step, an event or an observation takes. */
int64_t step_bytes(const struct ledger *ledger, int64_t step);
int64_t event_bytes(const struct event_note *event);
int64_t observation_bytes(const struct event_note *event);

#endif
