/* A step must be Adam's, as a plain implementation in double precision has it; what is forgotten must start anew. */
#include "check.h"

#include <math.h>

#include "reference/adam.h"

enum { N = 5, N_STEP = 40 };

/* Gradients of all sizes, and one element that never gets any. */
static double gradient_at(int i, int step)
{
    static const double sizes[N] = {1e-4, 1, 0, 30, 0.2};
    return sizes[i] * ((step * 7 + i * 3) % 11 - 4) / 4;
}

/* The algorithm's own form, with corrected moments; ε is added before their correction. */
struct plain {
    double value, mean, square;
    int step;
};

static void plain_step(struct plain *plain, double gradient, double rate)
{
    double mean_decay = 1, square_decay = 1;
    plain->step++;
    for (int k = 0; k < plain->step; k++) {
        mean_decay *= 0.9;
        square_decay *= 0.999;
    }
    plain->mean = 0.9 * plain->mean + 0.1 * gradient;
    plain->square = 0.999 * plain->square + 0.001 * gradient * gradient;
    plain->value -= rate * (plain->mean / (1 - mean_decay)) /
                    (sqrt(plain->square / (1 - square_decay)) + 1e-8 / sqrt(1 - square_decay));
}

static void check_against_plain(void)
{
    float values[N] = {1, -2, 3, 0, 0.5F};
    struct plain plain[N];
    struct adam adam;
    struct adam_clock clock = {0};
    adam_init(&adam, values, N);
    for (int i = 0; i < N; i++)
        plain[i] = (struct plain){.value = (double)values[i]};
    for (int step = 0; step < N_STEP; step++) {
        double rate = 0.01 / (1 + step);
        for (int i = 0; i < N; i++)
            adam.gradient[i] = (float)gradient_at(i, step);
        adam_clock_tick(&clock);
        adam_step(&adam, &clock, rate);
        for (int i = 0; i < N; i++) {
            plain_step(&plain[i], gradient_at(i, step), rate);
            CHECK(fabs((double)values[i] - plain[i].value) < 1e-6);
            CHECK(adam.gradient[i] == 0);
        }
    }
    CHECK(clock.step == N_STEP && values[2] == 3 && fabs((double)values[1] + 2) > 1e-3);
    adam_clear(&adam);
}

/* After adam_forget an element moves only by gradients to come. */
static void check_forget(void)
{
    float values[2] = {0, 0};
    struct adam adam;
    struct adam_clock clock = {0};
    adam_init(&adam, values, 2);
    adam.gradient[0] = adam.gradient[1] = 1;
    adam_clock_tick(&clock);
    adam_step(&adam, &clock, 0.1);
    CHECK(fabsf(values[0] + 0.1F) < 1e-6F && values[0] == values[1]);
    adam.gradient[0] = adam.gradient[1] = 1;
    adam_forget(&adam, 0);
    float before = values[0];
    adam_clock_tick(&clock);
    adam_step(&adam, &clock, 0.1);
    CHECK(values[0] == before && values[1] < before - 0.09F);
    adam_clear(&adam);
}

int main(void)
{
    check_against_plain();
    check_forget();
    return check_end();
}
