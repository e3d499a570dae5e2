/* What must hold: a sample is admitted, modulated or rejected exactly as its policy says, with the first reason. */
#include "admission/admission.h"

#include "check.h"

static const char file[] =
    "{\"columns\": {\"license\": \"licence\"},\n"
    " \"policies\": [\n"
    "  {\"name\": \"all\", \"version\": \"1\"},\n"
    "  {\"name\": \"strict\", \"version\": \"2\", \"opt_out\": [\"zoe\", \"adam\"], \"profile\": \"damped\",\n"
    "   \"admit\": {\"collected\": {\"from\": \"2015-01-01\", \"to\": \"2020-12-31\"}, \"license\": [\"CC0\", "
    "\"CC-BY\"],\n"
    "             \"source\": [\"a\", \"b\"], \"classification\": [\"public\"]}},\n"
    "  {\"name\": \"full\", \"version\": \"1\", \"profile\": \"full\", \"admit\": {}},\n"
    "  {\"name\": \"since\", \"version\": \"1\", \"admit\": {\"collected\": {\"from\": \"2015-01-01\"}}, \"opt_out\": "
    "[]}],\n"
    " \"profiles\": [{\"name\": \"damped\", \"version\": \"1\", \"weights\": {\"fc2\": -0.0, \"fc1\": 0.25, \"*\": "
    "2}},\n"
    "              {\"name\": \"full\", \"version\": \"1\", \"weights\": {\"fc1\": 1}}]}\n";

static struct policies *policies;

/* What the gate says of a sample under "strict" that differs from an admitted one in one fact. */
static struct verdict decide(enum fact fact, const char *told)
{
    const char *facts[N_FACT] = {
        [FACT_POLICY] = "strict",        [FACT_SOURCE] = "b", [FACT_LICENSE] = "CC0", [FACT_CLASSIFICATION] = "public",
        [FACT_COLLECTED] = "2018-05-06", [FACT_OWNER] = "bea"};
    struct verdict verdict;
    facts[fact] = told;
    policies_decide(policies, facts, &verdict);
    return verdict;
}

static void check_rejected(enum fact fact, const char *told, const char *reason)
{
    struct verdict verdict = decide(fact, told);
    CHECK(verdict.decision == REJECT && verdict.profile == -1);
    CHECK(strcmp(verdict.reason, reason) == 0);
    if (strcmp(verdict.reason, reason) != 0)
        fprintf(stderr, "found: %s\n", verdict.reason);
}

static void check_admitted(enum fact fact, const char *told)
{
    struct verdict verdict = decide(fact, told);
    CHECK(verdict.decision == MODULATE && verdict.policy == 1 && verdict.profile == 0 && verdict.reason[0] == 0);
}

static void check_reasons(void)
{
    check_admitted(FACT_OWNER, "bea");
    check_admitted(FACT_OWNER, NULL);
    check_admitted(FACT_OWNER, "Zoe");
    check_rejected(FACT_OWNER, "zoe", "the owner opted out");
    check_rejected(FACT_OWNER, "adam", "the owner opted out");
    check_rejected(FACT_POLICY, NULL, "no policy is named");
    check_rejected(FACT_POLICY, "", "no policy is named");
    check_rejected(FACT_POLICY, "Strict", "policy \"Strict\" is not among the policies");
    check_admitted(FACT_SOURCE, "a");
    check_rejected(FACT_SOURCE, "c", "source \"c\" is not among those that the policy admits");
    check_rejected(FACT_SOURCE, NULL, "source is not told, and the policy asks for it");
    check_rejected(FACT_LICENSE, "CC-BY-SA", "license \"CC-BY-SA\" is not among those that the policy admits");
    check_rejected(FACT_LICENSE, "", "license is not told, and the policy asks for it");
    check_rejected(FACT_CLASSIFICATION, "secret",
                   "classification \"secret\" is not among those that the policy admits");
    check_admitted(FACT_COLLECTED, "2015-01-01");
    check_admitted(FACT_COLLECTED, "2020-12-31");
    check_admitted(FACT_COLLECTED, "2020-12-31T23:59:59Z");
    check_rejected(FACT_COLLECTED, "2014-12-31", "collected before 2015-01-01");
    check_rejected(FACT_COLLECTED, "2021-01-01", "collected after 2020-12-31");
    check_rejected(FACT_COLLECTED, "2018-02-30",
                   "collected is neither a day (2024-03-31) nor a time in UTC (2024-03-31T12:00:00Z)");
    check_rejected(FACT_COLLECTED, NULL, "collected is not told, and the policy asks for it");
}

/* The owner comes first, then source, license, classification and time; a long value is cut as a whole character. */
static void check_first_reason(void)
{
    const char *facts[N_FACT] = {[FACT_POLICY] = "strict", [FACT_OWNER] = "zoe"};
    struct verdict verdict;
    policies_decide(policies, facts, &verdict);
    CHECK(strcmp(verdict.reason, "the owner opted out") == 0);
    facts[FACT_OWNER] = NULL;
    policies_decide(policies, facts, &verdict);
    CHECK(strncmp(verdict.reason, "source ", 7) == 0);
    char value[3 * 2000 + 1] = "";
    for (int i = 0; i < 2000; i++)
        memcpy(value + 3 * i, "\xe2\x82\xac", 4);
    facts[FACT_SOURCE] = value;
    policies_decide(policies, facts, &verdict);
    CHECK(strlen(verdict.reason) < 300 && strstr(verdict.reason, "\xe2\x82\xac\xe2\x80\xa6\" is not") != NULL);
    memset(value, 1, sizeof value - 1);
    policies_decide(policies, facts, &verdict);
    CHECK(strlen(verdict.reason) < REASON_BYTES - 1 && strstr(verdict.reason, "the policy admits") != NULL);
}

static void check_decisions(void)
{
    struct verdict verdict = decide(FACT_POLICY, "all");
    CHECK(verdict.decision == ADMIT && verdict.policy == 0 && verdict.profile == -1);
    verdict = decide(FACT_POLICY, "full");
    CHECK(verdict.decision == ADMIT && verdict.policy == 2 && verdict.profile == 1);
    verdict = decide(FACT_POLICY, "since");
    CHECK(verdict.decision == ADMIT && verdict.policy == 3);
    CHECK(strcmp(decision_name(MODULATE), "modulate") == 0 && strcmp(decision_name(REJECT), "reject") == 0);
}

static void check_weights(void)
{
    CHECK(profile_weight(policies, 0, "fc1") == 0.25);
    CHECK(profile_weight(policies, 0, "fc2") == 0 && 1 / profile_weight(policies, 0, "fc2") > 0);
    CHECK(profile_weight(policies, 0, "fc3") == 2);
    CHECK(profile_weight(policies, 1, "fc3") == 1);
    CHECK(profile_weight(policies, -1, "fc1") == 1);
    static const char *const layers[] = {"fc1", "fc2", "fc3"}, *const fewer[] = {"fc1", "fc3"};
    CHECK(profiles_check_layers(policies, layers, 3) == STATUS_OK);
    CHECK_FAILS(profiles_check_layers(policies, fewer, 2), BAD_INPUT,
                "profile damped: expected layers of the network (fc1, fc3) or *, found fc2; did you mean fc1?");
}

int main(void)
{
    CHECK(policies_parse(file, sizeof file - 1, "policies.json", &policies) == STATUS_OK);
    CHECK(strcmp(policies_column(policies, FACT_LICENSE), "licence") == 0);
    CHECK(strcmp(policies_column(policies, FACT_OWNER), "owner") == 0);
    check_reasons();
    check_first_reason();
    check_decisions();
    check_weights();
    policies_close(policies);
    policies_close(NULL);
    return check_end();
}
