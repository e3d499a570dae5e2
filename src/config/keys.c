#include "config/keys.h"

#include <string.h>

#include "base/memory.h"
#include "config/json.h"
#include "config/level.h"
#include "config/suggest.h"

/* "…; did you mean "x"?", or all there is to choose from. */
static void add_suggestion(const char *word, const char *const *candidates, int n, struct text *text)
{
    const char *near = word_nearest(word, candidates, n);
    if (near != NULL) {
        text_add(text, "; did you mean \"%s\"?", near);
        return;
    }
    if (n > 0)
        text_add(text, "; expected ");
    for (int i = 0; i < n; i++)
        text_add(text, "%s\"%s\"", i == 0 ? "" : i < n - 1 ? ", " : " or ", candidates[i]);
}

/* The only field of the section whose path ends in this key; NULL if there is none, or more than one. */
static const struct field *field_elsewhere(const struct section *section, const char *key)
{
    const struct field *found = NULL;
    for (int i = 0; i < section->n_field; i++) {
        const char *dot = strrchr(section->fields[i].path, '.');
        if (dot == NULL || strcmp(dot + 1, key) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = &section->fields[i];
    }
    return found;
}

static void report_unknown(const struct section *section, const struct level *level, const char *prefix,
                           const char *key, struct problems *problems)
{
    struct text path, what;
    text_init(&path);
    text_init(&what);
    text_add(&path, "%s.%s%s", section->name, prefix, prefix[0] ? "." : "");
    json_add_key(&path, key);
    text_add(&what, "is not a key of this %s", prefix[0] ? "object" : "section");
    const char *names[LEVEL_KEYS];
    for (int i = 0; i < level->n; i++)
        names[i] = level->keys[i].name;
    const struct field *elsewhere = word_nearest(key, names, level->n) ? NULL : field_elsewhere(section, key);
    if (elsewhere != NULL)
        text_add(&what, "; did you mean %s.%s?", section->name, elsewhere->path);
    else
        add_suggestion(key, names, level->n, &what);
    problems_add(problems, path.bytes, what.bytes);
    text_clear(&path);
    text_clear(&what);
}

static void report_not_object(const struct section *section, const char *prefix, const cJSON *item,
                              struct problems *problems)
{
    struct text path, what;
    text_init(&path);
    text_init(&what);
    text_add(&path, "%s%s%s", section->name, prefix[0] ? "." : "", prefix);
    text_add(&what, "expected an object, found ");
    json_add_found(&what, item);
    problems_add(problems, path.bytes, what.bytes);
    text_clear(&path);
    text_clear(&what);
}

/* Unknown keys, and values where nested objects should be, at this level and below. */
static void check_level(const struct section *section, const char *prefix, const cJSON *object,
                        struct problems *problems)
{
    if (!cJSON_IsObject(object)) {
        report_not_object(section, prefix, object, problems);
        return;
    }
    struct level level;
    level_make(section, prefix, &level);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        int i = 0;
        while (i < level.n && strcmp(level.keys[i].name, item->string) != 0)
            i++;
        if (i == level.n) {
            report_unknown(section, &level, prefix, item->string, problems);
        } else if (level.keys[i].field == NULL) {
            char path[PATH_BYTES];
            level_path(prefix, level.keys[i].name, path);
            check_level(section, path, item, problems);
        }
    }
}

void keys_check(const struct section *section, const cJSON *object, struct problems *problems)
{
    check_level(section, "", object, problems);
}

void keys_check_sections(const struct section *const *sections, const cJSON *root, struct problems *problems)
{
    int n = 0;
    while (sections[n] != NULL)
        n++;
    const char **names = memory_allocate(n, sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = sections[i]->name;
    for (const cJSON *item = root->child; item != NULL; item = item->next) {
        int i = 0;
        while (i < n && strcmp(names[i], item->string) != 0)
            i++;
        if (i < n)
            continue;
        struct text path, what;
        text_init(&path);
        text_init(&what);
        json_add_key(&path, item->string);
        text_add(&what, "is not a section");
        add_suggestion(item->string, names, n, &what);
        problems_add(problems, path.bytes, what.bytes);
        text_clear(&path);
        text_clear(&what);
    }
    memory_free(names);
}
