#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "policy/shift_parts.h"

/* ---- when to stop ---------------------------------------------------------------------------------------------- */

enum { MOST_STEPS = 12 };
static const double small_enough = 0x1p-27; /* its square is below the rounding of the solution */

/* The largest |x_i| · scale_i; scale may be NULL: 1. */
static double scaled_size(int64_t n, const double *x, const double *scale)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        double size = fabs(x[i]) * (scale == NULL ? 1 : scale[i]);
        if (!(size <= largest) && !isnan(largest)) /* a NaN stays */
            largest = size;
    }
    return largest;
}

/* How well the refinement of one solve goes on. */
struct refinement {
    int n_step;
    double last; /* relative size of the correction before */
};

/* After a correction of relative size ε the solution is off by about ε². */
static enum status judge(struct refinement *refinement, double lambda, double relative, bool *done)
{
    *done = relative <= small_enough;
    if (*done)
        return STATUS_OK;
    refinement->n_step++;
    if (relative < 1 && refinement->n_step < MOST_STEPS &&
        (refinement->n_step == 1 || relative <= 0.5 * refinement->last)) {
        refinement->last = relative;
        return STATUS_OK;
    }
    return fail(NOT_CONVERGED,
                "expected a system that can be solved in double precision, found corrections that stay at %.1g of the "
                "solution with lambda %g: choose a larger ridge.lambda",
                relative, lambda);
}

/* ---- dual ------------------------------------------------------------------------------------------------------ */

/* [K + λ, 1; 1ᵀ, 0]⁻¹ [v; t], in place: v becomes a. */
static void saddle_solve(const struct shift_system *system, int64_t n, double *v, const double *t, double *b)
{
    int64_t n_probe = system->study->n_probe;
    double ones = 0;
    for (int64_t p = 0; p < n_probe; p++)
        ones += system->ones[p];
    shift_factor_solve(system->factor, n, v);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0, *a = v + i * n_probe;
        for (int64_t p = 0; p < n_probe; p++)
            sum += a[p];
        b[i] = (sum - (t == NULL ? 0 : t[i])) / ones;
        for (int64_t p = 0; p < n_probe; p++)
            a[p] -= b[i] * system->ones[p];
    }
}

/* rest = v − (X'X'ᵀ + λ) a − b 1 and sum = −1ᵀ a. */
static void saddle_residual(const struct shift_system *system, int64_t n, const double *v, const double *a,
                            const double *b, double *rest, double *sum)
{
    const struct shift_study *study = system->study;
    int64_t n_probe = study->n_probe, m = study->n_feature, n_entry = n * n_probe;
    struct twofold t = {memory_allocate(n * m, sizeof *t.high), memory_allocate(n * m, sizeof *t.low)};
    struct twofold out = {memory_allocate(n_entry, sizeof *out.high), memory_allocate(n_entry, sizeof *out.low)};
    double *negative = memory_allocate_raw(n_entry, sizeof *negative);
    for (int64_t i = 0; i < n_entry; i++) {
        negative[i] = -a[i];
        out.high[i] = v[i];
        twofold_add_product(negative[i], study->base.lambda, &out.high[i], &out.low[i]);
        twofold_add_product(-1, b[i / n_probe], &out.high[i], &out.low[i]);
    }
    shift_view_add_transposed(&system->view, n, (struct twofold){negative, NULL}, t);
    shift_view_add_product(&system->view, n, t, out);
    for (int64_t i = 0; i < n; i++) {
        double high = 0, low = 0;
        for (int64_t p = 0; p < n_probe; p++) {
            rest[i * n_probe + p] = out.high[i * n_probe + p] + out.low[i * n_probe + p];
            twofold_add_product(-1, a[i * n_probe + p], &high, &low);
        }
        sum[i] = high + low;
    }
    memory_free(negative);
    memory_free(out.low);
    memory_free(out.high);
    memory_free(t.low);
    memory_free(t.high);
}

/* Adds the corrections (n × length); the size of the one that mattered most, relative to its solution. */
static double add_correction(int64_t n, int64_t length, const double *scale, const double *correction, double *x)
{
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        double change = scaled_size(length, correction + i * length, scale);
        double relative = change == 0 ? 0 : change / scaled_size(length, x + i * length, scale);
        if (!(relative <= worst) && !isnan(worst))
            worst = relative;
    }
    for (int64_t i = 0; i < n * length; i++)
        x[i] += correction[i];
    return worst;
}

enum status shift_solve_dual(const struct shift_system *system, int64_t n, const double *v, double *a, double *b)
{
    int64_t n_probe = system->study->n_probe;
    memcpy(a, v, (size_t)(n * n_probe) * sizeof *a);
    saddle_solve(system, n, a, NULL, b);
    if (!system->refined)
        return STATUS_OK;
    double *rest = memory_allocate_raw(n * n_probe, sizeof *rest);
    double *sum = memory_allocate_raw(n, sizeof *sum), *b_rest = memory_allocate_raw(n, sizeof *b_rest);
    struct refinement refinement = {0};
    enum status status = STATUS_OK;
    for (bool done = false; !done && status == STATUS_OK;) {
        saddle_residual(system, n, v, a, b, rest, sum);
        saddle_solve(system, n, rest, sum, b_rest);
        double relative = add_correction(n, n_probe, NULL, rest, a);
        for (int64_t i = 0; i < n; i++)
            b[i] += b_rest[i];
        status = judge(&refinement, system->study->base.lambda, relative, &done);
    }
    memory_free(b_rest);
    memory_free(sum);
    memory_free(rest);
    return status;
}

/* ---- primal ---------------------------------------------------------------------------------------------------- */

/* e = v − Zu in double-double, u = [b; w]. */
static void primal_rest(const struct shift_system *system, int64_t n, const double *v, const double *w, const double *b,
                        struct twofold e)
{
    int64_t n_probe = system->study->n_probe, m = system->study->n_feature;
    double *negative = memory_allocate_raw(n * m, sizeof *negative);
    for (int64_t i = 0; i < n * m; i++)
        negative[i] = -w[i];
    for (int64_t i = 0; i < n * n_probe; i++) {
        e.high[i] = v[i];
        e.low[i] = 0;
        twofold_add_product(-1, b[i / n_probe], &e.high[i], &e.low[i]);
    }
    shift_view_add_product(&system->view, n, (struct twofold){negative, NULL}, e);
    memory_free(negative);
}

/* out (n × (m + 1)) = [0; p] + Zᵀ e − λ [0; w]. */
static void primal_gradient(const struct shift_system *system, int64_t n, const double *p, struct twofold e,
                            const double *w, double *out)
{
    int64_t n_probe = system->study->n_probe, m = system->study->n_feature;
    struct twofold g = {memory_allocate(n * m, sizeof *g.high), memory_allocate(n * m, sizeof *g.low)};
    for (int64_t i = 0; i < n * m; i++) {
        g.high[i] = p == NULL ? 0 : p[i];
        twofold_add_product(-system->study->base.lambda, w[i], &g.high[i], &g.low[i]);
    }
    shift_view_add_transposed(&system->view, n, e, g);
    for (int64_t i = 0; i < n; i++) {
        double high = 0, low = 0;
        for (int64_t q = 0; q < n_probe; q++) {
            twofold_add_product(1, e.high[i * n_probe + q], &high, &low);
            low += e.low[i * n_probe + q];
        }
        out[i * (m + 1)] = high + low;
        for (int64_t j = 0; j < m; j++)
            out[i * (m + 1) + 1 + j] = g.high[i * m + j] + g.low[i * m + j];
    }
    memory_free(g.low);
    memory_free(g.high);
}

static void right_side(const struct shift_system *system, int64_t n, const double *p, const double *v, double *out)
{
    int64_t n_probe = system->study->n_probe, m = system->study->n_feature;
    double *product = memory_allocate(n * m, sizeof *product);
    if (v != NULL)
        shift_view_transposed(&system->view, n, v, product);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t q = 0; q < n_probe && v != NULL; q++)
            sum += v[i * n_probe + q];
        out[i * (m + 1)] = sum;
        for (int64_t j = 0; j < m; j++)
            out[i * (m + 1) + 1 + j] = product[i * m + j] + (p == NULL ? 0 : p[i * m + j]);
    }
    memory_free(product);
}

static void split(int64_t n, int64_t m, const double *u, double *w, double *b)
{
    for (int64_t i = 0; i < n; i++) {
        b[i] = u[i * (m + 1)];
        memcpy(w + i * m, u + i * (m + 1) + 1, (size_t)m * sizeof *w);
    }
}

enum status shift_solve_primal(const struct shift_system *system, int64_t n, const struct primal_side *side,
                               const struct primal_fit *fit)
{
    const struct shift_study *study = system->study;
    int64_t m = study->n_feature, n_entry = n * study->n_probe;
    double *u = memory_allocate_raw(n * (m + 1), sizeof *u), *more = memory_allocate_raw(n * (m + 1), sizeof *more);
    struct twofold e = {memory_allocate_raw(n_entry, sizeof *e.high), memory_allocate_raw(n_entry, sizeof *e.low)};
    struct refinement refinement = {0};
    enum status status = STATUS_OK;
    right_side(system, n, side->p, side->v, u);
    shift_factor_solve(system->factor, n, u);
    split(n, m, u, fit->w, fit->b);
    for (bool done = !system->refined; !done && status == STATUS_OK;) {
        primal_rest(system, n, side->v, fit->w, fit->b, e);
        primal_gradient(system, n, side->p, e, fit->w, more);
        shift_factor_solve(system->factor, n, more);
        double relative = add_correction(n, m + 1, study->scale, more, u);
        split(n, m, u, fit->w, fit->b);
        status = judge(&refinement, study->base.lambda, relative, &done);
    }
    if (fit->rest != NULL) {
        primal_rest(system, n, side->v, fit->w, fit->b, e);
        for (int64_t i = 0; i < n_entry; i++)
            fit->rest[i] = e.high[i] + e.low[i];
    }
    memory_free(e.low);
    memory_free(e.high);
    memory_free(more);
    memory_free(u);
    return status;
}
