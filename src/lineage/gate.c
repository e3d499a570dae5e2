#include "lineage/gate.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "lineage/definitions.h"

/* Whether a recorded text is the gate's: the same, or the same in the words of a file of policies. */
static bool is_same(const struct policies *policies, bool is_profile, const struct definition *definition,
                    const char *sha256, const char *text)
{
    char hex[2 * DIGEST_BYTES + 1];
    uint8_t canonical[DIGEST_BYTES];
    hex_encode(definition->sha256, DIGEST_BYTES, hex);
    return strcmp(hex, sha256) == 0 || (definition_digest(policies, is_profile, text, canonical) &&
                                        memcmp(canonical, definition->sha256, DIGEST_BYTES) == 0);
}

static int32_t *map_list(const struct ledger *ledger, const struct named_texts *list, const struct policies *policies,
                         bool is_profile, struct finding_list *findings)
{
    int32_t *map = memory_allocate(list->n, sizeof *map);
    for (int64_t i = 0; i < list->n; i++) {
        const struct named_text *text = &list->items[i];
        const char *name = ledger_text(ledger, text->name);
        map[i] = (int32_t)definitions_find(policies, is_profile, name);
        if (findings == NULL || (map[i] < 0 && strcmp(name, "(none)") == 0))
            continue;
        if (map[i] >= 0 && is_same(policies, is_profile, definitions_get(policies, is_profile, map[i]),
                                   ledger_text(ledger, text->sha256), ledger_text(ledger, text->content)))
            continue;
        struct finding finding = finding_of(FOUND_GATE_DIFFERS);
        finding_say(&finding, "%s \"%.100s\" was recorded, and the policies file has %s",
                    is_profile ? "profile" : "policy", name, map[i] >= 0 ? "another text of it" : "none of this name");
        finding_list_add(findings, &finding);
    }
    return map;
}

void gate_map_make(const struct ledger *ledger, const struct policies *policies, struct finding_list *findings,
                   struct gate_map *map)
{
    map->policy = map_list(ledger, &ledger->policies, policies, false, findings);
    map->profile = map_list(ledger, &ledger->profiles, policies, true, findings);
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
