/* Ed25519 keys: the private one that signs a run, and its public text, the vkey, that anyone checks with.
 * @source c2sp.org/signed-note */
#ifndef ASSAY_SEAL_KEY_H
#define ASSAY_SEAL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { KEY_BYTES = 32, KEY_ID_BYTES = 4, SIGNATURE_BYTES = 64, KEY_NAME_MAX = 255 };

/* A public key and the name it signs under, which for a log is its origin. */
struct verify_key {
    char name[KEY_NAME_MAX + 1];
    uint8_t id[KEY_ID_BYTES]; /* first bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ key) */
    uint8_t key[KEY_BYTES];
};

/* Whether `name` can name a key and a log: printable ASCII without space or '+', a URL without its scheme.
 * @local   @fails BAD_KEY */
enum status key_name_check(const char *name);

/* "NAME+hex8+base64": the whole of n bytes, without an end of line.  `where` names it in the sentence.
 * @local   @fails BAD_KEY */
enum status verify_key_parse(const char *bytes, size_t n, const char *where, struct verify_key *key);
void verify_key_text(const struct verify_key *key, struct text *text);
/* From a vkey text, or else from a file that holds one (and perhaps an end of line).  @local   @fails BAD_KEY */
enum status verify_key_find(const char *text_or_path, struct verify_key *key);
/* The same from a file only.  @local   @fails BAD_KEY */
enum status verify_key_load(const char *path, struct verify_key *key);
bool verify_key_equal(const struct verify_key *a, const struct verify_key *b);

/* Whether `signature` over n bytes is by this key.  @local */
bool verify_key_accepts(const struct verify_key *key, const void *bytes, size_t n,
                        const uint8_t signature[SIGNATURE_BYTES]);

struct signing_key; /* a private key in memory */

/* Loads the PKCS#8 PEM file at `path`, or makes a new key there (mode 0600; never over an existing file).  A file that
 * others may read, or that holds no Ed25519 key, is refused.  The caller destroys it.  @local   @fails BAD_KEY */
enum status signing_key_open(const char *path, const char *name, struct signing_key **key);
void signing_key_destroy(struct signing_key *key);
const struct verify_key *signing_key_public(const struct signing_key *key); /* borrowed */
void signing_key_sign(const struct signing_key *key, const void *bytes, size_t n, uint8_t signature[SIGNATURE_BYTES]);

#endif
