#include "records/id_table.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

enum { LINE_BITS = 40, LEAST_BITS = 12, MOST_BITS = 40 };

struct id_entry id_entry_make(struct digest *digest, const uint8_t salt[DIGEST_BYTES], const char *id, int64_t n,
                              int64_t line)
{
    uint8_t sha256[DIGEST_BYTES];
    uint64_t words[2];
    ASSERT(line >= 1 && line <= ID_LINES_MOST);
    digest_begin(digest);
    digest_add(digest, salt, DIGEST_BYTES / 2); /* with a short id still one block of SHA-256 */
    digest_add(digest, id, (size_t)n);
    digest_end(digest, sha256);
    memcpy(words, sha256, sizeof words);
    return (struct id_entry){words[0], words[1] << LINE_BITS | (uint64_t)line};
}

/* Entries of a table that is three quarters full; beyond, searches get long. */
static int64_t room(int slot_bits)
{
    return ((int64_t)1 << slot_bits) / 4 * 3;
}

/* Of a table with room for so many, how many may be expected: hashes fall as they will, but eight standard deviations
 * beyond the mean they never do. */
static int64_t expected(int64_t most)
{
    return most - (int64_t)(8 * sqrt((double)most)) - 1;
}

void id_plan_make(int64_t n_line, int64_t n_rank, int64_t memory, struct id_plan *plan)
{
    int bits = LEAST_BITS;
    while (bits < MOST_BITS && ((int64_t)sizeof(struct id_entry) << (bits + 1)) <= memory)
        bits++;
    plan->n_pass = (int64_t)((double)n_line / ((double)n_rank * (double)expected(room(bits)))) + 1;
    double share = (double)n_line / ((double)n_rank * (double)plan->n_pass);
    while (bits > LEAST_BITS && (double)expected(room(bits - 1)) >= share)
        bits--;
    plan->slot_bits = bits;
    plan->bytes = (int64_t)sizeof(struct id_entry) << bits;
}

void id_table_init(struct id_table *table, int slot_bits)
{
    *table = (struct id_table){.slots = memory_allocate((int64_t)1 << slot_bits, sizeof *table->slots),
                               .slot_bits = slot_bits};
}

void id_table_clear(struct id_table *table)
{
    memory_free(table->slots);
    *table = (struct id_table){0};
}

static bool same_id(const struct id_entry *a, const struct id_entry *b)
{
    return a->hash == b->hash && a->more_and_line >> LINE_BITS == b->more_and_line >> LINE_BITS;
}

/* A table keeps the least line of every id.  Of an id's two least lines the one that comes later finds the other in its
 * slot, so that the second is always noted, together with the first. */
static void note_repeat(struct id_table *table, struct id_entry *slot, const struct id_entry *entry)
{
    int64_t kept = id_entry_line(slot), found = id_entry_line(entry);
    int64_t first = kept < found ? kept : found, repeated = kept < found ? found : kept;
    if (table->repeated == 0 || repeated < table->repeated) {
        table->repeated = repeated;
        table->first = first;
    }
    if (found < kept)
        *slot = *entry;
}

void id_table_add(struct id_table *table, const struct id_entry *entry)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* spreads what owners and passes have left alike */
    uint64_t mask = ((uint64_t)1 << table->slot_bits) - 1, at = entry->hash * golden >> (64 - table->slot_bits);
    for (; id_entry_line(&table->slots[at]) != 0; at = (at + 1) & mask)
        if (same_id(&table->slots[at], entry)) {
            note_repeat(table, &table->slots[at], entry);
            return;
        }
    ASSERT(table->n < room(table->slot_bits));
    table->slots[at] = *entry;
    table->n++;
}
