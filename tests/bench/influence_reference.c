/* The rival of the influence job: the same scores in fp32 as a good plain program would have them, on OpenBLAS sgemm.
 * Reads the same safetensors shards, keeps the strongest proponents and opponents of every query in heaps, and
 * self-influence; hashes nothing, writes no tables.
 *
 *     influence_reference WORK TOP BLOCK_ROWS [RESULT]
 *
 * WORK is a text file.  Its first line says KIND BIAS (rows 0, factors 1, last-layer 1); each other line is one layer
 * at one checkpoint: LEARNING_RATE LAYER QUERIES SHARD SHARD …  Tensors are LAYER.gradient, LAYER.input, LAYER.logits
 * (bf16) and LAYER.labels (i64).  RESULT receives, per side, n_query × top indices (int64), then scores (float).
 * Prints processor seconds by phase. */
#include <cblas.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 18, LINE_BYTES = 1 << 16, CHUNK_QUERIES = 64 };
enum phase { PHASE_READ, PHASE_CONVERT, PHASE_GEMM, PHASE_COMBINE, PHASE_TOP, N_PHASES };
static const char *const phase_names[N_PHASES] = {"read", "convert", "gemm", "combine", "top"};
static double spent[N_PHASES];

static _Noreturn void stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* others on the core do not count */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Charges the time since `start` to a phase, and starts anew. */
static void charge(enum phase phase, double *start)
{
    double now = seconds();
    spent[phase] += now - *start;
    *start = now;
}

static void *allocate(int64_t n, size_t size)
{
    void *memory = aligned_alloc(64, ((size_t)n * size + 64) / 64 * 64);
    if (memory == NULL)
        stop("out of memory");
    return memset(memory, 0, ((size_t)n * size + 64) / 64 * 64);
}

/* ---- safetensors ----------------------------------------------------------------------------------------------- */

/* A tensor in one file: n_row rows of n_column numbers of `size` bytes from `offset`. */
struct stored {
    int file;
    int64_t offset, n_row, n_column;
    size_t size;
};

static void read_bytes(int file, void *into, int64_t n, int64_t offset)
{
    for (char *at = into; n > 0;) {
        ssize_t got = pread(file, at, (size_t)n, offset);
        if (got <= 0)
            stop("a file ends too early");
        at += got;
        offset += got;
        n -= got;
    }
}

static struct stored find_tensor(const char *path, const char *layer, const char *part)
{
    struct stored stored = {.file = open(path, O_RDONLY)};
    uint64_t length;
    if (stored.file < 0)
        stop("%s: cannot be opened", path);
    read_bytes(stored.file, &length, sizeof length, 0);
    char *header = allocate((int64_t)length + 1, 1), name[256];
    read_bytes(stored.file, header, (int64_t)length, 8);
    snprintf(name, sizeof name, "%s.%s", layer, part);
    cJSON *json = cJSON_Parse(header), *tensor = cJSON_GetObjectItemCaseSensitive(json, name);
    cJSON *shape = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tensor, "dtype"));
    cJSON *offsets = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets");
    if (shape == NULL || offsets == NULL || type == NULL)
        stop("%s: no tensor %s", path, name);
    stored.size = strcmp(type, "I64") == 0 ? 8 : 2;
    stored.n_row = (int64_t)cJSON_GetArrayItem(shape, 0)->valuedouble;
    stored.n_column = cJSON_GetArraySize(shape) > 1 ? (int64_t)cJSON_GetArrayItem(shape, 1)->valuedouble : 1;
    stored.offset = 8 + (int64_t)length + (int64_t)cJSON_GetArrayItem(offsets, 0)->valuedouble;
    cJSON_Delete(json);
    free(header);
    return stored;
}

/* A tensor in row shards. */
struct tensor {
    int n_shard;
    struct stored *shards; /* owned */
    int64_t n_row, n_column;
};

static void add_shard(struct tensor *tensor, struct stored stored)
{
    tensor->shards = realloc(tensor->shards, (size_t)(tensor->n_shard + 1) * sizeof stored);
    tensor->shards[tensor->n_shard++] = stored;
    tensor->n_row += stored.n_row;
    tensor->n_column = stored.n_column;
}

static void convert_bfloat16(const uint16_t *raw, int64_t n, float *values)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)raw[i] << 16;
        memcpy(&values[i], &bits, sizeof bits);
    }
}

/* Calls for every run of rows that is in one shard and small enough for the cache. */
static void read_rows(const struct tensor *tensor, int64_t first, int64_t n, float *values)
{
    static _Alignas(64) uint16_t raw[CHUNK_BYTES / 2];
    int64_t most = CHUNK_BYTES / (tensor->n_column * 2);
    double start = seconds();
    for (int s = 0; s < tensor->n_shard && n > 0; first -= tensor->shards[s++].n_row)
        for (const struct stored *shard = &tensor->shards[s]; first < shard->n_row && n > 0;) {
            int64_t rows = shard->n_row - first < n ? shard->n_row - first : n;
            rows = rows < most ? rows : most;
            read_bytes(shard->file, raw, rows * shard->n_column * 2, shard->offset + first * shard->n_column * 2);
            charge(PHASE_READ, &start);
            convert_bfloat16(raw, rows * shard->n_column, values);
            charge(PHASE_CONVERT, &start);
            values += rows * shard->n_column;
            first += rows;
            n -= rows;
        }
}

static void read_labels(const struct tensor *tensor, int64_t first, int64_t n, int64_t *labels)
{
    double start = seconds();
    for (int s = 0; s < tensor->n_shard && n > 0; first -= tensor->shards[s++].n_row)
        if (first < tensor->shards[s].n_row) {
            const struct stored *shard = &tensor->shards[s];
            int64_t rows = shard->n_row - first < n ? shard->n_row - first : n;
            read_bytes(shard->file, labels, rows * 8, shard->offset + first * 8);
            labels += rows;
            first += rows;
            n -= rows;
        }
    charge(PHASE_READ, &start);
}

/* ---- one layer at one checkpoint ------------------------------------------------------------------------------- */

enum kind { ROWS, FACTORS, LAST_LAYER };

struct side {
    struct tensor input, gradient, labels; /* gradient: logits of a last layer */
};

struct part {
    float rate;
    struct side train, query;
    float *query_input, *query_gradient; /* owned; the queries, resident */
};

struct work {
    enum kind kind;
    float bias;
    int n_part;
    struct part *parts;
    int64_t n_train, n_query, top, block;
};

/* softmax(logits) − onehot(label), in place. */
static void set_gradients(float *logits, const int64_t *labels, int64_t n, int64_t n_class)
{
#pragma omp parallel for
    for (int64_t i = 0; i < n; i++) {
        float *row = logits + i * n_class, largest = row[0], sum = 0;
        for (int64_t c = 1; c < n_class; c++)
            largest = row[c] > largest ? row[c] : largest;
        for (int64_t c = 0; c < n_class; c++)
            row[c] = expf(row[c] - largest);
        for (int64_t c = 0; c < n_class; c++)
            sum += row[c];
        for (int64_t c = 0; c < n_class; c++)
            row[c] /= sum;
        row[labels[i]] -= 1;
    }
}

static void read_side(const struct work *work, const struct side *side, int64_t first, int64_t n, float *input,
                      float *gradient, int64_t *labels)
{
    read_rows(&side->gradient, first, n, gradient);
    if (work->kind != ROWS)
        read_rows(&side->input, first, n, input);
    if (work->kind == LAST_LAYER) {
        read_labels(&side->labels, first, n, labels);
        double start = seconds();
        set_gradients(gradient, labels, n, side->gradient.n_column);
        charge(PHASE_CONVERT, &start);
    }
}

static void open_side(const struct work *work, struct side *side, const char *path, const char *layer)
{
    add_shard(&side->gradient, find_tensor(path, layer, work->kind == LAST_LAYER ? "logits" : "gradient"));
    if (work->kind != ROWS)
        add_shard(&side->input, find_tensor(path, layer, "input"));
    if (work->kind == LAST_LAYER)
        add_shard(&side->labels, find_tensor(path, layer, "labels"));
}

static void load_queries(const struct work *work, struct part *part)
{
    int64_t n = part->query.gradient.n_row, d_out = part->query.gradient.n_column, d_in = part->query.input.n_column;
    part->query_gradient = allocate(n * d_out, sizeof(float));
    part->query_input = allocate(n * d_in, sizeof(float));
    int64_t *labels = allocate(n, sizeof *labels);
    read_side(work, &part->query, 0, n, part->query_input, part->query_gradient, labels);
    for (int64_t i = 0; i < n * d_out; i++)
        part->query_gradient[i] *= part->rate; /* so that no pass over the scores need do it */
    free(labels);
}

static void open_part(struct work *work, char *line)
{
    char *rest = NULL;
    struct part part = {.rate = strtof(strtok_r(line, " \n", &rest), NULL)};
    const char *layer = strtok_r(NULL, " \n", &rest), *queries = strtok_r(NULL, " \n", &rest);
    if (layer == NULL || queries == NULL)
        stop("expected a line: RATE LAYER QUERIES SHARD …");
    open_side(work, &part.query, queries, layer);
    for (const char *shard; (shard = strtok_r(NULL, " \n", &rest)) != NULL;)
        open_side(work, &part.train, shard, layer);
    load_queries(work, &part);
    work->parts = realloc(work->parts, (size_t)(work->n_part + 1) * sizeof part);
    work->parts[work->n_part++] = part;
    work->n_train = part.train.gradient.n_row;
    work->n_query = part.query.gradient.n_row;
}

static void open_work(const char *path, struct work *work)
{
    FILE *file = fopen(path, "r");
    char line[LINE_BYTES], kind[32];
    if (file == NULL || fgets(line, sizeof line, file) == NULL || sscanf(line, "%31s %f", kind, &work->bias) != 2)
        stop("%s: expected a first line: KIND BIAS", path);
    work->kind = strcmp(kind, "rows") == 0 ? ROWS : strcmp(kind, "factors") == 0 ? FACTORS : LAST_LAYER;
    while (fgets(line, sizeof line, file) != NULL)
        open_part(work, line);
    fclose(file);
}

/* ---- kept entries ---------------------------------------------------------------------------------------------- */

/* The `top` largest keys of each query in a heap whose first is the least; opponents have keys of the other sign. */
struct heaps {
    int64_t top, n_query;
    float *key, *limit; /* n_query × top; n_query: a key must be larger than this to enter */
    int64_t *index, *count;
};

static void heaps_init(struct heaps *heaps, int64_t n_query, int64_t top)
{
    *heaps = (struct heaps){top,
                            n_query,
                            allocate(n_query * top, sizeof(float)),
                            allocate(n_query, sizeof(float)),
                            allocate(n_query * top, sizeof(int64_t)),
                            allocate(n_query, sizeof(int64_t))};
    for (int64_t j = 0; j < n_query; j++)
        heaps->limit[j] = -FLT_MAX;
}

static void offer(struct heaps *heaps, int64_t query, float key, int64_t index)
{
    if (!(key > heaps->limit[query]))
        return;
    float *keys = heaps->key + query * heaps->top;
    int64_t *indices = heaps->index + query * heaps->top, at, n = heaps->count[query];
    if (n < heaps->top) {
        for (at = n; at > 0 && keys[(at - 1) / 2] > key; at = (at - 1) / 2) {
            keys[at] = keys[(at - 1) / 2];
            indices[at] = indices[(at - 1) / 2];
        }
        heaps->count[query]++;
    } else {
        at = 0;
        for (int64_t child; (child = 2 * at + 1) < n; at = child) {
            child += child + 1 < n && keys[child + 1] < keys[child];
            if (keys[child] >= key)
                break;
            keys[at] = keys[child];
            indices[at] = indices[child];
        }
    }
    keys[at] = key;
    indices[at] = index;
    if (heaps->count[query] == heaps->top)
        heaps->limit[query] = keys[0];
}

static bool any_enters(const float *restrict scores, const float *restrict high, const float *restrict low, int64_t n)
{
    int beyond = 0;
    for (int64_t j = 0; j < n; j++)
        beyond |= (scores[j] > high[j]) | (-scores[j] > low[j]);
    return beyond != 0;
}

static void keep(const struct work *work, const float *scores, int64_t first, int64_t n, struct heaps sides[2])
{
    int64_t m = work->n_query;
#pragma omp parallel for
    for (int64_t j = 0; j < m; j += CHUNK_QUERIES) {
        int64_t width = m - j < CHUNK_QUERIES ? m - j : CHUNK_QUERIES;
        for (int64_t i = 0; i < n; i++) {
            const float *score = scores + i * m + j;
            if (!any_enters(score, sides[0].limit + j, sides[1].limit + j, width))
                continue;
            for (int64_t q = 0; q < width; q++) {
                offer(&sides[0], j + q, score[q], first + i);
                offer(&sides[1], j + q, -score[q], first + i);
            }
        }
    }
}

/* ---- scores ---------------------------------------------------------------------------------------------------- */

struct buffers {
    float *input, *gradient, *scores, *product[2];
    float *self; /* n_train */
    int64_t *labels;
};

static void multiply(const float *a, int64_t n, const float *b, int64_t m, int64_t k, float beta, float *c)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)m, (int)k, 1, a, (int)k, b, (int)k, beta, c,
                (int)m);
}

/* scores += product of gradients × (product of inputs + bias): one pass over the block. */
static void combine(const float *restrict gradients, const float *restrict inputs, float bias, int64_t n, bool is_first,
                    float *restrict scores)
{
    if (is_first) {
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; i++)
            scores[i] = gradients[i] * (inputs[i] + bias);
    } else {
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; i++)
            scores[i] += gradients[i] * (inputs[i] + bias);
    }
}

static float square(const float *x, int64_t n)
{
    float sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

static void add_self(const struct work *work, const struct part *part, const struct buffers *buffers, int64_t n,
                     float *self)
{
    int64_t d_out = part->train.gradient.n_column, d_in = part->train.input.n_column;
#pragma omp parallel for
    for (int64_t i = 0; i < n; i++) {
        float sum = part->rate * square(buffers->gradient + i * d_out, d_out);
        self[i] += work->kind == ROWS ? sum : sum * (square(buffers->input + i * d_in, d_in) + work->bias);
    }
}

static void score_part(const struct work *work, int p, int64_t first, int64_t n, const struct buffers *buffers)
{
    const struct part *part = &work->parts[p];
    int64_t m = work->n_query, d_out = part->train.gradient.n_column, d_in = part->train.input.n_column;
    read_side(work, &part->train, first, n, buffers->input, buffers->gradient, buffers->labels);
    double start = seconds();
    if (work->kind == ROWS) {
        multiply(buffers->gradient, n, part->query_gradient, m, d_out, p > 0, buffers->scores);
        charge(PHASE_GEMM, &start);
    } else {
        multiply(buffers->gradient, n, part->query_gradient, m, d_out, 0, buffers->product[0]);
        multiply(buffers->input, n, part->query_input, m, d_in, 0, buffers->product[1]);
        charge(PHASE_GEMM, &start);
        combine(buffers->product[0], buffers->product[1], work->bias, n * m, p == 0, buffers->scores);
        charge(PHASE_COMBINE, &start);
    }
    add_self(work, part, buffers, n, buffers->self + first);
    charge(PHASE_COMBINE, &start);
}

static struct buffers make_buffers(const struct work *work)
{
    int64_t d_out = 0, d_in = 0, block = work->block;
    for (int p = 0; p < work->n_part; p++) {
        const struct side *side = &work->parts[p].train;
        d_out = side->gradient.n_column > d_out ? side->gradient.n_column : d_out;
        d_in = side->input.n_column > d_in ? side->input.n_column : d_in;
    }
    struct buffers buffers = {.input = allocate(block * d_in, sizeof(float)),
                              .gradient = allocate(block * d_out, sizeof(float)),
                              .scores = allocate(block * work->n_query, sizeof(float)),
                              .self = allocate(work->n_train, sizeof(float)),
                              .labels = allocate(block, sizeof(int64_t))};
    for (int f = 0; f < 2 && work->kind != ROWS; f++)
        buffers.product[f] = allocate(block * work->n_query, sizeof(float));
    return buffers;
}

static void store_results(const char *path, const struct heaps sides[2])
{
    FILE *file = fopen(path, "wb");
    for (int side = 0; file != NULL && side < 2; side++) {
        size_t n = (size_t)(sides[side].n_query * sides[side].top);
        if (fwrite(sides[side].index, sizeof(int64_t), n, file) != n ||
            fwrite(sides[side].key, sizeof(float), n, file) != n)
            stop("%s: cannot be written", path);
    }
    if (file == NULL || fclose(file) != 0)
        stop("%s: cannot be written", path);
}

int main(int n_argument, char **arguments)
{
    if (n_argument < 4)
        stop("usage: influence_reference WORK TOP BLOCK_ROWS [RESULT]");
    double start = seconds();
    struct work work = {.top = atoll(arguments[2]), .block = atoll(arguments[3])};
    open_work(arguments[1], &work);
    struct buffers buffers = make_buffers(&work);
    struct heaps sides[2];
    for (int side = 0; side < 2; side++)
        heaps_init(&sides[side], work.n_query, work.top);
    for (int64_t first = 0; first < work.n_train; first += work.block) {
        int64_t n = work.n_train - first < work.block ? work.n_train - first : work.block;
        for (int p = 0; p < work.n_part; p++)
            score_part(&work, p, first, n, &buffers);
        double kept = seconds();
        keep(&work, buffers.scores, first, n, sides);
        charge(PHASE_TOP, &kept);
    }
    if (n_argument > 4)
        store_results(arguments[4], sides);
    printf("core %s\n", openblas_get_corename());
    for (int p = 0; p < N_PHASES; p++)
        printf("%s %.4f\n", phase_names[p], spent[p]);
    printf("total %.4f\n", seconds() - start);
    return 0;
}
