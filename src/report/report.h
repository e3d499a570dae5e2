/* One page about a run, for people: what was asked, the answer, where every figure comes from, and how to check it. */
#ifndef ASSAY_REPORT_REPORT_H
#define ASSAY_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum report_format { REPORT_HTML, REPORT_MARKDOWN, REPORT_CSV, N_REPORT_FORMATS };
/* The format of that name; N_REPORT_FORMATS if there is none.  @local */
enum report_format report_format_named(const char *name);

/* What the caller knows of the run's seal. */
struct report_seal { /* all borrowed */
    bool is_sealed;
    const char *trouble; /* why the seal does not hold; NULL: it does, or there is none */
    const char *origin, *root, *vkey;
    int64_t n_entry;
    bool was_verified;           /* all files were compared with the root just now */
    const char *const *findings; /* what differed then */
    int64_t n_finding;           /* of those listed */
    int64_t n_finding_total;
};

struct report_request { /* all borrowed */
    const char *run_directory;
    const char *command; /* how people call the program, for the commands they are told */
    enum report_format format;
    struct report_seal seal;
};

struct report_outcome {
    int n_chart, n_plot;    /* charts it has, and those that could be drawn */
    char plot_trouble[200]; /* why some could not; "" if all were, or none was wanted */
    int n_missing;          /* things the run should have and has not */
};

/* Adds the page to `out`.  Runs gnuplot for the charts of an HTML page; without it the page has their numbers instead.
 * Its bytes depend on the run, the request and gnuplot alone.
 * @local   @fails BAD_RUN when the directory is no run */
enum status report_write(const struct report_request *request, struct text *out, struct report_outcome *outcome);

#endif
