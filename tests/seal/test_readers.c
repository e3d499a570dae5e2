/* Readers that share no code with us, in Go and in Python, accept a sealed run and its proofs, and see a false root. */
#include <mpi.h>

#include "check.h"
#include "run.h"

static char *parent;

/* Runs a reader; its output must have the root.  `reader` is a command with % for the scratch directory. */
static bool accepts(const char *reader, const char *vkey, const char *root)
{
    struct text command;
    const char *source = getenv("ASSAY_SOURCE");
    setenv("ASSAY_TEST_VKEY", vkey, 1);
    setenv("ASSAY_TEST_ROOT", root, 1);
    setenv("ASSAY_TEST_READERS", source != NULL ? source : ".", 1);
    text_init(&command);
    text_add(&command, "%s > %%/said && grep -qF \"$ASSAY_TEST_ROOT\" %%/said", reader);
    bool accepted = scratch_run(command.bytes, parent) == 0;
    text_clear(&command);
    return accepted;
}

#define PYTHON "cd % && python3 $ASSAY_TEST_READERS/tests/seal/reader.py run \"$ASSAY_TEST_VKEY\" a.proof"
#define GO_BUILD                                                                                                       \
    "cd % && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE=$PWD/cache go build -o reader "                 \
    "$ASSAY_TEST_READERS/tests/seal/reader.go"
#define GO "cd % && ./reader run/seal \"$ASSAY_TEST_VKEY\" a.proof"

static void test_reader(const char *reader, const struct seal_result *result)
{
    CHECK(accepts(reader, result->vkey, result->root));
    static const char *const files[] = {"run/seal/checkpoint", "run/seal/tile/entries/000", "a.proof"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t n;
        char *bytes = scratch_load(parent, files[i], &n);
        bytes[n / 3] ^= 1;
        scratch_store(parent, files[i], bytes, n);
        CHECK(!accepts(reader, result->vkey, result->root));
        bytes[n / 3] ^= 1;
        scratch_store(parent, files[i], bytes, n);
        memory_free(bytes);
    }
    CHECK(accepts(reader, result->vkey, result->root));
}

int main(int argc, char **argv)
{
    struct seal_result result = {0};
    struct text summary;
    MPI_Init(&argc, &argv);
    parent = run_scratch_begin(MPI_COMM_WORLD);
    run_make(MPI_COMM_WORLD, parent);
    CHECK(run_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    char *run = path_join(parent, "run"), *proof = path_join(parent, "a.proof");
    text_init(&summary);
    CHECK(prove_run(run, "results.h5:/scores[2000]", proof, &summary) == STATUS_OK);
    test_reader(PYTHON, &result);
    bool has_go = system("command -v go >/dev/null && test -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog") == 0;
    if (has_go) {
        CHECK(scratch_run(GO_BUILD, parent) == 0);
        test_reader(GO, &result);
    } else {
        printf("skipped: reader.go needs golang-go and golang-golang-x-mod-dev\n");
    }
    text_clear(&summary);
    memory_free(run);
    memory_free(proof);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
