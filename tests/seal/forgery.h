/* A log taken apart, put together otherwise and signed again: what the holder of the key could do. */
#ifndef ASSAY_TESTS_SEAL_FORGERY_H
#define ASSAY_TESTS_SEAL_FORGERY_H

#include "run.h"
#include "seal/checkpoint.h"
#include "seal/dependencies.h"
#include "seal/dsse.h"
#include "seal/entry.h"
#include "seal/provenance.h"
#include "seal/tile_writer.h"

enum { MOST_ENTRIES = 1000 };

/* A log taken apart, to be put together otherwise. */
struct forgery {
    const char *run, *seal;        /* borrowed: the directories */
    const struct signing_key *key; /* borrowed */
    char *texts[MOST_ENTRIES];     /* owned */
    int n;
    struct statement statement;
    struct hash root; /* to be signed */
    int64_t size;
};

/* Reads RUN/seal. */
static inline void read_log(const char *run, const char *seal, const struct signing_key *key, struct forgery *forgery)
{
    size_t n;
    struct text payload;
    struct log_checkpoint checkpoint;
    char *note = scratch_load(run, SEAL_CHECKPOINT, &n);
    ASSERT(checkpoint_verify(note, n, signing_key_public(key), "note", &checkpoint) == STATUS_OK);
    memory_free(note);
    *forgery = (struct forgery){.run = run, .seal = seal, .key = key};
    for (int64_t b = 0; b < tile_count(checkpoint.size, BUNDLE_LEVEL); b++) {
        struct bundle bundle;
        ASSERT(bundle_load(seal, b, tile_width(checkpoint.size, BUNDLE_LEVEL, b), &bundle) == STATUS_OK);
        for (int k = 0; k < bundle.n; k++) {
            char *text = memory_allocate((int64_t)bundle.length[k] + 1, 1);
            forgery->texts[forgery->n++] = memcpy(text, bundle.entry[k], bundle.length[k]);
        }
        bundle_clear(&bundle);
    }
    char *envelope = scratch_load(run, SEAL_STATEMENT, &n);
    text_init(&payload);
    ASSERT(dsse_verify(envelope, n, STATEMENT_TYPE, signing_key_public(key), "s", &payload) == STATUS_OK);
    ASSERT(statement_parse(payload.bytes, payload.length, "s", &forgery->statement) == STATUS_OK);
    text_clear(&payload);
    memory_free(envelope);
}

/* Stores and signs it all; the statement fits the log unless the forger changed it afterwards. */
static inline void write_log(struct forgery *forgery, void (*change)(struct forgery *))
{
    struct tile_writer *writer = memory_allocate(1, sizeof *writer);
    struct statement *statement = &forgery->statement;
    struct text note, payload, envelope;
    ASSERT(scratch_run("rm -rf %/tile", forgery->seal) == 0);
    tile_writer_begin(writer, forgery->seal);
    for (int i = 0; i < forgery->n; i++)
        ASSERT(tile_writer_add(writer, forgery->texts[i], strlen(forgery->texts[i])) == STATUS_OK);
    ASSERT(tile_writer_end(writer, &forgery->root) == STATUS_OK);
    tile_writer_clear(writer);
    memory_free(writer);
    for (int64_t i = 0; i < statement->n_dependency; i++)
        memory_free(statement->dependencies[i].name);
    memory_free(statement->dependencies);
    statement->dependencies = NULL;
    statement->n_dependency = 0;
    dependencies_collect(forgery->seal, forgery->n, statement);
    forgery->size = forgery->n;
    if (change != NULL)
        change(forgery);
    statement->root = forgery->root;
    statement->size = forgery->size;
    text_init(&note);
    text_init(&payload);
    text_init(&envelope);
    checkpoint_write(forgery->size, &forgery->root, forgery->key, &note);
    for (int64_t i = 0; i < statement->n_subject; i++)
        if (strcmp(statement->subjects[i].name, SEAL_CHECKPOINT) == 0)
            digest_of(note.bytes, note.length, statement->subjects[i].sha256.bytes);
    statement_write(statement, &payload);
    dsse_write(&payload, STATEMENT_TYPE, forgery->key, &envelope);
    scratch_store(forgery->run, SEAL_STATEMENT, envelope.bytes, envelope.length);
    scratch_store(forgery->run, SEAL_CHECKPOINT, note.bytes, note.length);
    text_clear(&note);
    text_clear(&payload);
    text_clear(&envelope);
}

static inline void release(struct forgery *forgery)
{
    for (int i = 0; i < forgery->n; i++)
        memory_free(forgery->texts[i]);
    statement_clear(&forgery->statement);
}

static inline int find(const struct forgery *forgery, const char *part, int nth)
{
    for (int i = 0; i < forgery->n; i++)
        if (strstr(forgery->texts[i], part) != NULL && nth-- == 0)
            return i;
    ASSERT(0);
    return -1;
}

/* The entry with one part of its text replaced. */
static inline void edit(struct forgery *forgery, int at, const char *part, const char *by)
{
    const char *text = forgery->texts[at], *place = strstr(text, part);
    struct text edited;
    ASSERT(place != NULL);
    text_init(&edited);
    text_add(&edited, "%.*s%s%s", (int)(place - text), text, by, place + strlen(part));
    memory_free(forgery->texts[at]);
    forgery->texts[at] = edited.bytes;
}

/* The footer as it must be for these entries. */
static inline void count_again(struct forgery *forgery)
{
    struct entry footer = {.kind = ENTRY_FOOTER, .total = forgery->n};
    struct text text;
    for (int i = 0; i < forgery->n; i++)
        for (int kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
            char line[32];
            snprintf(line, sizeof line, "assay/%s/", entry_kind_name((enum entry_kind)kind));
            footer.counts[kind] += strncmp(forgery->texts[i], line, strlen(line)) == 0;
        }
    text_init(&text);
    ASSERT(entry_write(&footer, &text) == STATUS_OK);
    memory_free(forgery->texts[forgery->n - 1]);
    forgery->texts[forgery->n - 1] = text.bytes;
}

#endif
