#include "diff/tables.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct table_pair *)a)->name, ((const struct table_pair *)b)->name);
}

static bool is_table(const char *name)
{
    size_t n = strlen(name);
    return n > 3 && name[0] != '.' && strcmp(name + n - 3, ".h5") == 0;
}

static void note_name(struct table_pairs *pairs, const char *name, int which)
{
    int64_t i = 0;
    while (i < pairs->n && strcmp(pairs->items[i].name, name) != 0)
        i++;
    if (i == pairs->n) {
        pairs->items = memory_resize(pairs->items, i, i + 1, sizeof *pairs->items);
        pairs->items[i] = (struct table_pair){.name = memory_copy_text(name)};
        pairs->n++;
    }
    pairs->items[i].is_there[which] = true;
}

static enum status list_tables(const char *run, int which, struct table_pairs *pairs)
{
    DIR *directory = opendir(run);
    if (directory == NULL)
        return fail(BAD_RUN, "%s: the directory cannot be listed: %s", run, strerror(errno));
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (is_table(entry->d_name))
            note_name(pairs, entry->d_name, which);
    closedir(directory);
    return STATUS_OK;
}

void table_pairs_fail(struct table_pairs *pairs, enum status status)
{
    if (pairs->status != STATUS_OK)
        return;
    pairs->status = status;
    pairs->sentence = memory_copy_text(failure_sentence());
}

enum status table_pairs_open(const char *const runs[2], struct table_pairs *pairs)
{
    enum status status = STATUS_OK;
    *pairs = (struct table_pairs){0};
    for (int i = 0; i < 2 && status == STATUS_OK; i++)
        status = list_tables(runs[i], i, pairs);
    if (pairs->n > 0)
        qsort(pairs->items, (size_t)pairs->n, sizeof *pairs->items, compare_names);
    for (int64_t t = 0; t < pairs->n && status == STATUS_OK; t++)
        for (int i = 0; i < 2; i++) {
            if (!pairs->items[t].is_there[i])
                continue;
            char *path = path_join(runs[i], pairs->items[t].name);
            enum status opened = table_open(path, &pairs->items[t].readers[i]);
            if (opened != STATUS_OK)
                table_pairs_fail(pairs, opened);
            memory_free(path);
        }
    return status;
}

void table_pairs_close(struct table_pairs *pairs)
{
    for (int64_t t = 0; t < pairs->n; t++) {
        for (int i = 0; i < 2; i++)
            table_reader_close(pairs->items[t].readers[i]);
        memory_free(pairs->items[t].name);
    }
    memory_free(pairs->items);
    memory_free(pairs->sentence);
    *pairs = (struct table_pairs){0};
}
