/* Reading npy, versions 1 to 3: magic, version, header length, a Python dict literal, then the data.
 * @source https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "tensor/shard.h"

enum {
    MAGIC_BYTES = 6,
    VERSION_BYTES = 2,
    HEADER_LIMIT = 1 << 20, /* a dict of three keys: more is a lie or a structured type with thousands of fields */
    MAX_DIM_PARSED = 64     /* numpy itself stops at 32 or 64 */
};

static const char magic[MAGIC_BYTES] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

/* What the dict says. */
struct npy_header {
    char descr[16]; /* "<f4" */
    bool has_descr, has_order, has_shape;
    bool fortran_order;
    int n_dim;
    int64_t dims[MAX_DIM_PARSED];
};

/* A place in the header; `end` is one past its last byte. */
struct cursor {
    const char *at, *end;
};

static void skip_spaces(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == ' ')
        cursor->at++;
}

static bool accept(struct cursor *cursor, const char *word)
{
    skip_spaces(cursor);
    size_t n = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < n || memcmp(cursor->at, word, n) != 0)
        return false;
    cursor->at += n;
    return true;
}

/* A quoted string without escapes, which is all that numpy writes for these keys and types. */
static bool accept_string(struct cursor *cursor, char *out, size_t room)
{
    skip_spaces(cursor);
    if (cursor->at == cursor->end || (*cursor->at != '\'' && *cursor->at != '"'))
        return false;
    char quote = *cursor->at++;
    size_t n = 0;
    for (; cursor->at < cursor->end && *cursor->at != quote; cursor->at++) {
        if (*cursor->at == '\\' || n + 1 >= room)
            return false;
        out[n++] = *cursor->at;
    }
    out[n] = 0;
    return accept(cursor, quote == '"' ? "\"" : "'");
}

static bool accept_integer(struct cursor *cursor, int64_t *value)
{
    skip_spaces(cursor);
    const char *start = cursor->at;
    int64_t sum = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *cursor->at - '0', &sum))
            return false;
    *value = sum;
    return cursor->at > start && (start[0] != '0' || cursor->at == start + 1);
}

/* A tuple as Python writes it: () or (3,) or (3, 4). */
static bool accept_shape(struct cursor *cursor, struct npy_header *header)
{
    if (!accept(cursor, "("))
        return false;
    bool comma = true;
    while (!accept(cursor, ")")) {
        if (!comma || header->n_dim == MAX_DIM_PARSED || !accept_integer(cursor, &header->dims[header->n_dim]))
            return false;
        header->n_dim++;
        comma = accept(cursor, ",");
    }
    return header->n_dim != 1 || comma; /* (3) is a number, not a tuple */
}

static bool accept_member(struct cursor *cursor, struct npy_header *header)
{
    char key[16];
    if (!accept_string(cursor, key, sizeof key) || !accept(cursor, ":"))
        return false;
    if (strcmp(key, "descr") == 0 && !header->has_descr) {
        header->has_descr = true;
        return accept_string(cursor, header->descr, sizeof header->descr);
    }
    if (strcmp(key, "fortran_order") == 0 && !header->has_order) {
        header->has_order = true;
        header->fortran_order = accept(cursor, "True");
        return header->fortran_order || accept(cursor, "False");
    }
    if (strcmp(key, "shape") == 0 && !header->has_shape) {
        header->has_shape = true;
        return accept_shape(cursor, header);
    }
    return false;
}

static bool parse_header(const char *bytes, size_t n, struct npy_header *header)
{
    struct cursor cursor = {bytes, bytes + n};
    if (!accept(&cursor, "{"))
        return false;
    bool comma = true;
    while (!accept(&cursor, "}")) {
        if (!comma || !accept_member(&cursor, header))
            return false;
        comma = accept(&cursor, ",");
    }
    accept(&cursor, "\n");
    return cursor.at == cursor.end && header->has_descr && header->has_order && header->has_shape;
}

static enum status find_type(const struct shard *shard, const char *descr, enum tensor_type *type)
{
    char order = descr[0];
    for (int k = 0; k < TENSOR_TYPE_COUNT; k++) {
        if (tensor_type_names[k].npy == NULL || order == 0 || strcmp(tensor_type_names[k].npy, descr + 1) != 0)
            continue;
        if (order == '<' || (tensor_type_names[k].bytes == 1 && order == '|')) {
            *type = (enum tensor_type)k;
            return STATUS_OK;
        }
        if (order == '>')
            return fail(BAD_INPUT,
                        "%s: expected little-endian numbers, found big-endian %s; convert it: "
                        "numpy.save(file, array.astype(array.dtype.newbyteorder('<')))",
                        shard->file, descr);
    }
    return fail(BAD_INPUT,
                "%s: expected f2, f4, f8, i1, u1, i2, i4 or i8 in little-endian, found the numpy type '%s'; convert it "
                "with astype",
                shard->file, descr);
}

static enum status check_header(struct shard *shard, const struct npy_header *header)
{
    enum tensor_type type = TENSOR_F32;
    enum status status = find_type(shard, header->descr, &type);
    if (status != STATUS_OK)
        return status;
    if (header->fortran_order)
        return fail(BAD_INPUT,
                    "%s: expected rows one after another (C order), found Fortran order; convert it: "
                    "numpy.save(file, numpy.ascontiguousarray(array))",
                    shard->file);
    status = shard_set_shape(shard, type, header->n_dim, header->dims);
    if (status != STATUS_OK)
        return status;
    int64_t found = shard->mark.bytes - shard->place.offset;
    if (found != shard_bytes(shard))
        return fail(BAD_INPUT,
                    "%s: expected %lld bytes of data for the shape in its header, found %lld: the file is %s",
                    shard->file, (long long)shard_bytes(shard), (long long)found,
                    found < shard_bytes(shard) ? "truncated" : "longer than one array");
    return STATUS_OK;
}

/* Sets *offset and *length of the header's text, checked against the size of the file. */
static enum status find_header(const struct shard *shard, int64_t *offset, int64_t *length)
{
    uint8_t start[MAGIC_BYTES + VERSION_BYTES + 4] = {0};
    int64_t size = shard->mark.bytes;
    size_t n = size < (int64_t)sizeof start ? (size_t)size : sizeof start;
    enum status status = file_read_at(shard->descriptor, shard->file, 0, start, n);
    if (status != STATUS_OK)
        return status;
    if (memcmp(start, magic, MAGIC_BYTES) != 0)
        return fail(BAD_INPUT,
                    "%s: expected an npy file, found other bytes; name a tensor of a safetensors file as FILE#NAME and "
                    "a dataset of an HDF5 file as FILE:/PATH",
                    shard->file);
    int major = start[MAGIC_BYTES], minor = start[MAGIC_BYTES + 1];
    if (major < 1 || major > 3 || minor != 0)
        return fail(BAD_INPUT, "%s: expected npy version 1.0, 2.0 or 3.0, found %d.%d", shard->file, major, minor);
    const uint8_t *count = start + MAGIC_BYTES + VERSION_BYTES;
    *length = count[0] | count[1] << 8;
    if (major > 1)
        *length |= (int64_t)count[2] << 16 | (int64_t)count[3] << 24;
    *offset = MAGIC_BYTES + VERSION_BYTES + (major > 1 ? 4 : 2);
    if (*offset > size || *length > size - *offset)
        return fail(BAD_INPUT, "%s: expected an npy header of %lld bytes, found a file of %lld: it is truncated",
                    shard->file, (long long)*length, (long long)size);
    if (*length > HEADER_LIMIT)
        return fail(BAD_INPUT, "%s: expected an npy header of at most %d bytes, found %lld", shard->file, HEADER_LIMIT,
                    (long long)*length);
    return STATUS_OK;
}

static enum status npy_describe(struct shard *shard)
{
    int64_t offset = 0, length = 0;
    enum status status = find_header(shard, &offset, &length);
    if (status != STATUS_OK)
        return status;
    char *bytes = memory_allocate(length + 1, 1);
    struct npy_header *header = memory_allocate(1, sizeof *header);
    status = file_read_at(shard->descriptor, shard->file, offset, bytes, (size_t)length);
    if (status == STATUS_OK && !parse_header(bytes, (size_t)length, header))
        status = fail(BAD_INPUT,
                      "%s: expected an npy header {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)} "
                      "(structured types are not read), found \"%.200s\"",
                      shard->file, bytes);
    shard->place.offset = offset + length;
    if (status == STATUS_OK)
        status = check_header(shard, header);
    memory_free(header);
    memory_free(bytes);
    return status;
}

const struct format npy_format = {
    .separator = NULL,
    .kind = SEGMENT_RAW,
    .piece_bytes = 1 << 20,
    .open = shard_open_plain,
    .describe = npy_describe,
    .read = shard_read_plain,
    .close = shard_close_plain,
};
