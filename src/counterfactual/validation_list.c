#include "base/memory.h"
#include "counterfactual/validation.h"

static void add_all(struct catalogue *catalogue, const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        catalogue_add(catalogue, entries[i].dataset, entries[i].data);
}

static void add_methods(struct catalogue *catalogue, const struct validation *validation)
{
    int64_t n = validation->methods.n;
    const char **names = catalogue_own(catalogue, memory_allocate(n, sizeof *names));
    uint8_t *control = catalogue_own(catalogue, memory_allocate(n, sizeof *control));
    for (int64_t i = 0; i < n; i++) {
        names[i] = validation->methods.items[i].name;
        control[i] = validation->methods.items[i].is_control;
    }
    catalogue_add_texts(catalogue, "/validation/method/name", names, n, "methods that foretold the retrained models");
    const struct entry entries[] = {
        {{"/validation/method/control", TABLE_U8, 1, {n}, 0, "1", "1 for a control that no method should lose to"},
         control},
        {{"/validation/method/slope",
          TABLE_F64,
          1,
          {n},
          0,
          "1",
          "actual by predicted change, least squares through the origin over all models; median over queries"},
         validation->slope},
    };
    add_all(catalogue, entries, sizeof entries / sizeof *entries);
}

static void add_subsets(struct catalogue *catalogue, const struct validation *validation)
{
    const struct retrained_part *part = &validation->truth.parts[TRUTH_OF_SUBSETS];
    int64_t n = validation->methods.n, m = validation->truth.n_query, s = part->n;
    const struct entry entries[] = {
        {{"/validation/lds/correlation",
          TABLE_F64,
          2,
          {n, m},
          0,
          "1",
          "Spearman over subsets of predicted and actual change, per query; NaN where either is constant"},
         validation->lds},
        {{"/validation/lds/mean", TABLE_F64, 1, {n}, 0, "1", "linear datamodelling score: the mean over queries"},
         validation->lds_mean},
        {{"/validation/lds/low", TABLE_F64, 1, {n}, 0, "1", "its 5th percentile, subsets drawn anew; NaN: none"},
         validation->lds_low},
        {{"/validation/lds/high", TABLE_F64, 1, {n}, 0, "1", "its 95th percentile"}, validation->lds_high},
        {{"/validation/lds/ceiling",
          TABLE_F64,
          1,
          {m},
          0,
          "1",
          "the same between one seed of retraining and the others, mean over seeds; NaN with one seed"},
         validation->ceiling},
        {{"/validation/subset/actual",
          TABLE_F64,
          2,
          {s, m},
          0,
          "output",
          "output of the model trained on the subset - baseline, means over seeds"},
         part->change},
        {{"/validation/subset/predicted",
          TABLE_F64,
          3,
          {n, s, m},
          0,
          "score",
          "predicted change: sum of the scores of what is missing, signed like the output"},
         validation->predicted[TRUTH_OF_SUBSETS]},
    };
    if (s > 0)
        add_all(catalogue, entries, sizeof entries / sizeof *entries);
}

static void add_examples(struct catalogue *catalogue, const struct validation *validation)
{
    const struct retrained_part *part = &validation->truth.parts[TRUTH_OF_EXAMPLES];
    int64_t n = validation->methods.n, m = validation->truth.n_query, s = part->n;
    const struct entry entries[] = {
        {{"/validation/loo/training", TABLE_I64, 1, {s}, 0, "training example", "the example that was left out"},
         part->example},
        {{"/validation/loo/actual",
          TABLE_F64,
          2,
          {s, m},
          0,
          "output",
          "output of the model trained without the example - baseline, means over seeds"},
         part->change},
        {{"/validation/loo/predicted", TABLE_F64, 3, {n, s, m}, 0, "score", "predicted change"},
         validation->predicted[TRUTH_OF_EXAMPLES]},
        {{"/validation/loo/pearson",
          TABLE_F64,
          2,
          {n, m},
          0,
          "1",
          "Pearson over examples of predicted and actual change, per query"},
         validation->loo},
        {{"/validation/loo/mean", TABLE_F64, 1, {n}, 0, "1", "its mean over queries"}, validation->loo_mean},
    };
    if (s > 0)
        add_all(catalogue, entries, sizeof entries / sizeof *entries);
}

static void add_groups(struct catalogue *catalogue, const struct validation *validation)
{
    const struct retrained_part *part = &validation->truth.parts[TRUTH_OF_GROUPS];
    int64_t n = validation->methods.n, m = validation->truth.n_query, s = part->n;
    const struct entry entries[] = {
        {{"/validation/group/scenario",
          TABLE_I64,
          1,
          {s},
          0,
          "1",
          "row of /scenarios that leaves out the same examples; -1: none"},
         validation->scenario},
        {{"/validation/group/removed", TABLE_I64, 1, {s}, 0, "examples", "training examples that were left out"},
         part->removed},
        {{"/validation/group/actual",
          TABLE_F64,
          2,
          {s, m},
          0,
          "output",
          "output of the model trained without the group - baseline, means over seeds"},
         part->change},
        {{"/validation/group/predicted", TABLE_F64, 3, {n, s, m}, 0, "score", "predicted change"},
         validation->predicted[TRUTH_OF_GROUPS]},
        {{"/validation/group/pearson",
          TABLE_F64,
          1,
          {n},
          0,
          "1",
          "Pearson of predicted and actual change over all groups and queries"},
         validation->group_pearson},
        {{"/validation/group/spearman", TABLE_F64, 1, {n}, 0, "1", "Spearman of the same"}, validation->group_spearman},
    };
    if (s > 0)
        add_all(catalogue, entries, sizeof entries / sizeof *entries);
}

void validation_list(struct catalogue *catalogue, const struct validation *validation)
{
    add_methods(catalogue, validation);
    add_subsets(catalogue, validation);
    add_examples(catalogue, validation);
    add_groups(catalogue, validation);
}
