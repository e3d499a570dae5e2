/* Between the two files of keys. */
#ifndef ASSAY_SEAL_KEY_ID_H
#define ASSAY_SEAL_KEY_ID_H

#include "seal/key.h"

/* Sets key->id from its name and key. */
void verify_key_name(struct verify_key *key);

#endif
