/* Which examples moved a query, or a parameter group, most. */
#include <stddef.h>

#include "query/question.h"

static const struct question_part overview[] = {
    {.title = "Strongest example of each query",
     .needs = {"proponents"},
     .sql = "SELECT p.query_id, q.text, p.sample_id, p.score{proponents p} FROM proponents p JOIN queries q ON q.query "
            "= p.query WHERE p.place = 0 LIMIT ?2"},
    {.title = "Strongest samples of each parameter group, by what training recorded",
     .needs = {"group_top"},
     .sql = "SELECT t.parameter_group, t.sample_id, t.share, t.norm{group_top t} FROM group_top t WHERE t.place < 3 "
            "AND t.sample >= 0 LIMIT ?2"},
    {.title = "Parameter groups, by the influence that went through them over all queries",
     .needs = {"layer_totals"},
     .sql = "SELECT layer, sum(total) AS net, sum(abs(total)) AS magnitude FROM layer_totals GROUP BY layer ORDER BY 3 "
            "DESC"},
    {0}};

static const struct question_part of_query[] = {
    {.title = "Query", .needs = {"queries"}, .sql = "SELECT query_id, text FROM queries WHERE query_id = ?1"},
    {.title = "Proponents: examples that lower its loss, strongest first",
     .needs = {"proponents"},
     .sql = "SELECT p.sample_id, p.score{proponents p} FROM proponents p WHERE p.query_id = ?1 LIMIT ?2"},
    {.title = "Opponents: examples that raise its loss, strongest first",
     .needs = {"opponents"},
     .sql = "SELECT p.sample_id, p.score{opponents p} FROM opponents p WHERE p.query_id = ?1 LIMIT ?2"},
    {.title = "Through which parameter group, all examples together",
     .needs = {"layer_totals"},
     .sql = "SELECT layer, total FROM layer_totals WHERE query_id = ?1 ORDER BY abs(total) DESC"},
    {0}};

static const struct question_part of_group[] = {
    {.title = "Samples that moved this parameter group most, by what training recorded",
     .needs = {"group_top"},
     .sql = "SELECT t.sample_id, t.share, t.norm{group_top t} FROM group_top t WHERE t.parameter_group = ?1 AND "
            "t.sample >= 0 LIMIT ?2",
     .instead = "What each sample did to this parameter group was not recorded in training (lineage.h5)."},
    {.title = "Examples that influenced queries most through it, among the entries that were kept",
     .needs = {"top_by_layer"},
     .sql = "SELECT p.sample_id, sum(p.layer_score) AS net, sum(abs(p.layer_score)) AS magnitude, count(DISTINCT "
            "p.query) AS queries{top_by_layer p} FROM top_by_layer p WHERE p.layer = ?1 GROUP BY p.training ORDER BY 3 "
            "DESC LIMIT ?2"},
    {0}};

static const struct question_case cases[] = {
    {.parts = overview},
    {"query", "queries", "SELECT 1 FROM queries WHERE query_id = ?1", "SELECT query_id FROM queries", of_query},
    {"parameter group", "parameter_groups", "SELECT 1 FROM parameter_groups WHERE parameter_group = ?1",
     "SELECT parameter_group FROM parameter_groups", of_group},
    {"layer", "layers", "SELECT 1 FROM layers WHERE layer = ?1", "SELECT layer FROM layers", of_group},
    {0}};

const struct question top_question = {"top", "[QUERY | LAYER]",
                                      "the examples that moved a query, or a parameter group, most", cases};
