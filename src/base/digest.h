/* SHA-256, incrementally, on reused contexts. */
#ifndef ASSAY_BASE_DIGEST_H
#define ASSAY_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32 };

struct digest; /* one running SHA-256 */

struct digest *digest_create(void);
void digest_destroy(struct digest *digest);
/* begin, any number of adds, end; then it can begin again. */
void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t n);
void digest_end(struct digest *digest, uint8_t sha256[DIGEST_BYTES]);

/* The SHA-256 of n bytes in one go. */
void digest_of(const void *bytes, size_t n, uint8_t sha256[DIGEST_BYTES]);

#endif
