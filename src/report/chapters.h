/* The chapters of a report, one function each. */
#ifndef ASSAY_REPORT_CHAPTERS_H
#define ASSAY_REPORT_CHAPTERS_H

#include "report/page.h"

struct chapter {
    const char *anchor, *title;
    int table; /* it is written if the run has this table (enum run_table); −1: always */
    void (*write)(struct page *page);
};
extern const struct chapter chapters[];
extern const int n_chapters;

/* What is wrong with the run, above all else. */
void write_state(struct page *page);

void write_answer(struct page *page);
/* What other tables add to the answer. */
void answer_mechanism(struct page *page);
void answer_more(struct page *page);
void write_policy(struct page *page);
void write_mechanism(struct page *page);
void write_pairs(struct page *page);
void write_examples(struct page *page);
void write_groups(struct page *page);
void write_checkpoints(struct page *page);
void write_lineage(struct page *page);
void write_what_if(struct page *page);
void write_truth(struct page *page);
void write_exactness(struct page *page);
void write_root(struct page *page);
void write_limits(struct page *page);

#endif
