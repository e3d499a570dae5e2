#include "seal/seal_config.h"

static const struct field fields[] = {
    {.path = "key",
     .type = FIELD_STRING,
     .offset = offsetof(struct seal_config, key),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"audit.key\"",
     .text = "Ed25519 signing key (PKCS#8 PEM), made with mode 0600 on first use"},
};

const struct section seal_section = {
    .name = "seal",
    .text = "the Merkle log of the run and its signed root",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct seal_config),
};
