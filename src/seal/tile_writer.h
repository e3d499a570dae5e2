/* Writing a log's tiles and bundles, one entry after the other, each file as soon as it is full. */
#ifndef ASSAY_SEAL_TILE_WRITER_H
#define ASSAY_SEAL_TILE_WRITER_H

#include "merkle/range.h"
#include "merkle/tiles.h"

struct tile_writer {
    const char *log;                                    /* borrowed: the directory */
    struct text bundle;                                 /* entries since the last full bundle */
    struct hash hashes[TILE_MAX_LEVEL + 1][TILE_WIDTH]; /* per level, those since its last full tile */
    struct range range;                                 /* of all entries so far; range.end is their number */
};

/* Memory does not grow with the log; the struct itself is 64 KiB.  @local */
void tile_writer_begin(struct tile_writer *writer, const char *log);
/* @local   @fails CANNOT_WRITE */
enum status tile_writer_add(struct tile_writer *writer, const char *entry, size_t n);
/* Stores the partial bundle and tiles, and gives the root.  @local   @fails CANNOT_WRITE */
enum status tile_writer_end(struct tile_writer *writer, struct hash *root);
void tile_writer_clear(struct tile_writer *writer);

#endif
