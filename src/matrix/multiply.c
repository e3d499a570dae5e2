#include "matrix/multiply.h"

#include "base/memory.h"
#include "base/vector.h"
#include "matrix/system_parts.h"

enum {
    LANES = 32,          /* sums of a column in flight, so that vectors of any width fit */
    STRIP = 1024,        /* rows that all sides use while they are in cache */
    PIECE_SUMS = 1 << 20 /* of one MPI call */
};

/* The local entries of vectors along the rows, or the columns, of the local part of S, and sums there: one plane of n
 * doubles per part and side. */
struct strand {
    int64_t n;
    double *high, *low;
    double *sum[3];
};

static void strand_init(struct strand *strand, int64_t n_side, int64_t n)
{
    strand->n = n;
    strand->high = memory_allocate(n_side * n, sizeof(double));
    strand->low = memory_allocate(n_side * n, sizeof(double));
    for (int p = 0; p < 3; p++)
        strand->sum[p] = memory_allocate(n_side * n, sizeof(double));
}

static void strand_clear(struct strand *strand)
{
    memory_free(strand->high);
    memory_free(strand->low);
    for (int p = 0; p < 3; p++)
        memory_free(strand->sum[p]);
}

static struct triple strand_sum(const struct strand *strand, int64_t at)
{
    return (struct triple){{strand->sum[0][at], strand->sum[1][at], strand->sum[2][at]}};
}

static void strand_set_sum(const struct strand *strand, int64_t at, const struct triple *sum)
{
    for (int p = 0; p < 3; p++)
        strand->sum[p][at] = sum->part[p];
}

int64_t multiply_bytes(int64_t n_side, int64_t n_local_row, int64_t n_local_column)
{
    return 5 * n_side * (n_local_row + n_local_column) * (int64_t)sizeof(double);
}

static void take_entries(struct strand *strand, const int64_t *global, int64_t n_side, int64_t n, const double *high,
                         const double *low)
{
    for (int64_t s = 0; s < n_side; s++)
        for (int64_t i = 0; i < strand->n; i++) {
            strand->high[s * strand->n + i] = high[s * n + global[i]];
            strand->low[s * strand->n + i] = low[s * n + global[i]];
        }
}

static void give_sums(const struct strand *strand, const int64_t *global, int64_t n_side, int64_t n,
                      struct triple *product)
{
    for (int64_t s = 0; s < n_side; s++)
        for (int64_t i = 0; i < strand->n; i++) {
            struct triple sum = strand_sum(strand, s * strand->n + i);
            triple_merge(&product[s * n + global[i]], &sum);
        }
}

/* Adds (first + second)(high + low) to a sum of three levels: what is 2^−53 of it goes to the second one, what is
 * 2^−106 of it to the third, where the rounding of plain sums is out of sight. */
static inline void add_product(struct triple *sum, double first, double second, double high, double low)
{
    double leading, error, first_low, second_high, rest_a, rest_b;
    two_product(first, high, &leading, &error);
    two_product(first, low, &first_low, &rest_a);
    two_product(second, high, &second_high, &rest_b);
    triple_add(sum, leading);
    triple_add_small(sum, error);
    triple_add_small(sum, first_low);
    triple_add_small(sum, second_high);
    sum->part[2] += (rest_a + rest_b) + second * low;
}

/* n entries of one column of S below the diagonal, and of the vectors and sums along their rows. */
struct segment {
    int64_t n;
    const double *first, *second;
    const double *high, *low;
    double *sum[3];
};

/* sum[i] += S_i · (high + low), high and low of the column. */
VECTORISED static void add_to_rows(const struct segment *segment, double high, double low)
{
    const double *restrict first = segment->first, *restrict second = segment->second;
    double *restrict sum0 = segment->sum[0], *restrict sum1 = segment->sum[1], *restrict sum2 = segment->sum[2];
    const int64_t n = segment->n;
    for (int64_t i = 0; i < n; i++) {
        struct triple sum = {{sum0[i], sum1[i], sum2[i]}};
        add_product(&sum, first[i], second[i], high, low);
        sum0[i] = sum.part[0];
        sum1[i] = sum.part[1];
        sum2[i] = sum.part[2];
    }
}

/* Returns Σ_i S_i · (high_i + low_i): what the entries are in the upper triangle. */
VECTORISED static struct triple sum_of_column(const struct segment *segment)
{
    const double *restrict first = segment->first, *restrict second = segment->second;
    const double *restrict high = segment->high, *restrict low = segment->low;
    double sum0[LANES] = {0}, sum1[LANES] = {0}, sum2[LANES] = {0};
    for (int64_t at = 0; at < segment->n; at += LANES) {
        const int64_t n = segment->n - at < LANES ? segment->n - at : LANES;
        for (int64_t l = 0; l < n; l++) {
            struct triple sum = {{sum0[l], sum1[l], sum2[l]}};
            add_product(&sum, first[at + l], second[at + l], high[at + l], low[at + l]);
            sum0[l] = sum.part[0];
            sum1[l] = sum.part[1];
            sum2[l] = sum.part[2];
        }
    }
    struct triple column = {{0}};
    for (int l = 0; l < LANES; l++) {
        triple_add(&column, sum0[l]);
        triple_add_small(&column, sum1[l]);
        column.part[2] += sum2[l];
    }
    return column;
}

/* Local column j below the diagonal, for all sides. */
static void add_column(const struct system *system, int64_t j, int64_t n_side, const struct strand *rows,
                       const struct strand *columns)
{
    const int64_t below = system_row_below(system, system->column[j]);
    for (int64_t i = below; i < system->n_local_row; i += STRIP)
        for (int64_t s = 0; s < n_side; s++) {
            const int64_t row = s * rows->n + i, column = s * columns->n + j;
            const struct segment segment = {
                .n = system->n_local_row - i < STRIP ? system->n_local_row - i : STRIP,
                .first = system->first + i + j * system->stride,
                .second = system->second + i + j * system->stride,
                .high = rows->high + row,
                .low = rows->low + row,
                .sum = {rows->sum[0] + row, rows->sum[1] + row, rows->sum[2] + row},
            };
            add_to_rows(&segment, columns->high[column], columns->low[column]);
            struct triple sum = strand_sum(columns, column), more = sum_of_column(&segment);
            triple_merge(&sum, &more);
            strand_set_sum(columns, column, &sum);
        }
}

static void add_diagonal(const struct system *system, int64_t j, int64_t n_side, const struct strand *rows)
{
    const int64_t i = system_row_below(system, system->column[j] - 1);
    if (i >= system->n_local_row || system->row[i] != system->column[j])
        return;
    const double first = system->first[i + j * system->stride], second = system->second[i + j * system->stride];
    for (int64_t s = 0; s < n_side; s++) {
        const int64_t at = s * rows->n + i;
        struct triple sum = strand_sum(rows, at);
        add_product(&sum, first, second, rows->high[at], rows->low[at]);
        strand_set_sum(rows, at, &sum);
    }
}

static void merge(void *from, void *into, int *n, MPI_Datatype *type)
{
    (void)type;
    const struct triple *a = from;
    struct triple *b = into;
    for (int i = 0; i < *n; i++)
        triple_merge(&b[i], &a[i]);
}

/* The sums of all ranks on rank 0.  Their last bits depend on the order, and are far below what counts. */
static void reduce(MPI_Comm comm, int64_t n, struct triple *sum)
{
    MPI_Datatype type;
    MPI_Op op;
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Type_contiguous(3, MPI_DOUBLE, &type);
    MPI_Type_commit(&type);
    MPI_Op_create(merge, 1, &op);
    for (int64_t at = 0; at < n; at += PIECE_SUMS) {
        int n_piece = to_int(n - at < PIECE_SUMS ? n - at : PIECE_SUMS);
        MPI_Reduce(rank == 0 ? MPI_IN_PLACE : sum + at, sum + at, n_piece, type, op, 0, comm);
    }
    MPI_Op_free(&op);
    MPI_Type_free(&type);
}

void system_multiply(const struct system *system, int64_t n_side, const double *high, const double *low,
                     struct triple *product)
{
    const int64_t n = system->n;
    ASSERT(n_side <= MAX_SIDES);
    struct strand rows, columns;
    strand_init(&rows, n_side, system->n_local_row);
    strand_init(&columns, n_side, system->n_local_column);
    take_entries(&rows, system->row, n_side, n, high, low);
    take_entries(&columns, system->column, n_side, n, high, low);
    for (int64_t j = 0; j < system->n_local_column; j++) {
        add_column(system, j, n_side, &rows, &columns);
        add_diagonal(system, j, n_side, &rows);
    }
    for (int64_t i = 0; i < n_side * n; i++)
        product[i] = (struct triple){{0}};
    give_sums(&rows, system->row, n_side, n, product);
    give_sums(&columns, system->column, n_side, n, product);
    strand_clear(&rows);
    strand_clear(&columns);
    reduce(system->grid.comm, n_side * n, product);
}
