/* Rows read and gaps together cover every byte of every file once, for any choice of tensors and blocks. */
#include <fcntl.h>
#include <sys/stat.h>

#include "tensor/fixture.h"
#include "tensor/safetensors.h"
#include "tensor/tensor.h"

/* Names of which any subset may be opened together. */
static const char *const names[] = {
    "good/plain.safetensors#of f32",
    "good/plain.safetensors#of bf16",
    "good/plain.safetensors#of i64",
    "good/plain.safetensors#vector",
    "good/plain.safetensors#cube",
    "good/plain.safetensors#empty",
    "good/holes.safetensors#x",
    "good/part-*-bf16.safetensors#x",
    "good/part-[9ab]-i64.safetensors#x",
    "good/f32-1.npy",
    "good/part-*-f32.npy",
    "good/shape-0x5.npy",
    "good/all.h5:/gzip/f32be",
    "good/all.h5:/contiguous/i16le",
    "good/part-*-f32.h5:/g/x",
    "good/tall.safetensors#x",
    "good/trak-f16/0/features.mmap",
    "good/trak-f16/0/grads.mmap",
    "good/trak-f16/0/test_grads.mmap",
    "good/trak-f32/*/features.mmap",
    "good/index-f32-num_grads/gradients.bin#a",
    "good/index-bf16-num_items/gradients.bin",
    "good/index-shards/*/gradients.bin#y",
    "good/index-tall/gradients.bin#y",
};
enum { N_NAME = sizeof names / sizeof names[0] };

static bool same_place(const struct segment *a, const struct segment *b)
{
    return strcmp(a->path, b->path) == 0 && strcmp(a->object, b->object) == 0 && a->kind == b->kind &&
           a->offset == b->offset && a->bytes == b->bytes && a->row_first == b->row_first && a->n_row == b->n_row;
}

static void read_blocks(struct tensor *tensor, uint64_t *seed, struct segment_list *segments)
{
    int64_t rows = tensor_rows(tensor);
    char *raw = memory_allocate(rows * tensor_columns(tensor), tensor_type_size(tensor_type(tensor)));
    for (int64_t first = 0, n; first < rows; first += n) {
        n = 1 + (int64_t)(fixture_random(seed) % (uint64_t)(rows - first));
        struct segment_list listed;
        segments_init(&listed);
        tensor_list(tensor, first, n, &listed);
        int64_t before = segments->n;
        CHECK(tensor_read(tensor, first, n, raw, segments) == STATUS_OK);
        CHECK(listed.n == segments->n - before);
        for (int64_t i = 0; i < listed.n; i++)
            CHECK(same_place(&listed.items[i], &segments->items[before + i]));
        segments_clear(&listed);
    }
    memory_free(raw);
}

static bool same_gaps(const struct segment_list *a, const struct segment_list *b)
{
    bool same = a->n == b->n;
    for (int64_t i = 0; same && i < a->n; i++)
        same = same_place(&a->items[i], &b->items[i]);
    return same;
}

static void check_combination(uint64_t *seed)
{
    struct tensor *tensors[N_NAME], *reversed[N_NAME];
    struct segment_list segments, gaps, again;
    segments_init(&segments);
    segments_init(&gaps);
    segments_init(&again);
    int n = 0;
    uint64_t chosen = fixture_random(seed);
    for (int i = 0; i < N_NAME; i++)
        if (chosen >> i & 1 || i == N_NAME - 1) {
            CHECK(tensor_open(fixture_directory, names[i], &tensors[n]) == STATUS_OK);
            n++;
        }
    for (int i = 0; i < n; i++) {
        reversed[n - 1 - i] = tensors[i];
        read_blocks(tensors[i], seed, &segments);
    }
    CHECK(tensor_gaps(tensors, n, &gaps) == STATUS_OK && tensor_gaps(reversed, n, &again) == STATUS_OK);
    CHECK(same_gaps(&gaps, &again));
    for (int64_t i = 0; i < gaps.n; i++) {
        CHECK(gaps.items[i].bytes > 0 && strcmp(gaps.items[i].object, "-") == 0);
        CHECK(i == 0 || strcmp(gaps.items[i - 1].path, gaps.items[i].path) < 0 ||
              gaps.items[i - 1].offset < gaps.items[i].offset);
        CHECK(segment_hash(fixture_directory, &gaps.items[i]) == STATUS_OK);
        segments_add(&segments, &gaps.items[i]);
    }
    CHECK(segments_sort(&segments) == STATUS_OK);
    CHECK(fixture_check_segments(&segments));
    for (int i = 0; i < n; i++)
        tensor_close(tensors[i]);
    segments_clear(&again);
    segments_clear(&gaps);
    segments_clear(&segments);
}

/* Modules of one index, and the whole of it, read in the same blocks: their segments are the same, hash or not, and
 * once the repeats are dropped they cover the files once. */
static void check_modules(const char *const names_of_one[3], int64_t block, int64_t n_expected)
{
    struct tensor *tensors[3];
    struct segment_list segments, gaps;
    segments_init(&segments);
    segments_init(&gaps);
    for (int i = 0; i < 3; i++) {
        CHECK(tensor_open(fixture_directory, names_of_one[i], &tensors[i]) == STATUS_OK);
        int64_t rows = tensor_rows(tensors[i]);
        char *raw = memory_allocate(rows * tensor_columns(tensors[i]), tensor_type_size(tensor_type(tensors[i])));
        for (int64_t first = 0; first < rows; first += block)
            CHECK(tensor_read(tensors[i], first, rows - first < block ? rows - first : block, raw, &segments) ==
                  STATUS_OK);
        memory_free(raw);
    }
    CHECK(tensor_gaps(tensors, 3, &gaps) == STATUS_OK && gaps.n > 0);
    for (int64_t i = 0; i < gaps.n; i++) {
        CHECK(strstr(gaps.items[i].path, "info.json") != NULL);
        CHECK(segment_hash(fixture_directory, &gaps.items[i]) == STATUS_OK);
        segments_add(&segments, &gaps.items[i]);
    }
    CHECK(segments_sort(&segments) == STATUS_OK && segments.n - gaps.n == n_expected);
    CHECK(fixture_check_segments(&segments));
    for (int i = 0; i < 3; i++)
        tensor_close(tensors[i]);
    segments_clear(&gaps);
    segments_clear(&segments);
}

static void check_all_modules(void)
{
    static const char *const shards[] = {"good/index-shards/shard-*/gradients.bin#y",
                                         "good/index-shards/shard-*/gradients.bin",
                                         "good/index-shards/shard-*/gradients.bin#x"};
    static const char *const tall[] = {"good/index-tall/gradients.bin#z", "good/index-tall/gradients.bin#x",
                                       "good/index-tall/gradients.bin#y"};
    check_modules(shards, 100, 2);
    check_modules(shards, 3, 4); /* rows 0-3 of one shard: 3 and 1; rows 4-6 of the other: 2 and 1 */
    check_modules(tall, 512, 4);
}

/* The check by Python would find a wrong digest, a byte left out, and a byte covered twice. */
static void check_the_check(void)
{
    struct tensor *tensor = NULL;
    struct segment_list segments;
    segments_init(&segments);
    uint64_t seed = 5;
    CHECK(tensor_open(fixture_directory, "good/f32-1.npy", &tensor) == STATUS_OK);
    CHECK(tensor_gaps(&tensor, 1, &segments) == STATUS_OK && segments.n == 1);
    CHECK(segment_hash(fixture_directory, &segments.items[0]) == STATUS_OK);
    CHECK(!fixture_check_segments(&segments));
    read_blocks(tensor, &seed, &segments);
    CHECK(fixture_check_segments(&segments));
    segments.items[0].sha256[7] ^= 1;
    CHECK(!fixture_check_segments(&segments));
    segments.items[0].sha256[7] ^= 1;
    segments_add(&segments, &segments.items[0]);
    CHECK(!fixture_check_segments(&segments));
    segments_clear(&segments);
    tensor_close(tensor);
}

/* A file that is mostly other tensors is cut into pieces of at most SEGMENT_LIMIT. */
static void check_pieces(void)
{
    enum { ROWS = 3 };
    int64_t hidden = 2 * (int64_t)SEGMENT_LIMIT + 100;
    float values[ROWS] = {1, 2, 3};
    char *zeros = memory_allocate(hidden, 1);
    struct safetensors_item items[] = {{"hidden", TENSOR_U8, 1, {hidden}, zeros}, {"x", TENSOR_F32, 1, {ROWS}, values}};
    CHECK(safetensors_store(fixture_path("big.safetensors"), items, 2, NULL) == STATUS_OK);
    memory_free(zeros);
    struct tensor *tensor = NULL;
    struct segment_list gaps;
    segments_init(&gaps);
    CHECK(tensor_open(fixture_directory, "big.safetensors#x", &tensor) == STATUS_OK);
    CHECK(tensor_gaps(&tensor, 1, &gaps) == STATUS_OK);
    CHECK(gaps.n == 3);
    int64_t at = 0, size = 0;
    for (int64_t i = 0; i < gaps.n; i++) {
        CHECK(gaps.items[i].offset == at && gaps.items[i].bytes <= SEGMENT_LIMIT);
        at += gaps.items[i].bytes;
    }
    CHECK(file_size(fixture_path("big.safetensors"), &size) == STATUS_OK && at == size - (int64_t)sizeof values);
    segments_clear(&gaps);
    tensor_close(tensor);
}

static void touch(const char *name, char byte, int64_t offset)
{
    int descriptor = open(fixture_path(name), O_WRONLY);
    CHECK(descriptor >= 0 && pwrite(descriptor, &byte, 1, (off_t)offset) == 1);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000 + offset}};
    CHECK(futimens(descriptor, times) == 0);
    close(descriptor);
}

/* A file that changes under an open tensor is refused at the next read, and by tensor_gaps. */
static void check_changed(const char *source, const char *file, const char *name)
{
    size_t n;
    char *bytes = fixture_load(source, &n), raw[4096];
    struct tensor *tensor = NULL;
    struct segment_list segments;
    segments_init(&segments);
    for (int when = 0; when < 2; when++) {
        fixture_store(file, bytes, n);
        CHECK(tensor_open(fixture_directory, name, &tensor) == STATUS_OK);
        if (when == 1)
            CHECK(tensor_read(tensor, 0, 1, raw, NULL) == STATUS_OK);
        CHECK(tensor_gaps(&tensor, 1, &segments) == STATUS_OK);
        segments_clear(&segments);
        touch(file, bytes[n - 1], (int64_t)n - 1);
        CHECK_FAILS(tensor_read(tensor, 1, 1, raw, &segments), BAD_INPUT, "the file changed after its header was read");
        CHECK_FAILS(tensor_read(tensor, 1, 1, raw, &segments), BAD_INPUT, "the file changed after its header was read");
        CHECK_FAILS(tensor_gaps(&tensor, 1, &segments), BAD_INPUT, "the file changed after its header was read");
        CHECK(segments.n == 0);
        remove(fixture_path(file));
        CHECK_FAILS(tensor_gaps(&tensor, 1, &segments), BAD_INPUT, "No such file");
        tensor_close(tensor);
    }
    segments_clear(&segments);
    memory_free(bytes);
}

/* So is a store of which the file that says what its rows are has changed. */
static void check_changed_stores(void)
{
    mkdir(fixture_path("changing"), 0777);
    fixture_copy("good/index-f32-num_grads/gradients.bin", "changing/gradients.bin");
    check_changed("good/index-f32-num_grads/info.json", "changing/info.json", "changing/gradients.bin#a");
    check_changed("good/index-f32-num_grads/info.json", "changing/info.json", "changing/gradients.bin");
    fixture_copy("good/index-f32-num_grads/info.json", "changing/info.json");
    check_changed("good/index-f32-num_grads/gradients.bin", "changing/gradients.bin", "changing/gradients.bin#a");
    fixture_copy("good/trak-f32/0/features.mmap", "changing/features.mmap");
    check_changed("good/trak-f32/0/_is_featurized.mmap", "changing/_is_featurized.mmap", "changing/features.mmap");
}

/* segment_hash believes nothing of what it is given. */
static void check_untrusted(void)
{
    const int64_t h5 = 13 * 7 * 4;
    static const uint8_t nothing[DIGEST_BYTES];
    const struct {
        struct segment segment;
        const char *part;
    } cases[] = {
        {{.path = "absent", .bytes = 1}, "No such file"},
        {{.path = "good", .bytes = 1}, "found a directory"},
        {{.path = "bad/pipe", .bytes = 1}, "found something else"},
        {{.path = "good/f32-1.npy", .offset = 1000, .bytes = 1}, "it is truncated"},
        {{.path = "good/f32-1.npy", .offset = 200, .bytes = INT64_MAX}, "it is truncated"},
        {{.path = "good/f32-1.npy", .offset = INT64_MAX, .bytes = INT64_MAX}, "it is truncated"},
        {{.path = "good/f32-1.npy", .offset = -1, .bytes = 1}, "expected a segment of the file"},
        {{.path = "good/f32-1.npy", .bytes = -1}, "expected a segment of the file"},
        {{.path = "good/f32-1.npy", .object = "/x", .kind = SEGMENT_LOGICAL}, "expected an HDF5 file"},
        {{.path = "good/all.h5", .object = "/no", .kind = SEGMENT_LOGICAL}, "expected a dataset of this name"},
        {{.path = "good/all.h5", .object = "/gzip/f32be", .kind = SEGMENT_LOGICAL, .bytes = h5 + 28, .n_row = 14},
         "found a dataset of 13 rows"},
        {{.path = "good/all.h5", .object = "/gzip/f32be", .kind = SEGMENT_LOGICAL, .row_first = -1, .n_row = 1},
         "found a dataset of 13 rows"},
        {{.path = "good/all.h5", .object = "/gzip/f32be", .kind = SEGMENT_LOGICAL, .row_first = 1, .n_row = INT64_MAX},
         "found a dataset of 13 rows"},
        {{.path = "good/all.h5", .object = "/gzip/f32be", .kind = SEGMENT_LOGICAL, .bytes = h5 - 1, .n_row = 13},
         "found rows of 28 bytes"},
        {{.path = "good/all.h5",
          .object = "/gzip/f32be",
          .kind = SEGMENT_LOGICAL,
          .offset = 1,
          .bytes = h5,
          .n_row = 13},
         "found rows of 28 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct segment segment = cases[i].segment;
        segment.object = segment.object ? segment.object : "-";
        CHECK_FAILS(segment_hash(fixture_directory, &segment), BAD_INPUT, cases[i].part);
        CHECK(memcmp(segment.sha256, nothing, DIGEST_BYTES) == 0);
    }
}

int main(void)
{
    fixture_write();
    uint64_t seed = 11;
    for (int i = 0; i < 8; i++)
        check_combination(&seed);
    check_all_modules();
    check_the_check();
    check_pieces();
    check_changed("good/f32-1.npy", "changing.npy", "changing.npy");
    check_changed("bad/fine.safetensors", "changing.safetensors", "changing.safetensors#x");
    check_changed("bad/other.h5", "changing.h5", "changing.h5:/x");
    check_changed_stores();
    check_untrusted();
    fixture_end();
    return check_end();
}
