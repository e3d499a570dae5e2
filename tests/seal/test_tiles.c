/* A log written as tiles reads back entry by entry, gives every proof, and no tile of another size is taken for it. */
#include "check.h"
#include "merkle/inclusion.h"
#include "merkle/tree.h"
#include "scratch.h"
#include "seal/proof.h"
#include "seal/tile_writer.h"

static void test_paths(void)
{
    static const struct {
        int level, width;
        int64_t index;
        const char *path;
    } cases[] = {{0, 256, 0, "tile/0/000"},
                 {0, 12, 0, "tile/0/000.p/12"},
                 {-1, 256, 999, "tile/entries/999"},
                 {-1, 1, 1000, "tile/entries/x001/000.p/1"},
                 {3, 256, 1234067, "tile/3/x001/x234/067"},
                 {7, 255, INT64_MAX, "tile/7/x009/x223/x372/x036/x854/x775/807.p/255"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text path;
        text_init(&path);
        tile_path(cases[i].level, cases[i].index, cases[i].width, &path);
        CHECK(strcmp(path.bytes, cases[i].path) == 0);
        text_clear(&path);
    }
    CHECK(tile_width(0, 0, 0) == 0 && tile_width(1, 0, 0) == 1 && tile_width(256, 0, 0) == 256);
    CHECK(tile_width(256, 0, 1) == 0 && tile_width(256, 1, 0) == 1 && tile_width(255, 1, 0) == 0);
    CHECK(tile_width(70000, 1, 1) == 17 && tile_width(70000, 2, 0) == 1 && tile_width(70000, 3, 0) == 0);
    CHECK(tile_count(0, 0) == 0 && tile_count(257, BUNDLE_LEVEL) == 2 && tile_count(70000, 1) == 2);
}

static size_t entry_of(int64_t i, char *entry)
{
    size_t n = (size_t)(i % 300); /* some are empty, some longer than one length byte can say */
    memset(entry, (int)(i % 251), n);
    return n;
}

static void write_log(const char *log, int64_t size, struct hash *root, struct hash *leaves)
{
    struct tile_writer *writer = memory_allocate(1, sizeof *writer);
    char entry[300];
    tile_writer_begin(writer, log);
    for (int64_t i = 0; i < size; i++) {
        size_t n = entry_of(i, entry);
        merkle_leaf(entry, n, &leaves[i]);
        CHECK(tile_writer_add(writer, entry, n) == STATUS_OK);
    }
    CHECK(tile_writer_end(writer, root) == STATUS_OK);
    tile_writer_clear(writer);
    memory_free(writer);
}

static void test_log(const char *log, int64_t size)
{
    struct hash root, expected, *leaves = memory_allocate(size + 1, sizeof *leaves);
    write_log(log, size, &root, leaves);
    merkle_root(leaves, size, &expected);
    CHECK(hash_equal(&root, &expected));
    for (int64_t b = 0; b < tile_count(size, BUNDLE_LEVEL); b++) {
        struct bundle bundle;
        struct hash hashes[TILE_WIDTH];
        int width = tile_width(size, 0, b);
        CHECK(tile_load(log, 0, b, width, hashes) == STATUS_OK);
        CHECK(memcmp(hashes, leaves + b * TILE_WIDTH, (size_t)width * sizeof *hashes) == 0);
        CHECK(bundle_load(log, b, width, &bundle) == STATUS_OK && bundle.n == width);
        for (int k = 0; k < width; k++) {
            char entry[300];
            size_t n = entry_of(b * TILE_WIDTH + k, entry);
            CHECK(bundle.length[k] == n && memcmp(bundle.entry[k], entry, n) == 0);
        }
        bundle_clear(&bundle);
    }
    struct tile_source source = {log, size};
    for (int64_t i = 0; i < size; i += 1 + i % 97 * (size > 1000)) {
        struct merkle_proof proof;
        CHECK(inclusion_make(tile_node, &source, i, size, &proof) == STATUS_OK);
        CHECK(inclusion_holds(&proof, &leaves[i], i, size, &root));
    }
    memory_free(leaves);
}

static void test_damage(const char *log)
{
    struct hash hashes[TILE_WIDTH], leaves[300], root;
    struct bundle bundle;
    write_log(log, 300, &root, leaves);
    CHECK_FAILS(tile_load(log, 0, 2, 10, hashes), BAD_RUN, "tile/0/002.p/10");
    CHECK_FAILS(bundle_load(log, 1, 43, &bundle), BAD_RUN, "tile/entries/001.p/43");
    size_t n;
    char *bytes = scratch_load(log, "tile/0/001.p/44", &n);
    CHECK(n == 44 * 32);
    scratch_store(log, "tile/0/001.p/44", bytes, n - 1);
    CHECK_FAILS(tile_load(log, 0, 1, 44, hashes), BAD_RUN, "expected 44 hashes");
    memory_free(bytes);
    bytes = scratch_load(log, "tile/entries/001.p/44", &n);
    for (size_t cut = 0; cut < n; cut += cut < 20 ? 1 : 37) {
        char *copy = memcpy(memory_allocate((int64_t)n, 1), bytes, n);
        CHECK_FAILS(bundle_take(copy, cut, 44, "bundle", &bundle), BAD_RUN, "bundle: expected 44 entries");
    }
    char *longer = memcpy(memory_allocate((int64_t)n + 2, 1), bytes, n);
    CHECK_FAILS(bundle_take(longer, n + 2, 44, "bundle", &bundle), BAD_RUN, "bundle: expected 44 entries");
    memory_free(bytes);
}

/* A whole proof file: it holds, and with any byte changed it does not. */
static void test_proof(const char *log)
{
    struct signing_key *key = NULL;
    char *path = path_join(log, "a.key");
    struct hash leaves[300], root;
    struct log_checkpoint checkpoint;
    struct proof proof, found;
    struct text text, again;
    struct tile_source source = {log, 300};
    write_log(log, 300, &root, leaves);
    CHECK(signing_key_open(path, "example.org/log", &key) == STATUS_OK);
    proof_init(&proof);
    text_init(&text);
    text_init(&again);
    char entry[300];
    size_t n = entry_of(133, entry);
    text_add_bytes(&proof.entry, entry, n);
    proof.index = 133;
    CHECK(inclusion_make(tile_node, &source, 133, 300, &proof.path) == STATUS_OK);
    checkpoint_write(300, &root, key, &proof.checkpoint);
    proof_write(&proof, &text);
    const struct verify_key *vkey = signing_key_public(key);
    CHECK(proof_verify(text.bytes, text.length, vkey, "p", &found, &checkpoint) == STATUS_OK);
    CHECK(found.index == 133 && found.entry.length == n && memcmp(found.entry.bytes, entry, n) == 0);
    CHECK(checkpoint.size == 300 && hash_equal(&checkpoint.root, &root));
    proof_write(&found, &again);
    CHECK(again.length == text.length && memcmp(again.bytes, text.bytes, text.length) == 0);
    proof_clear(&found);
    for (size_t at = 0; at < text.length; at++)
        for (int bit = 0; bit < 8; bit += 2) {
            text.bytes[at] ^= (char)(1 << (bit + at % 2));
            enum status status = proof_verify(text.bytes, text.length, vkey, "p", &found, &checkpoint);
            CHECK(status == DIFFERS || status == BAD_INPUT);
            text.bytes[at] ^= (char)(1 << (bit + at % 2));
        }
    for (size_t cut = 0; cut < text.length; cut++)
        CHECK(proof_verify(text.bytes, cut, vkey, "p", &found, &checkpoint) != STATUS_OK);
    /* Another entry with the right proof, and the right entry at another place. */
    proof.entry.bytes[0] ^= 1;
    text.length = 0;
    proof_write(&proof, &text);
    CHECK_FAILS(proof_verify(text.bytes, text.length, vkey, "p", &found, &checkpoint), DIFFERS, "do not lead");
    proof.entry.bytes[0] ^= 1;
    proof.index = 132;
    text.length = 0;
    proof_write(&proof, &text);
    CHECK_FAILS(proof_verify(text.bytes, text.length, vkey, "p", &found, &checkpoint), DIFFERS, "do not lead");
    proof_clear(&proof);
    text_clear(&text);
    text_clear(&again);
    signing_key_destroy(key);
    memory_free(path);
}

int main(void)
{
    static const int64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 512, 700, 70000};
    test_paths();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *log = scratch_begin();
        test_log(log, sizes[i]);
        scratch_end(log);
    }
    char *log = scratch_begin();
    test_damage(log);
    scratch_end(log);
    log = scratch_begin();
    test_proof(log);
    scratch_end(log);
    return check_end();
}
