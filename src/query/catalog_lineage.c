/* lineage.h5: what happened to each sample, step by step. */
#include <stddef.h>

#include "query/catalog.h"

#define LINE     "sample", "line of the samples file, from 0"
#define STEP_ROW "step row", "row of the table steps"

static const struct column_row samples[] = {
    {"sample", "0", LINE},
    {"sample_id", "0 /samples/id", NULL, NULL},
    {"training", "0 /samples/training", NULL,
     "row among the training samples, as in the tables of influence; -1: none"},
    {"role", "0 /samples/role > /roles/name", NULL, NULL},
    {"uses", "0 /samples/uses", NULL, NULL},
    {"first_step", "0 /samples/first_step", NULL, NULL},
    {"last_step", "0 /samples/last_step", NULL, NULL},
    {"decision", "0 /samples/admission > /admissions/decision > /decisions/name", NULL, NULL},
    {"admitted_under", "0 /samples/admission > /admissions/policy > /policies/name", NULL,
     "the policy of the latest decision on the sample"},
    {"profile", "0 /samples/admission > /admissions/profile > /profiles/name", NULL, NULL},
    {"reason", "0 /samples/admission > /admissions/reason > /reasons/text", NULL, NULL},
    {"owner", "0 /samples/owner > /owners/pseudonym", NULL, NULL},
    {"has_content", "0 /samples/has_content", NULL, NULL},
    {"content", "0 /samples/content", NULL, NULL},
    {"*", "0 /samples/group/* > /groups/*/value", NULL, "the sample's value of this column of the samples file"},
    {0}};

static const struct column_row sample_contributions[] = {
    {"sample", "0", LINE},
    {"sample_id", "0 /samples/id", NULL, NULL},
    {"parameter_group", "1 /parameter_groups/name", NULL, NULL},
    {"norm", "01 /samples/contribution/norm", NULL, NULL},
    {"share", "01 /samples/contribution/share", NULL, NULL},
    {"*", "0 /samples/group/* > /groups/*/value", NULL, "the sample's value of this column of the samples file"},
    {0}};

static const struct column_row steps[] = {{"step_row", "0", STEP_ROW},
                                          {"step", "0 /steps/step", NULL, NULL},
                                          {"epoch", "0 /steps/epoch", NULL, NULL},
                                          {"process", "0 /steps/process", NULL, NULL},
                                          {"session", "0 /steps/session", NULL, NULL},
                                          {"record", "0 /steps/record", NULL, NULL},
                                          {"recorder", "0 /steps/recorder > /recorders/path", NULL, NULL},
                                          {"uses", "0 /steps/uses", NULL, NULL},
                                          {"learning_rate", "0 /steps/learning_rate", NULL, NULL},
                                          {"loss", "0 /steps/loss", NULL, NULL},
                                          {"superseded", "0 /steps/superseded", NULL, NULL},
                                          {0}};

static const struct column_row uses[] = {{"step_row", "^", STEP_ROW},
                                         {"step", "^ /steps/step", NULL, NULL},
                                         {"epoch", "^ /steps/epoch", NULL, NULL},
                                         {"process", "^ /steps/process", NULL, NULL},
                                         {"superseded", "^ /steps/superseded", NULL, NULL},
                                         {"learning_rate", "^ /steps/learning_rate", NULL, NULL},
                                         {"position", "+", "1", "place among the uses of the step"},
                                         {"sample", "0 /uses/sample", NULL, "line of the samples file, from 0"},
                                         {"sample_id", "0 /uses/sample > /samples/id", NULL, NULL},
                                         {"loss", "0 /uses/loss", NULL, NULL},
                                         {"weight", "0 /uses/weight", NULL, NULL},
                                         {"*", "0 /uses/sample > /samples/group/* > /groups/*/value", NULL,
                                          "the sample's value of this column of the samples file"},
                                         {0}};

static const struct column_row sample_uses[] = {
    {"sample", "^", LINE},
    {"sample_id", "^ /samples/id", NULL, NULL},
    {"step_row", "0 /uses_by_sample/step", STEP_ROW},
    {"step", "0 /uses_by_sample/step > /steps/step", NULL, NULL},
    {"epoch", "0 /uses_by_sample/step > /steps/epoch", NULL, NULL},
    {"process", "0 /uses_by_sample/step > /steps/process", NULL, NULL},
    {"superseded", "0 /uses_by_sample/step > /steps/superseded", NULL, NULL},
    {"learning_rate", "0 /uses_by_sample/step > /steps/learning_rate", NULL, NULL},
    {0}};

static const struct column_row admissions[] = {
    {"sample", "0 /admissions/sample", NULL, NULL},
    {"sample_id", "0 /admissions/sample > /samples/id", NULL, NULL},
    {"step", "0 /admissions/step", NULL, NULL},
    {"process", "0 /admissions/process", NULL, NULL},
    {"session", "0 /admissions/session", NULL, NULL},
    {"decision", "0 /admissions/decision > /decisions/name", NULL, NULL},
    {"policy", "0 /admissions/policy > /policies/name", NULL, NULL},
    {"policy_sha256", "0 /admissions/policy > /policies/sha256", NULL, NULL},
    {"profile", "0 /admissions/profile > /profiles/name", NULL, NULL},
    {"reason", "0 /admissions/reason > /reasons/text", NULL, NULL},
    {"weight", "0 /admissions/weight", NULL, NULL},
    {"owner", "0 /admissions/sample > /samples/owner > /owners/pseudonym", NULL, NULL},
    {0}};

#define OBSERVED(base)                                                                                                 \
    {"sample", "0 " base "/sample", NULL, NULL}, {"sample_id", "0 " base "/sample > /samples/id", NULL, NULL},         \
        {"process", "0 " base "/process", NULL, NULL},                                                                 \
    {                                                                                                                  \
        "session", "0 " base "/session", NULL, NULL                                                                    \
    }

static const struct column_row preprocessing[] = {
    OBSERVED("/preprocessing"),
    {"step", "0 /preprocessing/step", NULL, NULL},
    {"superseded", "0 /preprocessing/superseded", NULL, NULL},
    {"operation", "0 /preprocessing/operation > /operations/name", NULL, NULL},
    {"parameters", "0 /preprocessing/parameters > /operation_parameters/text", NULL, NULL},
    {0}};

static const struct column_row modalities[] = {
    OBSERVED("/modalities"),
    {"step", "0 /modalities/step", NULL, NULL},
    {"superseded", "0 /modalities/superseded", NULL, NULL},
    {"modality", "0 /modalities/modality > /modality_names/name", NULL, NULL},
    {"weight", "0 /modalities/weight", NULL, NULL},
    {0}};

static const struct column_row recorded_predictions[] = {
    OBSERVED("/recorded_predictions"),
    {"step", "0 /recorded_predictions/step", NULL, NULL},
    {"superseded", "0 /recorded_predictions/superseded", NULL, NULL},
    {"checkpoint", "0 /recorded_predictions/checkpoint > /predicting_checkpoints/name", NULL, NULL},
    {"predicted", "0 /recorded_predictions/predicted", NULL, NULL},
    {"label", "0 /recorded_predictions/label", NULL, NULL},
    {"probability", "0 /recorded_predictions/probability", NULL, NULL},
    {0}};

static const struct column_row recorded_influence[] = {
    OBSERVED("/recorded_influence"),
    {"checkpoint", "0 /recorded_influence/checkpoint > /influence_checkpoints/name", NULL, NULL},
    {"query", "0 /recorded_influence/query > /influence_queries/name", NULL, NULL},
    {"method", "0 /recorded_influence/method > /influence_methods/name", NULL, NULL},
    {"score", "0 /recorded_influence/score", NULL, NULL},
    {0}};

static const struct column_row policies[] = {{"policy", "0 /policies/name", NULL, NULL},
                                             {"sha256", "0 /policies/sha256", NULL, NULL},
                                             {"text", "0 /policies/text", NULL, NULL},
                                             {0}};
static const struct column_row profiles[] = {{"profile", "0 /profiles/name", NULL, NULL},
                                             {"sha256", "0 /profiles/sha256", NULL, NULL},
                                             {"text", "0 /profiles/text", NULL, NULL},
                                             {0}};

static const struct column_row parameter_groups[] = {{"parameter_group", "0 /parameter_groups/name", NULL, NULL},
                                                     {"parameters", "0 /parameter_groups/parameters", NULL, NULL},
                                                     {"covered", "0 /parameter_groups/covered", NULL, NULL},
                                                     {0}};

static const struct column_row group_top[] = {
    {"parameter_group", "0 /parameter_groups/name", NULL, NULL},
    {"place", "1", "1", "0 is the sample with the largest share"},
    {"sample", "01 /parameter_groups/top/sample", NULL, NULL},
    {"sample_id", "01 /parameter_groups/top/sample > /samples/id", NULL, NULL},
    {"share", "01 /parameter_groups/top/share", NULL, NULL},
    {"norm", "01 /parameter_groups/top/norm", NULL, NULL},
    {"*", "01 /parameter_groups/top/sample > /samples/group/* > /groups/*/value", NULL,
     "the sample's value of this column of the samples file"},
    {0}};

static const struct column_row contributions[] = {
    {"contribution", "0", "contribution", "row of this table"},
    {"step_row", "0 /contributions/step", STEP_ROW},
    {"step", "0 /contributions/step > /steps/step", NULL, NULL},
    {"epoch", "0 /contributions/step > /steps/epoch", NULL, NULL},
    {"process", "0 /contributions/step > /steps/process", NULL, NULL},
    {"superseded", "0 /contributions/step > /steps/superseded", NULL, NULL},
    {"parameter_group", "0 /contributions/group > /parameter_groups/name", NULL, NULL},
    {"delta_norm", "0 /contributions/delta_norm", NULL, NULL},
    {"residual", "0 /contributions/residual", NULL, NULL},
    {"rounding", "0 /contributions/rounding", NULL, NULL},
    {"share_sum", "0 /contributions/share_sum", NULL, NULL},
    {"conditional", "0 /contributions/conditional", NULL, NULL},
    {0}};

static const struct column_row contribution_uses[] = {
    {"contribution", "^", "contribution", "row of the table contributions"},
    {"step_row", "^ /contributions/step", STEP_ROW},
    {"step", "^ /contributions/step > /steps/step", NULL, NULL},
    {"superseded", "^ /contributions/step > /steps/superseded", NULL, NULL},
    {"parameter_group", "^ /contributions/group > /parameter_groups/name", NULL, NULL},
    {"position", "+", "1", "place among the uses of the step"},
    {"sample", "^ /contributions/step > + /steps/use_start > /uses/sample", NULL, "line of the samples file, from 0"},
    {"sample_id", "^ /contributions/step > + /steps/use_start > /uses/sample > /samples/id", NULL, NULL},
    {"norm", "0 /contribution_uses/norm", NULL, NULL},
    {"share", "0 /contribution_uses/share", NULL, NULL},
    {0}};

static const struct column_row optimizer[] = {
    {"contribution", "0 /optimizer/contribution", NULL, NULL},
    {"step", "0 /optimizer/contribution > /contributions/step > /steps/step", NULL, NULL},
    {"parameter_group", "0 /optimizer/contribution > /contributions/group > /parameter_groups/name", NULL, NULL},
    {"kind", "0 /optimizer/kind > /optimizer_kinds/name", NULL, NULL},
    {"norm", "0 /optimizer/norm", NULL, NULL},
    {"share", "0 /optimizer/share", NULL, NULL},
    {0}};

static const struct column_row checkpoints[] = {{"checkpoint", "0 /checkpoints/name", NULL, NULL},
                                                {"step", "0 /checkpoints/step", NULL, NULL},
                                                {"learning_rate", "0 /checkpoints/learning_rate", NULL, NULL},
                                                {"validation_loss", "0 /checkpoints/validation_loss", NULL, NULL},
                                                {"sha256", "0 /checkpoints/sha256", NULL, NULL},
                                                {0}};

static const struct column_row completeness[] = {{"epoch", "0 /completeness/epoch", NULL, NULL},
                                                 {"steps", "0 /completeness/steps", NULL, NULL},
                                                 {"uses", "0 /completeness/uses", NULL, NULL},
                                                 {"samples_used", "0 /completeness/samples_used", NULL, NULL},
                                                 {"samples_covered", "0 /completeness/samples_covered", NULL, NULL},
                                                 {"samples_expected", "0 /completeness/samples_expected", NULL, NULL},
                                                 {0}};

static const struct column_row findings[] = {
    {"kind", "0 /findings/kind > /finding_kinds/name", NULL, NULL},
    {"violation", "0 /findings/kind > /finding_kinds/violation", NULL, NULL},
    {"step", "0 /findings/step", NULL, NULL},
    {"parameter_group", "0 /findings/group > /parameter_groups/name", NULL, NULL},
    {"process", "0 /findings/process", NULL, NULL},
    {"sample", "0 /findings/sample", NULL, NULL},
    {"sample_id", "0 /findings/sample > /samples/id", NULL, NULL},
    {"size", "0 /findings/size", NULL, NULL},
    {"bound", "0 /findings/limit", NULL, NULL},
    {"text", "0 /findings/text", NULL, NULL},
    {0}};

static const struct column_row finding_kinds[] = {{"kind", "0 /finding_kinds/name", NULL, NULL},
                                                  {"violation", "0 /finding_kinds/violation", NULL, NULL},
                                                  {"findings", "0 /finding_kinds/count", NULL, NULL},
                                                  {0}};

static const struct column_row recorders[] = {
    {"recorder", "0 /recorders/path", NULL, NULL}, {"process", "0 /recorders/process", NULL, NULL},
    {"steps", "0 /recorders/steps", NULL, NULL},   {"uses", "0 /recorders/uses", NULL, NULL},
    {"closed", "0 /recorders/closed", NULL, NULL}, {0}};

static const struct column_row sample_groups[] = {{"value", "0 /groups/*/value", NULL, NULL},
                                                  {"samples", "0 /groups/*/count", NULL, NULL},
                                                  {"uses", "0 /groups/*/uses", NULL, NULL},
                                                  {0}};

const struct table_row lineage_tables[] = {
    {.name = "samples", .shape = "/samples/id", .columns = samples, .text = "every line of the samples file"},
    {.name = "sample_contributions",
     .shape = "/samples/contribution/norm",
     .columns = sample_contributions,
     .text = "what each sample did to each parameter group, all steps together"},
    {.name = "sample_groups_*",
     .shape = "/groups/*/value",
     .view = "sample_groups",
     .column = "grouped_by",
     .columns = sample_groups,
     .text = "samples of one value of a column together"},
    {.name = "steps", .shape = "/steps/step", .columns = steps, .text = "steps of training, as recorded"},
    {.name = "uses",
     .shape = "/uses/sample",
     .owner = "/steps/use_start",
     .columns = uses,
     .steps_of = "step_row",
     .text = "which sample was used in which step"},
    {.name = "sample_uses",
     .shape = "/uses_by_sample/step",
     .owner = "/samples/use_start",
     .columns = sample_uses,
     .text = "the same, sample by sample"},
    {.name = "admissions", .shape = "/admissions/sample", .columns = admissions, .text = "decisions on samples"},
    {.name = "preprocessing",
     .shape = "/preprocessing/sample",
     .columns = preprocessing,
     .text = "what was done to samples, as recorded"},
    {.name = "modalities",
     .shape = "/modalities/sample",
     .columns = modalities,
     .text = "weights of text, image and other modalities in samples, as recorded"},
    {.name = "recorded_predictions",
     .shape = "/recorded_predictions/sample",
     .columns = recorded_predictions,
     .text = "what the model predicted for samples, as recorded"},
    {.name = "recorded_influence",
     .shape = "/recorded_influence/sample",
     .columns = recorded_influence,
     .text = "influence that the trainer computed by itself"},
    {.name = "policies", .shape = "/policies/name", .columns = policies, .text = "policies that samples come under"},
    {.name = "profiles", .shape = "/profiles/name", .columns = profiles, .text = "weights by layer"},
    {.name = "parameter_groups",
     .shape = "/parameter_groups/name",
     .columns = parameter_groups,
     .text = "parameter groups of which contributions were recorded"},
    {.name = "group_top",
     .shape = "/parameter_groups/top/sample",
     .columns = group_top,
     .text = "the samples that moved each parameter group most"},
    {.name = "contributions",
     .shape = "/contributions/step",
     .columns = contributions,
     .text = "what moved each parameter group in each step"},
    {.name = "contribution_uses",
     .shape = "/contribution_uses/norm",
     .owner = "/contributions/use_start",
     .columns = contribution_uses,
     .steps_of = "step_row",
     .text = "the part of each use in it"},
    {.name = "optimizer",
     .shape = "/optimizer/contribution",
     .columns = optimizer,
     .text = "the part of the optimizer's own state in it"},
    {.name = "recorded_checkpoints",
     .shape = "/checkpoints/name",
     .columns = checkpoints,
     .text = "checkpoints that training recorded"},
    {.name = "completeness", .shape = "/completeness/epoch", .columns = completeness, .text = "uses by epoch"},
    {.name = "findings", .shape = "/findings/kind", .columns = findings, .text = "where the record does not hold"},
    {.name = "finding_kinds",
     .shape = "/finding_kinds/name",
     .columns = finding_kinds,
     .text = "what was looked for, and how often it was found"},
    {.name = "recorders", .shape = "/recorders/path", .columns = recorders, .text = "the files of the record"},
    {.name = "inputs_lineage",
     .shape = "/inputs/path",
     .view = "inputs",
     .column = "read_for",
     .part = "lineage",
     .columns = input_columns,
     .text = "input files of the job and their digests"},
    {0}};
