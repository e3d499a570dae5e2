/* Another program, run on a text: its standard input, no shell, and only so long. */
#ifndef ASSAY_REPORT_CHILD_H
#define ASSAY_REPORT_CHILD_H

#include "base/text.h"

enum child_end {
    CHILD_DONE,    /* it ended by itself with exit code 0 */
    CHILD_ABSENT,  /* there is no such program */
    CHILD_FAILED,  /* another exit code, or a signal */
    CHILD_TOO_LATE /* it was killed: time was up, or it said more than `most` bytes */
};

/* Runs a program (looked for on PATH; `arguments` end in NULL and begin with its name) in the C locale, gives it
 * `input`, and adds what it prints to `output` and its complaints to `errors`, at most `most` bytes each.
 * @local */
enum child_end child_run(const char *const *arguments, const struct text *input, double seconds, size_t most,
                         struct text *output, struct text *errors);

#endif
