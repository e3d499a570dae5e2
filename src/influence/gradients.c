#include "influence/block.h"

#include "base/memory.h"

static int n_captures(const struct study *study)
{
    return study->n_used * study->n_layer;
}

static void set_squares(const struct study *study, int c, struct gradients *gradients)
{
    const struct capture *capture = &study->captures[c];
    const struct digits *digits = &gradients->digits[c * MAX_FACTORS];
    for (int64_t i = 0; i < gradients->n_row; i++) {
        double square = digits_square(&digits[FACTOR_GRADIENT], i);
        if (capture->n_factor > 1)
            square *= digits_square(&digits[FACTOR_INPUT], i) + capture->bias;
        gradients->square[i * n_captures(study) + c] = square;
    }
}

enum status gradients_load(const struct study *study, bool train, int64_t first, int64_t n,
                           struct segment_list *segments, struct gradients *gradients)
{
    int n_capture = n_captures(study);
    *gradients = (struct gradients){.n_row = n};
    gradients->digits = memory_allocate(n_capture * MAX_FACTORS, sizeof *gradients->digits);
    gradients->square = memory_allocate(n * n_capture, sizeof *gradients->square);
    enum status status = STATUS_OK;
    for (int c = 0; c < n_capture && status == STATUS_OK; c++) {
        const struct capture *capture = &study->captures[c];
        const struct capture_side *side = train ? &capture->train : &capture->query;
        for (int f = 0; f < capture->n_factor && status == STATUS_OK; f++) {
            struct digits *digits = &gradients->digits[c * MAX_FACTORS + f];
            digits_init(digits, to_int(study->config->n_digit), n, capture->n_column[f]);
            status = capture_read(capture, side, f, first, n, digits, segments);
        }
        if (status == STATUS_OK)
            set_squares(study, c, gradients);
    }
    gradients->n_digits = n_capture * MAX_FACTORS;
    if (status != STATUS_OK)
        gradients_clear(gradients);
    return status;
}

void gradients_clear(struct gradients *gradients)
{
    for (int i = 0; i < gradients->n_digits; i++)
        digits_clear(&gradients->digits[i]);
    memory_free(gradients->digits);
    memory_free(gradients->square);
    *gradients = (struct gradients){0};
}

double gradients_square(const struct study *study, const struct gradients *gradients, int64_t row, int k)
{
    double sum = 0;
    for (int l = 0; l < study->n_layer; l++)
        sum += gradients->square[row * n_captures(study) + k * study->n_layer + l];
    return sum;
}

double gradients_self(const struct study *study, const struct gradients *gradients, int64_t row)
{
    double sum = 0;
    for (int k = 0; k < study->n_used; k++)
        sum += study_weight(study, k) * gradients_square(study, gradients, row, k);
    return sum;
}
