/* What happened to each sample of a share, and whether it was allowed to. */
#ifndef ASSAY_LINEAGE_JUDGE_H
#define ASSAY_LINEAGE_JUDGE_H

#include "lineage/ledger.h"
#include "lineage/lineage_config.h"
#include "lineage/sample_lines.h"

/* When a row of steps was: what every use asks of it, close together in memory. */
struct step_time {
    int64_t step;  /* -1: superseded */
    int32_t epoch; /* place in ledger->epochs */
};

/* The gate's number of each policy and profile of the ledger: the one of the same name, -1 if there is none. */
struct gate_map {
    int32_t *policy, *profile; /* owned */
};

/* The rules, and the counts of all samples that were judged so far. */
struct judge {
    const struct ledger *ledger; /* borrowed */
    const struct lineage_config *config;
    const struct sample_lines *lines;
    struct finding_list *findings;
    struct gate_map gate;    /* where policies decide again: the caller makes it */
    int32_t training_role;   /* in ledger->roles; -1: no sample has it */
    struct step_time *times; /* owned; per row of steps */
    int64_t *epoch_used;     /* owned; per epoch, different samples */
    int64_t *epoch_covered;  /* owned; those of them that are expected */
    int64_t **group_uses;    /* owned; per column and value */
    int64_t expected;        /* training samples that are not rejected */
};

/* Of the samples of a slice; all owned. */
struct verdicts {
    int64_t *uses, *first_step, *last_step, *admission;
    int32_t *role, *owner;
};

void judge_init(const struct ledger *ledger, const struct lineage_config *config, const struct sample_lines *lines,
                struct finding_list *findings, struct judge *judge);
void judge_clear(struct judge *judge);

/* use_start and event_start have slice->n + 1 entries: rows of steps and numbers of event items, ascending. @local */
void judge_slice(struct judge *judge, const struct sample_slice *slice, const int64_t *use_start, const uint32_t *rows,
                 const int64_t *event_start, const uint32_t *items, struct verdicts *verdicts);
void verdicts_clear(struct verdicts *verdicts);

#endif
