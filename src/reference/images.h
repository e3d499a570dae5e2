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
    int64_t n;
    uint8_t *pixels;                                                  /* owned; n × N_PIXEL, 0..PIXEL_MAXIMUM */
    uint8_t *labels;                                                  /* owned; n, 0..N_CLASS - 1 */
    uint8_t pixels_sha256[DIGEST_BYTES], labels_sha256[DIGEST_BYTES]; /* of exactly these bytes */
};

/* Rank 0 reads and checks both files; every rank gets them.
 * @collective comm   @fails BAD_INPUT */
enum status images_load(MPI_Comm comm, const struct train_config *config, const char *directory, struct images *images);
void images_clear(struct images *images);

/* Image i as the network sees it: pixels / 16, exact in float.  @local */
void images_get(const struct images *images, int64_t i, float x[N_PIXEL]);

#endif
