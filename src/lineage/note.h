/* What one recorder file says, but for the samples that it names: small enough for every rank to know of all files. */
#ifndef ASSAY_LINEAGE_NOTE_H
#define ASSAY_LINEAGE_NOTE_H

#include "admission/admission.h"
#include "base/status.h"
#include "lineage/tally.h"
#include "records/name_set.h"

/* A step of one process. */
struct step_note {
    int64_t step, record, epoch, n;                  /* n: uses; record: its number in the file; epoch: -1 unknown */
    int32_t session, recorder, process;              /* recorder: the number of its file; all -1: of the order file */
    int32_t n_contribution, n_detailed, n_optimizer; /* rows; detailed: those with a number for each use */
    uint8_t superseded, has_losses, has_weights, unused[5];
};

/* An observation is EVENT_OBSERVED + its enum observation_kind. */
enum event_kind { EVENT_ADMISSION, EVENT_ROLE, EVENT_USER, EVENT_OBSERVED };

/* A row that says something of samples.  Names are numbers in the note's list, later in the ledger's; -1: none. */
struct event_note {
    int64_t step, row, n;                     /* step: -1 outside of steps; row: its number in its table */
    int32_t kind, session, recorder, process; /* kind: enum event_kind */
    int32_t decision, name, profile, reason;  /* name: policy, role or pseudonym */
    int64_t superseded;                       /* of an observation: its step was done again */
};

/* The names of an observation are where those of an admission would be. */
static inline int32_t *event_name(struct event_note *event, int k)
{
    return k == 0 ? &event->name : k == 1 ? &event->profile : &event->reason;
}

struct group_note {
    int64_t name, parameters, covered;
};

struct definition_note {
    int64_t is_profile, name, sha256, content; /* sha256 as hex; all three are names */
};

struct checkpoint_note {
    int64_t name, sha256, step; /* sha256 as hex, -1: not known */
    double learning_rate, validation_loss;
};

struct gap_note {
    int64_t kind, session, first, last, count, sentence; /* kind: enum gap_kind; sentence: a name */
};

/* A growing list of one kind of the above. */
struct note_list {
    void *items; /* owned */
    int64_t n, capacity;
};

struct recorder_note {
    int64_t rank, world_size, n_session, closed;
    int64_t run, samples_sha256, key_id;                           /* names; -1: not said */
    int64_t n_step, n_use, step_first, step_last, last_with_steps; /* the last one: session, 0: none */
    struct name_set names;
    /* kinds: int64 names; observations: struct event_note, too */
    struct note_list steps, events, observations, groups, definitions, checkpoints, gaps, kinds;
};

void note_init(struct recorder_note *note);
void note_clear(struct recorder_note *note);
/* Room for one more item of `bytes`; where to write it. */
void *note_list_add(struct note_list *list, size_t bytes);

/* Reads the file but once, and counts the samples of its events in `tally`.  @local   @fails BAD_INPUT, STOPPED */
enum status note_read(const char *path, const char *name, int32_t recorder, struct tally *tally,
                      struct recorder_note *note);

/* Flat bytes, appended to `text`; reading them back moves *at past them.  Only of our own making (ASSERT). */
void note_pack(const struct recorder_note *note, struct text *text);
void note_unpack(const char *bytes, int64_t n, int64_t *at, struct recorder_note *note);

#endif
