#include "lineage/definitions.h"

#include <string.h>

#include "base/memory.h"

const struct definition *definitions_get(const struct policies *policies, bool is_profile, int64_t i)
{
    return is_profile ? profiles_get(policies, i) : policies_get(policies, i);
}

int64_t definitions_find(const struct policies *policies, bool is_profile, const char *name)
{
    int64_t n = is_profile ? profiles_count(policies) : policies_count(policies);
    for (int64_t i = 0; i < n; i++)
        if (strcmp(definitions_get(policies, is_profile, i)->name, name) == 0)
            return i;
    return -1;
}

static int64_t find_with_text(const struct named_texts *list, int64_t name)
{
    for (int64_t i = 0; i < list->n; i++)
        if (list->items[i].name == name && list->items[i].sha256 >= 0)
            return i;
    return -1;
}

static void fill(struct ledger *ledger, const struct policies *policies, bool is_profile, struct named_text *text)
{
    int64_t found = definitions_find(policies, is_profile, ledger_text(ledger, text->name));
    if (found < 0)
        return;
    const struct definition *definition = definitions_get(policies, is_profile, found);
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(definition->sha256, DIGEST_BYTES, hex);
    text->sha256 = ledger_name(ledger, hex);
    text->content = ledger_name(ledger, definition->text);
    text->from_file = true;
}

/* Entries without a text of their own go, and events name the ones that stay. */
static void settle(struct ledger *ledger, struct named_texts *list, const struct policies *policies, bool is_profile)
{
    int32_t *moved = memory_allocate(list->n, sizeof *moved);
    int64_t kept = 0;
    for (int64_t i = 0; i < list->n; i++) {
        struct named_text *text = &list->items[i];
        int64_t other = text->sha256 < 0 ? find_with_text(list, text->name) : -1;
        if (text->sha256 < 0 && other < 0 && policies != NULL)
            fill(ledger, policies, is_profile, text);
        moved[i] = (int32_t)(other < 0 ? kept++ : -1);
    }
    for (int64_t i = 0; i < list->n; i++)
        if (moved[i] < 0)
            moved[i] = -2 - moved[find_with_text(list, list->items[i].name)]; /* for now: it does not stay itself */
    for (int64_t i = 0; i < list->n; i++)
        if (moved[i] >= 0)
            list->items[moved[i]] = list->items[i];
    list->n = kept;
    for (int64_t i = 0; i < ledger->n_event; i++) {
        struct event_note *event = &ledger->events[i];
        int32_t *named = is_profile ? &event->profile : &event->name;
        if (event->kind == EVENT_ADMISSION && *named >= 0)
            *named = moved[*named] >= 0 ? moved[*named] : -2 - moved[*named];
    }
    memory_free(moved);
}

void definitions_settle(struct ledger *ledger, const struct policies *policies)
{
    settle(ledger, &ledger->policies, policies, false);
    settle(ledger, &ledger->profiles, policies, true);
}
