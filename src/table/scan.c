/* A table comes from a disk that may be damaged, or from a person who may be hostile: nothing in it is believed. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "table/read.h"

enum { MOST_DATASETS = 4096, MOST_ATTRIBUTES = 4096 };

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static bool is_text(hid_t type, hid_t space, int64_t *n)
{
    enum table_type found;
    return type >= 0 && space >= 0 && storage_type_find(type, &found, n) && found == TABLE_STRING &&
           *n <= STORAGE_TEXT_BYTES && H5Sget_simple_extent_type(space) == H5S_SCALAR;
}

/* The value of a string attribute; the caller owns it.  `owner` is for the sentence. */
static enum status read_text(const struct table_reader *reader, hid_t object, const char *owner, const char *name,
                             char **value)
{
    hid_t id = H5Aopen(object, name, H5P_DEFAULT);
    if (id < 0)
        return fail(BAD_INPUT, "%s: %s: expected an attribute %s, found none", reader->path, owner, name);
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    int64_t n = 0;
    enum status status = STATUS_OK;
    if (!is_text(type, space, &n))
        status = fail(BAD_INPUT, "%s: %s: attribute %s: expected one zero-padded string of at most %d bytes",
                      reader->path, owner, name, STORAGE_TEXT_BYTES);
    char *text = memory_allocate(n + 1, 1);
    if (status == STATUS_OK && H5Aread(id, type, text) < 0)
        status = storage_fail(BAD_INPUT, reader->path, owner, "an attribute cannot be read");
    while (n > 0 && text[n - 1] == 0)
        n--;
    if (status == STATUS_OK && !utf8_is_valid(text, (size_t)n))
        status = fail(BAD_INPUT, "%s: %s: attribute %s: expected valid UTF-8", reader->path, owner, name);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    H5Aclose(id);
    if (status == STATUS_OK)
        *value = text;
    else
        memory_free(text);
    return status;
}

/* What the callbacks of HDF5's iterators carry: their own return value only says whether to go on. */
struct scan {
    struct table_reader *reader;
    enum status status;
};

static herr_t add_attribute(hid_t root, const char *name, const H5A_info_t *info, void *data)
{
    (void)info;
    struct scan *scan = data;
    struct table_reader *reader = scan->reader;
    char *value = NULL;
    if (reader->n_attribute == MOST_ATTRIBUTES)
        scan->status = fail(BAD_INPUT, "%s: expected at most %d attributes", reader->path, MOST_ATTRIBUTES);
    else
        scan->status = read_text(reader, root, "the file", name, &value);
    if (scan->status != STATUS_OK)
        return 1;
    int n = reader->n_attribute++;
    reader->attributes = memory_resize(reader->attributes, n, n + 1, sizeof *reader->attributes);
    reader->attributes[n] = (struct table_attribute){memory_copy_text(name), value};
    return 0;
}

enum status reader_scan_attributes(struct table_reader *reader)
{
    struct scan scan = {reader, STATUS_OK};
    hsize_t at = 0;
    if (H5Aiterate2(reader->file, H5_INDEX_NAME, H5_ITER_INC, &at, add_attribute, &scan) < 0 &&
        scan.status == STATUS_OK)
        return storage_fail(BAD_INPUT, reader->path, NULL, "the attributes cannot be listed");
    return scan.status;
}

/* ---- datasets ---------------------------------------------------------------------------------------------------- */

static enum status read_shape(const struct table_reader *reader, struct read_column *column)
{
    struct dataset *shape = &column->shape;
    hid_t type = H5Dget_type(column->id), space = H5Dget_space(column->id);
    hsize_t dims[TABLE_MAX_DIM] = {0};
    enum status status = STATUS_OK;
    if (type < 0 || !storage_type_find(type, &shape->type, &shape->string_bytes))
        status = fail(BAD_INPUT,
                      "%s: %s: expected i8, u8, i32, i64 or f64, little-endian, or zero-padded strings, found another "
                      "type",
                      reader->path, shape->path);
    if (status == STATUS_OK && (space < 0 || H5Sget_simple_extent_type(space) == H5S_NULL))
        status = fail(BAD_INPUT, "%s: %s: expected a shape, found none", reader->path, shape->path);
    if (status == STATUS_OK)
        shape->n_dim = H5Sget_simple_extent_ndims(space);
    if (status == STATUS_OK &&
        (shape->n_dim < 0 || shape->n_dim > TABLE_MAX_DIM || H5Sget_simple_extent_dims(space, dims, NULL) < 0))
        status = fail(BAD_INPUT, "%s: %s: expected 0 to %d dimensions, found %d", reader->path, shape->path,
                      TABLE_MAX_DIM, shape->n_dim);
    for (int i = 0; i < TABLE_MAX_DIM; i++)
        shape->dims[i] = (int64_t)dims[i]; /* beyond 2^63 it becomes negative, and dataset_bytes refuses it */
    if (status == STATUS_OK && !dataset_bytes(shape, &column->bytes))
        status = fail(BAD_INPUT, "%s: %s: expected a shape whose bytes fit a file, found more than 2^63", reader->path,
                      shape->path);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return status;
}

/* Data in a file of its own (HDF5's external storage) would be neither hashed nor ours. */
static enum status read_place(const struct table_reader *reader, struct read_column *column)
{
    hid_t creation = H5Dget_create_plist(column->id);
    bool plain = creation >= 0 && H5Pget_layout(creation) == H5D_CONTIGUOUS && H5Pget_external_count(creation) == 0;
    if (creation >= 0)
        H5Pclose(creation);
    if (!plain)
        return fail(BAD_INPUT, "%s: %s: expected contiguous data in the file itself, found another layout",
                    reader->path, column->shape.path);
    column->offset = -1;
    if (column->bytes == 0)
        return STATUS_OK;
    haddr_t offset = H5Dget_offset(column->id);
    if (offset == HADDR_UNDEF || column->bytes > reader->file_bytes ||
        offset > (haddr_t)(reader->file_bytes - column->bytes))
        return fail(BAD_INPUT, "%s: %s: expected %lld bytes of data inside the file of %lld bytes, found less",
                    reader->path, column->shape.path, (long long)column->bytes, (long long)reader->file_bytes);
    column->offset = (int64_t)offset;
    return STATUS_OK;
}

static enum status add_dataset(struct table_reader *reader, const char *name, hid_t id)
{
    int n = reader->n_column;
    if (n == MOST_DATASETS) {
        H5Oclose(id);
        return fail(BAD_INPUT, "%s: expected at most %d datasets", reader->path, MOST_DATASETS);
    }
    struct text path;
    text_init(&path);
    text_add(&path, "/%s", name);
    reader->columns = memory_resize(reader->columns, n, n + 1, sizeof *reader->columns);
    reader->n_column++;
    struct read_column *column = &reader->columns[n];
    *column = (struct read_column){.shape = {.path = path.bytes}, .id = id};
    char *unit = NULL, *text = NULL;
    enum status status = STATUS_OK;
    if (!utf8_is_valid(path.bytes, path.length))
        status = fail(BAD_INPUT, "%s: a dataset's name is not valid UTF-8", reader->path);
    if (status == STATUS_OK)
        status = read_shape(reader, column);
    if (status == STATUS_OK)
        status = read_place(reader, column);
    if (status == STATUS_OK)
        status = read_text(reader, id, path.bytes, "unit", &unit);
    if (status == STATUS_OK)
        status = read_text(reader, id, path.bytes, "description", &text);
    column->shape.unit = unit;
    column->shape.text = text;
    return status;
}

static herr_t visit_link(hid_t root, const char *name, const H5L_info_t *info, void *data)
{
    struct scan *scan = data;
    struct table_reader *reader = scan->reader;
    hid_t object = info->type == H5L_TYPE_HARD ? H5Oopen(root, name, H5P_DEFAULT) : H5I_INVALID_HID;
    H5I_type_t kind = object >= 0 ? H5Iget_type(object) : H5I_BADID;
    if (kind == H5I_DATASET) {
        scan->status = add_dataset(reader, name, object); /* takes it */
    } else {
        if (kind != H5I_GROUP)
            scan->status = fail(BAD_INPUT, "%s: /%s: expected a group or a dataset, found a link or something else",
                                reader->path, name);
        if (object >= 0)
            H5Oclose(object);
    }
    return scan->status == STATUS_OK ? 0 : 1;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct read_column *)a)->shape.path, ((const struct read_column *)b)->shape.path);
}

static int compare_offsets(const void *a, const void *b)
{
    int64_t first = ((const struct read_column *)a)->offset, second = ((const struct read_column *)b)->offset;
    return (first > second) - (first < second);
}

/* Two datasets on the same bytes (or one dataset with two names) would be one truth told twice. */
static enum status check_overlap(const struct table_reader *reader)
{
    const struct read_column *columns = reader->columns;
    for (int i = 1; i < reader->n_column; i++)
        if (columns[i - 1].bytes > 0 && columns[i - 1].offset > columns[i].offset - columns[i - 1].bytes)
            return fail(BAD_INPUT, "%s: expected bytes of its own for every dataset, found %s and %s overlapping",
                        reader->path, columns[i - 1].shape.path, columns[i].shape.path);
    return STATUS_OK;
}

enum status reader_scan_datasets(struct table_reader *reader)
{
    struct scan scan = {reader, STATUS_OK};
    if (H5Lvisit(reader->file, H5_INDEX_NAME, H5_ITER_INC, visit_link, &scan) < 0 && scan.status == STATUS_OK)
        return storage_fail(BAD_INPUT, reader->path, NULL, "the datasets cannot be listed");
    if (scan.status != STATUS_OK || reader->n_column == 0)
        return scan.status;
    qsort(reader->columns, (size_t)reader->n_column, sizeof *reader->columns, compare_offsets);
    scan.status = check_overlap(reader);
    qsort(reader->columns, (size_t)reader->n_column, sizeof *reader->columns, compare_paths);
    return scan.status;
}
