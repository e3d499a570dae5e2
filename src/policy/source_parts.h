/* What a source is made of.  For the files source*.c only. */
#ifndef ASSAY_POLICY_SOURCE_PARTS_H
#define ASSAY_POLICY_SOURCE_PARTS_H

#include "policy/sae_encode.h"
#include "policy/source.h"

enum source_kind { SOURCE_DENSE, SOURCE_SPARSE, SOURCE_ENCODED };
enum { TENSOR_VALUES = 0, TENSOR_INDICES, TENSOR_STARTS }; /* activations are in the place of values */

struct source {
    enum source_kind kind;
    struct tensor *tensor[SOURCE_MAX_TENSORS]; /* owned; NULL where the kind has none */
    int64_t n_probe, n_item, n_column;
    int64_t tensor_rows; /* of values or activations, per item: 1 for items × probes × columns, else n_probe */
    struct sae *sae;     /* shared; NULL unless encoded */
    bool is_borrower;    /* the autoencoder was opened, and is listed, by another source */
    struct sae_encoder *encoder; /* owned */
    const struct gemm_backend *backend;
    char *description; /* owned */
};

/* Of a source whose three tensors are open: checks them against each other and sets n_item and n_column. */
enum status source_sparse_check(struct source *source, int64_t width);
enum status source_sparse_read(struct source *source, int64_t first, int64_t n, struct rows *rows,
                               struct segment_list *segments);
enum status source_sparse_list(struct source *source, int64_t first, int64_t n, struct segment_list *segments);
int64_t source_sparse_workspace(const struct source *source, int64_t n);

#endif
