#include "records/name_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"

enum { FIRST_SLOTS = 64 };

void name_set_init(struct name_set *set)
{
    *set = (struct name_set){.n_slot = FIRST_SLOTS, .slots = memory_allocate(FIRST_SLOTS, sizeof *set->slots)};
    text_init(&set->bytes);
}

void name_set_clear(struct name_set *set)
{
    text_clear(&set->bytes);
    memory_free(set->offsets);
    memory_free(set->slots);
    *set = (struct name_set){0};
}

const char *name_set_get(const struct name_set *set, int64_t i)
{
    ASSERT(i >= 0 && i < set->n);
    return set->bytes.bytes + set->offsets[i];
}

/* The slot that holds `name`, or the empty one where it belongs. */
static int64_t find_slot(const struct name_set *set, const char *name)
{
    uint8_t sha256[DIGEST_BYTES];
    uint64_t hash;
    digest_of(name, strlen(name), sha256);
    memcpy(&hash, sha256, sizeof hash);
    int64_t slot = (int64_t)(hash & (uint64_t)(set->n_slot - 1));
    while (set->slots[slot] != 0 && strcmp(name_set_get(set, set->slots[slot] - 1), name) != 0)
        slot = (slot + 1) & (set->n_slot - 1);
    return slot;
}

static void grow(struct name_set *set)
{
    memory_free(set->slots);
    set->n_slot *= 4;
    set->slots = memory_allocate(set->n_slot, sizeof *set->slots);
    for (int64_t i = 0; i < set->n; i++)
        set->slots[find_slot(set, name_set_get(set, i))] = i + 1;
}

int64_t name_set_add(struct name_set *set, const char *name, bool *is_new)
{
    int64_t slot = find_slot(set, name);
    *is_new = set->slots[slot] == 0;
    if (!*is_new)
        return set->slots[slot] - 1;
    if (set->n == set->capacity) {
        int64_t capacity = 2 * set->capacity + 64;
        set->offsets = memory_resize(set->offsets, set->capacity, capacity, sizeof *set->offsets);
        set->capacity = capacity;
    }
    set->offsets[set->n] = (int64_t)set->bytes.length;
    text_add_bytes(&set->bytes, name, strlen(name) + 1);
    set->slots[slot] = ++set->n;
    if (2 * set->n > set->n_slot)
        grow(set);
    return set->n - 1;
}

struct numbered {
    const char *name;
    int64_t number;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct numbered *)a)->name, ((const struct numbered *)b)->name);
}

int64_t *name_set_sorted(const struct name_set *set)
{
    struct numbered *names = memory_allocate(set->n, sizeof *names);
    int64_t *order = memory_allocate(set->n, sizeof *order);
    for (int64_t i = 0; i < set->n; i++)
        names[i] = (struct numbered){name_set_get(set, i), i};
    qsort(names, (size_t)set->n, sizeof *names, compare_names);
    for (int64_t i = 0; i < set->n; i++)
        order[i] = names[i].number;
    memory_free(names);
    return order;
}
