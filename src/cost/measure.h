/* Measuring: the fastest of a few goes, and what files cost. */
#ifndef ASSAY_COST_MEASURE_H
#define ASSAY_COST_MEASURE_H

#include "cost/calibration.h"

enum clock {
    CLOCK_OF_WALL,     /* what waits for a disk counts */
    CLOCK_OF_PROCESSOR /* what other programs do at the same time hardly counts */
};

/* Seconds that the fastest of at least three calls takes; repeats for about a quarter of a second.  @local */
double measure_best(void (*go)(void *), void *what, enum clock clock);

/* Sets read_bytes and write_bytes with a temporary file below `directory`.
 * @local   @fails CANNOT_WRITE, BAD_INPUT */
enum status measure_files(const char *directory, struct calibration *calibration);

#endif
