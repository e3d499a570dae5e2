/* Entries have one text each; the parser takes that text and no other, and their order is total. */
#include "base/memory.h"
#include "check.h"
#include "seal/entry.h"

#define SHA "abababababababababababababababababababababababababababababababab"

static const char *const texts[] = {
    "assay/config/v1\npath run.json\nbytes 123\nsha256 " SHA "\n",
    "assay/input/v1\npath a\nobject -\nkind raw\noffset 0\nbytes 0\nrow 0\nrows 0\nsha256 " SHA "\n",
    "assay/input/v1\npath b c\nobject fc1.input\nkind raw\noffset 80\nbytes 400\nrow 10\nrows 100\nsha256 " SHA "\n",
    "assay/input/v1\npath d.h5\nobject /x\nkind logical\noffset 80\nbytes 400\nrow 10\nrows 100\nsha256 " SHA "\n",
    "assay/dataset/v1\npath t.h5\nobject /a\ntype i64le\nshape 100 20 3\nunit 1\ndescription \xc3\xa9t\xc3\xa9, all\n",
    "assay/dataset/v1\npath t.h5\nobject /b\ntype utf8[12]\nshape scalar\nunit \ndescription \n",
    "assay/chunk/v1\npath t.h5\nobject /a\nstart 0\ncount 40\ntype f64le\nbytes 320\nsha256 " SHA "\n",
    "assay/chunk/v1\npath t.h5\nobject /a\nstart 40\ncount 60\ntype f64le\nbytes 480\nsha256 " SHA "\n",
    "assay/footer/v1\nconfig 1\ninput 3\ndataset 2\nchunk 2\nfooter 1\ntotal 9\ncomplete\n"};
enum { N_TEXT = sizeof texts / sizeof *texts };

static void test_texts(void)
{
    struct entry before = {0};
    for (int i = 0; i < N_TEXT; i++) {
        struct entry entry;
        struct text again;
        text_init(&again);
        CHECK(entry_parse(texts[i], strlen(texts[i]), "here", &entry) == STATUS_OK);
        CHECK(entry_write(&entry, &again) == STATUS_OK && strcmp(again.bytes, texts[i]) == 0);
        if (i > 0)
            CHECK(entry_compare(&before, &entry) < 0 && entry_compare(&entry, &before) > 0);
        CHECK(entry_compare(&entry, &entry) == 0);
        entry_clear(&before);
        before = entry;
        text_clear(&again);
    }
    entry_clear(&before);
}

static void test_values(void)
{
    struct entry entry;
    CHECK(entry_parse(texts[2], strlen(texts[2]), "here", &entry) == STATUS_OK);
    CHECK(entry.kind == ENTRY_INPUT && strcmp(entry.path, "b c") == 0 && strcmp(entry.object, "fc1.input") == 0);
    CHECK(entry.segment == SEGMENT_RAW && entry.offset == 80 && entry.bytes == 400 && entry.row_first == 10);
    CHECK(entry.n_row == 100 && entry.sha256[0] == 0xab && entry.sha256[31] == 0xab);
    entry_clear(&entry);
    CHECK(entry_parse(texts[4], strlen(texts[4]), "here", &entry) == STATUS_OK);
    CHECK(entry.n_dim == 3 && entry.dims[0] == 100 && entry.dims[1] == 20 && entry.dims[2] == 3);
    entry_clear(&entry);
    CHECK(entry_parse(texts[8], strlen(texts[8]), "here", &entry) == STATUS_OK);
    CHECK(entry.counts[ENTRY_INPUT] == 3 && entry.counts[ENTRY_FOOTER] == 1 && entry.total == 9);
    entry_clear(&entry);
}

/* Every other byte in every place, and a byte less or more: if it is taken at all, it is another entry, and its text is
 * what was parsed. */
static void test_mutations(void)
{
    long n_taken = 0;
    for (int i = 0; i < N_TEXT; i++) {
        size_t n = strlen(texts[i]);
        char *copy = memory_copy_text(texts[i]);
        for (size_t at = 0; at < n; at++)
            for (int byte = 0; byte < 256; byte++) {
                struct entry entry;
                copy[at] = (char)byte;
                if (copy[at] != texts[i][at] && entry_parse(copy, n, "here", &entry) == STATUS_OK) {
                    struct text again;
                    text_init(&again);
                    CHECK(entry_write(&entry, &again) == STATUS_OK);
                    CHECK(again.length == n && memcmp(again.bytes, copy, n) == 0 && byte >= 0x20 && byte != 0x7f);
                    text_clear(&again);
                    entry_clear(&entry);
                    n_taken++;
                }
                copy[at] = texts[i][at];
            }
        struct entry entry;
        CHECK_FAILS(entry_parse(copy, n - 1, "here", &entry), BAD_RUN, "here: expected a log entry");
        CHECK_FAILS(entry_parse(copy, n + 1, "here", &entry), BAD_RUN, "here: expected a log entry");
        memory_free(copy);
    }
    CHECK(n_taken > 0); /* names and digits do vary */
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "",
        "assay/",
        "assay/config/v1\n",
        "assay/config/v2\npath run.json\nbytes 123\nsha256 " SHA "\n",
        "assay/config/v1\npath \nbytes 123\nsha256 " SHA "\n",                  /* no name */
        "assay/config/v1\npath a\nbytes 0123\nsha256 " SHA "\n",                /* a leading zero */
        "assay/config/v1\npath a\nbytes -1\nsha256 " SHA "\n",                  /* a sign */
        "assay/config/v1\npath a\nbytes 9223372036854775808\nsha256 " SHA "\n", /* 2^63 */
        "assay/config/v1\npath a\nsha256 " SHA "\nbytes 1\n",                   /* another order */
        "assay/config/v1\npath a\nbytes 1\nsha256 " SHA "\n\n",                 /* more lines */
        "assay/config/v1\npath a\nbytes 1\nsha256 " SHA "a\n",                  /* more digits */
        "assay/config/v1\npath a\xff\nbytes 1\nsha256 " SHA "\n",               /* not UTF-8 */
        "assay/config/v1\npath a\xc2\x85\nbytes 1\nsha256 " SHA "\n",           /* U+0085, a control character */
        "assay/config/v1\npath a\x1b[2J\nbytes 1\nsha256 " SHA "\n",            /* ESC */
        "assay/config/v1\r\npath a\r\nbytes 1\r\nsha256 " SHA "\r\n",           /* CR LF */
        "assay/dataset/v1\npath t\nobject /a\ntype i65\nshape 1\nunit 1\ndescription x\n",
        "assay/dataset/v1\npath t\nobject /a\ntype utf8[0]\nshape 1\nunit 1\ndescription x\n",
        "assay/dataset/v1\npath t\nobject /a\ntype i8\nshape 1  2\nunit 1\ndescription x\n",
        "assay/dataset/v1\npath t\nobject /a\ntype i8\nshape 1 \nunit 1\ndescription x\n",
        "assay/dataset/v1\npath t\nobject /a\ntype i8\nshape 1 2 3 4 5 6 7 8 9\nunit 1\ndescription x\n",
        "assay/input/v1\npath a\nobject -\nkind other\noffset 0\nbytes 0\nrow 0\nrows 0\nsha256 " SHA "\n",
        "assay/input/v1\npath a\nobject -\nkind raw\noffset 9223372036854775807\nbytes 1\nrow 0\nrows 0\nsha256 " SHA
        "\n"};
    struct entry entry;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_FAILS(entry_parse(bad[i], strlen(bad[i]), "there", &entry), BAD_RUN, "there: expected a log entry");

    struct text out;
    text_init(&out);
    struct entry config = {.kind = ENTRY_CONFIG, .path = "a\nb"};
    CHECK_FAILS(entry_write(&config, &out), BAD_RUN, "the path of a log entry must be plain UTF-8");
    config.path = "";
    CHECK_FAILS(entry_write(&config, &out), BAD_RUN, "the path of a log entry");
    config.path = "a", config.bytes = -1;
    CHECK_FAILS(entry_write(&config, &out), BAD_RUN, "the bytes of a log entry");
    char *longest = memory_allocate(ENTRY_MAX_BYTES + 1, 1);
    memset(longest, 'x', ENTRY_MAX_BYTES);
    config.path = longest, config.bytes = 0;
    CHECK_FAILS(entry_write(&config, &out), BAD_RUN, "too long");
    struct entry dataset = {.kind = ENTRY_DATASET, .path = "t", .object = "/x", .type = "f32", .unit = "1", .text = ""};
    CHECK_FAILS(entry_write(&dataset, &out), BAD_RUN, "the type of a log entry");
    dataset.type = "i8", dataset.n_dim = 1, dataset.dims[0] = -1;
    CHECK_FAILS(entry_write(&dataset, &out), BAD_RUN, "the shape of a log entry");
    dataset.dims[0] = 1, dataset.text = "two\nlines";
    CHECK_FAILS(entry_write(&dataset, &out), BAD_RUN, "the description of a log entry");
    CHECK(out.length == 0);
    memory_free(longest);
    text_clear(&out);
}

static void test_blocks(void)
{
    CHECK(block_rows(1) == 1 << 20 && block_rows(8) == 1 << 17 && block_rows(3) == (1 << 20) / 3);
    CHECK(block_rows(1 << 20) == 1 && block_rows((1 << 20) + 1) == 1 && block_rows(INT64_MAX) == 1);
    CHECK(block_rows((1 << 19) + 1) == 1 && block_rows(1 << 19) == 2);
    CHECK(block_count(0, 8) == 0 && block_count(5, 0) == 0 && block_count(1, 8) == 1);
    CHECK(block_count(1 << 17, 8) == 1 && block_count((1 << 17) + 1, 8) == 2 && block_count(3, 1 << 21) == 3);
    CHECK(entry_type_bytes("i8") == 1 && entry_type_bytes("i32le") == 4 && entry_type_bytes("f64le") == 8);
    CHECK(entry_type_bytes("utf8[37]") == 37 && entry_type_bytes("utf8[037]") == 0 && entry_type_bytes("i64") == 0);
}

int main(void)
{
    test_texts();
    test_values();
    test_mutations();
    test_refusals();
    test_blocks();
    return check_end();
}
