/* Digests of what lies on disk, read piece by piece. */
#ifndef ASSAY_SEAL_CONTENT_H
#define ASSAY_SEAL_CONTENT_H

#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

/* The SHA-256 of bytes [offset, offset + bytes) of a regular file; a negative `bytes` means to its end.  Anything else
 * than a regular file is refused unread.  @local   @fails BAD_INPUT */
enum status content_hash(const char *path, int64_t offset, int64_t bytes, uint8_t sha256[DIGEST_BYTES]);

#endif
