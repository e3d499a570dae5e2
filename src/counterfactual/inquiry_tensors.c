#include "counterfactual/inquiry_tensors.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"

enum rows { ROWS_TRAIN, ROWS_QUERY, ROWS_ANY };
enum columns { COLUMNS_ANY, COLUMNS_ONE, COLUMNS_TRAIN, COLUMNS_OUTPUTS };

#define AT(member) offsetof(struct counterfactual_config, member)
static const struct {
    const char *path;
    size_t offset;
    enum rows rows;
    enum columns columns;
} shapes[N_INQUIRY_TENSORS] = {
    [RIDGE_FEATURES] = {"ridge.features", AT(ridge.features), ROWS_TRAIN, COLUMNS_ANY},
    [RIDGE_TARGETS] = {"ridge.targets", AT(ridge.targets), ROWS_TRAIN, COLUMNS_ANY},
    [RIDGE_LABELS] = {"ridge.labels", AT(ridge.labels), ROWS_TRAIN, COLUMNS_ONE},
    [RIDGE_QUERIES] = {"ridge.queries", AT(ridge.queries), ROWS_QUERY, COLUMNS_ANY},
    [NETWORK_LOGITS] = {"network.logits", AT(network.logits), ROWS_QUERY, COLUMNS_ANY},
    [NETWORK_LABELS] = {"network.labels", AT(network.labels), ROWS_QUERY, COLUMNS_ONE},
    [TRUTH_BASELINE] = {"truth.baseline", AT(truth.baseline), ROWS_ANY, COLUMNS_ANY},
    [TRUTH_SUBSETS] = {"truth.subsets", AT(truth.subsets), ROWS_ANY, COLUMNS_TRAIN},
    [TRUTH_SUBSET_OUTPUTS] = {"truth.subset_outputs", AT(truth.subset_outputs), ROWS_ANY, COLUMNS_OUTPUTS},
    [TRUTH_LEAVE_ONE_OUT] = {"truth.leave_one_out", AT(truth.leave_one_out), ROWS_ANY, COLUMNS_TRAIN},
    [TRUTH_LEAVE_ONE_OUT_OUTPUTS] = {"truth.leave_one_out_outputs", AT(truth.leave_one_out_outputs), ROWS_ANY,
                                     COLUMNS_OUTPUTS},
    [TRUTH_GROUPS] = {"truth.groups", AT(truth.groups), ROWS_ANY, COLUMNS_TRAIN},
    [TRUTH_GROUP_OUTPUTS] = {"truth.group_outputs", AT(truth.group_outputs), ROWS_ANY, COLUMNS_OUTPUTS},
    [CONTROL_INPUTS] = {"truth.inputs", AT(truth.inputs), ROWS_TRAIN, COLUMNS_ANY},
    [CONTROL_LABELS] = {"truth.labels", AT(truth.labels), ROWS_TRAIN, COLUMNS_ONE},
    [CONTROL_QUERY_INPUTS] = {"truth.query_inputs", AT(truth.query_inputs), ROWS_QUERY, COLUMNS_ANY},
    [CONTROL_QUERY_LABELS] = {"truth.query_labels", AT(truth.query_labels), ROWS_QUERY, COLUMNS_ONE},
};
#undef AT

/* `name` with {checkpoint} filled in; the caller owns it. */
static enum status fill_in(const struct inquiry *inquiry, const char *path, const char *name, char **filled)
{
    static const char mark[] = "{checkpoint}";
    struct text out;
    text_init(&out);
    const char *rest = name;
    for (const char *at; (at = strstr(rest, mark)) != NULL; rest = at + sizeof mark - 1) {
        text_add_bytes(&out, rest, (size_t)(at - rest));
        if (inquiry->checkpoint == NULL) {
            text_clear(&out);
            return fail(BAD_CONFIG,
                        "counterfactual.%s: {checkpoint} stands for nothing without the section checkpoints", path);
        }
        text_add(&out, "%s", inquiry->checkpoint);
    }
    text_add(&out, "%s", rest);
    *filled = text_take(&out);
    return STATUS_OK;
}

static enum status open_named(struct inquiry *inquiry, const char *path, const char *name, struct tensor **tensor)
{
    char *filled = NULL;
    enum status status = fill_in(inquiry, path, name, &filled);
    if (status != STATUS_OK)
        return status;
    status = tensor_open(inquiry->request->directory, filled, tensor);
    if (status != STATUS_OK)
        *tensor = NULL;
    memory_free(filled);
    return status;
}

static enum status check_rows(const struct inquiry *inquiry, const char *path, enum rows rows,
                              const struct tensor *tensor)
{
    int64_t found = tensor_rows(tensor), n_train = inquiry->samples.n, n_query = inquiry->queries.n;
    if (rows == ROWS_TRAIN && found != n_train)
        return fail(BAD_INPUT,
                    "%s: expected a row for each of the %lld training samples, found %lld (counterfactual.%s)",
                    tensor_name(tensor), (long long)n_train, (long long)found, path);
    if (rows == ROWS_QUERY && found != n_query)
        return fail(BAD_INPUT, "%s: expected a row for each of the %lld queries, found %lld (counterfactual.%s)",
                    tensor_name(tensor), (long long)n_query, (long long)found, path);
    if (found == 0)
        return fail(BAD_INPUT, "%s: expected at least one row, found none (counterfactual.%s)", tensor_name(tensor),
                    path);
    return STATUS_OK;
}

static enum status check_columns(const struct inquiry *inquiry, const char *path, enum columns columns,
                                 const struct tensor *tensor)
{
    int64_t found = tensor_columns(tensor), n_train = inquiry->samples.n, n_query = inquiry->queries.n;
    if (columns == COLUMNS_ONE && found != 1)
        return fail(BAD_INPUT, "%s: expected one number per row, found %lld (counterfactual.%s)", tensor_name(tensor),
                    (long long)found, path);
    if (columns == COLUMNS_TRAIN && found != n_train)
        return fail(BAD_INPUT,
                    "%s: expected a column for each of the %lld training samples, found %lld (counterfactual.%s)",
                    tensor_name(tensor), (long long)n_train, (long long)found, path);
    if (columns == COLUMNS_OUTPUTS && found % n_query != 0)
        return fail(BAD_INPUT, "%s: expected [seeds x] %lld queries in each row, found %lld (counterfactual.%s)",
                    tensor_name(tensor), (long long)n_query, (long long)found, path);
    return STATUS_OK;
}

/* Shapes that two tensors must share, and the baseline's, which may lack the axis of one row. */
static enum status check_pairs(const struct inquiry *inquiry)
{
    static const enum inquiry_tensor same_rows[][2] = {{TRUTH_SUBSETS, TRUTH_SUBSET_OUTPUTS},
                                                       {TRUTH_LEAVE_ONE_OUT, TRUTH_LEAVE_ONE_OUT_OUTPUTS},
                                                       {TRUTH_GROUPS, TRUTH_GROUP_OUTPUTS}};
    static const enum inquiry_tensor same_columns[][2] = {{RIDGE_FEATURES, RIDGE_QUERIES},
                                                          {CONTROL_INPUTS, CONTROL_QUERY_INPUTS}};
    struct tensor *const *all = inquiry->tensors;
    for (size_t i = 0; i < sizeof same_rows / sizeof *same_rows; i++) {
        const struct tensor *a = all[same_rows[i][0]], *b = all[same_rows[i][1]];
        if (a != NULL && b != NULL && tensor_rows(a) != tensor_rows(b))
            return fail(BAD_INPUT, "%s: expected a row for each of the %lld of %s, found %lld", tensor_name(b),
                        (long long)tensor_rows(a), tensor_name(a), (long long)tensor_rows(b));
    }
    for (size_t i = 0; i < sizeof same_columns / sizeof *same_columns; i++) {
        const struct tensor *a = all[same_columns[i][0]], *b = all[same_columns[i][1]];
        if (a != NULL && b != NULL && tensor_columns(a) != tensor_columns(b))
            return fail(BAD_INPUT, "%s: expected %lld columns, like %s, found %lld", tensor_name(b),
                        (long long)tensor_columns(a), tensor_name(a), (long long)tensor_columns(b));
    }
    const struct tensor *baseline = all[TRUTH_BASELINE];
    if (baseline != NULL && tensor_rows(baseline) * tensor_columns(baseline) % inquiry->queries.n != 0)
        return fail(BAD_INPUT, "%s: expected [1 x] seeds x %lld queries, found %lld numbers", tensor_name(baseline),
                    (long long)inquiry->queries.n, (long long)(tensor_rows(baseline) * tensor_columns(baseline)));
    return STATUS_OK;
}

static enum status open_one(struct inquiry *inquiry, int i)
{
    char *const *name = (char *const *)(const void *)((const char *)inquiry->config + shapes[i].offset);
    if (*name == NULL)
        return STATUS_OK;
    enum status status = open_named(inquiry, shapes[i].path, *name, &inquiry->tensors[i]);
    if (status == STATUS_OK)
        status = check_rows(inquiry, shapes[i].path, shapes[i].rows, inquiry->tensors[i]);
    return status == STATUS_OK ? check_columns(inquiry, shapes[i].path, shapes[i].columns, inquiry->tensors[i])
                               : status;
}

static enum status open_scores(struct inquiry *inquiry, int64_t i)
{
    struct tensor **tensor = &inquiry->tensors[N_INQUIRY_TENSORS + i];
    enum status status = open_named(inquiry, "truth.scores", inquiry->config->truth.scores.items[i], tensor);
    if (status == STATUS_OK)
        status = check_rows(inquiry, "truth.scores", ROWS_TRAIN, *tensor);
    if (status == STATUS_OK && tensor_columns(*tensor) != inquiry->queries.n)
        status = fail(BAD_INPUT, "%s: expected a column for each of the %lld queries, found %lld", tensor_name(*tensor),
                      (long long)inquiry->queries.n, (long long)tensor_columns(*tensor));
    return status;
}

enum status inquiry_open_tensors(struct inquiry *inquiry)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < inquiry->n_tensor && status == STATUS_OK; i++)
        status = i < N_INQUIRY_TENSORS ? open_one(inquiry, i) : open_scores(inquiry, i - N_INQUIRY_TENSORS);
    return status == STATUS_OK ? check_pairs(inquiry) : status;
}

void inquiry_check_tensors(struct inquiry *inquiry, struct text *problems)
{
    bool good = true;
    for (int i = 0; i < inquiry->n_tensor; i++)
        if ((i < N_INQUIRY_TENSORS ? open_one(inquiry, i) : open_scores(inquiry, i - N_INQUIRY_TENSORS)) != STATUS_OK) {
            text_add(problems, "%s\n", failure_sentence());
            good = false;
        }
    if (good && check_pairs(inquiry) != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
}
