/* policy.h5: the ridge over features, and what each training pair did to it. */
#include <stddef.h>

#include "query/catalog.h"

static const struct column_row probes[] = {{"probe", "0", "probe", "line of the probes file, from 0"},
                                           {"probe_id", "0 /probes/id", NULL, NULL},
                                           {"category", "0 /probes/category > /categories/name", NULL, NULL},
                                           {"fold", "0 /probes/fold", NULL, NULL},
                                           {0}};

static const struct column_row features[] = {{"feature", "0", "feature", "index of the feature"},
                                             {"label", "0 /features/label", NULL, NULL},
                                             {"mean", "0 /features/mean", NULL, NULL},
                                             {"deviation", "0 /features/deviation", NULL, NULL},
                                             {"active", "0 /features/active", NULL, NULL},
                                             {0}};

static const struct column_row behaviours[] = {
    {"behaviour", "0 /behaviours/name", NULL, NULL}, {"intercept", "0 /intercept", NULL, NULL}, {0}};

static const struct column_row coefficients[] = {{"behaviour", "0 /behaviours/name", NULL, NULL},
                                                 {"feature", "1", "feature", "index of the feature"},
                                                 {"label", "1 /features/label", NULL, NULL},
                                                 {"coefficient", "01 /coefficients", NULL, NULL},
                                                 {"deviation", "1 /features/deviation", NULL, NULL},
                                                 {"active", "1 /features/active", NULL, NULL},
                                                 {0}};

static const struct column_row predictions[] = {
    {"behaviour", "0 /behaviours/name", NULL, NULL},  {"probe", "1", "probe", "line of the probes file, from 0"},
    {"probe_id", "1 /probes/id", NULL, NULL},         {"category", "1 /probes/category > /categories/name", NULL, NULL},
    {"prediction", "01 /predictions", NULL, NULL},    {"residual", "01 /residuals", NULL, NULL},
    {"loo_residual", "01 /loo_residual", NULL, NULL}, {"fold_prediction", "01 /fold_prediction", NULL, NULL},
    {"leverage", "1 /leverage", NULL, NULL},          {0}};

static const struct column_row penalties[] = {{"lambda", "0 /path/lambda", NULL, NULL},
                                              {"chosen", "0 /path/chosen", NULL, NULL},
                                              {"behaviour", "1 /behaviours/name", NULL, NULL},
                                              {"r2", "01 /path/r2", NULL, NULL},
                                              {"gcv", "01 /path/gcv", NULL, NULL},
                                              {"press", "01 /path/press", NULL, NULL},
                                              {"degrees_of_freedom", "0 /path/degrees_of_freedom", NULL, NULL},
                                              {"criterion", "0 /path/criterion", NULL, NULL},
                                              {0}};

static const struct column_row diagnostics[] = {{"behaviour", "0 /behaviours/name", NULL, NULL},
                                                {"r2", "0 /diagnostics/*/r2", NULL, NULL},
                                                {"auc", "0 /diagnostics/*/auc", NULL, NULL},
                                                {"log_loss", "0 /diagnostics/*/log_loss", NULL, NULL},
                                                {0}};

static const struct column_row gaps[] = {{"category", "0 /gaps/category > /categories/name", NULL, NULL},
                                         {"behaviour", "0 /gaps/behaviour > /behaviours/name", NULL, NULL},
                                         {"kind", "0 /gaps/kind", NULL, NULL},
                                         {"probes", "0 /gaps/probes", NULL, NULL},
                                         {"expecting", "0 /gaps/expecting", NULL, NULL},
                                         {"expected_share", "0 /gaps/expected_share", NULL, NULL},
                                         {"active_features", "0 /gaps/active_features", NULL, NULL},
                                         {"mean_behaviour", "0 /gaps/mean_behaviour", NULL, NULL},
                                         {"mean_contribution", "0 /gaps/mean_contribution", NULL, NULL},
                                         {"lift", "0 /gaps/lift", NULL, NULL},
                                         {"strongest", "0 /gaps/strongest", NULL, NULL},
                                         {0}};

static const struct column_row gap_evidence[] = {{"category", "0 /gaps/category > /categories/name", NULL, NULL},
                                                 {"behaviour", "0 /gaps/behaviour > /behaviours/name", NULL, NULL},
                                                 {"kind", "0 /gaps/kind", NULL, NULL},
                                                 {"place", "1", "1", "0 is the feature with the largest |lift|"},
                                                 {"feature", "01 /gaps/evidence/feature", NULL, NULL},
                                                 {"label", "01 /gaps/evidence/feature > /features/label", NULL, NULL},
                                                 {"coefficient", "01 /gaps/evidence/coefficient", NULL, NULL},
                                                 {"mean_activation", "01 /gaps/evidence/mean_activation", NULL, NULL},
                                                 {"active_share", "01 /gaps/evidence/active_share", NULL, NULL},
                                                 {0}};

static const struct column_row pairs[] = {
    {"pair", "0", "pair", "line of the pairs file, from 0"},
    {"pair_id", "0 /pairs/id", NULL, NULL},
    {"behaviour", "1 /behaviours/name", NULL, NULL},
    {"shift_norm", "01 /pairs/shift_norm", NULL, NULL},
    {"x_norm", "01 /pairs/x_norm", NULL, NULL},
    {"y_norm", "01 /pairs/y_norm", NULL, NULL},
    {"interaction_norm", "01 /pairs/interaction_norm", NULL, NULL},
    {"first_order_error", "01 /pairs/first_order_error", NULL, NULL},
    {"intercept_shift", "01 /pairs/intercept_shift", NULL, NULL},
    {"off_target_share", "01 /pairs/off_target_share", NULL, NULL},
    {"source_off_diagonal_share", "01 /pairs/source_off_diagonal_share", NULL, NULL},
    {"dominant", "01 /pairs/dominant", NULL, NULL},
    {"dominant_label", "01 /pairs/dominant > /features/label", NULL, NULL},
    {"interferes", "01 /pairs/interferes", NULL, NULL},
    {"*", "0 /pairs/group/* > /pairs/groups/*/value", NULL, "the pair's value of this column of the pairs file"},
    {0}};

static const struct column_row pair_features[] = {
    {"pair", "0", "pair", "line of the pairs file, from 0"},
    {"pair_id", "0 /pairs/id", NULL, NULL},
    {"behaviour", "1 /behaviours/name", NULL, NULL},
    {"place", "2", "1", "0 is the feature that the pair moved most"},
    {"feature", "012 /pairs/top/feature", NULL, NULL},
    {"label", "012 /pairs/top/feature > /features/label", NULL, NULL},
    {"shift", "012 /pairs/top/shift", NULL, NULL},
    {"x", "012 /pairs/top/x", NULL, NULL},
    {"y", "012 /pairs/top/y", NULL, NULL},
    {"shapley_x", "012 /pairs/top/shapley_x", NULL, NULL},
    {"shapley_y", "012 /pairs/top/shapley_y", NULL, NULL},
    {"interaction", "012 /pairs/top/interaction", NULL, NULL},
    {"first_order", "012 /pairs/top/first_order", NULL, NULL},
    {"*", "0 /pairs/group/* > /pairs/groups/*/value", NULL, "the pair's value of this column of the pairs file"},
    {0}};

static const struct column_row intended[] = {{"pair", "^", "pair", "line of the pairs file, from 0"},
                                             {"pair_id", "^ /pairs/id", NULL, NULL},
                                             {"feature", "0 /pairs/intended/feature", NULL, NULL},
                                             {"label", "0 /pairs/intended/feature > /features/label", NULL, NULL},
                                             {0}};

static const struct column_row feature_pairs[] = {
    {"behaviour", "0 /behaviours/name", NULL, NULL},
    {"feature", "1", "feature", "index of the feature"},
    {"label", "1 /features/label", NULL, NULL},
    {"place", "2", "1", "0 is the pair that moved the coefficient most"},
    {"pair", "012 /features/top_pairs/pair", NULL, "line of the pairs file; -1 behind the last"},
    {"pair_id", "012 /features/top_pairs/pair > /pairs/id", NULL, NULL},
    {"shift", "012 /features/top_pairs/shift", NULL, NULL},
    {"x", "012 /features/top_pairs/x", NULL, NULL},
    {"y", "012 /features/top_pairs/y", NULL, NULL},
    {"*", "012 /features/top_pairs/pair > /pairs/group/* > /pairs/groups/*/value", NULL,
     "the pair's value of this column of the pairs file"},
    {0}};

static const struct column_row pair_groups[] = {
    {"value", "0 /pairs/groups/*/value", NULL, NULL},
    {"pairs", "0 /pairs/groups/*/count", NULL, NULL},
    {"behaviour", "1 /behaviours/name", NULL, NULL},
    {"feature", "12 /pairs/watched", NULL, NULL},
    {"label", "12 /pairs/watched > /features/label", NULL, NULL},
    {"mean_shift", "012 /pairs/groups/*/mean_shift", NULL, NULL},
    {"mean_absolute_shift", "012 /pairs/groups/*/mean_absolute_shift", NULL, NULL},
    {"x_share", "012 /pairs/groups/*/x_share", NULL, NULL},
    {"interfering", "01 /pairs/groups/*/interfering", NULL, NULL},
    {0}};

const struct table_row policy_tables[] = {
    {.name = "probes", .shape = "/probes/id", .columns = probes, .text = "inputs on which the behaviour was measured"},
    {.name = "features", .shape = "/features/mean", .columns = features, .text = "what the behaviour is explained by"},
    {.name = "behaviours", .shape = "/behaviours/name", .columns = behaviours, .text = "what is modelled"},
    {.name = "coefficients",
     .shape = "/coefficients",
     .columns = coefficients,
     .text = "the symbolic policy: a ridge of each behaviour over features"},
    {.name = "predictions", .shape = "/predictions", .columns = predictions, .text = "the ridge on every probe"},
    {.name = "penalties", .shape = "/path/r2", .columns = penalties, .text = "candidates of lambda"},
    {.name = "diagnostics_*",
     .shape = "/diagnostics/*/r2",
     .view = "diagnostics",
     .column = "fit",
     .columns = diagnostics,
     .text = "how well the ridge explains: train, loo (left out), folds"},
    {.name = "gaps", .shape = "/gaps/category", .columns = gaps, .text = "where an expected behaviour is not carried"},
    {.name = "gap_evidence",
     .shape = "/gaps/evidence/feature",
     .columns = gap_evidence,
     .text = "the features that a gap was judged by"},
    {.name = "pairs", .shape = "/pairs/shift_norm", .columns = pairs, .text = "what each training pair did"},
    {.name = "pair_features",
     .shape = "/pairs/top/feature",
     .columns = pair_features,
     .text = "the features that each pair moved most"},
    {.name = "pair_intended",
     .shape = "/pairs/intended/feature",
     .owner = "/pairs/intended/start",
     .columns = intended,
     .text = "the features that each pair was meant to move"},
    {.name = "feature_pairs",
     .shape = "/features/top_pairs/pair",
     .columns = feature_pairs,
     .text = "the pairs that moved each coefficient most"},
    {.name = "pair_groups_*",
     .shape = "/pairs/groups/*/mean_shift",
     .view = "pair_groups",
     .column = "grouped_by",
     .columns = pair_groups,
     .text = "pairs of one value of a column together, by watched feature"},
    {.name = "inputs_policy",
     .shape = "/inputs/path",
     .view = "inputs",
     .column = "read_for",
     .part = "policy",
     .columns = input_columns,
     .text = "input files of the job and their digests"},
    {0}};
