#include "influence/capture.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "exact/elementary.h"

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

static enum status check_matrix(const struct tensor *tensor)
{
    int64_t dims[TENSOR_MAX_DIM];
    int n_dim = tensor_dimensions(tensor, dims);
    if (n_dim != 2)
        return fail(BAD_INPUT, "%s: expected a matrix (examples x columns), found %d dimension%s", tensor_name(tensor),
                    n_dim, n_dim == 1 ? "" : "s");
    if (dims[1] < 1)
        return fail(BAD_INPUT, "%s: expected at least one column, found none", tensor_name(tensor));
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

static enum status check_columns(struct capture *capture)
{
    for (int f = 0; f < capture->n_factor; f++) {
        const struct tensor *train = capture->train.factor[f], *query = capture->query.factor[f];
        enum status status = check_matrix(train);
        if (status == STATUS_OK)
            status = check_matrix(query);
        if (status != STATUS_OK)
            return status;
        capture->n_column[f] = tensor_columns(train);
        if (tensor_columns(query) != capture->n_column[f])
            return fail(BAD_INPUT, "%s: expected %lld columns as in %s, found %lld", tensor_name(query),
                        (long long)capture->n_column[f], tensor_name(train), (long long)tensor_columns(query));
    }
    enum status status = check_labels(&capture->train);
    return status == STATUS_OK ? check_labels(&capture->query) : status;
}

enum status capture_open(const char *directory, const struct influence_config *config, const char *checkpoint,
                         const char *layer, struct capture *capture)
{
    *capture = (struct capture){.kind = (enum capture_kind)config->capture_kind};
    capture->n_factor = capture->kind == CAPTURE_ROWS ? 1 : 2;
    capture->bias = capture->kind != CAPTURE_ROWS && config->bias ? 1 : 0;
    struct opening opening = {directory, checkpoint, layer, "train"};
    enum status status = open_side(&opening, capture->kind, &config->train, &capture->train);
    opening.side = "queries";
    if (status == STATUS_OK)
        status = open_side(&opening, capture->kind, &config->query, &capture->query);
    if (status == STATUS_OK)
        status = check_columns(capture);
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
    enum status status = check_side_rows(&capture->train, n_train, "training sample of the samples file");
    return status == STATUS_OK ? check_side_rows(&capture->query, n_query, "query of the queries file") : status;
}

int capture_tensors(const struct capture *capture, struct tensor **list)
{
    int n = 0;
    const struct capture_side *sides[2] = {&capture->train, &capture->query};
    for (int s = 0; s < 2; s++) {
        for (int f = 0; f < MAX_FACTORS; f++)
            if (sides[s]->factor[f] != NULL)
                list[n++] = sides[s]->factor[f];
        if (sides[s]->labels != NULL)
            list[n++] = sides[s]->labels;
    }
    return n;
}

void capture_close(struct capture *capture)
{
    struct tensor *list[2 * (MAX_FACTORS + 1)];
    int n = capture_tensors(capture, list);
    for (int i = 0; i < n; i++)
        tensor_close(list[i]);
    *capture = (struct capture){0};
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

int64_t capture_chunk_rows(int64_t n_column)
{
    int64_t rows = ((int64_t)4 << 20) / (8 * n_column);
    return rows < 1 ? 1 : rows;
}

int64_t capture_buffer_bytes(int64_t n_column)
{
    return capture_chunk_rows(n_column) * n_column * 2 * (int64_t)sizeof(double);
}

/* Whether every element of this type is a float: half the memory traffic of doubles. */
static bool is_float(enum tensor_type type)
{
    return type != TENSOR_F64 && type != TENSOR_I32 && type != TENSOR_I64;
}

/* Says in which file, and in which row of it, a label is that no class has. */
static enum status bad_label(const struct tensor *labels, int64_t row, double found, int64_t n_class)
{
    struct segment_list place;
    segments_init(&place);
    tensor_list(labels, row, 1, &place);
    enum status status =
        fail(BAD_INPUT, "%s: %s: row %lld: expected a label from 0 to %lld, found %.0f", place.items[0].path,
             place.items[0].object, (long long)place.items[0].row_first, (long long)n_class - 1, found);
    segments_clear(&place);
    return status;
}

/* The labels of rows [first, first + n) of a side, checked; the caller owns them. */
static enum status read_labels(const struct capture *capture, const struct capture_side *side, int64_t first, int64_t n,
                               struct segment_list *segments, double *labels)
{
    int64_t n_class = capture->n_column[FACTOR_GRADIENT];
    char *raw = memory_allocate(n, tensor_type_size(tensor_type(side->labels)));
    enum status status = tensor_read(side->labels, first, n, raw, segments);
    if (status == STATUS_OK)
        status = tensor_to_double(side->labels, first, n, raw, labels);
    memory_free(raw);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        if (labels[i] < 0 || labels[i] >= (double)n_class)
            status = bad_label(side->labels, first + i, labels[i], n_class);
    return status;
}

/* gradient = softmax(logits) - onehot(label), in place. */
static void to_gradient(double *logits, int64_t n, int64_t n_class, const double *labels)
{
    for (int64_t i = 0; i < n; i++) {
        exact_softmax(logits + i * n_class, n_class, logits + i * n_class);
        logits[i * n_class + (int64_t)labels[i]] -= 1;
    }
}

/* Converts rows [at, at + n) of what was read into digits. */
static enum status convert(const struct tensor *tensor, int64_t first, int64_t n, const char *raw, void *values,
                           const double *labels, struct digits *digits, int64_t at)
{
    enum status status;
    if (labels == NULL && is_float(tensor_type(tensor))) {
        status = tensor_to_float(tensor, first, n, raw, values);
        if (status == STATUS_OK)
            digits_set(digits, at, n, values);
        return status;
    }
    status = tensor_to_double(tensor, first, n, raw, values);
    if (status == STATUS_OK && labels != NULL)
        to_gradient(values, n, tensor_columns(tensor), labels + at);
    if (status == STATUS_OK)
        digits_set_double(digits, at, n, values);
    return status;
}

enum status capture_read(const struct capture *capture, const struct capture_side *side, int factor, int64_t first,
                         int64_t n, struct digits *digits, struct segment_list *segments)
{
    struct tensor *tensor = side->factor[factor];
    int64_t n_column = capture->n_column[factor], chunk = capture_chunk_rows(n_column);
    int64_t row_bytes = n_column * (int64_t)tensor_type_size(tensor_type(tensor));
    char *raw = memory_allocate(n, (size_t)row_bytes);
    double *values = memory_allocate(chunk, (size_t)n_column * sizeof(double)), *labels = NULL;
    enum status status = tensor_read(tensor, first, n, raw, segments);
    if (status == STATUS_OK && capture->kind == CAPTURE_LAST_LAYER && factor == FACTOR_GRADIENT) {
        labels = memory_allocate(n, sizeof *labels);
        status = read_labels(capture, side, first, n, segments, labels);
    }
    for (int64_t at = 0; at < n && status == STATUS_OK; at += chunk) {
        int64_t rows = n - at < chunk ? n - at : chunk;
        status = convert(tensor, first + at, rows, raw + at * row_bytes, values, labels, digits, at);
    }
    memory_free(labels);
    memory_free(values);
    memory_free(raw);
    return status;
}
