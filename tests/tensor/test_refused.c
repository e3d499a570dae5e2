/* A file that is not what it says, or not what can be used, is refused with a sentence that says why. */
#include <sys/stat.h>

#include "tensor/fixture.h"
#include "tensor/tensor.h"

static void check_refused(const char *directory, const char *name, const char *part)
{
    struct tensor *tensor = NULL;
    CHECK_FAILS(tensor_open(directory, name, &tensor), BAD_INPUT, part);
    CHECK(tensor == NULL);
    tensor_close(tensor);
}

static void check_list(void)
{
    size_t n;
    char *lines = fixture_load("bad.tsv", &n), *at = lines, *fields[2];
    int n_case = 0;
    for (; fixture_line(&at, fields, 2) == 2; n_case++)
        check_refused(fixture_directory, fields[0], fields[1]);
    CHECK(n_case > 230);
    memory_free(lines);
}

/* Every file that is cut off, at any byte, is refused; the whole one is not. */
static void check_truncated_at(const char *source, const char *file, const char *name, int64_t step)
{
    size_t n;
    char *bytes = fixture_load(source, &n);
    struct tensor *tensor = NULL;
    for (int64_t keep = 0; keep < (int64_t)n; keep += step) {
        fixture_store(file, bytes, (size_t)keep);
        CHECK_FAILS(tensor_open(fixture_directory, name, &tensor), BAD_INPUT, file);
    }
    fixture_store(file, bytes, n);
    CHECK(tensor_open(fixture_directory, name, &tensor) == STATUS_OK);
    tensor_close(tensor);
    memory_free(bytes);
}

static void check_truncated(const char *source, const char *name, int64_t step)
{
    check_truncated_at(source, "cut", name, step);
}

/* Any of the files of a store may be the one that is cut off. */
static void check_truncated_stores(void)
{
    mkdir(fixture_path("store"), 0777);
    fixture_copy("good/index-bf16-num_grads/info.json", "store/info.json");
    check_truncated_at("good/index-bf16-num_grads/gradients.bin", "store/gradients.bin", "store/gradients.bin", 1);
    check_truncated_at("good/index-bf16-num_grads/info.json", "store/info.json", "store/gradients.bin#a", 1);
    fixture_copy("good/trak-f16/0/features.mmap", "store/features.mmap");
    check_truncated_at("good/trak-f16/0/_is_featurized.mmap", "store/_is_featurized.mmap", "store/features.mmap", 1);
    check_truncated_at("good/trak-f16/0/features.mmap", "store/features.mmap", "store/features.mmap", 1);
}

/* An element that is no number is found, wherever it is, and named by file, row and column. */
static void check_not_finite(void)
{
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 7), }";
    struct {
        char start[10], text[sizeof header - 1];
        float values[1000][7];
    } __attribute__((packed)) file = {.start = "\x93NUMPY\x01"};
    file.start[8] = sizeof header - 1;
    memcpy(file.text, header, sizeof header - 1);
    mkdir(fixture_path("shards"), 0777);
    fixture_store("shards/0.npy", &file, sizeof file);
    file.values[831][5] = -1.0F / 0.0F;
    fixture_store("shards/1.npy", &file, sizeof file);
    file.values[831][5] = 1;
    file.values[999][6] = 0.0F / 0.0F;
    fixture_store("shards/2.npy", &file, sizeof file);

    struct tensor *tensor = NULL;
    CHECK(tensor_open(fixture_directory, "shards/*.npy", &tensor) == STATUS_OK);
    float *raw = memory_allocate(3000 * 7, sizeof *raw), *floats = memory_allocate(3000 * 7, sizeof *floats);
    double *values = memory_allocate(3000 * 7, sizeof *values);
    CHECK(tensor_read(tensor, 0, 3000, raw, NULL) == STATUS_OK);
    CHECK_FAILS(tensor_to_double(tensor, 0, 3000, raw, values), BAD_INPUT,
                "shards/1.npy: expected finite numbers, found -inf in row 1831 (row 831 of this file), column 5");
    CHECK_FAILS(tensor_to_float(tensor, 0, 3000, raw, floats), BAD_INPUT, "found -inf in row 1831 (row 831");
    CHECK_FAILS(tensor_to_double(tensor, 1832, 1168, raw + 1832 * 7, values), BAD_INPUT,
                "shards/2.npy: expected finite numbers, found NaN in row 2999 (row 999 of this file), column 6");
    CHECK_FAILS(tensor_to_float(tensor, 2999, 1, raw + 2999 * 7, floats), BAD_INPUT, "found NaN in row 2999");
    CHECK(tensor_to_double(tensor, 0, 1831, raw, values) == STATUS_OK);
    CHECK(tensor_to_float(tensor, 1832, 1167, raw + 1832 * 7, floats) == STATUS_OK);
    tensor_close(tensor);
    CHECK(tensor_open(fixture_path("shards"), "1.npy", &tensor) == STATUS_OK);
    CHECK_FAILS(tensor_to_double(tensor, 0, 1000, raw + 1000 * 7, values), BAD_INPUT, "-inf in row 831, column 5");
    tensor_close(tensor);
    memory_free(values);
    memory_free(floats);
    memory_free(raw);
}

int main(void)
{
    fixture_write();
    check_list();
    check_truncated("bad/fine.npy", "cut", 1);
    check_truncated("good/f32-2.npy", "cut", 1);
    check_truncated("good/f32-3.npy", "cut", 1);
    check_truncated("bad/fine.safetensors", "cut#x", 1);
    check_truncated("bad/other.h5", "cut:/g/x", 16);
    check_truncated_stores();
    check_not_finite();
    fixture_end();
    return check_end();
}
