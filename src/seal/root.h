/* The root that a run is sealed under, read without checking what lies below it. */
#ifndef ASSAY_SEAL_ROOT_H
#define ASSAY_SEAL_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct sealed_root {
    bool is_sealed;   /* there is a checkpoint; the rest is set only then */
    char origin[256]; /* of the log */
    int64_t n_entry;
    char root[48];  /* base64 */
    char vkey[400]; /* the key that the run carries */
};

/* Reads RUN/seal/checkpoint and checks its signature with the key that the run carries.
 * @local   @fails BAD_RUN for the form, BAD_KEY, DIFFERS for the signature */
enum status sealed_root_load(const char *run_directory, struct sealed_root *root);

#endif
