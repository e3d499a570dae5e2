/* Captures: what training handed over for one layer at one checkpoint, read as digits. */
#ifndef ASSAY_INFLUENCE_CAPTURE_H
#define ASSAY_INFLUENCE_CAPTURE_H

#include "exact/digits.h"
#include "influence/influence_config.h"
#include "tensor/tensor.h"

/* A gradient as a product of factors: ∇W = gradient ⊗ [input; 1], so that
 * ⟨g, g'⟩ = (gradient · gradient') (input · input' + bias).  A gradient row is its own single factor. */
enum { FACTOR_GRADIENT, FACTOR_INPUT, MAX_FACTORS };

enum capture_which { TRAIN_SIDE, QUERY_SIDE, N_CAPTURE_SIDES };

/* The tensors of one side (training examples, or queries); NULL where the kind has none. */
struct capture_side {
    struct tensor *factor[MAX_FACTORS]; /* owned; for last-layer, FACTOR_GRADIENT holds the logits */
    struct tensor *labels;              /* owned */
    int64_t n_position;                 /* of a sequence axis (examples × positions × columns); 1 without */
    int64_t n_row;                      /* rows of digits per example: n_position, or 1 when materialised */
};

/* What scoring sees is one or two factors, each n_row rows of n_column digits per example:
 *   two: ⟨g, g'⟩ = Σ over pairs of rows of (gradient · gradient') (input · input' + bias)
 *   one: ⟨g, g'⟩ = row · row'.
 * A sequence with many positions is materialised into one gradient row when that takes fewer operations. */
struct capture {
    enum capture_kind kind;
    bool materialised;             /* two tensors are read, one factor of gradient rows comes out */
    int n_factor;                  /* 1 or 2 */
    double bias;                   /* 1 or 0, where there are two factors */
    int64_t n_column[MAX_FACTORS]; /* of the digits */
    int64_t width[MAX_FACTORS];    /* columns of the tensors: d_out (or p), d_in */
    bool has_bias;
    struct capture_side side[N_CAPTURE_SIDES];
};

/* Opens both sides for a checkpoint and a layer and checks that their shapes go together.
 * @local   @fails BAD_INPUT, BAD_CONFIG when a name that the kind needs is missing */
enum status capture_open(const char *directory, const struct influence_config *config, const char *checkpoint,
                         const char *layer, struct capture *capture);
/* Checks the numbers of rows against the records.  @local   @fails BAD_INPUT */
enum status capture_check_rows(const struct capture *capture, int64_t n_train, int64_t n_query);
void capture_close(struct capture *capture);

/* All tensors of one side into list[MAX_FACTORS + 1]; returns their number.  Borrowed. */
int capture_tensors(const struct capture_side *side, struct tensor **list);

/* Where bytes of files are until they are digits.  It is kept from block to block: memory that is new to the process
 * costs a page fault each 4 KiB, and those can cost several times what reading and hashing do. */
struct reading_room {
    char *bytes; /* owned; begin with {0} */
    int64_t size;
};
void reading_room_clear(struct reading_room *room);

/* Reads examples [first, first + n) of one factor of one side into rows [0, n · n_row) of `digits` and appends what was
 * read to `segments`.  For a last layer the gradient is softmax(logits) − onehot(label).  `room` grows as needed.
 * @local   @fails BAD_INPUT */
enum status capture_read(const struct capture *capture, enum capture_which which, int factor, int64_t first, int64_t n,
                         struct reading_room *room, struct digits *digits, struct segment_list *segments);

/* Bytes that capture_read takes while it reads examples of a side: for each of them, and besides.  @local */
void capture_reading(const struct capture *capture, enum capture_which which, int64_t *example_bytes,
                     int64_t *fixed_bytes);

#endif
