/* A section's fields seen as nested objects: the dots of their paths made into levels. */
#ifndef ASSAY_CONFIG_LEVEL_H
#define ASSAY_CONFIG_LEVEL_H

#include "config/config.h"

enum { LEVEL_KEYS = 64, KEY_BYTES = 64, PATH_BYTES = 256 };

/* The keys of one object, in the order of the table, each once. */
struct level {
    int n;
    struct {
        char name[KEY_BYTES];
        const struct field *field; /* NULL for a nested object */
    } keys[LEVEL_KEYS];
};

/* The level under `prefix` ("" for the section itself, "keep" for its object "keep").  @local */
void level_make(const struct section *section, const char *prefix, struct level *level);

/* "PREFIX.KEY", or "KEY" when the prefix is empty. */
void level_path(const char *prefix, const char *key, char path[PATH_BYTES]);

#endif
