/* Everything that was recorded of a run, merged: all of it but the samples of its steps and events.  The same on every
 * rank, whichever rank read what. */
#ifndef ASSAY_LINEAGE_LEDGER_H
#define ASSAY_LINEAGE_LEDGER_H

#include "lineage/finding.h"
#include "lineage/note.h"
#include "lineage/observation.h"

/* A list of names, each once, as a dataset holds it. */
struct lexicon {
    int64_t *names; /* owned; of entry i, in ledger.names */
    int64_t n, capacity;
    int32_t *index; /* owned; of a name of ledger.names, -1 if it is not in the list */
    int64_t n_index;
};

struct recorder_entry {
    char *path; /* owned; as the config finds it */
    int64_t process, world_size, n_step, n_use, closed;
    int64_t run, samples_sha256, key_id; /* names; -1: not said */
    int32_t *group_of;                   /* owned; of its group k + 1 in the ledger */
    uint8_t *covers;                     /* owned; whether it says that it records contributions to it */
    int64_t n_group;
    bool has_contributions; /* in any step */
};

/* The text of a policy or of a depth profile. */
struct named_text {
    int64_t name, sha256, content; /* names; sha256 and content are -1 where the text is not known */
    bool from_file;                /* the text is that of lineage.policies: no recorder has it */
};

struct named_texts {
    struct named_text *items; /* owned */
    int64_t n, capacity;
};

struct ledger {
    struct name_set names; /* every string */
    struct recorder_entry *recorders;
    int64_t n_recorder;
    struct lexicon groups, kinds, reasons, roles, owners;
    int64_t *parameters; /* owned; per group, -1 unknown */
    uint8_t *covered;
    struct named_texts policies, profiles;
    struct checkpoint_note *checkpoints; /* owned; by step, then name */
    int64_t n_checkpoint;
    struct step_note *steps; /* owned; in the order of the table */
    int64_t n_step;
    /* What begins at each step, and the end; n_step + 1 each. */
    int64_t *use_start, *contribution_start, *detail_start, *optimizer_start; /* owned */
    bool has_losses, has_weights, has_details, has_contributions;
    struct event_note *events; /* owned; admissions first, in the order of the table */
    int64_t n_event, n_admission_event;
    int64_t *event_start; /* owned; n_event + 1: samples named by the events before */
    /* What decides nothing, in the order of the tables: kind k is observations [observed[k], observed[k + 1]). */
    struct event_note *observations; /* owned */
    int64_t n_observation, observed[N_OBSERVED + 1];
    int64_t *observation_start; /* owned; as event_start */
    struct lexicon observed_names[N_OBSERVED][OBSERVED_NAMES];
    int64_t *epochs; /* owned; ascending */
    int64_t n_epoch;
};

void ledger_init(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);

/* Takes what one recorder file says, in the order of the files; its gaps become findings. */
void ledger_add(struct ledger *ledger, const char *path, const struct recorder_note *note,
                struct finding_list *findings);
/* Takes the steps of an order file, which has n[i] uses in step i. */
void ledger_add_order(struct ledger *ledger, int64_t n_step, const int64_t *n);
/* After the last one: puts everything in its order, and finds what contradicts. */
void ledger_conclude(struct ledger *ledger, struct finding_list *findings);

/* The number of a name in a list of the ledger, which it joins.  -1 stays -1. */
int32_t lexicon_add(struct lexicon *lexicon, int64_t name);
int64_t ledger_name(struct ledger *ledger, const char *text);
const char *ledger_text(const struct ledger *ledger, int64_t name); /* "" for -1; borrowed until the next name */

static inline int64_t ledger_admissions(const struct ledger *ledger)
{
    return ledger->event_start[ledger->n_admission_event];
}

/* Rows of the tables of a kind of observation. */
static inline int64_t ledger_observed(const struct ledger *ledger, int kind)
{
    return ledger->observation_start[ledger->observed[kind + 1]] - ledger->observation_start[ledger->observed[kind]];
}

/* Bytes that it takes per rank, for so many steps and events, observations among them.  @local */
int64_t ledger_bytes(int64_t n_step, int64_t n_event);

#endif
