#include "report/report.h"

#include <string.h>

#include "base/memory.h"
#include "report/chapters.h"
#include "report/render.h"

const struct chapter chapters[] = {
    {"answer", "What was asked, and the answer", -1, write_answer},
    {"policy", "The policy and its gaps", POLICY, write_policy},
    {"mechanism", "Where the behaviour sits", MECHANISM, write_mechanism},
    {"pairs", "What each training pair did", POLICY, write_pairs},
    {"examples", "The examples behind the answers", INFLUENCE, write_examples},
    {"groups", "Totals by policy, license and source", INFLUENCE, write_groups},
    {"checkpoints", "Checkpoints", INFLUENCE, write_checkpoints},
    {"lineage", "What training used, and by whose leave", LINEAGE, write_lineage},
    {"what-if", "What would change without", COUNTERFACTUAL, write_what_if},
    {"truth", "Held against retraining", COUNTERFACTUAL, write_truth},
    {"exactness", "How exact each figure is", -1, write_exactness},
    {"root", "The root, and how to check it", -1, write_root},
    {"limits", "What the root does not prove", -1, write_limits},
};
const int n_chapters = sizeof chapters / sizeof *chapters;

static const char *const format_names[N_REPORT_FORMATS] = {"html", "markdown", "csv"};

enum report_format report_format_named(const char *name)
{
    int format = 0;
    while (format < N_REPORT_FORMATS && strcmp(format_names[format], name) != 0)
        format++;
    return (enum report_format)format;
}

/* A chapter that finds nothing to say leaves no heading behind. */
static void write_chapter(struct page *page, const struct chapter *chapter)
{
    if (chapter->table >= 0 && page->tables[chapter->table] == NULL)
        return;
    struct content *content = &page->content;
    page->current = chapter->table >= 0 ? (enum run_table)chapter->table : INFLUENCE;
    page->missing.length = 0;
    content_heading(content, 2, chapter->anchor, chapter->title);
    int64_t before = content->n_block;
    chapter->write(page);
    if (page->missing.length > 0) {
        content_paragraph(content, TONE_WARNING);
        say(content, "This chapter is not complete: %s lacks what it needs, or it cannot be read: ",
            run_table_files[page->current]);
        say_code(content, page->missing.bytes);
    } else if (content->n_block == before) {
        content->n_block--;
    }
}

static void render(const struct page *page, const char *title, struct text *out, struct report_outcome *outcome)
{
    if (page->request->format == REPORT_HTML)
        render_html(&page->content, title, out, outcome);
    else if (page->request->format == REPORT_MARKDOWN)
        render_markdown(&page->content, out);
    else
        render_csv(&page->content, out);
}

enum status report_write(const struct report_request *request, struct text *out, struct report_outcome *outcome)
{
    struct page page;
    *outcome = (struct report_outcome){0};
    enum status status = page_open(request, &page);
    if (status != STATUS_OK)
        return status;
    const char *name = page_config_text(&page, "run", "name");
    const char *title = page_path(&page, "Audit of %s", name ? name : request->run_directory);
    content_heading(&page.content, 1, NULL, title);
    write_state(&page);
    for (int i = 0; i < n_chapters; i++)
        write_chapter(&page, &chapters[i]);
    for (int t = 0; t < N_RUN_TABLES; t++)
        outcome->n_missing += page.trouble[t] != NULL;
    outcome->n_missing += !request->seal.is_sealed || request->seal.trouble != NULL;
    render(&page, title, out, outcome);
    page_close(&page);
    return STATUS_OK;
}
