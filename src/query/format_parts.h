/* What the formats share. */
#ifndef ASSAY_QUERY_FORMAT_PARTS_H
#define ASSAY_QUERY_FORMAT_PARTS_H

#include "query/format.h"

struct format_kind {
    const char *name;
    bool shortens;                                            /* shows only the first rows of long lists */
    void (*head)(struct format *format, const char *members); /* may be NULL, like note and tail */
    void (*begin)(struct format *format, const char *const *columns, int n_column);
    void (*row)(struct format *format, const struct query_value *values, int n_column);
    void (*end)(struct format *format);
    void (*note)(struct format *format, const char *sentence);
    void (*tail)(struct format *format, const char *members);
};

extern const struct format_kind table_format, csv_format, json_format;

enum { FORMAT_HELD = 200 }; /* rows that a table looks at before it fixes its widths */

struct format {
    const struct format_kind *kind;
    int width;
    struct format_out out;
    struct text text;  /* on its way out */
    const char *title; /* of this answer; borrowed; NULL: none */
    const char *list;  /* the column of lists; borrowed; NULL: none */
    int list_column;   /* which one that is; −1: none */
    int most;          /* rows to be shown; 0: all */
    int n_column;
    int64_t n_answer, n_row_here;
    bool has_notes;  /* JSON: a note was written */
    bool has_output; /* a table: something was written */
    /* A table only. */
    struct held_row {
        char **cells; /* owned; n_column of them */
        bool *is_number;
    } held[FORMAT_HELD + 1]; /* the names of the columns first */
    int n_held;
    struct text empty; /* titles of answers without rows, "; " behind each */
    int *widths;       /* owned; of shown columns, 0: left out; NULL until they are fixed */
    bool *is_right;    /* owned: the column has only numbers */
};

/* Gives the text to the caller: in large pieces, or `anyhow`. */
enum status format_flush(struct format *format, bool anyhow);
void format_drop_rows(struct format *format);

#endif
