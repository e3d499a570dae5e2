#include "config/level.h"

#include <stdio.h>
#include <string.h>

static int find_key(const struct level *level, const char *name, size_t n)
{
    for (int i = 0; i < level->n; i++)
        if (strncmp(level->keys[i].name, name, n) == 0 && level->keys[i].name[n] == 0)
            return i;
    return -1;
}

void level_make(const struct section *section, const char *prefix, struct level *level)
{
    size_t skip = strlen(prefix);
    *level = (struct level){0};
    for (int i = 0; i < section->n_field; i++) {
        const char *path = section->fields[i].path;
        if (strncmp(path, prefix, skip) != 0 || (skip > 0 && path[skip] != '.'))
            continue;
        const char *name = path + skip + (skip > 0);
        size_t n = strcspn(name, ".");
        if (find_key(level, name, n) >= 0)
            continue;
        ASSERT(n > 0 && n < KEY_BYTES && level->n < LEVEL_KEYS);
        memcpy(level->keys[level->n].name, name, n);
        level->keys[level->n++].field = name[n] ? NULL : &section->fields[i];
    }
}

void level_path(const char *prefix, const char *key, char path[PATH_BYTES])
{
    int n = snprintf(path, PATH_BYTES, "%s%s%s", prefix, prefix[0] ? "." : "", key);
    ASSERT(n > 0 && n < PATH_BYTES);
}
