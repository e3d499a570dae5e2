/* Between the files of the audit. */
#ifndef ASSAY_SEAL_AUDIT_PARTS_H
#define ASSAY_SEAL_AUDIT_PARTS_H

#include "seal/audit.h"

/* What two files say of one group of at most 256 entries. */
struct witness {
    struct hash bundle, tile;  /* root of the group */
    bool has_bundle, has_tile; /* the file is there and has the right form */
    bool bundle_is_right;      /* the verdict */
};

/* Judges all groups of a log, in order, and the tiles above them.  Returns whether the log has the root once the files
 * found wrong are left aside.  @local */
bool audit_judge(const char *log, int64_t size, const struct hash *root, struct witness *witnesses,
                 struct findings *findings);

#endif
