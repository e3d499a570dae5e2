/* DSSE envelopes: a payload and a signature over its type and bytes, as one line of JSON.
 * @source github.com/secure-systems-lab/dsse, protocol 1.0 */
#ifndef ASSAY_SEAL_DSSE_H
#define ASSAY_SEAL_DSSE_H

#include "seal/key.h"

/* Adds {"payload":…,"payloadType":…,"signatures":[{"keyid":…,"sig":…}]} and LF; keyid is the key's id in hex.  @local
 */
void dsse_write(const struct text *payload, const char *type, const struct signing_key *key, struct text *envelope);

/* Adds to `payload` what an envelope of this type holds that `key` signed.  Accepts exactly what dsse_write writes.
 * @local   @fails BAD_RUN for the form, DIFFERS for the signature */
enum status dsse_verify(const char *bytes, size_t n, const char *type, const struct verify_key *key, const char *where,
                        struct text *payload);

#endif
