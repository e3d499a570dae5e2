/* The inside of a recorder: what its steps and its other events share. */
#ifndef ASSAY_CAPTURE_RECORDER_PARTS_H
#define ASSAY_CAPTURE_RECORDER_PARTS_H

#include "capture/queue.h"
#include "capture/recorder.h"

/* The step under way; its lists are one after the other in `text`s, as they go into the file. */
struct step_draft {
    bool open;
    int64_t step, epoch, n;
    double learning_rate;
    struct text samples, losses, weights, micro_batches;
    bool has_losses, has_weights; /* in any of its micro-batches */
};

struct recorder {
    struct queue queue;
    char *path;   /* owned */
    uint8_t *key; /* owned; NULL without */
    int64_t n_key;
    bool reproducible;
    int64_t session, record, last_step;             /* record: of the latest step that ended */
    int64_t steps, uses;                            /* of this session */
    int64_t steps_before, uses_before, lost_before; /* of this process, before this session */
    struct step_draft draft;
    struct batch rows; /* of the step under way, or of the event being made */
    char **groups;     /* owned; group k has number k + 1 */
    int64_t n_group, group_capacity, group_found;
};

/* Where every event begins and ends: a failed one is accounted for. */
enum status recorder_end_event(struct recorder *recorder, enum status status, const char *what);
/* Sends the rows off, unless they wait for the end of the step under way. */
enum status recorder_send(struct recorder *recorder, const char *what);

/* Drops the step under way, which is lost for the reason of failure_sentence(). */
void recorder_abandon_step(struct recorder *recorder);
/* Rows that say how a session begins and ends. */
void recorder_owe_session(struct recorder *recorder);
void recorder_add_closing(struct recorder *recorder, struct batch *rows);
/* Seconds since 1970; 0 for a reproducible file. */
double recorder_seconds(const struct recorder *recorder);

/* The number of a parameter group, which is made known if it is not.  @fails BAD_INPUT */
enum status recorder_find_group(struct recorder *recorder, const char *name, int64_t *number);

/* What samples files allow as an id: 1 to 1,024 bytes of UTF-8 without control characters.  `what` names it. */
enum status check_name(const char *what, const char *name);
/* Any UTF-8; NULL if it may be. */
enum status check_text(const char *what, const char *text, bool optional);
/* n indices, for which there must be room in the step under way. */
enum status check_samples(const struct recorder *recorder, int64_t n, const int64_t *samples);

#endif
