#include <string.h>

#include "config/config.h"
#include "config/field.h"
#include "config/level.h"

/* No control characters: what field_set refuses. */
#define STRING_PATTERN "^[^\\\\u0000-\\\\u001f\\\\u007f]*$"
#define SIZE_PATTERN   "^(0|[1-9][0-9]*) ?(B|KiB|MiB|GiB|TiB)$"

static void add_type(struct text *text, const char *type)
{
    text_add(text, "\"type\": \"%s\"", type);
}

static void add_string(struct text *text, const struct field *field)
{
    bool may_be_empty = field->fallback && strcmp(field->fallback, "\"\"") == 0;
    add_type(text, "string");
    text_add(text, "%s, \"pattern\": \"" STRING_PATTERN "\"", may_be_empty ? "" : ", \"minLength\": 1");
}

static void add_number(struct text *text, const struct field *field, const char *type)
{
    add_type(text, type);
    if (field_has_minimum(field)) {
        text_add(text, ", \"minimum\": ");
        json_add_number(text, field->minimum);
    } else if (field->type == FIELD_BYTES) {
        text_add(text, ", \"minimum\": 0");
    }
    if (field_has_maximum(field)) {
        text_add(text, ", \"maximum\": ");
        json_add_number(text, field->maximum);
    }
}

static void add_list(struct text *text, const struct field *field)
{
    add_type(text, "array");
    text_add(text, ", \"items\": {");
    if (field->type == FIELD_STRINGS)
        add_string(text, field);
    else
        add_number(text, field, "number");
    text_add(text, "}");
}

static void add_choice(struct text *text, const struct field *field)
{
    text_add(text, "\"enum\": [");
    for (int i = 0; field->choices[i]; i++) {
        text_add(text, i > 0 ? ", " : "");
        text_add_json_string(text, field->choices[i]);
    }
    text_add(text, "]");
}

static void add_size(struct text *text, const struct field *field)
{
    text_add(text, "\"anyOf\": [{");
    add_number(text, field, "integer");
    text_add(text, "}, {\"type\": \"string\", \"pattern\": \"" SIZE_PATTERN "\"}]");
}

static void add_field(struct text *text, const struct field *field)
{
    text_add(text, "{\"description\": ");
    text_add_json_string(text, field->text);
    text_add(text, ", ");
    switch (field->type) {
        case FIELD_STRING:
            add_string(text, field);
            break;
        case FIELD_STRINGS:
        case FIELD_NUMBERS:
            add_list(text, field);
            break;
        case FIELD_INTEGER:
            add_number(text, field, "integer");
            break;
        case FIELD_NUMBER:
            add_number(text, field, "number");
            break;
        case FIELD_BOOLEAN:
            add_type(text, "boolean");
            break;
        case FIELD_CHOICE:
            add_choice(text, field);
            break;
        case FIELD_BYTES:
            add_size(text, field);
            break;
    }
    if (field->fallback && field->fallback[0])
        text_add(text, ", \"default\": %s", field->fallback);
    text_add(text, "}");
}

/* Whether anything at or below `path` must be given. */
static bool is_required(const struct section *section, const char *path)
{
    size_t n = strlen(path);
    for (int i = 0; i < section->n_field; i++) {
        const struct field *field = &section->fields[i];
        if (strncmp(field->path, path, n) == 0 && (field->path[n] == 0 || field->path[n] == '.') &&
            field->fallback == NULL)
            return true;
    }
    return false;
}

/* The members of an object schema, behind its own opening brace. */
static void add_members(struct text *text, const struct section *section, const char *prefix, int indent)
{
    struct level level;
    level_make(section, prefix, &level);
    char path[PATH_BYTES];
    text_add(text, "\"type\": \"object\", \"additionalProperties\": false,\n%*s\"properties\": {", indent, "");
    for (int i = 0; i < level.n; i++) {
        level_path(prefix, level.keys[i].name, path);
        text_add(text, "%s\n%*s\"%s\": ", i > 0 ? "," : "", indent + 2, "", level.keys[i].name);
        if (level.keys[i].field != NULL) {
            add_field(text, level.keys[i].field);
        } else {
            text_add(text, "{");
            add_members(text, section, path, indent + 4);
        }
    }
    text_add(text, "},\n%*s\"required\": [", indent, "");
    for (int i = 0, n = 0; i < level.n; i++) {
        level_path(prefix, level.keys[i].name, path);
        if (is_required(section, path))
            text_add(text, "%s\"%s\"", n++ > 0 ? ", " : "", level.keys[i].name);
    }
    text_add(text, "]}");
}

void config_schema(const struct section *const *sections, struct text *text)
{
    text_add(text, "{\n"
                   "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                   "  \"title\": \"Config of an Assay run\",\n"
                   "  \"type\": \"object\", \"additionalProperties\": false,\n"
                   "  \"properties\": {");
    for (int i = 0; sections[i]; i++) {
        text_add(text, "%s\n    \"%s\": {\"description\": ", i > 0 ? "," : "", sections[i]->name);
        text_add_json_string(text, sections[i]->text);
        text_add(text, ", ");
        add_members(text, sections[i], "", 6);
    }
    text_add(text, "}\n}\n");
}
