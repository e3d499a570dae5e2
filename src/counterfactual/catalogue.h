/* counterfactual.h5 as a list: every dataset with its data, laid out and written by one loop each. */
#ifndef ASSAY_COUNTERFACTUAL_CATALOGUE_H
#define ASSAY_COUNTERFACTUAL_CATALOGUE_H

#include "counterfactual/changes.h"
#include "table/table.h"

struct entry {
    struct dataset dataset;
    const void *data; /* borrowed; read when it is written; NULL: somebody else writes it */
};

struct catalogue {
    struct entry *entries; /* owned */
    int n, capacity;
    void **owned; /* owned: padded strings and the like */
    int n_owned;
};

void catalogue_init(struct catalogue *catalogue);
void catalogue_clear(struct catalogue *catalogue);
/* Adds a dataset.  Strings of `dataset` are borrowed. */
void catalogue_add(struct catalogue *catalogue, struct dataset dataset, const void *data);
/* Adds a dataset of n strings, padded to the longest; path, unit and text are borrowed. */
void catalogue_add_texts(struct catalogue *catalogue, const char *path, const char *const *texts, int64_t n,
                         const char *text);
/* Hands memory over to the list. */
void *catalogue_own(struct catalogue *catalogue, void *memory);

/* What the scenarios are, and what each of them changes; and what examples_walk writes. */
void catalogue_add_records(struct catalogue *catalogue, const struct inquiry *inquiry,
                           const struct scenarios *scenarios);
void catalogue_add_ridge(struct catalogue *catalogue, const struct inquiry *inquiry, const struct targets *targets,
                         const struct ridge *ridge, const struct changes *changes);
/* `is_loss`: the figures are on the scale of a loss, not on one of their own. */
void catalogue_add_network(struct catalogue *catalogue, bool is_loss, const struct changes *changes);

/* @collective comm   @fails CANNOT_WRITE */
enum status catalogue_create(MPI_Comm comm, const char *path, const struct catalogue *catalogue,
                             const struct table_attribute *attributes, int n_attribute,
                             const struct segment_list *inputs, struct table **table);
/* Rank 0 writes all that has data.  @local   @fails CANNOT_WRITE */
enum status catalogue_write(const struct catalogue *catalogue, struct table *table);

#endif
