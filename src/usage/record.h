/* The record of one sample, as text: what a proof of use discloses.
 *
 *     assay/sample/v1
 *     id "digit-0005"
 *     role "train"
 *     …
 *
 * Lines end in LF and come in a fixed order; what is not known is a "-"; names are JSON strings, so that a name with a
 * line feed or a quote in it is still one line. */
#ifndef ASSAY_USAGE_RECORD_H
#define ASSAY_USAGE_RECORD_H

#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"

enum record_line {
    RECORD_ID,        /* "digit-0005" */
    RECORD_ROLE,      /* "train" */
    RECORD_OWNER,     /* pseudonym, hex */
    RECORD_POLICY,    /* SHA-256 of the policy (or -) and its name */
    RECORD_PROFILE,   /* the same of the depth profile */
    RECORD_DECISION,  /* "admit" */
    RECORD_REASON,    /* of a rejection */
    RECORD_USES,      /* how often it was used in training, 0 or more */
    RECORD_STEPS,     /* 1-3,7 or, where that is long, first 1 last 900 count 30 sha256 HEX (of the long form) */
    RECORD_INFLUENCE, /* SHA-256 of the sample's row of influence.h5:/self and, where kept, /scores, as stored: with
                         keep.scores false, of the 8 bytes of /self alone */
    N_RECORD_LINES
};

struct record_value {
    const char *bytes;
    size_t n;
};

/* Appends the text.  Values are borrowed, lines of text without a line feed.  @local */
void usage_record_write(const struct record_value values[N_RECORD_LINES], struct text *text);

/* Appends a whole number, a list of steps (ascending; repeats count once), or a name in JSON quotes (n bytes, no zero
 * byte).  @local */
void usage_add_integer(struct text *text, int64_t value);
void usage_add_steps(struct text *text, const int64_t *steps, int64_t n);
void usage_add_name(struct text *text, const char *name, size_t n);

struct usage_record {
    char *text; /* owned: the lines, cut apart */
    const char *values[N_RECORD_LINES];
    int64_t uses;
};

/* Takes a record apart; usage_record_clear releases it.  @local   @fails BAD_INPUT for the form */
enum status usage_record_parse(const char *bytes, size_t n, const char *where, struct usage_record *record);
void usage_record_clear(struct usage_record *record);

#endif
