/* What is wrong, or worth knowing, about a record of training. */
#ifndef ASSAY_LINEAGE_FINDING_H
#define ASSAY_LINEAGE_FINDING_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum finding_kind {
    /* conservation */
    FOUND_RESIDUAL,
    FOUND_SHARE_SUM,
    FOUND_MISSING_CONTRIBUTION,
    /* compliance */
    FOUND_NOT_ADMITTED,
    FOUND_REJECTED_USED,
    FOUND_WRONG_ROLE,
    FOUND_REUSED,
    FOUND_UNKNOWN_POLICY,
    FOUND_UNKNOWN_SAMPLE,
    FOUND_POLICY_REDEFINED,
    FOUND_GATE_DIFFERS,
    /* gaps */
    FOUND_MISSING_RECORDS,
    FOUND_MISSING_STEPS,
    FOUND_LOST_EVENTS,
    FOUND_CUT_OFF,
    FOUND_UNCOUNTED,
    FOUND_MISSING_PROCESS,
    FOUND_MISSING_PROCESS_STEPS,
    FOUND_CLAIMED_TWICE,
    /* contradictions */
    FOUND_SAMPLES_DIFFER,
    FOUND_RUN_DIFFERS,
    FOUND_KEY_DIFFERS,
    FOUND_ORDER_DIFFERS,
    /* notes */
    FOUND_SUPERSEDED,
    FOUND_RESUMED,
    FOUND_EPOCH_INCOMPLETE,
    FOUND_NO_ADMISSIONS,
    N_FINDING_KIND
};

struct finding_class {
    const char *name;
    bool violation; /* else a note */
    const char *text;
};
extern const struct finding_class finding_classes[N_FINDING_KIND];

enum { FINDING_TEXT = 256 };

struct finding {
    int64_t kind;                         /* enum finding_kind */
    int64_t step, group, process, sample; /* -1: none */
    double size, limit;                   /* NaN: none */
    char text[FINDING_TEXT];
};

/* The first `keep` findings of each kind, in a total order of their contents, and the number of all. */
struct finding_list {
    struct finding *items[N_FINDING_KIND]; /* owned */
    int64_t n[N_FINDING_KIND], capacity[N_FINDING_KIND], count[N_FINDING_KIND];
    int64_t keep;
};

void finding_list_init(struct finding_list *findings, int64_t keep);
void finding_list_clear(struct finding_list *findings);

/* A finding without numbers but its kind: fill in what it has, then add it. */
struct finding finding_of(enum finding_kind kind);
void finding_say(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_list_add(struct finding_list *findings, const struct finding *finding);

/* All ranks' findings on rank 0, sorted; elsewhere they are left empty.  @collective comm */
void finding_list_gather(MPI_Comm comm, struct finding_list *findings);
/* Counts over kinds that are violations. */
int64_t finding_list_violations(const struct finding_list *findings);

#endif
