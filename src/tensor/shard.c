#include "tensor/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "rows are used as they lie in little-endian files: a big-endian machine needs a conversion here"
#endif

const struct tensor_type_names tensor_type_names[TENSOR_TYPE_COUNT] = {
    [TENSOR_F16] = {"f16", "F16", "f2", 2}, [TENSOR_BF16] = {"bf16", "BF16", NULL, 2},
    [TENSOR_F32] = {"f32", "F32", "f4", 4}, [TENSOR_F64] = {"f64", "F64", "f8", 8},
    [TENSOR_I8] = {"i8", "I8", "i1", 1},    [TENSOR_U8] = {"u8", "U8", "u1", 1},
    [TENSOR_I16] = {"i16", "I16", "i2", 2}, [TENSOR_I32] = {"i32", "I32", "i4", 4},
    [TENSOR_I64] = {"i64", "I64", "i8", 8},
};

size_t tensor_type_size(enum tensor_type type)
{
    return (size_t)tensor_type_names[type].bytes;
}

const char *tensor_type_name(enum tensor_type type)
{
    return tensor_type_names[type].name;
}

void shard_init(struct shard *shard, const struct format *format, const char *directory, const char *path,
                const char *object)
{
    *shard = (struct shard){.format = format,
                            .path = memory_copy_text(path),
                            .file = path_join(directory, path),
                            .object = object,
                            .row_name = object,
                            .descriptor = -1};
    struct text label;
    text_init(&label);
    text_add(&label, "%s", shard->file);
    if (format->separator != NULL && strcmp(object, "-") != 0)
        text_add(&label, "%s%s", format->separator, object);
    shard->label = label.bytes;
}

void shard_clear(struct shard *shard)
{
    shard->format->close(shard);
    shard_clear_companion(shard);
    memory_free(shard->path);
    memory_free(shard->file);
    memory_free(shard->label);
}

void tensor_add_shape(struct text *text, int n_dim, const int64_t *dims)
{
    text_add(text, "[");
    for (int k = 0; k < n_dim; k++)
        text_add(text, "%s%lld", k ? ", " : "", (long long)dims[k]);
    text_add(text, "]");
}

static enum status refuse_shape(const struct shard *shard, int n_dim, const int64_t *dims, const char *expected)
{
    struct text shape;
    text_init(&shape);
    tensor_add_shape(&shape, n_dim, dims);
    enum status status = fail(BAD_INPUT, "%s: expected %s, found shape %s", shard->label, expected, shape.bytes);
    text_clear(&shape);
    return status;
}

enum status shard_set_shape(struct shard *shard, enum tensor_type type, int n_dim, const int64_t *dims)
{
    if (n_dim < 1)
        return fail(BAD_INPUT, "%s: expected rows, found a single number (0 dimensions)", shard->label);
    if (n_dim > TENSOR_MAX_DIM)
        return fail(BAD_INPUT, "%s: expected at most %d dimensions, found %d; reshape it to rows x columns",
                    shard->label, TENSOR_MAX_DIM, n_dim);
    int64_t row_bytes = (int64_t)tensor_type_size(type), bytes;
    for (int k = 0; k < n_dim; k++) {
        if (dims[k] < 0)
            return refuse_shape(shard, n_dim, dims, "no negative dimension");
        if (k > 0 && dims[k] == 0)
            return refuse_shape(shard, n_dim, dims, "at least one column");
        if (k > 0 && __builtin_mul_overflow(row_bytes, dims[k], &row_bytes))
            return refuse_shape(shard, n_dim, dims, "less than 2^63 bytes");
    }
    if (__builtin_mul_overflow(row_bytes, dims[0], &bytes))
        return refuse_shape(shard, n_dim, dims, "less than 2^63 bytes");
    shard->type = type;
    shard->n_dim = n_dim;
    memcpy(shard->dims, dims, (size_t)n_dim * sizeof *dims);
    shard->row_bytes = row_bytes;
    shard->place.stride = row_bytes;
    return STATUS_OK;
}

int64_t shard_bytes(const struct shard *shard)
{
    return shard->place.stride * shard->dims[0];
}

static enum status set_mark(int code, const struct stat *entry, const char *file, struct file_mark *mark)
{
    if (code != 0)
        return fail(BAD_INPUT, "%s: cannot be read: %s", file, strerror(errno));
    *mark = (struct file_mark){entry->st_dev, entry->st_ino, entry->st_size, entry->st_mtim};
    return STATUS_OK;
}

enum status file_mark_get(int descriptor, const char *file, struct file_mark *mark)
{
    struct stat entry;
    return set_mark(fstat(descriptor, &entry), &entry, file, mark);
}

enum status file_mark_now(const char *file, struct file_mark *mark)
{
    struct stat entry;
    return set_mark(stat(file, &entry), &entry, file, mark);
}

enum status file_mark_check(const struct file_mark *then, const struct file_mark *now, const char *file)
{
    if (then->device == now->device && then->inode == now->inode && then->bytes == now->bytes &&
        then->modified.tv_sec == now->modified.tv_sec && then->modified.tv_nsec == now->modified.tv_nsec)
        return STATUS_OK;
    return fail(BAD_INPUT,
                "%s: the file changed after its header was read; run the job again when nothing writes to its inputs",
                file);
}

static enum status check_companion(const struct companion *companion)
{
    struct file_mark now = {0};
    if (companion->file == NULL)
        return STATUS_OK;
    enum status status = file_mark_now(companion->file, &now);
    return status == STATUS_OK ? file_mark_check(&companion->mark, &now, companion->file) : status;
}

enum status shard_reopen(struct shard *shard)
{
    struct file_mark described = shard->mark;
    enum status status = shard->format->open(shard);
    if (status == STATUS_OK)
        status = file_mark_check(&described, &shard->mark, shard->file);
    if (status == STATUS_OK)
        status = check_companion(&shard->companion);
    if (status != STATUS_OK)
        shard->format->close(shard);
    shard->mark = described;
    return status;
}

enum status shard_open_plain(struct shard *shard)
{
    if (shard->descriptor >= 0)
        return file_mark_get(shard->descriptor, shard->file, &shard->mark);
    /* Asked first, because opening a pipe would wait for a writer. */
    int64_t bytes;
    enum status status = file_size(shard->file, &bytes);
    if (status != STATUS_OK)
        return status;
    int descriptor = open(shard->file, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(BAD_INPUT, "%s: cannot be opened: %s", shard->file, strerror(errno));
    status = file_mark_get(descriptor, shard->file, &shard->mark);
    if (status != STATUS_OK) {
        close(descriptor);
        return status;
    }
    shard->descriptor = descriptor;
    return STATUS_OK;
}

enum status shard_read_plain(struct shard *shard, int64_t first, int64_t n, void *raw)
{
    return file_read_at(shard->descriptor, shard->file, shard->place.offset + first * shard->row_bytes, raw,
                        (size_t)(n * shard->row_bytes));
}

void shard_close_plain(struct shard *shard)
{
    if (shard->descriptor >= 0)
        close(shard->descriptor);
    shard->descriptor = -1;
}
