/* The most that 8-bit integer products reach on this core: oneDNN alone on m × n × k, warm, best tile of a few.
 *
 *     gemm_peak N K          prints 10⁹ operations (2 m n k) a second, the rows of the tile, the kernels */
#include <dnnl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_SAMPLE = 5, MAX_ROWS = 4096 };
static const double sample_seconds = 0.05; /* of one sample: many products, so that the clock does not matter */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* others on the core do not count */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int8_t *random_digits(int64_t n)
{
    int8_t *digits = malloc((size_t)n);
    uint32_t state = 1;
    for (int64_t i = 0; digits != NULL && i < n; i++) {
        state = state * 1664525 + 1013904223;
        digits[i] = (int8_t)((int)(state >> 25) - 64);
    }
    return digits;
}

static void multiply(int64_t m, int64_t n, int64_t k, const int8_t *a, const int8_t *b, int32_t *c)
{
    const int32_t offset = 0;
    if (dnnl_gemm_s8s8s32('N', 'T', 'F', m, n, k, 1, a, k, 0, b, k, 0, 0, c, n, &offset) != dnnl_success) {
        fprintf(stderr, "gemm_peak: oneDNN refused\n");
        exit(EXIT_FAILURE);
    }
}

/* What oneDNN makes its kernels for. */
static const char *kernels(void)
{
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } known[] = {{dnnl_cpu_isa_sse41, "SSE4.1"},
                 {dnnl_cpu_isa_avx, "AVX"},
                 {dnnl_cpu_isa_avx2, "AVX2"},
                 {dnnl_cpu_isa_avx2_vnni, "AVX2-VNNI"},
                 {dnnl_cpu_isa_avx512_core, "AVX-512"},
                 {dnnl_cpu_isa_avx512_core_vnni, "AVX-512-VNNI"},
                 {dnnl_cpu_isa_avx512_core_bf16, "AVX-512-VNNI-BF16"},
                 {dnnl_cpu_isa_avx512_core_amx, "AVX-512-AMX"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].isa == dnnl_get_effective_cpu_isa())
            return known[i].name;
    return "unknown";
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median of operations a second over samples. */
static double rate(int64_t m, int64_t n, int64_t k, const int8_t *a, const int8_t *b, int32_t *c)
{
    double rates[N_SAMPLE];
    multiply(m, n, k, a, b, c); /* compiles the kernel, and warms the cache */
    for (int s = 0; s < N_SAMPLE; s++) {
        double start = seconds(), now = start;
        int64_t times = 0;
        for (; now - start < sample_seconds; now = seconds(), times++)
            multiply(m, n, k, a, b, c);
        rates[s] = 2.0 * (double)(m * n) * (double)k * (double)times / (now - start);
    }
    qsort(rates, N_SAMPLE, sizeof *rates, compare);
    return rates[N_SAMPLE / 2];
}

int main(int n_argument, char **arguments)
{
    int64_t n = n_argument == 3 ? atoll(arguments[1]) : 0, k = n_argument == 3 ? atoll(arguments[2]) : 0;
    if (n <= 0 || k <= 0 || n > 1 << 20 || k > 1 << 16) {
        fprintf(stderr, "usage: gemm_peak N K\n");
        return EXIT_FAILURE;
    }
    int8_t *a = random_digits(MAX_ROWS * k), *b = random_digits(n * k);
    int32_t *c = malloc((size_t)(MAX_ROWS * n) * sizeof *c);
    if (a == NULL || b == NULL || c == NULL)
        return EXIT_FAILURE;
    double best = 0;
    int64_t rows = 0;
    for (int64_t m = 256; m <= MAX_ROWS; m *= 2) {
        double found = rate(m, n, k, a, b, c);
        if (found > best) {
            best = found;
            rows = m;
        }
    }
    printf("%.1f %lld %s\n", 1e-9 * best, (long long)rows, kernels());
    free(a);
    free(b);
    free(c);
    return EXIT_SUCCESS;
}
