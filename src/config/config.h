/* Configs: one JSON file, one section per job, one table of fields per section. */
#ifndef ASSAY_CONFIG_CONFIG_H
#define ASSAY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum field_type {
    FIELD_STRING,  /* char *            owned by the section struct; NULL when optional and absent */
    FIELD_STRINGS, /* struct strings */
    FIELD_INTEGER, /* int64_t */
    FIELD_NUMBER,  /* double, finite */
    FIELD_NUMBERS, /* struct numbers */
    FIELD_BOOLEAN, /* bool */
    FIELD_CHOICE,  /* int: index into `choices` */
    FIELD_BYTES    /* int64_t; JSON string like "2 GiB" / "512 MiB" or an integer */
};

struct strings {
    char **items;
    int64_t n;
}; /* owned */
struct numbers {
    double *items;
    int64_t n;
}; /* owned */

enum field_scope {
    SCOPE_RESULT,   /* decides the result: goes into run.json and under the root */
    SCOPE_EXECUTION /* where and how fast: directory, key, memory, backend.  Never changes a result */
};

struct field {
    const char *path; /* within the section, nested objects by dots: "keep.top" */
    enum field_type type;
    size_t offset; /* offsetof in the section's struct */
    enum field_scope scope;
    const char *fallback;       /* JSON text of the default; NULL: required; "" : optional without default */
    double minimum, maximum;    /* for numbers, integers, bytes (ignored when both 0); for lists: bounds of each item */
    const char *const *choices; /* NULL-terminated names, for FIELD_CHOICE */
    const char *text;           /* what it is, with its unit: for --help and schema.json */
};

struct section {
    const char *name; /* "influence" */
    const char *text; /* one sentence */
    const struct field *fields;
    int n_field;
    size_t size; /* of the struct that the fields' offsets refer to */
    /* What no single field can say; NULL: nothing.  Called once all fields of the section are good; the sentence of its
     * failure starts with a field's path, "run.origin: expected …, found …". */
    enum status (*check)(const void *values);
};

/* A parsed config: for every section of `sections`, whether it was there and its filled struct. */
struct config {
    const struct section *const *sections; /* borrowed, NULL-terminated */
    void **values;                         /* owned; per section a zeroed struct of section->size, filled if present */
    bool *present;                         /* owned */
    bool **given;                          /* owned; per section and field: in the file, not a default */
    char *name;                            /* owned; the path as given, for sentences */
    char *directory;                       /* owned; of the config file: inputs are relative to it */
};

/* Reads a whole config.  All problems (unknown, missing, repeated keys; wrong types; out of range) are found in one go:
 * the failure sentence is a list, one line each, "PATH: expected …, found …".
 * @local   @fails BAD_CONFIG */
enum status config_parse(const char *bytes, size_t n, const char *path, const struct section *const *sections,
                         struct config *config);
void config_clear(struct config *config);

/* The struct of a section by its name, or NULL when the config does not have it. */
void *config_get(const struct config *config, const char *section);

/* Whether the config gives a field itself, rather than leave it to its default ("keep.top" of "influence").  @local */
bool config_given(const struct config *config, const char *section, const char *path);

/* The resolved config in canonical JSON: every present section, in order of the table, every field with its default
 * filled in, of the scope asked for (RESULT for run.json).  Two spaces indent, LF, doubles with the fewest of 15 to 17
 * digits that read back, sizes in the largest unit that divides them.  Left out: sections without a field of that
 * scope, and optional fields that are absent.
 * @local */
void config_resolved(const struct config *config, enum field_scope scope, struct text *text);

/* Help for one section (name, type, default, meaning per field), and a JSON Schema (draft 2020-12) for all. */
void config_help(const struct section *section, struct text *text);
void config_schema(const struct section *const *sections, struct text *text);

#endif
