/* Reading captures: stored numbers become digits, a chunk of examples at a time. */
#include "influence/capture.h"

#include "base/memory.h"
#include "exact/elementary.h"
#include "influence/count.h"
#include "influence/profile.h"

enum { CHUNK_BYTES = 1 << 20 }; /* of converted numbers: they stay in cache between the passes */

static int64_t chunk_examples(const struct capture *capture, enum capture_which which)
{
    int64_t n_value = capture->width[0] > capture->width[1] ? capture->width[0] : capture->width[1];
    n_value = n_value * capture->side[which].n_position + (capture->materialised ? capture->n_column[0] : 0);
    int64_t n = CHUNK_BYTES / (n_value * (int64_t)sizeof(double));
    return n < 1 ? 1 : n;
}

static int64_t bytes_of(const struct tensor *tensor)
{
    return tensor_columns(tensor) * (int64_t)tensor_type_size(tensor_type(tensor));
}

void capture_reading(const struct capture *capture, enum capture_which which, int64_t *example_bytes,
                     int64_t *fixed_bytes)
{
    const struct capture_side *side = &capture->side[which];
    int64_t raw[MAX_FACTORS] = {0}, values[MAX_FACTORS] = {0};
    for (int f = 0; f < MAX_FACTORS && side->factor[f] != NULL; f++) {
        raw[f] = bytes_of(side->factor[f]);
        values[f] = tensor_columns(side->factor[f]);
    }
    bool both = capture->materialised; /* at a time */
    int64_t at_once = both ? raw[0] + raw[1] : raw[0] > raw[1] ? raw[0] : raw[1];
    int64_t numbers = both                    ? values[0] + values[1] + capture->n_column[0]
                      : values[0] > values[1] ? values[0]
                                              : values[1];
    *example_bytes = at_once + (side->labels != NULL ? 2 * (int64_t)sizeof(double) : 0);
    *fixed_bytes = chunk_examples(capture, which) * numbers * (int64_t)sizeof(double);
}

void reading_room_clear(struct reading_room *room)
{
    memory_free(room->bytes);
    *room = (struct reading_room){0};
}

/* At least so many bytes; what was in the room is gone. */
static char *take(struct reading_room *room, int64_t size)
{
    if (room->size < size) {
        memory_free(room->bytes);
        *room = (struct reading_room){.bytes = memory_allocate_raw(size, 1), .size = size};
    }
    return room->bytes;
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

/* The bytes of examples [first, first + n), hashed. */
static enum status read_raw(struct tensor *tensor, int64_t first, int64_t n, char *raw, struct segment_list *segments)
{
    enum phase phase = profile_enter(PHASE_READ);
    enum status status = tensor_read(tensor, first, n, raw, segments);
    tensor_rest(tensor);
    profile_enter(phase);
    return status;
}

/* The labels of examples [first, first + n) of a side, checked; `labels` has room for them. */
static enum status read_labels(const struct capture *capture, const struct capture_side *side, int64_t first, int64_t n,
                               struct segment_list *segments, double *labels)
{
    int64_t n_class = capture->width[FACTOR_GRADIENT];
    char *raw = memory_allocate(n, tensor_type_size(tensor_type(side->labels)));
    enum status status = read_raw(side->labels, first, n, raw, segments);
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
    exact_softmax_rows(logits, n, n_class, logits);
    for (int64_t i = 0; i < n; i++)
        logits[i * n_class + (int64_t)labels[i]] -= 1;
}

/* Examples [first, first + n) of one tensor as they come to digits: rows [at, at + n) of each example's positions. */
static enum status convert(const struct tensor *tensor, int64_t first, int64_t n, const char *raw, void *values,
                           const double *labels, struct digits *digits, int64_t at)
{
    int64_t n_row = n * tensor_columns(tensor) / digits->n_column, row = at * tensor_columns(tensor) / digits->n_column;
    enum status status;
    if (labels == NULL && is_float(tensor_type(tensor))) {
        status = tensor_to_float(tensor, first, n, raw, values);
        if (status == STATUS_OK)
            digits_set(digits, row, n_row, values);
        return status;
    }
    status = tensor_to_double(tensor, first, n, raw, values);
    if (status == STATUS_OK && labels != NULL)
        to_gradient(values, n, tensor_columns(tensor), labels + at);
    if (status == STATUS_OK)
        digits_set_double(digits, row, n_row, values);
    return status;
}

static enum status read_factor(const struct capture *capture, enum capture_which which, int factor, int64_t first,
                               int64_t n, struct reading_room *room, struct digits *digits,
                               struct segment_list *segments)
{
    const struct capture_side *side = &capture->side[which];
    struct tensor *tensor = side->factor[factor];
    int64_t chunk = chunk_examples(capture, which), bytes = bytes_of(tensor);
    char *raw = take(room, count_product(n, bytes));
    double *values = memory_allocate_raw(chunk, (size_t)tensor_columns(tensor) * sizeof(double)), *labels = NULL;
    enum status status = read_raw(tensor, first, n, raw, segments);
    if (status == STATUS_OK && side->labels != NULL && factor == FACTOR_GRADIENT) {
        labels = memory_allocate(n, sizeof *labels);
        status = read_labels(capture, side, first, n, segments, labels);
    }
    for (int64_t at = 0; at < n && status == STATUS_OK; at += chunk) {
        int64_t count = n - at < chunk ? n - at : chunk;
        status = convert(tensor, first + at, count, raw + at * bytes, values, labels, digits, at);
    }
    memory_free(labels);
    memory_free(values);
    return status;
}

/* row[o, i] = Σ_t gradient[t, o] · input[t, i], and row[o, d_in] = Σ_t gradient[t, o] where there is a bias: summed in
 * order of t. */
static void make_row(const struct capture *capture, int64_t n_position, const double *gradient, const double *input,
                     double *row)
{
    int64_t d_out = capture->width[FACTOR_GRADIENT], d_in = capture->width[FACTOR_INPUT];
    int64_t stride = d_in + capture->has_bias;
    for (int64_t i = 0; i < capture->n_column[0]; i++)
        row[i] = 0;
    for (int64_t t = 0; t < n_position; t++)
        for (int64_t o = 0; o < d_out; o++) {
            double factor = gradient[t * d_out + o];
            double *restrict out = row + o * stride;
            const double *restrict in = input + t * d_in;
            for (int64_t i = 0; i < d_in; i++)
                out[i] += factor * in[i];
            if (capture->has_bias)
                out[d_in] += factor;
        }
}

static enum status read_materialised(const struct capture *capture, enum capture_which which, int64_t first, int64_t n,
                                     struct reading_room *room, struct digits *digits, struct segment_list *segments)
{
    const struct capture_side *side = &capture->side[which];
    int64_t chunk = chunk_examples(capture, which), raw_size[MAX_FACTORS];
    for (int f = 0; f < MAX_FACTORS; f++)
        raw_size[f] = (count_product(n, bytes_of(side->factor[f])) + 7) / 8 * 8; /* the second begins aligned */
    char *bytes = take(room, count_sum(raw_size[0], raw_size[1])), *raw[MAX_FACTORS] = {bytes, bytes + raw_size[0]};
    double *values[MAX_FACTORS], *labels = NULL, *rows = memory_allocate_raw(chunk, (size_t)capture->n_column[0] * 8);
    enum status status = STATUS_OK;
    for (int f = 0; f < MAX_FACTORS; f++) {
        values[f] = memory_allocate_raw(chunk, (size_t)tensor_columns(side->factor[f]) * sizeof(double));
        if (status == STATUS_OK)
            status = read_raw(side->factor[f], first, n, raw[f], segments);
    }
    if (status == STATUS_OK && side->labels != NULL) {
        labels = memory_allocate(n, sizeof *labels);
        status = read_labels(capture, side, first, n, segments, labels);
    }
    for (int64_t at = 0; at < n && status == STATUS_OK; at += chunk) {
        int64_t count = n - at < chunk ? n - at : chunk;
        for (int f = 0; f < MAX_FACTORS && status == STATUS_OK; f++)
            status = tensor_to_double(side->factor[f], first + at, count, raw[f] + at * bytes_of(side->factor[f]),
                                      values[f]);
        if (status != STATUS_OK)
            break;
        if (labels != NULL)
            to_gradient(values[FACTOR_GRADIENT], count, capture->width[FACTOR_GRADIENT], labels + at);
        for (int64_t i = 0; i < count; i++)
            make_row(capture, side->n_position,
                     values[FACTOR_GRADIENT] + i * side->n_position * capture->width[FACTOR_GRADIENT],
                     values[FACTOR_INPUT] + i * side->n_position * capture->width[FACTOR_INPUT],
                     rows + i * capture->n_column[0]);
        digits_set_double(digits, at, count, rows);
    }
    memory_free(labels);
    memory_free(rows);
    for (int f = 0; f < MAX_FACTORS; f++)
        memory_free(values[f]);
    return status;
}

enum status capture_read(const struct capture *capture, enum capture_which which, int factor, int64_t first, int64_t n,
                         struct reading_room *room, struct digits *digits, struct segment_list *segments)
{
    return capture->materialised ? read_materialised(capture, which, first, n, room, digits, segments)
                                 : read_factor(capture, which, factor, first, n, room, digits, segments);
}
