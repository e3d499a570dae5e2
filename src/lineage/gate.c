#include "lineage/gate.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* The gate's list of one kind. */
struct side {
    const char *what;
    int64_t n;
    const struct definition *(*get)(const struct policies *policies, int64_t i);
};

/* The one of this name; *same: whether its text is the recorded one. */
static int32_t find(const struct policies *policies, const struct side *side, const char *name, const char *sha256,
                    bool *same)
{
    *same = false;
    for (int64_t i = 0; i < side->n; i++) {
        const struct definition *definition = side->get(policies, i);
        char hex[2 * DIGEST_BYTES + 1];
        if (strcmp(definition->name, name) != 0)
            continue;
        hex_encode(definition->sha256, DIGEST_BYTES, hex);
        *same = strcmp(hex, sha256) == 0;
        return (int32_t)i;
    }
    return -1;
}

static int32_t *map_list(const struct ledger *ledger, const struct named_texts *list, const struct policies *policies,
                         const struct side *side, struct finding_list *findings)
{
    int32_t *map = memory_allocate(list->n, sizeof *map);
    for (int64_t i = 0; i < list->n; i++) {
        const char *name = ledger_text(ledger, list->items[i].name);
        bool same;
        map[i] = find(policies, side, name, ledger_text(ledger, list->items[i].sha256), &same);
        if (findings == NULL || same || (map[i] < 0 && strcmp(name, "(none)") == 0))
            continue;
        struct finding finding = finding_of(FOUND_GATE_DIFFERS);
        finding_say(&finding, "%s \"%.100s\" was recorded, and the policies file has %s", side->what, name,
                    map[i] >= 0 ? "another text of it" : "none of this name");
        finding_list_add(findings, &finding);
    }
    return map;
}

void gate_map_make(const struct ledger *ledger, const struct policies *policies, struct finding_list *findings,
                   struct gate_map *map)
{
    const struct side of_policies = {"policy", policies_count(policies), policies_get};
    const struct side of_profiles = {"profile", profiles_count(policies), profiles_get};
    map->policy = map_list(ledger, &ledger->policies, policies, &of_policies, findings);
    map->profile = map_list(ledger, &ledger->profiles, policies, &of_profiles, findings);
}

void gate_map_clear(struct gate_map *map)
{
    memory_free(map->policy);
    memory_free(map->profile);
    *map = (struct gate_map){0};
}

void gate_check(const struct judge *judge, const struct event_note *event, const struct gate_verdict *verdict,
                int64_t sample, const char *id, int id_length)
{
    const struct ledger *ledger = judge->ledger;
    int32_t policy = judge->gate.policy[event->name], profile = event->profile;
    profile = profile >= 0 ? judge->gate.profile[profile] : -1;
    bool same = event->decision == verdict->decision;
    if (same && (event->decision == REJECT || (policy == verdict->policy && profile == verdict->profile)))
        return;
    struct finding finding = finding_of(FOUND_GATE_DIFFERS);
    finding.sample = sample;
    finding.step = event->step;
    finding_say(&finding, "sample %.*s: recorded \"%s\" under %.60s, the policies say \"%s\"%s", id_length, id,
                decision_name((enum decision)event->decision),
                ledger_text(ledger, ledger->policies.items[event->name].name),
                decision_name((enum decision)verdict->decision), same ? " under another policy or profile" : "");
    finding_list_add(judge->findings, &finding);
}
