/* Days of the calendar. */
#ifndef ASSAY_ADMISSION_DAY_H
#define ASSAY_ADMISSION_DAY_H

#include <stdbool.h>
#include <stdint.h>

/* Days since 1970-01-01 of "2024-03-31".  False if it is anything else.  @local */
bool day_parse(const char *text, int64_t *day);
/* The same, also of a time in UTC, "2024-03-31T12:00:00Z" or with a fraction of seconds.  @local */
bool day_of_time(const char *text, int64_t *day);

enum { DAY_BYTES = 16 };
/* "2024-03-31" */
char *day_text(int64_t day, char text[DAY_BYTES]);

#endif
