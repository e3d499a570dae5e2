#include "comm/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { BAR_WIDTH = 28 };
static const double terminal_every = 0.2, log_every = 10; /* seconds between updates */
static const double worth_telling = 1;                    /* seconds; what took less needs no closing line */

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *progress, bool enabled, const char *label, const char *unit, int64_t total,
                    int64_t global)
{
    double now = clock_seconds();
    *progress = (struct progress){.label = label,
                                  .unit = unit,
                                  .total = total,
                                  .global = global,
                                  .started = now,
                                  .shown = now,
                                  .enabled = enabled,
                                  .terminal = isatty(STDERR_FILENO)};
}

static void show(const struct progress *progress, double now)
{
    double part = progress->total > 0 ? (double)progress->done / (double)progress->total : 1;
    double seconds = now - progress->started;
    double rate = seconds > 0 ? part * (double)progress->global / seconds : 0;
    char count[32], all[32], speed[32], left[32];
    figure_count((int64_t)(part * (double)progress->global), count);
    figure_count(progress->global, all);
    figure_count((int64_t)rate, speed);
    figure_seconds(part > 0 ? seconds * (1 - part) / part : 1e30, left);
    if (progress->terminal) {
        char bar[BAR_WIDTH + 1];
        int filled = (int)(part * BAR_WIDTH);
        memset(bar, '#', (size_t)filled);
        memset(bar + filled, '.', (size_t)(BAR_WIDTH - filled));
        bar[BAR_WIDTH] = 0;
        fprintf(stderr, "\r\033[K%s [%s] %3.0f%% %s/s, %s left", progress->label, bar, 100 * part, speed, left);
    } else {
        fprintf(stderr, "%s: %3.0f%% (%s of %s %s), %s/s, %s left\n", progress->label, 100 * part, count, all,
                progress->unit, speed, left);
    }
    fflush(stderr);
}

void progress_add(struct progress *progress, int64_t n)
{
    progress->done += n;
    if (!progress->enabled)
        return;
    double now = clock_seconds();
    if (now - progress->shown < (progress->terminal ? terminal_every : log_every))
        return;
    progress->shown = now;
    show(progress, now);
}

void progress_end(struct progress *progress)
{
    if (!progress->enabled)
        return;
    double seconds = clock_seconds() - progress->started;
    if (seconds < worth_telling) {
        if (progress->terminal && progress->shown > progress->started)
            fprintf(stderr, "\r\033[K");
        return;
    }
    char count[32], speed[32], took[32];
    fprintf(stderr, "%s%s: %s %s in %s (%s/s)\n", progress->terminal ? "\r\033[K" : "", progress->label,
            figure_count(progress->global, count), progress->unit, figure_seconds(seconds, took),
            figure_count((int64_t)((double)progress->global / (seconds > 1e-9 ? seconds : 1e-9)), speed));
    fflush(stderr);
}
