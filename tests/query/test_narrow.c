/* What the order of storage says of where a value can be is what reading every row finds. */
#include "events.h"
#include "query/relation.h"
#include "query/walk.h"

static const struct field *field_of(const struct relation *relation, const char *name)
{
    for (int i = 0; i < relation->n_field; i++)
        if (strcmp(relation->fields[i].name, name) == 0)
            return &relation->fields[i];
    CHECK(!"there is such a column");
    return &relation->fields[0];
}

static int64_t value_at(const struct relation *relation, const struct chain *chain, int64_t row, struct place *place)
{
    struct stored *stored;
    int64_t cell = -1, value = -1;
    place->row = place->coordinates[0] = row;
    CHECK(chain_value(chain, &relation->shape, place, &stored, &cell) == STATUS_OK);
    if (stored == NULL)
        return cell;
    CHECK(cell < 0 || stored_integer(stored, cell, &value));
    return value;
}

/* Every range of values: the box holds exactly the rows in it. */
static void check_column(const struct relation *relation, const char *name, int64_t least, int64_t most)
{
    const struct chain *chain = &field_of(relation, name)->chain;
    double n_row;
    bool good = true;
    CHECK(chain_use(chain, &relation->shape, &n_row) == CHAIN_RANGES);
    for (int64_t low = least; low <= most; low++)
        for (int64_t high = low; high <= most; high++) {
            struct box box;
            struct place place = {.owner = -1};
            box_all(&relation->shape, &box);
            good = good && chain_narrow(chain, &relation->shape, low, high, &box) == STATUS_OK;
            for (int64_t row = 0; row < relation->shape.n_row; row++) {
                int64_t value = value_at(relation, chain, row, &place);
                bool is_in = row >= box.first[0] && row < box.end[0];
                good = good && is_in == (value >= low && value <= high);
            }
        }
    CHECK(good);
}

/* The owner of a row does not depend on where the reader was before. */
static void check_owner(const struct relation *relation)
{
    const struct chain *owner = &field_of(relation, "step_row")->chain,
                       *position = &field_of(relation, "position")->chain;
    bool good = true;
    for (int from = 0; from < N_USE; from++)
        for (int to = 0; to < N_USE; to += 3) {
            struct place place = {.owner = -1};
            value_at(relation, owner, from, &place);
            int64_t found = value_at(relation, owner, to, &place), at = value_at(relation, position, to, &place);
            good = good && use_start[found] <= to && to < use_start[found + 1] && at == to - use_start[found];
        }
    CHECK(good);
}

static void check_names(struct store *store)
{
    struct stored *names = store_find(store, 0, "/samples/id");
    for (int round = 0; round < 3; round++) /* by reading first, then by hashes */
        for (int i = 0; i < N_SAMPLE; i++)
            CHECK(stored_find(names, ids[i], (int64_t)strnlen(ids[i], ID_BYTES)) == i);
    CHECK(stored_find(names, "id", 2) == -1 && stored_find(names, "id10x", 5) == -1);
    CHECK(stored_find(names, "much longer than any", 20) == -1);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    char *folder = events_begin();
    struct store *store = NULL;
    struct relations relations = {0};
    CHECK(store_open(folder, NULL, &store) == STATUS_OK && relations_bind(store, &relations) == STATUS_OK);
    const struct relation *all_steps = relations_find(&relations, "steps"), *uses = relations_find(&relations, "uses");
    CHECK(all_steps != NULL && uses != NULL && relations_find(&relations, "samples") != NULL);
    check_column(all_steps, "step", steps[0] - 2, steps[N_STEP - 1] + 2);
    check_column(all_steps, "step_row", -1, N_STEP);
    check_column(uses, "step", steps[0] - 2, steps[N_STEP - 1] + 2);
    check_column(uses, "step_row", -1, N_STEP);
    double n_row;
    CHECK(chain_use(&field_of(uses, "sample")->chain, &uses->shape, &n_row) == CHAIN_USELESS);
    CHECK(chain_use(&field_of(uses, "process")->chain, &uses->shape, &n_row) == CHAIN_USELESS);
    check_owner(uses);
    check_names(store);
    relations_clear(&relations);
    store_close(store);
    events_end(folder);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
