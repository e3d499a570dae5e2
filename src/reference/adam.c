#include "reference/adam.h"

#include <math.h>

#include "base/memory.h"
#include "reference/float_rows.h"

static const double mean_decay = 0.9, square_decay = 0.999;
static const float smallest_root = 1e-8F;

void adam_init(struct adam *adam, float *values, int64_t n)
{
    *adam = (struct adam){.values = values,
                          .gradient = memory_allocate(n, sizeof(float)),
                          .mean = memory_allocate(n, sizeof(float)),
                          .square = memory_allocate(n, sizeof(float)),
                          .n = n};
}

void adam_clear(struct adam *adam)
{
    memory_free(adam->gradient);
    memory_free(adam->mean);
    memory_free(adam->square);
    *adam = (struct adam){0};
}

void adam_clock_tick(struct adam_clock *clock)
{
    clock->mean_decayed = clock->step == 0 ? mean_decay : clock->mean_decayed * mean_decay;
    clock->square_decayed = clock->step == 0 ? square_decay : clock->square_decayed * square_decay;
    clock->step++;
}

void adam_step(struct adam *adam, const struct adam_clock *clock, double rate)
{
    float scale = (float)(rate * sqrt(1 - clock->square_decayed) / (1 - clock->mean_decayed));
    float keep_mean = (float)mean_decay, keep_square = (float)square_decay;
    float *restrict values = adam->values, *restrict gradient = adam->gradient;
    float *restrict mean = adam->mean, *restrict square = adam->square;
    for (int64_t i = 0; i < adam->n; i++) {
        mean[i] = keep_mean * mean[i] + (1 - keep_mean) * gradient[i];
        square[i] = keep_square * square[i] + (1 - keep_square) * (gradient[i] * gradient[i]);
        values[i] -= scale * mean[i] / (sqrtf(square[i]) + smallest_root);
        gradient[i] = 0;
    }
}

void adam_forget(struct adam *adam, int64_t i)
{
    adam->gradient[i] = adam->mean[i] = adam->square[i] = 0;
}
