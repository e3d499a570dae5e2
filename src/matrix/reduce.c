/* From the panels of all ranks to the owners of their entries, some rows at a time. */
#include <math.h>

#include "base/memory.h"
#include "matrix/system_parts.h"

enum { PIECE_WORDS = 1 << 21 }; /* of one MPI call, unless one row is longer */

/* Rows [row, end) of a panel on their way.  For each rank of the grid, one after the other, `packed` has the high words
 * of the entries that it owns, row by row, and then the low ones. */
struct piece {
    const struct system *system;
    const struct gram_panel *panel;
    int64_t row, end;
    int *count;      /* per rank of the communicator, words */
    int64_t *start;  /* per rank of the grid, words */
    int64_t *packed; /* of all ranks */
    int64_t *own;    /* this rank's part, summed */
};

/* Elements of [first, end) that a place holds. */
static int64_t count_between(int64_t first, int64_t end, int64_t block, int place, int n_place)
{
    return cyclic_count(end, block, place, n_place) - cyclic_count(first, block, place, n_place);
}

static int64_t n_row_of(const struct piece *piece, int place)
{
    return count_between(piece->row, piece->end, piece->system->block, place, piece->system->grid.n_row);
}

static int64_t n_column_of(const struct piece *piece, int place)
{
    const struct gram_panel *panel = piece->panel;
    return count_between(panel->first, panel->first + panel->width, piece->system->block, place,
                         piece->system->grid.n_column);
}

static void lay_out(struct piece *piece)
{
    const struct grid *grid = &piece->system->grid;
    int64_t start = 0;
    for (int p = 0; p < grid->n_row; p++)
        for (int q = 0; q < grid->n_column; q++) {
            int rank = p * grid->n_column + q;
            int64_t n = 2 * n_row_of(piece, p) * n_column_of(piece, q);
            piece->start[rank] = start;
            piece->count[rank] = to_int(n);
            start += n;
        }
}

/* Copies the columns [column, column + n) of a row, which have one owner; what lies above the diagonal is not
 * specified, and is not sent. */
static void pack_segment(const struct piece *piece, int64_t row, int64_t column, int64_t n)
{
    const struct system *system = piece->system;
    const struct gram_panel *panel = piece->panel;
    const int p = cyclic_owner(row, system->block, system->grid.n_row);
    const int q = cyclic_owner(column, system->block, system->grid.n_column);
    const int64_t n_row = n_row_of(piece, p), n_column = n_column_of(piece, q);
    const int64_t i = count_between(piece->row, row, system->block, p, system->grid.n_row);
    const int64_t j = count_between(panel->first, column, system->block, q, system->grid.n_column);
    const int64_t from = (row - panel->first) * panel->width + column - panel->first;
    int64_t *high = piece->packed + piece->start[p * system->grid.n_column + q] + i * n_column + j;
    int64_t *low = high + n_row * n_column;
    int64_t n_lower = row + 1 - column < n ? row + 1 - column : n;
    for (int64_t k = 0; k < n; k++) {
        high[k] = k < n_lower ? panel->high[from + k] : 0;
        low[k] = k < n_lower ? panel->low[from + k] : 0;
    }
}

static void pack(const struct piece *piece)
{
    const int64_t block = piece->system->block, first = piece->panel->first, end = first + piece->panel->width;
    for (int64_t row = piece->row; row < piece->end; row++)
        for (int64_t column = first, next; column < end; column = next) {
            next = (column / block + 1) * block;
            next = next < end ? next : end;
            pack_segment(piece, row, column, next - column);
        }
}

/* The sums become doubles of this rank's part; scale[i] = 2^−shift[i], so that every product with it is exact. */
static void unpack(const struct piece *piece, struct system *system, const double *scale)
{
    const struct grid *grid = &system->grid;
    const int64_t n_row = n_row_of(piece, grid->row), n_column = n_column_of(piece, grid->column);
    const int64_t i_first = cyclic_count(piece->row, system->block, grid->row, grid->n_row);
    const int64_t j_first = cyclic_count(piece->panel->first, system->block, grid->column, grid->n_column);
    const int64_t *high = piece->own, *low = high + n_row * n_column;
    for (int64_t i = i_first; i < i_first + n_row; i++)
        for (int64_t j = j_first; j < j_first + n_column; j++, high++, low++) {
            if (system->column[j] > system->row[i])
                continue;
            double first, second, unit = scale[system->row[i]] * scale[system->column[j]];
            gram_split(*high, *low, &first, &second);
            system->first[i + j * system->stride] = first * unit;
            system->second[i + j * system->stride] = second * unit;
        }
}

static int64_t rows_at_once(int64_t width)
{
    return 2 * width < PIECE_WORDS ? PIECE_WORDS / (2 * width) : 1;
}

int64_t panel_bytes(int64_t n)
{
    int64_t words = 2 * n > PIECE_WORDS ? 2 * n : PIECE_WORDS;
    return (2 * words + n) * (int64_t)sizeof(int64_t);
}

static double *scales(int64_t n, const int *shift)
{
    double *scale = memory_allocate(n, sizeof *scale);
    for (int64_t i = 0; i < n; i++) {
        ASSERT(shift == NULL || (shift[i] >= -SYSTEM_MAX_SHIFT && shift[i] <= SYSTEM_MAX_SHIFT));
        scale[i] = shift == NULL ? 1 : ldexp(1, -shift[i]);
    }
    return scale;
}

void system_add_panel(struct system *system, const struct gram_panel *panel, const int *shift)
{
    ASSERT(panel->n == system->n && panel->first >= 0 && panel->width > 0 && panel->width <= panel->n - panel->first);
    MPI_Comm comm = system->grid.comm;
    int n_rank;
    MPI_Comm_size(comm, &n_rank);
    const int64_t n_row = panel->n - panel->first, at_once = rows_at_once(panel->width);
    const int64_t words = 2 * panel->width * (n_row < at_once ? n_row : at_once);
    double *scale = scales(system->n, shift);
    struct piece piece = {.system = system,
                          .panel = panel,
                          .count = memory_allocate(n_rank, sizeof(int)),
                          .start = memory_allocate(n_rank, sizeof(int64_t)),
                          .packed = memory_allocate_raw(words, sizeof(int64_t)),
                          .own = memory_allocate_raw(words, sizeof(int64_t))};
    for (piece.row = panel->first; piece.row < panel->n; piece.row = piece.end) {
        piece.end = panel->n - piece.row < at_once ? panel->n : piece.row + at_once;
        lay_out(&piece);
        pack(&piece);
        MPI_Reduce_scatter(piece.packed, piece.own, piece.count, MPI_INT64_T, MPI_SUM, comm);
        unpack(&piece, system, scale);
    }
    memory_free(scale);
    memory_free(piece.count);
    memory_free(piece.start);
    memory_free(piece.packed);
    memory_free(piece.own);
}
