#include "influence/stage.h"

#include "base/memory.h"

enum { EXAMPLES = 512, QUERIES = 256, VALUES = 8, TOP = 4 };

double stage_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (double)(int32_t)*state / 2147483648.0;
}

/* Digits of random rows, and the squared norms that bound scores. */
static void fill(struct gradients *gradients, int64_t n_column, uint32_t *state)
{
    gradients->n = gradients->capacity;
    float *values = memory_allocate_raw(n_column, sizeof *values);
    for (int c = 0; c < gradients_captures(gradients); c++)
        for (int64_t i = 0; i < gradients->n; i++) {
            for (int f = 0; f < MAX_FACTORS; f++) {
                for (int64_t k = 0; k < n_column; k++)
                    values[k] = (float)stage_random(state);
                digits_set(&gradients->digits[c * MAX_FACTORS + f], i, 1, values);
            }
            const struct digits *digits = &gradients->digits[c * MAX_FACTORS];
            gradients->square[i * gradients_captures(gradients) + c] =
                digits_square(&digits[FACTOR_GRADIENT], i) * (digits_square(&digits[FACTOR_INPUT], i) + 1);
        }
    memory_free(values);
}

static void set_study(struct stage *stage, int n_digit, int64_t n_column)
{
    stage->config = (struct influence_config){.capture_kind = CAPTURE_FACTORS, .bias = true, .n_digit = n_digit};
    for (int c = 0; c < STAGE_CHECKPOINTS * STAGE_LAYERS; c++) {
        struct capture *capture = &stage->captures[c];
        *capture = (struct capture){.kind = CAPTURE_FACTORS, .n_factor = MAX_FACTORS, .bias = 1, .has_bias = true};
        for (int f = 0; f < MAX_FACTORS; f++)
            capture->n_column[f] = capture->width[f] = n_column;
        for (int s = 0; s < N_CAPTURE_SIDES; s++)
            capture->side[s].n_row = capture->side[s].n_position = 1;
    }
    for (int k = 0; k < STAGE_CHECKPOINTS; k++) {
        stage->checkpoints[k] = (struct checkpoint){.learning_rate = 0.5, .selected = true};
        stage->used[k] = k;
    }
    stage->rows = (struct sample_rows){
        .n = EXAMPLES, .capacity = EXAMPLES, .codes = memory_allocate(STAGE_COLUMNS * EXAMPLES, sizeof(int32_t))};
    for (int c = 0; c < STAGE_COLUMNS; c++) {
        stage->columns[c] = (struct group_column){.n_value = VALUES};
        for (int i = 0; i < EXAMPLES; i++)
            stage->rows.codes[c * EXAMPLES + i] = (i * 5 + c) % VALUES;
    }
    stage->study = (struct study){
        .config = &stage->config,
        .method = &influence_methods[0],
        .samples = {.n = EXAMPLES, .columns = stage->columns, .n_column = STAGE_COLUMNS},
        .queries = {.n = QUERIES},
        .checkpoints = {.items = stage->checkpoints, .n = STAGE_CHECKPOINTS, .n_selected = STAGE_CHECKPOINTS},
        .n_used = STAGE_CHECKPOINTS,
        .used = stage->used,
        .n_layer = STAGE_LAYERS,
        .captures = stage->captures};
}

static void set_plan(struct stage *stage, int n_digit, int64_t n_column)
{
    struct layer_shape layers[STAGE_LAYERS];
    for (int l = 0; l < STAGE_LAYERS; l++)
        layers[l] = (struct layer_shape){
            .n_factor = MAX_FACTORS, .n_column = {n_column, n_column}, .train_rows = 1, .query_rows = 1};
    struct influence_shape shape = {.n_train = EXAMPLES,
                                    .n_query = QUERIES,
                                    .n_rank = 1,
                                    .n_used = STAGE_CHECKPOINTS,
                                    .n_layer = STAGE_LAYERS,
                                    .layers = layers,
                                    .n_group_value = STAGE_COLUMNS * VALUES,
                                    .n_group_column = STAGE_COLUMNS,
                                    .n_digit = n_digit,
                                    .block_rows = EXAMPLES,
                                    .top = TOP,
                                    .memory = INT64_C(1) << 40};
    ASSERT(influence_plan_make(&shape, &stage->plan) == STATUS_OK);
}

struct stage *stage_create(const struct gemm_backend *backend, int n_digit, int64_t n_column)
{
    struct stage *stage = memory_allocate(1, sizeof *stage);
    uint32_t state = 1;
    set_study(stage, n_digit, n_column);
    set_plan(stage, n_digit, n_column);
    stage->team = (struct team){.comm = MPI_COMM_NULL, .n_team = 1, .n_member = 1, .n_k = STAGE_CHECKPOINTS};
    gradients_init(&stage->study, TRAIN_SIDE, 0, STAGE_CHECKPOINTS, EXAMPLES, &stage->examples);
    gradients_init(&stage->study, QUERY_SIDE, 0, STAGE_CHECKPOINTS, QUERIES, &stage->queries);
    fill(&stage->examples, n_column, &state);
    fill(&stage->queries, n_column, &state);
    stage->scorer = scorer_create(&stage->study, &stage->plan, &stage->team, &stage->queries, backend);
    ASSERT(scorer_begin_block(stage->scorer, &stage->examples) == STATUS_OK);
    partial_init(&stage->partial, &stage->study, &stage->plan);
    return stage;
}

void stage_destroy(struct stage *stage)
{
    partial_clear(&stage->partial);
    scorer_destroy(stage->scorer);
    gradients_clear(&stage->queries);
    gradients_clear(&stage->examples);
    memory_free(stage->rows.codes);
    memory_free(stage);
}

double stage_tallies(const struct stage *stage)
{
    return (double)stage->tile->n * QUERIES * (1 + STAGE_COLUMNS + STAGE_CHECKPOINTS + STAGE_LAYERS);
}
