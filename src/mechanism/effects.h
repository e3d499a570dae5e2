/* Localisation: what interventions on each part do to each behaviour, and to what random parts do. */
#ifndef ASSAY_MECHANISM_EFFECTS_H
#define ASSAY_MECHANISM_EFFECTS_H

#include <mpi.h>

#include "mechanism/resample.h"
#include "mechanism/scene.h"

/* One number per behaviour and part each; the effect on a probe is its behaviour intact minus that after the
 * intervention, so a positive one means that the part raises the behaviour. */
enum effect_field {
    EFFECT_MEAN, /* over the probes */
    EFFECT_LOW,  /* of its bootstrap interval */
    EFFECT_HIGH,
    EFFECT_MAGNITUDE,         /* mean of the absolute values */
    EFFECT_CONTROL_MEAN,      /* of the mean effects of the controls; NaN without, as the next three */
    EFFECT_CONTROL_DEVIATION, /* of a sample */
    EFFECT_SCORE,             /* (mean − control mean) / control deviation; infinite where no control does a thing */
    EFFECT_P,                 /* (1 + exceeded) / (1 + controls) */
    EFFECT_CHANCE,    /* share of the controls that would have no equal among the others and a score of enough */
    EFFECT_EXCEEDED,  /* controls whose |mean| is not smaller; −1 without */
    EFFECT_FOLDS,     /* folds whose mean has the sign of the whole */
    EFFECT_LOCALISED, /* 1: the interval excludes 0, all folds agree, no control exceeds it, |score| is enough */
    EFFECT_RECOVERED, /* patch with source: Σ effect / Σ (intact − source) over the probes */
    N_EFFECT_FIELD
};

/* Of one intervention. */
struct effects {
    bool there;
    int64_t n_part, n_behaviour, n_fold, n_category;
    double *values;   /* owned; N_EFFECT_FIELD × n_behaviour × n_part */
    double *fold;     /* n_behaviour × n_part × n_fold: means within folds; part of values, as the next */
    double *category; /* n_behaviour × n_part × n_category */
    int64_t *order;   /* owned; n_behaviour × n_part: by |mean|, ties to the lower part */
};

static inline double *effects_field(const struct effects *effects, enum effect_field field)
{
    return effects->values + (int64_t)field * effects->n_behaviour * effects->n_part;
}

/* Every block of parts is measured on one rank; the result is the same on all.
 * @collective comm   @fails BAD_INPUT, STOPPED */
enum status effects_measure(MPI_Comm comm, struct scene *scene, int intervention, struct resample *resample,
                            struct effects *effects);
void effects_clear(struct effects *effects);

/* What one intervention does: differences[n_probe] of one behaviour.  @local */
double effect_mean(const double *differences, int64_t n);

#endif
