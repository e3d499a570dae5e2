/* The examples that helped or hurt each query, and who brought them. */
#include "base/memory.h"

#include "report/chapters.h"

enum { SHOWN_QUERIES = 6, SHOWN_EXAMPLES = 5, SHOWN_SELF = 10, MOST_COLUMNS = 4 };

struct examples {
    int64_t n_query, n_train, top;
    const char *names[MOST_COLUMNS]; /* of group columns */
    int n_name;
};

static bool load(struct page *page, struct examples *examples)
{
    *examples = (struct examples){.n_query = page_extent(page, "/top/proponents/index", 0),
                                  .top = page_extent(page, "/top/proponents/index", 1),
                                  .n_train = page_extent(page, "/samples/id", 0)};
    examples->n_name = page_groups(page, "/groups/", examples->names, MOST_COLUMNS);
    return examples->n_query > 0 && examples->n_train > 0;
}

/* The example's id and what stands over it: its policy, license, source. */
static void add_example(struct page *page, const struct examples *examples, int64_t sample)
{
    struct content *content = &page->content;
    cell_name(content, page_string(page, "/samples/id", sample), at_row(page, "/samples/id", sample));
    for (int c = 0; c < examples->n_name; c++)
        page_add_group(page, page_path(page, "/samples/group/%s", examples->names[c]),
                       page_path(page, "/groups/%s/value", examples->names[c]), sample);
}

static struct column *columns_of(struct page *page, const struct examples *examples, const char *first,
                                 const char *number)
{
    struct column *columns = content_keep(&page->content, memory_allocate(3 + MOST_COLUMNS, sizeof *columns));
    int n = 0;
    if (first != NULL)
        columns[n++] = (struct column){.heading = first};
    columns[n++] = (struct column){.heading = number, .is_number = true, .has_bar = true};
    columns[n++] = (struct column){.heading = "example"};
    for (int c = 0; c < examples->n_name; c++)
        columns[n++] = (struct column){.heading = examples->names[c]};
    return columns;
}

static void add_side(struct page *page, const struct examples *examples, int64_t query, const char *side,
                     const char *words, int sign)
{
    const char *index_path = page_path(page, "/top/%s/index", side);
    const char *score_path = page_path(page, "/top/%s/score", side);
    const double *index = page_rows(page, index_path, query, 1, examples->top);
    const double *score = page_rows(page, score_path, query, 1, examples->top);
    for (int64_t i = 0; index != NULL && score != NULL && i < examples->top && i < SHOWN_EXAMPLES; i++) {
        if (index[i] < 0 || !(sign * score[i] > 0)) /* long lists go on to examples of the other side */
            break;
        cell_words(&page->content, i == 0 ? words : "");
        cell_number(&page->content, score[i], FORM_SIGNED, at_row(page, score_path, query));
        add_example(page, examples, (int64_t)index[i]);
    }
}

static void write_query(struct page *page, const struct examples *examples, int64_t query)
{
    const char *id = page_string(page, "/queries/id", query), *text = page_string(page, "/queries/text", query);
    const char *title = page_path(page, "%s%s%s", id, text[0] ? ": " : "", text);
    content_table(&page->content, title, columns_of(page, examples, "side", "influence"), 3 + examples->n_name);
    add_side(page, examples, query, "proponents", "helped", 1);
    add_side(page, examples, query, "opponents", "hurt", -1);
}

static void write_self(struct page *page, const struct examples *examples)
{
    int64_t indexes[SHOWN_SELF];
    double values[SHOWN_SELF];
    struct content *content = &page->content;
    if (!page_largest(page, "/self", examples->n_train, SHOWN_SELF, indexes, values))
        return;
    content_heading(content, 3, NULL, "Examples that stand out by themselves");
    content_paragraph(content, TONE_PLAIN);
    say(content, "Self-influence is large for examples that the model could only learn by heart: atypical ones, and "
                 "mislabelled ones.  Look at these first when you look for errors in the data.");
    content_table(content, "Largest self-influence", columns_of(page, examples, NULL, "self-influence"),
                  2 + examples->n_name);
    for (int i = 0; i < SHOWN_SELF && indexes[i] >= 0; i++) {
        cell_number(content, values[i], FORM_PLAIN, at_row(page, "/self", indexes[i]));
        add_example(page, examples, indexes[i]);
    }
}

void write_examples(struct page *page)
{
    struct examples examples;
    struct content *content = &page->content;
    if (!load(page, &examples)) {
        content_paragraph(content, TONE_NOTE);
        say(content, "The table lists no examples.");
        return;
    }
    content_paragraph(content, TONE_PLAIN);
    say(content, "Positive means proponent: a training step on the example lowers the query's loss.  Negative means "
                 "opponent: it raises it.  ");
    if (examples.n_query > SHOWN_QUERIES)
        say(content, "The first %d of %lld queries; all are in /top of influence.h5.", SHOWN_QUERIES,
            (long long)examples.n_query);
    for (int64_t q = 0; q < examples.n_query && q < SHOWN_QUERIES; q++)
        write_query(page, &examples, q);
    write_self(page, &examples);
}
