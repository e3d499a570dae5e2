#include "seal/verify.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "seal/page.h"

static void fill_report(struct verification *verification)
{
    struct verify_report *report = verification->report;
    const struct ground *ground = &verification->ground;
    struct text text;
    text_init(&text);
    report->key_was_given = ground->key_was_given;
    if (ground->has_key) {
        verify_key_text(&ground->key, &text);
        ASSERT(text.length < sizeof report->vkey);
        memcpy(report->vkey, text.bytes, text.length);
        memcpy(report->origin, ground->key.name, strlen(ground->key.name));
    }
    text.length = 0;
    if (ground->has_root) {
        base64_encode(&text, ground->checkpoint.root.bytes, DIGEST_BYTES);
        memcpy(report->root, text.bytes, text.length);
        report->n_entry = ground->checkpoint.size;
    }
    text_clear(&text);
}

static void find_inputs(struct verification *verification, const char *given)
{
    const struct ground *ground = &verification->ground;
    if (given != NULL)
        verification->inputs_directory = memory_copy_text(given);
    else if (ground->has_statement)
        verification->inputs_directory = path_join(verification->run_directory, ground->statement.inputs_directory);
    else if (verification->rank == 0)
        findings_add(&verification->findings, FOUND_STATEMENT, 5,
                     "seal/statement.intoto.jsonl: without it nobody says where the inputs are, and they were not "
                     "checked; name their directory");
}

/* The entries counted against what the footer and the statement say, on rank 0, after a sweep. */
static void check_counts(struct verification *verification)
{
    int64_t counts[2 * ENTRY_KIND_COUNT];
    memcpy(counts, verification->counts, sizeof verification->counts);
    memcpy(counts + ENTRY_KIND_COUNT, verification->footer, sizeof verification->footer);
    share_sum(verification->comm, counts, 2 * ENTRY_KIND_COUNT);
    int64_t seen = 0;
    for (int kind = 0; kind < ENTRY_KIND_COUNT; kind++)
        seen += counts[kind];
    if (verification->rank != 0 || seen != verification->ground.checkpoint.size)
        return; /* entries that could not be read have been told */
    if (counts[ENTRY_CONFIG] != 1 || counts[ENTRY_FOOTER] != 1 ||
        memcmp(counts, counts + ENTRY_KIND_COUNT, sizeof verification->counts) != 0)
        findings_add(&verification->findings, FOUND_LOG, -2,
                     "seal/tile/entries: the log does not have the entries that its footer counts: it is of a run that "
                     "did not come to its end");
    const struct statement *statement = &verification->ground.statement;
    int64_t n_dataset = 0, n_block = 0;
    for (int64_t t = 0; t < statement->n_table; t++)
        for (int64_t i = 0; i < statement->tables[t].n; i++) {
            const struct extent *extent = &statement->tables[t].items[i];
            n_dataset++;
            n_block += block_count(extent->rows, extent->rows > 0 ? extent->bytes / extent->rows : 0);
        }
    if (verification->ground.has_statement && (n_dataset != counts[ENTRY_DATASET] || n_block != counts[ENTRY_CHUNK]))
        findings_add(&verification->findings, FOUND_STATEMENT, 6,
                     "seal/statement.intoto.jsonl: its tables have %lld datasets in %lld blocks, the log has %lld in "
                     "%lld",
                     (long long)n_dataset, (long long)n_block, (long long)counts[ENTRY_DATASET],
                     (long long)counts[ENTRY_CHUNK]);
}

/* Everything that the signed root covers. */
static enum status check_run(struct verification *verification)
{
    const struct ground *ground = &verification->ground;
    int64_t n_table = ground->statement.n_table;
    verification->is_block_wrong = memory_allocate(n_table, sizeof *verification->is_block_wrong);
    verification->is_table_wrong = memory_allocate(n_table, sizeof *verification->is_table_wrong);
    audit_log(verification->comm, verification->log, ground->checkpoint.size, &ground->checkpoint.root,
              &verification->findings, &verification->audit);
    verify_sweep(verification, SWEEP_BYTES);
    check_counts(verification);
    enum status status = verify_inputs(verification);
    if (status == STATUS_OK)
        status = verify_samples(verification);
    if (status != STATUS_OK)
        return status;
    if (verify_has_logical(verification))
        verify_sweep(verification, SWEEP_LOGICAL);
    if (ground->has_statement)
        verify_tables(verification);
    if (ground->has_statement && verification->rank == 0)
        verify_dependencies(verification);
    if (verification->rank == 0)
        page_verify(verification->run_directory, ground, &verification->findings);
    return agree(verification->comm, STATUS_OK);
}

/* Findings and counts of all ranks, and the verdict. */
static enum status conclude(struct verification *verification)
{
    struct verify_report *report = verification->report;
    int64_t counts[4] = {report->n_input, report->n_input_byte, report->n_block, report->n_block_byte};
    findings_gather(verification->comm, &verification->findings);
    share_sum(verification->comm, counts, 4);
    report->n_input = counts[0];
    report->n_input_byte = counts[1];
    report->n_block = counts[2];
    report->n_block_byte = counts[3];
    report->n_finding_total = verification->findings.total;
    if (verification->rank == 0) {
        report->n_finding = verification->findings.n;
        report->findings = memory_allocate(report->n_finding, sizeof *report->findings);
        for (int64_t i = 0; i < report->n_finding; i++)
            report->findings[i] = memory_copy_text(verification->findings.items[i].sentence);
    }
    enum status status = STATUS_OK;
    if (verification->rank == 0 && report->n_finding > 0)
        status = report->n_finding_total == 1
                     ? fail(DIFFERS, "%s", report->findings[0])
                     : fail(DIFFERS, "%s (and %lld more finding%s)", report->findings[0],
                            (long long)report->n_finding_total - 1, report->n_finding_total == 2 ? "" : "s");
    return agree_from(verification->comm, 0, status);
}

enum status verify_run(MPI_Comm comm, const char *run_directory, const char *inputs_directory, const char *vkey,
                       struct verify_report *report)
{
    struct verification verification = {
        .comm = comm, .run_directory = run_directory, .log = path_join(run_directory, "seal"), .report = report};
    *report = (struct verify_report){.n_leaf = -1};
    MPI_Comm_rank(comm, &verification.rank);
    MPI_Comm_size(comm, &verification.n_rank);
    segments_init(&verification.pieces);
    segments_init(&verification.damaged);
    enum status status = ground_load(comm, run_directory, vkey, &verification.findings, &verification.ground);
    if (status == STATUS_OK) {
        fill_report(&verification);
        if (verification.ground.has_root) {
            find_inputs(&verification, inputs_directory);
            status = check_run(&verification);
        }
        if (status == STATUS_OK)
            status = conclude(&verification);
    }
    findings_clear(&verification.findings);
    segments_clear(&verification.pieces);
    segments_clear(&verification.damaged);
    audit_clear(&verification.audit);
    ground_clear(&verification.ground);
    memory_free(verification.is_block_wrong);
    memory_free(verification.is_table_wrong);
    memory_free(verification.inputs_directory);
    memory_free(verification.log);
    return status;
}

void verify_report_clear(struct verify_report *report)
{
    for (int64_t i = 0; i < report->n_finding; i++)
        memory_free(report->findings[i]);
    memory_free(report->findings);
    *report = (struct verify_report){0};
}
