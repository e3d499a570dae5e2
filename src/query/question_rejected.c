/* What was kept out, by whom, and whether it stayed out. */
#include <stddef.h>

#include "query/question.h"

static const struct question_part parts[] = {
    {.title = "Decisions other than to admit in full, by policy and reason",
     .needs = {"admissions"},
     .sql = "SELECT decision, policy, reason, count(*) AS decisions FROM admissions WHERE decision <> 'admit' GROUP BY "
            "1, 2, 3 ORDER BY 1 DESC, 4 DESC",
     .instead = "Which samples were rejected is not known: this run has no lineage.h5."},
    {.title = "Rejected samples",
     .needs = {"samples"},
     .sql = "SELECT sample_id, admitted_under AS policy, reason, uses FROM samples WHERE decision = 'reject' LIMIT ?2"},
    {.title = "Rejected, and used all the same",
     .needs = {"samples"},
     .sql = "SELECT sample_id, admitted_under AS policy, reason, uses, nullif(first_step, -1) AS first_step, "
            "nullif(last_step, -1) AS last_step FROM samples WHERE decision = 'reject' AND uses > 0 LIMIT ?2"},
    {.title = "Checkpoints that the selection rule left out",
     .needs = {"checkpoints"},
     .sql = "SELECT checkpoint, step, validation_loss FROM checkpoints WHERE selected = 0"},
    {0}};

static const struct question_case cases[] = {{.parts = parts}, {0}};

const struct question rejected_question = {"rejected", "", "what was not admitted, and why", cases};
