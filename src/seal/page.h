/* The page that a run ends with, report.html: made from what lies under the root, and so not under it, but signed. */
#ifndef ASSAY_SEAL_PAGE_H
#define ASSAY_SEAL_PAGE_H

#include "seal/findings.h"
#include "seal/ground.h"

#define SEAL_PAGE           "report.html"
#define SEAL_PAGE_STATEMENT "seal/report.intoto.jsonl"

/* Finds a page that is not the one that was signed under this root, and a page or a signature without the other.
 * @local to rank 0 */
void page_verify(const char *run_directory, const struct ground *ground, struct findings *findings);

#endif
