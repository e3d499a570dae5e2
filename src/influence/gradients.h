/* Gradients of some examples as digits, at some checkpoints. */
#ifndef ASSAY_INFLUENCE_GRADIENTS_H
#define ASSAY_INFLUENCE_GRADIENTS_H

#include "exact/gemm.h"
#include "influence/plan.h"
#include "influence/study.h"

/* Digits and squared norms of n examples at used checkpoints [k_first, k_first + n_k); the captures among them are
 * numbered c = (k − k_first) · n_layer + l. */
struct gradients {
    const struct study *study; /* borrowed */
    enum capture_which which;
    int k_first, n_k;
    int64_t n, capacity;   /* examples held, and room for them */
    struct digits *digits; /* owned; [c · MAX_FACTORS + factor] */
    double *square;        /* owned; capacity × captures: ‖g‖² of example, checkpoint and layer */
    void *workspace;       /* owned; for products of an example's positions */
};

void gradients_init(const struct study *study, enum capture_which which, int k_first, int n_k, int64_t capacity,
                    struct gradients *gradients);
void gradients_clear(struct gradients *gradients);
/* What reading one capture takes beside its digits.  @local */
struct reading_shape gradients_reading(const struct capture *capture, enum capture_which which, int n_digit);

/* Reads examples [first, first + n), n ≤ capacity, by way of `room`; what was read is appended to `segments`.
 * @local   @fails BAD_INPUT, STOPPED when a stop was asked for */
enum status gradients_read(struct gradients *gradients, int64_t first, int64_t n, struct reading_room *room,
                           struct segment_list *segments);

/* ‖g‖² of example i over the layers of used checkpoint k. */
double gradients_square(const struct gradients *gradients, int64_t i, int k);

static inline int gradients_captures(const struct gradients *gradients)
{
    return gradients->n_k * gradients->study->n_layer;
}

static inline const struct capture *gradients_capture(const struct gradients *gradients, int c)
{
    return &gradients->study->captures[gradients->k_first * gradients->study->n_layer + c];
}

#endif
