/* Which ids a file has twice, found by hashes of them in memory that is set beforehand. */
#ifndef ASSAY_RECORDS_ID_TABLE_H
#define ASSAY_RECORDS_ID_TABLE_H

#include <stdint.h>

#include "base/digest.h"

/* An id as 88 bits of its SHA-256, and its line. */
struct id_entry {
    uint64_t hash;
    uint64_t more_and_line; /* 24 bits of hash, 40 of line */
};

#define ID_LINES_MOST ((INT64_C(1) << 40) - 1)

/* `salt` keeps anyone from preparing ids that all come to one rank: it depends on the whole file.  @local */
struct id_entry id_entry_make(struct digest *digest, const uint8_t salt[DIGEST_BYTES], const char *id, int64_t n,
                              int64_t line);
static inline int64_t id_entry_line(const struct id_entry *entry)
{
    return (int64_t)(entry->more_and_line & (uint64_t)ID_LINES_MOST);
}
/* Whose table an id belongs to, of n_owner ≤ 2^31, and in which of n_pass ≤ 2^31 passes over the file.  @local */
static inline int id_entry_owner(const struct id_entry *entry, int n_owner)
{
    return (int)((entry->hash >> 32) * (uint64_t)n_owner >> 32);
}
static inline int64_t id_entry_pass(const struct id_entry *entry, int64_t n_pass)
{
    return (int64_t)((entry->hash & UINT32_MAX) * (uint64_t)n_pass >> 32);
}

/* How the ids of a file are found to be different: numbers only. */
struct id_plan {
    int64_t n_pass; /* over the file, each with a part of the hashes */
    int slot_bits;  /* a table has 2^slot_bits slots */
    int64_t bytes;  /* of a rank's table */
};

/* For n_line lines on n_rank ranks, each of which may use `memory` bytes.  @local */
void id_plan_make(int64_t n_line, int64_t n_rank, int64_t memory, struct id_plan *plan);

struct id_table {
    struct id_entry *slots; /* owned; a line of 0: free */
    int slot_bits;
    int64_t n;
    int64_t repeated, first; /* least line with an id that an earlier one has, and the first that has it; 0: none */
};

void id_table_init(struct id_table *table, int slot_bits);
void id_table_clear(struct id_table *table);
/* In any order of lines.  @local */
void id_table_add(struct id_table *table, const struct id_entry *entry);

#endif
