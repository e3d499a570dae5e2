#include "seal/seal.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "merkle/range_reduce.h"
#include "seal/audit.h"
#include "seal/checkpoint.h"
#include "seal/dsse.h"
#include "seal/log_store.h"
#include "seal/old_seal.h"
#include "seal/provenance.h"
#include "usage/store.h"

/* A run while it is sealed. */
struct sealing {
    MPI_Comm comm;
    int rank, n_rank;
    const struct seal_request *request;
    char *directory;         /* owned: seal/, also the log's */
    struct signing_key *key; /* owned; rank 0 */
    struct log_plan plan;
    bool has_samples;       /* the run has lineage */
    struct usage_tree tree; /* of samples, if so */
    struct log_part part;   /* this rank's entries */
    struct hash root;
    struct text checkpoint; /* as it will be signed; rank 0 */
    struct statement statement;
};

static enum status open_key(struct sealing *sealing)
{
    enum status status = STATUS_OK;
    if (sealing->rank == 0 && !path_is_directory(sealing->request->run_directory))
        status = fail(BAD_RUN, "%s: there is no such run directory", sealing->request->run_directory);
    if (sealing->rank == 0 && status == STATUS_OK)
        status = signing_key_open(sealing->request->key_path, sealing->request->origin, &sealing->key);
    return agree_from(sealing->comm, 0, status);
}

/* Every rank reads the tables' descriptions for itself, and all must have read the same. */
static enum status open_plan(struct sealing *sealing)
{
    const struct seal_request *request = sealing->request;
    enum status status = log_plan_open(request->run_directory, request->tables, request->n_table, &sealing->plan);
    status = agree(sealing->comm, status);
    if (status != STATUS_OK)
        return status;
    struct hash own, first;
    log_plan_digest(&sealing->plan, &own);
    first = own;
    MPI_Bcast(&first, (int)sizeof first, MPI_BYTE, 0, sealing->comm);
    if (!hash_equal(&own, &first))
        status = fail(BAD_RUN,
                      "%s: ranks 0 and %d read different tables there: seal when nothing writes to the run, on "
                      "a file system that all nodes share",
                      request->run_directory, sealing->rank);
    return agree(sealing->comm, status);
}

/* The tree of samples, of a run that has lineage; its entry comes after those of the tables. */
static enum status make_tree(struct sealing *sealing)
{
    const struct seal_request *request = sealing->request;
    struct usage_request usage = {.run_directory = request->run_directory,
                                  .origin = request->origin,
                                  .run_name = request->run_name,
                                  .quiet = request->quiet};
    for (int i = 0; i < request->n_table; i++) {
        sealing->has_samples = sealing->has_samples || strcmp(request->tables[i], "lineage.h5") == 0;
        usage.has_influence = usage.has_influence || strcmp(request->tables[i], "influence.h5") == 0;
    }
    if (!sealing->has_samples)
        return STATUS_OK;
    ASSERT(request->run_name != NULL);
    enum status status = usage_tree_make(sealing->comm, &usage, &sealing->tree);
    if (status == STATUS_OK)
        log_plan_add_samples(&sealing->plan, request->run_name, &sealing->tree.summary);
    return status;
}

/* First pass: every rank hashes its part, and the parts make the root. */
static enum status measure(struct sealing *sealing)
{
    struct progress progress;
    struct log_part *part = &sealing->part;
    log_plan_share(&sealing->plan, sealing->n_rank, sealing->rank, &part->begin, &part->end);
    progress_begin(&progress, sealing->rank == 0 && !sealing->request->quiet, "hashing", "entries",
                   part->end - part->begin, sealing->plan.n_entry);
    enum status status = agree(sealing->comm, log_part_make(&sealing->plan, BY_EXTENT, &progress, part));
    if (status != STATUS_OK)
        return status;
    progress_end(&progress);
    range_reduce(sealing->comm, &part->range, &sealing->root);
    if (sealing->rank == 0)
        checkpoint_write(sealing->plan.n_entry, &sealing->root, sealing->key, &sealing->checkpoint);
    return STATUS_OK;
}

/* Reads a small file of the run; NULL if it is not there. */
static char *load_old(const struct sealing *sealing, const char *name, size_t *n)
{
    enum { LIMIT = 1 << 30 };
    char *path = path_join(sealing->request->run_directory, name), *bytes = NULL;
    if (file_load(path, LIMIT, &bytes, n) != STATUS_OK)
        bytes = NULL;
    memory_free(path);
    return bytes;
}

static bool has_old(const struct sealing *sealing, const char *name, const struct text *expected)
{
    size_t n;
    char *bytes = load_old(sealing, name, &n);
    bool same = bytes != NULL && n == expected->length && memcmp(bytes, expected->bytes, n) == 0;
    memory_free(bytes);
    return same;
}

static void write_vkey(const struct sealing *sealing, struct text *text)
{
    verify_key_text(signing_key_public(sealing->key), text);
    text_add(text, "\n");
}

/* Whether the statement on disk is this key's, and of this run. */
static bool has_old_statement(const struct sealing *sealing)
{
    size_t n;
    struct text payload;
    struct statement old;
    char *bytes = load_old(sealing, SEAL_STATEMENT, &n);
    text_init(&payload);
    bool same = bytes != NULL && dsse_verify(bytes, n, STATEMENT_TYPE, signing_key_public(sealing->key), SEAL_STATEMENT,
                                             &payload) == STATUS_OK;
    if (same && statement_parse(payload.bytes, payload.length, SEAL_STATEMENT, &old) == STATUS_OK) {
        same = provenance_is_same(&old, &sealing->statement);
        statement_clear(&old);
    } else {
        same = false;
    }
    text_clear(&payload);
    memory_free(bytes);
    return same;
}

/* The log and the tree of samples on disk, read by other ranks than hashed them; *fits unless they are others. */
static enum status recheck(struct sealing *sealing, bool *fits)
{
    struct findings findings = {0};
    struct audit audit;
    const struct usage_summary *samples = &sealing->tree.summary;
    enum status status =
        log_recheck(sealing->comm, sealing->directory, &sealing->plan, &sealing->root, sealing->request->quiet);
    if (status == STATUS_OK && sealing->has_samples)
        status = usage_store_check(sealing->comm, sealing->request->run_directory, samples->size, &samples->root);
    if (status == STATUS_OK && sealing->has_samples)
        status = usage_store_check_samples(sealing->comm, sealing->request->run_directory, &sealing->tree);
    *fits = status == STATUS_OK;
    if (status != STATUS_OK)
        return status == DIFFERS ? STATUS_OK : status;
    audit_log(sealing->comm, sealing->directory, sealing->plan.n_entry, &sealing->root, &findings, &audit);
    findings_gather(sealing->comm, &findings);
    if (findings.total > 0) {
        fail(DIFFERS, "%s", findings.n > 0 ? findings.items[0].sentence : "");
        *fits = false;
    }
    findings_clear(&findings);
    audit_clear(&audit);
    return agree(sealing->comm, STATUS_OK);
}

/* Rank 0's answer to a question, on all ranks. */
static bool share_answer(const struct sealing *sealing, bool answer)
{
    int shared = answer;
    MPI_Bcast(&shared, 1, MPI_INT, 0, sealing->comm);
    return shared != 0;
}

/* Whether the run is sealed already, and nothing of the seal is missing or damaged. */
static enum status find_current(struct sealing *sealing, bool *is_current)
{
    struct text vkey;
    bool fits = false;
    text_init(&vkey);
    if (sealing->rank == 0)
        write_vkey(sealing, &vkey);
    fits = share_answer(sealing, sealing->rank == 0 && has_old(sealing, SEAL_CHECKPOINT, &sealing->checkpoint) &&
                                     has_old(sealing, SEAL_KEY, &vkey));
    text_clear(&vkey);
    enum status status = fits ? recheck(sealing, &fits) : STATUS_OK;
    if (status == STATUS_OK && fits) {
        status = provenance_make(sealing->comm, sealing->request, &sealing->plan, &sealing->root, &sealing->checkpoint,
                                 &sealing->statement);
        if (status == STATUS_OK)
            fits = share_answer(sealing, sealing->rank == 0 && has_old_statement(sealing));
        statement_clear(&sealing->statement);
    }
    *is_current = status == STATUS_OK && fits;
    return status;
}

/* Public key and statement, and only then the checkpoint.  @local to rank 0 */
static enum status store_signed(const struct sealing *sealing)
{
    struct text vkey, payload, envelope;
    const struct text *const contents[] = {&vkey, &envelope, &sealing->checkpoint};
    static const char *const names[] = {SEAL_KEY, SEAL_STATEMENT, SEAL_CHECKPOINT};
    enum status status = STATUS_OK;
    text_init(&vkey);
    text_init(&payload);
    text_init(&envelope);
    write_vkey(sealing, &vkey);
    statement_write(&sealing->statement, &payload);
    dsse_write(&payload, STATEMENT_TYPE, sealing->key, &envelope);
    for (int i = 0; i < 3 && status == STATUS_OK; i++) {
        char *path = path_join(sealing->request->run_directory, names[i]);
        status = file_store(path, contents[i]->bytes, contents[i]->length, 0666);
        memory_free(path);
    }
    text_clear(&vkey);
    text_clear(&payload);
    text_clear(&envelope);
    return status;
}

static enum status store(struct sealing *sealing)
{
    bool fits = false;
    enum status status =
        agree_from(sealing->comm, 0, sealing->rank == 0 ? old_seal_remove(sealing->directory) : STATUS_OK);
    if (status == STATUS_OK && sealing->has_samples)
        status = usage_store(sealing->comm, sealing->request->run_directory, &sealing->tree);
    if (status == STATUS_OK)
        status = log_store(sealing->comm, sealing->directory, &sealing->part, &sealing->root);
    if (status == STATUS_OK)
        status = recheck(sealing, &fits);
    if (status == STATUS_OK)
        status = agree(sealing->comm, fits ? STATUS_OK : DIFFERS); /* with the sentence that recheck left */
    if (status == STATUS_OK)
        status = provenance_make(sealing->comm, sealing->request, &sealing->plan, &sealing->root, &sealing->checkpoint,
                                 &sealing->statement);
    if (status == STATUS_OK)
        status = agree_from(sealing->comm, 0, sealing->rank == 0 ? store_signed(sealing) : STATUS_OK);
    return status;
}

static void fill_result(const struct sealing *sealing, bool unchanged, struct seal_result *result)
{
    struct text text;
    *result = (struct seal_result){.n_entry = sealing->plan.n_entry,
                                   .has_samples = sealing->has_samples,
                                   .samples = sealing->tree.summary,
                                   .unchanged = unchanged};
    text_init(&text);
    base64_encode(&text, sealing->root.bytes, DIGEST_BYTES);
    memcpy(result->root, text.bytes, text.length);
    text.length = 0;
    if (sealing->rank == 0) {
        verify_key_text(signing_key_public(sealing->key), &text);
        ASSERT(text.length < sizeof result->vkey);
        memcpy(result->vkey, text.bytes, text.length);
    }
    MPI_Bcast(result->vkey, (int)sizeof result->vkey, MPI_CHAR, 0, sealing->comm);
    text_clear(&text);
}

enum status seal_run(MPI_Comm comm, const struct seal_request *request, struct seal_result *result)
{
    struct sealing sealing = {.comm = comm, .request = request, .directory = path_join(request->run_directory, "seal")};
    bool is_current = false;
    MPI_Comm_rank(comm, &sealing.rank);
    MPI_Comm_size(comm, &sealing.n_rank);
    text_init(&sealing.checkpoint);
    enum status status = open_key(&sealing);
    if (status == STATUS_OK)
        status = open_plan(&sealing);
    if (status == STATUS_OK)
        status = make_tree(&sealing);
    if (status == STATUS_OK)
        status = measure(&sealing);
    if (status == STATUS_OK)
        status = find_current(&sealing, &is_current);
    if (status == STATUS_OK && !is_current)
        status = store(&sealing);
    if (status == STATUS_OK)
        fill_result(&sealing, is_current, result);
    statement_clear(&sealing.statement);
    text_clear(&sealing.checkpoint);
    log_part_clear(&sealing.part);
    usage_tree_clear(&sealing.tree);
    log_plan_close(&sealing.plan);
    signing_key_destroy(sealing.key);
    memory_free(sealing.directory);
    return status;
}
