/* Statements and envelopes read back as they were written; no byte of either can change unseen; JSON readers agree. */
#include "check.h"
#include "config/json.h"
#include "scratch.h"
#include "seal/dsse.h"
#include "seal/statement.h"

static void fill(struct statement *statement)
{
    uint8_t sha256[DIGEST_BYTES] = {1, 2, 3};
    *statement = (struct statement){.origin = memory_copy_text("example.org/audit"),
                                    .builder = memory_copy_text("https://example.org/audit"),
                                    .size = 42,
                                    .ranks = 4,
                                    .config = memory_copy_text("{\n  \"run\": {\"name\": \"a \\\"}{\\\" b\"}\n}"),
                                    .execution = memory_copy_text("{}"),
                                    .inputs_directory = memory_copy_text("../caf\xc3\xa9"),
                                    .started = memory_copy_text("2025-01-01T00:00:00Z"),
                                    .finished = memory_copy_text("2025-01-01T00:00:01Z"),
                                    .invocation = memory_copy_text("0123")};
    statement_add_subject(statement, "run.json", sha256);
    statement_add_subject(statement, "in \"quotes\" \\ \x01 \x7f.h5", sha256);
    statement_add_dependency(statement, &(struct dependency){.name = (char *)"a.npy"});
    statement_add_dependency(statement, &(struct dependency){.name = (char *)"b.json", .is_whole = true});
    statement_add_table(statement, "empty.h5");
    statement_add_table(statement, "t.h5");
    for (int i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "/d%02d", i);
        statement_add_extent(statement,
                             &(struct extent){.object = name, .offset = 2048 + 8 * i, .bytes = 8, .rows = 1});
    }
    statement_add_host(statement, "node-1", 3);
    statement_add_host(statement, "node-2", 1);
    statement_add_version(statement, "assay", "0.1.0");
}

static void test_round_trip(const struct text *payload)
{
    struct statement found;
    CHECK(statement_parse(payload->bytes, payload->length, "s", &found) == STATUS_OK);
    CHECK(found.n_subject == 2 && found.n_dependency == 2 && found.n_table == 2 && found.n_host == 2);
    CHECK(strcmp(found.subjects[1].name, "in \"quotes\" \\ \x01 \x7f.h5") == 0 &&
          found.subjects[1].sha256.bytes[2] == 3);
    CHECK(!found.dependencies[0].is_whole && found.dependencies[1].is_whole && found.size == 42 && found.ranks == 4);
    CHECK(strcmp(found.config, "{\n  \"run\": {\"name\": \"a \\\"}{\\\" b\"}\n}") == 0);
    CHECK(statement_subject(&found, "run.json") != NULL && statement_subject(&found, "run") == NULL);
    CHECK(statement_extent(&found, "t.h5", "/d19")->offset == 2048 + 8 * 19);
    CHECK(statement_extent(&found, "t.h5", "/d20") == NULL && statement_extent(&found, "empty.h5", "/d01") == NULL);
    statement_clear(&found);

    cJSON *json = NULL;
    CHECK(json_parse(payload->bytes, payload->length, "payload", BAD_RUN, &json) == STATUS_OK);
    CHECK(strcmp(cJSON_GetStringValue(json_member(json, "_type")), "https://in-toto.io/Statement/v1") == 0);
    cJSON_Delete(json);
}

/* What is taken with a byte changed says something else, and is what would be written for it. */
static void test_payload_mutations(const struct text *payload)
{
    char *copy = memory_copy_text(payload->bytes);
    for (size_t at = 0; at < payload->length; at++)
        for (int bit = 0; bit < 8; bit += 2) {
            struct statement found;
            copy[at] ^= (char)(1 << (bit + at % 2));
            if (statement_parse(copy, payload->length, "s", &found) == STATUS_OK) {
                struct text again;
                text_init(&again);
                statement_write(&found, &again);
                CHECK(again.length == payload->length && memcmp(again.bytes, copy, again.length) == 0);
                text_clear(&again);
                statement_clear(&found);
            }
            copy[at] = payload->bytes[at];
        }
    struct statement found;
    for (size_t cut = 0; cut < payload->length; cut += 3)
        CHECK(statement_parse(copy, cut, "s", &found) == BAD_RUN);
    memory_free(copy);
}

static void test_envelope(const char *directory, const struct text *payload)
{
    struct signing_key *key = NULL, *stranger = NULL;
    struct text envelope, opened;
    char *path = path_join(directory, "a.key"), *other = path_join(directory, "b.key");
    CHECK(signing_key_open(path, "example.org/audit", &key) == STATUS_OK);
    CHECK(signing_key_open(other, "example.org/audit", &stranger) == STATUS_OK);
    text_init(&envelope);
    text_init(&opened);
    const struct verify_key *vkey = signing_key_public(key);
    dsse_write(payload, STATEMENT_TYPE, key, &envelope);
    CHECK(dsse_verify(envelope.bytes, envelope.length, STATEMENT_TYPE, vkey, "e", &opened) == STATUS_OK);
    CHECK(opened.length == payload->length && memcmp(opened.bytes, payload->bytes, opened.length) == 0);
    CHECK(dsse_verify(envelope.bytes, envelope.length, "text/plain", vkey, "e", &opened) == BAD_RUN);
    CHECK(dsse_verify(envelope.bytes, envelope.length, STATEMENT_TYPE, signing_key_public(stranger), "e", &opened) ==
          BAD_RUN);
    size_t n = opened.length;
    for (size_t at = 0; at < envelope.length; at++)
        for (int bit = (int)(at % 4); bit < 8; bit += 4) {
            envelope.bytes[at] ^= (char)(1 << bit);
            enum status status = dsse_verify(envelope.bytes, envelope.length, STATEMENT_TYPE, vkey, "e", &opened);
            CHECK((status == BAD_RUN || status == DIFFERS) && opened.length == n);
            envelope.bytes[at] ^= (char)(1 << bit);
        }
    CHECK(dsse_verify(envelope.bytes, envelope.length - 1, STATEMENT_TYPE, vkey, "e", &opened) == BAD_RUN);
    text_add(&envelope, "\n");
    CHECK(dsse_verify(envelope.bytes, envelope.length, STATEMENT_TYPE, vkey, "e", &opened) == BAD_RUN);
    text_clear(&envelope);
    text_clear(&opened);
    signing_key_destroy(key);
    signing_key_destroy(stranger);
    memory_free(path);
    memory_free(other);
}

int main(void)
{
    struct statement statement;
    struct text payload;
    char *directory = scratch_begin();
    text_init(&payload);
    fill(&statement);
    statement_write(&statement, &payload);
    test_round_trip(&payload);
    test_payload_mutations(&payload);
    test_envelope(directory, &payload);
    statement_clear(&statement);
    text_clear(&payload);
    scratch_end(directory);
    return check_end();
}
