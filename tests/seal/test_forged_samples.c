/* A tree of samples that the right key signed, but that leaves a sample out, has one twice, is not in order or says
 * what the tables do not, is found out by verify; a second entry of the samples, also by who has a proof alone. */
#include <mpi.h>

#include "check.h"
#include "forgery.h"
#include "samples.h"
#include "seal/sample_prover.h"
#include "usage/store.h"

enum { SAMPLES = 700 };

static int rank;
static char *parent, *run, *seal;
static struct signing_key *key;

/* The stored leaves, to be changed, and the entry of them. */
struct forged_tree {
    struct leaf *leaves; /* owned */
    int64_t n;
    struct entry entry;
};

/* Stores the leaves as they are, with their nodes, and the root that they have into the entry. */
static void store_tree(struct forged_tree *forged)
{
    struct usage_summary *summary = &forged->entry.samples;
    struct hash *hashes = memory_allocate(forged->n, sizeof *hashes);
    struct usage_tree tree = {.leaves = forged->leaves, .n = forged->n, .n_node = forged->n / GROUP_LEAVES};
    tree.nodes = memory_allocate(tree.n_node, sizeof *tree.nodes);
    for (int64_t i = 0; i < forged->n; i++)
        leaf_hash(&forged->leaves[i], &hashes[i]);
    for (int64_t g = 0; g < tree.n_node; g++)
        merkle_root(hashes + g * GROUP_LEAVES, GROUP_LEAVES, &tree.nodes[g]);
    merkle_root(hashes, forged->n, &summary->root);
    summary->size = forged->n;
    tree.summary = *summary;
    ASSERT(scratch_run("rm -f %/samples.h5", seal) == 0);
    ASSERT(usage_store(MPI_COMM_SELF, run, &tree) == STATUS_OK);
    memory_free(tree.nodes);
    memory_free(hashes);
}

static void forge(void (*change)(struct forged_tree *))
{
    struct forgery forgery;
    struct forged_tree forged;
    struct usage_stored stored;
    struct text text;
    read_log(run, seal, key, &forgery);
    int at = forgery.n - 2;
    ASSERT(entry_parse(forgery.texts[at], strlen(forgery.texts[at]), "log", &forged.entry) == STATUS_OK);
    ASSERT(forged.entry.kind == ENTRY_SAMPLES);
    forged.n = forged.entry.samples.size;
    forged.leaves = memory_allocate(forged.n + 1, sizeof *forged.leaves);
    ASSERT(usage_stored_open(run, forged.n, &stored) == STATUS_OK);
    ASSERT(usage_stored_leaves(&stored, 0, forged.n, forged.leaves) == STATUS_OK);
    usage_stored_close(&stored);
    change(&forged);
    store_tree(&forged);
    text_init(&text);
    ASSERT(entry_write(&forged.entry, &text) == STATUS_OK);
    memory_free(forgery.texts[at]);
    forgery.texts[at] = text.bytes;
    write_log(&forgery, NULL);
    release(&forgery);
    entry_clear(&forged.entry);
    memory_free(forged.leaves);
}

static void check_forged(const char *what, void (*change)(struct forged_tree *), const char *const *sentences)
{
    struct verify_report report;
    if (rank == 0)
        forge(change);
    MPI_Barrier(MPI_COMM_WORLD);
    enum status status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
    CHECK(status == (sentences[0] == NULL ? STATUS_OK : DIFFERS));
    for (; rank == 0 && *sentences != NULL; sentences++) {
        bool found = false;
        for (int64_t i = 0; i < report.n_finding && !found; i++)
            found = strstr(report.findings[i], *sentences) != NULL;
        CHECK(found);
        for (int64_t i = 0; i < report.n_finding && !found && i < 5; i++)
            fprintf(stderr, "%s: no \"%s\" in: %s\n", what, *sentences, report.findings[i]);
    }
    verify_report_clear(&report);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK(scratch_run("cd % && rm -r run/seal && cp -r kept run/seal", parent) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void change_nothing(struct forged_tree *forged)
{
    (void)forged;
}

static void swap_leaves(struct forged_tree *forged)
{
    struct leaf first = forged->leaves[300];
    forged->leaves[300] = forged->leaves[301];
    forged->leaves[301] = first;
}

/* On both sides of a border between groups, which other ranks may read. */
static void swap_far(struct forged_tree *forged)
{
    struct leaf first = forged->leaves[255];
    forged->leaves[255] = forged->leaves[256];
    forged->leaves[256] = first;
}

static void repeat_leaf(struct forged_tree *forged)
{
    memmove(forged->leaves + 101, forged->leaves + 100, (size_t)(forged->n++ - 100) * sizeof *forged->leaves);
}

static void drop_leaf(struct forged_tree *forged)
{
    memmove(forged->leaves + 100, forged->leaves + 101, (size_t)(--forged->n - 100) * sizeof *forged->leaves);
}

static void hide_all(struct forged_tree *forged)
{
    forged->n = 0;
}

static void change_record(struct forged_tree *forged)
{
    forged->leaves[400].record[0] ^= 1;
}

static void count_less(struct forged_tree *forged)
{
    forged->entry.samples.unlisted -= 2;
    forged->entry.samples.never_used = 0;
    forged->entry.samples.uses++;
}

static void choose_salt(struct forged_tree *forged)
{
    forged->entry.samples.salt[7] ^= 1;
}

static void rename_run(struct forged_tree *forged)
{
    forged->entry.run = "another";
}

static void test_forgeries(void)
{
    static const char *const none[] = {NULL}, *const swapped[] = {"leaf 301 is before the one before it", NULL},
                             *const far[] = {"leaf 256 is before the one before it", NULL},
                             *const repeated[] = {"leaf 101 is the same as the one before it",
                                                  "give another tree of samples", NULL},
                             *const dropped[] = {"it has no leaf with the record of sample sample-",
                                                 "give another tree of samples", NULL},
                             *const hidden[] = {"it has no leaf with the record of sample sample-1 ", NULL},
                             *const changed[] = {"is not what the tables give for any sample",
                                                 "it has no leaf with the record of sample", NULL},
                             *const counts[] = {"tells of 5 samples without a content digest, lineage.h5 of 7",
                                                "tells of 0 samples never used", " uses, lineage.h5 of ", NULL},
                             *const salt[] = {"the salt of the samples is not that of the log's origin", NULL},
                             *const name[] = {"of a run called another, run.json calls it small", NULL};
    check_forged("nothing", change_nothing, none);
    check_forged("another order", swap_leaves, swapped);
    check_forged("another order, far", swap_far, far);
    check_forged("a leaf twice", repeat_leaf, repeated);
    check_forged("a sample left out", drop_leaf, dropped);
    check_forged("all left out", hide_all, hidden);
    check_forged("another record", change_record, changed);
    check_forged("other counts", count_less, counts);
    check_forged("another salt", choose_salt, salt);
    check_forged("another name", rename_run, name);
}

/* Without the entry, and its count, there is no tree of samples to ask. */
static void test_no_entry(void)
{
    struct verify_report report;
    if (rank == 0) {
        struct forgery forgery;
        read_log(run, seal, key, &forgery);
        memory_free(forgery.texts[forgery.n - 2]);
        forgery.texts[forgery.n - 2] = forgery.texts[forgery.n - 1];
        forgery.n--;
        count_again(&forgery);
        write_log(&forgery, NULL);
        release(&forgery);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(run_verify(MPI_COMM_WORLD, parent, NULL, &report) == DIFFERS);
    CHECK(strstr(failure_sentence(), "no entry of the samples, though lineage.h5 is among the tables") != NULL);
    verify_report_clear(&report);
}

/* A proof by the first of two entries of the samples, of the leaves that both tell of. */
static void prove_by_first(void)
{
    struct sample_prover prover;
    struct sample_proof found = {0};
    struct usage_proof usage;
    struct proof log;
    struct text file;
    uint8_t content[DIGEST_BYTES];
    lineage_digest(1, content);
    usage_proof_init(&usage);
    proof_init(&log);
    text_init(&file);
    CHECK(sample_prover_open(run, &prover) == STATUS_OK);
    CHECK(sample_prover_prove(&prover, content, &file, &found) == STATUS_OK); /* by the second it holds */
    sample_proof_clear(&found);
    file.length = 0;
    log.index = prover.log.index - 1;
    text_add_bytes(&log.entry, prover.log.entry.bytes, prover.log.entry.length);
    CHECK(sealed_prove(&prover.sealed, &log) == STATUS_OK);
    CHECK(usage_prove(&prover.usage, content, &usage) == STATUS_OK);
    usage_proof_write(&usage, &file);
    proof_write(&log, &file);
    CHECK_FAILS(sample_proof_verify(file.bytes, file.length, &prover.sealed.key, "proof", &found), DIFFERS,
                "is not the last before the footer");
    usage_proof_clear(&usage);
    proof_clear(&log);
    text_clear(&file);
    sample_prover_close(&prover);
}

static void test_two_entries(void)
{
    struct verify_report report;
    if (rank == 0) {
        struct forgery forgery;
        read_log(run, seal, key, &forgery);
        forgery.texts[forgery.n] = forgery.texts[forgery.n - 1];
        forgery.texts[forgery.n - 1] = memory_copy_text(forgery.texts[forgery.n - 2]);
        forgery.n++;
        count_again(&forgery);
        write_log(&forgery, NULL);
        release(&forgery);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(run_verify(MPI_COMM_WORLD, parent, NULL, &report) == DIFFERS);
    CHECK(strstr(failure_sentence(), "is not after the one before it") != NULL);
    verify_report_clear(&report);
    if (rank == 0) {
        prove_by_first();
        CHECK(scratch_run("cd % && rm -r run/seal && cp -r kept run/seal", parent) == 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    struct seal_result result;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    parent = run_scratch_begin(MPI_COMM_WORLD);
    samples_make(MPI_COMM_WORLD, parent, SAMPLES);
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    run = path_join(parent, "run");
    seal = path_join(parent, "run/seal");
    char *key_path = path_join(parent, "audit.key");
    ASSERT(signing_key_open(key_path, RUN_ORIGIN, &key) == STATUS_OK);
    if (rank == 0)
        ASSERT(scratch_run("cd % && cp -r run/seal kept", parent) == 0);
    test_forgeries();
    test_two_entries();
    test_no_entry();
    signing_key_destroy(key);
    memory_free(run);
    memory_free(seal);
    memory_free(key_path);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
