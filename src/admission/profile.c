#include <stdlib.h>
#include <string.h>

#include "admission/policies.h"
#include "base/memory.h"
#include "config/suggest.h"

static const double largest_weight = 1000;
static const char all_others[] = "*";

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct layer_weight *)a)->layer, ((const struct layer_weight *)b)->layer);
}

static enum status weights_read(const struct place *place, const cJSON *item, struct profile *profile)
{
    if (!cJSON_IsObject(item) || item->child == NULL)
        return place_expected(place, "an object with a weight per layer, {\"fc1\": 0, \"*\": 1}", item);
    profile->layers = memory_allocate(cJSON_GetArraySize(item), sizeof *profile->layers);
    for (const cJSON *member = item->child; member != NULL; member = member->next) {
        const struct place inner = place_member(place, member->string);
        if (!cJSON_IsNumber(member) || !(member->valuedouble >= 0 && member->valuedouble <= largest_weight))
            return place_expected(&inner, "a weight from 0 (kept out of the layer) to 1000", member);
        double weight = member->valuedouble == 0 ? 0 : member->valuedouble; /* never -0 */
        if (strcmp(member->string, all_others) == 0)
            profile->other = weight;
        else
            profile->layers[profile->n_layer++] = (struct layer_weight){memory_copy_text(member->string), weight};
    }
    if (profile->n_layer > 1)
        qsort(profile->layers, (size_t)profile->n_layer, sizeof *profile->layers, compare);
    return STATUS_OK;
}

enum status profile_read(const struct place *place, const cJSON *item, struct profile *profile)
{
    static const char *const keys[] = {"name", "version", "weights"};
    char *name = NULL, *version = NULL;
    profile->other = 1;
    enum status status = object_check(place, item, keys, 3);
    struct place inner = place_member(place, "name");
    if (status == STATUS_OK)
        status = name_read(&inner, json_member(item, "name"), &name);
    inner = place_member(place, "version");
    if (status == STATUS_OK)
        status = name_read(&inner, json_member(item, "version"), &version);
    profile->definition = (struct definition){.name = name, .version = version};
    inner = place_member(place, "weights");
    return status == STATUS_OK ? weights_read(&inner, json_member(item, "weights"), profile) : status;
}

double profile_weight(const struct policies *policies, int64_t profile, const char *layer)
{
    if (profile < 0)
        return 1;
    ASSERT(profile < policies->n_profile);
    const struct profile *p = &policies->profiles[profile];
    for (int64_t k = 0; k < p->n_layer; k++)
        if (strcmp(p->layers[k].layer, layer) == 0)
            return p->layers[k].weight;
    return p->other;
}

static enum status unknown_layer(const char *file, const char *profile, const char *layer, const char *const *layers,
                                 int n)
{
    struct text list;
    text_init(&list);
    for (int k = 0; k < n; k++)
        text_add(&list, "%s%s", k == 0 ? "" : ", ", layers[k]);
    const char *nearest = word_nearest(layer, layers, n);
    enum status status =
        fail(BAD_INPUT, "%s: profile %s: expected layers of the network (%.200s) or *, found %.100s%s%s%s", file,
             profile, list.bytes, layer, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    text_clear(&list);
    return status;
}

enum status profiles_check_layers(const struct policies *policies, const char *const *layers, int n)
{
    for (int64_t i = 0; i < policies->n_profile; i++) {
        const struct profile *profile = &policies->profiles[i];
        for (int64_t k = 0; k < profile->n_layer; k++) {
            int at = 0;
            while (at < n && strcmp(layers[at], profile->layers[k].layer) != 0)
                at++;
            if (at == n)
                return unknown_layer(policies->name, profile->definition.name, profile->layers[k].layer, layers, n);
        }
    }
    return STATUS_OK;
}
