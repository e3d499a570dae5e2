/* The inside of a file of policies: what its parts are made of. */
#ifndef ASSAY_ADMISSION_POLICIES_H
#define ASSAY_ADMISSION_POLICIES_H

#include <stdbool.h>

#include "admission/admission.h"
#include "config/config.h"
#include "config/json.h"

enum { N_LISTED = 3 }; /* facts that are one of a list: FACT_SOURCE and those after it */

struct policy {
    struct definition definition;    /* texts are owned */
    struct strings listed[N_LISTED]; /* owned; sorted; n = 0: not asked for */
    bool has_from, has_to;
    int64_t from, to;       /* days of FACT_COLLECTED */
    bool has_opt_out;       /* even an empty one */
    struct strings opt_out; /* owned; sorted, each owner once */
    char *opt_out_file;     /* owned; NULL if the list stands in the policy */
    int64_t profile;        /* -1: none */
};

struct layer_weight {
    char *layer; /* owned */
    double weight;
};

struct profile {
    struct definition definition; /* texts are owned */
    struct layer_weight *layers;  /* owned; sorted by name */
    int64_t n_layer;
    double other; /* weight of layers that are not named */
};

struct policies {
    char *name;            /* owned; of the file */
    char *columns[N_FACT]; /* owned */
    struct policy *policies;
    int64_t n_policy;
    struct profile *profiles;
    int64_t n_profile;
};

extern const char *const fact_names[N_FACT];

/* ---- what is read -------------------------------------------------------------------------------------------------
 */

/* A value and its place, for sentences: "FILE: policies[2].admit.license". */
struct place {
    const char *file;
    char path[200];
};
struct place place_member(const struct place *place, const char *key);
struct place place_item(const struct place *place, int64_t i);
/* "PLACE: expected …, found …", what was found being `item`. */
enum status place_expected(const struct place *place, const char *expected, const cJSON *item);

/* Whether `item` is an object whose keys are all among the n.  @fails BAD_INPUT, with the nearest key */
enum status object_check(const struct place *place, const cJSON *item, const char *const *keys, int n);
/* A name: 1 to NAME_LONGEST bytes without control characters.  *value is the caller's.  @fails BAD_INPUT */
enum status name_read(const struct place *place, const cJSON *item, char **value);
enum { NAME_LONGEST = 1024 };
/* A list of names, none twice, sorted; of at least one unless it may be empty.  @fails BAD_INPUT */
enum status names_read(const struct place *place, const cJSON *item, bool may_be_empty, struct strings *names);
void strings_clear(struct strings *strings);
bool strings_have(const struct strings *strings, const char *string); /* sorted ones */
/* Sorts bytewise; the number of repeats, of which one each is kept. */
int64_t strings_sort(struct strings *strings);

/* The caller clears what was read, even when that failed.  @local   @fails BAD_INPUT */
enum status policy_read(const struct place *place, const cJSON *item, const struct policies *policies,
                        struct policy *policy);
enum status profile_read(const struct place *place, const cJSON *item, struct profile *profile);
void policy_clear(struct policy *policy);
void profile_clear(struct profile *profile);
/* The owners of a list in a file: one a line, or JSON Lines of strings or of objects with a key "owner".
 * @local   @fails BAD_INPUT */
enum status opt_out_parse(const char *file, const char *bytes, size_t n, struct strings *owners);

/* ---- what is made of it -------------------------------------------------------------------------------------------
 */

void profile_define(struct profile *profile);
/* Needs the policy's opt-out list and the profiles' definitions. */
void policy_define(const struct policies *policies, struct policy *policy);

#endif
