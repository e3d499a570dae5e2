#include "seal/provenance.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <hdf5.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "config/json.h"
#include "seal/content.h"
#include "seal/dependencies.h"

void time_now(char text[32])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Digests of all tables on every rank.  SHA-256 runs through a file from end to end: one file keeps one rank busy. */
static enum status hash_tables(MPI_Comm comm, const struct log_plan *plan, uint8_t (*sha256)[DIGEST_BYTES])
{
    int rank, n_rank;
    enum status status = STATUS_OK;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    for (int i = rank; i < plan->n_table && status == STATUS_OK; i += n_rank)
        status = content_hash(plan->tables[i].path, 0, -1, sha256[i]);
    status = agree(comm, status);
    if (status == STATUS_OK)
        MPI_Allreduce(MPI_IN_PLACE, sha256, plan->n_table * DIGEST_BYTES, MPI_BYTE, MPI_BOR, comm);
    return status;
}

/* How many ranks ran on each host, in the order of their first ranks. */
static void add_hosts(MPI_Comm comm, struct statement *statement)
{
    char own[MPI_MAX_PROCESSOR_NAME] = {0}, *all = NULL;
    int rank, n_rank, length;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    MPI_Get_processor_name(own, &length);
    own[sizeof own - 1] = 0;
    if (rank == 0)
        all = memory_allocate(n_rank, sizeof own);
    MPI_Gather(own, sizeof own, MPI_CHAR, all, sizeof own, MPI_CHAR, 0, comm);
    for (int r = 0; r < n_rank && rank == 0; r++) {
        const char *name = all + (size_t)r * sizeof own;
        int64_t h = statement->n_host - 1; /* ranks of a host mostly come together */
        while (h >= 0 && strcmp(statement->hosts[h].name, name) != 0)
            h--;
        if (h >= 0)
            statement->hosts[h].ranks++;
        else
            statement_add_host(statement, name, 1);
    }
    memory_free(all);
}

static void add_versions(const struct seal_request *request, struct statement *statement)
{
    char library[MPI_MAX_LIBRARY_VERSION_STRING], hdf5[48];
    unsigned major, minor, release;
    int length;
    MPI_Get_library_version(library, &length);
    library[strcspn(library, ",\n")] = 0; /* the rest says who built it and where */
    H5get_libversion(&major, &minor, &release);
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    statement_add_version(statement, "assay", ASSAY_VERSION);
    statement_add_version(statement, "cJSON", cJSON_Version());
    statement_add_version(statement, "HDF5", hdf5);
    statement_add_version(statement, "MPI", library);
    statement_add_version(statement, "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING));
    for (const char *const *pair = request->versions; pair != NULL && pair[0] != NULL; pair += 2)
        statement_add_version(statement, pair[0], pair[1]);
}

static void add_tables(const struct log_plan *plan, struct statement *statement)
{
    for (int64_t d = 0, t = 0; t < plan->n_table; t++) {
        statement_add_table(statement, plan->tables[t].name);
        for (; d < plan->n_dataset && plan->datasets[d].table == t; d++)
            statement_add_extent(statement, &(struct extent){.object = (char *)plan->datasets[d].shape->path,
                                                             .offset = plan->datasets[d].offset,
                                                             .bytes = plan->datasets[d].bytes,
                                                             .rows = plan->datasets[d].n_row});
    }
}

static void add_subjects(const struct log_plan *plan, uint8_t (*sha256)[DIGEST_BYTES], const struct text *checkpoint,
                         struct statement *statement)
{
    uint8_t signed_note[DIGEST_BYTES];
    statement_add_subject(statement, "run.json", plan->config_sha256);
    for (int i = 0; i < plan->n_table; i++)
        statement_add_subject(statement, plan->tables[i].name, sha256[i]);
    digest_of(checkpoint->bytes, checkpoint->length, signed_note);
    statement_add_subject(statement, SEAL_CHECKPOINT, signed_note);
}

static char *invocation_id(void)
{
    uint8_t random[16];
    char hex[2 * sizeof random + 1];
    ASSERT(RAND_bytes(random, sizeof random) == 1);
    hex_encode(random, sizeof random, hex);
    return memory_copy_text(hex);
}

static enum status add_texts(const struct seal_request *request, const struct log_plan *plan,
                             struct statement *statement)
{
    const char *execution = request->execution_json != NULL ? request->execution_json : "{}";
    size_t n = strlen(execution);
    char now[32];
    struct text builder;
    cJSON *json = NULL;
    while (n > 0 && execution[n - 1] == '\n')
        n--;
    enum status status = json_parse(execution, n, "the execution config", BAD_RUN, &json);
    if (status == STATUS_OK && (execution[0] != '{' || execution[n - 1] != '}'))
        status = fail(BAD_RUN, "the execution config: expected one JSON object");
    cJSON_Delete(json);
    statement->inputs_directory = path_relative(request->run_directory, request->inputs_directory);
    if (status == STATUS_OK && statement->inputs_directory == NULL)
        status = fail(BAD_RUN, "%s: the directory of the inputs does not exist", request->inputs_directory);
    time_now(now);
    text_init(&builder);
    text_add(&builder, "https://%s", request->origin);
    statement->builder = text_take(&builder);
    text_clear(&builder);
    statement->config = memory_copy_text(plan->config);
    statement->config[plan->config_bytes - 1] = 0; /* the last line feed */
    statement->execution = memory_copy_text(execution);
    statement->execution[n] = 0;
    statement->origin = memory_copy_text(request->origin);
    statement->started = memory_copy_text(request->started != NULL ? request->started : now);
    statement->finished = memory_copy_text(now);
    statement->invocation = invocation_id();
    return status;
}

enum status provenance_make(MPI_Comm comm, const struct seal_request *request, const struct log_plan *plan,
                            const struct hash *root, const struct text *checkpoint, struct statement *statement)
{
    int rank, n_rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    *statement = (struct statement){.size = plan->n_entry, .ranks = n_rank, .root = *root};
    uint8_t(*sha256)[DIGEST_BYTES] = memory_allocate(plan->n_table, sizeof *sha256);
    enum status status = hash_tables(comm, plan, sha256);
    if (status == STATUS_OK) {
        add_hosts(comm, statement);
        if (rank == 0) {
            char *log = path_join(request->run_directory, "seal");
            add_subjects(plan, sha256, checkpoint, statement);
            add_tables(plan, statement);
            add_versions(request, statement);
            status = add_texts(request, plan, statement);
            if (status == STATUS_OK)
                status = dependencies_collect(log, plan->n_entry, statement);
            memory_free(log);
        }
        status = agree_from(comm, 0, status);
    }
    memory_free(sha256);
    return status;
}

bool provenance_is_same(const struct statement *a, const struct statement *b)
{
    struct text left, right;
    struct statement other = *b; /* borrows everything */
    other.hosts = a->hosts, other.n_host = a->n_host, other.ranks = a->ranks;
    other.versions = a->versions, other.n_version = a->n_version;
    other.execution = a->execution;
    other.started = a->started, other.finished = a->finished, other.invocation = a->invocation;
    text_init(&left);
    text_init(&right);
    statement_write(a, &left);
    statement_write(&other, &right);
    bool same = left.length == right.length && memcmp(left.bytes, right.bytes, left.length) == 0;
    text_clear(&left);
    text_clear(&right);
    return same;
}
