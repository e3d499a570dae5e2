/* The common kind of record, a flat object of plain strings, whole numbers and words, read without building a tree. */
#ifndef ASSAY_RECORDS_FLAT_H
#define ASSAY_RECORDS_FLAT_H

#include <stdbool.h>
#include <stdint.h>

enum { FLAT_MOST = 24 }; /* members */

enum flat_kind {
    FLAT_STRING,  /* without escapes */
    FLAT_INTEGER, /* as JSON and snprintf both write it, at most 15 digits: never −0 */
    FLAT_WORD,    /* true or false */
    FLAT_NULL,
    FLAT_OTHER /* a value that is sound, but whose text is not its characters */
};

struct flat_member {
    const char *key, *value; /* borrowed from the line; a string's without its quotes */
    int64_t n_key, n_value;
    enum flat_kind kind;
};

struct flat {
    int n;
    struct flat_member members[FLAT_MOST];
};

/* True only for lines that json_parse_line accepts and whose members `flat` then holds.  False says nothing of the
 * line: nested values, escaped keys and all that is wrong are left to the parser that can say what.  @local */
bool flat_parse(const char *line, int64_t n, struct flat *flat);

/* NULL if there is none. */
const struct flat_member *flat_find(const struct flat *flat, const char *key);

#endif
