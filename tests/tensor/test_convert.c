/* Every f16 and bf16 bit pattern becomes the double that numpy gives it; i64 is refused where a double is not exact. */
#include <math.h>

#include "tensor/fixture.h"
#include "tensor/tensor.h"

static void check_patterns(const char *type)
{
    char name[64];
    size_t n_bytes;
    snprintf(name, sizeof name, "%s.f64", type);
    double *expected = (double *)(void *)fixture_load(name, &n_bytes);
    snprintf(name, sizeof name, "%s.safetensors#x", type);
    struct tensor *tensor = NULL;
    CHECK(tensor_open(fixture_directory, name, &tensor) == STATUS_OK && n_bytes == 65536 * sizeof(double));
    uint16_t *raw = memory_allocate(65536, sizeof *raw);
    CHECK(tensor_read(tensor, 0, 65536, raw, NULL) == STATUS_OK);
    for (int64_t i = 0; i < 65536; i++) {
        double value = 7;
        float single = 7;
        if (isfinite(expected[i])) {
            CHECK(tensor_to_double(tensor, i, 1, &raw[i], &value) == STATUS_OK && value == expected[i] &&
                  !signbit(value) == !signbit(expected[i]));
            CHECK(tensor_to_float(tensor, i, 1, &raw[i], &single) == STATUS_OK && single == (float)expected[i] &&
                  !signbit(single) == !signbit(expected[i]));
        } else {
            const char *what = isnan(expected[i]) ? "found NaN" : expected[i] < 0 ? "found -inf" : "found inf";
            CHECK_FAILS(tensor_to_double(tensor, i, 1, &raw[i], &value), BAD_INPUT, what);
            CHECK_FAILS(tensor_to_float(tensor, i, 1, &raw[i], &single), BAD_INPUT, what);
        }
    }
    memory_free(raw);
    tensor_close(tensor);
    memory_free(expected);
}

static void check_long(void)
{
    static const struct {
        int64_t value;
        bool exact;
    } cases[] = {
        {0, true},
        {-1, true},
        {(INT64_C(1) << 53) - 1, true},
        {INT64_C(1) << 53, true},
        {-(INT64_C(1) << 53), true},
        {(INT64_C(1) << 53) + 1, false},
        {(INT64_C(1) << 53) + 2, false},
        {-(INT64_C(1) << 53) - 1, false},
        {INT64_MAX, false},
        {INT64_MIN, false},
    };
    struct tensor *tensor = NULL;
    CHECK(tensor_open(fixture_directory, "good/i64-1.npy", &tensor) == STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t raw[4] = {1, 2, 3, cases[i].value};
        double values[4];
        char number[64];
        snprintf(number, sizeof number, "found %lld in row 2, column 3", (long long)cases[i].value);
        if (cases[i].exact)
            CHECK(tensor_to_double(tensor, 2, 1, raw, values) == STATUS_OK && (int64_t)values[3] == cases[i].value);
        else
            CHECK_FAILS(tensor_to_double(tensor, 2, 1, raw, values), BAD_INPUT, number);
    }
    tensor_close(tensor);
}

int main(void)
{
    fixture_write();
    check_patterns("f16");
    check_patterns("bf16");
    check_long();
    fixture_end();
    return check_end();
}
