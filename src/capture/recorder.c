#include "capture/recorder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "capture/pseudonym.h"
#include "capture/recorder_parts.h"

enum { KEY_SHORTEST = 16, KEY_ID_BYTES = 8, HASH_PIECE = 1 << 20 };

static const int64_t default_pending_bytes = 64 << 20;

double recorder_seconds(const struct recorder *recorder)
{
    if (recorder->reproducible)
        return 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- opening ------------------------------------------------------------------------------------------------------
 */

static enum status check_options(const struct recorder_options *options)
{
    if (options->world_size < 1 || options->rank < 0 || options->rank >= options->world_size)
        return fail(BAD_INPUT, "expected a rank below the world size of %lld, found %lld",
                    (long long)options->world_size, (long long)options->rank);
    if (options->key != NULL && options->n_key < KEY_SHORTEST)
        return fail(BAD_INPUT, "key: expected at least %d bytes, found %lld", KEY_SHORTEST, (long long)options->n_key);
    return check_name("run", options->run);
}

static enum status hash_file(const char *path, uint8_t sha256[DIGEST_BYTES])
{
    int64_t bytes;
    enum status status = file_size(path, &bytes);
    int descriptor = status == STATUS_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == STATUS_OK && descriptor < 0)
        status = fail(BAD_INPUT, "%s: cannot be opened", path);
    if (status != STATUS_OK)
        return status;
    struct digest *digest = digest_create();
    char *piece = memory_allocate(HASH_PIECE, 1);
    digest_begin(digest);
    for (int64_t at = 0; at < bytes && status == STATUS_OK; at += HASH_PIECE) {
        size_t n = (size_t)(bytes - at < HASH_PIECE ? bytes - at : HASH_PIECE);
        status = file_read_at(descriptor, path, at, piece, n);
        if (status == STATUS_OK)
            digest_add(digest, piece, n);
    }
    digest_end(digest, sha256);
    memory_free(piece);
    digest_destroy(digest);
    close(descriptor);
    return status;
}

/* Adds a row to `meta`, or finds the same there. */
static enum status add_meta(struct recorder *recorder, const char *name, const char *value)
{
    char *known = NULL;
    enum status status = recorder_store_meta(recorder->queue.store, name, &known);
    if (status == STATUS_OK && known != NULL && strcmp(known, value) != 0)
        status = fail(BAD_INPUT, "%s: expected a file of %s \"%s\", found one of \"%s\"", recorder->path, name, value,
                      known);
    if (status == STATUS_OK && known == NULL) {
        batch_row(&recorder->queue.owed, TABLE_META);
        batch_text(&recorder->queue.owed, name);
        batch_text(&recorder->queue.owed, value);
    }
    memory_free(known);
    return status;
}

static enum status add_metas(struct recorder *recorder, const struct recorder_options *options)
{
    char rank[24], world_size[24], hex[2 * DIGEST_BYTES + 1];
    uint8_t digest[DIGEST_BYTES];
    snprintf(rank, sizeof rank, "%" PRId64, options->rank);
    snprintf(world_size, sizeof world_size, "%" PRId64, options->world_size);
    enum status status = add_meta(recorder, "run", options->run);
    if (status == STATUS_OK)
        status = add_meta(recorder, "rank", rank);
    if (status == STATUS_OK)
        status = add_meta(recorder, "world_size", world_size);
    if (status == STATUS_OK && options->samples_file != NULL) {
        if (options->samples_sha256 != NULL)
            memcpy(digest, options->samples_sha256, DIGEST_BYTES);
        else
            status = hash_file(options->samples_file, digest);
        if (status == STATUS_OK)
            status = add_meta(recorder, "samples_file", options->samples_file);
        hex_encode(digest, DIGEST_BYTES, hex);
        if (status == STATUS_OK)
            status = add_meta(recorder, "samples_sha256", hex);
    }
    if (status == STATUS_OK && options->key != NULL) {
        pseudonym(options->key, (size_t)options->n_key, "assay recorder key", digest);
        hex_encode(digest, KEY_ID_BYTES, hex);
        status = add_meta(recorder, "key_id", hex);
    }
    return status;
}

void recorder_owe_session(struct recorder *recorder)
{
    char host[256] = "";
    if (!recorder->reproducible)
        gethostname(host, sizeof host - 1);
    struct batch *rows = &recorder->queue.owed;
    batch_row(rows, TABLE_SESSION);
    batch_integer(rows, recorder->session);
    batch_real(rows, recorder_seconds(recorder));
    batch_integer(rows, recorder->reproducible ? 0 : getpid());
    batch_text(rows, utf8_is_valid(host, strlen(host)) ? host : "");
    batch_text(rows, "assay capture " ASSAY_VERSION);
}

void recorder_add_closing(struct recorder *recorder, struct batch *rows)
{
    batch_row(rows, TABLE_CLOSING);
    batch_integer(rows, recorder->session);
    batch_real(rows, recorder_seconds(recorder));
    batch_integer(rows, recorder->steps);
    batch_integer(rows, recorder->uses);
    batch_integer(rows, recorder->queue.n_lost - recorder->lost_before);
}

static void init_draft(struct step_draft *draft)
{
    *draft = (struct step_draft){0};
    text_init(&draft->samples);
    text_init(&draft->losses);
    text_init(&draft->weights);
    text_init(&draft->micro_batches);
}

static void clear_draft(struct step_draft *draft)
{
    text_clear(&draft->samples);
    text_clear(&draft->losses);
    text_clear(&draft->weights);
    text_clear(&draft->micro_batches);
}

/* The parameter groups that an earlier session made known. */
static enum status load_groups(struct recorder *recorder, int64_t n)
{
    recorder->groups = memory_allocate(n + 1, sizeof *recorder->groups);
    recorder->group_capacity = n + 1;
    enum status status = STATUS_OK;
    for (int64_t k = 0; k < n && status == STATUS_OK; k++) {
        status = recorder_store_group(recorder->queue.store, k + 1, &recorder->groups[k]);
        recorder->n_group = k + (status == STATUS_OK);
    }
    return status;
}

static enum status begin_recording(struct recorder *recorder, const struct recorder_options *options)
{
    struct recorder_store_state state = {0};
    enum status status = recorder_store_state(recorder->queue.store, &state);
    if (status == STATUS_OK)
        status = load_groups(recorder, state.n_group);
    if (status == STATUS_OK)
        status = add_metas(recorder, options);
    if (status != STATUS_OK)
        return status;
    recorder->session = state.session + 1;
    recorder->record = state.record;
    recorder_owe_session(recorder);
    status = queue_submit(&recorder->queue, &recorder->rows, recorder->session, -1, "session");
    recorder_store_be_patient(recorder->queue.store, false);
    return status;
}

static void destroy(struct recorder *recorder)
{
    queue_clear(&recorder->queue);
    clear_draft(&recorder->draft);
    batch_clear(&recorder->rows);
    for (int64_t k = 0; k < recorder->n_group; k++)
        memory_free(recorder->groups[k]);
    memory_free(recorder->groups);
    memory_free(recorder->key);
    memory_free(recorder->path);
    memory_free(recorder);
}

enum status recorder_open(const char *path, const struct recorder_options *options, struct recorder **recorder)
{
    *recorder = NULL;
    struct recorder_store *store = NULL;
    enum status status = check_options(options);
    if (status == STATUS_OK)
        status = recorder_store_open(path, options->durable, &store);
    if (status != STATUS_OK)
        return status;
    struct recorder *opened = memory_allocate(1, sizeof *opened);
    opened->path = memory_copy_text(path);
    opened->last_step = -1;
    opened->reproducible = options->reproducible;
    queue_init(&opened->queue, store, options->pending_bytes > 0 ? options->pending_bytes : default_pending_bytes);
    init_draft(&opened->draft);
    batch_init(&opened->rows);
    if (options->key != NULL) {
        opened->n_key = options->n_key;
        opened->key = memcpy(memory_allocate(options->n_key, 1), options->key, (size_t)options->n_key);
    }
    status = begin_recording(opened, options);
    if (status != STATUS_OK) {
        destroy(opened);
        return status;
    }
    *recorder = opened;
    return STATUS_OK;
}

/* ---- closing ------------------------------------------------------------------------------------------------------
 */

enum status recorder_flush(struct recorder *recorder)
{
    return recorder != NULL ? queue_write(&recorder->queue, true) : STATUS_OK;
}

enum status recorder_close(struct recorder *recorder, struct recorder_summary *summary)
{
    if (summary != NULL)
        *summary = (struct recorder_summary){0};
    if (recorder == NULL)
        return STATUS_OK;
    struct queue *queue = &recorder->queue;
    if (recorder->draft.open) {
        fail(BAD_INPUT, "the recorder was closed before the step was ended");
        recorder_abandon_step(recorder);
    }
    recorder_store_be_patient(queue->store, true); /* training is over: a lock may take its time */
    queue_write(queue, true);
    struct batch closing;
    batch_init(&closing);
    recorder_add_closing(recorder, &closing);
    enum status status = queue_end(queue, &closing);
    batch_clear(&closing);
    if (!path_exists(recorder->path)) {
        status = fail(CANNOT_WRITE, "%s: the file was removed while it was written", recorder->path);
        queue->n_failure++;
    }
    if (summary != NULL) {
        *summary = (struct recorder_summary){.steps = recorder->steps_before + recorder->steps,
                                             .uses = recorder->uses_before + recorder->uses,
                                             .lost = queue->n_lost,
                                             .failures = queue->n_failure};
        snprintf(summary->sentence, sizeof summary->sentence, "%s", queue->sentence);
    }
    bool forgets = status == STATUS_OK && recorder->reproducible;
    char *path = memory_copy_text(recorder->path);
    destroy(recorder);
    if (forgets)
        status = recorder_store_forget_version(path);
    memory_free(path);
    return status;
}
