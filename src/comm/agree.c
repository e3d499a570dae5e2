#include "comm/agree.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long n_calls, fail_at;
static int fail_rank;

void agree_fail_at(long k, int rank)
{
    fail_at = n_calls + k;
    if (k == 0)
        fail_at = 0;
    fail_rank = rank;
}

long agree_calls(void)
{
    return n_calls;
}

static void read_environment(void)
{
    static bool seen;
    const char *wish = getenv("ASSAY_FAIL_AGREE");
    if (!seen && wish != NULL && sscanf(wish, "%ld,%d", &fail_at, &fail_rank) != 2)
        fail_at = 0;
    seen = true;
}

/* The status of this call after the test hook had its say. */
static enum status injected(MPI_Comm comm, enum status local)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    read_environment();
    n_calls++;
    if (fail_at != 0 && n_calls == fail_at && rank == fail_rank)
        return fail(FAULT_INJECTED, "a failure was injected at agreement %ld on rank %d, as the test asked", n_calls,
                    rank);
    return local;
}

static void share_sentence(MPI_Comm comm, int root)
{
    int rank, length = (int)strlen(failure_sentence());
    MPI_Comm_rank(comm, &rank);
    MPI_Bcast(&length, 1, MPI_INT, root, comm);
    char *sentence = calloc((size_t)length + 1, 1);
    ASSERT(sentence != NULL);
    if (rank == root)
        memcpy(sentence, failure_sentence(), (size_t)length);
    MPI_Bcast(sentence, length, MPI_CHAR, root, comm);
    fail(STATUS_OK, "%s", sentence);
    free(sentence);
}

/* What the maximum is taken of: a wish to stop must not hide a failure. */
static int severity(int status)
{
    return status == STATUS_OK ? STATUS_OK : status == STOPPED ? 1 : status < STOPPED ? status + 1 : status;
}

static int status_of(int severity)
{
    return severity == 0 ? STATUS_OK : severity == 1 ? STOPPED : severity <= STOPPED ? severity - 1 : severity;
}

enum status agree(MPI_Comm comm, enum status local)
{
    struct {
        int status, rank;
    } mine, worst;
    mine.status = severity((int)injected(comm, local));
    MPI_Comm_rank(comm, &mine.rank);
    MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MAXLOC, comm); /* equal ones: the lowest rank */
    worst.status = status_of(worst.status);
    if (worst.status != STATUS_OK)
        share_sentence(comm, worst.rank);
    return (enum status)worst.status;
}

enum status agree_from(MPI_Comm comm, int root, enum status local)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    return agree(comm, rank == root ? local : STATUS_OK);
}
