/* Checkpoints: the signed statement that a log of this origin and size has this root.   @source
 * c2sp.org/tlog-checkpoint */
#ifndef ASSAY_SEAL_CHECKPOINT_H
#define ASSAY_SEAL_CHECKPOINT_H

#include "merkle/merkle.h"
#include "seal/note.h"

struct log_checkpoint {
    char origin[KEY_NAME_MAX + 1]; /* also the name of the key */
    int64_t size;                  /* entries */
    struct hash root;
};

/* The whole signed note; the same bytes whenever origin, size, root and key are the same.  @local */
void checkpoint_write(int64_t size, const struct hash *root, const struct signing_key *key, struct text *note);

/* Accepts "ORIGIN\nSIZE\nROOT\n" signed by `key`, whose name must be the origin, and nothing else.
 * @local   @fails DIFFERS for signatures, BAD_RUN for the form */
enum status checkpoint_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                              struct log_checkpoint *checkpoint);

#endif
