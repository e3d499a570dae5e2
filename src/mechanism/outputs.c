#include "mechanism/outputs.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "comm/share.h"

static char *make_path(const char *path, const char *name)
{
    struct text text;
    text_init(&text);
    const char *star = strchr(path, '*');
    if (star != NULL && name != NULL)
        text_add(&text, "%.*s%s%s", (int)(star - path), path, name, star + 1);
    else
        text_add(&text, "%s", path);
    return text_take(&text);
}

static struct output *extend(struct outputs *outputs, struct dataset shape)
{
    if (outputs->n == outputs->capacity) {
        int capacity = 2 * outputs->capacity + 64;
        outputs->items = memory_resize(outputs->items, outputs->capacity, capacity, sizeof *outputs->items);
        outputs->capacity = capacity;
    }
    struct output *output = &outputs->items[outputs->n++];
    *output = (struct output){.shape = shape};
    return output;
}

void outputs_add(struct outputs *outputs, const char *path, const char *name, struct output_shape shape,
                 const char *unit, const char *text, const void *data)
{
    int n_dim = shape.n_column == 0 ? 1 : shape.n_deep == 0 ? 2 : 3;
    extend(outputs, (struct dataset){.path = make_path(path, name),
                                     .type = shape.type,
                                     .n_dim = n_dim,
                                     .dims = {shape.n, shape.n_column, shape.n_deep},
                                     .unit = unit,
                                     .text = text})
        ->data = data;
}

void outputs_give(struct outputs *outputs, const char *path, const char *name, struct output_shape shape,
                  const char *unit, const char *text, void *data)
{
    outputs_add(outputs, path, name, shape, unit, text, data);
    outputs->items[outputs->n - 1].owned = data;
}

void outputs_add_ids(struct outputs *outputs, const char *path, const char *ids, int64_t n, int64_t width,
                     const char *text)
{
    extend(outputs, (struct dataset){.path = make_path(path, NULL),
                                     .type = TABLE_STRING,
                                     .n_dim = 1,
                                     .dims = {n},
                                     .string_bytes = width,
                                     .unit = "1",
                                     .text = text})
        ->data = ids;
}

void outputs_add_texts(struct outputs *outputs, const char *path, const char *const *texts, int64_t n, const char *text)
{
    size_t width = 1;
    for (int64_t i = 0; i < n; i++)
        width = strlen(texts[i]) > width ? strlen(texts[i]) : width;
    char *rows = memory_allocate(n, width);
    for (int64_t i = 0; i < n; i++)
        memcpy(rows + (size_t)i * width, texts[i], strlen(texts[i]));
    outputs_add_ids(outputs, path, rows, n, (int64_t)width, text);
    outputs->items[outputs->n - 1].owned = rows;
}

void outputs_add_whole(struct outputs *outputs, const char *path, const char *name, struct output_shape shape,
                       const char *unit, const char *text, const double *data)
{
    int64_t n = shape.n * (shape.n_column > 0 ? shape.n_column : 1) * (shape.n_deep > 0 ? shape.n_deep : 1);
    ASSERT(shape.type == TABLE_I64 || shape.type == TABLE_U8);
    int64_t *wide = memory_allocate(n, sizeof *wide);
    uint8_t *narrow = memory_allocate(n, sizeof *narrow);
    for (int64_t i = 0; i < n; i++) {
        wide[i] = (int64_t)data[i];
        narrow[i] = (uint8_t)wide[i];
    }
    bool is_wide = shape.type == TABLE_I64;
    outputs_give(outputs, path, name, shape, unit, text, is_wide ? (void *)wide : (void *)narrow);
    memory_free(is_wide ? (void *)narrow : (void *)wide);
}

void outputs_clear(struct outputs *outputs)
{
    for (int i = 0; i < outputs->n; i++) {
        memory_free((char *)outputs->items[i].shape.path);
        memory_free(outputs->items[i].owned);
    }
    memory_free(outputs->items);
    *outputs = (struct outputs){0};
}

/* ---- from rank 0 to all -------------------------------------------------------------------------------------------
 */

struct packed {
    int64_t type, n_dim, dims[TABLE_MAX_DIM], string_bytes;
};

static void pack(const struct outputs *outputs, struct text *text)
{
    for (int i = 0; i < outputs->n; i++) {
        const struct dataset *shape = &outputs->items[i].shape;
        struct packed packed = {(int64_t)shape->type, shape->n_dim, {0}, shape->string_bytes};
        memcpy(packed.dims, shape->dims, sizeof packed.dims);
        text_add_bytes(text, &packed, sizeof packed);
        text_add_bytes(text, shape->path, strlen(shape->path) + 1);
        text_add_bytes(text, shape->unit, strlen(shape->unit) + 1);
        text_add_bytes(text, shape->text, strlen(shape->text) + 1);
    }
}

static const char *take_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

static void unpack(const char *bytes, size_t n, struct outputs *outputs)
{
    for (const char *at = bytes; at < bytes + n;) {
        struct packed packed;
        memcpy(&packed, at, sizeof packed);
        at += sizeof packed;
        struct dataset shape = {
            .type = (enum table_type)packed.type, .n_dim = (int)packed.n_dim, .string_bytes = packed.string_bytes};
        memcpy(shape.dims, packed.dims, sizeof packed.dims);
        shape.path = memory_copy_text(take_text(&at));
        shape.unit = take_text(&at);
        shape.text = take_text(&at);
        extend(outputs, shape);
    }
}

void outputs_share(MPI_Comm comm, struct outputs *outputs, char **bytes)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    struct text text;
    text_init(&text);
    if (rank == 0)
        pack(outputs, &text);
    size_t n = text.length;
    *bytes = text_take(&text);
    if (rank != 0)
        memory_free(*bytes);
    share_bytes(comm, bytes, &n);
    if (rank != 0)
        unpack(*bytes, n, outputs);
}

enum status outputs_write(struct table *table, const struct outputs *outputs)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < outputs->n && status == STATUS_OK; i++) {
        const struct output *output = &outputs->items[i];
        status = table_write(table, output->shape.path, 0, output->shape.dims[0], output->data);
    }
    return status;
}
