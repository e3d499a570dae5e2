/* Encoders and activations written by Python (sae_fixtures.py), in a fresh directory. */
#ifndef ASSAY_TESTS_POLICY_FIXTURE_H
#define ASSAY_TESTS_POLICY_FIXTURE_H

#include "tensor/fixture.h"

static inline void policy_fixture_write(void)
{
    const char *source = getenv("ASSAY_SOURCE"), *python = getenv("ASSAY_PYTHON");
    char *folder = source ? path_join(source, "tests/policy") : path_directory(__FILE__);
    struct text command;
    fixture_begin();
    text_init(&command);
    text_add(&command, "'%s' '%s/sae_fixtures.py' '%s'", python ? python : "/usr/bin/python3", folder,
             fixture_directory);
    int code = system(command.bytes);
    text_clear(&command);
    memory_free(folder);
    if (code != 0) {
        fprintf(stderr, "the fixtures could not be written: python3 with numpy is needed\n");
        exit(EXIT_FAILURE);
    }
}

#endif
