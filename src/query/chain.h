/* Where the values of a column come from, as one line of a table says it:
 *
 *     "0"                                        the place along axis 0
 *     "01 /top/proponents/score"                 the value at this place along axes 0 and 1
 *     "01 /top/proponents/index > /samples/id"   the same, used as an index into names
 *     "^ /steps/step"                            of the owner of the row, in a table whose rows belong to others
 *     "+"                                        the row's place among those of its owner
 *     "^ /contributions/step > + /steps/use_start > /uses/sample"
 *                                                + adds it to a value
 */
#ifndef ASSAY_QUERY_CHAIN_H
#define ASSAY_QUERY_CHAIN_H

#include "query/store.h"

enum { CHAIN_LINKS = 5, CHAIN_AXES = TABLE_MAX_DIM };

/* The shape of a virtual table: rows in row-major order of up to three axes. */
struct shape {
    int n_axis;
    int64_t dims[CHAIN_AXES];
    int64_t n_row;
    const struct stored *stored; /* whose dimensions these are */
    struct stored *owner;        /* where the rows of each owner start, and the end: n_owner + 1 of them; NULL: none */
    int64_t n_owner;
};

struct link {
    struct stored *stored; /* borrowed */
    bool adds_place;       /* "+" */
    bool is_ordered;       /* values never fall from cell to cell */
    bool is_distinct;      /* texts of which no two are the same */
};

struct chain {
    int n_axis, axes[CHAIN_AXES]; /* which axes the first index is made of; 0: the owner of the row … */
    bool is_place;                /* … or its place among the rows of its owner */
    int n_link;
    struct link links[CHAIN_LINKS];
};

/* One row under the eyes of a reader.  Begins as {0} with owner = −1. */
struct place {
    int64_t coordinates[CHAIN_AXES], row;
    int64_t owner, owner_first, owner_end; /* found when they are asked for; −1: not yet */
};

enum chain_fit { CHAIN_FITS, CHAIN_ABSENT /* a dataset is not there */, CHAIN_WRONG /* failed */ };

/* Binds a line to the datasets of a file; `member` stands for every * in it (may be NULL).
 * @local   CHAIN_WRONG: @fails BAD_INPUT for a dataset of another type or shape */
enum chain_fit chain_bind(struct store *store, int file, const char *line, const char *member,
                          const struct shape *shape, struct chain *chain);

/* The last dataset and the cell of it that holds the value, *cell = −1 for none (an index of −1, or beyond the end);
 * *stored is NULL when the value is *cell itself.  @local   @fails BAD_INPUT */
enum status chain_value(const struct chain *chain, const struct shape *shape, struct place *place,
                        struct stored **stored, int64_t *cell);

/* ---- which rows a value can be on ------------------------------------------------------------------------------ */

/* Rows that are left: a range along every axis. */
struct box {
    int64_t first[CHAIN_AXES], end[CHAIN_AXES];
};
void box_all(const struct shape *shape, struct box *box);

enum chain_use { CHAIN_USELESS, CHAIN_EQUALS, CHAIN_RANGES };

/* Whether the order of storage helps to find rows by an equal value, or by a range too; *n_row: how many rows one equal
 * value leaves, roughly.  @local */
enum chain_use chain_use(const struct chain *chain, const struct shape *shape, double *n_row);

/* Narrows `box` to where values from `low` to `high` (both included) can be, or where the text is.
 * @local   @fails BAD_INPUT */
enum status chain_narrow(const struct chain *chain, const struct shape *shape, int64_t low, int64_t high,
                         struct box *box);
enum status chain_narrow_text(const struct chain *chain, const struct shape *shape, const char *text, int64_t n,
                              struct box *box);

#endif
