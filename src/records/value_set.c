#include "records/value_set.h"

#include <string.h>

#include "base/memory.h"

enum { RECENT = 1024 }; /* a power of two */

void value_set_init(struct value_set *set)
{
    *set = (struct value_set){.recent = memory_allocate(RECENT, sizeof *set->recent)};
    name_set_init(&set->names);
}

void value_set_clear(struct value_set *set)
{
    name_set_clear(&set->names);
    memory_free(set->count);
    memory_free(set->line);
    memory_free(set->recent);
    *set = (struct value_set){0};
}

/* Where a value would stand among the recent ones: any function will do, since a miss only costs time (FNV-1a). */
static int64_t *recent_of(struct value_set *set, const char *value)
{
    uint32_t hash = 2166136261U;
    for (const char *at = value; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    return &set->recent[(hash ^ hash >> 16) & (RECENT - 1)];
}

static int64_t number_of(struct value_set *set, const char *value)
{
    int64_t *recent = recent_of(set, value); /* number + 1; 0: none */
    if (*recent > 0 && strcmp(name_set_get(&set->names, *recent - 1), value) == 0)
        return *recent - 1;
    bool is_new;
    int64_t number = name_set_add(&set->names, value, &is_new);
    *recent = number + 1;
    return number;
}

static void add(struct value_set *set, const char *value, int64_t count, int64_t line)
{
    if (set->names.n > VALUES_MOST)
        return;
    int64_t before = set->names.n, number = number_of(set, value);
    if (set->names.n > set->capacity) {
        int64_t capacity = 2 * set->capacity + 64;
        set->count = memory_resize(set->count, set->capacity, capacity, sizeof *set->count);
        set->line = memory_resize(set->line, set->capacity, capacity, sizeof *set->line);
        set->capacity = capacity;
    }
    if (number == before) {
        set->count[number] = 0;
        set->line[number] = line;
    }
    set->count[number] += count;
}

void value_set_add(struct value_set *set, const char *value, int64_t line)
{
    add(set, value, 1, line);
}

/* Per value: how often, where first, and the text with its zero byte. */
void value_set_pack(const struct value_set *set, bool sorted, struct text *bytes)
{
    int64_t *order = sorted ? name_set_sorted(&set->names) : NULL;
    for (int64_t i = 0; i < set->names.n; i++) {
        int64_t number = sorted ? order[i] : i;
        const char *name = name_set_get(&set->names, number);
        int64_t figures[] = {set->count[number], set->line[number]};
        text_add_bytes(bytes, figures, sizeof figures);
        text_add_bytes(bytes, name, strlen(name) + 1);
    }
    memory_free(order);
}

void value_set_merge(struct value_set *set, const char *bytes, int64_t n)
{
    for (int64_t at = 0; at < n;) {
        int64_t figures[2];
        memcpy(figures, bytes + at, sizeof figures);
        at += (int64_t)sizeof figures;
        add(set, bytes + at, figures[0], figures[1]);
        at += (int64_t)strlen(bytes + at) + 1;
    }
}
