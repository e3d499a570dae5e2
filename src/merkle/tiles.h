/* The log as files that any static file server publishes: tiles of 256 hashes, bundles of 256 entries.
 * @source c2sp.org/tlog-tiles */
#ifndef ASSAY_MERKLE_TILES_H
#define ASSAY_MERKLE_TILES_H

#include "base/text.h"
#include "merkle/merkle.h"

enum { TILE_WIDTH = 256, TILE_HEIGHT = 8, TILE_MAX_LEVEL = 7 };
enum { BUNDLE_LEVEL = -1 }; /* stands for entries where a tile level is asked for */

/* Adds the path below the log's directory: "tile/1/x001/234", "tile/entries/000.p/12".  @local */
void tile_path(int level, int64_t index, int width, struct text *path);
/* How many hashes (entries) tile `index` of a level has in a log of `size` entries: 256, less for the last, or 0.
 * @local */
int tile_width(int64_t size, int level, int64_t index);
/* Tiles of a level, the partial one included.  @local */
int64_t tile_count(int64_t size, int level);

/* Reads a tile of exactly `width` hashes.  @local   @fails BAD_RUN */
enum status tile_load(const char *log, int level, int64_t index, int width, struct hash hashes[TILE_WIDTH]);

struct bundle {
    char *bytes; /* owned */
    int n;
    const char *entry[TILE_WIDTH]; /* into bytes */
    size_t length[TILE_WIDTH];
};

/* Adds an entry as bundles hold it: a big-endian uint16 length and the bytes.  @local */
void bundle_add(struct text *bundle, const char *entry, size_t n);
/* Reads a bundle of exactly `width` entries; bundle_clear releases it.  @local   @fails BAD_RUN */
enum status bundle_load(const char *log, int64_t index, int width, struct bundle *bundle);
/* Takes `bytes` (n of them, from memory_allocate) apart; they are released here on failure.
 * @local   @fails BAD_RUN */
enum status bundle_take(char *bytes, size_t n, int width, const char *where, struct bundle *bundle);
void bundle_clear(struct bundle *bundle);

/* A merkle_source over the tiles of a log. */
struct tile_source {
    const char *log; /* borrowed: the directory */
    int64_t size;
};
enum status tile_node(void *tile_source, int level, int64_t index, struct hash *hash);

#endif
