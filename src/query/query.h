/* SQL over a run: every table of its HDF5 files is a virtual table of SQLite, read-only, and the questions that people
 * ask most have names. */
#ifndef ASSAY_QUERY_QUERY_H
#define ASSAY_QUERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"
#include "table/table.h"

/* A block of rows that an answer was read from. */
struct query_block {
    const char *file;              /* "influence.h5"; borrowed while the run is open, like the dataset */
    const struct dataset *dataset; /* whose shape was used, too */
    int64_t first, n;              /* rows of it; n = 0: its shape alone */
    int64_t bytes;
    uint8_t sha256[DIGEST_BYTES]; /* of the very bytes that were used */
};

/* Who wants to know from where an answer came. */
struct query_watch {
    void *context;
    /* Rows of one block of a dataset whose rows have so many bytes: the grid on which blocks are read. */
    int64_t (*block_rows)(int64_t row_bytes);
    /* Called for every block that is read, possibly again for one that was dropped from memory. */
    void (*saw)(void *context, const struct query_block *block);
};

struct query; /* an open run */

/* `watch` may be NULL; borrowed.
 * @local   @fails BAD_RUN when it is no run directory or has no finished table, BAD_INPUT for a damaged table */
enum status query_open(const char *run_directory, const struct query_watch *watch, struct query **query);
void query_close(struct query *query);

/* ---- answers -------------------------------------------------------------------------------------------------- */

enum query_kind { QUERY_NULL, QUERY_INTEGER, QUERY_REAL, QUERY_TEXT };

struct query_value {
    enum query_kind kind;
    int64_t integer;
    double real;
    const char *text; /* n bytes and a zero byte behind them; borrowed until the row ends */
    int64_t n;
};

/* What takes an answer row by row; a status that is not OK ends it. */
struct query_sink {
    void *context;
    enum status (*begin)(void *context, const char *const *columns, int n_column);
    enum status (*row)(void *context, const struct query_value *values, int n_column);
    enum status (*end)(void *context);
};

/* One statement, which can only read.  `parameters` are the texts for ?1, ?2, … (NULL: NULL).
 * @local   @fails BAD_USAGE with the place for SQL that is wrong, unknown or writes; BAD_RUN for a table that is not
 * finished; BAD_INPUT for a damaged one; what the sink fails with */
enum status query_run(struct query *query, const char *sql, const char *const *parameters, int n_parameter,
                      const struct query_sink *sink);

/* Tables, columns, types, units and meanings, for people.  @local */
void query_tables(const struct query *query, struct text *text);
bool query_has_table(const struct query *query, const char *table);
/* The same as an answer: columns table, column, type, unit, text.  @fails what the sink fails with */
enum status query_tables_run(const struct query *query, const struct query_sink *sink);

#endif
