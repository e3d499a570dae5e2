/* mechanism.h5: which components carry a behaviour. */
#include <stddef.h>

#include "query/catalog.h"

#define BEHAVIOUR                                                                                                      \
    {                                                                                                                  \
        "behaviour", "0 /behaviours/name", NULL, NULL                                                                  \
    }
#define PART                                                                                                           \
    {"part", "1", "part", "row of the table parts"}, {"part_id", "1 /parts/id", NULL, NULL},                           \
        {"label", "1 /parts/label", NULL, NULL}, {"kind", "1 /parts/kind > /part_kinds/name", NULL, NULL},             \
    {                                                                                                                  \
        "layer", "1 /parts/layer > /layers/name", NULL, NULL                                                           \
    }

static const struct column_row parts[] = {{"part", "0", "part", "row of this table"},
                                          {"part_id", "0 /parts/id", NULL, NULL},
                                          {"label", "0 /parts/label", NULL, NULL},
                                          {"kind", "0 /parts/kind > /part_kinds/name", NULL, NULL},
                                          {"layer", "0 /parts/layer > /layers/name", NULL, NULL},
                                          {"size", "0 /parts/size", NULL, NULL},
                                          {"linked_layer", "0 /parts/link > /links/layers/name", NULL, NULL},
                                          {0}};

static const struct column_row part_members[] = {{"part", "^", "part", "row of the table parts"},
                                                 {"part_id", "^ /parts/id", NULL, NULL},
                                                 {"member", "0 /parts/member", NULL, NULL},
                                                 {0}};

static const struct column_row effects[] = {BEHAVIOUR,
                                            PART,
                                            {"mean", "01 /effects/*/mean", NULL, NULL},
                                            {"low", "01 /effects/*/low", NULL, NULL},
                                            {"high", "01 /effects/*/high", NULL, NULL},
                                            {"magnitude", "01 /effects/*/magnitude", NULL, NULL},
                                            {"control_mean", "01 /effects/*/control_mean", NULL, NULL},
                                            {"control_deviation", "01 /effects/*/control_deviation", NULL, NULL},
                                            {"score", "01 /effects/*/score", NULL, NULL},
                                            {"p", "01 /effects/*/p", NULL, NULL},
                                            {"chance", "01 /effects/*/chance", NULL, NULL},
                                            {"exceeded", "01 /effects/*/exceeded", NULL, NULL},
                                            {"folds_agreeing", "01 /effects/*/folds_agreeing", NULL, NULL},
                                            {"localised", "01 /effects/*/localised", NULL, NULL},
                                            {0}};

static const struct column_row effect_categories[] = {BEHAVIOUR,
                                                      PART,
                                                      {"category", "2 /categories/name", NULL, NULL},
                                                      {"effect", "012 /effects/*/category", NULL, NULL},
                                                      {0}};

static const struct column_row recovered[] = {
    BEHAVIOUR, PART, {"recovered", "01 /effects/patch/recovered", NULL, NULL}, {0}};
static const struct column_row policy_effects[] = {
    BEHAVIOUR, PART, {"policy_effect", "01 /parts/policy_effect", NULL, NULL}, {0}};

static const struct column_row carried[] = {BEHAVIOUR,
                                            {"queries", "0 /links/queries", NULL, NULL},
                                            {"enough", "0 /recomposition/enough > /recomposition/k", NULL,
                                             "number of parts that rebuild the behaviour; NULL: no number tried does"},
                                            {"policy_agreement", "0 /policy_agreement", NULL, NULL},
                                            {0}};

static const struct column_row interference[] = {BEHAVIOUR,
                                                 {"first", "1 /interference/first", NULL, NULL},
                                                 {"first_id", "1 /interference/first > /parts/id", NULL, NULL},
                                                 {"second", "1 /interference/second", NULL, NULL},
                                                 {"second_id", "1 /interference/second > /parts/id", NULL, NULL},
                                                 {"both", "01 /interference/both", NULL, NULL},
                                                 {"sum", "01 /interference/sum", NULL, NULL},
                                                 {"excess", "01 /interference/excess", NULL, NULL},
                                                 {"low", "01 /interference/low", NULL, NULL},
                                                 {"high", "01 /interference/high", NULL, NULL},
                                                 {0}};

static const struct column_row recomposition[] = {BEHAVIOUR,
                                                  {"parts", "1 /recomposition/k", NULL, NULL},
                                                  {"r2", "01 /recomposition/r2", NULL, NULL},
                                                  {"auc", "01 /recomposition/auc", NULL, NULL},
                                                  {"random_r2", "01 /recomposition/random_r2", NULL, NULL},
                                                  {"random_r2_low", "01 /recomposition/random_r2_low", NULL, NULL},
                                                  {"random_r2_high", "01 /recomposition/random_r2_high", NULL, NULL},
                                                  {"random_auc", "01 /recomposition/random_auc", NULL, NULL},
                                                  {0}};

static const struct column_row baselines[] = {{"baseline", "0 /baselines/name", NULL, NULL},
                                              {"behaviour", "1 /behaviours/name", NULL, NULL},
                                              {"r2", "01 /baselines/r2", NULL, NULL},
                                              {"auc", "01 /baselines/auc", NULL, NULL},
                                              {0}};

static const struct column_row failures[] = {{"kind", "0 /failures/kind > /failure_kinds/name", NULL, NULL},
                                             {"behaviour", "0 /failures/behaviour > /behaviours/name", NULL, NULL},
                                             {"size", "0 /failures/size", NULL, NULL},
                                             {"bound", "0 /failures/limit", NULL, NULL},
                                             {"text", "0 /failures/text", NULL, NULL},
                                             {0}};

static const struct column_row part_pairs[] = {BEHAVIOUR,
                                               PART,
                                               {"place", "2", "1", "0 is the pair that moved the part most"},
                                               {"pair", "012 /links/pairs/pair", NULL, NULL},
                                               {"shift", "012 /links/pairs/shift", NULL, NULL},
                                               {0}};

static const struct column_row linked_examples[] = {
    BEHAVIOUR,
    {"layer", "1 /links/layers/name", NULL, NULL},
    {"place", "2", "1", "0 is the strongest"},
    {"training", "012 /links/examples/index", NULL, NULL},
    {"score", "012 /links/examples/score", NULL, NULL},
    {"policy", "012 /links/examples/policy > /links/policies/name", NULL, NULL},
    {0}};

static const struct column_row linked_policies[] = {BEHAVIOUR,
                                                    {"layer", "1 /links/layers/name", NULL, NULL},
                                                    {"policy", "2 /links/policies/name", NULL, NULL},
                                                    {"score", "012 /links/policies/score", NULL, NULL},
                                                    {0}};

const struct table_row mechanism_tables[] = {
    {.name = "parts", .shape = "/parts/id", .columns = parts, .text = "components that were tried"},
    {.name = "part_members",
     .shape = "/parts/member",
     .owner = "/parts/member_start",
     .columns = part_members,
     .text = "what each component consists of"},
    {.name = "effects_*",
     .shape = "/effects/*/mean",
     .view = "effects",
     .column = "intervention",
     .columns = effects,
     .text = "what each component does to each behaviour, by intervention"},
    {.name = "effect_categories_*",
     .shape = "/effects/*/category",
     .view = "effect_categories",
     .column = "intervention",
     .columns = effect_categories,
     .text = "the same by category of probes"},
    {.name = "recovered",
     .shape = "/effects/patch/recovered",
     .columns = recovered,
     .text = "part of the gap between the two probe sets that patching recovers"},
    {.name = "policy_effects",
     .shape = "/parts/policy_effect",
     .columns = policy_effects,
     .text = "what the symbolic policy says each component does"},
    {.name = "carried_behaviours",
     .shape = "/behaviours/name",
     .columns = carried,
     .text = "behaviours, and how many components rebuild them"},
    {.name = "interference",
     .shape = "/interference/both",
     .columns = interference,
     .text = "two components together against their sum"},
    {.name = "recomposition",
     .shape = "/recomposition/r2",
     .columns = recomposition,
     .text = "behaviours rebuilt from the strongest components"},
    {.name = "baselines", .shape = "/baselines/r2", .columns = baselines, .text = "simpler explanations"},
    {.name = "failures", .shape = "/failures/kind", .columns = failures, .text = "where the explanation does not hold"},
    {.name = "part_pairs",
     .shape = "/links/pairs/pair",
     .columns = part_pairs,
     .text = "training pairs that moved each component"},
    {.name = "linked_examples",
     .shape = "/links/examples/index",
     .columns = linked_examples,
     .text = "training examples behind each behaviour, by parameter group"},
    {.name = "linked_policies",
     .shape = "/links/policies/score",
     .columns = linked_policies,
     .text = "policies that admitted them"},
    {.name = "inputs_mechanism",
     .shape = "/inputs/path",
     .view = "inputs",
     .column = "read_for",
     .part = "mechanism",
     .columns = input_columns,
     .text = "input files of the job and their digests"},
    {0}};
