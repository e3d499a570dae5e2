#include "diff/inputs.h"

#include <stddef.h>
#include <string.h>

/* The order of segments_sort within a file, then by length: two segments compare equal when they are the same range. */
static int compare_ranges(const struct segment *a, const struct segment *b)
{
    int order = strcmp(a->object, b->object);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    if (order == 0)
        order = (a->offset > b->offset) - (a->offset < b->offset);
    return order ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static void count(const struct segment *segments, int64_t n, int which, struct file_difference *difference)
{
    difference->n[which] = n;
    for (int64_t i = 0; i < n; i++)
        if (segments[i].kind == SEGMENT_RAW)
            difference->bytes[which] += segments[i].bytes;
}

void file_compare(const struct segment *a, int64_t n_a, const struct segment *b, int64_t n_b,
                  struct file_difference *difference)
{
    *difference = (struct file_difference){0};
    count(a, n_a, 0, difference);
    count(b, n_b, 1, difference);
    for (int64_t i = 0, j = 0; i < n_a && j < n_b;) {
        int order = compare_ranges(&a[i], &b[j]);
        if (order == 0) {
            difference->n_shared++;
            if (memcmp(a[i].sha256, b[j].sha256, DIGEST_BYTES) != 0) {
                difference->n_different++;
                if (difference->first[0] == NULL || a[i].offset < difference->first[0]->offset) {
                    difference->first[0] = &a[i];
                    difference->first[1] = &b[j];
                }
            }
        }
        i += order <= 0;
        j += order >= 0;
    }
}

static void show_first(const struct segment *segment, struct text *out)
{
    char first[32], last[32];
    text_add(out, ", from ");
    if (segment->n_row > 0) {
        show_text(out, segment->object, 40);
        text_add(out, " rows %s to %s\n", figure_count(segment->row_first, first),
                 figure_count(segment->row_first + segment->n_row - 1, last));
    } else {
        text_add(out, "bytes %s to %s\n", figure_count(segment->offset, first),
                 figure_count(segment->offset + (segment->bytes > 0 ? segment->bytes - 1 : 0), last));
    }
}

static void show_difference(const struct file_difference *difference, struct text *out)
{
    char a[32], b[32], n[32], shared[32];
    if (difference->bytes[0] != difference->bytes[1])
        text_add(out, "      %s bytes | %s bytes\n", figure_count(difference->bytes[0], a),
                 figure_count(difference->bytes[1], b));
    bool is_cut_alike = difference->n_shared == difference->n[0] && difference->n_shared == difference->n[1];
    if (!is_cut_alike)
        text_add(out, "      digested in other pieces: %s | %s, of which %s can be compared\n",
                 figure_count(difference->n[0], a), figure_count(difference->n[1], b),
                 figure_count(difference->n_shared, shared));
    if (difference->n_different > 0) {
        text_add(out, "      %s of %s pieces differ", figure_count(difference->n_different, n),
                 figure_count(difference->n_shared, shared));
        show_first(difference->first[0], out);
    } else if (!is_cut_alike && difference->n_shared > 0) {
        text_add(out, "      these are the same\n");
    }
}

static void show_file(const char *path, const char *where, struct section_lines *lines)
{
    text_add(lines->out, "  ");
    show_text(lines->out, path, SHOWN_COLUMNS - 12);
    text_add(lines->out, "%s\n", where);
}

static void compare_files(const struct segment *a, int64_t n_a, const struct segment *b, int64_t n_b,
                          struct section_lines *lines)
{
    struct file_difference difference;
    file_compare(a, n_a, b, n_b, &difference);
    if (difference.n_shared == n_a && difference.n_shared == n_b && difference.n_different == 0)
        return;
    if (!show_next(lines))
        return;
    show_file(a->path, "", lines);
    show_difference(&difference, lines->out);
}

/* Segments of the file that segment `first` is of. */
static int64_t segments_of_file(const struct segment_list *list, int64_t first)
{
    int64_t n = 0;
    while (first + n < list->n && strcmp(list->items[first + n].path, list->items[first].path) == 0)
        n++;
    return n;
}

int64_t inputs_compare(const struct segment_list *a, const struct segment_list *b, struct section_lines *lines)
{
    int64_t n_file = 0;
    for (int64_t i = 0, j = 0; i < a->n || j < b->n; n_file++) {
        int64_t n_a = segments_of_file(a, i), n_b = segments_of_file(b, j);
        int order = n_a == 0 ? 1 : n_b == 0 ? -1 : strcmp(a->items[i].path, b->items[j].path);
        if (order == 0)
            compare_files(&a->items[i], n_a, &b->items[j], n_b, lines);
        else if (show_next(lines))
            show_file(order < 0 ? a->items[i].path : b->items[j].path, order < 0 ? "  only in A" : "  only in B",
                      lines);
        i += order <= 0 ? n_a : 0;
        j += order >= 0 ? n_b : 0;
    }
    return n_file;
}
