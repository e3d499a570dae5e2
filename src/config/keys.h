/* Keys that a config has and no table knows. */
#ifndef ASSAY_CONFIG_KEYS_H
#define ASSAY_CONFIG_KEYS_H

#include <cjson/cJSON.h>

#include "config/config.h"
#include "config/problem.h"

/* Members of the config itself that are no section.  @local */
void keys_check_sections(const struct section *const *sections, const cJSON *root, struct problems *problems);

/* Keys of a section and of its nested objects that are no field, and other values where nested objects should be.
 * @local */
void keys_check(const struct section *section, const cJSON *object, struct problems *problems);

#endif
