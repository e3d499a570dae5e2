/* Where features come from: given dense or sparse, or a sparse autoencoder applied to activations. */
#ifndef ASSAY_POLICY_SOURCE_H
#define ASSAY_POLICY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/segment.h"
#include "base/status.h"
#include "base/text.h"
#include "exact/rows.h"
#include "tensor/tensor.h"

struct source;

/* Tensor names as the config gives them; NULL where not given.  Exactly one of these must be there:
 *   values alone                    dense features
 *   values, indices, starts         compressed sparse rows: starts has one entry more than there are rows
 *   activations and sae             a directory as SAELens or sparsify publish it
 * sae without activations is no mistake: a config names an encoder once for several sources. */
struct source_names {
    const char *values, *indices, *starts;
    const char *activations, *sae;
    int64_t width;                   /* number of features of sparse rows; ignored otherwise */
    int64_t sae_digits;              /* 7-bit digits of activations and weights in the encoder */
    const char *backend;             /* integer GEMM; NULL: auto */
    const struct source *encoder_of; /* may be NULL: a source with the same sae and digits, to hold its encoder only
                                        once; either may be closed first.  It is not read and listed again */
};

/* `n_probe` rows make one item: 1 for the probes themselves, the number of probes for pairs (whose tensors are
 * n_item × n_probe × columns, or n_item · n_probe rows of sparse features).  `what` ("policy.features") starts
 * sentences.  The encoder is read and hashed here, its segments are appended to `segments` (may be NULL).
 * @local   @fails BAD_CONFIG when names are missing or too many, BAD_INPUT */
enum status source_open(const char *directory, const char *what, const struct source_names *names, int64_t n_probe,
                        struct segment_list *segments, struct source **source);
void source_close(struct source *source); /* NULL is fine */

int64_t source_items(const struct source *source);
int64_t source_columns(const struct source *source);         /* features */
bool source_is_sparse(const struct source *source);          /* what source_read gives: sparse rows or dense ones */
const char *source_description(const struct source *source); /* "top-k encoder of sae/, 32 of 128 features"; borrowed */

/* Replaces `rows` (initialised) by those of items [first, first + n): n · n_probe rows of the source's kind, zeros left
 * out of sparse ones; appends what was read (segments may be NULL).  `rows` has no rows after a failure.
 * @local   @fails BAD_INPUT naming file, row and column of what is not finite or not in order */
enum status source_read(struct source *source, int64_t first, int64_t n, struct rows *rows,
                        struct segment_list *segments);
/* The most bytes that source_read takes for n items beside the rows, and those of the encoder itself (0 without one,
 * or when it is another source's).  @local */
int64_t source_workspace_bytes(const struct source *source, int64_t n);
int64_t source_encoder_bytes(const struct source *source);

/* The tensors whose rows source_read covers, into list[SOURCE_MAX_TENSORS]; borrowed; and the segments that a read of
 * these items would append, digests left zero (for sparse rows the starts are read for it).  Blocks that follow each
 * other from 0 to source_items cover every row of these tensors once.  @local @fails BAD_INPUT */
enum { SOURCE_MAX_TENSORS = 3 };
int source_tensors(const struct source *source, struct tensor **list);
enum status source_list(struct source *source, int64_t first, int64_t n, struct segment_list *segments);
/* The segments that source_open appended, digests left zero: the encoder's files, whole.  @local */
enum status source_list_encoder(const struct source *source, struct segment_list *segments);

#endif
