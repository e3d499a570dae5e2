/* The same bits on every CPU: products by both backends, squares, sums, exp, log and softmax have one SHA-256,
 * whichever kernels oneDNN and OpenBLAS are told to use.
 *
 * Without arguments it runs itself, with "print", under each choice of kernels. */
#include <cblas.h>
#include <dnnl.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "check.h"
#include "exact/elementary.h"
#include "exact/gemm.h"
#include "exact/random.h"
#include "exact/sum.h"

static const char expected[] = "a0d1058823e58c1f73394fa724e89e9db09343ffdb6ef6fc9f3619ee40e0837d";

/* Rows of mixed sizes; the first three are the largest digits of either sign. */
static void fill(struct digits *digits, int n_digit, int64_t n_row, int64_t n_column, uint64_t *seed)
{
    digits_init(digits, n_digit, n_row, n_column);
    float *x = memory_allocate(n_row * n_column, sizeof *x);
    for (int64_t k = 0; k < n_row * n_column; k++)
        x[k] = (float)random_scaled(seed, -6, 3);
    digits_set(digits, 0, n_row, x);
    for (int j = 0; j < n_digit; j++)
        for (int64_t k = 0; k < 3 * n_column; k++)
            digits->plane[j][k] = (int8_t)(k < n_column || (k >= 2 * n_column && k % 2) ? (j > 0 ? 63 : 64) : -64);
    digits_add_up(digits);
    memory_free(x);
}

static void add_product(struct digest *digest, const int64_t shape[3], int n_digit_a, int n_digit_b)
{
    uint64_t seed = 20;
    struct digits a, b;
    fill(&a, n_digit_a, shape[0], shape[2], &seed);
    fill(&b, n_digit_b, shape[1], shape[2], &seed);
    double *c = memory_allocate(shape[0] * shape[1], sizeof *c);
    for (int backend = 0; gemm_backends[backend] != NULL; backend++) {
        void *workspace =
            memory_allocate(gemm_backends[backend]->workspace_bytes(MAX_DIGITS, shape[0], shape[1], shape[2]), 1);
        gemm_backends[backend]->multiply(&a, 0, shape[0], &b, c, workspace);
        digest_add(digest, c, (size_t)(shape[0] * shape[1]) * sizeof *c);
        memory_free(workspace);
    }
    for (int64_t i = 0; i < shape[0]; i++) {
        double square = digits_square(&a, i);
        digest_add(digest, &square, sizeof square);
    }
    digits_clear(&a);
    digits_clear(&b);
    memory_free(c);
}

static void add_elementary(struct digest *digest)
{
    enum { N = 20000 };
    uint64_t seed = 21;
    double *y = memory_allocate(2 * N, sizeof *y);
    struct sum sum = {0};
    for (int i = 0; i < N; i++) {
        y[i] = exact_exp(random_scaled(&seed, -10, 9));
        y[N + i] = exact_log(fabs(random_scaled(&seed, -900, 900)));
        CHECK(sum_add_double(&sum, y[N + i]));
    }
    double value = sum_value(&sum);
    sum_normalise(&sum);
    digest_add(digest, y, 2 * N * sizeof *y);
    exact_softmax(y + N, N, y);
    digest_add(digest, y, N * sizeof *y);
    digest_add(digest, &sum, sizeof sum);
    digest_add(digest, &value, sizeof value);
    memory_free(y);
}

/* OpenBLAS takes any kernel it is told to, whether or not the CPU has the instructions. */
static bool is_supported(const char *kernels)
{
#if defined(__x86_64__)
    return strcmp(kernels, "SkylakeX") == 0  ? __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
           : strcmp(kernels, "Haswell") == 0 ? __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                                             : true;
#else
    return kernels == NULL;
#endif
}

static int print_digest(void)
{
    static const int64_t shapes[][3] = {{40, 50, 300}, {5, 520, 33}, {4, 3, 66000}};
    uint8_t sha256[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    struct digest *digest = digest_create();
    digest_begin(digest);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
            add_product(digest, shapes[s], n_digit, n_digit);
            add_product(digest, shapes[s], n_digit, 1 + n_digit % MAX_DIGITS);
        }
    add_elementary(digest);
    digest_end(digest, sha256);
    digest_destroy(digest);
    hex_encode(sha256, sizeof sha256, hex);
    printf("%s %s %d\n", hex, openblas_get_corename(), (int)dnnl_get_effective_cpu_isa());
    return checks_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Runs this program with these kernels; what it printed must be the digest, and the kernels must be the ones asked for.
 */
static void test_kernels(const char *self, const char *blas, const char *dnnl, int isa)
{
    struct text command;
    char line[256] = "", hex[65] = "", core[64] = "";
    int found = -1;
    text_init(&command);
    text_add(&command, "OPENBLAS_CORETYPE=%s DNNL_MAX_CPU_ISA=%s '%s' print", blas, dnnl, self);
    FILE *pipe = popen(command.bytes, "r");
    CHECK(pipe != NULL && fgets(line, sizeof line, pipe) != NULL);
    CHECK(pipe != NULL && pclose(pipe) == 0);
    CHECK(sscanf(line, "%64s %63s %d", hex, core, &found) == 3);
    CHECK(strcmp(hex, expected) == 0);
    CHECK(blas[0] == 0 || strcasecmp(core, blas) == 0);
    CHECK(isa == 0 || found == isa);
    printf("%s with OpenBLAS for %s, oneDNN up to %s\n", hex, core, dnnl);
    text_clear(&command);
}

int main(int argc, char **argv)
{
    static const char *const blas[] = {"Prescott", "Haswell", "SkylakeX"};
    if (argc == 2 && strcmp(argv[1], "print") == 0)
        return print_digest();
    test_kernels(argv[0], "", "DEFAULT", 0);
    for (size_t i = 0; i < sizeof blas / sizeof *blas; i++) {
        if (!is_supported(blas[i])) {
            printf("this CPU cannot run OpenBLAS for %s\n", blas[i]);
            continue;
        }
        test_kernels(argv[0], blas[i], "SSE41", dnnl_cpu_isa_sse41);
        test_kernels(argv[0], blas[i], "AVX2", is_supported("Haswell") ? dnnl_cpu_isa_avx2 : 0);
        test_kernels(argv[0], blas[i], "ALL", 0);
    }
    return check_end();
}
