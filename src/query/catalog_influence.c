/* influence.h5: which examples moved which query. */
#include <stddef.h>

#include "query/catalog.h"

static const struct column_row examples[] = {
    {"training", "0", "training example", "row among the training samples"},
    {"sample_id", "0 /samples/id", NULL, NULL},
    {"self", "0 /self", NULL, NULL},
    {"*", "0 /samples/group/* > /groups/*/value", NULL, "the example's value of this column of the samples file"},
    {0}};

static const struct column_row queries[] = {{"query", "0", "query", "line of the queries file, from 0"},
                                            {"query_id", "0 /queries/id", NULL, NULL},
                                            {"text", "0 /queries/text", NULL, NULL},
                                            {0}};

static const struct column_row checkpoints[] = {{"checkpoint", "0 /checkpoints/name", NULL, NULL},
                                                {"step", "0 /checkpoints/step", NULL, NULL},
                                                {"learning_rate", "0 /checkpoints/learning_rate", NULL, NULL},
                                                {"validation_loss", "0 /checkpoints/validation_loss", NULL, NULL},
                                                {"selected", "0 /checkpoints/selected", NULL, NULL},
                                                {0}};

static const struct column_row layers[] = {{"layer", "0 /layers/name", NULL, NULL}, {0}};

#define SCORED_EXAMPLE(SIDE)                                                                                           \
    {"query", "0", "query", "line of the queries file, from 0"}, {"query_id", "0 /queries/id", NULL, NULL},            \
        {"place", "1", "1", "0 is the strongest of the query's side"},                                                 \
        {"training", "01 /top/" SIDE "/index", NULL, "row among the training samples"},                                \
        {"sample_id", "01 /top/" SIDE "/index > /samples/id", NULL, NULL},                                             \
    {                                                                                                                  \
        "score", "01 /top/" SIDE "/score", NULL, NULL                                                                  \
    }
#define GOVERNANCE(SIDE)                                                                                               \
    {                                                                                                                  \
        "*", "01 /top/" SIDE "/index > /samples/group/* > /groups/*/value", NULL,                                      \
            "the example's value of this column of the samples file"                                                   \
    }

static const struct column_row proponents[] = {SCORED_EXAMPLE("proponents"), GOVERNANCE("proponents"), {0}};
static const struct column_row opponents[] = {SCORED_EXAMPLE("opponents"), GOVERNANCE("opponents"), {0}};

static const struct column_row proponents_by_layer[] = {SCORED_EXAMPLE("proponents"),
                                                        {"layer", "2 /layers/name", NULL, NULL},
                                                        {"layer_score", "012 /top/proponents/by_layer", NULL, NULL},
                                                        GOVERNANCE("proponents"),
                                                        {0}};
static const struct column_row opponents_by_layer[] = {SCORED_EXAMPLE("opponents"),
                                                       {"layer", "2 /layers/name", NULL, NULL},
                                                       {"layer_score", "012 /top/opponents/by_layer", NULL, NULL},
                                                       GOVERNANCE("opponents"),
                                                       {0}};

static const struct column_row proponents_by_checkpoint[] = {
    SCORED_EXAMPLE("proponents"),
    {"checkpoint", "2 /checkpoints/used > /checkpoints/name", NULL, NULL},
    {"checkpoint_score", "012 /top/proponents/by_checkpoint", NULL, NULL},
    {0}};
static const struct column_row opponents_by_checkpoint[] = {
    SCORED_EXAMPLE("opponents"),
    {"checkpoint", "2 /checkpoints/used > /checkpoints/name", NULL, NULL},
    {"checkpoint_score", "012 /top/opponents/by_checkpoint", NULL, NULL},
    {0}};

static const struct column_row scores[] = {
    {"training", "0", "training example", "row among the training samples"},
    {"sample_id", "0 /samples/id", NULL, NULL},
    {"query", "1", "query", "line of the queries file, from 0"},
    {"query_id", "1 /queries/id", NULL, NULL},
    {"score", "01 /scores", NULL, NULL},
    {"*", "0 /samples/group/* > /groups/*/value", NULL, "the example's value of this column of the samples file"},
    {0}};

static const struct column_row layer_totals[] = {{"query", "0", "query", "line of the queries file, from 0"},
                                                 {"query_id", "0 /queries/id", NULL, NULL},
                                                 {"layer", "1 /layers/name", NULL, NULL},
                                                 {"total", "01 /layers/total", NULL, NULL},
                                                 {0}};

static const struct column_row checkpoint_totals[] = {
    {"query", "0", "query", "line of the queries file, from 0"},
    {"query_id", "0 /queries/id", NULL, NULL},
    {"checkpoint", "1 /checkpoints/used > /checkpoints/name", NULL, NULL},
    {"total", "01 /checkpoints/total", NULL, NULL},
    {0}};

static const struct column_row groups[] = {{"query", "0", "query", "line of the queries file, from 0"},
                                           {"query_id", "0 /queries/id", NULL, NULL},
                                           {"value", "1 /groups/*/value", NULL, NULL},
                                           {"examples", "1 /groups/*/count", NULL, NULL},
                                           {"proponents", "01 /groups/*/proponents", NULL, NULL},
                                           {"positive", "01 /groups/*/positive", NULL, NULL},
                                           {"negative", "01 /groups/*/negative", NULL, NULL},
                                           {"net", "01 /groups/*/net", NULL, NULL},
                                           {0}};

const struct table_row influence_tables[] = {
    {.name = "examples", .shape = "/samples/id", .columns = examples, .text = "training examples"},
    {.name = "queries", .shape = "/queries/id", .columns = queries, .text = "what was asked about"},
    {.name = "checkpoints",
     .shape = "/checkpoints/name",
     .columns = checkpoints,
     .text = "candidates, and which of them the rule kept"},
    {.name = "layers", .shape = "/layers/name", .columns = layers, .text = "parameter groups that were scored"},
    {.name = "proponents",
     .shape = "/top/proponents/index",
     .view = "top",
     .column = "side",
     .part = "proponents",
     .columns = proponents,
     .sign_of = "01 /top/proponents/score",
     .sign = 1,
     .text = "examples that lower a query's loss most, all of a score above 0"},
    {.name = "opponents",
     .shape = "/top/opponents/index",
     .view = "top",
     .column = "side",
     .part = "opponents",
     .columns = opponents,
     .sign_of = "01 /top/opponents/score",
     .sign = -1,
     .text = "examples that raise a query's loss most, all of a score below 0"},
    {.name = "proponents_by_layer",
     .shape = "/top/proponents/by_layer",
     .view = "top_by_layer",
     .column = "side",
     .part = "proponents",
     .columns = proponents_by_layer,
     .sign_of = "01 /top/proponents/score",
     .sign = 1,
     .text = "the same, through which parameter group"},
    {.name = "opponents_by_layer",
     .shape = "/top/opponents/by_layer",
     .view = "top_by_layer",
     .column = "side",
     .part = "opponents",
     .columns = opponents_by_layer,
     .sign_of = "01 /top/opponents/score",
     .sign = -1,
     .text = "the same, through which parameter group"},
    {.name = "proponents_by_checkpoint",
     .shape = "/top/proponents/by_checkpoint",
     .view = "top_by_checkpoint",
     .column = "side",
     .part = "proponents",
     .columns = proponents_by_checkpoint,
     .sign_of = "01 /top/proponents/score",
     .sign = 1,
     .text = "the same, at which checkpoint"},
    {.name = "opponents_by_checkpoint",
     .shape = "/top/opponents/by_checkpoint",
     .view = "top_by_checkpoint",
     .column = "side",
     .part = "opponents",
     .columns = opponents_by_checkpoint,
     .sign_of = "01 /top/opponents/score",
     .sign = -1,
     .text = "the same, at which checkpoint"},
    {.name = "scores", .shape = "/scores", .columns = scores, .text = "every example on every query, where kept"},
    {.name = "layer_totals",
     .shape = "/layers/total",
     .columns = layer_totals,
     .text = "all examples together, through each parameter group"},
    {.name = "checkpoint_totals",
     .shape = "/checkpoints/total",
     .columns = checkpoint_totals,
     .text = "all examples together, at each checkpoint"},
    {.name = "groups_*",
     .shape = "/groups/*/net",
     .view = "groups",
     .column = "grouped_by",
     .columns = groups,
     .text = "examples of one value of a column together, by query"},
    {.name = "inputs_influence",
     .shape = "/inputs/path",
     .view = "inputs",
     .column = "read_for",
     .part = "influence",
     .columns = input_columns,
     .text = "input files of the job and their digests"},
    {0}};
