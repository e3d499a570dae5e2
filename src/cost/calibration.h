/* How fast one core of a machine is at what the jobs do: measured once, kept in a file, and used by every plan. */
#ifndef ASSAY_COST_CALIBRATION_H
#define ASSAY_COST_CALIBRATION_H

#include "base/status.h"
#include "base/text.h"

enum { CALIBRATION_DIGITS = 4 };

/* Rates are per second of one core. */
struct calibration {
    char cpu[128], date[32], backend[32], version[32];
    double read_bytes;                      /* read from a file in memory, and hashed */
    double digit_values;                    /* stored numbers that become digits, norms included */
    double digit_products;                  /* 8-bit products, in long contractions */
    double score_terms[CALIBRATION_DIGITS]; /* by number of digits: all else that one term of a score takes */
    double tallies;                         /* a score counted once: for kept entries, or a total */
    double kept;                            /* entries that are put into a list */
    double write_bytes;                     /* written to a file and brought to disk */
    double record_lines;                    /* lines of the samples file, parsed */
};

/* From the file that calibration_store wrote; anything else in it is refused.  @local   @fails BAD_INPUT */
enum status calibration_load(const char *path, struct calibration *calibration);
/* As JSON; missing directories are made.  @local   @fails CANNOT_WRITE */
enum status calibration_store(const char *path, const struct calibration *calibration);

/* Where it is kept unless told otherwise: $XDG_CONFIG_HOME or ~/.config, assay/calibration.json.  The caller owns it;
 * NULL when the environment names no home.  @local */
char *calibration_default_path(void);

/* The rates, one line each, for people.  @local */
void calibration_show(const struct calibration *calibration, struct text *out);

/* Fills in cpu, date and version.  @local */
void calibration_describe(struct calibration *calibration);

#endif
