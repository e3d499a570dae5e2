/* A proof can be had for every entry of a run, by the names people use; it holds offline, for its content and no other.
 */
#include <mpi.h>

#include "check.h"
#include "run.h"
#include "seal/proof.h"

static char *parent, *run, *proof_path;
static char vkey[400];

/* Proves `what`; the summary and the verified proof must contain these. */
static void check_proved(const char *what, const char *line, const char *about)
{
    struct text made, checked;
    text_init(&made);
    text_init(&checked);
    CHECK(prove_run(run, what, proof_path, &made) == STATUS_OK);
    CHECK(strstr(made.bytes, about) != NULL && strstr(made.bytes, "assay verify ") != NULL);
    CHECK(strstr(made.bytes, vkey) != NULL);
    CHECK(verify_proof(proof_path, vkey, NULL, &checked) == STATUS_OK);
    if (strstr(checked.bytes, line) == NULL || strstr(made.bytes, about) == NULL)
        fprintf(stderr, "%s gave\n%s%s", what, made.bytes, checked.bytes);
    CHECK(strstr(checked.bytes, line) != NULL && strstr(checked.bytes, RUN_ORIGIN) != NULL);
    text_clear(&made);
    text_clear(&checked);
}

static void test_names(void)
{
    check_proved("run.json", "    assay/config/v1\n    path run.json\n", "run.json");
    check_proved("notes.txt", "    path notes.txt\n    object -\n", "notes.txt bytes 0 to 12");
    check_proved("deep/many.bin", "    offset 0\n", "299 other entries answer to that name");
    check_proved("deep/many.bin@0", "    offset 0\n", "deep/many.bin#fc1.gradient rows 0 to 0, bytes 0 to 9");
    check_proved("deep/many.bin@2699", "    offset 2691\n", "rows 149 to 149");
    check_proved("deep/many.bin#fc1.input[7]", "    row 7\n", "fc1.input rows 7 to 7");
    check_proved("deep/many.bin#fc1.gradient", "    row 0\n", "149 other entries");
    check_proved("data.h5:/values[499]", "    kind logical\n", "data.h5:/values rows 0 to 499");
    check_proved("results.h5:/scores", "    start 0\n", "2 other entries");
    check_proved("results.h5:/scores[2700]", "    start 2620\n", "results.h5:/scores rows 2620 to 2999");
    check_proved("results.h5:/empty", "    assay/dataset/v1\n", "results.h5:/empty");
    check_proved("results.h5", "    assay/dataset/v1\n", "results.h5:/");
    check_proved("more.h5:/total[0]", "    bytes 8\n", "more.h5:/total rows 0 to 0");
}

static void test_unknown(void)
{
    struct text made;
    text_init(&made);
    CHECK_FAILS(prove_run(run, "note.txt", proof_path, &made), BAD_USAGE, "near are: notes.txt");
    CHECK_FAILS(prove_run(run, "many.bin", proof_path, &made), BAD_USAGE, "near are: deep/many.bin");
    CHECK_FAILS(prove_run(run, "results.h5:/score", proof_path, &made), BAD_USAGE, "results.h5:/scores");
    CHECK_FAILS(prove_run(run, "results.h5:/scores[3000]", proof_path, &made), BAD_USAGE, "nothing called");
    CHECK_FAILS(prove_run(run, "notes.txt@12", proof_path, &made), BAD_USAGE, "nothing called");
    CHECK_FAILS(prove_run(parent, "notes.txt", proof_path, &made), BAD_RUN, "seal the run first");
    CHECK(made.length == 0);
    text_clear(&made);
}

static void check_content(const char *what, const char *file, enum status expected, const char *part)
{
    struct text text;
    char *path = path_join(parent, file);
    text_init(&text);
    CHECK(prove_run(run, what, proof_path, &text) == STATUS_OK);
    text.length = 0;
    enum status status = verify_proof(proof_path, vkey, path, &text);
    CHECK(status == expected);
    CHECK(strstr(status == STATUS_OK ? text.bytes : failure_sentence(), part) != NULL);
    text_clear(&text);
    memory_free(path);
}

static void test_content(void)
{
    double block[380 * RUN_COLUMNS];
    for (int i = 0; i < 380 * RUN_COLUMNS; i++)
        block[i] = 1.5 + 2620 * RUN_COLUMNS + i;
    scratch_store(parent, "block", block, sizeof block);
    block[7]++;
    scratch_store(parent, "wrong", block, sizeof block);
    scratch_store(parent, "notes", "hello world!", 12);
    check_content("run.json", "run/run.json", STATUS_OK, "are as proved");
    check_content("run.json", "inputs/notes.txt", DIFFERS, "expected exactly the");
    check_content("notes.txt", "inputs/notes.txt", STATUS_OK, "are as proved");
    check_content("notes.txt", "notes", DIFFERS, "not what the proof speaks of");
    check_content("notes.txt", "absent", BAD_INPUT, "absent");
    check_content("deep/many.bin@100", "inputs/deep/many.bin", STATUS_OK, "are as proved");
    check_content("deep/many.bin@100", "inputs/notes.txt", BAD_INPUT, "truncated");
    check_content("data.h5:/values[3]", "inputs/data.h5", STATUS_OK, "are as proved");
    check_content("data.h5:/values[3]", "run/more.h5", BAD_INPUT, "more.h5");
    check_content("results.h5:/scores[2700]", "block", STATUS_OK, "are as proved");
    check_content("results.h5:/scores[2700]", "wrong", DIFFERS, "not what the proof speaks of");
    check_content("results.h5:/empty", "block", BAD_USAGE, "about no content");
}

static void test_false_proofs(void)
{
    struct text text;
    char *key_file = path_join(run, "seal/key.vkey");
    static const char other[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    text_init(&text);
    CHECK(prove_run(run, "notes.txt", proof_path, &text) == STATUS_OK);
    CHECK(verify_proof(proof_path, key_file, NULL, &text) == STATUS_OK);
    text.length = 0;
    CHECK_FAILS(verify_proof(proof_path, other, NULL, &text), DIFFERS,
                "expected a signature by the key of PeterNeumann");
    CHECK_FAILS(verify_proof(proof_path, "nonsense", NULL, &text), BAD_KEY, "nonsense");
    CHECK_FAILS(verify_proof(key_file, vkey, NULL, &text), BAD_INPUT, "expected a proof file");
    CHECK_FAILS(verify_proof(parent, vkey, NULL, &text), BAD_INPUT, "");
    size_t n;
    char *proof = scratch_load(parent, "a.proof", &n);
    for (size_t at = 0; at < n; at += 3) {
        proof[at] ^= 4;
        scratch_store(parent, "b.proof", proof, n);
        char *path = path_join(parent, "b.proof");
        enum status status = verify_proof(path, vkey, NULL, &text);
        CHECK(status == DIFFERS || status == BAD_INPUT);
        memory_free(path);
        proof[at] ^= 4;
    }
    CHECK(text.length == 0);
    memory_free(proof);
    memory_free(key_file);
    text_clear(&text);
}

/* A proof from a damaged log would not hold: none is written. */
static void test_damaged_log(void)
{
    struct text text;
    char *out = path_join(parent, "none.proof");
    text_init(&text);
    CHECK(scratch_run("cd %/run/seal/tile/0 && cp 000 ../../kept && printf x | dd of=000 bs=1 seek=99 conv=notrunc "
                      "2>/dev/null",
                      parent) == 0);
    CHECK_FAILS(prove_run(run, "run.json", out, &text), BAD_RUN, "damaged");
    CHECK(!path_exists(out));
    CHECK(scratch_run("cd %/run/seal && mv kept tile/0/000 && echo x >> checkpoint", parent) == 0);
    CHECK_FAILS(prove_run(run, "run.json", out, &text), BAD_RUN, "checkpoint");
    CHECK(!path_exists(out));
    text_clear(&text);
    memory_free(out);
}

int main(int argc, char **argv)
{
    struct seal_result result = {0};
    MPI_Init(&argc, &argv);
    parent = run_scratch_begin(MPI_COMM_WORLD);
    run_make(MPI_COMM_WORLD, parent);
    CHECK(run_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    memcpy(vkey, result.vkey, sizeof vkey);
    run = path_join(parent, "run");
    proof_path = path_join(parent, "a.proof");
    test_names();
    test_unknown();
    test_content();
    test_false_proofs();
    test_damaged_log();
    memory_free(run);
    memory_free(proof_path);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
