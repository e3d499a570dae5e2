/* From files to the ledger: each rank reads some of them, every rank knows what all of them say. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "lineage/definitions.h"
#include "lineage/job.h"

enum status job_check_stop(void)
{
    return stop_requested() ? fail(STOPPED, "lineage: stopped on request: run the same command again") : STATUS_OK;
}

/* ---- recorder files ---------------------------------------------------------------------------------------------- */

/* The rank that reads file i. */
static int reader_of(const struct lineage_job *job, int64_t i)
{
    return (int)(i % job->size);
}

static int64_t mebibytes(const struct lineage_job *job, int64_t i)
{
    return (job->files.marks[i].bytes >> 20) + 1;
}

static enum status read_files(struct lineage_job *job, struct recorder_note *notes)
{
    struct progress progress;
    enum status status = STATUS_OK;
    int64_t mine = 0, all = 0;
    for (int64_t i = 0; i < job->files.n; i++) {
        all += mebibytes(job, i);
        mine += reader_of(job, i) == job->rank ? mebibytes(job, i) : 0;
    }
    progress_begin(&progress, job->show && job->files.n > 1, "lineage, recorders", "MiB", mine, all);
    for (int64_t i = 0; i < job->files.n && status == STATUS_OK; i++) {
        if (reader_of(job, i) != job->rank)
            continue;
        char *path = path_join(job->request->directory, job->files.items[i]);
        status = note_read(path, job->files.items[i], (int32_t)i, &job->tally, &notes[i]);
        memory_free(path);
        progress_add(&progress, mebibytes(job, i));
    }
    progress_end(&progress);
    return agree(job->comm, status);
}

/* Every note in the order of the files, on every rank. */
static void share_notes(struct lineage_job *job, struct recorder_note *notes)
{
    struct text all;
    text_init(&all);
    for (int64_t i = 0; i < job->files.n; i++) {
        int reader = reader_of(job, i);
        if (reader == job->rank) {
            struct text one;
            text_init(&one);
            note_pack(&notes[i], &one);
            note_clear(&notes[i]);
            if (job->rank == 0)
                text_add_bytes(&all, one.bytes, one.length);
            else
                share_send(job->comm, 0, one.bytes, (int64_t)one.length);
            text_clear(&one);
        } else if (job->rank == 0) {
            int64_t n;
            char *bytes = share_receive(job->comm, reader, &n);
            text_add_bytes(&all, bytes, (size_t)n);
            memory_free(bytes);
        }
    }
    char *bytes = all.bytes;
    size_t n = all.length;
    int64_t at = 0;
    share_bytes(job->comm, &bytes, &n);
    /* Whole-file findings are the same everywhere: rank 0 keeps them for all. */
    struct finding_list elsewhere;
    finding_list_init(&elsewhere, 1);
    for (int64_t i = 0; i < job->files.n; i++) {
        struct recorder_note note;
        note_unpack(bytes, (int64_t)n, &at, &note);
        ledger_add(&job->ledger, job->files.items[i], &note, job->rank == 0 ? &job->findings : &elsewhere);
        note_clear(&note);
    }
    finding_list_clear(&elsewhere);
    if (job->rank != 0)
        memory_free(bytes);
    text_clear(&all);
}

static enum status read_recorders(struct lineage_job *job)
{
    struct recorder_note *notes = memory_allocate(job->files.n, sizeof *notes);
    enum status status = read_files(job, notes);
    if (status == STATUS_OK)
        share_notes(job, notes);
    for (int64_t i = 0; i < job->files.n; i++)
        note_clear(&notes[i]);
    memory_free(notes);
    return status;
}

/* ---- the order --------------------------------------------------------------------------------------------------- */

/* Each rank reads blocks of steps in turn, and counts. */
static enum status count_order(struct lineage_job *job, int64_t *counts)
{
    struct order *order = &job->order;
    int64_t *rows = memory_allocate_raw(ORDER_ROWS * order->width, sizeof *rows);
    enum status status = STATUS_OK;
    bool alone = job->files.n == 0;
    for (int64_t first = (int64_t)job->rank * ORDER_ROWS; first < order->n_step && status == STATUS_OK;
         first += (int64_t)job->size * ORDER_ROWS) {
        int64_t n = order->n_step - first < ORDER_ROWS ? order->n_step - first : ORDER_ROWS;
        status = order_read(order, first, n, rows, &job->segments);
        for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
            counts[first + i] = order_count(rows + i * order->width, order->width);
            if (alone)
                tally_add(&job->tally, job->tally.uses, counts[first + i], rows + i * order->width,
                          &job->tally.n_unknown);
        }
    }
    memory_free(rows);
    return status;
}

/* Headers of the npy files: what no row covers. */
static enum status hash_rest(struct lineage_job *job)
{
    struct segment_list rest;
    segments_init(&rest);
    enum status status = job->rank == 0 ? tensor_gaps(&job->order.tensor, 1, &rest) : STATUS_OK;
    for (int64_t i = 0; i < rest.n && status == STATUS_OK; i++) {
        status = segment_hash(job->request->directory, &rest.items[i]);
        if (status == STATUS_OK)
            segments_add(&job->segments, &rest.items[i]);
    }
    segments_clear(&rest);
    return status;
}

static enum status read_order(struct lineage_job *job)
{
    int64_t *counts = memory_allocate(job->order.n_step, sizeof *counts);
    enum status status = count_order(job, counts);
    if (status == STATUS_OK)
        status = hash_rest(job);
    status = agree(job->comm, status);
    if (status == STATUS_OK && job->files.n == 0) {
        share_sum(job->comm, counts, job->order.n_step);
        ledger_add_order(&job->ledger, job->order.n_step, counts);
    }
    memory_free(counts);
    return status;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

static enum status compare_samples(struct lineage_job *job)
{
    char hex[65] = "";
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < job->ledger.n_recorder && status == STATUS_OK; i++) {
        const struct recorder_entry *entry = &job->ledger.recorders[i];
        if (entry->samples_sha256 < 0)
            continue;
        if (!hex[0])
            status = sample_lines_hash(&job->lines, hex);
        if (status != STATUS_OK || strcmp(hex, ledger_text(&job->ledger, entry->samples_sha256)) == 0)
            continue;
        struct finding finding = finding_of(FOUND_SAMPLES_DIFFER);
        finding.process = entry->process;
        finding_say(&finding, "%.90s counts lines of a samples file with SHA-256 %.16s…, here it has %.16s…",
                    entry->path, ledger_text(&job->ledger, entry->samples_sha256), hex);
        finding_list_add(&job->findings, &finding);
    }
    return status;
}

/* Roles that the samples file knows come first, in the order of its column. */
static void add_roles(struct lineage_job *job)
{
    const struct sample_lines *lines = &job->lines;
    if (lines->role < 0) {
        lexicon_add(&job->ledger.roles, ledger_name(&job->ledger, lines->config->train));
        return;
    }
    const struct group_column *column = &lines->samples.columns[lines->role];
    for (int64_t v = 0; v < column->n_value; v++)
        lexicon_add(&job->ledger.roles, ledger_name(&job->ledger, column->values[v]));
}

enum status job_read_record(struct lineage_job *job)
{
    add_roles(job);
    enum status status = read_recorders(job);
    if (status == STATUS_OK && job->order.tensor != NULL)
        status = read_order(job);
    if (status != STATUS_OK)
        return status;
    share_sum(job->comm, job->tally.uses, job->tally.n_block);
    share_sum(job->comm, job->tally.events, job->tally.n_block);
    share_sum(job->comm, &job->tally.n_unknown, 1);
    definitions_settle(&job->ledger, job->policies);
    struct finding_list elsewhere;
    finding_list_init(&elsewhere, 1);
    ledger_conclude(&job->ledger, job->rank == 0 ? &job->findings : &elsewhere);
    finding_list_clear(&elsewhere);
    return agree_from(job->comm, 0, job->rank == 0 ? compare_samples(job) : STATUS_OK);
}
