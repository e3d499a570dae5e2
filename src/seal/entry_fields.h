/* The lines of each kind of entry: one table that the writer and the parser both follow. */
#ifndef ASSAY_SEAL_ENTRY_FIELDS_H
#define ASSAY_SEAL_ENTRY_FIELDS_H

#include "seal/entry.h"

enum line_type {
    LINE_NAME,    /* const char *: a line of text, not empty */
    LINE_TEXT,    /* const char *: may be empty */
    LINE_INTEGER, /* int64_t >= 0 */
    LINE_IF_ANY,  /* the same, and no line at all for a 0 */
    LINE_SEGMENT, /* enum segment_kind: raw, logical */
    LINE_TYPE,    /* const char * that entry_type_bytes knows */
    LINE_SHAPE,   /* n_dim and dims: "100 20", or "scalar" */
    LINE_SHA256,
    LINE_WORD /* the bare name, without a value */
};

struct entry_line {
    const char *name;
    enum line_type type;
    size_t offset; /* in struct entry */
};

struct entry_form {
    const char *name; /* of the kind */
    const struct entry_line *lines;
    int n_line;
};

extern const struct entry_form entry_forms[ENTRY_KIND_COUNT];

#endif
