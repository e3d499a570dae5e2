#include "admission/policies.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

const char *const fact_names[N_FACT] = {
    [FACT_POLICY] = "policy",       [FACT_SOURCE] = "source",
    [FACT_LICENSE] = "license",     [FACT_CLASSIFICATION] = "classification",
    [FACT_COLLECTED] = "collected", [FACT_OWNER] = "owner",
};

enum { POLICIES_LIMIT = 64 << 20, OPT_OUT_LIMIT = 1 << 30 };

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static enum status columns_read(const struct place *place, const cJSON *item, struct policies *policies)
{
    enum status status = item != NULL ? object_check(place, item, fact_names, N_FACT) : STATUS_OK;
    for (int f = 0; f < N_FACT && status == STATUS_OK; f++) {
        const cJSON *column = json_member(item, fact_names[f]);
        const struct place inner = place_member(place, fact_names[f]);
        if (column == NULL)
            policies->columns[f] = memory_copy_text(fact_names[f]);
        else
            status = name_read(&inner, column, &policies->columns[f]);
    }
    return status;
}

/* The item must not have the name of one before it. */
static enum status check_new(const struct place *place, const char *name, const char *const *before, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (strcmp(before[i], name) == 0)
            return fail(BAD_INPUT, "%s: %s.name: expected a name that is not there yet, found \"%.100s\" again",
                        place->file, place->path, name);
    return STATUS_OK;
}

static enum status list_check(const struct place *place, const cJSON *item, int64_t *n)
{
    *n = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : 0;
    return cJSON_IsArray(item) ? STATUS_OK : place_expected(place, "a list", item);
}

static enum status profiles_read(const struct place *place, const cJSON *item, struct policies *policies)
{
    int64_t n = 0;
    enum status status = item != NULL ? list_check(place, item, &n) : STATUS_OK;
    policies->profiles = memory_allocate(n, sizeof *policies->profiles);
    const char **names = memory_allocate(n, sizeof *names);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        const struct place inner = place_item(place, i);
        struct profile *profile = &policies->profiles[policies->n_profile++];
        status = profile_read(&inner, cJSON_GetArrayItem(item, to_int(i)), profile);
        if (status == STATUS_OK)
            status = check_new(&inner, profile->definition.name, names, i);
        names[i] = profile->definition.name;
        if (status == STATUS_OK)
            profile_define(profile);
    }
    memory_free(names);
    return status;
}

static enum status policies_read(const struct place *place, const cJSON *item, struct policies *policies)
{
    int64_t n = 0;
    enum status status = list_check(place, item, &n);
    if (status == STATUS_OK && n == 0)
        return place_expected(place, "at least one policy", item);
    policies->policies = memory_allocate(n, sizeof *policies->policies);
    const char **names = memory_allocate(n, sizeof *names);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        const struct place inner = place_item(place, i);
        struct policy *policy = &policies->policies[policies->n_policy++];
        status = policy_read(&inner, cJSON_GetArrayItem(item, to_int(i)), policies, policy);
        if (status == STATUS_OK)
            status = check_new(&inner, policy->definition.name, names, i);
        names[i] = policy->definition.name;
    }
    memory_free(names);
    return status;
}

/* All but the opt-out lists that are in files, and the definitions, which need them. */
static enum status read_all(const char *bytes, size_t n, const char *name, struct policies **policies)
{
    static const char *const keys[] = {"columns", "policies", "profiles"};
    cJSON *json = NULL;
    enum status status = json_parse(bytes, n, name, BAD_INPUT, &json);
    if (status != STATUS_OK)
        return status;
    struct policies *read = memory_allocate(1, sizeof *read);
    read->name = memory_copy_text(name);
    const struct place place = {.file = read->name};
    status = object_check(&place, json, keys, 3);
    struct place inner = place_member(&place, "columns");
    if (status == STATUS_OK)
        status = columns_read(&inner, json_member(json, "columns"), read);
    inner = place_member(&place, "profiles");
    if (status == STATUS_OK)
        status = profiles_read(&inner, json_member(json, "profiles"), read);
    inner = place_member(&place, "policies");
    if (status == STATUS_OK)
        status = policies_read(&inner, json_member(json, "policies"), read);
    cJSON_Delete(json);
    if (status == STATUS_OK)
        *policies = read;
    else
        policies_close(read);
    return status;
}

static void define_all(struct policies *policies)
{
    for (int64_t i = 0; i < policies->n_policy; i++)
        policy_define(policies, &policies->policies[i]);
}

enum status policies_parse(const char *bytes, size_t n, const char *name, struct policies **policies)
{
    struct policies *read = NULL;
    enum status status = read_all(bytes, n, name, &read);
    for (int64_t i = 0; status == STATUS_OK && i < read->n_policy; i++)
        if (read->policies[i].opt_out_file != NULL)
            status = fail(BAD_INPUT, "%s: policies[%lld].opt_out: expected a list of owners here, found a file's name",
                          name, (long long)i);
    if (status == STATUS_OK) {
        define_all(read);
        *policies = read;
    } else {
        policies_close(read);
    }
    return status;
}

/* A whole file on every rank of comm, or in this process alone. */
static enum status load(MPI_Comm comm, const char *directory, const char *name, int64_t limit, char **bytes, size_t *n,
                        struct segment_list *segments)
{
    if (comm != MPI_COMM_NULL)
        return share_file(comm, directory, name, limit, bytes, n, segments);
    char *path = path_join(directory, name);
    enum status status = file_load(path, limit, bytes, n);
    memory_free(path);
    return status;
}

static enum status agreed(MPI_Comm comm, enum status status)
{
    return comm != MPI_COMM_NULL ? agree(comm, status) : status;
}

/* The list of one policy, from its file beside the policies. */
static enum status load_opt_out(MPI_Comm comm, const char *directory, const char *beside, struct policy *policy,
                                struct segment_list *segments)
{
    char *bytes = NULL, *name = path_join(beside, policy->opt_out_file);
    size_t n = 0;
    enum status status = load(comm, directory, name, OPT_OUT_LIMIT, &bytes, &n, segments);
    if (status == STATUS_OK)
        status = agreed(comm, opt_out_parse(name, bytes, n, &policy->opt_out));
    memory_free(bytes);
    memory_free(name);
    return status;
}

enum status policies_open(MPI_Comm comm, const char *directory, const char *name, struct segment_list *segments,
                          struct policies **policies)
{
    char *bytes = NULL;
    size_t n = 0;
    struct policies *read = NULL;
    enum status status = load(comm, directory, name, POLICIES_LIMIT, &bytes, &n, segments);
    if (status == STATUS_OK)
        status = agreed(comm, read_all(bytes, n, name, &read));
    memory_free(bytes);
    char *beside = strchr(name, '/') != NULL ? path_directory(name) : memory_copy_text("");
    for (int64_t i = 0; status == STATUS_OK && i < read->n_policy; i++)
        if (read->policies[i].opt_out_file != NULL)
            status = load_opt_out(comm, directory, beside, &read->policies[i], segments);
    memory_free(beside);
    if (status == STATUS_OK) {
        define_all(read);
        *policies = read;
    } else {
        policies_close(read);
    }
    return status;
}

static void definition_clear(struct definition *definition)
{
    memory_free((void *)definition->name);
    memory_free((void *)definition->version);
    memory_free((void *)definition->text);
}

void policy_clear(struct policy *policy)
{
    definition_clear(&policy->definition);
    for (int k = 0; k < N_LISTED; k++)
        strings_clear(&policy->listed[k]);
    strings_clear(&policy->opt_out);
    memory_free(policy->opt_out_file);
}

void profile_clear(struct profile *profile)
{
    definition_clear(&profile->definition);
    for (int64_t k = 0; k < profile->n_layer; k++)
        memory_free(profile->layers[k].layer);
    memory_free(profile->layers);
}

void policies_close(struct policies *policies)
{
    if (policies == NULL)
        return;
    for (int64_t i = 0; i < policies->n_policy; i++)
        policy_clear(&policies->policies[i]);
    for (int64_t i = 0; i < policies->n_profile; i++)
        profile_clear(&policies->profiles[i]);
    for (int f = 0; f < N_FACT; f++)
        memory_free(policies->columns[f]);
    memory_free(policies->policies);
    memory_free(policies->profiles);
    memory_free(policies->name);
    memory_free(policies);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

const char *policies_column(const struct policies *policies, enum fact fact)
{
    return policies->columns[fact];
}

int64_t policies_count(const struct policies *policies)
{
    return policies->n_policy;
}

int64_t policies_find(const struct policies *policies, const char *name)
{
    for (int64_t i = 0; i < policies->n_policy; i++)
        if (strcmp(policies->policies[i].definition.name, name) == 0)
            return i;
    return -1;
}

const struct definition *policies_get(const struct policies *policies, int64_t policy)
{
    ASSERT(policy >= 0 && policy < policies->n_policy);
    return &policies->policies[policy].definition;
}

int64_t profiles_count(const struct policies *policies)
{
    return policies->n_profile;
}

const struct definition *profiles_get(const struct policies *policies, int64_t profile)
{
    ASSERT(profile >= 0 && profile < policies->n_profile);
    return &policies->profiles[profile].definition;
}
