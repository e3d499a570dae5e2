/* The statement: how a run was made and which files came out, as in-toto Statement v1 with SLSA Provenance v1.  It
 * names the root, but is not under it: ranks, hosts and times differ from run to run, the root does not.
 * @source in-toto.io/Statement/v1, slsa.dev/provenance/v1 */
#ifndef ASSAY_SEAL_STATEMENT_H
#define ASSAY_SEAL_STATEMENT_H

#include "merkle/merkle.h"
#include "seal/key.h"

#define STATEMENT_TYPE "application/vnd.in-toto+json"

/* A file of the run. */
struct subject {
    char *name; /* within the run directory */
    struct hash sha256;
};

/* An input file. */
struct dependency {
    char *name;           /* as the config names it */
    struct hash segments; /* SHA-256 of the texts of its input entries, in order */
    bool is_whole;        /* it is one raw segment, whose digest is then that of the file */
    struct hash sha256;   /* if is_whole */
};

/* Where the data of a dataset lie in its file, so that blocks can be checked without reading the file's structure. */
struct extent {
    char *object;
    int64_t offset, bytes; /* 0, 0 when it holds nothing */
    int64_t rows;
};

struct extent_list {
    char *path; /* of the table */
    struct extent *items;
    int64_t n; /* in order of object */
};

/* A name and a figure or a text. */
struct host {
    char *name;
    int64_t ranks;
};
struct version {
    char *name, *value;
};

/* Everything is owned; begins as {0}; statement_clear releases it.  Strings must be set before it is written. */
struct statement {
    struct subject *subjects;
    struct dependency *dependencies;
    struct extent_list *tables;
    struct host *hosts;
    struct version *versions;
    int64_t n_subject, n_dependency, n_table, n_host, n_version;
    char *origin;           /* of the log */
    int64_t size, ranks;    /* entries of the log; ranks that sealed it */
    struct hash root;       /* of the log */
    char *config;           /* JSON object: the bytes of run.json without the last LF */
    char *execution;        /* JSON object: choices that do not change a result */
    char *inputs_directory; /* from the run directory */
    char *builder;          /* URI of who ran it */
    char *started, *finished, *invocation;
};

void statement_clear(struct statement *statement);

/* The payload.  @local */
void statement_write(const struct statement *statement, struct text *payload);
/* Accepts exactly what statement_write writes.  @local   @fails BAD_RUN */
enum status statement_parse(const char *payload, size_t n, const char *where, struct statement *statement);

/* @local; NULL when there is none; borrowed */
const struct subject *statement_subject(const struct statement *statement, const char *name);
const struct extent *statement_extent(const struct statement *statement, const char *path, const char *object);

/* Appending; strings are copied.  Extents go to the latest table. */
void statement_add_subject(struct statement *statement, const char *name, const uint8_t sha256[DIGEST_BYTES]);
void statement_add_dependency(struct statement *statement, const struct dependency *dependency);
void statement_add_table(struct statement *statement, const char *path);
void statement_add_extent(struct statement *statement, const struct extent *extent);
void statement_add_host(struct statement *statement, const char *name, int64_t ranks);
void statement_add_version(struct statement *statement, const char *name, const char *value);

#endif
