#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} statuses[STATUS_COUNT] = {
    [STATUS_OK] = {"ok", "all is well"},
    [DIFFERS] = {"differs", "the comparison was made, and something differs"},
    [BAD_USAGE] = {"bad usage", "the command line is wrong"},
    [BAD_CONFIG] = {"bad config", "the config is wrong: JSON, keys, types or ranges"},
    [BAD_INPUT] = {"bad input", "an input file is missing, malformed, or of the wrong type, shape or content"},
    [BAD_RUN] = {"bad run", "the run directory is of another config, incomplete, or not a run"},
    [BAD_KEY] = {"bad key", "a signing or verification key cannot be used"},
    [CANNOT_WRITE] = {"cannot write", "an output could not be written"},
    [CANNOT_FIT] = {"cannot fit", "the plan does not fit the memory or the arithmetic"},
    [NOT_CONVERGED] = {"not converged", "a numerical step did not reach its bound"},
    [STOPPED] = {"stopped", "stopped on request, in good order: the same command goes on from there"},
    [FAULT_INJECTED] = {"fault injected", "a test asked for this failure"},
};

/* Long enough for a list of config problems; a sentence that is longer is cut, never overrun. */
static _Thread_local char sentence[64 * 1024];

void (*on_abort)(void);

const char *status_name(enum status status)
{
    return status >= 0 && status < STATUS_COUNT ? statuses[status].name : "unknown";
}

const char *status_text(enum status status)
{
    return status >= 0 && status < STATUS_COUNT ? statuses[status].text : "unknown";
}

/* Control bytes from data must not reach a terminal or forge a log line; LF is ours, between listed problems. */
static void copy_harmless(const char *from, char *to, size_t room)
{
    size_t used = 0;
    for (; *from && used + 5 < room; from++) {
        unsigned char byte = (unsigned char)*from;
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f)
            used += (size_t)snprintf(to + used, room - used, "\\x%02x", byte);
        else
            to[used++] = *from;
    }
    to[used] = 0;
}

enum status fail(enum status status, const char *format, ...)
{
    static _Thread_local char draft[sizeof sentence];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(draft, sizeof draft, format, arguments);
    va_end(arguments);
    copy_harmless(draft, sentence, sizeof sentence);
    return status;
}

const char *failure_sentence(void)
{
    return sentence;
}

void assertion_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "assay: internal error at %s:%d: %s does not hold\n", file, line, condition);
    if (on_abort)
        on_abort();
    abort();
}
