/* Every probe is held by one rank as integers that are its features exactly, all ranks have all rows where they should,
 * and mean, deviation and activity are those of a sum in quadruple precision, whatever the number of ranks and the kind
 * of rows. */
#include <mpi.h>

#include "policy/problem_scene.h"

static MPI_Comm comm;

static void check_parts(const struct problem_scene *scene)
{
    const struct features *features = &scene->features;
    int64_t n = scene->n_probe, m = scene->n_feature;
    int *seen = memory_allocate(n, sizeof *seen);
    double *row = memory_allocate(m + 1, sizeof *row);
    bool good = true, ascending = true;
    CHECK(features->n_part == (scene->config.folds > 0 ? scene->config.folds : 1));
    for (int p = 0; p < features->n_part; p++)
        for (int64_t i = 0; i < features->part[p].n_row; i++) {
            int64_t probe = features->probe[p][i];
            ascending = ascending && probe % features->n_part == p && (i == 0 || probe > features->probe[p][i - 1]);
            seen[probe]++;
            quantised_row(&features->part[p], i, row);
            good = good && row[0] == 1 && memcmp(row + 1, scene->x + probe * m, (size_t)m * sizeof *row) == 0;
        }
    CHECK(good);
    CHECK(ascending);
    MPI_Allreduce(MPI_IN_PLACE, seen, to_int(n), MPI_INT, MPI_SUM, comm);
    for (int64_t i = 0; i < n; i++)
        good = good && seen[i] == 1;
    CHECK(good);
    CHECK(features->all.n_row == (scene->plan.gathers ? n : 0));
    for (int64_t i = 0; i < features->all.n_row; i++) {
        rows_get(&features->all, i, row);
        good = good && memcmp(row, scene->x + i * m, (size_t)m * sizeof *row) == 0;
    }
    CHECK(good);
    memory_free(row);
    memory_free(seen);
}

static void check_statistics(const struct problem_scene *scene)
{
    const struct features *features = &scene->features;
    int64_t n = scene->n_probe, m = scene->n_feature;
    for (int64_t j = 0; j < m; j++) {
        quad sum = 0, square = 0;
        int64_t active = 0;
        for (int64_t i = 0; i < n; i++) {
            sum += scene->x[i * m + j];
            active += scene->x[i * m + j] != 0;
        }
        for (int64_t i = 0; i < n; i++) {
            quad from = scene->x[i * m + j] - sum / n;
            square += from * from;
        }
        double mean = (double)(sum / n), variance = (double)(square / n);
        CHECK(fabs(features->mean[j] - mean) <= 1e-15 * fabs(mean));
        CHECK(fabs(features->deviation[j] - sqrt(variance)) <= 1e-15 * sqrt(variance));
        CHECK(features->active[j] == active);
    }
}

static void test(int64_t n_probe, int64_t n_feature, bool sparse, int64_t folds)
{
    struct problem_scene scene;
    problem_scene_init(comm, n_probe, n_feature, sparse, &scene);
    scene.config.folds = folds;
    for (int64_t i = 0; i < n_probe; i++) { /* a constant feature, and one that is never there */
        scene.x[i * n_feature + 1] = 0.625;
        scene.x[i * n_feature + 2] = 0;
    }
    int rank;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0)
        problem_store(&scene);
    MPI_Barrier(comm);
    CHECK(problem_scene_read(comm, &scene) == STATUS_OK);
    check_parts(&scene);
    check_statistics(&scene);
    CHECK(scene.features.deviation[1] == 0 && scene.features.mean[1] == 0.625);
    CHECK(scene.features.deviation[2] == 0 && scene.features.active[2] == 0);
    bool same = true;
    for (int64_t i = 0; i < n_probe * 2; i++)
        same = same && scene.behaviour.value[i % 2 * n_probe + i / 2] == scene.y[i];
    CHECK(same);
    problem_scene_close(&scene);
    problem_scene_clear(comm, &scene);
}

/* Spoils one number, and puts it back. */
static void refuse(struct problem_scene *scene, double *place, double value, enum status status, const char *part)
{
    double kept = *place;
    int rank;
    MPI_Comm_rank(comm, &rank);
    *place = value;
    MPI_Barrier(comm);
    if (rank == 0)
        problem_store(scene);
    MPI_Barrier(comm);
    CHECK_FAILS(problem_scene_read(comm, scene), status, part);
    problem_scene_close(scene);
    *place = kept;
}

static void test_bad(void)
{
    struct problem_scene scene;
    problem_scene_init(comm, 50, 5, false, &scene);
    refuse(&scene, &scene.x[33 * 5 + 3], (double)NAN, BAD_INPUT, "x.safetensors");
    refuse(&scene, &scene.x[33 * 5 + 3], 1e200, BAD_INPUT, "feature 3 has a largest magnitude of about 2^665");
    refuse(&scene, &scene.y[2 * 49 + 1], 1.5, BAD_INPUT,
           "probe 49, behaviour \"second\": expected a probability, found 1.5");
    refuse(&scene, &scene.y[0], (double)INFINITY, BAD_INPUT, "y.safetensors");
    scene.config.behaviour_kind = BEHAVIOUR_VALUE;
    refuse(&scene, &scene.y[4], -1e200, BAD_INPUT, "probe 2, behaviour \"first\": expected a value below 2^300");
    scene.config.memory = 1 << 12;
    refuse(&scene, &scene.y[4], 0, CANNOT_FIT, "policy.memory");
    scene.config.memory = 1 << 30;
    scene.config.folds = 51;
    refuse(&scene, &scene.y[4], 0, BAD_CONFIG, "policy.ridge.folds: expected at most the 50 probes");
    problem_scene_clear(comm, &scene);
}

int main(int n, char **arguments)
{
    MPI_Init(&n, &arguments);
    comm = MPI_COMM_WORLD;
    for (int sparse = 0; sparse < 2; sparse++) {
        test(75, 9, sparse, 3);  /* primal */
        test(20, 40, sparse, 0); /* dual */
        test(5, 3, sparse, 5);   /* fewer blocks than ranks */
    }
    test_bad();
    int code = check_end_mpi(comm);
    MPI_Finalize();
    return code;
}
