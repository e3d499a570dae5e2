/* Sizes as people write them: "512 MiB". */
#ifndef ASSAY_CONFIG_BYTES_H
#define ASSAY_CONFIG_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* An integer without sign or leading zero, at most one space, and B, KiB, MiB, GiB or TiB.  false if `size` is anything
 * else or does not fit.  @local */
bool bytes_parse(const char *size, int64_t *bytes);

/* Adds the size in the largest unit that divides it, without quotes: "512 MiB".  @local */
void bytes_add(struct text *text, int64_t bytes);

#endif
