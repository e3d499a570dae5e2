/* The images that the network learns, and their labels. */
#ifndef ASSAY_REFERENCE_IMAGES_H
#define ASSAY_REFERENCE_IMAGES_H

#include <mpi.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "reference/train_config.h"

enum { N_PIXEL = 64, N_CLASS = 10, PIXEL_MAXIMUM = 16 };

struct images {
    int64_t n;             /* of the data */
    int64_t n_more;        /* after them: images that were made of others (images_add) */
    uint8_t *pixels;       /* owned; (n + n_more) × N_PIXEL, 0..PIXEL_MAXIMUM */
    uint8_t *labels;       /* owned; n + n_more, 0..N_CLASS - 1: what the network is told */
    uint8_t *found_labels; /* owned; n: as in the data, whatever a scenario plants */
    uint8_t pixels_sha256[DIGEST_BYTES], labels_sha256[DIGEST_BYTES]; /* of exactly these bytes */
};

/* Rank 0 reads and checks both files; every rank gets them.
 * @collective comm   @fails BAD_INPUT */
enum status images_load(MPI_Comm comm, const struct train_config *config, const char *directory, struct images *images);
void images_clear(struct images *images);

/* A further image, of these pixels and this label; gives its index.  @local */
int64_t images_add(struct images *images, const uint8_t pixels[N_PIXEL], uint8_t label);

/* Image i as the network sees it: pixels / 16, exact in float.  @local */
void images_get(const struct images *images, int64_t i, float x[N_PIXEL]);

#endif
