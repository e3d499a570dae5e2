#include "tensor/names.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static char *copy_range(const char *from, size_t n)
{
    char *copy = memory_allocate((int64_t)n + 1, 1);
    memcpy(copy, from, n);
    return copy;
}

static const char *last_of(const char *text, const char *part)
{
    const char *last = NULL;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        last = at;
    return last;
}

/* Names go into tables as UTF-8 and into the log as lines. */
static bool is_printable(const char *name)
{
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return utf8_is_valid(name, strlen(name));
}

enum status tensor_place_parse(const char *name, struct tensor_place *place)
{
    const char *hash = strrchr(name, '#'), *colon = last_of(name, ":/");
    const char *cut = hash ? hash : colon;
    const char *object = hash ? hash + 1 : colon ? colon + 1 : "-";
    if (!is_printable(name))
        return fail(BAD_INPUT, "%s: expected a name in UTF-8 without control characters", name);
    /* "-" is how the log calls bytes of a file that are no tensor. */
    if (cut == name || name[0] == 0 || object[0] == 0 || (hash && strcmp(object, "-") == 0) ||
        (!hash && colon && strcmp(object, "/") == 0))
        return fail(BAD_INPUT,
                    "\"%s\": expected FILE#NAME (safetensors, a module of a bergson index), FILE:/PATH (HDF5) or FILE "
                    "(npy, TRAK, a whole bergson index), found an empty or reserved part",
                    name);
    *place = (struct tensor_place){.separator = hash    ? "#"
                                                : colon ? ":"
                                                        : NULL,
                                   .pattern = copy_range(name, cut ? (size_t)(cut - name) : strlen(name)),
                                   .object = memory_copy_text(object)};
    return STATUS_OK;
}

void tensor_place_clear(struct tensor_place *place)
{
    memory_free(place->pattern);
    memory_free(place->object);
    *place = (struct tensor_place){0};
}

/* `directory` as a pattern that matches nothing but itself. */
static char *escape_pattern(const char *directory)
{
    struct text escaped;
    text_init(&escaped);
    for (; directory && *directory; directory++)
        text_add(&escaped, "%s%c", strchr("*?[]\\", *directory) ? "\\" : "", *directory);
    return escaped.bytes;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status collect(const char *directory, const char *pattern, const glob_t *found, struct path_list *paths)
{
    char *prefix = pattern[0] == '/' ? memory_copy_text("") : path_join(directory, "");
    size_t skip = strlen(prefix);
    *paths =
        (struct path_list){memory_allocate((int64_t)found->gl_pathc, sizeof *paths->items), (int64_t)found->gl_pathc};
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < paths->n; i++) {
        const char *match = found->gl_pathv[i];
        ASSERT(strncmp(match, prefix, skip) == 0);
        paths->items[i] = memory_copy_text(match + skip);
        if (status == STATUS_OK && !is_printable(match + skip))
            status = fail(BAD_INPUT, "%s: expected file names in UTF-8 without control characters, found %s", pattern,
                          match);
    }
    qsort(paths->items, (size_t)paths->n, sizeof *paths->items, compare_paths);
    memory_free(prefix);
    if (status != STATUS_OK)
        tensor_paths_clear(paths);
    return status;
}

enum status tensor_paths_find(const char *directory, const char *pattern, struct path_list *paths)
{
    if (strpbrk(pattern, "*?[") == NULL) {
        *paths = (struct path_list){memory_allocate(1, sizeof *paths->items), 1};
        paths->items[0] = memory_copy_text(pattern);
        return STATUS_OK;
    }
    char *escaped = escape_pattern(directory);
    char *full = path_join(escaped, pattern);
    glob_t found = {0};
    errno = 0;
    int code = glob(full, GLOB_ERR | GLOB_NOSORT, NULL, &found);
    enum status status;
    if (code == 0)
        status = collect(directory, pattern, &found, paths);
    else if (code == GLOB_NOMATCH)
        status = fail(BAD_INPUT, "%s: expected at least one file, found no match in %s", pattern,
                      directory && directory[0] ? directory : ".");
    else
        status = fail(BAD_INPUT, "%s: a directory on the way cannot be read: %s", pattern, strerror(errno));
    globfree(&found);
    memory_free(full);
    memory_free(escaped);
    return status;
}

void tensor_paths_clear(struct path_list *paths)
{
    for (int64_t i = 0; i < paths->n; i++)
        memory_free(paths->items[i]);
    memory_free(paths->items);
    *paths = (struct path_list){0};
}
