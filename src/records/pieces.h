/* A large text file cut into pieces: each is hashed once, and compared whenever it is read again. */
#ifndef ASSAY_RECORDS_PIECES_H
#define ASSAY_RECORDS_PIECES_H

#include <stdbool.h>

#include "base/segment.h"

struct piece {
    uint8_t sha256[DIGEST_BYTES];
    int64_t n_feed;    /* line feeds in it; after pieces_count: in all pieces before it */
    int64_t ends_line; /* 1 if its last byte is a line feed */
};

/* The pieces of a file are the same for any number of ranks, and so few that all of them can be kept. */
struct pieces {
    char *path;          /* owned; as the system finds it */
    const char *name;    /* borrowed; as the config names it */
    int64_t bytes;       /* of the file */
    int64_t piece_bytes; /* of all pieces but the last: a power of two that divides SEGMENT_LIMIT */
    int64_t n;           /* pieces; 0 for an empty file */
    int64_t n_segment;   /* raw segments, of SEGMENT_LIMIT bytes but for the last; 1 for an empty file */
    int64_t n_line;      /* known after pieces_count */
    struct piece *items; /* owned */
};

/* How a file of so many bytes is cut.  @local */
void pieces_plan(int64_t bytes, int64_t *piece_bytes, int64_t *n);

/* Looks at the file's size; `name` is relative to `directory`.  @local   @fails BAD_INPUT */
enum status pieces_open(const char *directory, const char *name, struct pieces *pieces);
void pieces_close(struct pieces *pieces);

/* Pieces of raw segment s are [*first, *end).  @local */
void pieces_of_segment(const struct pieces *pieces, int64_t s, int64_t *first, int64_t *end);
/* Reads raw segment s: appends it to `segments` and sets its pieces.  @local   @fails BAD_INPUT, STOPPED */
enum status pieces_hash(struct pieces *pieces, int64_t s, struct segment_list *segments);
/* When all pieces are set: turns their line feeds into those before them, and counts the lines.  @local */
void pieces_count(struct pieces *pieces);

/* Reads piece p and compares it with what was hashed; `bytes` has room for piece_bytes; *n is what it holds.
 * @local   @fails BAD_INPUT when the file changed */
enum status pieces_read(const struct pieces *pieces, int descriptor, int64_t p, char *bytes, int64_t *n);

/* Of line numbers, from 1: the piece in which line `number` begins.  @local */
int64_t pieces_find_line(const struct pieces *pieces, int64_t number);

#endif
