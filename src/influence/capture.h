/* Captures: what training handed over for one layer at one checkpoint, read as digits. */
#ifndef ASSAY_INFLUENCE_CAPTURE_H
#define ASSAY_INFLUENCE_CAPTURE_H

#include "exact/digits.h"
#include "influence/influence_config.h"
#include "tensor/tensor.h"

/* A gradient as a product of factors: ∇W = gradient ⊗ [input; 1], so that
 * ⟨g, g'⟩ = (gradient · gradient') (input · input' + bias).  A gradient row is its own single factor. */
enum { FACTOR_GRADIENT, FACTOR_INPUT, MAX_FACTORS };

/* The tensors of one side (training examples, or queries); NULL where the kind has none. */
struct capture_side {
    struct tensor *factor[MAX_FACTORS]; /* owned; for last-layer, FACTOR_GRADIENT holds the logits */
    struct tensor *labels;              /* owned */
};

struct capture {
    enum capture_kind kind;
    int n_factor;                  /* 1 or 2 */
    double bias;                   /* 1 or 0 */
    int64_t n_column[MAX_FACTORS]; /* d_out (or p), d_in */
    struct capture_side train, query;
};

/* Opens both sides for a checkpoint and a layer and checks their shapes against n_train and n_query rows.
 * @local   @fails BAD_INPUT, BAD_CONFIG when a name that the kind needs is missing */
enum status capture_open(const char *directory, const struct influence_config *config, const char *checkpoint,
                         const char *layer, struct capture *capture);
/* @local   @fails BAD_INPUT */
enum status capture_check_rows(const struct capture *capture, int64_t n_train, int64_t n_query);
void capture_close(struct capture *capture);

/* All tensors of the capture into list[6]; returns their number.  Borrowed. */
int capture_tensors(const struct capture *capture, struct tensor **list);

/* Reads rows [first, first + n) of one factor of one side into rows [0, n) of `digits` and appends what was read to
 * `segments`.  For a last layer the gradient is softmax(logits) − onehot(label).
 * @local   @fails BAD_INPUT */
enum status capture_read(const struct capture *capture, const struct capture_side *side, int factor, int64_t first,
                         int64_t n, struct digits *digits, struct segment_list *segments);

/* Rows that capture_read converts at a time, and the bytes of its buffers, for plans. */
int64_t capture_chunk_rows(int64_t n_column);
int64_t capture_buffer_bytes(int64_t n_column);

#endif
