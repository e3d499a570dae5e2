#include "base/digest.h"

#include <openssl/evp.h>

#include "base/memory.h"
#include "base/status.h"

struct digest {
    EVP_MD *algorithm; /* fetched once: a fetch per hash costs more than a small hash */
    EVP_MD_CTX *context;
};

struct digest *digest_create(void)
{
    struct digest *digest = memory_allocate(1, sizeof *digest);
    digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    ASSERT(digest->algorithm != NULL && digest->context != NULL);
    ASSERT(EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL) == 1);
    return digest;
}

void digest_destroy(struct digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->algorithm);
    memory_free(digest);
}

void digest_begin(struct digest *digest)
{
    ASSERT(EVP_DigestInit_ex2(digest->context, NULL, NULL) == 1); /* the same algorithm again: a tenth faster */
}

void digest_add(struct digest *digest, const void *bytes, size_t n)
{
    ASSERT(EVP_DigestUpdate(digest->context, bytes, n) == 1);
}

void digest_end(struct digest *digest, uint8_t sha256[DIGEST_BYTES])
{
    unsigned length = 0;
    ASSERT(EVP_DigestFinal_ex(digest->context, sha256, &length) == 1 && length == DIGEST_BYTES);
}

void digest_of(const void *bytes, size_t n, uint8_t sha256[DIGEST_BYTES])
{
    static _Thread_local struct digest *shared; /* one per thread for the life of the program */
    if (shared == NULL)
        shared = digest_create();
    digest_begin(shared);
    digest_add(shared, bytes, n);
    digest_end(shared, sha256);
}
