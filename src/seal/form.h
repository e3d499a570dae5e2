/* One description of a JSON text, followed both to write it and to read it back: what is read is exactly what would be
 * written.  A function that walks a struct with these calls adds to form->out, or takes from form->in. */
#ifndef ASSAY_SEAL_FORM_H
#define ASSAY_SEAL_FORM_H

#include "base/cursor.h"
#include "base/text.h"

struct form {
    struct text *out; /* borrowed; NULL when reading */
    struct cursor in; /* when reading; in.ok says whether all was as expected so far */
};

void form_literal(struct form *form, const char *text);
/* A JSON string in the one way text_add_json_string writes it.  Reading: *value is owned by the caller (NULL on
 * failure). */
void form_string(struct form *form, char **value);
void form_integer(struct form *form, int64_t *value);
/* 64 hex digits in quotes. */
void form_digest(struct form *form, uint8_t sha256[32]);
/* A JSON object as it stands, from its first brace to its last.  Reading: *value is owned by the caller. */
void form_object(struct form *form, char **value);

/* Whether a list has an element i, of n when writing; writes or takes the comma before it.  Reading ends at a ']',
 * which is left to be taken. */
bool form_next(struct form *form, int64_t i, int64_t n);
/* The list with room for element i when reading, counted in *n; the list as it is when writing. */
void *form_room(const struct form *form, void *items, int64_t i, int64_t *n, size_t size);
/* Both: the condition of a loop over the elements of a list. */
#define FORM_NEXT(form, i, items, n)                                                                                   \
    (form_next(form, i, n) && ((items) = form_room(form, items, i, &(n), sizeof *(items))) != NULL)

/* Room for one more element, zeroed, after n of them, in a list that begins as NULL; the list, perhaps moved.  @local
 */
void *list_grow(void *items, int64_t n, size_t size);

#endif
