/* The tables of a recorder file: one row per table, which its writer, its reader and its checks loop over. */
#ifndef ASSAY_CAPTURE_SCHEMA_H
#define ASSAY_CAPTURE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { SCHEMA_APPLICATION_ID = 0x41534159 /* "ASAY" */, SCHEMA_VERSION = 1 };

/* Arrays are packed, little-endian, and have as many elements as the column "n" of their row says. */
enum column_kind {
    COLUMN_KEY,     /* int64, the row's number in its table */
    COLUMN_INTEGER, /* int64 */
    COLUMN_REAL,    /* f64; absent stands for not a number, too, for SQLite has none */
    COLUMN_TEXT,    /* UTF-8 without a zero byte */
    COLUMN_DIGEST,  /* 32 bytes */
    COLUMN_I64S,    /* array of int64 */
    COLUMN_F32S,    /* array of f32 */
    COLUMN_F64S,    /* array of f64 */
    COLUMN_PARTS    /* positive int64s, as many as there are, that add up to n */
};

struct column {
    const char *name; /* NULL after the last one */
    enum column_kind kind;
    bool optional;
};

enum table_id {
    TABLE_META,
    TABLE_SESSION,
    TABLE_CLOSING,
    TABLE_LOST,
    TABLE_SAMPLE,
    TABLE_PARAMETER_GROUP,
    TABLE_DEFINITION,
    TABLE_USER,
    TABLE_ROLE,
    TABLE_PREPROCESSING,
    TABLE_MODALITY,
    TABLE_ADMISSION,
    TABLE_STEP,
    TABLE_CONTRIBUTION,
    TABLE_OPTIMIZER,
    TABLE_CHECKPOINT,
    TABLE_INFLUENCE,
    TABLE_PREDICTION,
    N_TABLE
};

enum { MAX_COLUMN = 12 };

struct table_schema {
    const char *name;
    struct column columns[MAX_COLUMN + 1];
};

extern const struct table_schema table_schemas[N_TABLE];

int schema_columns(enum table_id table); /* their number */
/* The column called `name`, which the table must have, and be of this kind (ASSERT).  @local */
int schema_find(enum table_id table, const char *name, enum column_kind kind);
/* Bytes per element of an array's kind.  @local */
size_t schema_element(enum column_kind kind);

/* The statement that makes a table, as it stands in the file, and the one that adds a row.  @local */
void schema_create(enum table_id table, struct text *statement);
void schema_insert(enum table_id table, struct text *statement);

#endif
