#include <string.h>

#include "admission/day.h"
#include "admission/policies.h"
#include "base/memory.h"

static enum status day_read(const struct place *place, const cJSON *window, const char *key, bool *has, int64_t *day)
{
    const cJSON *item = json_member(window, key);
    if (item == NULL)
        return STATUS_OK;
    const struct place inner = place_member(place, key);
    *has = cJSON_IsString(item) && day_parse(item->valuestring, day);
    return *has ? STATUS_OK : place_expected(&inner, "a day of the calendar, \"2024-03-31\"", item);
}

static enum status window_read(const struct place *place, const cJSON *item, struct policy *policy)
{
    static const char *const keys[] = {"from", "to"};
    enum status status = object_check(place, item, keys, 2);
    if (status == STATUS_OK)
        status = day_read(place, item, "from", &policy->has_from, &policy->from);
    if (status == STATUS_OK)
        status = day_read(place, item, "to", &policy->has_to, &policy->to);
    if (status == STATUS_OK && !policy->has_from && !policy->has_to)
        return place_expected(place, "a day `from`, a day `to`, or both", item);
    if (status == STATUS_OK && policy->has_from && policy->has_to && policy->from > policy->to)
        return fail(BAD_INPUT, "%s: %s: expected `from` not to come after `to`", place->file, place->path);
    return status;
}

static enum status admit_read(const struct place *place, const cJSON *item, struct policy *policy)
{
    if (item == NULL)
        return STATUS_OK;
    enum status status = object_check(place, item, fact_names + FACT_SOURCE, N_LISTED + 1);
    for (int k = 0; k <= N_LISTED && status == STATUS_OK; k++) {
        const char *fact = fact_names[FACT_SOURCE + k];
        const cJSON *asked = json_member(item, fact);
        const struct place inner = place_member(place, fact);
        if (asked != NULL)
            status = k < N_LISTED ? names_read(&inner, asked, false, &policy->listed[k])
                                  : window_read(&inner, asked, policy);
    }
    return status;
}

static enum status opt_out_read(const struct place *place, const cJSON *item, struct policy *policy)
{
    policy->has_opt_out = item != NULL;
    if (item == NULL)
        return STATUS_OK;
    if (cJSON_IsString(item))
        return name_read(place, item, &policy->opt_out_file);
    if (cJSON_IsArray(item))
        return names_read(place, item, true, &policy->opt_out);
    return place_expected(place, "a list of owners, or the name of a file of them", item);
}

static enum status profile_find(const struct place *place, const cJSON *item, const struct policies *policies,
                                struct policy *policy)
{
    policy->profile = -1;
    if (item == NULL)
        return STATUS_OK;
    for (int64_t i = 0; i < policies->n_profile && policy->profile < 0 && cJSON_IsString(item); i++)
        if (strcmp(policies->profiles[i].definition.name, item->valuestring) == 0)
            policy->profile = i;
    return policy->profile >= 0 ? STATUS_OK : place_expected(place, "the name of one of the profiles", item);
}

enum status policy_read(const struct place *place, const cJSON *item, const struct policies *policies,
                        struct policy *policy)
{
    static const char *const keys[] = {"name", "version", "admit", "opt_out", "profile"};
    char *name = NULL, *version = NULL;
    enum status status = object_check(place, item, keys, 5);
    struct place inner = place_member(place, "name");
    if (status == STATUS_OK)
        status = name_read(&inner, json_member(item, "name"), &name);
    inner = place_member(place, "version");
    if (status == STATUS_OK)
        status = name_read(&inner, json_member(item, "version"), &version);
    policy->definition = (struct definition){.name = name, .version = version};
    inner = place_member(place, "admit");
    if (status == STATUS_OK)
        status = admit_read(&inner, json_member(item, "admit"), policy);
    inner = place_member(place, "opt_out");
    if (status == STATUS_OK)
        status = opt_out_read(&inner, json_member(item, "opt_out"), policy);
    inner = place_member(place, "profile");
    return status == STATUS_OK ? profile_find(&inner, json_member(item, "profile"), policies, policy) : status;
}
