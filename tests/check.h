/* CHECK counts and goes on: a test must not walk out of a collective. */
#ifndef ASSAY_TESTS_CHECK_H
#define ASSAY_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

static long checks_made, checks_failed;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        checks_made++;                                                                                                 \
        if (!(condition)) {                                                                                            \
            checks_failed++;                                                                                           \
            fprintf(stderr, "%s:%d: not true: %s (latest failure: %s)\n", __FILE__, __LINE__, #condition,              \
                    failure_sentence());                                                                               \
        }                                                                                                              \
    } while (0)

/* The call must fail with this status, and its sentence must contain `part`. */
#define CHECK_FAILS(call, expected, part)                                                                              \
    do {                                                                                                               \
        enum status check_status = (call);                                                                             \
        checks_made++;                                                                                                 \
        if (check_status != (expected) || strstr(failure_sentence(), (part)) == NULL) {                                \
            checks_failed++;                                                                                           \
            fprintf(stderr, "%s:%d: %s gave %s \"%s\", expected %s with \"%s\"\n", __FILE__, __LINE__, #call,          \
                    status_name(check_status), check_status ? failure_sentence() : "", status_name(expected), (part)); \
        }                                                                                                              \
    } while (0)

/* At the end of main of a test without MPI: `return check_end();` */
static inline int check_end(void)
{
    if (checks_made == 0) {
        fprintf(stderr, "no check was made\n");
        return EXIT_FAILURE;
    }
    printf("%ld passed, %ld failed\n", checks_made - checks_failed, checks_failed);
    return checks_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#ifdef MPI_VERSION
/* The same, summed over ranks; call it before MPI_Finalize (include <mpi.h> first). */
static inline int check_end_mpi(MPI_Comm comm)
{
    long counts[2] = {checks_made, checks_failed};
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Allreduce(MPI_IN_PLACE, counts, 2, MPI_LONG, MPI_SUM, comm);
    if (rank == 0)
        printf("%ld passed, %ld failed\n", counts[0] - counts[1], counts[1]);
    return counts[0] == 0 || counts[1] ? EXIT_FAILURE : EXIT_SUCCESS;
}
#endif

#endif
