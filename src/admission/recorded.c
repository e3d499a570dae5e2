/* Definitions as someone wrote them down, in the canonical form of today's. */
#include <string.h>

#include "admission/policies.h"
#include "base/memory.h"

static bool digest_profile(const struct place *place, const cJSON *item, uint8_t sha256[DIGEST_BYTES])
{
    struct profile profile = {0};
    bool read = profile_read(place, item, &profile) == STATUS_OK;
    if (read) {
        profile_define(&profile);
        memcpy(sha256, profile.definition.sha256, DIGEST_BYTES);
    }
    profile_clear(&profile);
    return read;
}

/* What a list in a file said then, a text that names the file does not tell. */
static bool digest_policy(const struct place *place, const cJSON *item, const struct policies *beside,
                          uint8_t sha256[DIGEST_BYTES])
{
    struct policy policy = {0};
    bool read = policy_read(place, item, beside, &policy) == STATUS_OK && policy.opt_out_file == NULL;
    if (read) {
        policy_define(beside, &policy);
        memcpy(sha256, policy.definition.sha256, DIGEST_BYTES);
    }
    policy_clear(&policy);
    return read;
}

bool definition_digest(const struct policies *beside, bool is_profile, const char *text, uint8_t sha256[DIGEST_BYTES])
{
    cJSON *json = NULL;
    const struct place place = {.file = "a recorded definition"};
    if (json_parse(text, strlen(text), place.file, BAD_INPUT, &json) != STATUS_OK)
        return false;
    bool read = is_profile ? digest_profile(&place, json, sha256) : digest_policy(&place, json, beside, sha256);
    cJSON_Delete(json);
    return read;
}
