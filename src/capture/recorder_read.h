/* Reads recorder files: every row checked, steps in order with what belongs to them, and what is missing.
 * A file that a killed process left behind is read up to its last complete transaction; nothing is written to it. */
#ifndef ASSAY_CAPTURE_RECORDER_READ_H
#define ASSAY_CAPTURE_RECORDER_READ_H

#include "base/status.h"
#include "capture/schema.h"

struct recording; /* sees the file as it was when it was opened, also while it is written; one thread at a time */

/* Refuses what is not a recorder's file of our version, and one with any other table, view or trigger.  The log that a
 * killed process left (PATH-wal) must lie beside it, where SQLite may make a PATH-shm.
 * @local   @fails BAD_INPUT */
enum status recording_open(const char *path, struct recording **recording);
void recording_close(struct recording *recording); /* NULL is fine; rows and steps were closed before */

struct recording_info {
    const char *run;
    int64_t rank, world_size;
    const char *samples_file, *samples_sha256, *key_id; /* NULL where none is named */
    int64_t n_session, n_group;
};
/* Borrowed. */
const struct recording_info *recording_info(const struct recording *recording);
/* The name of parameter group 1 … n_group.  Borrowed. */
const char *recording_group(const struct recording *recording, int64_t number);

/* ---- the rows of one table, in the order in which they were written ---- */

struct recording_rows;

enum status recording_rows_open(struct recording *recording, enum table_id table, struct recording_rows **rows);
/* The same from row number `first` on; and the number of the row that was read last. */
enum status recording_rows_open_at(struct recording *recording, enum table_id table, int64_t first,
                                   struct recording_rows **rows);
int64_t recording_row(const struct recording_rows *rows);
/* Rows of a table that names samples: how many, the samples in all of them, and those of the largest; by the lengths of
 * their arrays, none of which is read.  @local   @fails BAD_INPUT */
struct recording_extent {
    int64_t n_row, n_sample, most;
};
enum status recording_extent(struct recording *recording, enum table_id table, struct recording_extent *extent);
void recording_rows_close(struct recording_rows *rows); /* NULL is fine */
/* *more is false after the last one.  @fails BAD_INPUT */
enum status recording_rows_next(struct recording_rows *rows, bool *more);

/* Values of the row, by column (see schema_find); the kind must be the column's (ASSERT).  Borrowed until the next row.
 * An absent integer is -1, an absent real NaN, all else NULL. */
int64_t recording_integer(const struct recording_rows *rows, int column);
double recording_real(const struct recording_rows *rows, int column);
const char *recording_text(const struct recording_rows *rows, int column);
const uint8_t *recording_digest(const struct recording_rows *rows, int column);
/* n elements of the column's kind, aligned; *n may be NULL. */
const void *recording_array(const struct recording_rows *rows, int column, int64_t *n);

/* ---- steps ---- */

struct recorded_step {
    int64_t record, session, step, epoch; /* epoch: -1 where not known */
    double time, learning_rate, loss;     /* time: seconds since 1970; NaN where not known */
    int64_t n;                            /* uses */
    const int64_t *samples;               /* indices, in the order of the batch: position i is the i-th use */
    const float *losses, *weights;        /* NULL where not known; a single NaN loss is not known either */
    int64_t n_micro_batch;
    const int64_t *micro_batches; /* uses of each; they add up to n */
    bool superseded; /* training went back and did this step, or one before, again: it is not part of the final model */
};

struct recorded_contribution {
    int64_t group;                                        /* number */
    double learning_rate, delta_norm, residual, rounding; /* NaN where not known */
    bool conditional;
    int64_t n; /* uses of the step, or 0 */
    const float *norms;
    const double *shares;
};

struct recorded_optimizer {
    int64_t group; /* number */
    const char *kind;
    double norm, share;
};

struct recording_steps;

enum status recording_steps_open(struct recording *recording, struct recording_steps **steps);
/* The same from record number `first` on, found without reading what is before; whether a step is superseded is not
 * told then. */
enum status recording_steps_open_at(struct recording *recording, int64_t first, struct recording_steps **steps);
void recording_steps_close(struct recording_steps *steps); /* NULL is fine */
/* The next step, then what belongs to it, each until *more is false; what is not asked for is checked and skipped.
 * Borrowed until the next call of the same function.  @fails BAD_INPUT */
enum status recording_next_step(struct recording_steps *steps, struct recorded_step *step, bool *more);
enum status recording_next_contribution(struct recording_steps *steps, struct recorded_contribution *contribution,
                                        bool *more);
enum status recording_next_optimizer(struct recording_steps *steps, struct recorded_optimizer *optimizer, bool *more);

/* ---- what is missing ---- */

enum gap_kind {
    GAP_RECORDS,    /* records first … last of the table of steps are not there */
    GAP_STEPS,      /* no step between numbers first and last was recorded */
    GAP_LOST,       /* the recorder says so: count events of steps first … last */
    GAP_NOT_CLOSED, /* a session was cut off after step first (-1: it has none): the step in flight is lost */
    GAP_UNCOUNTED,  /* a session says it made count more steps, or uses, than are there */
    GAP_SUPERSEDED, /* not missing, but void: count steps, first … last, that a later session did again */
    N_GAP_KIND
};

struct recording_gap {
    enum gap_kind kind;
    int64_t session;
    int64_t first, last, count; /* -1 where there is none */
    char *what, *reason;        /* owned; GAP_LOST and GAP_UNCOUNTED, else NULL */
};

struct recording_survey {
    struct recording_gap *gaps; /* owned; by session */
    int64_t n_gap, capacity;
    int64_t n_step, n_use;         /* that are there */
    int64_t n_superseded;          /* steps among them */
    int64_t step_first, step_last; /* -1 where there is none */
};

/* Looks through the whole file.  @local   @fails BAD_INPUT */
enum status recording_survey(struct recording *recording, struct recording_survey *survey);
/* The same, and shows every step on the way, whose contributions can then be asked for; a failure ends the survey. */
typedef enum status recording_visit(void *context, struct recording_steps *steps, const struct recorded_step *step);
enum status recording_survey_visit(struct recording *recording, struct recording_survey *survey, recording_visit *visit,
                                   void *context);
void recording_survey_clear(struct recording_survey *survey);
/* One sentence about a gap. */
void recording_gap_say(const struct recording_gap *gap, struct text *text);

#endif
