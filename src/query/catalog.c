#include "query/catalog.h"

#include <string.h>

const struct catalog_file catalog[] = {
    {"lineage.h5", lineage_tables},     {"influence.h5", influence_tables},           {"policy.h5", policy_tables},
    {"mechanism.h5", mechanism_tables}, {"counterfactual.h5", counterfactual_tables}, {0}};

const struct column_row input_columns[] = {{"path", "0 /inputs/path", 0, 0},
                                           {"object", "0 /inputs/object", 0, 0},
                                           {"kind", "0 /inputs/kind", 0, 0},
                                           {"sha256", "0 /inputs/sha256", 0, 0},
                                           {0}};

struct fact {
    const char *file, *path;
};

static const struct fact ordered[] = {
    {"lineage.h5", "/steps/step"},
    {"lineage.h5", "/contributions/step"},
    {"lineage.h5", "/admissions/step"},
};

static const struct fact distinct[] = {
    {"lineage.h5", "/samples/id"},
    {"lineage.h5", "/parameter_groups/name"},
    {"influence.h5", "/samples/id"},
    {"influence.h5", "/queries/id"},
    {"influence.h5", "/layers/name"},
    {"policy.h5", "/pairs/id"},
    {"policy.h5", "/probes/id"},
    {"policy.h5", "/behaviours/name"},
    {"mechanism.h5", "/parts/id"},
    {"mechanism.h5", "/behaviours/name"},
    {"counterfactual.h5", "/scenarios/name"},
    {"counterfactual.h5", "/queries/id"},
    {"counterfactual.h5", "/samples/id"},
};

static const char *const digests[] = {"/inputs/sha256", "/samples/content"}; /* of any file */

static bool is_among(const struct fact *facts, size_t n, const char *file, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(facts[i].file, file) == 0 && strcmp(facts[i].path, path) == 0)
            return true;
    return false;
}

bool catalog_is_ordered(const char *file, const char *path)
{
    return is_among(ordered, sizeof ordered / sizeof *ordered, file, path);
}

bool catalog_is_distinct(const char *file, const char *path)
{
    return is_among(distinct, sizeof distinct / sizeof *distinct, file, path);
}

bool catalog_is_digest(const char *path)
{
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        if (strcmp(digests[i], path) == 0)
            return true;
    return false;
}
