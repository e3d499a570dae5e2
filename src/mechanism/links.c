#include "mechanism/links.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "mechanism/link_examples.h"

/* ---- pairs --------------------------------------------------------------------------------------------------------
 */

/* The member that carries most of behaviour b in the policy. */
static int64_t leading_member(const struct scene *scene, const struct part *part, int64_t b)
{
    const struct policy_facts *policy = &scene->policy;
    const int64_t *members = scene->parts.members + part->first_member;
    int64_t leading = members[0];
    double most = -1;
    for (int64_t k = 0; k < part->n_member; k++) {
        double value = fabs(policy->coefficient[b * policy->n_feature + members[k]]) * policy->deviation[members[k]];
        if (value > most) {
            most = value;
            leading = members[k];
        }
    }
    return leading;
}

static bool has_features(const struct scene *scene, const struct part *part)
{
    return part->n_member > 0 && (!scene->network || part->kind == PART_FEATURE);
}

static void link_pairs(const struct scene *scene, struct links *links)
{
    const struct policy_facts *policy = &scene->policy;
    int64_t top = policy->n_top < scene->config->links.top ? policy->n_top : scene->config->links.top;
    links->n_pair = policy->there && policy->n_pair > 0 ? top : 0;
    int64_t n = links->n_behaviour * links->n_part * links->n_pair;
    links->pair = memory_allocate(n, sizeof *links->pair);
    links->shift = memory_allocate(n, sizeof *links->shift);
    for (int64_t i = 0; i < n; i++)
        links->pair[i] = -1;
    for (int64_t b = 0; b < links->n_behaviour && links->n_pair > 0; b++) {
        int64_t of = policy_facts_behaviour(policy, scene->behaviours[b]);
        for (int64_t p = 0; p < links->n_part && of >= 0; p++) {
            const struct part *part = &scene->parts.items[p];
            if (!has_features(scene, part))
                continue;
            int64_t from = (of * policy->n_feature + leading_member(scene, part, of)) * policy->n_top;
            int64_t to = (b * links->n_part + p) * links->n_pair;
            memcpy(links->pair + to, policy->top_pair + from, (size_t)links->n_pair * sizeof *links->pair);
            memcpy(links->shift + to, policy->top_shift + from, (size_t)links->n_pair * sizeof *links->shift);
        }
    }
}

/* ---- layers of parts ----------------------------------------------------------------------------------------------
 */

static void link_layers(const struct scene *scene, struct links *links)
{
    links->part_layer = memory_allocate(links->n_part, sizeof *links->part_layer);
    for (int64_t p = 0; p < links->n_part; p++) {
        int32_t layer = scene->parts.items[p].layer;
        for (int64_t l = 1; l < links->n_layer && layer >= 0; l++)
            if (strcmp(links->layers[l], scene->parts.layers[layer]) == 0)
                links->part_layer[p] = (int32_t)l;
    }
}

enum status links_make(const struct scene *scene, const char *queries, size_t n, struct links *links)
{
    *links = (struct links){.n_part = scene->parts.n, .n_behaviour = scene->n_behaviour};
    link_pairs(scene, links);
    enum status status = link_examples(scene, queries, n, links);
    if (status == STATUS_OK)
        link_layers(scene, links);
    else
        links_clear(links);
    return status;
}

static void free_texts(char **texts, int64_t n)
{
    for (int64_t i = 0; texts != NULL && i < n; i++)
        memory_free(texts[i]);
    memory_free(texts);
}

void links_clear(struct links *links)
{
    free_texts(links->layers, links->n_layer);
    free_texts(links->policies, links->n_policy);
    memory_free(links->pair);
    memory_free(links->shift);
    memory_free(links->queries);
    memory_free(links->example);
    memory_free(links->score);
    memory_free(links->policy);
    memory_free(links->policy_score);
    memory_free(links->part_layer);
    *links = (struct links){0};
}

static void add_texts(struct digest *digest, char *const *texts, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        digest_add(digest, texts[i], strlen(texts[i]) + 1);
}

void links_digest(const struct links *links, char hex[65])
{
    int64_t n = links->n_behaviour * links->n_layer * links->n_example;
    int64_t n_pair = links->n_behaviour * links->n_part * links->n_pair;
    uint8_t sha256[DIGEST_BYTES];
    struct digest *digest = digest_create();
    digest_begin(digest);
    digest_add(digest, links->pair, (size_t)n_pair * sizeof *links->pair);
    digest_add(digest, links->shift, (size_t)n_pair * sizeof *links->shift);
    add_texts(digest, links->layers, links->n_layer);
    add_texts(digest, links->policies, links->n_policy);
    if (links->n_layer > 0) {
        digest_add(digest, links->queries, (size_t)links->n_behaviour * sizeof *links->queries);
        digest_add(digest, links->example, (size_t)n * sizeof *links->example);
        digest_add(digest, links->score, (size_t)n * sizeof *links->score);
        digest_add(digest, links->policy, (size_t)n * sizeof *links->policy);
        digest_add(digest, links->policy_score,
                   (size_t)(links->n_behaviour * links->n_layer * links->n_policy) * sizeof *links->policy_score);
    }
    digest_end(digest, sha256);
    digest_destroy(digest);
    hex_encode(sha256, DIGEST_BYTES, hex);
}
