/* A ridge head fitted on features of the training examples, and what it says of the queries; exact under removal. */
#ifndef ASSAY_COUNTERFACTUAL_RIDGE_H
#define ASSAY_COUNTERFACTUAL_RIDGE_H

#include "counterfactual/slab.h"

/* argmin |T − Z W|² + λ |W without its intercept|², rows z = (1, x).  The same bits on every rank and machine. */
struct ridge {
    int64_t n;              /* training examples */
    int64_t size, n_output; /* M = 1 + features; outputs */
    int64_t n_query;
    double lambda, threshold;
    double *gram;        /* owned, as the rest; M × M, both triangles: ZᵀZ + diag(0, λ, …) */
    double *right;       /* n_output × M: ZᵀT */
    double *factor;      /* M × M: Cholesky factor of gram, lower */
    double *coefficient; /* n_output × M */
    double *query;       /* n_query × M: (1, x) of the queries */
    double *half;        /* n_query × M: L⁻¹ (1, x) */
    double *prediction;  /* n_query × n_output */
    int32_t *predicted;  /* the largest output, ties to the first; one output: 1 at the threshold and above */
    double *margin;      /* of what is predicted over the best other; one output: distance to the threshold */
};

/* Fits.  Blocks of rows are summed in a fixed order each, and exactly over blocks, so that ranks do not show.
 * @collective comm   @fails BAD_INPUT, NOT_CONVERGED, STOPPED */
enum status ridge_fit(MPI_Comm comm, struct inquiry *inquiry, struct slab *slab, struct ridge *ridge);
void ridge_clear(struct ridge *ridge);
/* Bytes that it takes while it is fitted, at most.  @local */
int64_t ridge_bytes(int64_t size, int64_t n_output, int64_t n_query);

/* Of n rows z (n × M) with targets t: u = L⁻¹ z (n × M), leverages h (n), and residuals e (n × n_output).  @local */
void ridge_examine(const struct ridge *ridge, int64_t n, const double *z, const double *t, double *u, double *h,
                   double *e);
/* The change of every query's margin without each of these rows alone, exactly: n × n_query; NaN at a leverage of 1.
 * @local   @source w₋ᵢ = w − A⁻¹ xᵢ eᵢ / (1 − hᵢ) */
void ridge_leave_out(const struct ridge *ridge, int64_t n, const double *u, const double *h, const double *e,
                     double *change);

/* What is predicted by outputs f[n_output]; and the margin that `predicted` has there, below 0 where another is
 * larger.  @local */
int32_t ridge_decide(const struct ridge *ridge, const double *f);
double ridge_margin(const struct ridge *ridge, const double *f, int32_t predicted);

/* The Cholesky factor of normal equations (M × M) in their place.
 * @local   @fails NOT_CONVERGED when λ is too small for the features to be told apart in double */
enum status ridge_factor(const struct ridge *ridge, double *a);

/* What is taken away: sums over some rows, in their order. */
struct removal {
    double *gram;     /* owned, as the rest; M × M, lower triangle */
    double *right;    /* n_output × M */
    double *additive; /* n_output × M: Σ z e / (1 − h) */
};
void removal_init(const struct ridge *ridge, struct removal *removal);
void removal_clear(struct removal *removal);
int64_t removal_bytes(int64_t size, int64_t n_output);
/* Adds n rows, with what ridge_examine says of them; h and e may be NULL: then nothing to `additive`.  @local */
void removal_add(const struct ridge *ridge, int64_t n, const double *z, const double *t, const double *h,
                 const double *e, struct removal *removal);
/* Outputs of all queries by the ridge without these rows, at the same λ: n_query × n_output; by its own factorisation.
 * `additive` gets what they would be if the changes of leaving each out alone added up.
 * @local   @fails NOT_CONVERGED */
enum status removal_apply(const struct ridge *ridge, const struct removal *removal, double *prediction,
                          double *additive);

#endif
