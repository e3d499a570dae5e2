/* Config section "run": what the run is called and where it lives. */
#ifndef ASSAY_CONFIG_RUN_SECTION_H
#define ASSAY_CONFIG_RUN_SECTION_H

#include "config/config.h"

struct run_config {
    char *name;
    char *directory;     /* where the run is written, relative to the config file; execution only */
    char *origin;        /* of the log, a URL without scheme; also the name of the signing key */
    struct strings also; /* further files to commit as inputs, relative to the config file */
};
extern const struct section run_section;

#endif
