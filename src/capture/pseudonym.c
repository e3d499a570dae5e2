#include "capture/pseudonym.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

void pseudonym(const uint8_t *key, size_t n_key, const char *name, uint8_t out[DIGEST_BYTES])
{
    unsigned n = 0;
    const unsigned char *made =
        HMAC(EVP_sha256(), key, to_int((int64_t)n_key), (const unsigned char *)name, strlen(name), out, &n);
    ASSERT(made != NULL && n == DIGEST_BYTES);
}
