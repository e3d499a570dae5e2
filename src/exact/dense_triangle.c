#include "exact/dense_triangle.h"

#include "base/vector.h"
#include "exact/dense.h"
#include "exact/dense_product.h"

enum {
    SMALL = 32, /* triangles up to this size are done unknown by unknown */
    LANES = 64  /* rows of x side by side: SMALL × LANES doubles stay in the first-level cache */
};

/* A small triangle and some rows of x, both with the unknowns in the order in which they are found. */
struct small {
    int64_t n;
    bool is_unit;
    double triangle[SMALL * SMALL]; /* row by row, up to the diagonal */
    double x[SMALL * LANES];        /* unknown by unknown, the rows of x side by side */
};

VECTORISED
static void substitute(struct small *small)
{
    for (int64_t j = 0; j < small->n; j++) {
        const double *row = small->triangle + j * SMALL;
        double *restrict found = small->x + j * LANES;
        for (int64_t t = 0; t < j; t++) {
            const double *restrict earlier = small->x + t * LANES;
            for (int64_t r = 0; r < LANES; r++)
                found[r] -= row[t] * earlier[r];
        }
        for (int64_t r = 0; r < LANES && !small->is_unit; r++)
            found[r] /= row[j];
    }
}

/* What a small triangle does: forward, or from the last unknown to the first. */
static void substitute_small(const struct dense_triangle *triangle, bool is_forward, int64_t k, double *x,
                             int64_t stride)
{
    const int64_t n = triangle->n, first = is_forward ? 0 : n - 1, step = is_forward ? 1 : -1;
    struct small small = {.n = n, .is_unit = triangle->is_unit};
    for (int64_t j = 0; j < n; j++)
        for (int64_t t = 0; t <= j && !(t == j && small.is_unit); t++)
            small.triangle[j * SMALL + t] =
                triangle->first[(first + step * j) * triangle->row + (first + step * t) * triangle->column];
    for (int64_t from = 0; from < k; from += LANES) {
        const int64_t rows = k - from < LANES ? k - from : LANES;
        double *part = x + from * stride + first;
        for (int64_t r = 0; r < rows; r++)
            for (int64_t j = 0; j < n; j++)
                small.x[j * LANES + r] = part[r * stride + step * j];
        substitute(&small);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t j = 0; j < n; j++)
                part[r * stride + step * j] = small.x[j * LANES + r];
    }
}

/* T cut into halves on the diagonal. */
static void halve(const struct dense_triangle *triangle, struct dense_triangle *top, struct dense_triangle *bottom)
{
    *top = *bottom = *triangle;
    top->n = triangle->n / 2;
    bottom->n = triangle->n - top->n;
    bottom->first += top->n * (triangle->row + triangle->column);
}

void dense_substitute_forward(const struct dense_triangle *triangle, int64_t k, double *x, int64_t stride)
{
    if (triangle->n <= SMALL) {
        substitute_small(triangle, true, k, x, stride);
        return;
    }
    struct dense_triangle top, bottom;
    halve(triangle, &top, &bottom);
    dense_substitute_forward(&top, k, x, stride);
    dense_product(&(struct dense_product){
        .m = k,
        .n = bottom.n,
        .k = top.n,
        .a = {x, stride, 1},
        .b = {triangle->first + top.n * triangle->row, triangle->row, triangle->column},
        .is_subtracted = true,
        .c = x + top.n,
        .c_stride = stride,
    });
    dense_substitute_forward(&bottom, k, x + top.n, stride);
}

void dense_substitute_back(const struct dense_triangle *triangle, int64_t k, double *x, int64_t stride)
{
    if (triangle->n <= SMALL) {
        substitute_small(triangle, false, k, x, stride);
        return;
    }
    struct dense_triangle top, bottom;
    halve(triangle, &top, &bottom);
    dense_substitute_back(&bottom, k, x + top.n, stride);
    const int64_t last = triangle->n - 1;
    dense_product(&(struct dense_product){
        .m = k,
        .n = top.n,
        .k = bottom.n,
        .a = {x + last, stride, -1},
        .b = {triangle->first + last * triangle->column, triangle->row, -triangle->column},
        .is_subtracted = true,
        .c = x,
        .c_stride = stride,
    });
    dense_substitute_back(&top, k, x, stride);
}

void dense_solve_lower(int64_t n, const double *l, int64_t k, double *x)
{
    dense_substitute_forward(&(struct dense_triangle){.first = l, .n = n, .row = n, .column = 1}, k, x, n);
}

void dense_solve_upper(int64_t n, const double *l, int64_t k, double *x)
{
    dense_substitute_back(&(struct dense_triangle){.first = l, .n = n, .row = 1, .column = n}, k, x, n);
}
