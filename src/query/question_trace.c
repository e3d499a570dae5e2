/* Everything that happened to one sample. */
#include <stddef.h>

#include "query/question.h"

static const struct question_part parts[] = {
    {.title = "Sample",
     .needs = {"samples"},
     .sql = "SELECT sample_id, sample, role, decision, admitted_under, profile, reason, uses, nullif(first_step, -1) "
            "AS first_step, nullif(last_step, -1) AS last_step FROM samples WHERE sample_id = ?1",
     .instead = "Its admission and its uses are not known: this run has no lineage.h5."},
    {.title = "Where it comes from",
     .needs = {"samples"},
     .sql = "SELECT coalesce(s.owner, iif(?3, 'not recorded', NULL)) AS owner, s.content{samples s} FROM samples s "
            "WHERE s.sample_id = ?1"},
    {.title = "Training example",
     .needs = {"examples"},
     .sql = "SELECT e.training{examples e self}{examples e} FROM examples e WHERE e.sample_id = ?1"},
    {.title = "Decisions on it",
     .needs = {"admissions", "samples"},
     .sql = "SELECT coalesce(nullif(step, -1), iif(?3, 'before training', NULL)) AS step, decision, policy, profile, "
            "reason, weight FROM admissions WHERE sample = (SELECT sample FROM samples WHERE sample_id = ?1)"},
    {.title = "What was done to it",
     .needs = {"preprocessing", "samples"},
     .sql = "SELECT operation, parameters, nullif(step, -1) AS step, superseded FROM preprocessing WHERE sample = "
            "(SELECT sample FROM samples WHERE sample_id = ?1) LIMIT ?2"},
    {.title = "Its modalities",
     .needs = {"modalities", "samples"},
     .sql = "SELECT modality, weight, nullif(step, -1) AS step, superseded FROM modalities WHERE sample = (SELECT "
            "sample FROM samples WHERE sample_id = ?1) LIMIT ?2"},
    {.title = "Uses by epoch",
     .needs = {"sample_uses"},
     .sql = "SELECT epoch, count(*) AS uses, group_concat(step, ' ') AS steps FROM sample_uses WHERE sample_id = ?1 "
            "AND superseded = 0 GROUP BY epoch LIMIT ?2",
     .list = "steps"},
    {.title = "Each use",
     .needs = {"uses"},
     .sql = "SELECT u.step, u.epoch, u.process, u.position, u.learning_rate{uses u loss weight}, u.superseded FROM "
            "uses u WHERE u.sample_id = ?1 LIMIT ?2"},
    {.title = "What it did to each parameter group, all steps together",
     .needs = {"sample_contributions"},
     .sql = "SELECT parameter_group, share, norm FROM sample_contributions WHERE sample_id = ?1"},
    {.title = "Steps in which it moved a parameter group most",
     .needs = {"contribution_uses"},
     .sql = "SELECT step, parameter_group, share, norm FROM contribution_uses WHERE sample_id = ?1 AND superseded = 0 "
            "ORDER BY abs(share) DESC LIMIT ?2"},
    {.title = "What the model predicted for it",
     .needs = {"recorded_predictions", "samples"},
     .sql = "SELECT nullif(step, -1) AS step, nullif(checkpoint, '') AS checkpoint, predicted, nullif(label, -1) AS "
            "label, probability, superseded FROM recorded_predictions WHERE sample = (SELECT sample FROM samples WHERE "
            "sample_id = ?1) LIMIT ?2"},
    {.title = "Influence that the trainer recorded, strongest first",
     .needs = {"recorded_influence", "samples"},
     .sql = "SELECT query, checkpoint, method, score FROM recorded_influence WHERE sample = (SELECT sample FROM "
            "samples WHERE sample_id = ?1) ORDER BY abs(score) DESC LIMIT ?2"},
    {.title = "Its influence on queries, strongest first (positive: it lowers the loss)",
     .needs = {"scores"},
     .sql = "SELECT query_id, score FROM scores WHERE sample_id = ?1 ORDER BY abs(score) DESC LIMIT ?2"},
    {.title = "Queries of which it is among the strongest examples",
     .needs = {"top"},
     .sql = "SELECT query_id, side, place + 1 AS place, score FROM top WHERE sample_id = ?1 ORDER BY abs(score) DESC "
            "LIMIT ?2"},
    {.title = "Pairs that are named after it, and what they did",
     .needs = {"pairs"},
     .sql = "SELECT pair_id, behaviour, shift_norm, dominant_label, off_target_share FROM pairs WHERE pair_id = ?1 OR "
            "substr(pair_id, -length(?1) - 1) = '-' || ?1"},
    {.title = "Findings about it",
     .needs = {"findings"},
     .sql = "SELECT kind, nullif(step, -1) AS step, text FROM findings WHERE sample_id = ?1 LIMIT ?2"},
    {0}};

static const struct question_case cases[] = {{"sample", "samples", "SELECT 1 FROM samples WHERE sample_id = ?1",
                                              "SELECT sample_id FROM samples LIMIT 100000", parts},
                                             {"training example", "examples",
                                              "SELECT 1 FROM examples WHERE sample_id = ?1",
                                              "SELECT sample_id FROM examples LIMIT 100000", parts},
                                             {0}};

const struct question trace_question = {"trace", "SAMPLE", "everything that happened to a sample", cases};
