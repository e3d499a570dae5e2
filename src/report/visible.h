/* Strings from data, made harmless to look at: nothing hides, nothing turns the line around. */
#ifndef ASSAY_REPORT_VISIBLE_H
#define ASSAY_REPORT_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* One character of a string of any bytes. */
struct glyph {
    const char *bytes; /* borrowed, within the string */
    int n;             /* bytes it takes */
    uint32_t code;     /* of the character; the byte itself where it is no UTF-8 */
    bool is_odd;       /* to be shown by its number: control, bidirectional mark, invisible, or no UTF-8 */
    bool is_byte;      /* no UTF-8 */
};

/* The character at `at`; false at the end.  `at` moves behind it.  @local */
bool glyph_next(const char **at, struct glyph *glyph);

/* Adds the number of an odd character: \x1b for a byte, \u{202e} for others.  @local */
void glyph_name(const struct glyph *glyph, struct text *out);

/* Adds a string with its odd characters shown by number; of more than `most` characters (0: no limit) the middle is
 * left out.  @local */
void text_add_visible(struct text *out, const char *value, int most);

/* Calls `add` for every character to be shown, and with NULL where the middle is left out.  @local */
void visible_walk(const char *value, int most, void (*add)(const struct glyph *glyph, struct text *out),
                  struct text *out);

#endif
