/* Whole files: inputs that are missing or too long, tables that differ outside their datasets. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "seal/content.h"
#include "seal/dependencies.h"
#include "seal/verify.h"

static void add_damaged(struct verification *verification, const char *path)
{
    segments_add(&verification->damaged, &(struct segment){.path = (char *)path, .object = (char *)"-"});
}

/* Pieces [first, last) are those of one input, in order: they must leave no byte out, and its size must be where they
 * end.
 * @local to rank 0 */
static void check_cover(struct verification *verification, int64_t first, int64_t last)
{
    const struct segment *pieces = verification->pieces.items;
    const char *name = pieces[first].path;
    int64_t covered = 0, size = 0;
    for (int64_t i = first; i < last; i++) {
        if (pieces[i].offset > covered)
            findings_add(&verification->findings, FOUND_FILE, first,
                         "input %s: bytes %lld to %lld are in no entry of the log: they could change unseen", name,
                         (long long)covered, (long long)pieces[i].offset);
        int64_t end = pieces[i].offset + pieces[i].bytes;
        covered = end > covered ? end : covered;
    }
    if (verification->inputs_directory == NULL)
        return;
    char *path = path_join(verification->inputs_directory, name);
    bool is_there = file_size(path, &size) == STATUS_OK;
    if (!is_there)
        findings_add(&verification->findings, FOUND_FILE, first, "input %s: %s", name, failure_sentence());
    else if (size != covered)
        findings_add(&verification->findings, FOUND_FILE, first,
                     "input %s: expected a file of %lld bytes, found %lld: it was %s", name, (long long)covered,
                     (long long)size, size < covered ? "truncated" : "extended");
    if (!is_there || size != covered)
        add_damaged(verification, name);
    memory_free(path);
}

static void check_covers(struct verification *verification)
{
    const struct segment_list *pieces = &verification->pieces;
    for (int64_t first = 0, last; first < pieces->n; first = last) {
        for (last = first + 1; last < pieces->n && strcmp(pieces->items[first].path, pieces->items[last].path) == 0;)
            last++;
        check_cover(verification, first, last);
    }
}

/* Rank 0's list on every rank. */
static enum status spread(MPI_Comm comm, int rank, struct segment_list *list)
{
    char *bytes = NULL;
    int64_t n = 0;
    enum status status = STATUS_OK;
    if (rank == 0)
        segments_pack(list, &bytes, &n);
    size_t length = (size_t)n;
    share_bytes(comm, &bytes, &length);
    if (rank != 0) {
        segments_clear(list);
        status = segments_unpack(bytes, (int64_t)length, list);
    }
    memory_free(bytes);
    return status;
}

enum status verify_inputs(struct verification *verification)
{
    enum status status = share_segments(verification->comm, &verification->pieces);
    if (status != STATUS_OK)
        return status;
    if (verification->rank == 0)
        check_covers(verification);
    status = share_segments(verification->comm, &verification->damaged);
    if (status != STATUS_OK)
        return status;
    return agree(verification->comm, spread(verification->comm, verification->rank, &verification->damaged));
}

/* @local */
static void hash_table(struct verification *verification, int64_t t)
{
    const struct statement *statement = &verification->ground.statement;
    const char *name = statement->tables[t].path;
    const struct subject *subject = statement_subject(statement, name);
    uint8_t sha256[DIGEST_BYTES];
    char *path = path_join(verification->run_directory, name);
    enum status status = content_hash(path, 0, -1, sha256);
    if (status != STATUS_OK) {
        findings_add(&verification->findings, FOUND_FILE, t, "%s: %s", name, failure_sentence());
        verification->is_block_wrong[t] = true; /* said already: nothing more about its structure */
    }
    verification->is_table_wrong[t] =
        status != STATUS_OK || subject == NULL || memcmp(sha256, subject->sha256.bytes, DIGEST_BYTES) != 0;
    memory_free(path);
}

void verify_tables(struct verification *verification)
{
    int64_t n = verification->ground.statement.n_table;
    for (int64_t t = verification->rank; t < n; t += verification->n_rank)
        hash_table(verification, t);
    MPI_Allreduce(MPI_IN_PLACE, verification->is_table_wrong, to_int(n), MPI_C_BOOL, MPI_LOR, verification->comm);
    MPI_Allreduce(MPI_IN_PLACE, verification->is_block_wrong, to_int(n), MPI_C_BOOL, MPI_LOR, verification->comm);
    for (int64_t t = 0; t < n && verification->rank == 0; t++)
        if (verification->is_table_wrong[t] && !verification->is_block_wrong[t])
            findings_add(&verification->findings, FOUND_FILE, t,
                         "%s: HDF5 metadata of %s differs from what was sealed: bytes outside all datasets were "
                         "changed, the rows are as they were",
                         verification->ground.statement.tables[t].path, verification->ground.statement.tables[t].path);
}

static bool is_same_dependency(const struct dependency *a, const struct dependency *b)
{
    return strcmp(a->name, b->name) == 0 && hash_equal(&a->segments, &b->segments) && a->is_whole == b->is_whole &&
           hash_equal(&a->sha256, &b->sha256);
}

void verify_dependencies(struct verification *verification)
{
    const struct statement *told = &verification->ground.statement;
    struct statement listed = {0};
    if (dependencies_collect(verification->log, verification->ground.checkpoint.size, &listed) == STATUS_OK) {
        bool same = listed.n_dependency == told->n_dependency;
        for (int64_t i = 0; same && i < listed.n_dependency; i++)
            same = is_same_dependency(&listed.dependencies[i], &told->dependencies[i]);
        if (!same)
            findings_add(&verification->findings, FOUND_STATEMENT, 4,
                         "seal/statement.intoto.jsonl: its list of inputs is not that of the log");
    }
    statement_clear(&listed);
}
