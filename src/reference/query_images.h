/* The queries: the first of the test split, and some of them once more with the patch of the planted backdoor. */
#ifndef ASSAY_REFERENCE_QUERY_IMAGES_H
#define ASSAY_REFERENCE_QUERY_IMAGES_H

#include "base/status.h"
#include "reference/images.h"
#include "reference/samples.h"

struct query_images {
    int64_t n, n_plain; /* those with the patch come after the plain ones */
    int64_t *rows;      /* owned; n images */
    int64_t *shown;     /* owned; n samples: whose image it is, with or without the patch */
};

/* Adds the images with the patch, whose label is the target, to *images.
 * @local   @fails BAD_CONFIG when there are too few queries of other digits */
enum status query_images_init(struct query_images *queries, const struct train_config *config,
                              const struct splits *splits, struct images *images);
void query_images_clear(struct query_images *queries);

/* "digit-0007", or "digit-0007-patched" */
char *query_id(const struct query_images *queries, int64_t q, char id[SAMPLE_ID_BYTES]);

#endif
