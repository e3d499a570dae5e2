/* Inputs are compared piece by piece where both runs digested the same pieces, and never called the same otherwise. */
#include "diff/inputs.h"

#include "check.h"

struct piece {
    const char *path, *object;
    int64_t offset, bytes, row_first, n_row;
    int content;
};

static struct segment_list list_of(const struct piece *pieces, int n)
{
    struct segment_list list;
    segments_init(&list);
    for (int i = 0; i < n; i++) {
        struct segment segment = {.path = (char *)pieces[i].path,
                                  .object = (char *)pieces[i].object,
                                  .offset = pieces[i].offset,
                                  .bytes = pieces[i].bytes,
                                  .row_first = pieces[i].row_first,
                                  .n_row = pieces[i].n_row};
        memset(segment.sha256, pieces[i].content, DIGEST_BYTES);
        segments_add(&list, &segment);
    }
    CHECK(segments_sort(&list) == STATUS_OK);
    return list;
}

/* The files in all, the items and their text. */
static int64_t compare(const struct piece *a, int n_a, const struct piece *b, int n_b, struct text *out, int64_t *n)
{
    struct segment_list left = list_of(a, n_a), right = list_of(b, n_b);
    out->length = 0;
    text_add(out, "%s", "");
    struct section_lines lines = {.out = out, .most = 10};
    int64_t n_file = inputs_compare(&left, &right, &lines);
    *n = lines.n;
    segments_clear(&left);
    segments_clear(&right);
    return n_file;
}

static const struct piece plain[] = {{"a", "-", 0, 10, 0, 0, 1},
                                     {"b", "-", 0, 8, 0, 0, 2},
                                     {"b", "w", 8, 40, 0, 4, 3},
                                     {"b", "w", 48, 40, 4, 4, 4},
                                     {"c", "-", 0, 5, 0, 0, 5}};
enum { N_PLAIN = sizeof plain / sizeof *plain };

int main(void)
{
    struct text out;
    int64_t n;
    struct piece other[N_PLAIN];
    text_init(&out);

    CHECK(compare(plain, N_PLAIN, plain, N_PLAIN, &out, &n) == 3 && n == 0 && out.length == 0);
    CHECK(compare(plain, 0, plain, 0, &out, &n) == 0 && n == 0);
    CHECK(compare(plain, N_PLAIN, plain, 4, &out, &n) == 3 && n == 1 && strcmp(out.bytes, "  c  only in A\n") == 0);
    CHECK(compare(plain + 1, 3, plain, N_PLAIN, &out, &n) == 3 && n == 2 &&
          strcmp(out.bytes, "  a  only in B\n  c  only in B\n") == 0);

    memcpy(other, plain, sizeof plain);
    other[2].content = 9; /* both rows blocks of b's w differ: the first is named */
    other[3].content = 8;
    CHECK(compare(plain, N_PLAIN, other, N_PLAIN, &out, &n) == 3 && n == 1);
    CHECK(strcmp(out.bytes, "  b\n      2 of 3 pieces differ, from w rows 0 to 3\n") == 0);

    memcpy(other, plain, sizeof plain);
    other[1].content = 9; /* a header has no rows */
    CHECK(compare(plain, N_PLAIN, other, N_PLAIN, &out, &n) == 3 && n == 1);
    CHECK(strcmp(out.bytes, "  b\n      1 of 3 pieces differ, from bytes 0 to 7\n") == 0);

    /* A longer file: its piece is another range. */
    memcpy(other, plain, sizeof plain);
    other[4].bytes = 6;
    CHECK(compare(plain, N_PLAIN, other, N_PLAIN, &out, &n) == 3 && n == 1);
    CHECK(strstr(out.bytes, "  c\n      5 bytes | 6 bytes\n") != NULL);
    CHECK(strstr(out.bytes, "digested in other pieces: 1 | 1, of which 0 can be compared") != NULL);
    CHECK(strstr(out.bytes, "the same") == NULL);

    /* The same rows cut otherwise: nobody can say that they are the same. */
    const struct piece whole[] = {{"b", "-", 0, 8, 0, 0, 2}, {"b", "w", 8, 80, 0, 8, 7}};
    CHECK(compare(plain + 1, 3, whole, 2, &out, &n) == 1 && n == 1);
    CHECK(strstr(out.bytes, "bytes |") == NULL);
    CHECK(strstr(out.bytes, "digested in other pieces: 3 | 2, of which 1 can be compared\n      these are the same\n"));

    struct segment_list left = list_of(plain + 1, 3), right = list_of(whole, 2);
    struct file_difference difference;
    file_compare(left.items, 3, right.items, 2, &difference);
    CHECK(difference.n[0] == 3 && difference.n[1] == 2 && difference.n_shared == 1 && difference.n_different == 0);
    CHECK(difference.bytes[0] == 88 && difference.bytes[1] == 88 && difference.first[0] == NULL);
    segments_clear(&left);
    segments_clear(&right);
    text_clear(&out);
    return check_end();
}
