/* Under which policies, licences, sources and owners came what shaped a query or a behaviour. */
#include <stddef.h>

#include "query/question.h"

static const struct question_part overview[] = {
    {.title = "Examples of each group, over all queries (positive: they lower the loss)",
     .needs = {"groups"},
     .sql = "SELECT grouped_by, value, max(examples) AS examples, sum(positive) AS positive, sum(negative) AS "
            "negative, sum(net) AS net FROM groups GROUP BY grouped_by, value ORDER BY grouped_by, net DESC"},
    {.title = "Samples of each group, and how often they were used",
     .needs = {"sample_groups"},
     .sql = "SELECT grouped_by, value, samples, uses FROM sample_groups ORDER BY grouped_by, uses DESC"},
    {.title = "Policies, by decision",
     .needs = {"admissions"},
     .sql = "SELECT policy, decision, count(*) AS decisions FROM admissions GROUP BY policy, decision ORDER BY policy, "
            "decision"},
    {0}};

static const struct question_part of_query[] = {
    {.title = "Query", .needs = {"queries"}, .sql = "SELECT query_id, text FROM queries WHERE query_id = ?1"},
    {.title = "Groups of examples behind it (positive: they lower its loss)",
     .needs = {"groups"},
     .sql = "SELECT grouped_by, value, examples, proponents, positive, negative, net FROM groups WHERE query_id = ?1 "
            "ORDER BY grouped_by, net DESC"},
    {.title = "Policies that admitted its strongest examples",
     .needs = {"top", "samples"},
     .sql = "SELECT s.admitted_under AS policy, s.decision, count(*) AS examples, sum(p.score) AS score FROM top p "
            "JOIN samples s ON s.sample_id = p.sample_id WHERE p.query_id = ?1 GROUP BY 1, 2 ORDER BY score DESC",
     .instead = "Which policy admitted an example in training was not recorded (lineage.h5)."},
    {.title = "Owners of its strongest examples",
     .needs = {"top", "samples"},
     .sql = "SELECT coalesce(s.owner, iif(?3, 'not recorded', NULL)) AS owner, count(*) AS examples, sum(p.score) AS "
            "score FROM top p JOIN samples s ON s.sample_id = p.sample_id WHERE p.query_id = ?1 GROUP BY s.owner ORDER "
            "BY score DESC LIMIT ?2"},
    {0}};

static const struct question_part of_behaviour[] = {
    {.title = "Features that carry it (effect: coefficient x deviation)",
     .needs = {"coefficients"},
     .sql = "SELECT feature, label, coefficient * deviation AS effect FROM coefficients WHERE behaviour = ?1 ORDER BY "
            "abs(effect) DESC LIMIT ?2"},
    {.title = "Groups of training pairs, by how far they moved the watched features",
     .needs = {"pair_groups"},
     .sql = "SELECT grouped_by, value, max(pairs) AS pairs, avg(mean_absolute_shift) AS mean_absolute_shift, "
            "avg(mean_shift) AS mean_shift, max(interfering) AS interfering FROM pair_groups WHERE behaviour = ?1 "
            "GROUP BY grouped_by, value ORDER BY grouped_by, 4 DESC"},
    {.title = "Components that carry it, by intervention",
     .needs = {"effects"},
     .sql = "SELECT intervention, part_id, label, layer, mean, low, high FROM effects WHERE behaviour = ?1 AND "
            "localised = 1 ORDER BY intervention, abs(mean) DESC LIMIT ?2"},
    {.title = "Policies that admitted the examples behind it",
     .needs = {"linked_policies"},
     .sql =
         "SELECT layer, policy, score FROM linked_policies WHERE behaviour = ?1 ORDER BY layer, score DESC LIMIT ?2"},
    {0}};

static const struct question_case cases[] = {
    {.parts = overview},
    {"query", "queries", "SELECT 1 FROM queries WHERE query_id = ?1", "SELECT query_id FROM queries", of_query},
    {"behaviour", "behaviours", "SELECT 1 FROM behaviours WHERE behaviour = ?1", "SELECT behaviour FROM behaviours",
     of_behaviour},
    {"behaviour", "carried_behaviours", "SELECT 1 FROM carried_behaviours WHERE behaviour = ?1",
     "SELECT behaviour FROM carried_behaviours", of_behaviour},
    {0}};

const struct question groups_question = {"groups", "[QUERY | BEHAVIOUR]",
                                         "policies, licences, sources and owners of what shaped it", cases};
