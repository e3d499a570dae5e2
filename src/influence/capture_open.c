#include "influence/capture.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "exact/gemm.h"

/* `name` with {checkpoint} and {layer} filled in; the caller owns it. */
static char *fill_in(const char *name, const char *checkpoint, const char *layer)
{
    static const char checkpoint_mark[] = "{checkpoint}", layer_mark[] = "{layer}";
    struct text out;
    text_init(&out);
    while (*name) {
        if (strncmp(name, checkpoint_mark, sizeof checkpoint_mark - 1) == 0) {
            text_add(&out, "%s", checkpoint);
            name += sizeof checkpoint_mark - 1;
        } else if (strncmp(name, layer_mark, sizeof layer_mark - 1) == 0) {
            text_add(&out, "%s", layer);
            name += sizeof layer_mark - 1;
        } else {
            text_add_bytes(&out, name++, 1);
        }
    }
    return out.bytes;
}

struct opening { /* what the tensors of one side have in common */
    const char *directory, *checkpoint, *layer, *side;
};

static enum status open_one(const struct opening *opening, const char *key, const char *name, struct tensor **tensor)
{
    if (name == NULL)
        return fail(BAD_CONFIG,
                    "influence.captures.%s.%s: is missing: captures of this kind need the name of a tensor there",
                    opening->side, key);
    char *filled = fill_in(name, opening->checkpoint, opening->layer);
    enum status status = tensor_open(opening->directory, filled, tensor);
    memory_free(filled);
    return status;
}

/* Names that the kind has no use for are a sign that the kind is wrong. */
static enum status check_unused(const struct opening *opening, enum capture_kind kind,
                                const struct capture_names *names)
{
    static const char *const kinds[] = {"factors", "last-layer", "rows"};
    const char *unused = NULL;
    if (kind == CAPTURE_ROWS && names->input != NULL)
        unused = "input";
    if (kind == CAPTURE_LAST_LAYER && names->gradient != NULL)
        unused = "gradient";
    if (kind != CAPTURE_LAST_LAYER && names->logits != NULL)
        unused = "logits";
    if (kind != CAPTURE_LAST_LAYER && names->labels != NULL)
        unused = "labels";
    return unused == NULL ? STATUS_OK
                          : fail(BAD_CONFIG,
                                 "influence.captures.%s.%s: captures of kind %s have no use for it: remove it, or "
                                 "set influence.captures.kind",
                                 opening->side, unused, kinds[kind]);
}

static enum status open_side(const struct opening *opening, enum capture_kind kind, const struct capture_names *names,
                             struct capture_side *side)
{
    enum status status;
    if (kind == CAPTURE_LAST_LAYER) {
        status = open_one(opening, "logits", names->logits, &side->factor[FACTOR_GRADIENT]);
        if (status == STATUS_OK)
            status = open_one(opening, "labels", names->labels, &side->labels);
    } else {
        status = open_one(opening, "gradient", names->gradient, &side->factor[FACTOR_GRADIENT]);
    }
    if (status == STATUS_OK && kind != CAPTURE_ROWS)
        status = open_one(opening, "input", names->input, &side->factor[FACTOR_INPUT]);
    return status;
}

/* Examples × columns, or examples × positions × columns where a sequence axis is allowed. */
static enum status check_shape(const struct capture *capture, const struct tensor *tensor, int64_t *n_position,
                               int64_t *n_column)
{
    int64_t dims[TENSOR_MAX_DIM];
    int n_dim = tensor_dimensions(tensor, dims);
    bool sequence = n_dim == 3 && capture->kind == CAPTURE_FACTORS;
    if (n_dim != 2 && !sequence)
        return fail(BAD_INPUT, "%s: expected a matrix (examples x columns%s), found %d dimension%s",
                    tensor_name(tensor), capture->kind == CAPTURE_FACTORS ? ", or examples x positions x columns" : "",
                    n_dim, n_dim == 1 ? "" : "s");
    *n_position = sequence ? dims[1] : 1;
    *n_column = dims[n_dim - 1];
    if (*n_column < 1 || *n_position < 1)
        return fail(BAD_INPUT, "%s: expected at least one column and one position, found none", tensor_name(tensor));
    return STATUS_OK;
}

static enum status check_labels(const struct capture_side *side)
{
    const struct tensor *labels = side->labels;
    if (labels == NULL)
        return STATUS_OK;
    if (tensor_columns(labels) != 1)
        return fail(BAD_INPUT, "%s: expected one label per row, found %lld columns", tensor_name(labels),
                    (long long)tensor_columns(labels));
    if (tensor_type(labels) <= TENSOR_F64)
        return fail(BAD_INPUT, "%s: expected integer labels, found %s", tensor_name(labels),
                    tensor_type_name(tensor_type(labels)));
    return STATUS_OK;
}

static enum status check_side(const struct capture *capture, struct capture_side *side, int64_t width[MAX_FACTORS])
{
    for (int f = 0; f < capture->n_factor; f++) {
        int64_t n_position = 1;
        enum status status = check_shape(capture, side->factor[f], &n_position, &width[f]);
        if (status != STATUS_OK)
            return status;
        if (f > 0 && n_position != side->n_position)
            return fail(BAD_INPUT, "%s: expected %lld positions as in %s, found %lld", tensor_name(side->factor[f]),
                        (long long)side->n_position, tensor_name(side->factor[0]), (long long)n_position);
        side->n_position = n_position;
    }
    return check_labels(side);
}

static enum status check_sides(struct capture *capture)
{
    struct capture_side *train = &capture->side[TRAIN_SIDE], *query = &capture->side[QUERY_SIDE];
    int64_t width[MAX_FACTORS];
    enum status status = check_side(capture, train, capture->width);
    if (status == STATUS_OK)
        status = check_side(capture, query, width);
    for (int f = 0; f < capture->n_factor && status == STATUS_OK; f++)
        if (width[f] != capture->width[f])
            status = fail(BAD_INPUT, "%s: expected %lld columns as in %s, found %lld", tensor_name(query->factor[f]),
                          (long long)capture->width[f], tensor_name(train->factor[f]), (long long)width[f]);
    return status;
}

/* Operations per training example with all queries: 8-bit products for every pair of positions, against one product of
 * whole gradient rows and the making of the row in doubles, one of which costs about MAKING 8-bit operations. */
static bool rows_are_cheaper(const struct capture *capture, int64_t n_digit)
{
    enum { MAKING = 64 };
    const struct capture_side *train = &capture->side[TRAIN_SIDE], *query = &capture->side[QUERY_SIDE];
    double n_query = (double)tensor_rows(query->factor[0]), pairs = (double)n_digit * (double)n_digit;
    double d_out = (double)capture->width[FACTOR_GRADIENT], d_in = (double)capture->width[FACTOR_INPUT];
    double positions = (double)train->n_position;
    double by_position = pairs * n_query * positions * (double)query->n_position * (d_out + d_in);
    double by_row = pairs * n_query * d_out * (d_in + 1) + MAKING * positions * d_out * (d_in + 1);
    return by_row < by_position && d_out * (d_in + 1) <= GEMM_MAX_COLUMN;
}

/* What the digits will look like: the plan of this capture, from shapes and config alone. */
static void choose_form(struct capture *capture, const struct influence_config *config)
{
    bool sequence = capture->side[TRAIN_SIDE].n_position > 1 || capture->side[QUERY_SIDE].n_position > 1;
    capture->materialised = capture->n_factor == 2 &&
                            (config->positions == POSITIONS_ROWS || (config->positions == POSITIONS_AUTO && sequence &&
                                                                     rows_are_cheaper(capture, config->n_digit)));
    for (int f = 0; f < MAX_FACTORS; f++)
        capture->n_column[f] = capture->width[f];
    for (int s = 0; s < N_CAPTURE_SIDES; s++)
        capture->side[s].n_row = capture->materialised ? 1 : capture->side[s].n_position;
    if (capture->materialised) {
        capture->n_factor = 1;
        capture->n_column[0] = capture->width[FACTOR_GRADIENT] * (capture->width[FACTOR_INPUT] + capture->has_bias);
    }
    capture->bias = capture->n_factor == 2 && capture->has_bias ? 1 : 0;
}

static enum status check_length(const struct capture *capture)
{
    for (int f = 0; f < capture->n_factor; f++)
        if (capture->n_column[f] > GEMM_MAX_COLUMN)
            return fail(CANNOT_FIT,
                        "%s: expected gradient rows of at most %d columns, found %lld: split them into layers, or "
                        "project them",
                        tensor_name(capture->side[TRAIN_SIDE].factor[f]), GEMM_MAX_COLUMN,
                        (long long)capture->n_column[f]);
    return STATUS_OK;
}

enum status capture_open(const char *directory, const struct influence_config *config, const char *checkpoint,
                         const char *layer, struct capture *capture)
{
    *capture = (struct capture){.kind = (enum capture_kind)config->capture_kind};
    capture->n_factor = capture->kind == CAPTURE_ROWS ? 1 : 2;
    capture->has_bias = capture->kind != CAPTURE_ROWS && config->bias;
    for (int s = 0; s < N_CAPTURE_SIDES; s++)
        capture->side[s].n_position = 1;
    struct opening opening = {directory, checkpoint, layer, "train"};
    enum status status = open_side(&opening, capture->kind, &config->train, &capture->side[TRAIN_SIDE]);
    if (status == STATUS_OK)
        status = check_unused(&opening, capture->kind, &config->train);
    opening.side = "queries";
    if (status == STATUS_OK)
        status = open_side(&opening, capture->kind, &config->query, &capture->side[QUERY_SIDE]);
    if (status == STATUS_OK)
        status = check_unused(&opening, capture->kind, &config->query);
    if (status == STATUS_OK)
        status = check_sides(capture);
    if (status == STATUS_OK) {
        choose_form(capture, config);
        status = check_length(capture);
    }
    if (status != STATUS_OK)
        capture_close(capture);
    return status;
}

static enum status check_side_rows(const struct capture_side *side, int64_t n, const char *what)
{
    struct tensor *list[MAX_FACTORS + 1] = {side->factor[0], side->factor[1], side->labels};
    for (int i = 0; i <= MAX_FACTORS; i++)
        if (list[i] != NULL && tensor_rows(list[i]) != n)
            return fail(BAD_INPUT,
                        "%s: expected %lld rows, one per %s, found %lld: captures and records do not belong together",
                        tensor_name(list[i]), (long long)n, what, (long long)tensor_rows(list[i]));
    return STATUS_OK;
}

enum status capture_check_rows(const struct capture *capture, int64_t n_train, int64_t n_query)
{
    enum status status = check_side_rows(&capture->side[TRAIN_SIDE], n_train, "training sample of the samples file");
    return status == STATUS_OK ? check_side_rows(&capture->side[QUERY_SIDE], n_query, "query of the queries file")
                               : status;
}

int capture_tensors(const struct capture_side *side, struct tensor **list)
{
    int n = 0;
    for (int f = 0; f < MAX_FACTORS; f++)
        if (side->factor[f] != NULL)
            list[n++] = side->factor[f];
    if (side->labels != NULL)
        list[n++] = side->labels;
    return n;
}

void capture_close(struct capture *capture)
{
    struct tensor *list[MAX_FACTORS + 1];
    for (int s = 0; s < N_CAPTURE_SIDES; s++)
        for (int i = capture_tensors(&capture->side[s], list); i > 0; i--)
            tensor_close(list[i - 1]);
    *capture = (struct capture){0};
}
