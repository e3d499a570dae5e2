/* Charts as drawings: SVG elements by gnuplot. */
#ifndef ASSAY_REPORT_PLOT_H
#define ASSAY_REPORT_PLOT_H

#include "report/child.h"
#include "report/content.h"

/* Adds an <svg> element for a chart, to be put into an HTML page as its `number`-th; its texts are escaped.  Nothing is
 * added unless the result is CHILD_DONE; otherwise `trouble` says why, in a few words.
 * @local */
enum child_end plot_chart(const struct chart *chart, int number, struct text *out, char trouble[200]);

#endif
