#include "config/config.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/field.h"
#include "config/keys.h"
#include "config/level.h"

static int section_count(const struct section *const *sections)
{
    int n = 0;
    while (sections[n] != NULL)
        n++;
    return n;
}

/* The item at a dotted path; *blocked when something that is no object stands in the way, which keys_check reports. */
static const cJSON *item_at(const cJSON *object, const char *path, bool *blocked)
{
    const cJSON *item = object;
    while (item != NULL && *path) {
        size_t n = strcspn(path, ".");
        char key[KEY_BYTES];
        ASSERT(n < sizeof key);
        memcpy(key, path, n);
        key[n] = 0;
        *blocked = !cJSON_IsObject(item);
        item = json_member(item, key);
        path += n + (path[n] == '.');
    }
    return item;
}

static void set_default(const struct field *field, const char *path, void *values)
{
    cJSON *item = NULL;
    struct problems problems;
    problems_init(&problems, "default");
    ASSERT(json_parse(field->fallback, strlen(field->fallback), path, BAD_CONFIG, &item) == STATUS_OK);
    field_set(field, path, item, values, &problems);
    ASSERT(problems.n == 0); /* a default must be a value that the field accepts */
    problems_clear(&problems);
    cJSON_Delete(item);
}

static void fill_section(const struct section *section, const cJSON *object, void *values, bool *given,
                         struct problems *problems)
{
    for (int i = 0; i < section->n_field; i++) {
        const struct field *field = &section->fields[i];
        char path[PATH_BYTES];
        level_path(section->name, field->path, path);
        bool blocked = false;
        const cJSON *item = item_at(object, field->path, &blocked);
        given[i] = item != NULL;
        if (item != NULL) {
            field_set(field, path, item, values, problems);
        } else if (field->fallback == NULL && !blocked) {
            struct text what;
            text_init(&what);
            text_add(&what, "is missing: expected ");
            field_add_expected(field, &what);
            text_add(&what, " (%s)", field->text);
            problems_add(problems, path, what.bytes);
            text_clear(&what);
        } else if (field->fallback != NULL && field->fallback[0]) {
            set_default(field, path, values);
        }
    }
}

static void report_repeats(struct text *repeated, struct problems *problems)
{
    for (char *line = repeated->bytes; *line;) {
        size_t n = strcspn(line, "\n");
        line[n] = 0;
        problems_add(problems, "", line);
        line += n + 1;
    }
}

static void fill_config(const cJSON *root, struct config *config, struct problems *problems)
{
    if (!cJSON_IsObject(root)) {
        struct text what;
        text_init(&what);
        text_add(&what, "expected an object of sections, found ");
        json_add_found(&what, root);
        problems_add(problems, "", what.bytes);
        text_clear(&what);
        return;
    }
    keys_check_sections(config->sections, root, problems);
    for (int i = 0; config->sections[i]; i++) {
        const struct section *section = config->sections[i];
        const cJSON *object = json_member(root, section->name);
        config->present[i] = object != NULL;
        if (object == NULL)
            continue;
        int before = problems->n;
        keys_check(section, object, problems);
        if (cJSON_IsObject(object))
            fill_section(section, object, config->values[i], config->given[i], problems);
        if (problems->n == before && section->check && section->check(config->values[i]) != STATUS_OK)
            problems_add(problems, "", failure_sentence());
    }
}

enum status config_parse(const char *bytes, size_t n, const char *path, const struct section *const *sections,
                         struct config *config)
{
    cJSON *root = NULL;
    struct text repeated;
    struct problems problems;
    text_init(&repeated);
    problems_init(&problems, path);
    int n_section = section_count(sections);
    struct config parsed = {.sections = sections,
                            .values = memory_allocate(n_section, sizeof *parsed.values),
                            .present = memory_allocate(n_section, sizeof *parsed.present),
                            .given = memory_allocate(n_section, sizeof *parsed.given),
                            .name = memory_copy_text(path),
                            .directory = path_directory(path)};
    for (int i = 0; i < n_section; i++) {
        parsed.values[i] = memory_allocate(1, sections[i]->size);
        parsed.given[i] = memory_allocate(sections[i]->n_field, sizeof *parsed.given[i]);
    }
    enum status status = json_parse_lenient(bytes, n, path, BAD_CONFIG, &root, &repeated);
    if (status == STATUS_OK) {
        report_repeats(&repeated, &problems);
        fill_config(root, &parsed, &problems);
        status = problems_verdict(&problems, BAD_CONFIG);
    }
    cJSON_Delete(root);
    problems_clear(&problems);
    text_clear(&repeated);
    if (status == STATUS_OK)
        *config = parsed;
    else
        config_clear(&parsed);
    return status;
}

void config_clear(struct config *config)
{
    for (int i = 0; config->sections && config->sections[i]; i++) {
        const struct section *section = config->sections[i];
        for (int k = 0; k < section->n_field; k++)
            field_clear(&section->fields[k], config->values[i]);
        memory_free(config->values[i]);
        memory_free(config->given[i]);
    }
    memory_free(config->values);
    memory_free(config->present);
    memory_free(config->given);
    memory_free(config->name);
    memory_free(config->directory);
    *config = (struct config){0};
}

static int section_index(const struct config *config, const char *section)
{
    for (int i = 0; config->sections[i]; i++)
        if (strcmp(config->sections[i]->name, section) == 0 && config->present[i])
            return i;
    return -1;
}

void *config_get(const struct config *config, const char *section)
{
    int i = section_index(config, section);
    return i < 0 ? NULL : config->values[i];
}

bool config_given(const struct config *config, const char *section, const char *path)
{
    int i = section_index(config, section);
    for (int k = 0; i >= 0 && k < config->sections[i]->n_field; k++)
        if (strcmp(config->sections[i]->fields[k].path, path) == 0)
            return config->given[i][k];
    return false;
}
