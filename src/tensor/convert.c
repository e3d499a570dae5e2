/* Stored elements to floating point, exactly. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "tensor/tensor_parts.h"

/* Elements converted and then checked in one go, while they are in the cache. */
enum { PIECE = 4096 };

static inline float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Without branches, so that the loop vectorises; without subnormal floats, so that no mode of the CPU flushes them. */
static inline float float_of_half(uint16_t half)
{
    uint32_t magnitude = half & 0x7fffU, exponent = magnitude >> 10, sign = (uint32_t)(half & 0x8000U) << 16;
    uint32_t rebias = exponent == 31 ? 2U * (127 - 15) : 127 - 15; /* infinities stay infinities */
    float small = (float)(int32_t)magnitude * 0x1p-24F;            /* subnormal halves are multiples of 2^-24 */
    uint32_t bits;
    memcpy(&bits, &small, sizeof bits);
    bits = exponent == 0 ? bits : (magnitude << 13) + (rebias << 23);
    return float_of_bits(bits | sign);
}

static inline float float_of_bfloat(uint16_t bfloat)
{
    return float_of_bits((uint32_t)bfloat << 16);
}

/* NaN where no double is exact, so that one check finds all that is refused. */
static inline double double_of_long(int64_t value)
{
    const int64_t limit = INT64_C(1) << 53;
    return value >= -limit && value <= limit ? (double)value : (double)NAN;
}

/* One loop per type, for the compiler to vectorise. */
#define CONVERTER(NAME, STORED, VALUE, CONVERT)                                                                        \
    VECTORISED static void NAME(const char *restrict raw, int64_t n, VALUE *restrict values)                           \
    {                                                                                                                  \
        for (int64_t k = 0; k < n; k++) {                                                                              \
            STORED stored;                                                                                             \
            memcpy(&stored, raw + k * (int64_t)sizeof stored, sizeof stored);                                          \
            values[k] = CONVERT(stored);                                                                               \
        }                                                                                                              \
    }

CONVERTER(double_from_f16, uint16_t, double, float_of_half)
CONVERTER(double_from_bf16, uint16_t, double, float_of_bfloat)
CONVERTER(double_from_f32, float, double, (double))
CONVERTER(double_from_f64, double, double, )
CONVERTER(double_from_i8, int8_t, double, )
CONVERTER(double_from_u8, uint8_t, double, )
CONVERTER(double_from_i16, int16_t, double, )
CONVERTER(double_from_i32, int32_t, double, )
CONVERTER(double_from_i64, int64_t, double, double_of_long)
CONVERTER(float_from_f16, uint16_t, float, float_of_half)
CONVERTER(float_from_bf16, uint16_t, float, float_of_bfloat)
CONVERTER(float_from_f32, float, float, )
CONVERTER(float_from_i8, int8_t, float, )
CONVERTER(float_from_u8, uint8_t, float, )
CONVERTER(float_from_i16, int16_t, float, )

static const struct {
    void (*to_double)(const char *restrict raw, int64_t n, double *restrict values);
    void (*to_float)(const char *restrict raw, int64_t n, float *restrict values); /* NULL where it is not exact */
} converters[TENSOR_TYPE_COUNT] = {
    [TENSOR_F16] = {double_from_f16, float_from_f16}, [TENSOR_BF16] = {double_from_bf16, float_from_bf16},
    [TENSOR_F32] = {double_from_f32, float_from_f32}, [TENSOR_F64] = {double_from_f64, NULL},
    [TENSOR_I8] = {double_from_i8, float_from_i8},    [TENSOR_U8] = {double_from_u8, float_from_u8},
    [TENSOR_I16] = {double_from_i16, float_from_i16}, [TENSOR_I32] = {double_from_i32, NULL},
    [TENSOR_I64] = {double_from_i64, NULL},
};

/* Element `at` (counted from row `first`) cannot be used: says where it is and what is there. */
static enum status refuse_element(const struct tensor *tensor, int64_t first, int64_t at, const char *raw)
{
    enum tensor_type type = tensor_type(tensor);
    int64_t columns = tensor_columns(tensor), row = first + at / columns;
    const struct shard *shard = tensor_shard_of(tensor, row);
    const char *element = raw + at * (int64_t)tensor_type_size(type);
    struct text found;
    text_init(&found);
    if (type == TENSOR_I64) {
        int64_t stored;
        memcpy(&stored, element, sizeof stored);
        text_add(&found, "expected integers from -2^53 to 2^53, found %lld", (long long)stored);
    } else {
        double value;
        converters[type].to_double(element, 1, &value);
        text_add(&found, "expected finite numbers, found %s", isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf");
    }
    text_add(&found, " in row %lld", (long long)row);
    if (tensor->n_shard > 1)
        text_add(&found, " (row %lld of this file)", (long long)(row - shard->row_first));
    enum status status = fail(BAD_INPUT, "%s: %s, column %lld, counted from 0; repair it or leave the row out",
                              shard->label, found.bytes, (long long)(at % columns));
    text_clear(&found);
    return status;
}

VECTORISED
static bool all_finite_doubles(const double *values, int64_t n)
{
    int finite = 1;
    for (int64_t k = 0; k < n; k++)
        finite &= fabs(values[k]) <= DBL_MAX;
    return finite;
}

VECTORISED
static bool all_finite_floats(const float *values, int64_t n)
{
    int finite = 1;
    for (int64_t k = 0; k < n; k++)
        finite &= fabsf(values[k]) <= FLT_MAX;
    return finite;
}

static int64_t element_count(const struct tensor *tensor, int64_t first, int64_t n)
{
    ASSERT(first >= 0 && n >= 0 && n <= tensor->rows && first <= tensor->rows - n);
    return n * tensor_columns(tensor);
}

enum status tensor_to_double(const struct tensor *tensor, int64_t first, int64_t n, const void *raw, double *values)
{
    enum tensor_type type = tensor_type(tensor);
    int64_t n_element = element_count(tensor, first, n), size = (int64_t)tensor_type_size(type);
    for (int64_t at = 0; at < n_element; at += PIECE) {
        int64_t count = PIECE < n_element - at ? PIECE : n_element - at;
        converters[type].to_double((const char *)raw + at * size, count, values + at);
        bool finite = all_finite_doubles(values + at, count);
        for (int64_t k = 0; k < count && !finite; k++)
            if (!(fabs(values[at + k]) <= DBL_MAX))
                return refuse_element(tensor, first, at + k, raw);
    }
    return STATUS_OK;
}

enum status tensor_to_float(const struct tensor *tensor, int64_t first, int64_t n, const void *raw, float *values)
{
    enum tensor_type type = tensor_type(tensor);
    if (converters[type].to_float == NULL)
        return fail(BAD_INPUT, "%s: expected f16, bf16, f32, i8, u8 or i16, which a float holds exactly, found %s",
                    tensor->name, tensor_type_name(type));
    int64_t n_element = element_count(tensor, first, n), size = (int64_t)tensor_type_size(type);
    for (int64_t at = 0; at < n_element; at += PIECE) {
        int64_t count = PIECE < n_element - at ? PIECE : n_element - at;
        converters[type].to_float((const char *)raw + at * size, count, values + at);
        bool finite = all_finite_floats(values + at, count);
        for (int64_t k = 0; k < count && !finite; k++)
            if (!(fabsf(values[at + k]) <= FLT_MAX))
                return refuse_element(tensor, first, at + k, raw);
    }
    return STATUS_OK;
}
