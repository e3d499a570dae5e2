/* Progress of long work: a bar on a terminal, a line now and then in a log. */
#ifndef ASSAY_COMM_PROGRESS_H
#define ASSAY_COMM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *label;     /* borrowed */
    const char *unit;      /* borrowed, plural: "examples" */
    int64_t total, done;   /* of this rank's share */
    int64_t global;        /* of all ranks */
    double started, shown; /* seconds */
    bool enabled, terminal;
};

/* Shows nothing unless `enabled` (rank 0, not --quiet).  `total` is this rank's share, `global` that of all ranks: the
 * rate shown is this rank's, scaled.  @local */
void progress_begin(struct progress *progress, bool enabled, const char *label, const char *unit, int64_t total,
                    int64_t global);
void progress_add(struct progress *progress, int64_t n);
void progress_end(struct progress *progress);

/* Seconds on a clock that never goes back.  @local */
double clock_seconds(void);

#endif
