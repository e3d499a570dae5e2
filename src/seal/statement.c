#include "seal/statement.h"

#include <string.h>

#include "base/memory.h"
#include "seal/form.h"

static void clear_tables(struct statement *statement)
{
    for (int64_t i = 0; i < statement->n_table; i++) {
        struct extent_list *table = &statement->tables[i];
        for (int64_t k = 0; k < table->n; k++)
            memory_free(table->items[k].object);
        memory_free(table->items);
        memory_free(table->path);
    }
    memory_free(statement->tables);
}

void statement_clear(struct statement *statement)
{
    for (int64_t i = 0; i < statement->n_subject; i++)
        memory_free(statement->subjects[i].name);
    for (int64_t i = 0; i < statement->n_dependency; i++)
        memory_free(statement->dependencies[i].name);
    for (int64_t i = 0; i < statement->n_host; i++)
        memory_free(statement->hosts[i].name);
    for (int64_t i = 0; i < statement->n_version; i++) {
        memory_free(statement->versions[i].name);
        memory_free(statement->versions[i].value);
    }
    clear_tables(statement);
    void *const parts[] = {statement->subjects,  statement->dependencies,     statement->hosts,
                           statement->versions,  statement->origin,           statement->config,
                           statement->execution, statement->inputs_directory, statement->builder,
                           statement->started,   statement->finished,         statement->invocation};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        memory_free(parts[i]);
    *statement = (struct statement){0};
}

const struct subject *statement_subject(const struct statement *statement, const char *name)
{
    for (int64_t i = 0; i < statement->n_subject; i++)
        if (strcmp(statement->subjects[i].name, name) == 0)
            return &statement->subjects[i];
    return NULL;
}

const struct extent *statement_extent(const struct statement *statement, const char *path, const char *object)
{
    for (int64_t i = 0; i < statement->n_table; i++) {
        const struct extent_list *table = &statement->tables[i];
        for (int64_t k = 0; k < table->n && strcmp(table->path, path) == 0; k++)
            if (strcmp(table->items[k].object, object) == 0)
                return &table->items[k];
    }
    return NULL;
}

#define APPEND(list, count, ...)                                                                                       \
    do {                                                                                                               \
        (list) = list_grow((list), (count), sizeof *(list));                                                           \
        (list)[(count)++] = __VA_ARGS__;                                                                               \
    } while (0)

void statement_add_subject(struct statement *statement, const char *name, const uint8_t sha256[DIGEST_BYTES])
{
    struct subject subject = {.name = memory_copy_text(name)};
    memcpy(subject.sha256.bytes, sha256, DIGEST_BYTES);
    APPEND(statement->subjects, statement->n_subject, subject);
}

void statement_add_dependency(struct statement *statement, const struct dependency *dependency)
{
    struct dependency copy = *dependency;
    copy.name = memory_copy_text(dependency->name);
    APPEND(statement->dependencies, statement->n_dependency, copy);
}

void statement_add_table(struct statement *statement, const char *path)
{
    APPEND(statement->tables, statement->n_table, (struct extent_list){.path = memory_copy_text(path)});
}

void statement_add_extent(struct statement *statement, const struct extent *extent)
{
    ASSERT(statement->n_table > 0);
    struct extent_list *table = &statement->tables[statement->n_table - 1];
    struct extent copy = *extent;
    copy.object = memory_copy_text(extent->object);
    APPEND(table->items, table->n, copy);
}

void statement_add_host(struct statement *statement, const char *name, int64_t ranks)
{
    APPEND(statement->hosts, statement->n_host, (struct host){memory_copy_text(name), ranks});
}

void statement_add_version(struct statement *statement, const char *name, const char *value)
{
    APPEND(statement->versions, statement->n_version,
           (struct version){memory_copy_text(name), memory_copy_text(value)});
}
