#include "policy/tables.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_FIXED = 64 };

struct layout {
    struct dataset *list; /* owned */
    int n;
};

static void add(struct layout *layout, struct dataset dataset)
{
    layout->list[layout->n++] = dataset;
}

static int64_t width_of(char *const *texts, int64_t n)
{
    size_t width = 1;
    for (int64_t i = 0; texts != NULL && i < n; i++)
        width = strlen(texts[i]) > width ? strlen(texts[i]) : width;
    return (int64_t)width;
}

static void add_records(struct layout *layout, const struct problem *problem)
{
    const struct probes *probes = &problem->probes;
    const struct strings *names = &problem->config->behaviours;
    int64_t n = probes->n, m = names->n;
    add(layout, (struct dataset){"/probes/id", TABLE_STRING, 1, {n}, probes->id_bytes, "1", "id of the probe"});
    add(layout,
        (struct dataset){
            "/probes/category", TABLE_I32, 1, {n}, 0, "1", "the probe's category, as an index into /categories/name"});
    add(layout, (struct dataset){
                    "/probes/expected", TABLE_U8, 2, {n, m}, 0, "1", "1 where the behaviour is expected of the probe"});
    if (problem->config->folds > 0)
        add(layout, (struct dataset){"/probes/fold", TABLE_I32, 1, {n}, 0, "1", "fold of cross-validation"});
    add(layout, (struct dataset){"/categories/name",
                                 TABLE_STRING,
                                 1,
                                 {probes->n_category},
                                 width_of(probes->categories, probes->n_category),
                                 "1",
                                 "categories of probes, in bytewise order"});
    add(layout,
        (struct dataset){"/behaviours/name", TABLE_STRING, 1, {m}, width_of(names->items, m), "1", "what is modelled"});
}

static void add_features(struct layout *layout, const struct problem *problem)
{
    int64_t m = problem->n_feature, nb = problem->config->behaviours.n;
    add(layout, (struct dataset){"/features/label",
                                 TABLE_STRING,
                                 1,
                                 {m},
                                 width_of(problem->labels.items, m),
                                 "1",
                                 "what the feature is called; empty where nobody said"});
    add(layout,
        (struct dataset){
            "/features/mean", TABLE_F64, 1, {m}, 0, "feature", "mean over all probes, to the digits of the system"});
    add(layout, (struct dataset){"/features/deviation",
                                 TABLE_F64,
                                 1,
                                 {m},
                                 0,
                                 "feature",
                                 "standard deviation over all probes (of the population)"});
    add(layout, (struct dataset){
                    "/features/active", TABLE_I64, 1, {m}, 0, "probes", "probes on which the feature is not zero"});
    add(layout, (struct dataset){"/coefficients",
                                 TABLE_F64,
                                 2,
                                 {nb, m},
                                 0,
                                 "behaviour/feature",
                                 "coefficient of each feature in the ridge regression of each behaviour"});
    add(layout,
        (struct dataset){
            "/intercept", TABLE_F64, 1, {nb}, 0, "behaviour", "intercept of each regression, which is not penalised"});
}

static void add_per_probe(struct layout *layout, const struct model *model)
{
    int64_t n = model->n_probe, m = model->n_behaviour;
    add(layout,
        (struct dataset){"/predictions", TABLE_F64, 2, {m, n}, 0, "behaviour", "intercept + features x coefficients"});
    add(layout, (struct dataset){"/residuals", TABLE_F64, 2, {m, n}, 0, "behaviour", "measured - predicted"});
    if (model->leverage != NULL) {
        add(layout, (struct dataset){"/leverage",
                                     TABLE_F64,
                                     1,
                                     {n},
                                     0,
                                     "1",
                                     "change of the probe's prediction per change of its own behaviour"});
        add(layout,
            (struct dataset){"/loo_residual",
                             TABLE_F64,
                             2,
                             {m, n},
                             0,
                             "behaviour",
                             "measured - predicted by the fit without the probe, exactly; NaN where leverage is 1"});
    }
    if (model->fold_prediction != NULL)
        add(layout, (struct dataset){"/fold_prediction",
                                     TABLE_F64,
                                     2,
                                     {m, n},
                                     0,
                                     "behaviour",
                                     "predicted by the fit without the probe's fold"});
}

static void add_path(struct layout *layout, const struct model *model)
{
    int64_t n = model->path.n, m = model->n_behaviour;
    add(layout, (struct dataset){"/path/lambda", TABLE_F64, 1, {n}, 0, "feature^2", "candidates of the penalty"});
    add(layout, (struct dataset){"/path/chosen", TABLE_U8, 1, {n}, 0, "1", "1 for the penalty that was chosen"});
    add(layout,
        (struct dataset){"/path/r2", TABLE_F64, 2, {n, m}, 0, "1", "share of the behaviour's variance explained"});
    if (model->leverage == NULL)
        return;
    add(layout, (struct dataset){"/path/gcv",
                                 TABLE_F64,
                                 2,
                                 {n, m},
                                 0,
                                 "behaviour^2",
                                 "generalised cross-validation, n |e|^2 / (n - degrees of freedom)^2"});
    add(layout, (struct dataset){"/path/press",
                                 TABLE_F64,
                                 2,
                                 {n, m},
                                 0,
                                 "behaviour^2",
                                 "sum of squared leave-one-out residuals; infinite where a leverage is 1"});
    add(layout,
        (struct dataset){
            "/path/degrees_of_freedom", TABLE_F64, 1, {n}, 0, "1", "sum of the leverages, the intercept included"});
    add(layout, (struct dataset){"/path/criterion",
                                 TABLE_F64,
                                 1,
                                 {n},
                                 0,
                                 "1",
                                 "mean over behaviours of gcv or press by the sum of squares about the mean"});
}

static void add_diagnostics(struct layout *layout, const struct model *model)
{
    static const struct {
        const char *path, *text;
    } rows[N_JUDGED][3] = {
        {{"/diagnostics/train/r2", "share of the variance explained by the fit itself"},
         {"/diagnostics/train/auc", "area under the ROC curve of the fit itself, for behaviour >= 1/2"},
         {"/diagnostics/train/log_loss", "log loss of the fit itself, for behaviour >= 1/2"}},
        {{"/diagnostics/loo/r2", "share of the variance explained by leave-one-out predictions"},
         {"/diagnostics/loo/auc", "area under the ROC curve of leave-one-out predictions, for behaviour >= 1/2"},
         {"/diagnostics/loo/log_loss", "log loss of leave-one-out predictions, for behaviour >= 1/2"}},
        {{"/diagnostics/folds/r2", "share of the variance explained by fits without each probe's fold"},
         {"/diagnostics/folds/auc", "area under the ROC curve of fits without each probe's fold, for behaviour >= 1/2"},
         {"/diagnostics/folds/log_loss", "log loss of fits without each probe's fold, for behaviour >= 1/2"}}};
    for (int j = 0; j < N_JUDGED; j++)
        for (int k = 0; k < 3 && model->judgements[j].made; k++)
            add(layout,
                (struct dataset){
                    rows[j][k].path, TABLE_F64, 1, {model->n_behaviour}, 0, k == 2 ? "nat" : "1", rows[j][k].text});
}

static void add_gaps(struct layout *layout, const struct gaps *gaps)
{
    int64_t n = gaps->n, k = gaps->n_evidence, width = width_of((char *const *)gap_names, N_GAP_KINDS);
    const struct dataset rows[] = {
        {"/gaps/category", TABLE_I32, 1, {n}, 0, "1", "category of probes, as an index into /categories/name"},
        {"/gaps/behaviour", TABLE_I32, 1, {n}, 0, "1", "behaviour expected of some of them, into /behaviours/name"},
        {"/gaps/kind", TABLE_STRING, 1, {n}, width, "1", "what the policy has there: carried, or which gap"},
        {"/gaps/probes", TABLE_I64, 1, {n}, 0, "probes", "probes of the category"},
        {"/gaps/expecting",
         TABLE_I64,
         1,
         {n},
         0,
         "probes",
         "those of which the behaviour is expected; means are over them"},
        {"/gaps/expected_share", TABLE_F64, 1, {n}, 0, "1", "part of the category's probes that expect the behaviour"},
        {"/gaps/active_features", TABLE_I64, 1, {n}, 0, "features", "features active on enough of these probes"},
        {"/gaps/mean_behaviour", TABLE_F64, 1, {n}, 0, "behaviour", "mean of the behaviour as measured"},
        {"/gaps/mean_contribution",
         TABLE_F64,
         1,
         {n},
         0,
         "behaviour",
         "sum over active features of coefficient x mean"},
        {"/gaps/lift",
         TABLE_F64,
         1,
         {n},
         0,
         "behaviour",
         "sum over active features of coefficient x (mean - mean over all probes); below 0: wrong sign"},
        {"/gaps/strongest",
         TABLE_F64,
         1,
         {n},
         0,
         "1",
         "largest |coefficient| x deviation of an active feature, as part of the largest of any feature"},
        {"/gaps/evidence/feature", TABLE_I64, 2, {n, k}, 0, "1", "active features by |lift|; -1: no more"},
        {"/gaps/evidence/coefficient", TABLE_F64, 2, {n, k}, 0, "behaviour/feature", "coefficient"},
        {"/gaps/evidence/mean_activation", TABLE_F64, 2, {n, k}, 0, "feature", "mean of the feature on these probes"},
        {"/gaps/evidence/active_share", TABLE_F64, 2, {n, k}, 0, "1", "part of these probes on which it is not zero"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add(layout, rows[i]);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static enum status create(MPI_Comm comm, const char *path, const struct findings *findings, const struct layout *layout,
                          struct table **table)
{
    const struct policy_config *config = findings->problem->config;
    char lambda[32];
    snprintf(lambda, sizeof lambda, "%.17g", findings->model->solution.lambda);
    static const char *const rules[] = {[CHOOSE_GCV] = "generalised cross-validation",
                                        [CHOOSE_LOO] = "exact leave-one-out",
                                        [CHOOSE_FIRST] = "the first candidate"};
    const struct table_attribute attributes[] = {
        {"title", "Assay: symbolic policy, ridge regression of behaviours on features"},
        {"form", findings->primal ? "primal: normal equations of the features" : "dual: kernel matrix of the probes"},
        {"formula", "argmin |y - b - X w|^2 + lambda |w|^2, b not penalised"},
        {"source", "Symbolic Mechanistic Data Attribution, arXiv 2606.29171; Hoerl and Kennard 1970"},
        {"features", source_description(findings->problem->source)},
        {"behaviour", config->behaviour_kind == BEHAVIOUR_PROBABILITY ? "probability" : "value"},
        {"lambda", lambda},
        {"lambda rule", rules[config->choice]},
        {"exactness", "closed form; coefficients are known to about 2^-40 of the largest effect"},
        {"fingerprint", findings->fingerprint},
    };
    return table_create(comm, path, layout->list, layout->n, attributes, sizeof attributes / sizeof *attributes, table);
}

enum status policy_tables_create(MPI_Comm comm, const char *path, const struct findings *findings,
                                 const struct segment_list *inputs, struct table **table)
{
    const struct problem *problem = findings->problem;
    int n_pair = problem->pairs != NULL ? pairs_n_dataset(problem->pairs) : 0;
    int64_t room = MOST_FIXED + n_pair + N_INPUT_DATASETS;
    struct layout layout = {.list = memory_allocate(room, sizeof *layout.list)};
    add_records(&layout, problem);
    add_features(&layout, problem);
    add_per_probe(&layout, findings->model);
    add_path(&layout, findings->model);
    add_diagnostics(&layout, findings->model);
    add_gaps(&layout, findings->gaps);
    ASSERT(layout.n <= MOST_FIXED);
    if (n_pair > 0)
        pairs_datasets(problem->pairs, layout.list + layout.n);
    layout.n += n_pair;
    inputs_datasets(comm, inputs, layout.list + layout.n);
    layout.n += N_INPUT_DATASETS;
    enum status status = create(comm, path, findings, &layout, table);
    memory_free(layout.list);
    return status;
}
