/* What a report says, before it becomes a page: headings, paragraphs, tables and charts, whose words are plain text.
 * Strings from data go in as they are; whoever writes a format escapes them. */
#ifndef ASSAY_REPORT_CONTENT_H
#define ASSAY_REPORT_CONTENT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a figure comes from: `assay prove RUN file:path[row]` proves it. */
struct source {
    const char *file, *path; /* "influence.h5", "/self"; file NULL: of no table */
    int64_t row;             /* −1: of all rows */
    const char *how;         /* what was done with it, "sum over rows"; NULL: shown as it is */
};

enum span_kind { SPAN_WORDS, SPAN_STRONG, SPAN_CODE, SPAN_NAME /* from data */, SPAN_NUMBER };

/* A piece of text, or the content of a cell. */
struct span {
    enum span_kind kind;
    const char *text; /* as shown, unescaped */
    bool is_whole;    /* a sentence from data, of which nothing is left out */
    double value;     /* of a number */
    struct source source;
};

/* How a number is shown. */
enum form {
    FORM_COUNT,  /* 1,437 */
    FORM_PLAIN,  /* 0.1234, four digits that count */
    FORM_SIGNED, /* +0.1234 */
    FORM_SHARE,  /* 12.3 % */
    FORM_UNIT    /* 0.123, of figures between 0 and 1 */
};

struct column {
    const char *heading;
    bool is_number; /* aligned to the right */
    bool has_bar;   /* its numbers are also drawn */
};

enum style { STYLE_LINE, STYLE_POINTS, STYLE_MARKS /* large rings around points of others */, STYLE_BARS };

struct series {
    const char *name;
    enum style style;
    int64_t n;
    const double *x, *y;
    const double *low, *high; /* of an interval about y; NULL: none */
    struct source source;     /* of y */
};

enum { MOST_SERIES = 6 };
struct chart {
    const char *title; /* what it shows, for those who do not see it too */
    const char *x_label, *y_label;
    bool log_x, log_y;
    bool counts_x;              /* x is of whole numbers, such as steps */
    const char *const *x_names; /* of x = 0, 1, …; NULL: numbers */
    int64_t n_name;
    struct series series[MOST_SERIES];
    int n_series;
};

enum block_kind { BLOCK_HEADING, BLOCK_PARAGRAPH, BLOCK_COMMANDS, BLOCK_TABLE, BLOCK_FIGURES, BLOCK_CHART };
enum tone { TONE_PLAIN, TONE_LEAD, TONE_NOTE, TONE_WARNING, TONE_GOOD };

struct block {
    enum block_kind kind;
    int level;                    /* heading: 1 to 3 */
    const char *title, *anchor;   /* heading, table; the anchor is of letters and digits, or NULL */
    enum tone tone;               /* paragraph */
    const struct column *columns; /* table */
    int n_column;
    struct span *spans; /* of a paragraph; cells of a table, row by row; one per command; label and value in turn */
    int64_t n_span;
    struct chart chart;
};

struct content {
    struct block *blocks;
    int64_t n_block;
    void **kept; /* memory that lives as long as the content */
    int64_t n_kept;
};

void content_init(struct content *content);
void content_clear(struct content *content);

/* Hands memory over to the content, and returns it.  @local */
void *content_keep(struct content *content, void *memory);
/* A formatted string that lives as long as the content.  @local */
const char *content_format(struct content *content, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *content_format_list(struct content *content, const char *format, va_list arguments);

void content_heading(struct content *content, int level, const char *anchor, const char *title);

/* Begins a paragraph; the words that follow are its own. */
void content_paragraph(struct content *content, enum tone tone);
void say(struct content *content, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_strong(struct content *content, const char *words);
void say_name(struct content *content, const char *name);
void say_code(struct content *content, const char *code);
void say_number(struct content *content, double value, enum form form, struct source source);

/* Begins a list of commands; each `say_code` is one. */
void content_commands(struct content *content);

/* Begins a table; `columns` outlive the content.  Cells come row by row. */
void content_table(struct content *content, const char *title, const struct column *columns, int n_column);
void cell_words(struct content *content, const char *words);
void cell_name(struct content *content, const char *name, struct source source);
void cell_sentence(struct content *content, const char *sentence, struct source source);
void cell_number(struct content *content, double value, enum form form, struct source source);

/* Begins a row of large figures; each is a label and a number. */
void content_figures(struct content *content);
void figure_number(struct content *content, const char *label, double value, enum form form, struct source source);

/* Begins a chart, whose strings and numbers outlive the content or are kept by it.  Series beyond MOST_SERIES are left
 * out. */
struct chart *content_chart(struct content *content, const char *title);
void chart_add(struct chart *chart, struct series series);

/* How a number of a column is shown in which some count and others measure. */
enum form form_of_size(double value);

/* `one` of one thing, else `many`. */
const char *plural(int64_t n, const char *one, const char *many);

/* A number as text; what is not finite is a dash.  The caller's buffer is returned.  @local */
char *form_number(double value, enum form form, char out[48]);

#endif
