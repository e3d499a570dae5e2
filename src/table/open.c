#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "comm/agree.h"
#include "table/layout.h"
#include "table/parallel.h"

enum { NAME_BYTES = 200 };

static struct table *table_begin(MPI_Comm comm, const char *path, const struct table_layout *layout)
{
    struct table *table = memory_allocate(1, sizeof *table);
    struct text partial;
    text_init(&partial);
    text_add(&partial, "%s.partial", path);
    *table = (struct table){.comm = comm,
                            .path = memory_copy_text(path),
                            .partial = partial.bytes,
                            .columns = memory_allocate(layout->n_dataset, sizeof *table->columns),
                            .n_column = layout->n_dataset,
                            .file = H5I_INVALID_HID,
                            .descriptor = -1};
    MPI_Comm_rank(comm, &table->rank);
    for (int i = 0; i < layout->n_dataset; i++) {
        struct dataset *shape = &table->columns[i].shape;
        *shape = layout->datasets[i];
        shape->path = memory_copy_text(shape->path);
        shape->unit = shape->text = NULL;
        table->columns[i].id = H5I_INVALID_HID;
    }
    return table;
}

static void table_end(struct table *table)
{
    for (int i = 0; i < table->n_column; i++)
        memory_free((char *)table->columns[i].shape.path);
    memory_free(table->columns);
    memory_free(table->partial);
    memory_free(table->path);
    memory_free(table);
}

/* Opens the file by plain system calls, and asks whether it is the one that rank 0 sees.  @collective */
static enum status open_descriptor(struct table *table)
{
    struct stat entry = {0};
    enum status status = STATUS_OK;
    table->descriptor = open(table->partial, O_RDWR | O_CLOEXEC);
    if (table->descriptor < 0 || fstat(table->descriptor, &entry) != 0)
        status = fail(CANNOT_WRITE,
                      "%s: rank %d cannot open the file that rank 0 laid out: %s; put the run directory on a file "
                      "system that all nodes share",
                      table->partial, table->rank, strerror(errno));
    int64_t seen[2] = {(int64_t)entry.st_ino, (int64_t)entry.st_size}, laid_out[2] = {seen[0], seen[1]};
    MPI_Bcast(laid_out, 2, MPI_INT64_T, 0, table->comm);
    if (status == STATUS_OK && memcmp(seen, laid_out, sizeof seen) != 0)
        status = fail(CANNOT_WRITE,
                      "%s: rank %d finds another file of this name than the one that rank 0 laid out; put the run "
                      "directory on a file system that all nodes share",
                      table->partial, table->rank);
    return agree(table->comm, status);
}

/* The name that MPI opens the file by: Open MPI 4.1 writes names of more than about 230 bytes over the end of a buffer.
 * MPI allows names that differ between ranks as long as they stand for the same file. */
static void short_name(const struct table *table, char *name, size_t room)
{
    if (strlen(table->partial) < NAME_BYTES)
        snprintf(name, room, "%s", table->partial);
    else
        snprintf(name, room, "/proc/self/fd/%d", table->descriptor);
}

/* Every rank opens the file for itself.  Ranks only write rows that are theirs, into a layout that stands; so HDF5 need
 * not know of the others, and must not: where it opens, flushes or closes a file of many ranks and fails on one of them
 * (closing writes the file's first bytes again), the others wait for that rank within HDF5 for ever. */
static enum status open_file(struct table *table)
{
    char name[NAME_BYTES];
    short_name(table, name, sizeof name);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    ASSERT(access >= 0 && H5Pset_fapl_mpio(access, MPI_COMM_SELF, MPI_INFO_NULL) >= 0);
    table->file = H5Fopen(name, H5F_ACC_RDWR, access);
    H5Pclose(access);
    return table->file >= 0 ? STATUS_OK
                            : storage_fail(CANNOT_WRITE, table->partial, NULL, "opening for parallel writing failed");
}

static enum status open_datasets(struct table *table)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < table->n_column && status == STATUS_OK; i++) {
        struct column *column = &table->columns[i];
        column->id = H5Dopen2(table->file, column->shape.path, H5P_DEFAULT);
        if (column->id < 0)
            status = storage_fail(CANNOT_WRITE, table->partial, column->shape.path, "the dataset cannot be opened");
    }
    return status;
}

static enum status close_file(struct table *table)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < table->n_column; i++)
        if (table->columns[i].id >= 0 && H5Dclose(table->columns[i].id) < 0)
            status = storage_fail(CANNOT_WRITE, table->partial, table->columns[i].shape.path, "closing failed");
    if (table->file >= 0 && !storage_close(table->file))
        status = storage_fail(CANNOT_WRITE, table->partial, NULL, "closing failed");
    return status;
}

static enum status sync_file(const struct table *table)
{
    if (fsync(table->descriptor) != 0)
        return fail(CANNOT_WRITE, "%s: the file cannot be synced: %s", table->partial, strerror(errno));
    return STATUS_OK;
}

static enum status close_descriptor(struct table *table)
{
    if (table->descriptor >= 0 && close(table->descriptor) != 0)
        return fail(CANNOT_WRITE, "%s: closing failed: %s", table->partial, strerror(errno));
    return STATUS_OK;
}

/* Opens what rank 0 laid out or found good, or else releases `table`.  @collective */
static enum status open_parallel(struct table *table, enum status status)
{
    status = agree_from(table->comm, 0, status);
    if (status == STATUS_OK)
        status = open_descriptor(table);
    if (status == STATUS_OK)
        status = agree(table->comm, open_file(table));
    if (status == STATUS_OK)
        status = agree(table->comm, open_datasets(table));
    if (status == STATUS_OK)
        return STATUS_OK;
    char *agreed = memory_copy_text(failure_sentence()); /* whatever fails while closing is only a consequence */
    close_file(table);
    close_descriptor(table);
    table_end(table);
    fail(status, "%s", agreed);
    memory_free(agreed);
    return status;
}

enum status table_create(MPI_Comm comm, const char *path, const struct dataset *datasets, int n_dataset,
                         const struct table_attribute *attributes, int n_attribute, struct table **table)
{
    storage_quiet();
    struct table_layout layout = {datasets, n_dataset, attributes, n_attribute};
    struct table *made = table_begin(comm, path, &layout);
    char *partial = memory_copy_text(made->partial);
    int rank = made->rank;
    enum status status = open_parallel(made, rank == 0 ? table_layout_store(partial, &layout) : STATUS_OK);
    if (status == STATUS_OK)
        *table = made;
    else if (rank == 0)
        unlink(partial);
    memory_free(partial);
    return status;
}

/* What a resumed file lacks may be the reservation: the job can have been killed just before it. */
static enum status check_and_reserve(const char *partial, const struct table_layout *layout)
{
    int64_t bytes = 0;
    enum status status = table_layout_check(partial, layout);
    if (status == STATUS_OK)
        status = file_size(partial, &bytes);
    return status == STATUS_OK ? table_reserve(partial, bytes) : status;
}

enum status table_reopen(MPI_Comm comm, const char *path, const struct dataset *datasets, int n_dataset,
                         struct table **table)
{
    storage_quiet();
    struct table_layout layout = {datasets, n_dataset, NULL, 0};
    struct table *made = table_begin(comm, path, &layout);
    enum status status = open_parallel(made, made->rank == 0 ? check_and_reserve(made->partial, &layout) : STATUS_OK);
    if (status == STATUS_OK)
        *table = made;
    return status;
}

enum status table_flush(struct table *table)
{
    enum status status = STATUS_OK;
    if (H5Fflush(table->file, H5F_SCOPE_LOCAL) < 0)
        status = storage_fail(CANNOT_WRITE, table->partial, NULL, "flushing failed");
    if (status == STATUS_OK)
        status = sync_file(table);
    return agree(table->comm, status);
}

/* What becomes of a table once it is closed; NULL: it keeps its temporary name. */
struct ending {
    const struct table_layout *more;
    const void *const *data;
};

static enum status extend(const char *file, const struct ending *ending)
{
    enum status status = table_layout_extend(file, ending->more, ending->data);
    if (status != STATUS_OK)
        return status;
    int descriptor = open(file, O_RDWR | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) != 0)
        status = fail(CANNOT_WRITE, "%s: the file cannot be synced: %s", file, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

/* Open MPI may open files of its own beside one that a process opens alone, for shared file pointers, which nobody uses
 * here; a rank that is killed leaves them. */
static void remove_strays(const char *partial)
{
    static const char *const endings[] = {".data.0", ".metadata.0"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct text name;
        text_init(&name);
        text_add(&name, "%s%s", partial, endings[i]);
        unlink(name.bytes);
        text_clear(&name);
    }
}

static enum status finish(const struct table *table, const struct ending *ending)
{
    enum status status = ending->more != NULL ? extend(table->partial, ending) : STATUS_OK;
    remove_strays(table->partial);
    return status == STATUS_OK ? file_rename(table->partial, table->path) : status;
}

static enum status close_as(struct table *table, const struct ending *ending)
{
    enum status status = close_file(table);
    if (status == STATUS_OK)
        status = sync_file(table);
    enum status closed = close_descriptor(table);
    status = agree(table->comm, status != STATUS_OK ? status : closed);
    if (status == STATUS_OK && ending != NULL)
        status = agree_from(table->comm, 0, table->rank == 0 ? finish(table, ending) : STATUS_OK);
    table_end(table);
    return status;
}

enum status table_close(struct table *table, bool commit)
{
    struct ending plain = {0};
    return close_as(table, commit ? &plain : NULL);
}

enum status table_extend(struct table *table, enum status status, const struct dataset *datasets,
                         const void *const *data, int n_dataset, const struct table_attribute *attributes,
                         int n_attribute)
{
    if (table == NULL || status != STATUS_OK)
        return table_conclude(table, status);
    struct table_layout more = {datasets, n_dataset, attributes, n_attribute};
    return close_as(table, &(struct ending){.more = &more, .data = data});
}

enum status table_conclude(struct table *table, enum status status)
{
    if (table == NULL)
        return status;
    char *sentence = memory_copy_text(failure_sentence());
    enum status closed = table_close(table, status == STATUS_OK);
    if (status != STATUS_OK)
        fail(status, "%s", sentence);
    memory_free(sentence);
    return status == STATUS_OK ? closed : status;
}
