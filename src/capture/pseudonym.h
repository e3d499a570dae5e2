/* Names that cannot be guessed back. */
#ifndef ASSAY_CAPTURE_PSEUDONYM_H
#define ASSAY_CAPTURE_PSEUDONYM_H

#include "base/digest.h"

/* HMAC-SHA-256 of `name` under `key`: a plain hash of a name that can be guessed hides nothing.
 * @local   @source RFC 2104 */
void pseudonym(const uint8_t *key, size_t n_key, const char *name, uint8_t out[DIGEST_BYTES]);

#endif
