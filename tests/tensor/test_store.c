/* A safetensors file is the same bytes every time, and an independent reader finds in it what was stored. */
#include <sys/stat.h>

#include "tensor/fixture.h"
#include "tensor/safetensors.h"

static const uint16_t halves[2][2] = {{0x3c00, 0xc000}, {0x0001, 0x7bff}};
static const float floats[3] = {1, -2, 0.5F};
static const int64_t longs[1] = {-2};

static const struct safetensors_item items[] = {
    {"fc1.input", TENSOR_F16, 2, {2, 2}, halves}, {"say \"x\"\n", TENSOR_F32, 1, {3}, floats},
    {"größe", TENSOR_BF16, 2, {2, 2}, halves},    {"one", TENSOR_I64, 0, {0}, longs},
    {"none", TENSOR_F64, 3, {4, 0, 2}, NULL},     {"bytes", TENSOR_U8, 4, {1, 3, 2, 2}, floats},
};
enum { N_ITEM = sizeof items / sizeof items[0] };

static const char expected[] = "metadata step=12\n"
                               "metadata note=a \"b\" \\ c\n"
                               "fc1.input F16 [2, 2] 003c00c00100ff7b\n"
                               "say \"x\"\n"
                               " F32 [3] 0000803f000000c00000003f\n"
                               "größe BF16 [2, 2] 003c00c00100ff7b\n"
                               "one I64 [] feffffffffffffff\n"
                               "none F64 [4, 0, 2] \n"
                               "bytes U8 [1, 3, 2, 2] 0000803f000000c00000003f\n";

static void check_independent_reader(void)
{
    const char *metadata[] = {"step", "12", "note", "a \"b\" \\ c", NULL};
    CHECK(safetensors_store(fixture_path("deep/er/a.safetensors"), items, N_ITEM, metadata) == STATUS_OK);
    CHECK(safetensors_store(fixture_path("b.safetensors"), items, N_ITEM, metadata) == STATUS_OK);
    size_t n, n_again, n_dump;
    char *bytes = fixture_load("deep/er/a.safetensors", &n), *again = fixture_load("b.safetensors", &n_again);
    CHECK(n == n_again && memcmp(bytes, again, n) == 0);
    CHECK(fixture_python("dump", fixture_path("b.safetensors"), fixture_path("dump.txt")));
    char *dump = fixture_load("dump.txt", &n_dump);
    CHECK(strcmp(dump, expected) == 0);
    memory_free(dump);
    memory_free(again);
    memory_free(bytes);
}

static void check_own_reader(void)
{
    struct tensor *tensor = NULL;
    uint16_t raw[4];
    CHECK(safetensors_store(fixture_path("c.safetensors"), items, N_ITEM, NULL) == STATUS_OK);
    CHECK(tensor_open(fixture_directory, "c.safetensors#größe", &tensor) == STATUS_OK);
    CHECK(tensor_type(tensor) == TENSOR_BF16 && tensor_rows(tensor) == 2 && tensor_columns(tensor) == 2);
    CHECK(tensor_read(tensor, 0, 2, raw, NULL) == STATUS_OK && memcmp(raw, halves, sizeof raw) == 0);
    tensor_close(tensor);
    size_t n;
    CHECK(safetensors_store(fixture_path("none.safetensors"), NULL, 0, NULL) == STATUS_OK);
    char *bytes = fixture_load("none.safetensors", &n);
    CHECK(n == 16 && memcmp(bytes, "\x08\0\0\0\0\0\0\0{}      ", 16) == 0);
    memory_free(bytes);
}

static void check_refused(void)
{
    const char *path = fixture_path("refused.safetensors");
    struct safetensors_item twice[] = {items[0], items[1], items[0]};
    CHECK_FAILS(safetensors_store(path, twice, 3, NULL), CANNOT_WRITE, "found \"fc1.input\" twice");
    struct safetensors_item item = items[0];
    item.name = "__metadata__";
    CHECK_FAILS(safetensors_store(path, &item, 1, NULL), CANNOT_WRITE, "reserved");
    item.name = "\xff";
    CHECK_FAILS(safetensors_store(path, &item, 1, NULL), CANNOT_WRITE, "not UTF-8");
    item = (struct safetensors_item){"x", TENSOR_F32, 2, {INT64_C(1) << 40, INT64_C(1) << 40}, floats};
    CHECK_FAILS(safetensors_store(path, &item, 1, NULL), CANNOT_WRITE, "less than 2^63 bytes");
    item.dims[0] = -1;
    CHECK_FAILS(safetensors_store(path, &item, 1, NULL), CANNOT_WRITE, "dimensions from 0");
    const char *repeated[] = {"a", "1", "a", "2", NULL}, *broken[] = {"a", "\xc0\x80", NULL};
    CHECK_FAILS(safetensors_store(path, items, 1, repeated), CANNOT_WRITE, "one value for metadata \"a\"");
    CHECK_FAILS(safetensors_store(path, items, 1, broken), CANNOT_WRITE, "metadata in UTF-8");
    CHECK(!path_exists(path));
    CHECK(mkdir(fixture_path("taken"), 0777) == 0);
    CHECK_FAILS(safetensors_store(fixture_path("taken"), items, 1, NULL), CANNOT_WRITE, "taken");
    CHECK_FAILS(safetensors_store(fixture_path("b.safetensors/x"), items, 1, NULL), CANNOT_WRITE, "b.safetensors");
}

int main(void)
{
    fixture_begin();
    check_independent_reader();
    check_own_reader();
    check_refused();
    fixture_end();
    return check_end();
}
