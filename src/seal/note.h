/* Signed notes: a text, a blank line, and a line per signature.   @source c2sp.org/signed-note */
#ifndef ASSAY_SEAL_NOTE_H
#define ASSAY_SEAL_NOTE_H

#include "seal/key.h"

/* Adds the note: `body` (plain lines, each ended by LF), a blank line, the signature.  @local */
void note_write(const struct text *body, const struct signing_key *key, struct text *note);

/* The length of the body of a note that `key` signed.  Signatures by others are passed over; a false one by this key is
 * refused, and so is a note that this key did not sign.  `where` names it in the sentence.
 * @local   @fails DIFFERS for signatures, BAD_RUN for the form */
enum status note_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                        size_t *body_bytes);

#endif
