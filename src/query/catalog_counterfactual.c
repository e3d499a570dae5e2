/* counterfactual.h5: what changes without some examples. */
#include <stddef.h>

#include "query/catalog.h"

#define SCENARIO                                                                                                       \
    {"scenario", "0", "scenario", "row of the table scenarios"}, {"name", "0 /scenarios/name", NULL, NULL},            \
        {"query", "1", "query", "line of the queries file, from 0"},                                                   \
    {                                                                                                                  \
        "query_id", "1 /queries/id", NULL, NULL                                                                        \
    }
#define QUERY                                                                                                          \
    {"query", "0", "query", "line of the queries file, from 0"},                                                       \
    {                                                                                                                  \
        "query_id", "0 /queries/id", NULL, NULL                                                                        \
    }

static const struct column_row scenarios[] = {
    {"scenario", "0", "scenario", "row of this table"}, {"name", "0 /scenarios/name", NULL, NULL},
    {"kind", "0 /scenarios/kind", NULL, NULL},          {"grouped_by", "0 /scenarios/column", NULL, NULL},
    {"value", "0 /scenarios/value", NULL, NULL},        {"automatic", "0 /scenarios/automatic", NULL, NULL},
    {"removed", "0 /scenarios/count", NULL, NULL},      {0}};

static const struct column_row members[] = {{"scenario", "^", "scenario", "row of the table scenarios"},
                                            {"name", "^ /scenarios/name", NULL, NULL},
                                            {"training", "0 /scenarios/member", NULL, NULL},
                                            {"sample_id", "0 /scenarios/member > /samples/id", NULL, NULL},
                                            {0}};

static const struct column_row network_changes[] = {SCENARIO,
                                                    {"loss_change", "01 /network/loss_change", NULL, NULL},
                                                    {"standard_error", "01 /network/standard_error", NULL, NULL},
                                                    {"low", "01 /network/low", NULL, NULL},
                                                    {"high", "01 /network/high", NULL, NULL},
                                                    {"uncertainty", "01 /network/uncertainty", NULL, NULL},
                                                    {0}};

static const struct column_row ridge_changes[] = {
    SCENARIO,
    {"predicted", "1 /ridge/predicted > /classes/name", NULL, "the class predicted with all examples"},
    {"margin", "1 /ridge/margin", NULL, NULL},
    {"margin_change", "01 /ridge/change/margin", NULL, NULL},
    {"flips", "01 /ridge/flips", NULL, NULL},
    {"flips_to", "01 /ridge/flips_to > /classes/name", NULL, "the class predicted without them"},
    {"additive", "01 /ridge/additive/margin", NULL, NULL},
    {"additivity_gap", "01 /ridge/additivity_gap", NULL, NULL},
    {0}};

static const struct column_row ridge_predictions[] = {
    QUERY, {"class", "1 /classes/name", NULL, NULL}, {"prediction", "01 /ridge/prediction", NULL, NULL}, {0}};

static const struct column_row ridge_examples[] = {
    {"training", "0", "training example", "row among the training samples"},
    {"sample_id", "0 /samples/id", NULL, NULL},
    {"leverage", "0 /ridge/leverage", NULL, NULL},
    {0}};

static const struct column_row ridge_without[] = {
    {"training", "0", "training example", "row among the training samples"},
    {"sample_id", "0 /samples/id", NULL, NULL},
    {"query", "1", "query", "line of the queries file, from 0"},
    {"query_id", "1 /queries/id", NULL, NULL},
    {"margin_change", "01 /ridge/loo/margin", NULL, NULL},
    {0}};

static const struct column_row ridge_flips[] = {QUERY,
                                                {"flipped", "0 /flips/ridge/flipped", NULL, NULL},
                                                {"examples", "0 /flips/ridge/count", NULL, NULL},
                                                {"flips_to", "0 /flips/ridge/to > /classes/name", NULL, NULL},
                                                {"refit_margin", "0 /flips/ridge/refit_margin", NULL, NULL},
                                                {0}};
static const struct column_row ridge_flip_examples[] = {
    QUERY,
    {"place", "1", "1", "0 is removed first"},
    {"training", "01 /flips/ridge/member", NULL, NULL},
    {"sample_id", "01 /flips/ridge/member > /samples/id", NULL, NULL},
    {"margin", "01 /flips/ridge/margin", NULL, NULL},
    {0}};
static const struct column_row network_flips[] = {QUERY,
                                                  {"flipped", "0 /flips/network/flipped", NULL, NULL},
                                                  {"examples", "0 /flips/network/count", NULL, NULL},
                                                  {"loss", "0 /flips/network/start", NULL, NULL},
                                                  {"threshold", "0 /flips/network/threshold", NULL, NULL},
                                                  {0}};
static const struct column_row network_flip_examples[] = {
    QUERY,
    {"place", "1", "1", "0 is removed first"},
    {"training", "01 /flips/network/member", NULL, NULL},
    {"sample_id", "01 /flips/network/member > /samples/id", NULL, NULL},
    {"loss", "01 /flips/network/loss", NULL, NULL},
    {0}};

static const struct column_row validation[] = {{"method", "0 /validation/method/name", NULL, NULL},
                                               {"control", "0 /validation/method/control", NULL, NULL},
                                               {"lds", "0 /validation/lds/mean", NULL, NULL},
                                               {"lds_low", "0 /validation/lds/low", NULL, NULL},
                                               {"lds_high", "0 /validation/lds/high", NULL, NULL},
                                               {"loo_correlation", "0 /validation/loo/mean", NULL, NULL},
                                               {"group_pearson", "0 /validation/group/pearson", NULL, NULL},
                                               {"group_spearman", "0 /validation/group/spearman", NULL, NULL},
                                               {"slope", "0 /validation/method/slope", NULL, NULL},
                                               {0}};
static const struct column_row validation_queries[] = {{"method", "0 /validation/method/name", NULL, NULL},
                                                       {"query", "1", "query", "line of the queries file, from 0"},
                                                       {"query_id", "1 /queries/id", NULL, NULL},
                                                       {"lds", "01 /validation/lds/correlation", NULL, NULL},
                                                       {"lds_ceiling", "1 /validation/lds/ceiling", NULL, NULL},
                                                       {"loo_correlation", "01 /validation/loo/pearson", NULL, NULL},
                                                       {0}};

const struct table_row counterfactual_tables[] = {
    {.name = "scenarios", .shape = "/scenarios/name", .columns = scenarios, .text = "sets of examples taken away"},
    {.name = "scenario_members",
     .shape = "/scenarios/member",
     .owner = "/scenarios/member_start",
     .columns = members,
     .text = "the examples of each, but for groups"},
    {.name = "network_changes",
     .shape = "/network/loss_change",
     .columns = network_changes,
     .text = "first order: the loss of each query without them, minus with them"},
    {.name = "ridge_changes",
     .shape = "/ridge/change/margin",
     .columns = ridge_changes,
     .text = "exact for the ridge: the margin without them, minus with them"},
    {.name = "ridge_predictions",
     .shape = "/ridge/prediction",
     .columns = ridge_predictions,
     .text = "the ridge on each query, with all examples"},
    {.name = "ridge_examples",
     .shape = "/ridge/leverage",
     .columns = ridge_examples,
     .text = "leverage of each example"},
    {.name = "ridge_without",
     .shape = "/ridge/loo/margin",
     .columns = ridge_without,
     .text = "exact for the ridge: margins without each example alone"},
    {.name = "ridge_flips",
     .shape = "/flips/ridge/count",
     .columns = ridge_flips,
     .text = "the fewest examples found without which the ridge answers otherwise"},
    {.name = "ridge_flip_examples",
     .shape = "/flips/ridge/member",
     .columns = ridge_flip_examples,
     .text = "these examples, in order"},
    {.name = "network_flips",
     .shape = "/flips/network/count",
     .columns = network_flips,
     .text = "the same for the network, first order"},
    {.name = "network_flip_examples",
     .shape = "/flips/network/member",
     .columns = network_flip_examples,
     .text = "these examples, in order"},
    {.name = "validation",
     .shape = "/validation/method/name",
     .columns = validation,
     .text = "what retraining says of the scores"},
    {.name = "validation_queries",
     .shape = "/validation/lds/correlation",
     .columns = validation_queries,
     .text = "the same by query"},
    {.name = "inputs_counterfactual",
     .shape = "/inputs/path",
     .view = "inputs",
     .column = "read_for",
     .part = "counterfactual",
     .columns = input_columns,
     .text = "input files of the job and their digests"},
    {0}};
