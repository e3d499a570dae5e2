#include "lineage/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "tensor/names.h"
#include "tensor/tensor.h"

/* Of a log the time of its contents counts: to read it SQLite opens it, and as root it sets its owner, to the same. */
static struct input_mark mark_of(const char *directory, const char *name, bool is_log)
{
    char *path = path_join(directory, name);
    struct stat entry;
    struct input_mark mark = {.bytes = -1};
    if (stat(path, &entry) == 0) {
        const struct timespec *changed = is_log ? &entry.st_mtim : &entry.st_ctim;
        mark = (struct input_mark){(int64_t)entry.st_size, (int64_t)changed->tv_sec, (int64_t)changed->tv_nsec};
    }
    memory_free(path);
    return mark;
}

static char *log_of(const char *name)
{
    struct text text;
    text_init(&text);
    text_add(&text, "%s-wal", name);
    return text_take(&text);
}

static void set_marks(const char *directory, struct record_files *files)
{
    files->marks = memory_allocate(files->n, sizeof *files->marks);
    files->logs = memory_allocate(files->n, sizeof *files->logs);
    for (int64_t i = 0; i < files->n; i++) {
        char *log = log_of(files->items[i]);
        files->marks[i] = mark_of(directory, files->items[i], false);
        files->logs[i] = mark_of(directory, log, true);
        memory_free(log);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(struct record_files *files)
{
    int64_t kept = 0;
    qsort(files->items, (size_t)files->n, sizeof *files->items, compare_names);
    for (int64_t i = 0; i < files->n; i++)
        if (kept > 0 && strcmp(files->items[kept - 1], files->items[i]) == 0)
            memory_free(files->items[i]);
        else
            files->items[kept++] = files->items[i];
    files->n = kept;
}

enum status record_files_find_local(const struct lineage_request *request, struct record_files *files)
{
    const struct strings *records = &request->lineage->records;
    enum status status = STATUS_OK;
    *files = (struct record_files){0};
    for (int64_t k = 0; k < records->n && status == STATUS_OK; k++) {
        struct path_list paths;
        status = tensor_paths_find(request->directory, records->items[k], &paths);
        if (status != STATUS_OK)
            break;
        files->items = memory_resize(files->items, files->n, files->n + paths.n, sizeof *files->items);
        for (int64_t i = 0; i < paths.n; i++)
            files->items[files->n++] = memory_copy_text(paths.items[i]);
        tensor_paths_clear(&paths);
    }
    if (status == STATUS_OK && files->n > 0)
        sort_names(files);
    if (status == STATUS_OK)
        set_marks(request->directory, files);
    else
        record_files_clear(files);
    return status;
}

void record_files_clear(struct record_files *files)
{
    for (int64_t i = 0; i < files->n; i++)
        memory_free(files->items[i]);
    memory_free(files->items);
    memory_free(files->marks);
    memory_free(files->logs);
    *files = (struct record_files){0};
}

/* Names, each with its zero byte, then the marks. */
static void unpack(const char *bytes, int64_t n, struct record_files *files)
{
    files->items = memory_allocate(n, sizeof *files->items);
    files->n = n;
    for (int64_t i = 0; i < n; i++) {
        files->items[i] = memory_copy_text(bytes);
        bytes += strlen(bytes) + 1;
    }
    size_t marks = (size_t)n * sizeof *files->marks;
    files->marks = memory_allocate(n, sizeof *files->marks);
    files->logs = memory_allocate(n, sizeof *files->logs);
    memcpy(files->marks, bytes, marks);
    memcpy(files->logs, bytes + marks, marks);
}

enum status record_files_find(MPI_Comm comm, const struct lineage_request *request, struct record_files *files)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    *files = (struct record_files){0};
    enum status status = agree_from(comm, 0, rank == 0 ? record_files_find_local(request, files) : STATUS_OK);
    if (status != STATUS_OK) {
        record_files_clear(files); /* the test hook fails a rank that had found them */
        return status;
    }
    struct text text;
    text_init(&text);
    for (int64_t i = 0; i < files->n; i++)
        text_add_bytes(&text, files->items[i], strlen(files->items[i]) + 1);
    if (files->n > 0) {
        text_add_bytes(&text, files->marks, (size_t)files->n * sizeof *files->marks);
        text_add_bytes(&text, files->logs, (size_t)files->n * sizeof *files->logs);
    }
    char *bytes = text.bytes;
    size_t length = text.length;
    int64_t n = files->n;
    MPI_Bcast(&n, 1, MPI_INT64_T, 0, comm);
    share_bytes(comm, &bytes, &length);
    if (rank != 0) {
        unpack(bytes, n, files);
        memory_free(bytes);
    }
    text_clear(&text);
    return STATUS_OK;
}

enum status record_files_hash(MPI_Comm comm, const struct lineage_request *request, const struct record_files *files,
                              struct segment_list *segments)
{
    struct segment_list list;
    segments_init(&list);
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < files->n && status == STATUS_OK; i++) {
        char *log = log_of(files->items[i]);
        status = segments_add_file(&list, request->directory, files->items[i]);
        if (status == STATUS_OK && files->logs[i].bytes >= 0)
            status = segments_add_file(&list, request->directory, log);
        memory_free(log);
    }
    for (int64_t i = 0; request->also != NULL && i < request->also->n && status == STATUS_OK; i++)
        status = segments_add_file(&list, request->directory, request->also->items[i]);
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int64_t i = rank; i < list.n && status == STATUS_OK; i += size) {
        if (stop_requested())
            status = fail(STOPPED, "%s: stopped on request while it was hashed; run the same command again",
                          list.items[i].path);
        if (status == STATUS_OK)
            status = segment_hash(request->directory, &list.items[i]);
        if (status == STATUS_OK)
            segments_add(segments, &list.items[i]);
    }
    segments_clear(&list);
    return agree(comm, status);
}

static bool is_same(const struct input_mark *a, const struct input_mark *b)
{
    return a->bytes == b->bytes && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

enum status record_files_unchanged(const struct lineage_request *request, const struct record_files *files)
{
    for (int64_t i = 0; i < files->n; i++) {
        char *log = log_of(files->items[i]);
        struct input_mark now = mark_of(request->directory, files->items[i], false);
        struct input_mark log_now = mark_of(request->directory, log, true);
        bool same = is_same(&now, &files->marks[i]) && is_same(&log_now, &files->logs[i]);
        memory_free(log);
        if (!same)
            return fail(BAD_INPUT,
                        "%s: changed while it was read: run it again when training is over, or on a copy of the file "
                        "and of its -wal",
                        files->items[i]);
    }
    return STATUS_OK;
}
