/* Solutions by iterative refinement: the factor in double corrects, residuals that are as good as exact judge. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "matrix/canonical.h"
#include "matrix/multiply.h"
#include "matrix/system_parts.h"

enum {
    MAX_STEPS = 60,
    GROUP_WORDS = 1 << 19 /* of a vector of all sides that are solved at once */
};
static const double GOAL = 0x1p-96;             /* of the largest entry */
static const double CONTRACTION = 0.5;          /* of the correction from step to step, at least */
static const double LARGEST_CONDITION = 0x1p50; /* beyond it a factor in double has no correct bit */

/* Right-hand sides on their way to their solutions high + low; all vectors n_side × n, the same on every rank. */
struct group {
    const struct system *system;
    int64_t n_side;
    double *b_high, *b_low; /* owned; b · 2^−exponent; unknowns that are left out have 0 */
    int *exponent;          /* owned; per side: max|b| < 2^exponent */
    double *high, *low;     /* owned */
    struct triple *product; /* owned; S times the solution, on rank 0 */
    double *residual;       /* owned; then the correction that it leads to */
    double *size;           /* owned; per side: the largest entry of the latest correction */
    uint8_t *done;          /* owned; per side */
};

int64_t sides_at_once(int64_t n)
{
    int64_t sides = GROUP_WORDS / n;
    return sides < 1 ? 1 : sides < MAX_SIDES ? sides : MAX_SIDES;
}

int64_t solution_bytes(int64_t n, int64_t n_local_row, int64_t n_local_column)
{
    const int64_t n_side = sides_at_once(n), n_vector = 5; /* of doubles: b, solution, residual */
    return n_side * n * (n_vector * (int64_t)sizeof(double) + (int64_t)sizeof(struct triple)) +
           multiply_bytes(n_side, n_local_row, n_local_column) +
           n_side * n_local_row * (int64_t)sizeof(double); /* the part that system_apply_inverse works on */
}

static void group_init(struct group *group, const struct system *system, int64_t n_side)
{
    const int64_t n = n_side * system->n;
    *group = (struct group){
        .system = system,
        .n_side = n_side,
        .b_high = memory_allocate(n, sizeof(double)),
        .b_low = memory_allocate(n, sizeof(double)),
        .exponent = memory_allocate(n_side, sizeof(int)),
        .high = memory_allocate(n, sizeof(double)),
        .low = memory_allocate(n, sizeof(double)),
        .product = memory_allocate(n, sizeof(struct triple)),
        .residual = memory_allocate(n, sizeof(double)),
        .size = memory_allocate(n_side, sizeof(double)),
        .done = memory_allocate(n_side, 1),
    };
}

static void group_clear(struct group *group)
{
    memory_free(group->b_high);
    memory_free(group->b_low);
    memory_free(group->exponent);
    memory_free(group->high);
    memory_free(group->low);
    memory_free(group->product);
    memory_free(group->residual);
    memory_free(group->size);
    memory_free(group->done);
}

/* NaN if there is one. */
static double largest_of(const double *x, int64_t n)
{
    double largest = 0;
    for (int64_t i = 0; i < n && !isnan(largest); i++)
        largest = fabs(x[i]) <= largest ? largest : fabs(x[i]);
    return largest;
}

static enum status check_finite(int64_t n_side, int64_t n, const double *b)
{
    for (int64_t k = 0; b != NULL && k < n_side * n; k++)
        if (!isfinite(b[k]))
            return fail(BAD_INPUT, "entry %lld of right-hand side %lld of the normal equations is not finite",
                        (long long)(k % n), (long long)(k / n));
    return STATUS_OK;
}

/* Scaled by a power of two, so that no product leaves the range of doubles. */
static void take_sides(struct group *group, const double *b, const double *b_low)
{
    const struct system *system = group->system;
    const int64_t n = system->n;
    for (int64_t s = 0; s < group->n_side; s++) {
        double *high = group->b_high + s * n, *low = group->b_low + s * n;
        for (int64_t i = 0; i < n; i++) {
            high[i] = system->kept[i] ? b[s * n + i] : 0;
            low[i] = system->kept[i] && b_low != NULL ? b_low[s * n + i] : 0;
        }
        int exponent;
        frexp(largest_of(high, n), &exponent); /* 0 of 0 */
        group->exponent[s] = exponent;
        for (int64_t i = 0; i < n; i++) {
            high[i] = ldexp(high[i], -exponent);
            low[i] = ldexp(low[i], -exponent);
        }
    }
    memcpy(group->residual, group->b_high, (size_t)(group->n_side * n) * sizeof(double));
}

/* residual = b − (S + diagonal) x, to the last bits of a double; 0 for what is left out. */
static void take_residual(struct group *group)
{
    const struct system *system = group->system;
    const int64_t n = system->n;
    int rank;
    MPI_Comm_rank(system->grid.comm, &rank);
    system_multiply(system, group->n_side, group->high, group->low, group->product);
    for (int64_t k = 0; rank == 0 && k < group->n_side * n; k++) {
        double high, high_error, low, low_error, diagonal = system->diagonal[k % n];
        struct triple rest = {{-group->product[k].part[0], -group->product[k].part[1], -group->product[k].part[2]}};
        two_product(-diagonal, group->high[k], &high, &high_error);
        two_product(-diagonal, group->low[k], &low, &low_error);
        const double terms[] = {group->b_high[k], high, high_error, group->b_low[k], low, low_error};
        for (size_t t = 0; t < sizeof terms / sizeof *terms; t++)
            triple_add(&rest, terms[t]);
        group->residual[k] = system->kept[k % n] ? triple_value(&rest) : 0;
    }
    MPI_Bcast(group->residual, to_int(group->n_side * n), MPI_DOUBLE, 0, system->grid.comm);
}

static enum status refuse(const struct system *system)
{
    return fail(NOT_CONVERGED,
                "the normal equations of order %lld have the condition %.1e (estimated): a factor in double cannot "
                "solve them; raise the ridge parameter λ",
                (long long)system->n, system->condition);
}

/* Adds the correction of one side, and judges it: what is still wrong after it is the sum of the corrections that would
 * follow, each at most `contraction` of the one before. */
static enum status correct(struct group *group, int64_t s, int step)
{
    const int64_t n = group->system->n;
    double *high = group->high + s * n, *low = group->low + s * n;
    const double *correction = group->residual + s * n;
    for (int64_t i = 0; i < n; i++) {
        double sum, error;
        two_sum(high[i], correction[i], &sum, &error);
        error += low[i];
        two_sum(sum, error, &high[i], &low[i]);
    }
    const double size = largest_of(correction, n), before = group->size[s];
    group->size[s] = size;
    if (size == 0) {
        group->done[s] = 1;
        return STATUS_OK;
    }
    if (step == 0)
        return STATUS_OK;
    const double contraction = size / before;
    if (!(contraction <= CONTRACTION))
        return refuse(group->system);
    group->done[s] = contraction / (1 - contraction) * size <= GOAL * largest_of(high, n);
    return STATUS_OK;
}

static enum status refine(struct group *group)
{
    for (int step = 0; step < MAX_STEPS; step++) {
        if (step > 0)
            take_residual(group); /* at first, that of zero is b */
        system_apply_inverse(group->system, group->n_side, group->residual);
        int64_t n_done = 0;
        for (int64_t s = 0; s < group->n_side; s++) {
            enum status status = group->done[s] ? STATUS_OK : correct(group, s, step);
            if (status != STATUS_OK)
                return status; /* the same numbers on every rank */
            n_done += group->done[s];
        }
        if (n_done == group->n_side)
            return STATUS_OK;
    }
    return refuse(group->system);
}

static enum status round_solutions(const struct group *group, const double *b, double *x)
{
    const struct system *system = group->system;
    const int64_t n = system->n;
    for (int64_t s = 0; s < group->n_side; s++) {
        enum status status = canonical_round(n, group->high + s * n, group->low + s * n, group->exponent[s], x + s * n);
        if (status != STATUS_OK)
            return status;
        for (int64_t i = 0; i < n; i++)
            if (!system->kept[i])
                x[s * n + i] = b[s * n + i];
    }
    return STATUS_OK;
}

enum status system_solve(const struct system *system, int64_t n_side, const double *b, const double *b_low, double *x)
{
    const int64_t n = system->n;
    ASSERT(system->condition > 0); /* factored */
    if (!(system->condition <= LARGEST_CONDITION))
        return refuse(system);
    enum status status = check_finite(n_side, n, b);
    if (status == STATUS_OK)
        status = check_finite(n_side, n, b_low);
    for (int64_t first = 0, at_once; first < n_side && status == STATUS_OK; first += at_once) {
        at_once = n_side - first < sides_at_once(n) ? n_side - first : sides_at_once(n);
        const int64_t offset = first * n;
        struct group group;
        group_init(&group, system, at_once);
        take_sides(&group, b + offset, b_low == NULL ? NULL : b_low + offset);
        status = refine(&group);
        if (status == STATUS_OK)
            status = round_solutions(&group, b + offset, x + offset);
        group_clear(&group);
    }
    return status;
}
