#include <string.h>

#include "base/memory.h"
#include "policy/shift_parts.h"

/* Both forms rest on two facts.  First, T(v) = w(X', v) − w(X, v) is linear in v, and solves
 *     A' T = ΔXᵀ r − X'ᵀ ΔX w,  w = w(X, v), r = v − Zw
 * (put w(X, v) into the normal equations of X'), so no difference of two fits is ever taken.  Second, with
 * v = y and v = Δy this is all there is: the ΔX pathway is T(y), the interaction T(Δy), and the ΔY pathway
 * w(X, Δy) + T(Δy).  To first order, A' is A and X' is X. */

/* What one pair needs of the base, for 2 B vectors: y of every behaviour, then Δy of every behaviour. */
struct halves {
    double *weight;    /* 2B × m: w(X, v) */
    double *residual;  /* 2B × P: r, dual r / λ */
    double *intercept; /* B: of Δy */
};

static void halves_init(const struct shift_study *study, struct halves *halves)
{
    int64_t n = study->n_behaviour, m = study->n_feature, n_probe = study->n_probe;
    *halves = (struct halves){.weight = memory_allocate_raw(2 * n * m, sizeof(double)),
                              .residual = memory_allocate_raw(2 * n * n_probe, sizeof(double)),
                              .intercept = memory_allocate(n, sizeof(double))};
    memcpy(halves->weight, study->weight, (size_t)(n * m) * sizeof(double));
    memcpy(halves->residual, study->residual, (size_t)(n * n_probe) * sizeof(double));
}

static void halves_clear(struct halves *halves)
{
    memory_free(halves->weight);
    memory_free(halves->residual);
    memory_free(halves->intercept);
}

/* x += the n_changed entries of d at the changed features. */
static void add_changed(const struct shift_change *change, const double *d, double *x)
{
    for (int64_t k = 0; k < change->n_changed; k++)
        x[change->feature[k]] += d[k];
}

/* Shares T (2B × m) and w(X, Δy) out over the shift's arrays; first_order comes with its ΔX part. */
static void finish(const struct shift_study *study, const double *t, const double *t_intercept,
                   const struct halves *halves, struct shift *shift)
{
    int64_t n = study->n_behaviour, n_entry = n * study->n_feature;
    const double *other = halves->weight + n_entry; /* w(X, Δy) */
    for (int64_t i = 0; i < n_entry; i++) {
        shift->x[i] = t[i];
        shift->interaction[i] = t[n_entry + i];
        shift->y[i] = other[i] + t[n_entry + i];
        shift->first_order[i] += other[i];
    }
    for (int64_t b = 0; b < n; b++)
        shift->intercept[b] = t_intercept[b] + (halves->intercept[b] + t_intercept[n + b]);
}

static struct shift_system base_system(struct shift_study *study, const struct shift_factor *factor)
{
    return (struct shift_system){
        .study = study, .view = shift_base_view(study), .factor = factor, .ones = study->ones, .refined = true};
}

/* ---- dual ------------------------------------------------------------------------------------------------------ */

/* With M v the a of the saddle system, A⁻¹ between features is (I − Xᵀ M X) / λ, and A⁻¹Zᵀ is Xᵀ M.  So
 * T = ΔXᵀ a + X'ᵀ M' (−q) with q = X' ΔXᵀ a + ΔX w; to first order, −f = −(X ΔXᵀ a + ΔX w), and M and X. */

enum status shift_fit_dual(struct shift_study *study)
{
    int64_t n = study->n_behaviour;
    struct shift_factor factor = {.n = study->n_small, .lower = study->lower};
    struct shift_system system = base_system(study, &factor);
    double *b = memory_allocate(n, sizeof *b);
    for (int64_t p = 0; p < study->n_probe; p++)
        study->ones[p] = 1;
    shift_factor_solve(&factor, 1, study->ones);
    enum status status = shift_solve_dual(&system, n, study->base.y, study->residual, b);
    shift_view_transposed(&system.view, n, study->residual, study->weight);
    memory_free(b);
    return status;
}

/* Of 2B vectors each, but ones. */
struct dual_vectors {
    double *moved; /* × n_changed: ΔXᵀ a */
    double *q, *f; /* × P: −q and −f */
    double *a, *b; /* × P, × 1 */
    double *t;     /* × m */
    double *ones;  /* P: (K' + λ)⁻¹ 1 */
};

static void dual_vectors_init(const struct shift_study *study, struct dual_vectors *vectors)
{
    int64_t n = 2 * study->n_behaviour, n_probe = study->n_probe;
    *vectors = (struct dual_vectors){.moved = memory_allocate_raw(n * study->change.n_changed, sizeof(double)),
                                     .q = memory_allocate_raw(n * n_probe, sizeof(double)),
                                     .f = memory_allocate_raw(n * n_probe, sizeof(double)),
                                     .a = memory_allocate_raw(n * n_probe, sizeof(double)),
                                     .b = memory_allocate_raw(n, sizeof(double)),
                                     .t = memory_allocate_raw(n * study->n_feature, sizeof(double)),
                                     .ones = memory_allocate_raw(n_probe, sizeof(double))};
}

static void dual_vectors_clear(struct dual_vectors *vectors)
{
    memory_free(vectors->moved);
    memory_free(vectors->q);
    memory_free(vectors->f);
    memory_free(vectors->a);
    memory_free(vectors->b);
    memory_free(vectors->t);
    memory_free(vectors->ones);
}

static void dual_right_sides(struct shift_study *study, const struct halves *halves, struct dual_vectors *vectors)
{
    int64_t n = study->n_behaviour, m = study->n_feature, n_probe = study->n_probe;
    const struct shift_change *change = &study->change;
    struct shift_view view = shift_base_view(study);
    view.change = change;
    double *part = memory_allocate_raw(n_probe, sizeof *part), *more = memory_allocate_raw(n_probe, sizeof *more);
    for (int64_t i = 0; i < 2 * n; i++) {
        double *moved = vectors->moved + i * change->n_changed, *q = vectors->q + i * n_probe;
        double *f = vectors->f + i * n_probe;
        shift_change_transposed_product(change, halves->residual + i * n_probe, moved);
        shift_change_product(change, halves->weight + i * m, part);
        shift_view_sparse(&view, moved, study->scratch, f, more);
        for (int64_t p = 0; p < n_probe; p++) {
            f[p] = -(f[p] + part[p]);
            q[p] = f[p] - more[p];
        }
    }
    memory_free(more);
    memory_free(part);
}

/* w(X, Δy), the right sides, and the ΔX part of the first order. */
static enum status dual_before(struct shift_system system, const double *behaviour, struct halves *halves,
                               struct dual_vectors *vectors, struct shift *shift)
{
    struct shift_study *study = system.study;
    int64_t n = study->n_behaviour, m = study->n_feature;
    double *residual = halves->residual + n * study->n_probe;
    enum status status = shift_solve_dual(&system, n, behaviour, residual, halves->intercept);
    if (status != STATUS_OK)
        return status;
    shift_view_transposed(&system.view, n, residual, halves->weight + n * m);
    dual_right_sides(study, halves, vectors);
    system.refined = false;
    status = shift_solve_dual(&system, n, vectors->f, vectors->a, vectors->b);
    shift_view_transposed(&system.view, n, vectors->a, shift->first_order);
    for (int64_t i = 0; i < n; i++)
        add_changed(&study->change, vectors->moved + i * study->change.n_changed, shift->first_order + i * m);
    return status;
}

enum status shift_pair_dual(struct shift_study *study, const struct shift_factor *factor, const double *behaviour,
                            struct shift *shift)
{
    int64_t n = 2 * study->n_behaviour, m = study->n_feature;
    const struct shift_change *change = &study->change;
    struct shift_factor own = {.n = study->n_small, .lower = study->lower};
    struct halves halves;
    struct dual_vectors vectors;
    halves_init(study, &halves);
    dual_vectors_init(study, &vectors);
    struct shift_system before = base_system(study, &own), after = before;
    after.factor = factor;
    after.view.change = change;
    after.ones = vectors.ones;
    for (int64_t p = 0; p < study->n_probe; p++)
        vectors.ones[p] = 1;
    shift_factor_solve(factor, 1, vectors.ones);
    enum status status = dual_before(before, behaviour, &halves, &vectors, shift);
    if (status == STATUS_OK)
        status = shift_solve_dual(&after, n, vectors.q, vectors.a, vectors.b);
    if (status == STATUS_OK) {
        shift_view_transposed(&after.view, n, vectors.a, vectors.t);
        for (int64_t i = 0; i < n; i++)
            add_changed(change, vectors.moved + i * change->n_changed, vectors.t + i * m);
        finish(study, vectors.t, vectors.b, &halves, shift);
    }
    dual_vectors_clear(&vectors);
    halves_clear(&halves);
    return status;
}

/* ---- primal ---------------------------------------------------------------------------------------------------- */

enum status shift_fit_primal(struct shift_study *study)
{
    struct shift_factor factor = {.n = study->n_small, .lower = study->lower};
    struct shift_system system = base_system(study, &factor);
    double *b = memory_allocate(study->n_behaviour, sizeof *b);
    const struct primal_side side = {.v = study->base.y};
    const struct primal_fit fit = {study->weight, b, study->residual};
    enum status status = shift_solve_primal(&system, study->n_behaviour, &side, &fit);
    memory_free(b);
    return status;
}

/* p = ΔXᵀ r and v = −ΔX w. */
static void primal_right_sides(const struct shift_study *study, const struct halves *halves, double *p, double *v)
{
    int64_t m = study->n_feature, n_probe = study->n_probe;
    const struct shift_change *change = &study->change;
    double *moved = memory_allocate_raw(change->n_changed, sizeof *moved);
    for (int64_t i = 0; i < 2 * study->n_behaviour; i++) {
        shift_change_transposed_product(change, halves->residual + i * n_probe, moved);
        add_changed(change, moved, p + i * m);
        shift_change_product(change, halves->weight + i * m, v + i * n_probe);
        for (int64_t q = 0; q < n_probe; q++)
            v[i * n_probe + q] = -v[i * n_probe + q];
    }
    memory_free(moved);
}

enum status shift_pair_primal(struct shift_study *study, const struct shift_factor *factor, const double *behaviour,
                              struct shift *shift)
{
    int64_t n = study->n_behaviour, m = study->n_feature, n_probe = study->n_probe;
    struct shift_factor own = {.n = study->n_small, .lower = study->lower};
    struct shift_system before = base_system(study, &own), after = before;
    after.factor = factor;
    after.view.change = &study->change;
    struct halves halves;
    halves_init(study, &halves);
    double *p = memory_allocate(2 * n * m, sizeof *p), *v = memory_allocate_raw(2 * n * n_probe, sizeof *v);
    double *t = memory_allocate_raw(2 * n * m, sizeof *t), *b = memory_allocate(2 * n, sizeof *b);
    const struct primal_side only_y = {.v = behaviour}, side = {p, v};
    const struct primal_fit of_y = {halves.weight + n * m, halves.intercept, halves.residual + n * n_probe};
    const struct primal_fit first_order = {shift->first_order, b, NULL}, exact = {t, b, NULL};
    enum status status = shift_solve_primal(&before, n, &only_y, &of_y);
    if (status == STATUS_OK) {
        primal_right_sides(study, &halves, p, v);
        before.refined = false;
        status = shift_solve_primal(&before, n, &side, &first_order);
    }
    if (status == STATUS_OK)
        status = shift_solve_primal(&after, 2 * n, &side, &exact);
    if (status == STATUS_OK)
        finish(study, t, b, &halves, shift);
    memory_free(b);
    memory_free(t);
    memory_free(v);
    memory_free(p);
    halves_clear(&halves);
    return status;
}
