#include "influence/gradients.h"

#include "base/memory.h"
#include "influence/count.h"

static int64_t rows_per_example(const struct gradients *gradients, int c)
{
    return gradients_capture(gradients, c)->side[gradients->which].n_row;
}

void gradients_init(const struct study *study, enum capture_which which, int k_first, int n_k, int64_t capacity,
                    struct gradients *gradients)
{
    *gradients =
        (struct gradients){.study = study, .which = which, .k_first = k_first, .n_k = n_k, .capacity = capacity};
    int n_capture = gradients_captures(gradients), n_digit = to_int(study->config->n_digit);
    gradients->digits = memory_allocate((int64_t)n_capture * MAX_FACTORS, sizeof *gradients->digits);
    gradients->square = memory_allocate(capacity * n_capture, sizeof *gradients->square);
    int64_t workspace = 0;
    for (int c = 0; c < n_capture; c++) {
        const struct capture *capture = gradients_capture(gradients, c);
        int64_t n_row = rows_per_example(gradients, c);
        for (int f = 0; f < capture->n_factor; f++) {
            digits_init(&gradients->digits[c * MAX_FACTORS + f], n_digit, capacity * n_row, capture->n_column[f]);
            int64_t bytes = gemm_blas.workspace_bytes(n_digit, n_row, n_row, capture->n_column[f]);
            workspace = n_row > 1 && bytes > workspace ? bytes : workspace;
        }
    }
    gradients->workspace = memory_allocate(workspace, 1);
}

/* The products of one example's positions with each other, which its norm is summed from. */
struct reading_shape gradients_reading(const struct capture *capture, enum capture_which which, int n_digit)
{
    struct reading_shape reading;
    int64_t n_row = capture->side[which].n_row, workspace = 0;
    capture_reading(capture, which, &reading.example_bytes, &reading.fixed_bytes);
    if (n_row == 1)
        return reading;
    for (int f = 0; f < capture->n_factor; f++) {
        int64_t bytes = gemm_blas.workspace_bytes(n_digit, n_row, n_row, capture->n_column[f]);
        workspace = bytes > workspace ? bytes : workspace;
    }
    int64_t squares = count_product(count_product(n_row, n_row), MAX_FACTORS * (int64_t)sizeof(double));
    reading.fixed_bytes = count_sum(reading.fixed_bytes, count_sum(squares, workspace));
    return reading;
}

void gradients_clear(struct gradients *gradients)
{
    for (int i = 0; gradients->digits != NULL && i < gradients_captures(gradients) * MAX_FACTORS; i++)
        digits_clear(&gradients->digits[i]);
    memory_free(gradients->digits);
    memory_free(gradients->square);
    memory_free(gradients->workspace);
    *gradients = (struct gradients){0};
}

/* Σ over pairs of positions (t, u) of (gradient_t · gradient_u) (input_t · input_u + bias), in that order. */
static double square_of_positions(const struct gradients *gradients, int c, int64_t i, double *product[MAX_FACTORS])
{
    int64_t n = rows_per_example(gradients, c);
    struct digits part[MAX_FACTORS];
    for (int f = 0; f < MAX_FACTORS; f++) {
        part[f] = digits_rows(&gradients->digits[c * MAX_FACTORS + f], i * n, n);
        gemm_blas.multiply(&part[f], 0, n, &part[f], product[f], gradients->workspace);
    }
    double sum = 0, bias = gradients_capture(gradients, c)->bias;
    for (int64_t t = 0; t < n; t++)
        for (int64_t u = 0; u < n; u++)
            sum += product[0][t * n + u] * (digits_scale(&part[0], t) * digits_scale(&part[0], u)) *
                   (product[1][t * n + u] * (digits_scale(&part[1], t) * digits_scale(&part[1], u)) + bias);
    return sum > 0 ? sum : 0; /* rounding must not make a norm imaginary */
}

static void set_squares_of_positions(struct gradients *gradients, int c)
{
    int64_t n = rows_per_example(gradients, c);
    double *product[MAX_FACTORS];
    for (int f = 0; f < MAX_FACTORS; f++)
        product[f] = memory_allocate_raw(n * n, sizeof(double));
    for (int64_t i = 0; i < gradients->n; i++)
        gradients->square[i * gradients_captures(gradients) + c] = square_of_positions(gradients, c, i, product);
    for (int f = 0; f < MAX_FACTORS; f++)
        memory_free(product[f]);
}

static void set_squares(struct gradients *gradients, int c)
{
    const struct capture *capture = gradients_capture(gradients, c);
    const struct digits *digits = &gradients->digits[c * MAX_FACTORS];
    if (rows_per_example(gradients, c) > 1) {
        set_squares_of_positions(gradients, c);
        return;
    }
    for (int64_t i = 0; i < gradients->n; i++) {
        double square = digits_square(&digits[FACTOR_GRADIENT], i);
        if (capture->n_factor > 1)
            square *= digits_square(&digits[FACTOR_INPUT], i) + capture->bias;
        gradients->square[i * gradients_captures(gradients) + c] = square;
    }
}

enum status gradients_read(struct gradients *gradients, int64_t first, int64_t n, struct reading_room *room,
                           struct segment_list *segments)
{
    ASSERT(n <= gradients->capacity);
    gradients->n = n;
    enum status status = STATUS_OK;
    for (int c = 0; c < gradients_captures(gradients) && status == STATUS_OK; c++) {
        const struct capture *capture = gradients_capture(gradients, c);
        for (int f = 0; f < capture->n_factor && status == STATUS_OK; f++)
            status = capture_read(capture, gradients->which, f, first, n, room, &gradients->digits[c * MAX_FACTORS + f],
                                  segments);
        if (status == STATUS_OK)
            set_squares(gradients, c);
    }
    return status;
}

double gradients_square(const struct gradients *gradients, int64_t i, int k)
{
    int n_layer = gradients->study->n_layer;
    const double *square = gradients->square + i * gradients_captures(gradients) + (k - gradients->k_first) * n_layer;
    double sum = 0;
    for (int l = 0; l < n_layer; l++)
        sum += square[l];
    return sum;
}
