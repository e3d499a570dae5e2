/* The Adam optimiser in float32, element by element: the same bits on every machine. */
#ifndef ASSAY_REFERENCE_ADAM_H
#define ASSAY_REFERENCE_ADAM_H

#include <stdint.h>

/* One array of parameters and what the optimiser remembers of it. */
struct adam {
    float *values;                   /* borrowed; n */
    float *gradient, *mean, *square; /* owned; n each; the gradient is summed by the caller */
    int64_t n;
};

void adam_init(struct adam *adam, float *values, int64_t n);
void adam_clear(struct adam *adam);

/* The numbers that a step shares between arrays. */
struct adam_clock {
    int64_t step;
    double mean_decayed, square_decayed; /* β₁^step, β₂^step */
};
/* Before each step.  Start from {0}. */
void adam_clock_tick(struct adam_clock *clock);

/* values −= rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · mean / (√square + ε), β₁ = 0.9, β₂ = 0.999, ε = 1e-8; gradient = 0.
 * @source Kingma, Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, end of section 2 */
void adam_step(struct adam *adam, const struct adam_clock *clock, double rate);

/* What it remembers of element i is forgotten: it starts anew. */
void adam_forget(struct adam *adam, int64_t i);

#endif
