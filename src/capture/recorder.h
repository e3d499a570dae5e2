/* Records what a training process does with its examples, in a SQLite file that `assay lineage` reads.
 * python/assay_recorder.py is its twin, and README.md says what the tables mean.
 *
 * One file per process, one transaction per step: a process that is killed loses at most the step in flight.  Nothing
 * here waits for long.  Each call says whether it went well, and a trainer may look away: what cannot be recorded is
 * counted, noted in the file as soon as it can be written again, and summed up by recorder_close.  A file that is
 * locked or a disk that is full is tried again every second. A NULL recorder records nothing, so that a trainer can go
 * on when recorder_open failed. */
#ifndef ASSAY_CAPTURE_RECORDER_H
#define ASSAY_CAPTURE_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct recorder; /* one thread at a time */

struct recorder_options {
    const char *run;               /* names the training run; the same in all its processes */
    int64_t rank, world_size;      /* of this process, and how many there are */
    const char *samples_file;      /* whose lines the indices of samples count; NULL: see recorder_samples */
    const uint8_t *samples_sha256; /* its SHA-256 if that is known, and its name need not be a path; NULL: it is read */
    const uint8_t *key;    /* at least 16 secret bytes, the same in all processes; for recorder_user; may be NULL */
    int64_t n_key;         /* bytes */
    bool durable;          /* sync the disk at every step: for machines that may lose power */
    int64_t pending_bytes; /* that may wait in memory while the file cannot be written; 0: 64 MiB */
    bool reproducible;     /* times and process are 0 and the host is "": a new file has the same bytes wherever and
                              whenever the same is recorded */
};

/* Everything by reference is copied or borrowed for the call only.
 * @local   @fails BAD_INPUT for a file that is not a recorder's or is of another run, CANNOT_WRITE */
enum status recorder_open(const char *path, const struct recorder_options *options, struct recorder **recorder);

struct recorder_summary {
    int64_t steps, uses; /* of this process, recorded or not */
    int64_t lost;        /* events that are not in the file */
    int64_t failures;    /* attempts that failed, those included that went well later */
    char sentence[240];  /* of the first failure, "" if there was none */
};

/* Writes what is left and makes the file one that stands alone.  `summary` may be NULL.  @fails CANNOT_WRITE */
enum status recorder_close(struct recorder *recorder, struct recorder_summary *summary);
/* Writes at once what waits, without regard to the pause after a failure. */
enum status recorder_flush(struct recorder *recorder);

/* ---- steps; numbers that are not known are -1 or NaN, lists NULL ---- */

/* Steps count over the whole run.  What is recorded until recorder_step_end goes into the step's transaction. */
enum status recorder_step_begin(struct recorder *recorder, int64_t step, int64_t epoch, double learning_rate);
/* The examples of a batch, in their order: once per micro-batch.  weights: what their losses are multiplied with beside
 * the mean or the sum, if that differs between examples. */
enum status recorder_use(struct recorder *recorder, int64_t n, const int64_t *samples, const float *losses,
                         const float *weights);

/* What the examples of this step did to a parameter group, one number per use of the step in their order. */
struct recorder_contribution {
    const char *group;
    double learning_rate;
    double delta_norm; /* |change| */
    double residual;   /* |change - sum of all contributions| */
    double rounding;   /* that may be in the residual */
    bool conditional;  /* the update is not linear in the examples: the shares hold for this step's preconditioner */
    int64_t n;
    const float *norms;   /* of the contributions */
    const double *shares; /* signed: <contribution, change> / |change|^2 */
};
enum status recorder_contribute(struct recorder *recorder, const struct recorder_contribution *contribution);
/* What the optimizer itself did to a group in this step: "weight_decay", "clipping", "momentum". */
enum status recorder_optimizer(struct recorder *recorder, const char *group, const char *kind, double norm,
                               double share);
enum status recorder_step_end(struct recorder *recorder, double loss);
/* Says that training went back to a checkpoint: the steps that follow take the place of those recorded before with the
 * same numbers.  Opening a file again does the same. */
enum status recorder_begin_session(struct recorder *recorder);

/* ---- other events; `samples` are n indices ---- */

/* The ids of samples first, first + 1, … and the SHA-256 of their contents (NULL: not known), instead of a samples
 * file. */
enum status recorder_samples(struct recorder *recorder, int64_t first, int64_t n, const char *const *ids,
                             const uint8_t (*contents)[32]);
/* covered: contributions of examples are recorded for this group. */
enum status recorder_group(struct recorder *recorder, const char *name, int64_t n_parameter, bool covered);
/* The text of a "policy" or a depth "profile", which admissions name. */
enum status recorder_definition(struct recorder *recorder, const char *kind, const char *name, const char *content);
/* Whose samples these are: the file holds HMAC-SHA-256 under the run's key. */
enum status recorder_user(struct recorder *recorder, const char *user, int64_t n, const int64_t *samples);
/* role: "train", "validation" or "test". */
enum status recorder_role(struct recorder *recorder, const char *role, int64_t n, const int64_t *samples);
enum status recorder_preprocessing(struct recorder *recorder, const char *name, const char *parameters, int64_t n,
                                   const int64_t *samples);
enum status recorder_modality(struct recorder *recorder, const char *modality, int64_t n, const int64_t *samples,
                              const float *weights);

struct recorder_admission {
    const char *decision;                  /* "admit", "modulate" or "reject" */
    const char *policy, *profile, *reason; /* only a rejection needs the reason, only "modulate" profile or weights */
    int64_t n;
    const int64_t *samples;
    const float *weights; /* at which they were admitted; may be NULL */
};
enum status recorder_admission(struct recorder *recorder, const struct recorder_admission *admission);

struct recorder_checkpoint {
    int64_t step; /* after which it was saved */
    const char *name, *file;
    const uint8_t *sha256;
    double learning_rate, validation_loss;
};
enum status recorder_checkpoint(struct recorder *recorder, const struct recorder_checkpoint *checkpoint);

struct recorder_influence {
    const char *checkpoint, *query, *method;
    int64_t n;
    const int64_t *samples;
    const double *scores; /* positive for proponents */
};
enum status recorder_influence(struct recorder *recorder, const struct recorder_influence *influence);

struct recorder_prediction {
    const char *checkpoint; /* NULL: the model as it is in this step */
    int64_t n;
    const int64_t *samples, *predicted, *labels; /* class numbers */
    const float *probabilities;
};
enum status recorder_prediction(struct recorder *recorder, const struct recorder_prediction *prediction);

#endif
