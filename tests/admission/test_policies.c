/* What must hold: a file of policies is read whole or refused with the place of what is wrong; its canonical texts, and
 * so their hashes, depend on what it says alone; opt-out lists in files reach every rank. */
#include <mpi.h>
#include <stdlib.h>
#include <unistd.h>

#include "admission/admission.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "check.h"

static struct policies *parse(const char *file)
{
    struct policies *policies = NULL;
    CHECK(policies_parse(file, strlen(file), "p.json", &policies) == STATUS_OK);
    return policies;
}

/* Texts and digests from Python's json and hashlib. */
static const char profile_text[] =
    "{\"name\":\"upper \\\"layers\\\"\",\"version\":\"1\",\"weights\":{\"*\":0.1,\"fc1\":0,\"fc2\":1}}";
static const char profile_sha256[] = "ae4ee458e06554916317661d576d320099a6ad9298ffbfa7a961513a2f5869a7";
static const char policy_text[] =
    "{\"name\":\"open\",\"version\":\"2024-03\",\"admit\":{\"source\":{\"key\":\"source\",\"values\":[\"a\",\"b\"]},"
    "\"license\":{\"key\":\"licence\",\"values\":[\"CC-BY-4.0\",\"CC0-1.0\"]},"
    "\"collected\":{\"key\":\"collected\",\"from\":\"2015-01-01\"}},"
    "\"opt_out\":{\"key\":\"owner\",\"owners\":3,"
    "\"sha256\":\"6af0c40f991897a186052ad0102937e2ed9d5b18cb448110ef5440191a8f6a39\"},"
    "\"profile\":{\"name\":\"upper \\\"layers\\\"\","
    "\"sha256\":\"ae4ee458e06554916317661d576d320099a6ad9298ffbfa7a961513a2f5869a7\"}}";
static const char policy_sha256[] = "17ea1483c95bafe404db78e49ca3674aa870eee6c3bdc8452ad715789f367a63";

static void check_definition(const struct definition *definition, const char *text, const char *sha256)
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(definition->sha256, DIGEST_BYTES, hex);
    CHECK(strcmp(definition->text, text) == 0);
    CHECK(strcmp(hex, sha256) == 0);
}

#define COLUMNS  "\"columns\": {\"license\": \"licence\"}"
#define PROFILES "\"profiles\": [{\"name\": \"upper \\\"layers\\\"\", \"version\": \"1\", \"weights\": "

static void check_texts(void)
{
    struct policies *policies =
        parse("{" COLUMNS ", " PROFILES "{\"fc2\": 1, \"fc1\": 0, \"*\": 0.1}}],\n"
              "\"policies\": [{\"name\": \"open\", \"version\": \"2024-03\", \"profile\": \"upper \\\"layers\\\"\",\n"
              "  \"opt_out\": [\"\xc3\xa9mile\", \"zoe\", \"adam\"],\n"
              "  \"admit\": {\"collected\": {\"from\": \"2015-01-01\"}, \"license\": [\"CC0-1.0\", \"CC-BY-4.0\"],\n"
              "              \"source\": [\"b\", \"a\"]}}]}");
    CHECK(policies_count(policies) == 1 && profiles_count(policies) == 1);
    CHECK(policies_find(policies, "open") == 0 && policies_find(policies, "ope") == -1);
    check_definition(profiles_get(policies, 0), profile_text, profile_sha256);
    check_definition(policies_get(policies, 0), policy_text, policy_sha256);
    CHECK(strcmp(policies_get(policies, 0)->version, "2024-03") == 0);
    policies_close(policies);
}

/* Each with one thing wrong, and what the sentence must name. */
static void check_refused(void)
{
#define POLICY(rest) "{\"policies\": [{\"name\": \"p\", \"version\": \"1\", " rest "}]}"
#define PROFILE(weights)                                                                                               \
    "{\"policies\": [{\"name\": \"p\", \"version\": \"1\"}], "                                                         \
    "\"profiles\": [{\"name\": \"d\", \"version\": \"1\", \"weights\": " weights "}]}"
    static const char *const refused[][2] = {
        {"[]", "p.json: expected an object, found an empty list"},
        {"{}", "p.json: policies: expected a list, found nothing"},
        {"{\"policies\": []}", "policies: expected at least one policy"},
        {"{\"policies\": [{\"name\": \"p\"}]}", "policies[0].version: expected a string"},
        {"{\"policies\": [{\"name\": \"\", \"version\": \"1\"}]}", "policies[0].name: expected a string"},
        {"{\"policies\": [{\"name\": \"p\", \"version\": 1}]}", "policies[0].version: expected a string"},
        {"{\"policy\": []}", "p.json: policy: expected only columns, policies or profiles here"},
        {POLICY("\"admits\": {}"), "p.json: policies[0].admits: expected only name, version, admit, opt_out or profile "
                                   "here; did you mean admit?"},
        {POLICY("\"admit\": {\"licence\": [\"CC0\"]}"),
         "policies[0].admit.licence: expected only source, license, classification or collected here; did you mean "
         "license?"},
        {POLICY("\"admit\": {\"owner\": [\"x\"]}"), "policies[0].admit.owner: expected only"},
        {POLICY("\"admit\": {\"license\": []}"), "policies[0].admit.license: expected a list of at least one string"},
        {POLICY("\"admit\": {\"license\": \"CC0\"}"), "policies[0].admit.license: expected a list"},
        {POLICY("\"admit\": {\"license\": [\"CC0\", 7]}"), "policies[0].admit.license[1]: expected a string"},
        {POLICY("\"admit\": {\"license\": [\"CC0\", \"CC0\"]}"), "license: expected no string twice"},
        {POLICY("\"admit\": {\"collected\": {}}"), "collected: expected a day `from`, a day `to`, or both"},
        {POLICY("\"admit\": {\"collected\": {\"since\": \"2024-01-01\"}}"),
         "policies[0].admit.collected.since: expected only from or to here"},
        {POLICY("\"admit\": {\"collected\": {\"from\": \"2023-02-29\"}}"),
         "collected.from: expected a day of the calendar, \"2024-03-31\", found \"2023-02-29\""},
        {POLICY("\"admit\": {\"collected\": {\"from\": \"2024-02-01\", \"to\": \"2024-01-31\"}}"),
         "collected: expected `from` not to come after `to`"},
        {POLICY("\"opt_out\": 3"), "policies[0].opt_out: expected a list of owners, or the name of a file"},
        {POLICY("\"opt_out\": [3]"), "policies[0].opt_out[0]: expected a string"},
        {POLICY("\"opt_out\": \"list.txt\""), "policies[0].opt_out: expected a list of owners here"},
        {POLICY("\"profile\": \"q\""), "policies[0].profile: expected the name of one of the profiles, found \"q\""},
        {"{\"policies\": [{\"name\": \"p\", \"version\": \"1\"}, {\"name\": \"p\", \"version\": \"2\"}]}",
         "policies[1].name: expected a name that is not there yet, found \"p\" again"},
        {"{\"columns\": {\"licence\": \"x\"}, \"policies\": []}", "columns.licence: expected only policy, source"},
        {PROFILE("{}"), "profiles[0].weights: expected an object with a weight per layer"},
        {PROFILE("{\"fc1\": -1}"), "profiles[0].weights.fc1: expected a weight from 0 (kept out of the layer) to 1000"},
        {PROFILE("{\"*\": 1001}"), "profiles[0].weights.*: expected a weight"},
        {PROFILE("{\"fc1\": \"0\"}"), "profiles[0].weights.fc1: expected a weight"},
        {PROFILE("{\"fc1\": 1, \"fc1\": 0}"), "fc1"},
        {"{\"policies\": [", "p.json: line 1"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct policies *policies = NULL;
        CHECK_FAILS(policies_parse(refused[i][0], strlen(refused[i][0]), "p.json", &policies), BAD_INPUT,
                    refused[i][1]);
        CHECK(policies == NULL);
    }
}

/* ---- lists in files --------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/assay-policies-XXXXXX";
static int rank;

static void store(const char *name, const char *bytes)
{
    char *path = path_join(folder, name);
    if (rank == 0)
        CHECK(file_store(path, bytes, strlen(bytes), 0666) == STATUS_OK);
    memory_free(path);
}

static struct verdict decide(const struct policies *policies, const char *owner)
{
    const char *const facts[N_FACT] = {[FACT_POLICY] = "p", [FACT_OWNER] = owner};
    struct verdict verdict;
    policies_decide(policies, facts, &verdict);
    return verdict;
}

static enum status open_with(const char *list, const char *owners, struct segment_list *segments,
                             struct policies **policies)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\"policies\": [{\"name\": \"p\", \"version\": \"1\", \"opt_out\": \"%s\"}]}", list);
    store("in/p.json", text.bytes);
    text_clear(&text);
    text_init(&text);
    text_add(&text, "in/%s", list);
    if (owners != NULL)
        store(text.bytes, owners);
    text_clear(&text);
    *policies = NULL;
    return policies_open(MPI_COMM_WORLD, folder, "in/p.json", segments, policies);
}

static void check_lists(void)
{
    static const char *const inline_list = "{\"policies\": [{\"name\": \"p\", \"version\": \"1\", "
                                           "\"opt_out\": [\"adam\", \"zoe\"]}]}";
    static const char *const lists[][2] = {
        {"out.txt", "zoe\n\nadam\nzoe\n"},
        {"out.jsonl", "\"zoe\"\n{\"owner\": \"adam\", \"since\": \"2024-01-01\"}"},
    };
    struct policies *expected = parse(inline_list);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct segment_list segments;
        struct policies *policies;
        segments_init(&segments);
        CHECK(open_with(lists[i][0], lists[i][1], &segments, &policies) == STATUS_OK);
        CHECK(segments.n == (rank == 0 ? 2 : 0));
        CHECK(segments.n == 0 || strncmp(segments.items[1].path, "in/out.", 7) == 0);
        CHECK(decide(policies, "adam").decision == REJECT && decide(policies, "zoe").decision == REJECT);
        CHECK(decide(policies, "").decision == ADMIT && decide(policies, "eve").decision == ADMIT);
        CHECK(memcmp(policies_get(policies, 0)->sha256, policies_get(expected, 0)->sha256, DIGEST_BYTES) == 0);
        policies_close(policies);
        segments_clear(&segments);
        CHECK(policies_open(MPI_COMM_NULL, folder, "in/p.json", NULL, &policies) == STATUS_OK);
        CHECK(decide(policies, "zoe").decision == REJECT && decide(policies, "eve").decision == ADMIT);
        policies_close(policies);
        MPI_Barrier(MPI_COMM_WORLD); /* all have read before the next is written */
    }
    policies_close(expected);
}

static void check_refused_lists(void)
{
    static const char *const refused[][3] = {
        {"out.txt", "adam\r\nzoe\r\n", "in/out.txt: line 1: expected an owner"},
        {"out.txt", "adam\n zoe\n", "in/out.txt: line 2: expected an owner"},
        {"out.txt", "adam\nzo\xff\n", "in/out.txt: line 2: expected an owner"},
        {"out.jsonl", "adam\n", "in/out.jsonl: line 1"},
        {"out.jsonl", "\"adam\"\n17\n", "in/out.jsonl: line 2: expected a string of 1 to 1024 bytes"},
        {"out.jsonl", "{\"name\": \"adam\"}\n", "in/out.jsonl: line 1: owner: expected a string"},
        {"absent.txt", NULL, "absent.txt"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct policies *policies;
        CHECK_FAILS(open_with(refused[i][0], refused[i][1], NULL, &policies), BAD_INPUT, refused[i][2]);
        CHECK(policies == NULL);
    }
    struct policies *policies = NULL;
    CHECK_FAILS(policies_open(MPI_COMM_WORLD, folder, "absent.json", NULL, &policies), BAD_INPUT, "absent.json");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
        CHECK(mkdtemp(folder) != NULL);
    MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
    check_texts();
    check_refused();
    check_lists();
    check_refused_lists();
    MPI_Barrier(MPI_COMM_WORLD);
    for (const char *const *name = (const char *const[]){"in/p.json", "in/out.txt", "in/out.jsonl", "in", "", NULL};
         rank == 0 && *name != NULL; name++) {
        char *path = path_join(folder, *name);
        CHECK(remove(path) == 0);
        memory_free(path);
    }
    int end = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return end;
}
