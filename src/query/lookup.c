#include "query/lookup.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "query/store.h"

enum { NONE = -1, FAILED = -2 };
enum { PATIENCE = 8 }; /* names looked for by reading before a table is made */

struct lookup {
    struct stored *stored; /* borrowed */
    int64_t n_asked;
    int64_t *places; /* owned; open addressing: a cell below 23 bits of its name's hash, or −1; NULL until it pays */
    int64_t n_place; /* a power of two */
    int64_t latest;  /* the cell that was found last; −1: none */
};

enum { CELL_BITS = 40 };

struct lookup *lookup_create(struct stored *stored)
{
    struct lookup *lookup = memory_allocate(1, sizeof *lookup);
    lookup->stored = stored;
    lookup->latest = NONE;
    return lookup;
}

void lookup_destroy(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    memory_free(lookup->places);
    memory_free(lookup);
}

/* FNV-1a.  @source Fowler, Noll, Vo: offset basis and prime for 64 bits */
static uint64_t hash(const char *text, int64_t n)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (int64_t i = 0; i < n; i++)
        value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return value ^ value >> 32;
}

/* Whether the cell has exactly this text; *failed when it cannot be read. */
static bool is_at(struct stored *stored, int64_t cell, const char *text, int64_t n, bool *failed)
{
    const char *bytes = stored_at(stored, cell);
    *failed = bytes == NULL;
    return bytes != NULL && memcmp(bytes, text, (size_t)n) == 0 && (n == stored->cell_bytes || bytes[n] == 0);
}

static int64_t find_by_reading(struct stored *stored, const char *text, int64_t n)
{
    bool failed = false;
    for (int64_t cell = 0; cell < stored->n_cell; cell++) {
        if (is_at(stored, cell, text, n, &failed))
            return cell;
        if (failed)
            return FAILED;
    }
    return NONE;
}

static int64_t cell_of(int64_t place)
{
    return place & ((INT64_C(1) << CELL_BITS) - 1);
}

/* What stands in the table for a cell; names are read only where these bits agree. */
static int64_t place_of(uint64_t hash, int64_t cell)
{
    return (int64_t)(hash >> (CELL_BITS + 1)) << CELL_BITS | cell;
}

/* Where in the table a text is, or where it would go; FAILED when a name cannot be read. */
static int64_t probe(struct lookup *lookup, const char *text, int64_t n)
{
    uint64_t code = hash(text, n), mask = (uint64_t)lookup->n_place - 1, at = code & mask;
    bool failed = false;
    for (; lookup->places[at] >= 0 && !failed; at = (at + 1) & mask)
        if (place_of(code, cell_of(lookup->places[at])) == lookup->places[at] &&
            is_at(lookup->stored, cell_of(lookup->places[at]), text, n, &failed))
            break;
    return failed ? FAILED : (int64_t)at;
}

static bool fill(struct lookup *lookup)
{
    int64_t n_cell = lookup->stored->n_cell, room = 16;
    while (room < 2 * n_cell)
        room *= 2;
    lookup->n_place = room;
    lookup->places = memory_allocate_raw(room, sizeof *lookup->places);
    memset(lookup->places, 0xff, (size_t)room * sizeof *lookup->places);
    char *name = memory_allocate(lookup->stored->cell_bytes, 1);
    bool good = true;
    for (int64_t cell = 0; cell < n_cell && good; cell++) {
        int64_t n, at = FAILED;
        const char *text = stored_text(lookup->stored, cell, &n);
        if (text != NULL) { /* reading another name may drop this one's block */
            memcpy(name, text, (size_t)n);
            at = probe(lookup, name, n);
        }
        good = at >= 0;
        if (good && lookup->places[at] < 0)
            lookup->places[at] = place_of(hash(name, n), cell);
    }
    memory_free(name);
    if (!good) {
        memory_free(lookup->places);
        lookup->places = NULL;
    }
    return good;
}

static int64_t find(struct lookup *lookup, const char *text, int64_t n)
{
    if (lookup->places == NULL && lookup->n_asked++ < PATIENCE)
        return find_by_reading(lookup->stored, text, n);
    if (lookup->places == NULL && !fill(lookup))
        return FAILED;
    int64_t at = probe(lookup, text, n);
    if (at < 0)
        return FAILED;
    return lookup->places[at] < 0 ? NONE : cell_of(lookup->places[at]);
}

int64_t lookup_find(struct lookup *lookup, const char *text, int64_t n)
{
    bool failed = false;
    if (n > lookup->stored->cell_bytes)
        return NONE;
    if (lookup->latest >= 0 && is_at(lookup->stored, lookup->latest, text, n, &failed))
        return lookup->latest; /* the parts of a question ask for one name */
    if (failed)
        return FAILED;
    lookup->latest = find(lookup, text, n);
    return lookup->latest;
}
