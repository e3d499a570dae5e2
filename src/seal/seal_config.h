/* The "seal" section of a config. */
#ifndef ASSAY_SEAL_SEAL_CONFIG_H
#define ASSAY_SEAL_SEAL_CONFIG_H

#include "config/config.h"

struct seal_config {
    char *key; /* PKCS#8 PEM file of the Ed25519 signing key, relative to the config; made on first use */
};
extern const struct section seal_section;

#endif
