#include "capture/schema.h"

#include <string.h>

#include "base/digest.h"
#include "base/status.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed arrays are written and read as they lie in memory: a big-endian machine needs a conversion here"
#endif

#define KEY(name)                                                                                                      \
    {                                                                                                                  \
        name, COLUMN_KEY, false                                                                                        \
    }
#define INTEGER(name)                                                                                                  \
    {                                                                                                                  \
        name, COLUMN_INTEGER, false                                                                                    \
    }
#define REAL(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_REAL, false                                                                                       \
    }
#define TEXT(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_TEXT, false                                                                                       \
    }
#define DIGEST(name)                                                                                                   \
    {                                                                                                                  \
        name, COLUMN_DIGEST, false                                                                                     \
    }
#define I64S(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_I64S, false                                                                                       \
    }
#define F32S(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_F32S, false                                                                                       \
    }
#define F64S(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_F64S, false                                                                                       \
    }
#define PARTS(name)                                                                                                    \
    {                                                                                                                  \
        name, COLUMN_PARTS, false                                                                                      \
    }
#define MAYBE(KIND, name)                                                                                              \
    {                                                                                                                  \
        name, COLUMN_##KIND, true                                                                                      \
    }

const struct table_schema table_schemas[N_TABLE] = {
    [TABLE_META] = {"meta", {TEXT("name"), TEXT("value")}},
    [TABLE_SESSION] = {"session", {KEY("number"), REAL("opened"), INTEGER("process"), TEXT("host"), TEXT("recorder")}},
    [TABLE_CLOSING] = {"closing",
                       {INTEGER("session"), REAL("time"), INTEGER("steps"), INTEGER("uses"), INTEGER("losses")}},
    [TABLE_LOST] = {"lost",
                    {INTEGER("session"), MAYBE(INTEGER, "step_first"), MAYBE(INTEGER, "step_last"), TEXT("what"),
                     INTEGER("count"), TEXT("reason")}},
    [TABLE_SAMPLE] = {"sample", {KEY("number"), TEXT("id"), MAYBE(DIGEST, "content")}},
    [TABLE_PARAMETER_GROUP] = {"parameter_group",
                               {KEY("number"), TEXT("name"), MAYBE(INTEGER, "parameters"), INTEGER("covered")}},
    [TABLE_DEFINITION] = {"definition",
                          {INTEGER("session"), TEXT("kind"), TEXT("name"), DIGEST("sha256"), TEXT("content")}},
    [TABLE_USER] = {"user", {INTEGER("session"), DIGEST("pseudonym"), INTEGER("n"), I64S("samples")}},
    [TABLE_ROLE] = {"role", {INTEGER("session"), TEXT("role"), INTEGER("n"), I64S("samples")}},
    [TABLE_PREPROCESSING] = {"preprocessing",
                             {INTEGER("session"), MAYBE(INTEGER, "step"), TEXT("name"), TEXT("parameters"),
                              INTEGER("n"), I64S("samples")}},
    [TABLE_MODALITY] = {"modality",
                        {INTEGER("session"), MAYBE(INTEGER, "step"), TEXT("modality"), INTEGER("n"), I64S("samples"),
                         F32S("weights")}},
    [TABLE_ADMISSION] = {"admission",
                         {INTEGER("session"), MAYBE(INTEGER, "step"), TEXT("decision"), TEXT("policy"),
                          MAYBE(TEXT, "profile"), MAYBE(TEXT, "reason"), INTEGER("n"), I64S("samples"),
                          MAYBE(F32S, "weights")}},
    [TABLE_STEP] = {"step",
                    {KEY("record"), INTEGER("session"), INTEGER("step"), MAYBE(INTEGER, "epoch"), REAL("time"),
                     MAYBE(REAL, "learning_rate"), MAYBE(REAL, "loss"), INTEGER("n"), I64S("samples"),
                     MAYBE(F32S, "losses"), MAYBE(F32S, "weights"), PARTS("micro_batches")}},
    [TABLE_CONTRIBUTION] = {"contribution",
                            {INTEGER("record"), INTEGER("parameter_group"), MAYBE(REAL, "learning_rate"),
                             MAYBE(REAL, "delta_norm"), MAYBE(REAL, "residual"), MAYBE(REAL, "rounding"),
                             INTEGER("conditional"), INTEGER("n"), MAYBE(F32S, "norms"), MAYBE(F64S, "shares")}},
    [TABLE_OPTIMIZER] = {"optimizer",
                         {INTEGER("record"), INTEGER("parameter_group"), TEXT("kind"), MAYBE(REAL, "norm"),
                          MAYBE(REAL, "share")}},
    [TABLE_CHECKPOINT] = {"checkpoint",
                          {INTEGER("session"), INTEGER("step"), TEXT("name"), MAYBE(TEXT, "file"),
                           MAYBE(DIGEST, "sha256"), MAYBE(REAL, "learning_rate"), MAYBE(REAL, "validation_loss")}},
    [TABLE_INFLUENCE] = {"influence",
                         {INTEGER("session"), TEXT("checkpoint"), TEXT("query"), TEXT("method"), INTEGER("n"),
                          I64S("samples"), F64S("scores")}},
    [TABLE_PREDICTION] = {"prediction",
                          {INTEGER("session"), MAYBE(INTEGER, "step"), MAYBE(TEXT, "checkpoint"), INTEGER("n"),
                           I64S("samples"), I64S("predicted"), MAYBE(I64S, "labels"), MAYBE(F32S, "probabilities")}},
};

int schema_columns(enum table_id table)
{
    int n = 0;
    while (table_schemas[table].columns[n].name != NULL)
        n++;
    return n;
}

int schema_find(enum table_id table, const char *name, enum column_kind kind)
{
    const struct column *columns = table_schemas[table].columns;
    int at = 0;
    while (columns[at].name != NULL && strcmp(columns[at].name, name) != 0)
        at++;
    ASSERT(columns[at].name != NULL && columns[at].kind == kind);
    return at;
}

size_t schema_element(enum column_kind kind)
{
    return kind == COLUMN_F32S ? sizeof(float) : kind == COLUMN_F64S ? sizeof(double) : sizeof(int64_t);
}

static void declare(const struct column *column, struct text *statement)
{
    static const char *const types[] = {
        [COLUMN_KEY] = "INTEGER PRIMARY KEY",
        [COLUMN_INTEGER] = "INTEGER",
        [COLUMN_REAL] = "REAL",
        [COLUMN_TEXT] = "TEXT",
    };
    bool plain = column->kind <= COLUMN_TEXT;
    text_add(statement, "%s %s%s", column->name, plain ? types[column->kind] : "BLOB",
             column->optional || column->kind == COLUMN_KEY ? "" : " NOT NULL");
    if (column->kind == COLUMN_DIGEST)
        text_add(statement, " CHECK (length(%s) = %d)", column->name, DIGEST_BYTES);
    else if (column->kind == COLUMN_PARTS)
        text_add(statement, " CHECK (length(%s) %% 8 = 0)", column->name);
    else if (!plain)
        text_add(statement, " CHECK (length(%s) = %zu * n)", column->name, schema_element(column->kind));
}

void schema_create(enum table_id table, struct text *statement)
{
    text_add(statement, "CREATE TABLE %s (", table_schemas[table].name);
    for (int i = 0; i < schema_columns(table); i++) {
        text_add(statement, "%s", i ? ", " : "");
        declare(&table_schemas[table].columns[i], statement);
    }
    text_add(statement, ")");
}

void schema_insert(enum table_id table, struct text *statement)
{
    text_add(statement, "INSERT INTO %s VALUES (", table_schemas[table].name);
    for (int i = 0; i < schema_columns(table); i++)
        text_add(statement, i ? ", ?" : "?");
    text_add(statement, ")");
}
