#include "mechanism/tables.h"

#include <stdio.h>

#include "base/memory.h"

static const char *const unit = "behaviour";

static struct output_shape vector(enum table_type type, int64_t n)
{
    return (struct output_shape){type, n, 0, 0};
}

static struct output_shape matrix(enum table_type type, int64_t n, int64_t n_column)
{
    return (struct output_shape){type, n, n_column, 0};
}

static struct output_shape block(enum table_type type, int64_t n, int64_t n_column, int64_t n_deep)
{
    return (struct output_shape){type, n, n_column, n_deep};
}

/* ---- records ------------------------------------------------------------------------------------------------------
 */

static void list_probes(const struct scene *scene, struct outputs *outputs)
{
    int64_t n = scene->n_probe;
    int32_t *fold = memory_allocate(n, sizeof *fold);
    for (int64_t i = 0; i < n; i++)
        fold[i] = (int32_t)(i % scene->config->folds);
    outputs_add_texts(outputs, "/behaviours/name", (const char *const *)scene->behaviours, scene->n_behaviour,
                      "what is explained");
    outputs_add_texts(outputs, "/categories/name", (const char *const *)scene->categories, scene->n_category,
                      "categories of probes, in bytewise order");
    outputs_add_ids(outputs, "/probes/id", scene->probe_ids, n, scene->id_bytes, "id of the probe");
    outputs_add(outputs, "/probes/category", NULL, vector(TABLE_I32, n), "1",
                "the probe's category, as an index into /categories/name", scene->category);
    outputs_give(outputs, "/probes/fold", NULL, vector(TABLE_I32, n), "1", "fold of the probe", fold);
}

static void list_parts(const struct mechanism_answer *answer, struct outputs *outputs)
{
    const struct parts *parts = &answer->measured.scene->parts;
    int64_t n = parts->n, m = answer->measured.scene->n_behaviour;
    int32_t *kind = memory_allocate(n, sizeof *kind), *layer = memory_allocate(n, sizeof *layer);
    int64_t *size = memory_allocate(n, sizeof *size), *start = memory_allocate(n + 1, sizeof *start);
    int64_t *member = memory_allocate(parts->n_member, sizeof *member);
    const char **labels = memory_allocate(n, sizeof *labels);
    for (int64_t p = 0; p < n; p++) {
        const struct part *part = &parts->items[p];
        kind[p] = part->kind;
        layer[p] = part->layer;
        size[p] = part_size(part);
        labels[p] = part->label;
        start[p + 1] = start[p] + part->n_member;
        for (int64_t k = 0; k < part->n_member; k++)
            member[start[p] + k] = parts->members[part->first_member + k];
    }
    outputs_add_texts(outputs, "/part_kinds/name", part_kind_names, N_PART_KIND, "kinds of parts");
    outputs_add_texts(outputs, "/layers/name", (const char *const *)parts->layers, parts->n_layer,
                      "layers of parts, in bytewise order");
    outputs_add_ids(outputs, "/parts/id", parts->ids, n, parts->id_bytes, "id of the part");
    outputs_add_texts(outputs, "/parts/label", labels, n, "what the part is called; empty where nobody said");
    outputs_give(outputs, "/parts/kind", NULL, vector(TABLE_I32, n), "1", "as an index into /part_kinds/name", kind);
    outputs_give(outputs, "/parts/layer", NULL, vector(TABLE_I32, n), "1",
                 "as an index into /layers/name; -1: none was said", layer);
    outputs_give(outputs, "/parts/size", NULL, vector(TABLE_I64, n), "members", "members of the part, at least 1",
                 size);
    outputs_give(outputs, "/parts/member_start", NULL, vector(TABLE_I64, n + 1), "entries",
                 "where the members of each part begin in /parts/member, and the end", start);
    outputs_give(outputs, "/parts/member", NULL, vector(TABLE_I64, start[n]), "1",
                 "members, ascending: of features their columns in the policy", member);
    outputs_add(
        outputs, "/parts/policy_effect", NULL, matrix(TABLE_F64, m, n), unit,
        "what the symbolic policy foresees of setting the part to zero: sum of coefficient x mean; NaN for others",
        answer->policy_effect);
    outputs_add(outputs, "/policy_agreement", NULL, vector(TABLE_F64, m), "1",
                "Spearman's rank correlation of that with the mean effect of interventions, over features",
                answer->policy_agreement);
    memory_free(labels);
}

/* ---- localisation -------------------------------------------------------------------------------------------------
 */

static void list_effects(const struct effects *effects, const char *name, bool recovers, struct outputs *outputs)
{
    static const struct {
        enum effect_field field;
        const char *path, *unit, *text;
        enum table_type type;
    } fields[] = {
        {EFFECT_MEAN, "/effects/*/mean", "behaviour",
         "mean over probes of the behaviour intact - after the intervention; positive: the part raises it", TABLE_F64},
        {EFFECT_LOW, "/effects/*/low", "behaviour", "lower end of its bootstrap interval", TABLE_F64},
        {EFFECT_HIGH, "/effects/*/high", "behaviour", "upper end of its bootstrap interval", TABLE_F64},
        {EFFECT_MAGNITUDE, "/effects/*/magnitude", "behaviour", "mean over probes of the absolute effect", TABLE_F64},
        {EFFECT_CONTROL_MEAN, "/effects/*/control_mean", "behaviour",
         "mean effect of random parts of equal size; NaN without", TABLE_F64},
        {EFFECT_CONTROL_DEVIATION, "/effects/*/control_deviation", "behaviour",
         "standard deviation of the effects of random parts", TABLE_F64},
        {EFFECT_SCORE, "/effects/*/score", "1",
         "(mean - control mean) / control deviation; infinite where random parts all do the same", TABLE_F64},
        {EFFECT_P, "/effects/*/p", "1", "(1 + random parts with no smaller |effect|) / (1 + random parts)", TABLE_F64},
        {EFFECT_CHANCE, "/effects/*/chance", "1",
         "share of the random parts that would pass for localised among the others, intervals and folds aside",
         TABLE_F64},
        {EFFECT_EXCEEDED, "/effects/*/exceeded", "random parts",
         "random parts with no smaller |effect|; -1 without random parts", TABLE_I64},
        {EFFECT_FOLDS, "/effects/*/folds_agreeing", "folds", "folds whose mean effect has the sign of the whole",
         TABLE_I64},
        {EFFECT_LOCALISED, "/effects/*/localised", "1",
         "1: interval without 0, all folds agree, no random part does as much, score beyond the threshold", TABLE_U8},
        {EFFECT_RECOVERED, "/effects/*/recovered", "1",
         "sum of the effects / sum of (intact - behaviour on the probes patched from)", TABLE_F64},
    };
    int64_t n = effects->n_part, m = effects->n_behaviour;
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        const double *values = effects_field(effects, fields[f].field);
        if (fields[f].field == EFFECT_RECOVERED && !recovers)
            continue;
        if (fields[f].type == TABLE_F64)
            outputs_add(outputs, fields[f].path, name, matrix(TABLE_F64, m, n), fields[f].unit, fields[f].text, values);
        else
            outputs_add_whole(outputs, fields[f].path, name, matrix(fields[f].type, m, n), fields[f].unit,
                              fields[f].text, values);
    }
    outputs_add(outputs, "/effects/*/order", name, matrix(TABLE_I64, m, n), "part",
                "parts by |mean effect|, largest first", effects->order);
    outputs_add(outputs, "/effects/*/fold", name, block(TABLE_F64, m, n, effects->n_fold), unit,
                "mean effect within each fold", effects->fold);
    outputs_add(outputs, "/effects/*/category", name, block(TABLE_F64, m, n, effects->n_category), unit,
                "mean effect on the probes of each category", effects->category);
}

static void list_localisation(const struct measured *measured, struct outputs *outputs)
{
    const char *names[N_INTERVENTION];
    int64_t n = 0;
    for (int v = 0; v < N_INTERVENTION; v++)
        if (measured->effects[v].there) {
            names[n++] = intervention_names[v];
            list_effects(&measured->effects[v], intervention_names[v],
                         measured->scene->tensors[SCENE_SOURCE] != NULL && v == INTERVENTION_PATCH, outputs);
        }
    outputs_add_texts(outputs, "/interventions/name", names, n, "what was done to parts");
}

static void list_interference(const struct measured *measured, struct outputs *outputs)
{
    const struct interference *made = measured->interference;
    const struct scene *scene = measured->scene;
    int64_t m = made->n_behaviour, n = made->n_pair;
    if (n == 0)
        return;
    outputs_add(outputs, "/interference/first", NULL, vector(TABLE_I64, n), "part", "one part of the pair",
                scene->first);
    outputs_add(outputs, "/interference/second", NULL, vector(TABLE_I64, n), "part", "the other", scene->second);
    outputs_add(outputs, "/interference/both", NULL, matrix(TABLE_F64, m, n), unit,
                "mean effect of intervening on both", made->both);
    outputs_add(outputs, "/interference/sum", NULL, matrix(TABLE_F64, m, n), unit, "sum of the mean effects of each",
                made->sum);
    outputs_add(outputs, "/interference/excess", NULL, matrix(TABLE_F64, m, n), unit, "both - sum", made->excess);
    outputs_add(outputs, "/interference/low", NULL, matrix(TABLE_F64, m, n), unit,
                "lower end of its bootstrap interval", made->low);
    outputs_add(outputs, "/interference/high", NULL, matrix(TABLE_F64, m, n), unit,
                "upper end of its bootstrap interval", made->high);
}

/* ---- recomposition ------------------------------------------------------------------------------------------------
 */

static void list_recomposition(const struct recomposition *made, struct outputs *outputs)
{
    int64_t m = made->n_behaviour, n = made->n_k;
    if (n == 0)
        return;
    const struct {
        const char *path, *text;
        const double *values;
    } curves[] = {
        {"/recomposition/r2", "share of the measured behaviour's variance rebuilt from the k strongest parts",
         made->r2},
        {"/recomposition/auc", "area under the ROC curve of the behaviour rebuilt, for behaviour >= 1/2", made->auc},
        {"/recomposition/random_r2", "r2 from k random parts, mean over draws; NaN without", made->random_r2},
        {"/recomposition/random_r2_low", "the least of the draws", made->random_low},
        {"/recomposition/random_r2_high", "the largest of the draws", made->random_high},
        {"/recomposition/random_auc", "auc from k random parts, mean over draws", made->random_auc}};
    outputs_add(outputs, "/recomposition/k", NULL, vector(TABLE_I64, n), "parts", "how many parts were kept", made->k);
    for (size_t c = 0; c < sizeof curves / sizeof *curves; c++)
        outputs_add(outputs, curves[c].path, NULL, matrix(TABLE_F64, m, n), "1", curves[c].text, curves[c].values);
    outputs_add(outputs, "/recomposition/enough", NULL, vector(TABLE_I64, m), "1",
                "the least k from which on r2 is enough, as an index into /recomposition/k; -1: none is", made->enough);
    outputs_add(outputs, "/recomposition/residual", NULL, matrix(TABLE_F64, m, made->n_probe), unit,
                "measured - rebuilt, at that k or else at the last", made->residual);
    outputs_add(outputs, "/recomposition/unexplained", NULL, matrix(TABLE_U8, m, made->n_probe), "1",
                "1 where the residual is more than the config's number of deviations of the behaviour",
                made->unexplained);
}

static void list_baselines(const struct baselines *made, struct outputs *outputs)
{
    const char *names[N_BASELINE_KIND];
    int64_t m = made->n_behaviour;
    if (made->n == 0)
        return;
    for (int i = 0; i < made->n; i++)
        names[i] = baseline_names[made->kind[i]];
    outputs_add_texts(outputs, "/baselines/name", names, made->n, "what predicts the behaviour instead");
    outputs_add(outputs, "/baselines/r2", NULL, matrix(TABLE_F64, made->n, m), "1",
                "share of the variance explained by fits without each probe's fold", made->r2);
    outputs_add(outputs, "/baselines/auc", NULL, matrix(TABLE_F64, made->n, m), "1",
                "area under the ROC curve of the same, for behaviour >= 1/2", made->auc);
    outputs_add(outputs, "/baselines/prediction", NULL, block(TABLE_F64, made->n, m, made->n_probe), unit,
                "each probe by a fit without its fold", made->prediction);
}

static void list_remainder(const struct remainder *remainder, struct outputs *outputs)
{
    int64_t n = remainder->n;
    int32_t *kind = memory_allocate(n, sizeof *kind), *behaviour = memory_allocate(n, sizeof *behaviour);
    double *size = memory_allocate(n, sizeof *size), *limit = memory_allocate(n, sizeof *limit);
    const char **texts = memory_allocate(n, sizeof *texts);
    for (int64_t i = 0; i < n; i++) {
        const struct failure *failure = &remainder->items[i];
        kind[i] = failure->kind;
        behaviour[i] = (int32_t)failure->behaviour;
        size[i] = failure->size;
        limit[i] = failure->limit;
        texts[i] = failure->text;
    }
    outputs_add_texts(outputs, "/failure_kinds/name", failure_names, N_FAILURE_KIND,
                      "what an explanation can leave open");
    outputs_give(outputs, "/failures/kind", NULL, vector(TABLE_I32, n), "1", "as an index into /failure_kinds/name",
                 kind);
    outputs_give(outputs, "/failures/behaviour", NULL, vector(TABLE_I32, n), "1", "as an index into /behaviours/name",
                 behaviour);
    outputs_give(outputs, "/failures/size", NULL, vector(TABLE_F64, n), "see text", "what was found", size);
    outputs_give(outputs, "/failures/limit", NULL, vector(TABLE_F64, n), "see text", "what it was held against", limit);
    outputs_add_texts(outputs, "/failures/text", texts, n, "the failure, as a sentence");
    memory_free(texts);
}

/* ---- links --------------------------------------------------------------------------------------------------------
 */

static void list_links(const struct links *links, struct outputs *outputs)
{
    int64_t m = links->n_behaviour, n = links->n_part, l = links->n_layer;
    if (links->n_pair > 0) {
        outputs_add(outputs, "/links/pairs/pair", NULL, block(TABLE_I64, m, n, links->n_pair), "pair",
                    "pairs of policy.h5 that shifted the coefficient of the part's strongest feature most; -1: no more",
                    links->pair);
        outputs_add(outputs, "/links/pairs/shift", NULL, block(TABLE_F64, m, n, links->n_pair),
                    "behaviour per feature unit", "by how much", links->shift);
    }
    if (l == 0)
        return;
    outputs_add_texts(outputs, "/links/layers/name", (const char *const *)links->layers, l,
                      "all layers together, then those of influence.h5");
    outputs_add(outputs, "/parts/link", NULL, vector(TABLE_I32, n), "1",
                "the part's layer, as an index into /links/layers/name", links->part_layer);
    outputs_add(outputs, "/links/queries", NULL, vector(TABLE_I64, m), "queries",
                "queries in which the behaviour occurs", links->queries);
    outputs_add(outputs, "/links/examples/index", NULL, block(TABLE_I64, m, l, links->n_example), "training example",
                "examples of influence.h5 that speak most for the behaviour, through the layer; -1: no more",
                links->example);
    outputs_add(outputs, "/links/examples/score", NULL, block(TABLE_F64, m, l, links->n_example), "influence",
                "sum of their influence on the queries in which the behaviour occurs, of the proponents kept",
                links->score);
    outputs_add(outputs, "/links/examples/policy", NULL, block(TABLE_I32, m, l, links->n_example), "1",
                "the policy that admitted the example, as an index into /links/policies/name; -1: not known",
                links->policy);
    outputs_add_texts(outputs, "/links/policies/name", (const char *const *)links->policies, links->n_policy,
                      "policies that admitted examples");
    if (links->n_policy > 0)
        outputs_add(outputs, "/links/policies/score", NULL, block(TABLE_F64, m, l, links->n_policy), "influence",
                    "the same sum over all examples that the policy admitted", links->policy_score);
}

/* ---- all of it ----------------------------------------------------------------------------------------------------
 */

void mechanism_tables_list(const struct mechanism_answer *answer, struct outputs *outputs)
{
    list_probes(answer->measured.scene, outputs);
    list_parts(answer, outputs);
    list_localisation(&answer->measured, outputs);
    list_interference(&answer->measured, outputs);
    list_recomposition(answer->measured.recomposition, outputs);
    list_baselines(answer->measured.baselines, outputs);
    list_remainder(answer->remainder, outputs);
    list_links(answer->links, outputs);
}

enum status mechanism_tables_create(MPI_Comm comm, const char *path, const struct mechanism_answer *answer,
                                    const struct outputs *outputs, const struct segment_list *inputs,
                                    struct table **table)
{
    const struct scene *scene = answer->measured.scene;
    char confidence[32];
    snprintf(confidence, sizeof confidence, "%.17g", scene->config->confidence);
    const struct table_attribute attributes[] = {
        {"title", "Assay: mechanism, the parts that carry each behaviour"},
        {"level", scene->network ? "network" : "policy"},
        {"main", intervention_names[scene->config->main]},
        {"behaviour", scene->probability ? "probability" : "value"},
        {"confidence", confidence},
        {"exactness", scene->network ? "effects as measured on the network; intervals by bootstrap over probes"
                                     : "the symbolic policy is the model: closed form; intervals by bootstrap"},
        {"source", "Rabiza, A Mechanistic Explanatory Strategy for XAI, arXiv 2411.01332"},
        {"fingerprint", answer->fingerprint},
    };
    struct dataset *list = memory_allocate(outputs->n + N_INPUT_DATASETS, sizeof *list);
    for (int i = 0; i < outputs->n; i++)
        list[i] = outputs->items[i].shape;
    inputs_datasets(comm, inputs, list + outputs->n);
    enum status status = table_create(comm, path, list, outputs->n + N_INPUT_DATASETS, attributes,
                                      sizeof attributes / sizeof *attributes, table);
    memory_free(list);
    return status;
}
