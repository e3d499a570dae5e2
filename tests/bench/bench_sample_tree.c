/* How fast the tree of samples is made, and how large and fast its proofs are.
 *
 *     build/release/bench_sample_tree [SAMPLES [DIRECTORY]]          or with mpirun -n N
 *
 * 10,000,000 samples unless told otherwise, used up to three times each; lineage.h5 and influence.h5 are written below
 * DIRECTORY ($TMPDIR) and removed.  Rates are leaves per second of processor time of one core (user and system, of the
 * rank that took longest), so that other work of the machine does not count; wall time is shown beside them.  Beside
 * the tree stands what hashing alone takes: one SHA-256 of 65 bytes for each leaf and each node, on reused contexts. */
#include <mpi.h>

#include <time.h>

#include "seal/sample_prover.h"
#include "seal/samples.h"
#include "usage/store.h"
#include "usage/tree.h"

enum { N_PROOF = 1000 };

static int rank, size;

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", what, failure_sentence());
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct watch {
    double processor, wall;
};

static struct watch watch_start(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    return (struct watch){seconds_of(CLOCK_PROCESS_CPUTIME_ID), seconds_of(CLOCK_MONOTONIC)};
}

/* Prints what was done with n leaves since `start`, and gives the rate. */
static void watch_tell(const char *what, struct watch start, int64_t n)
{
    double own[2] = {seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start.processor, seconds_of(CLOCK_MONOTONIC) - start.wall};
    double slowest[2];
    MPI_Reduce(own, slowest, 2, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%-52s %6.2f M leaves/s a core, %7.2f s of processor, %7.2f s\n", what,
               1e-6 * (double)n / size / slowest[0], slowest[0], slowest[1]);
    fflush(stdout);
}

static struct leaf *random_leaves(int64_t n)
{
    struct leaf *leaves = memory_allocate(n, sizeof *leaves);
    for (int64_t i = 0; i < n; i++) {
        int64_t number = rank * n + i;
        leaves[i].sample = number;
        digest_of(&number, sizeof number, leaves[i].key);
        memcpy(leaves[i].record, leaves[i].key, DIGEST_BYTES);
    }
    return leaves;
}

static void bench_hashing(int64_t n)
{
    struct hash hash = {{0}};
    struct leaf leaf = {.sample = 0};
    struct watch start = watch_start();
    for (int64_t i = 0; i < n; i++) {
        memcpy(leaf.key, hash.bytes, DIGEST_BYTES);
        leaf_hash(&leaf, &hash);
        merkle_node(&hash, &hash, &hash);
    }
    watch_tell("hashing alone: a leaf and a node each", start, n * size);
}

static void bench_tree(int64_t n)
{
    struct usage_tree tree = {0};
    struct leaf *leaves = random_leaves(n / size);
    struct watch start = watch_start();
    must(usage_tree_build(MPI_COMM_WORLD, leaves, n / size, &tree) == STATUS_OK, "tree");
    watch_tell("the tree: order, leaves, nodes, root", start, n);
    usage_tree_clear(&tree);
}

static void bench_run(const char *run, int64_t n)
{
    const struct usage_request request = {
        .run_directory = run, .has_influence = true, .origin = RUN_ORIGIN, .run_name = "small", .quiet = true};
    struct usage_tree tree;
    struct watch start = watch_start();
    must(usage_tree_make(MPI_COMM_WORLD, &request, &tree) == STATUS_OK, "tree of a run");
    watch_tell("from lineage.h5: records, keys and the tree", start, n);
    start = watch_start();
    must(usage_store(MPI_COMM_WORLD, run, &tree) == STATUS_OK, "storing");
    watch_tell("storing it, synced", start, n);
    start = watch_start();
    must(usage_store_check(MPI_COMM_WORLD, run, tree.summary.size, &tree.summary.root) == STATUS_OK, "reading back");
    watch_tell("reading it back, hashed", start, n);
    usage_tree_clear(&tree);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void tell_spread(const char *what, double *values, int n, double unit)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    printf("%-52s median %.4g, largest %.4g\n", what, values[n / 2] / unit, values[n - 1] / unit);
}

/* One after the other: proofs of use and of non-use, made and checked. */
static void bench_proofs(const char *run, const char *vkey, int64_t n)
{
    static double bytes[2 * N_PROOF], making[2 * N_PROOF], checking[2 * N_PROOF];
    struct sample_prover prover;
    struct verify_key key;
    must(verify_key_parse(vkey, strlen(vkey), "vkey", &key) == STATUS_OK, "key");
    must(sample_prover_open(run, &prover) == STATUS_OK, "opening");
    for (int p = 0; p < 2 * N_PROOF; p++) {
        struct text file;
        struct sample_proof proof;
        uint8_t content[DIGEST_BYTES];
        int64_t i = (int64_t)p * 7919 % n;
        text_init(&file);
        if (p % 2 == 0)
            lineage_digest(i, content);
        else
            digest_of(&i, sizeof i, content);
        double start = seconds_of(CLOCK_MONOTONIC);
        must(sample_prover_prove(&prover, content, &file, &proof) == STATUS_OK, "proving");
        making[p] = seconds_of(CLOCK_MONOTONIC) - start;
        sample_proof_clear(&proof);
        start = seconds_of(CLOCK_MONOTONIC);
        must(sample_proof_verify(file.bytes, file.length, &key, "proof", &proof) == STATUS_OK, "checking");
        checking[p] = seconds_of(CLOCK_MONOTONIC) - start;
        bytes[p] = (double)file.length;
        sample_proof_clear(&proof);
        text_clear(&file);
    }
    sample_prover_close(&prover);
    tell_spread("size of a proof, bytes", bytes, 2 * N_PROOF, 1);
    tell_spread("making one, ms", making, 2 * N_PROOF, 1e-3);
    tell_spread("checking one offline, ms", checking, 2 * N_PROOF, 1e-3);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int64_t n = argc > 1 ? atoll(argv[1]) : 10000000;
    if (argc > 2)
        setenv("TMPDIR", argv[2], 1);
    bench_hashing(n / size);
    bench_tree(n);
    char *parent = run_scratch_begin(MPI_COMM_WORLD), *run = path_join(parent, "run");
    struct seal_result result = {0};
    samples_make(MPI_COMM_WORLD, parent, n);
    bench_run(run, n);
    struct watch start = watch_start();
    must(samples_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK, "sealing");
    watch_tell("assay seal, all of it", start, n);
    if (rank == 0)
        bench_proofs(run, result.vkey, n);
    memory_free(run);
    run_scratch_end(MPI_COMM_WORLD, parent);
    MPI_Finalize();
    return 0;
}
