/* What changes without an example, or without a group of them. */
#include <stddef.h>

#include "query/question.h"

static const struct question_part overview[] = {
    {.title = "Scenarios that were worked out (counterfactual.h5)",
     .needs = {"scenarios"},
     .sql = "SELECT name, kind, removed FROM scenarios LIMIT ?2"},
    {.title = "First order: change of all losses together without each group (score_change: in units of scores)",
     .needs = {"groups"},
     .sql = "SELECT grouped_by, value, max(examples) AS examples, sum(net) AS {=groups net} FROM groups GROUP BY "
            "grouped_by, value ORDER BY grouped_by, 4 DESC"},
    {0}};

#define IS_SCENARIO "(name = ?1 OR name = 'id=' || ?1)"

static const struct question_part of_scenario[] = {
    {.title = "Scenario (counterfactual.h5)",
     .needs = {"scenarios"},
     .sql = "SELECT name, kind, removed FROM scenarios WHERE " IS_SCENARIO},
    {.title = "Exact for the ridge: answers that would become others without these examples",
     .needs = {"ridge_changes"},
     .sql = "SELECT query_id, predicted, flips_to, margin, margin_change FROM ridge_changes WHERE " IS_SCENARIO
            " AND flips = 1 ORDER BY margin + margin_change LIMIT ?2"},
    {.title = "Exact for the ridge: how each margin would change, largest changes first",
     .needs = {"ridge_changes"},
     .sql = "SELECT query_id, predicted, margin, margin_change, additivity_gap FROM ridge_changes WHERE " IS_SCENARIO
            " ORDER BY abs(margin_change) DESC LIMIT ?2"},
    {.title = "First order for the network: change of each loss (score_change: sums of scores, of unknown scale)",
     .needs = {"network_changes"},
     .sql = "SELECT query_id, loss_change AS {=network_changes loss_change}, low, high FROM network_changes "
            "WHERE " IS_SCENARIO " ORDER BY abs(loss_change) DESC LIMIT ?2"},
    {0}};

#define IS_GROUP "grouped_by || '=' || value = ?1"

static const struct question_part of_group[] = {
    {.title = "Group",
     .needs = {"groups"},
     .sql = "SELECT grouped_by, value, max(examples) AS examples FROM groups WHERE " IS_GROUP},
    {.title = "First order: change of each loss without it (positive: it rises; score_change: in units of scores)",
     .needs = {"groups"},
     .sql = "SELECT query_id, net AS {=groups net} FROM groups WHERE " IS_GROUP " ORDER BY abs(net) DESC LIMIT ?2"},
    {0}};

static const struct question_part of_example[] = {
    {.title = "Example",
     .needs = {"examples"},
     .sql = "SELECT e.sample_id{examples e self}{examples e} FROM examples e WHERE e.sample_id = ?1"},
    {.title = "Exact for the ridge: how each margin would change without it, largest changes first",
     .needs = {"ridge_without"},
     .sql = "SELECT query_id, margin_change FROM ridge_without WHERE sample_id = ?1 ORDER BY abs(margin_change) DESC "
            "LIMIT ?2"},
    {.title = "First order: change of each loss without it (positive: it rises; score_change: in units of scores)",
     .needs = {"scores"},
     .sql =
         "SELECT query_id, score AS {=scores score} FROM scores WHERE sample_id = ?1 ORDER BY abs(score) DESC LIMIT ?2",
     .instead = "The scores of all examples were not kept (influence.keep.scores): only what is among the strongest is "
                "known."},
    {.title = "The same, where it is among the strongest examples of a query",
     .needs = {"top"},
     .sql = "SELECT query_id, score AS {=top score} FROM top WHERE sample_id = ?1 ORDER BY abs(score) DESC LIMIT ?2",
     .unless = "scores"},
    {0}};

static const struct question_case cases[] = {
    {.parts = overview},
    {"scenario", "scenarios", "SELECT 1 FROM scenarios WHERE " IS_SCENARIO, "SELECT name FROM scenarios", of_scenario},
    {"COLUMN=VALUE", "groups", "SELECT 1 FROM groups WHERE " IS_GROUP " LIMIT 1",
     "SELECT DISTINCT grouped_by || '=' || value FROM groups", of_group},
    {"training example", "examples", "SELECT 1 FROM examples WHERE sample_id = ?1",
     "SELECT sample_id FROM examples LIMIT 100000", of_example},
    {0}};

const struct question without_question = {"without", "[EXAMPLE | COLUMN=VALUE | SCENARIO]",
                                          "what changes without an example or a group", cases};
