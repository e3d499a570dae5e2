/* Proofs of use and of non-use hold offline for 1,000 samples, here and for a reader that shares no code with us; a
 * proof with any byte changed does not, nor one under another key, root or content. */
#include <mpi.h>

#include "check.h"
#include "merkle/tree.h"
#include "samples.h"
#include "seal/checkpoint.h"
#include "seal/sample_prover.h"
#include "usage/record.h"

enum { SAMPLES = 3000, PROOFS = 1000, MUTATED = 1000 };

static char *parent, *run, *proof_path, *content_path;
static char vkey[400];
static uint64_t state = 88172645463325252u;

/* The content file of sample i, or of no sample. */
static void store_content(int64_t i, bool is_known)
{
    char text[64];
    int n = is_known ? lineage_content_bytes(i, text) : snprintf(text, sizeof text, "no content %lld", (long long)i);
    scratch_store(parent, "content", text, (size_t)n);
}

/* Proves it, checks the proof, and keeps it for the other reader under a name that says what it must find. */
static void check_proof(const char *sample, const char *name, const char *verdict)
{
    struct text made, checked;
    size_t n;
    text_init(&made);
    text_init(&checked);
    enum status status = prove_sample(run, sample, sample == NULL ? content_path : NULL, proof_path, &made);
    CHECK(status == STATUS_OK && strstr(made.bytes, verdict) != NULL && strstr(made.bytes, vkey) != NULL);
    status = verify_proof(proof_path, vkey, content_path, &checked);
    CHECK(status == STATUS_OK);
    CHECK(strstr(checked.bytes, verdict) != NULL && strstr(checked.bytes, "content, SHA-256") != NULL);
    char *proof = scratch_load(parent, "a.proof", &n);
    char *proofs = path_join(parent, "proofs");
    scratch_store(proofs, name, proof, n);
    CHECK(n <= 4096);
    memory_free(proofs);
    memory_free(proof);
    text_clear(&made);
    text_clear(&checked);
}

/* How often samples with the content of sample i were used, and by how many of them it is shared. */
static int64_t count_uses(int64_t i)
{
    int64_t n = 0;
    for (int64_t k = lineage_content(i); k <= lineage_content(i) + 1 && k < SAMPLES; k++)
        for (int64_t use = 0;
             lineage_content(k) == lineage_content(i) && lineage_has_content(k) && use < lineage_uses(k); use++)
            n += !lineage_is_superseded(lineage_use(k, use));
    return n;
}

/* The same in memory, of a run that is opened once. */
static void check_many(struct sample_prover *prover, const char *sample, const uint8_t content[DIGEST_BYTES],
                       const char *name, const char *verdict)
{
    struct text file, told;
    struct sample_proof proof = {0};
    uint8_t found[DIGEST_BYTES];
    char *proofs = path_join(parent, "proofs");
    text_init(&file);
    text_init(&told);
    if (sample != NULL)
        CHECK(usage_find_sample(&prover->usage, sample, found) == STATUS_OK &&
              memcmp(found, content, DIGEST_BYTES) == 0);
    CHECK(sample_prover_prove(prover, content, &file, &proof) == STATUS_OK); /* which checks it */
    CHECK(sample_proof_tell(&proof, "many", NULL, &told) == STATUS_OK && strstr(told.bytes, verdict) != NULL);
    CHECK(file.length <= 4096);
    scratch_store(proofs, name, file.bytes, file.length);
    sample_proof_clear(&proof);
    memory_free(proofs);
    text_clear(&file);
    text_clear(&told);
}

static void test_samples(void)
{
    struct sample_prover prover;
    CHECK(sample_prover_open(run, &prover) == STATUS_OK);
    for (int64_t p = 0; p < PROOFS;) {
        int64_t i = (int64_t)(next_random(&state) % SAMPLES);
        char id[LINEAGE_ID_BYTES], name[64], verdict[64];
        uint8_t content[DIGEST_BYTES];
        lineage_id(i, id);
        if (!lineage_has_content(i)) {
            CHECK_FAILS(usage_find_sample(&prover.usage, id, content), BAD_USAGE, "has no content digest");
            continue;
        }
        int64_t n = count_uses(i);
        snprintf(verdict, sizeof verdict,
                 n == 0 ? "listed, never used in training" : "proved: used in training, %lld time", (long long)n);
        snprintf(name, sizeof name, "%lld.use", (long long)i);
        lineage_digest(i, content);
        check_many(&prover, id, content, name, verdict);
        digest_of(&p, sizeof p, content);
        snprintf(name, sizeof name, "%lld.none", (long long)p++);
        check_many(&prover, NULL, content, name,
                   "proved: not used: no sample with a content digest has this content; this speaks of the ");
    }
    sample_prover_close(&prover);
}

/* The first line of a proof of non-use says of how many samples it speaks; and one of a thing is not "things". */
static void test_limit(void)
{
    static const struct {
        int64_t samples, unlisted;
        const char *first, *counted, *not_in_list;
    } cases[] = {
        {60, 0, "no sample of this run has this content\n", "counts 60 samples: ", NULL},
        {60, 1,
         "no sample with a content digest has this content; this speaks of the 59 of 60 samples with a content "
         "digest, 1 has none\n",
         "list has 59 leaves", "1 sample has no content digest and is not in the list"},
        {60, 58, "of the 2 of 60 samples with a content digest, 58 have none\n", "list has 2 leaves",
         "58 samples have no content digest and are not in the list"},
        {1, 0, "no sample of this run has this content\n", "list has 1 leaf in", NULL},
        {1, 0, "", "counts 1 sample: 1 used in training, 0 never, 0 rejected; 1 use in 1 step, 1 epoch\n", NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct sample_proof proof = {.entry.run = "run"};
        struct text told;
        proof.entry.samples = (struct usage_summary){.size = cases[k].samples - cases[k].unlisted,
                                                     .samples = cases[k].samples,
                                                     .unlisted = cases[k].unlisted,
                                                     .trained = 1,
                                                     .uses = 1,
                                                     .steps = 1,
                                                     .epochs = 1};
        text_init(&told);
        usage_proof_init(&proof.usage);
        CHECK(sample_proof_tell(&proof, "limit", NULL, &told) == STATUS_OK);
        CHECK(strncmp(told.bytes, "proved: not used: ", strlen("proved: not used: ")) == 0);
        CHECK(strstr(told.bytes, cases[k].first) != NULL && strstr(told.bytes, cases[k].counted) != NULL);
        CHECK(cases[k].not_in_list == NULL ? strstr(told.bytes, "in the list: ") == NULL
                                           : strstr(told.bytes, cases[k].not_in_list) != NULL);
        usage_proof_clear(&proof.usage);
        text_clear(&told);
    }
}

/* Counts that a log's owner chose so that their sum goes around to 0 are not "never used". */
static void test_sum(void)
{
    enum { RECORDS = 4 };
    struct sample_proof proof = {.entry.run = "run"};
    struct text record, told;
    struct record_value values[N_RECORD_LINES];
    static const char uses[] = "4611686018427387904"; /* 2^62 */
    for (int k = 0; k < N_RECORD_LINES; k++)
        values[k] = (struct record_value){"-", 1};
    values[RECORD_USES] = (struct record_value){uses, strlen(uses)};
    text_init(&record);
    text_init(&told);
    usage_record_write(values, &record);
    usage_proof_init(&proof.usage);
    for (int i = 0; i < RECORDS; i++)
        usage_proof_add_record(&proof.usage, record.bytes, record.length);
    CHECK(sample_proof_tell(&proof, "sum", NULL, &told) == STATUS_OK);
    CHECK(strstr(told.bytes, "proved: used in training, ") != NULL && strstr(told.bytes, "never used") == NULL);
    usage_proof_clear(&proof.usage);
    text_clear(&record);
    text_clear(&told);
}

/* Any byte of a proof changed, and any end cut off. */
static void test_mutated(const char *name, int n_mutation)
{
    char *proofs = path_join(parent, "proofs");
    size_t n;
    char *proof = scratch_load(proofs, name, &n);
    struct verify_key key;
    ASSERT(verify_key_parse(vkey, strlen(vkey), "vkey", &key) == STATUS_OK);
    for (int m = 0; m < n_mutation; m++) {
        struct sample_proof found;
        struct proof other;
        struct log_checkpoint checkpoint;
        char *copy = memcpy(memory_allocate((int64_t)n, 1), proof, n);
        uint64_t random = next_random(&state);
        size_t at = (size_t)(random % n), length = m % 10 == 9 ? at : n;
        copy[at] ^= (char)(1 + (random >> 32) % 255);
        enum status status = is_sample_proof(copy, length)
                                 ? sample_proof_verify(copy, length, &key, "mutated", &found)
                                 : proof_verify(copy, length, &key, "mutated", &other, &checkpoint);
        CHECK(status == DIFFERS || status == BAD_INPUT);
        if (m < 100) {
            char kept[64];
            snprintf(kept, sizeof kept, "%s.%d.bad", name, m);
            scratch_store(proofs, kept, copy, length);
        }
        memory_free(copy);
    }
    memory_free(proof);
    memory_free(proofs);
}

static void check_refused(const char *sample, const char *content, enum status expected, const char *part)
{
    struct text made;
    text_init(&made);
    CHECK_FAILS(prove_sample(run, sample, content, proof_path, &made), expected, part);
    CHECK(made.length == 0);
    text_clear(&made);
}

static void test_refused(void)
{
    static const char other[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    struct text text;
    char *long_id = memory_allocate(10001, 1);
    memset(long_id, 'x', 10000);
    text_init(&text);
    check_refused("nobody", NULL, BAD_USAGE, "there is no sample with the id \"nobody\"");
    check_refused("", NULL, BAD_USAGE, "there is no sample");
    check_refused(long_id, NULL, BAD_USAGE, "xxx\" (and so on) among the 3000");
    check_refused("two\nlines", NULL, BAD_USAGE, "\"two\\u000alines\"");
    check_refused("sample-1 OR 1=1", NULL, BAD_USAGE, "there is no sample");
    check_refused(NULL, "absent", BAD_INPUT, "absent");
    check_refused(NULL, parent, BAD_INPUT, "regular file");
    store_content(14, true);
    check_proof("sample-14", "14.use", "proved: used");
    CHECK_FAILS(verify_proof(proof_path, other, NULL, &text), DIFFERS,
                "expected a signature by the key of PeterNeumann");
    store_content(13, true);
    CHECK_FAILS(verify_proof(proof_path, vkey, content_path, &text), DIFFERS, "not what the proof speaks of");
    CHECK(verify_proof(proof_path, vkey, NULL, &text) == STATUS_OK);
    CHECK(strstr(text.bytes, "no file was compared") != NULL);
    store_content(3, true);
    check_proof("a \"quoted\"\nid\\ \xc3\xa9", "3.use", "id \"a \\\"quoted\\\"\\u000aid\\\\ \xc3\xa9\"");
    text_clear(&text);
    memory_free(long_id);
}

/* A proof made of true parts of another place, or of another log of the same key. */
static void test_spliced(void)
{
    struct sample_proof proof;
    struct verify_key key;
    struct text text;
    size_t n, n_other;
    char *proofs = path_join(parent, "proofs");
    text_init(&text);
    ASSERT(verify_key_parse(vkey, strlen(vkey), "vkey", &key) == STATUS_OK);
    store_content(9, true); /* samples 9 and 10 */
    check_proof("sample-9", "9.use", "proved: used");
    check_proof("sample-10", "10.use", "proved: used");
    char *bytes = scratch_load(proofs, "9.use", &n), *other = scratch_load(proofs, "10.use", &n_other);
    CHECK(n == n_other && memcmp(bytes, other, n) == 0);
    CHECK(sample_proof_verify(bytes, n, &key, "spliced", &proof) == STATUS_OK && proof.usage.n_record == 2);
    proof.usage.n_record--; /* leaves one of the two out */
    usage_proof_write(&proof.usage, &text);
    proof_write(&proof.log, &text);
    proof.usage.n_record++;
    sample_proof_clear(&proof);
    CHECK_FAILS(sample_proof_verify(text.bytes, text.length, &key, "spliced", &proof), DIFFERS, "spliced: ");
    struct text made; /* an entry of the same log that is not that of the samples */
    text_init(&made);
    CHECK(prove_run(run, "run.json", proof_path, &made) == STATUS_OK);
    size_t n_log;
    char *log = scratch_load(parent, "a.proof", &n_log);
    const char *end = strstr(bytes, "\nc2sp.org");
    ASSERT(end != NULL);
    text.length = 0;
    text_add_bytes(&text, bytes, (size_t)(end + 1 - bytes));
    text_add_bytes(&text, log, n_log);
    CHECK_FAILS(sample_proof_verify(text.bytes, text.length, &key, "spliced", &proof), DIFFERS,
                "not that of the samples");
    memory_free(log);
    memory_free(bytes);
    memory_free(other);
    memory_free(proofs);
    text_clear(&made);
    text_clear(&text);
}

/* The small trees: nothing before, nothing after, nothing at all. */
static void test_small(int64_t n)
{
    char *kept_parent = parent, *kept_run = run, *kept_proof = proof_path, *kept_content = content_path;
    struct seal_result result;
    parent = scratch_begin();
    run = path_join(parent, "run");
    proof_path = path_join(parent, "a.proof");
    content_path = path_join(parent, "content");
    samples_make(MPI_COMM_WORLD, parent, n);
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    memcpy(vkey, result.vkey, sizeof vkey);
    for (int64_t i = 0; i < 12; i++) {
        char name[64];
        snprintf(name, sizeof name, "%lld.%s", (long long)i, i < n ? "use" : "none");
        store_content(i, i < n);
        check_proof(NULL, name, i < n ? "proved: " : "proved: not used: no sample");
        if (i < n)
            test_mutated(name, 20);
        else
            test_mutated(name, 100);
    }
    scratch_end(parent);
    memory_free(run);
    memory_free(proof_path);
    memory_free(content_path);
    parent = kept_parent;
    run = kept_run;
    proof_path = kept_proof;
    content_path = kept_content;
}

/* A run that is not as it was sealed gives no proof, and neither does one without lineage. */
static void test_unsealed(void)
{
    char *other = scratch_begin(), *path = path_join(other, "run");
    struct seal_result result;
    struct text made;
    text_init(&made);
    run_make(MPI_COMM_WORLD, other);
    CHECK(run_seal(MPI_COMM_WORLD, other, &result) == STATUS_OK);
    CHECK_FAILS(prove_sample(path, NULL, content_path, proof_path, &made), BAD_RUN, "sealed without lineage.h5");
    CHECK_FAILS(prove_sample(path, "sample-1", NULL, proof_path, &made), BAD_RUN, "sealed without lineage.h5");
    CHECK_FAILS(prove_sample(other, "sample-1", NULL, proof_path, &made), BAD_RUN, "seal the run first");
    scratch_end(other);
    memory_free(path);
    CHECK(scratch_run("cd %/run && sed -i s/opted/Opted/ lineage.h5", parent) == 0);
    store_content(5, true);
    check_refused(NULL, content_path, BAD_RUN, "are not what was sealed");
    CHECK(scratch_run("cd %/run && mv lineage.h5 lost", parent) == 0);
    check_refused("sample-5", NULL, BAD_INPUT, "lineage.h5");
    CHECK(scratch_run("cd %/run && cp influence.h5 lineage.h5", parent) == 0);
    check_refused("sample-5", NULL, BAD_RUN, "/samples/id");
    CHECK(scratch_run("rm %/run/seal/samples.h5", parent) == 0);
    check_refused(NULL, content_path, BAD_RUN, "samples.h5");
    text_clear(&made);
}

/* Python's hashlib, h5py and the openssl command: the root from the tables, and every proof. */
static void test_reader(const char *root)
{
    const char *source = getenv("ASSAY_SOURCE");
    setenv("ASSAY_TEST_VKEY", vkey, 1);
    setenv("ASSAY_TEST_ROOT", root, 1);
    setenv("ASSAY_TEST_READERS", source != NULL ? source : ".", 1);
    CHECK(scratch_run("cd % && /usr/bin/python3 $ASSAY_TEST_READERS/tests/seal/sample_reader.py run "
                      "\"$ASSAY_TEST_VKEY\" \"$ASSAY_TEST_ROOT\" proofs",
                      parent) == 0);
}

int main(int argc, char **argv)
{
    struct seal_result result = {0};
    MPI_Init(&argc, &argv);
    parent = run_scratch_begin(MPI_COMM_WORLD);
    samples_make(MPI_COMM_WORLD, parent, SAMPLES);
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    memcpy(vkey, result.vkey, sizeof vkey);
    run = path_join(parent, "run");
    proof_path = path_join(parent, "a.proof");
    content_path = path_join(parent, "content");
    test_samples();
    test_sum();
    test_limit();
    test_refused();
    test_spliced();
    test_mutated("14.use", MUTATED / 2);
    store_content(14, false);
    check_proof(NULL, "14.none", "proved: not used");
    test_mutated("14.none", MUTATED / 2);
    test_reader(result.root);
    test_small(0);
    test_small(1);
    test_small(2);
    memcpy(vkey, result.vkey, sizeof vkey);
    test_unsealed();
    memory_free(run);
    memory_free(proof_path);
    memory_free(content_path);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
