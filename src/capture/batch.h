/* Rows on their way into a recorder file, held as bytes until their transaction is written. */
#ifndef ASSAY_CAPTURE_BATCH_H
#define ASSAY_CAPTURE_BATCH_H

#include "capture/schema.h"

struct batch {
    struct text bytes; /* owned; packed rows */
    enum table_id table;
    int column; /* of the row under way: the next to be given; 0 between rows */
};

void batch_init(struct batch *batch);
void batch_clear(struct batch *batch);
bool batch_is_empty(const struct batch *batch);
/* Appends the rows of `more`, which stays as it is. */
void batch_append(struct batch *batch, const struct batch *more);

/* A row is begun, then given its columns in their order, each by the function of its kind (ASSERT).  Bytes are copied;
 * NULL stands for an absent optional value, and so does a real that is not a number. */
void batch_row(struct batch *batch, enum table_id table);
void batch_integer(struct batch *batch, int64_t value);
void batch_maybe_integer(struct batch *batch, int64_t value); /* absent below 0 */
void batch_real(struct batch *batch, double value);
void batch_text(struct batch *batch, const char *value);
void batch_digest(struct batch *batch, const uint8_t *value);
void batch_array(struct batch *batch, int64_t n, const void *values); /* n elements of the column's kind */

/* One value of a row, as SQLite wants it bound.  Bytes are borrowed from the batch. */
enum value_kind { VALUE_NONE, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

struct value {
    enum value_kind kind;
    int64_t integer;
    double real;
    const char *bytes;
    int64_t n;
};

/* Walks over the rows: *at starts at 0; false at the end.  batch_next_value is then called once per column. */
bool batch_next_row(const struct batch *batch, size_t *at, enum table_id *table);
struct value batch_next_value(const struct batch *batch, size_t *at);

#endif
