/* How far the run got, and whether it can be relied on: the first thing a reader must know. */
#include "report/chapters.h"

static void say_tables(struct page *page, bool *whole)
{
    struct content *content = &page->content;
    if (page->config == NULL) {
        content_paragraph(content, TONE_WARNING);
        say(content, "The run's config cannot be read: ");
        say_name(content, page->config_trouble);
        *whole = false;
    }
    for (int t = 0; t < N_RUN_TABLES; t++) {
        if (page->trouble[t] == NULL)
            continue;
        content_paragraph(content, TONE_WARNING);
        say_strong(content, "Unfinished or damaged: ");
        say_code(content, run_table_files[t]);
        say(content, " ");
        say(content, "%s.  What it would say is missing below.", page->trouble[t]);
        *whole = false;
    }
}

static void say_findings(struct page *page)
{
    enum { MOST = 20 };
    struct content *content = &page->content;
    const struct report_seal *seal = &page->request->seal;
    content_paragraph(content, TONE_WARNING);
    say_strong(content, "This run does not verify: ");
    say(content, "what lies on disk differs from what was sealed in %lld %s.  No figure below may be relied on.",
        (long long)seal->n_finding_total, plural(seal->n_finding_total, "place", "places"));
    for (int64_t i = 0; i < seal->n_finding && i < MOST; i++) {
        content_paragraph(content, TONE_NOTE);
        say(content, "Differs: %s", seal->findings[i]);
    }
}

static void say_seal(struct page *page, bool whole)
{
    struct content *content = &page->content;
    const struct report_seal *seal = &page->request->seal;
    if (seal->trouble != NULL) {
        content_paragraph(content, TONE_WARNING);
        say_strong(content, "The seal does not hold: ");
        say(content, "%s.  No figure below may be relied on before ", seal->trouble);
        say_code(content, "assay verify");
        say(content, " says why.");
    } else if (!seal->is_sealed) {
        content_paragraph(content, TONE_WARNING);
        say_strong(content, "Not sealed: ");
        say(content, "no root stands for these files, and anyone could have changed them.");
    } else if (seal->n_finding_total > 0) {
        say_findings(page);
    } else {
        content_paragraph(content, whole ? TONE_GOOD : TONE_PLAIN);
        say_strong(content, seal->was_verified ? "Sealed and verified" : "Sealed");
        say(content, " under the root ");
        say_code(content, seal->root);
        if (seal->was_verified) {
            say(content, ": every file was compared with it when this page was made.");
            return;
        }
        say(content, ", whose signature holds.  The files were not compared with it when this page was made: ");
        say_code(content, "assay verify");
        say(content, " does that; the section “The root, and how to check it” tells how.");
    }
}

void write_state(struct page *page)
{
    struct content *content = &page->content;
    const char *origin = page_config_text(page, "run", "origin");
    content_paragraph(content, TONE_NOTE);
    say(content, "A report by Assay " ASSAY_VERSION " on the run directory ");
    say_code(content, page->request->run_directory);
    if (origin != NULL) {
        say(content, ", origin ");
        say_code(content, origin);
    }
    say(content, ".  Small print under the figures names the datasets they are from, with their rows: ");
    say_code(content, "assay prove RUN FILE:DATASET[ROW]");
    say(content, " proves them.");
    bool whole = true;
    say_tables(page, &whole);
    say_seal(page, whole);
}
