/* What the explanation has to be better than: each probe's behaviour predicted by a fit without its fold. */
#ifndef ASSAY_MECHANISM_BASELINES_H
#define ASSAY_MECHANISM_BASELINES_H

#include <mpi.h>

#include "mechanism/scene.h"

enum baseline_kind { BASELINE_POLICY, BASELINE_RIDGE, BASELINE_NEIGHBOURS, N_BASELINE_KIND };
extern const char *const baseline_names[N_BASELINE_KIND];

/* Those that there is something for, in the order of their kinds. */
struct baselines {
    int n;
    int kind[N_BASELINE_KIND];
    int64_t n_behaviour, n_probe;
    double *prediction; /* owned; n × n_behaviour × n_probe */
    double *r2, *auc;   /* owned; n × n_behaviour */
};

/* The folds are dealt to the ranks; the same result on all.  @collective comm   @fails BAD_INPUT, NOT_CONVERGED */
enum status baselines_make(MPI_Comm comm, struct scene *scene, struct baselines *baselines);
void baselines_clear(struct baselines *baselines);

/* The place of a kind among them; −1: not there.  @local */
int baselines_find(const struct baselines *baselines, int kind);

/* Rows x[n × width] and y[n_behaviour × n]. */
struct table_of_rows {
    int64_t n, width, n_behaviour, n_fold;
    const double *x, *y; /* borrowed */
};

/* Ridge with an unpenalised intercept on the rows that are not in `fold` (row i is in fold i mod n_fold), λ of each
 * behaviour by generalised cross-validation on them, ties to the larger; predicts the rows of the fold into
 * prediction[n_behaviour × n].  @local   @fails NOT_CONVERGED
 * @source Hoerl and Kennard 1970; Golub, Heath and Wahba 1979 */
enum status ridge_predict(const struct table_of_rows *rows, const struct numbers *lambda, int64_t fold,
                          double *prediction);

/* The mean over the nearest rows that are not in `fold`, by squared Euclidean distance, ties to the lower row.
 * @local   @source Cover and Hart, Nearest Neighbor Pattern Classification, 1967 */
void neighbours_predict(const struct table_of_rows *rows, int64_t n_neighbour, int64_t fold, double *prediction);

#endif
