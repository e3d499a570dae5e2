#include "influence/profile.h"

#include <time.h>

static const char *const names[N_PHASES] = {"",         "prepare", "records",      "read and hash", "digits", "wait",
                                            "products", "scores",  "kept entries", "totals",        "write"};

/* Seconds on the clock, and of this thread on a processor: they part where threads share a core, or wait for a disk. */
struct moment {
    double clock, processor;
};

/* The state of a process, like its clock. */
static struct moment spent[N_PHASES];
static _Thread_local struct moment entered;
static _Thread_local enum phase current = PHASE_NONE;

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

enum phase profile_enter(enum phase phase)
{
    struct moment now = {seconds(CLOCK_MONOTONIC), seconds(CLOCK_THREAD_CPUTIME_ID)};
    enum phase former = current;
    if (former != PHASE_NONE) {
        spent[former].clock += now.clock - entered.clock;
        spent[former].processor += now.processor - entered.processor;
    }
    entered = now;
    current = phase;
    return former;
}

void profile_report(MPI_Comm comm, struct text *text)
{
    double clock[N_PHASES], processor[N_PHASES], slowest[N_PHASES], sum[N_PHASES];
    for (int p = 0; p < N_PHASES; p++) {
        clock[p] = spent[p].clock;
        processor[p] = spent[p].processor;
        slowest[p] = sum[p] = 0;
    }
    MPI_Reduce(clock, slowest, N_PHASES, MPI_DOUBLE, MPI_MAX, 0, comm);
    MPI_Reduce(processor, sum, N_PHASES, MPI_DOUBLE, MPI_SUM, 0, comm);
    text_add(text, "%-14s %10s %12s\n", "phase", "clock [s]", "processor [s]");
    for (int p = PHASE_NONE + 1; p < N_PHASES; p++)
        text_add(text, "%-14s %10.3f %12.3f\n", names[p], slowest[p], sum[p]);
}
