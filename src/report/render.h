/* Content as a page, in one format each. */
#ifndef ASSAY_REPORT_RENDER_H
#define ASSAY_REPORT_RENDER_H

#include "report/content.h"
#include "report/report.h"

/* Each adds the whole page to `out` and notes in `outcome` what became of the charts.  @local */
void render_html(const struct content *content, const char *title, struct text *out, struct report_outcome *outcome);
void render_markdown(const struct content *content, struct text *out);
void render_csv(const struct content *content, struct text *out);

/* The style sheet of the HTML page: lines, the last followed by NULL. */
extern const char *const page_style[];

/* "influence.h5:/self[3]", as `assay prove` takes it; nothing for a span of no table.  @local */
void source_add_object(struct text *out, const struct source *source);

/* Adds one line about where the figures of a block come from: each dataset once, with the columns (of a table) and rows
 * that are shown.  Nothing if they come from no table.  @local */
void sources_add(struct text *out, const struct block *block);

#endif
