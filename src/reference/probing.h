/* What the network does on probes: as it is, and after one step of SGD on a single pair of image and label. */
#ifndef ASSAY_REFERENCE_PROBING_H
#define ASSAY_REFERENCE_PROBING_H

#include "base/status.h"
#include "reference/images.h"
#include "reference/network.h"
#include "reference/training.h"

/* Chooses n of the rows, 1 <= n <= n_row: one of each digit in turn, while there are any, each digit's in the order of
 * rows.  chosen[n] is in order of digits, and within a digit in the order of rows: probe i mod k is a stratified fold.
 * @local */
void choose_evenly(const struct images *images, const int64_t *rows, int64_t n_row, int64_t n, int64_t *chosen);

/* Who is probed, and what is asked. */
struct probing {
    const struct network *network; /* borrowed, as the images: the network at the final checkpoint */
    const struct images *images;
    int64_t *probes, *pairs; /* owned; n_probe and n_pair samples */
    int64_t *behaviours;     /* owned; n_behaviour digits */
    int64_t n_probe, n_pair, n_behaviour;
    int64_t n_hidden; /* width of what the last layer is given */
    double rate;      /* of the update on a pair */
};

/* As the plan says: probes of the validation split, pairs of the training split.  @local */
void probing_init(struct probing *probing, const struct training *training);
void probing_clear(struct probing *probing);

/* Of all probes, in their order: what the last layer is given, hidden[n_probe × n_hidden], and the probability of each
 * digit that is a behaviour, probability[n_probe × n_behaviour].  @local */
struct response {
    float *hidden; /* owner: the caller, as of the next */
    double *probability;
};
void probing_measure(const struct probing *probing, const struct network *network, const struct response *response);

/* The same after each of the pairs [first, first + n), each from the network as it is: responses one after the other.
 * @local   @fails NOT_CONVERGED naming the pair whose update leaves the finite numbers */
enum status probing_update(const struct probing *probing, int64_t first, int64_t n, const struct response *response);

/* hidden[n × width] of these samples: what the last layer is given.  @local */
void hidden_of_samples(const struct network *network, const struct images *images, const int64_t *samples, int64_t n,
                       float *hidden);

#endif
