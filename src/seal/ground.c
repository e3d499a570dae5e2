#include "seal/ground.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "seal/dsse.h"
#include "seal/provenance.h"

enum { CHECKPOINT_LIMIT = 1 << 20, STATEMENT_LIMIT = 1 << 30 };

/* A log of more entries is none of ours: with blocks of 1 MiB its tables would have 4 PB.  The limit keeps a false
 * checkpoint from asking for any amount of memory. */
static const int64_t most_entries = (int64_t)1 << 32;

/* The run's own key, which seal_run stored with one line feed after it. */
static enum status load_own_key(const char *run_directory, struct verify_key *key)
{
    char *path = path_join(run_directory, SEAL_KEY), *bytes = NULL;
    size_t n = 0;
    enum status status = file_load(path, CHECKPOINT_LIMIT, &bytes, &n);
    if (status == STATUS_OK && (n == 0 || bytes[n - 1] != '\n'))
        status = fail(BAD_KEY, "%s: expected a line with a verification key", path);
    if (status == STATUS_OK)
        status = verify_key_parse(bytes, n - 1, path, key);
    memory_free(bytes);
    memory_free(path);
    return status;
}

static enum status load_key(const char *run_directory, const char *vkey, struct findings *findings,
                            struct ground *ground)
{
    struct verify_key own;
    enum status status = vkey != NULL ? verify_key_find(vkey, &ground->key) : STATUS_OK;
    bool has_own = status == STATUS_OK && load_own_key(run_directory, &own) == STATUS_OK;
    if (status == STATUS_OK && !has_own)
        findings_add(findings, FOUND_KEY, 0, SEAL_KEY ": the run's verification key is missing or damaged: %s",
                     failure_sentence());
    if (has_own && vkey != NULL && !verify_key_equal(&own, &ground->key))
        findings_add(findings, FOUND_KEY, 0, SEAL_KEY ": expected the key that was given, of %s, found another, of %s",
                     ground->key.name, own.name);
    if (has_own && vkey == NULL)
        ground->key = own;
    ground->key_was_given = vkey != NULL;
    ground->has_key = status == STATUS_OK && (has_own || vkey != NULL);
    return status;
}

/* The checkpoint's bytes, NULL if it cannot be read; *is_signed tells whether it holds. */
static char *load_checkpoint(const char *run_directory, struct findings *findings, struct ground *ground, size_t *n)
{
    char *path = path_join(run_directory, SEAL_CHECKPOINT), *bytes = NULL;
    enum status status = file_load(path, CHECKPOINT_LIMIT, &bytes, n);
    if (status == STATUS_OK)
        status = checkpoint_verify(bytes, *n, &ground->key, SEAL_CHECKPOINT, &ground->checkpoint);
    ground->has_root = status == STATUS_OK;
    if (status != STATUS_OK)
        findings_add(findings, FOUND_CHECKPOINT, 0, "%s", failure_sentence());
    memory_free(path);
    return bytes;
}

static void load_statement(const char *run_directory, struct findings *findings, struct ground *ground)
{
    char *path = path_join(run_directory, SEAL_STATEMENT), *bytes = NULL;
    size_t n = 0;
    struct text payload;
    text_init(&payload);
    enum status status = file_load(path, STATEMENT_LIMIT, &bytes, &n);
    if (status != STATUS_OK)
        status = fail(BAD_RUN, SEAL_STATEMENT ": %s", failure_sentence());
    if (status == STATUS_OK)
        status = dsse_verify(bytes, n, STATEMENT_TYPE, &ground->key, SEAL_STATEMENT, &payload);
    if (status == STATUS_OK)
        status = statement_parse(payload.bytes, payload.length, SEAL_STATEMENT, &ground->statement);
    ground->has_statement = status == STATUS_OK;
    if (status != STATUS_OK)
        findings_add(findings, FOUND_STATEMENT, 0, "%s", failure_sentence());
    text_clear(&payload);
    memory_free(bytes);
    memory_free(path);
}

/* What the statement says of the log must be what the checkpoint says; its files must be those of the run. */
static void compare_both(const char *checkpoint, size_t n, struct findings *findings, struct ground *ground)
{
    const struct statement *statement = &ground->statement;
    const struct subject *subject = statement_subject(statement, SEAL_CHECKPOINT);
    uint8_t sha256[DIGEST_BYTES];
    digest_of(checkpoint, n, sha256);
    if (ground->has_root &&
        (statement->size != ground->checkpoint.size || !hash_equal(&statement->root, &ground->checkpoint.root) ||
         strcmp(statement->origin, ground->checkpoint.origin) != 0))
        findings_add(findings, FOUND_STATEMENT, 0,
                     SEAL_STATEMENT ": it tells of a log of %lld entries with another root than the checkpoint's",
                     (long long)statement->size);
    if (subject == NULL || memcmp(subject->sha256.bytes, sha256, DIGEST_BYTES) != 0)
        findings_add(findings, FOUND_STATEMENT, 1,
                     SEAL_CHECKPOINT ": the file is not the one that the statement was made for");
    bool lists_all = statement->n_subject == statement->n_table + 2 && statement_subject(statement, "run.json") != NULL;
    for (int64_t t = 0; t < statement->n_table; t++)
        lists_all = lists_all && statement_subject(statement, statement->tables[t].path) != NULL;
    if (!lists_all)
        findings_add(findings, FOUND_STATEMENT, 2,
                     SEAL_STATEMENT ": its subjects are not run.json, the checkpoint and each of its tables");
    if (!ground->has_root) { /* the statement is signed too, and names the root */
        ground->checkpoint.size = statement->size;
        ground->checkpoint.root = statement->root;
        ground->has_root = true;
    }
}

static enum status load_all(const char *run_directory, const char *vkey, struct findings *findings,
                            struct ground *ground)
{
    char *path = path_join(run_directory, SEAL_CHECKPOINT);
    bool is_sealed = path_exists(path);
    memory_free(path);
    if (!is_sealed)
        return fail(BAD_RUN,
                    "%s: there is no " SEAL_CHECKPOINT ": the run was never sealed, or sealing did not come to "
                    "its end; run `assay seal` on its config",
                    run_directory);
    enum status status = load_key(run_directory, vkey, findings, ground);
    if (status != STATUS_OK || !ground->has_key)
        return status;
    size_t n = 0;
    char *checkpoint = load_checkpoint(run_directory, findings, ground, &n);
    load_statement(run_directory, findings, ground);
    if (ground->has_statement && checkpoint != NULL)
        compare_both(checkpoint, n, findings, ground);
    memory_free(checkpoint);
    if (ground->has_root && (ground->checkpoint.size < 1 || ground->checkpoint.size > most_entries)) {
        findings_add(findings, FOUND_CHECKPOINT, 1, SEAL_CHECKPOINT ": a log of %lld entries is none of a run",
                     (long long)ground->checkpoint.size);
        ground->has_root = false;
    }
    return STATUS_OK;
}

/* The statement travels as the text it is written as. */
static void share_statement(MPI_Comm comm, int rank, struct ground *ground)
{
    struct text payload;
    char *bytes = NULL;
    size_t n = 0;
    text_init(&payload);
    if (rank == 0) {
        statement_write(&ground->statement, &payload);
        bytes = payload.bytes;
        n = payload.length;
    }
    share_bytes(comm, &bytes, &n);
    if (rank != 0) {
        ASSERT(statement_parse(bytes, n, SEAL_STATEMENT, &ground->statement) == STATUS_OK);
        memory_free(bytes);
    }
    text_clear(&payload);
}

enum status ground_load(MPI_Comm comm, const char *run_directory, const char *vkey, struct findings *findings,
                        struct ground *ground)
{
    int rank;
    enum status status = STATUS_OK;
    *ground = (struct ground){0};
    MPI_Comm_rank(comm, &rank);
    if (rank == 0)
        status = load_all(run_directory, vkey, findings, ground);
    status = agree_from(comm, 0, status);
    if (status != STATUS_OK)
        return status;
    struct statement own = ground->statement; /* lists are shared as text, everything else as it is */
    MPI_Bcast(ground, (int)sizeof *ground, MPI_BYTE, 0, comm);
    ground->statement = own;
    if (ground->has_statement)
        share_statement(comm, rank, ground);
    return STATUS_OK;
}

void ground_clear(struct ground *ground)
{
    statement_clear(&ground->statement);
    *ground = (struct ground){0};
}
