/* What can go wrong, and the one sentence that says it. */
#ifndef ASSAY_BASE_STATUS_H
#define ASSAY_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

/* One kind of failure each; the value is the program's exit code. */
enum status {
    STATUS_OK = 0,
    DIFFERS = 1,         /* verify, diff: the comparison was made, and something differs */
    BAD_USAGE = 2,       /* the command line */
    BAD_CONFIG = 3,      /* a config: JSON, keys, types, ranges */
    BAD_INPUT = 4,       /* an input file: missing, malformed, wrong dtype or shape, not finite */
    BAD_RUN = 5,         /* a run directory: of another config, incomplete, not a run */
    BAD_KEY = 6,         /* a signing or verification key */
    CANNOT_WRITE = 7,    /* output: permissions, disk full, short write */
    CANNOT_FIT = 8,      /* the plan refuses: memory or a range that the arithmetic cannot hold */
    NOT_CONVERGED = 9,   /* numerics: a solve or a range check that failed */
    FAULT_INJECTED = 10, /* a test asked for this failure */
    STOPPED = 11,        /* on request, in good order: run the same command again to go on */
    STATUS_COUNT
};

/* Short name and meaning of a status, for --help and tests.  @local */
const char *status_name(enum status status);
const char *status_text(enum status status);

/* Remembers a sentence for this thread and returns `status`, so that a caller can write
 * `return fail(BAD_INPUT, "...")`.  The sentence says what was expected, what was found, where, and what
 * to do.  Control bytes in it are shown as \xNN.  The latest failure wins.  @local */
enum status fail(enum status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The sentence of the latest failure of this thread; "" when there was none.  Borrowed.  @local */
const char *failure_sentence(void);

/* A broken invariant of our own: prints rank (if known), file and line, and aborts.  @local */
#define ASSERT(condition) ((condition) ? (void)0 : assertion_failed(#condition, __FILE__, __LINE__))
_Noreturn void assertion_failed(const char *condition, const char *file, int line);

/* Called by assertion_failed and memory_allocate before abort(); comm sets it to MPI_Abort. */
extern void (*on_abort)(void);

#endif
