/* How exact the figures are, how to check them, and what no check can show. */
#include "report/chapters.h"

void write_exactness(struct page *page)
{
    static const struct column columns[] = {{"table", false, false},
                                            {"what is computed", false, false},
                                            {"how exact", false, false},
                                            {"after", false, false}};
    struct content *content = &page->content;
    content_table(content, "", columns, sizeof columns / sizeof *columns);
    for (int t = 0; t < N_RUN_TABLES; t++) {
        page->current = (enum run_table)t;
        if (page->tables[t] == NULL)
            continue;
        const char *formula = page_attribute(page, "formula"), *title = page_attribute(page, "title");
        const char *exactness = page_attribute(page, "exactness"), *source = page_attribute(page, "source");
        const char *ridge = page_attribute(page, "exactness ridge"),
                   *network = page_attribute(page, "exactness network");
        cell_words(content, run_table_files[t]);
        cell_sentence(content, formula ? formula : title ? title : "", (struct source){0});
        if (exactness == NULL && (ridge != NULL || network != NULL))
            exactness =
                page_path(page, "ridge: %s; network: %s", ridge ? ridge : "not made", network ? network : "not made");
        cell_sentence(content, exactness ? exactness : "as recorded", (struct source){0});
        cell_sentence(content, source ? source : "", (struct source){0});
    }
    content_paragraph(content, TONE_PLAIN);
    say(content, "Figures on this page are rounded for reading; ");
    say_code(content, "--format csv");
    say(content,
        " has them in full, each with its dataset.  “First order” is what a small step on an example does to the "
        "network as it was, not what retraining without the example would give.  “Exact” is a closed form: the "
        "same as fitting again.");
}

/* An argument of a command, quoted for a shell. */
static const char *quoted(struct page *page, const char *argument)
{
    struct text text;
    text_init(&text);
    text_add(&text, "'");
    for (; *argument; argument++)
        text_add(&text, *argument == '\'' ? "'\\''" : "%c", *argument);
    text_add(&text, "'");
    return content_keep(&page->content, text_take(&text));
}

void write_root(struct page *page)
{
    struct content *content = &page->content;
    const struct report_request *request = page->request;
    const struct report_seal *seal = &request->seal;
    const char *run = quoted(page, request->run_directory), *command = request->command;
    if (!seal->is_sealed) {
        content_paragraph(content, TONE_PLAIN);
        say(content, "There is no root: the run is not sealed.  With a section “seal” in its config, ");
        say_code(content, "assay seal CONFIG");
        say(content, " makes one.");
        return;
    }
    content_figures(content);
    figure_number(content, "entries under the root", (double)seal->n_entry, FORM_COUNT, (struct source){0});
    content_paragraph(content, TONE_PLAIN);
    say(content, "Root: ");
    say_code(content, seal->root);
    content_paragraph(content, TONE_PLAIN);
    say(content, "Public key: ");
    say_code(content, seal->vkey != NULL ? seal->vkey : "(unreadable)");
    content_paragraph(content, TONE_PLAIN);
    say(content,
        "Compare the key with one that you got another way: a forger could sign with a key of his own.  Then these "
        "commands recompute the root from every file, and prove one block of one table to someone who has only "
        "the key:");
    const char *key = quoted(page, seal->vkey != NULL ? seal->vkey : "VKEY");
    const char *object = page->tables[INFLUENCE] != NULL ? "influence.h5:/top/proponents/score[0]"
                         : page->tables[POLICY] != NULL  ? "policy.h5:/coefficients[0]"
                                                         : "run.json";
    content_commands(content);
    say_code(content, page_path(page, "%s verify %s --key %s", command, run, key));
    say_code(content, page_path(page, "%s prove %s '%s' --output one.proof", command, run, object));
    say_code(content, page_path(page, "%s verify one.proof --key %s", command, key));
    content_paragraph(content, TONE_NOTE);
    say(content,
        "This page is made from what lies under the root, and is not under it: nothing signs the page itself.  "
        "Make it again with ");
    say_code(content, page_path(page, "%s report %s --verify", command, run));
    say(content, " and compare.");
}

void write_limits(struct page *page)
{
    static const char *const limits[] = {
        "that the captures come from the training run they claim;",
        "that the list of samples is complete beyond its counters, and that nothing else was trained on;",
        "that what samples say of their policy, license and source is true;",
        "that a score is the truth about cause and effect: it is what the stated method gives;",
        "when, where and by whom the run was made: the signed statement says so, in the maker's words.",
    };
    struct content *content = &page->content;
    content_paragraph(content, TONE_PLAIN);
    say(content,
        "A root proves that inputs, config and tables belong together and have not changed since it was signed; and "
        "whoever has the inputs can compute the tables again, to the same bits.  It does not prove:");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        content_paragraph(content, TONE_PLAIN);
        say(content, "– %s", limits[i]);
    }
    content_paragraph(content, TONE_PLAIN);
    say(content, "It binds the operator to what was handed over: lies become evidence, not impossible.");
}
