#include <string.h>

#include "config/config.h"
#include "config/field.h"
#include "config/level.h"

/* One section on its way to text. */
struct printer {
    const struct section *section;
    const void *values;
    const bool *given;
    enum field_scope scope;
    struct text *text;
};

static bool is_printed(const struct printer *printer, const struct field *field)
{
    bool absent = field->fallback && !field->fallback[0] && !printer->given[field - printer->section->fields];
    return field->scope == printer->scope && !absent;
}

/* Whether anything at or below `path` is printed. */
static bool any_printed(const struct printer *printer, const char *path)
{
    size_t n = strlen(path);
    for (int i = 0; i < printer->section->n_field; i++) {
        const struct field *field = &printer->section->fields[i];
        if (strncmp(field->path, path, n) == 0 && (field->path[n] == 0 || field->path[n] == '.') &&
            is_printed(printer, field))
            return true;
    }
    return false;
}

static void add_object(const struct printer *printer, const char *prefix, int indent)
{
    struct level level;
    level_make(printer->section, prefix, &level);
    int n = 0;
    for (int i = 0; i < level.n; i++) {
        char path[PATH_BYTES];
        level_path(prefix, level.keys[i].name, path);
        if (!any_printed(printer, path))
            continue;
        text_add(printer->text, "%s\n%*s\"%s\": ", n++ == 0 ? "{" : ",", indent + 2, "", level.keys[i].name);
        if (level.keys[i].field != NULL)
            field_add_value(level.keys[i].field, printer->values, printer->text);
        else
            add_object(printer, path, indent + 2);
    }
    if (n == 0)
        text_add(printer->text, "{}");
    else
        text_add(printer->text, "\n%*s}", indent, "");
}

static bool has_scope(const struct section *section, enum field_scope scope)
{
    for (int i = 0; i < section->n_field; i++)
        if (section->fields[i].scope == scope)
            return true;
    return false;
}

void config_resolved(const struct config *config, enum field_scope scope, struct text *text)
{
    int n = 0;
    for (int i = 0; config->sections[i]; i++) {
        const struct section *section = config->sections[i];
        if (!config->present[i] || !has_scope(section, scope))
            continue;
        text_add(text, "%s\n  \"%s\": ", n++ == 0 ? "{" : ",", section->name);
        add_object(&(struct printer){section, config->values[i], config->given[i], scope, text}, "", 2);
    }
    text_add(text, n == 0 ? "{}\n" : "\n}\n");
}
