#include <string.h>

#include "admission/day.h"
#include "admission/policies.h"
#include "base/memory.h"

static void add_string(struct text *text, const char *key, const char *value)
{
    text_add(text, "\"%s\":", key);
    text_add_json_string(text, value);
}

static void begin(struct text *text, const struct definition *definition)
{
    text_init(text);
    text_add(text, "{");
    add_string(text, "name", definition->name);
    text_add(text, ",");
    add_string(text, "version", definition->version);
}

static void end(struct text *text, struct definition *definition)
{
    text_add(text, "}");
    digest_of(text->bytes, text->length, definition->sha256);
    definition->text = text_take(text);
    text_clear(text);
}

static void add_digest(struct text *text, const uint8_t sha256[DIGEST_BYTES])
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(sha256, DIGEST_BYTES, hex);
    add_string(text, "sha256", hex);
}

void profile_define(struct profile *profile)
{
    struct text text;
    begin(&text, &profile->definition);
    text_add(&text, ",\"weights\":{\"*\":");
    json_add_number(&text, profile->other);
    for (int64_t k = 0; k < profile->n_layer; k++) {
        text_add(&text, ",");
        text_add_json_string(&text, profile->layers[k].layer);
        text_add(&text, ":");
        json_add_number(&text, profile->layers[k].weight);
    }
    text_add(&text, "}");
    end(&text, &profile->definition);
}

static void add_listed(struct text *text, const struct strings *values)
{
    text_add(text, ",\"values\":[");
    for (int64_t i = 0; i < values->n; i++) {
        text_add(text, "%s", i ? "," : "");
        text_add_json_string(text, values->items[i]);
    }
    text_add(text, "]");
}

static void add_window(struct text *text, const struct policy *policy)
{
    char day[DAY_BYTES];
    if (policy->has_from)
        text_add(text, ",\"from\":\"%s\"", day_text(policy->from, day));
    if (policy->has_to)
        text_add(text, ",\"to\":\"%s\"", day_text(policy->to, day));
}

static void add_admit(struct text *text, const struct policies *policies, const struct policy *policy)
{
    bool first = true;
    text_add(text, ",\"admit\":{");
    for (int k = 0; k <= N_LISTED; k++) {
        if (k < N_LISTED ? policy->listed[k].n == 0 : !policy->has_from && !policy->has_to)
            continue;
        text_add(text, "%s\"%s\":{", first ? "" : ",", fact_names[FACT_SOURCE + k]);
        add_string(text, "key", policies->columns[FACT_SOURCE + k]);
        if (k < N_LISTED)
            add_listed(text, &policy->listed[k]);
        else
            add_window(text, policy);
        text_add(text, "}");
        first = false;
    }
    text_add(text, "}");
}

static void add_opt_out(struct text *text, const struct policies *policies, const struct policy *policy)
{
    uint8_t sha256[DIGEST_BYTES];
    struct digest *digest = digest_create();
    digest_begin(digest);
    for (int64_t i = 0; i < policy->opt_out.n; i++) {
        digest_add(digest, policy->opt_out.items[i], strlen(policy->opt_out.items[i]));
        digest_add(digest, "\n", 1);
    }
    digest_end(digest, sha256);
    digest_destroy(digest);
    text_add(text, ",\"opt_out\":{");
    add_string(text, "key", policies->columns[FACT_OWNER]);
    text_add(text, ",\"owners\":%lld,", (long long)policy->opt_out.n);
    add_digest(text, sha256);
    text_add(text, "}");
}

void policy_define(const struct policies *policies, struct policy *policy)
{
    struct text text;
    begin(&text, &policy->definition);
    add_admit(&text, policies, policy);
    if (policy->has_opt_out)
        add_opt_out(&text, policies, policy);
    if (policy->profile >= 0) {
        const struct definition *profile = &policies->profiles[policy->profile].definition;
        text_add(&text, ",\"profile\":{");
        add_string(&text, "name", profile->name);
        text_add(&text, ",");
        add_digest(&text, profile->sha256);
        text_add(&text, "}");
    }
    end(&text, &policy->definition);
}
