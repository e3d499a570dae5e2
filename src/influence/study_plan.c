#include "influence/study_plan.h"

#include "base/memory.h"
#include "exact/gemm.h"
#include "influence/count.h"
#include "influence/gradients.h"
#include "records/sample_rows.h"

static struct layer_shape layer_shape(const struct capture *capture, int n_digit)
{
    struct layer_shape shape = {.n_factor = capture->n_factor,
                                .train_rows = capture->side[TRAIN_SIDE].n_row,
                                .query_rows = capture->side[QUERY_SIDE].n_row};
    for (int f = 0; f < capture->n_factor; f++)
        shape.n_column[f] = capture->n_column[f];
    struct tensor *list[MAX_FACTORS + 1];
    shape.reading[PLAN_EXAMPLES] = gradients_reading(capture, TRAIN_SIDE, n_digit);
    shape.reading[PLAN_QUERIES] = gradients_reading(capture, QUERY_SIDE, n_digit);
    for (int f = 0; f < MAX_FACTORS && capture->side[TRAIN_SIDE].factor[f] != NULL; f++)
        shape.stored_values += tensor_columns(capture->side[TRAIN_SIDE].factor[f]);
    if (capture->materialised) {
        shape.made_terms = capture->side[TRAIN_SIDE].n_position * capture->n_column[0];
        shape.stored_values += capture->n_column[0];
    }
    for (int i = capture_tensors(&capture->side[TRAIN_SIDE], list); i > 0; i--)
        shape.stored_bytes += tensor_columns(list[i - 1]) * (int64_t)tensor_type_size(tensor_type(list[i - 1]));
    return shape;
}

/* A layer has the same shape at every checkpoint, or plans and grids would mean nothing. */
static enum status check_alike(const struct study *study, int k, int l)
{
    const struct capture *first = study_capture(study, 0, l), *other = study_capture(study, k, l);
    bool alike = first->n_factor == other->n_factor;
    for (int f = 0; f < first->n_factor; f++)
        alike = alike && first->n_column[f] == other->n_column[f];
    for (int s = 0; s < N_CAPTURE_SIDES; s++)
        alike = alike && first->side[s].n_position == other->side[s].n_position;
    return alike ? STATUS_OK
                 : fail(BAD_INPUT,
                        "%s: expected the shape that the layer has at the first checkpoint (%s), found another",
                        tensor_name(other->side[TRAIN_SIDE].factor[0]), tensor_name(first->side[TRAIN_SIDE].factor[0]));
}

int64_t study_record_bytes(const struct study *study, double scale)
{
    const struct samples *samples = &study->samples;
    double bytes = (double)samples->pieces.bytes * scale;
    int64_t piece_bytes, n_piece;
    pieces_plan(bytes < 0x1p62 ? (int64_t)bytes : INT64_C(1) << 62, &piece_bytes, &n_piece);
    int64_t grown = count_product(n_piece - samples->pieces.n, (int64_t)(sizeof(struct piece) + sizeof(int64_t)));
    return count_sum(samples_bytes(samples) + grown, 2 * piece_bytes); /* a line may begin in one and end in the next */
}

enum status study_shape(const struct study *study, int64_t n_rank, struct influence_shape *shape)
{
    const struct influence_config *config = study->config;
    if (gemm_find(config->backend) == NULL)
        return fail(BAD_CONFIG, "influence.backend: expected auto, onednn or blas, found \"%s\"", config->backend);
    struct layer_shape *layers = memory_allocate(study->n_layer, sizeof *layers);
    enum status status = STATUS_OK;
    for (int l = 0; l < study->n_layer; l++) {
        layers[l] = layer_shape(study_capture(study, 0, l), to_int(config->n_digit));
        for (int k = 1; k < study->n_used && status == STATUS_OK; k++)
            status = check_alike(study, k, l);
    }
    if (status != STATUS_OK) {
        memory_free(layers);
        return status;
    }
    *shape = (struct influence_shape){.n_train = study->samples.n,
                                      .n_query = study->queries.n,
                                      .n_rank = n_rank,
                                      .n_used = study->n_used,
                                      .n_layer = study->n_layer,
                                      .layers = layers,
                                      .n_group_column = study->samples.n_column,
                                      .row_bytes = sample_rows_bytes(&study->samples),
                                      .record_bytes = study_record_bytes(study, 1),
                                      .n_digit = config->n_digit,
                                      .block_rows = config->block_rows,
                                      .top = config->top,
                                      .memory = config->memory,
                                      .keep_scores = config->keep_scores,
                                      .ahead = !study_reads_hdf5(study),
                                      .leading = config->products == PRODUCTS_LEADING};
    for (int64_t c = 0; c < study->samples.n_column; c++)
        shape->n_group_value += study->samples.columns[c].n_value;
    return STATUS_OK;
}

void study_shape_clear(struct influence_shape *shape)
{
    memory_free((void *)shape->layers);
    *shape = (struct influence_shape){0};
}

enum status study_plan(const struct study *study, int64_t n_rank, struct influence_plan *plan)
{
    struct influence_shape shape;
    enum status status = study_shape(study, n_rank, &shape);
    if (status != STATUS_OK)
        return status;
    status = influence_plan_make(&shape, plan);
    study_shape_clear(&shape);
    return status;
}
