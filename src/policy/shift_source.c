#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "policy/shift_parts.h"

/* What a kept feature's coefficient answers to, at the changed features alone. */
struct answers {
    double *response; /* owned; n_kept × P: row j of A⁻¹Zᵀ of the base */
    double *inverse; /* owned; n_kept × n_changed: row j of A⁻¹; dual: times λ, as the residual there is over λ */
};

/* out (n × n_changed) = Xᵀ a at the changed features. */
static void product_at_changed(const struct shift_study *study, int64_t n, const double *a, double *out)
{
    const struct rows *x = study->base.x;
    const struct shift_change *change = &study->change;
    int64_t m = x->n_column, c = change->n_changed;
    if (rows_are_dense(x) && 4 * c < m) {
        memset(out, 0, (size_t)(n * c) * sizeof *out);
        for (int64_t p = 0; p < x->n_row; p++)
            for (int64_t i = 0; i < n; i++)
                for (int64_t k = 0; k < c; k++)
                    out[i * c + k] += x->dense[p * m + change->feature[k]] * a[i * x->n_row + p];
        return;
    }
    double *all = memory_allocate_raw(n * m, sizeof *all);
    shift_view_transposed(&(struct shift_view){.x = x}, n, a, all);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < c; k++)
            out[i * c + k] = all[i * m + change->feature[k]];
    memory_free(all);
}

static void answers_dual(const struct shift_system *system, int64_t n_kept, const int64_t *kept,
                         struct answers *answers)
{
    const struct shift_study *study = system->study;
    int64_t n_probe = study->n_probe, c = study->change.n_changed;
    double *v = memory_allocate_raw(n_kept * n_probe, sizeof *v), *b = memory_allocate(n_kept, sizeof *b);
    for (int64_t i = 0; i < n_kept; i++)
        shift_view_column(&system->view, kept[i], v + i * n_probe);
    shift_solve_dual(system, n_kept, v, answers->response, b);
    product_at_changed(study, n_kept, answers->response, answers->inverse);
    for (int64_t i = 0; i < n_kept; i++)
        for (int64_t k = 0; k < c; k++)
            answers->inverse[i * c + k] = (study->change.feature[k] == kept[i]) - answers->inverse[i * c + k];
    memory_free(b);
    memory_free(v);
}

static void answers_primal(const struct shift_system *system, int64_t n_kept, const int64_t *kept,
                           struct answers *answers)
{
    const struct shift_study *study = system->study;
    int64_t n_probe = study->n_probe, m = study->n_feature, c = study->change.n_changed;
    double *unit = memory_allocate(n_kept * m, sizeof *unit), *row = memory_allocate(n_kept * m, sizeof *row);
    double *b = memory_allocate(n_kept, sizeof *b);
    for (int64_t i = 0; i < n_kept; i++)
        unit[i * m + kept[i]] = 1;
    const struct primal_side side = {.p = unit};
    const struct primal_fit fit = {.w = row, .b = b};
    shift_solve_primal(system, n_kept, &side, &fit);
    for (int64_t i = 0; i < n_kept; i++) {
        for (int64_t p = 0; p < n_probe; p++)
            answers->response[i * n_probe + p] = b[i];
        for (int64_t k = 0; k < c; k++)
            answers->inverse[i * c + k] = row[i * m + study->change.feature[k]];
    }
    shift_view_add_plain(&system->view, n_kept, row, answers->response);
    memory_free(b);
    memory_free(row);
    memory_free(unit);
}

static void find_answers(struct shift_study *study, int64_t n_kept, const int64_t *kept, struct answers *answers)
{
    struct shift_factor factor = {.n = study->n_small, .lower = study->lower};
    struct shift_system system = {
        .study = study, .view = shift_base_view(study), .factor = &factor, .ones = study->ones};
    *answers =
        (struct answers){.response = memory_allocate_raw(n_kept * study->n_probe, sizeof *answers->response),
                         .inverse = memory_allocate_raw(n_kept * study->change.n_changed, sizeof *answers->inverse)};
    if (study->base.dual)
        answers_dual(&system, n_kept, kept, answers);
    else
        answers_primal(&system, n_kept, kept, answers);
}

void shift_source(struct shift_study *study, int64_t behaviour, int64_t n_kept, const int64_t *kept,
                  const struct shift_sources *sources)
{
    const struct shift_change *change = &study->change;
    int64_t m = study->n_feature, n_probe = study->n_probe, c = change->n_changed;
    const double *weight = study->weight + behaviour * m;
    double *own = memory_allocate_raw(c, sizeof *own);   /* δ_kᵀ r */
    double *felt = memory_allocate_raw(c, sizeof *felt); /* (A⁻¹Zᵀ δ_k)_j */
    double *row = memory_allocate(m, sizeof *row);       /* row j of the whole matrix: 0 where nothing changes */
    struct answers answers;
    find_answers(study, n_kept, kept, &answers);
    shift_change_transposed_product(change, study->residual + behaviour * n_probe, own);
    for (int64_t i = 0; i < n_kept; i++) {
        shift_change_transposed_product(change, answers.response + i * n_probe, felt);
        sources->all[i] = sources->off[i] = 0;
        for (int64_t k = 0; k < c; k++) {
            int64_t j = change->feature[k];
            row[j] = answers.inverse[i * c + k] * own[k] - weight[j] * felt[k];
            sources->all[i] += fabs(row[j]);
            sources->off[i] += j == kept[i] ? 0 : fabs(row[j]);
        }
        for (int64_t k = 0; k < n_kept; k++)
            sources->matrix[i * n_kept + k] = row[kept[k]];
    }
    memory_free(answers.inverse);
    memory_free(answers.response);
    memory_free(row);
    memory_free(felt);
    memory_free(own);
}
