#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admission/day.h"
#include "admission/policies.h"

const char *decision_name(enum decision decision)
{
    static const char *const names[N_DECISION] = {[ADMIT] = "admit", [MODULATE] = "modulate", [REJECT] = "reject"};
    return names[decision];
}

__attribute__((format(printf, 2, 3))) static void reject(struct verdict *verdict, const char *format, ...)
{
    verdict->decision = REJECT;
    verdict->profile = -1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->reason, sizeof verdict->reason, format, arguments);
    va_end(arguments);
}

static bool is_told(const char *fact)
{
    return fact != NULL && fact[0] != 0;
}

/* `what` the fact `is` not; its own value is shown cut, so that the reason stays whole. */
static void reject_value(struct verdict *verdict, const char *what, const char *value, const char *is_not)
{
    struct text shown;
    text_init(&shown);
    json_add_excerpt(&shown, value);
    reject(verdict, "%s %s is not %s", what, shown.bytes, is_not);
    text_clear(&shown);
}

static void hold_against_list(const struct strings *values, enum fact fact, const char *told, struct verdict *verdict)
{
    if (values->n > 0 && !strings_have(values, told))
        reject_value(verdict, fact_names[fact], told, "among those that the policy admits");
}

static void hold_against_window(const struct policy *policy, const char *told, struct verdict *verdict)
{
    int64_t collected;
    char day[DAY_BYTES];
    if (!day_of_time(told, &collected))
        reject(verdict, "collected is neither a day (2024-03-31) nor a time in UTC (2024-03-31T12:00:00Z)");
    else if (policy->has_from && collected < policy->from)
        reject(verdict, "collected before %s", day_text(policy->from, day));
    else if (policy->has_to && collected > policy->to)
        reject(verdict, "collected after %s", day_text(policy->to, day));
}

static bool asks_for(const struct policy *policy, enum fact fact)
{
    return fact == FACT_COLLECTED ? policy->has_from || policy->has_to : policy->listed[fact - FACT_SOURCE].n > 0;
}

static void hold_against(const struct policy *policy, const char *const facts[N_FACT], struct verdict *verdict)
{
    if (is_told(facts[FACT_OWNER]) && strings_have(&policy->opt_out, facts[FACT_OWNER]))
        reject(verdict, "the owner opted out");
    for (enum fact fact = FACT_SOURCE; fact <= FACT_COLLECTED && verdict->decision != REJECT; fact++) {
        if (!asks_for(policy, fact))
            continue;
        if (!is_told(facts[fact]))
            reject(verdict, "%s is not told, and the policy asks for it", fact_names[fact]);
        else if (fact == FACT_COLLECTED)
            hold_against_window(policy, facts[fact], verdict);
        else
            hold_against_list(&policy->listed[fact - FACT_SOURCE], fact, facts[fact], verdict);
    }
}

static bool is_full(const struct profile *profile)
{
    bool full = profile->other == 1;
    for (int64_t k = 0; k < profile->n_layer; k++)
        full = full && profile->layers[k].weight == 1;
    return full;
}

void policies_decide(const struct policies *policies, const char *const facts[N_FACT], struct verdict *verdict)
{
    *verdict = (struct verdict){.decision = ADMIT, .policy = -1, .profile = -1};
    if (!is_told(facts[FACT_POLICY])) {
        reject(verdict, "no policy is named");
        return;
    }
    verdict->policy = policies_find(policies, facts[FACT_POLICY]);
    if (verdict->policy < 0) {
        reject_value(verdict, "policy", facts[FACT_POLICY], "among the policies");
        return;
    }
    const struct policy *policy = &policies->policies[verdict->policy];
    verdict->profile = policy->profile;
    hold_against(policy, facts, verdict);
    if (verdict->decision == ADMIT && policy->profile >= 0 && !is_full(&policies->profiles[policy->profile]))
        verdict->decision = MODULATE;
}
