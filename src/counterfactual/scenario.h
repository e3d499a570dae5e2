/* Scenarios: which training examples are left out, each time. */
#ifndef ASSAY_COUNTERFACTUAL_SCENARIO_H
#define ASSAY_COUNTERFACTUAL_SCENARIO_H

#include "counterfactual/inquiry.h"
#include "counterfactual/scores.h"
#include "records/sample_rows.h"

enum scenario_kind { SCENARIO_GROUP, SCENARIO_EXAMPLE, SCENARIO_LISTED, N_SCENARIO_KINDS };
extern const char *const scenario_kind_names[N_SCENARIO_KINDS];

/* All examples with this value. */
struct condition {
    int64_t column; /* of the samples */
    int32_t code;   /* of the column's values */
};

struct scenario {
    char *name; /* owned */
    enum scenario_kind kind;
    bool automatic;               /* not named by the config */
    struct condition *conditions; /* owned; any of them leaves an example out; a group has one */
    int64_t n_condition;
    char **ids; /* owned, like its strings; of examples that the config names */
    int64_t n_id;
    int64_t *members; /* owned; training rows of examples named one by one, ascending */
    int64_t n_member;
    int64_t count; /* examples left out in all */
};

struct scenarios {
    struct scenario *items; /* owned */
    int64_t n, capacity;
    struct text left_out; /* names of automatic scenarios that would leave nothing, a comma between them */
};

/* All scenarios of a config: those it names, then groups, then strong proponents (scores may be NULL: none of these).
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT when one names nothing or everything, or what is not there */
enum status scenarios_make(MPI_Comm comm, struct inquiry *inquiry, const struct scores *scores,
                           struct scenarios *scenarios);
void scenarios_clear(struct scenarios *scenarios);
/* Everything wrong with the inputs, a line each, and what the config's own scenarios name that is not there.  @local */
void scenarios_check(const struct inquiry_request *request, struct text *problems);

/* Whether row i of `rows` is left out.  @local */
bool scenario_has(const struct scenario *scenario, const struct sample_rows *rows, int64_t i);

#endif
