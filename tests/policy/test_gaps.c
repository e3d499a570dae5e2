/* Gaps are those of their definition: planted ones are found with their kind and evidence, and every figure is that of
 * a plain sum over the probes. */
#include <mpi.h>

#include "policy/gaps.h"
#include "policy/problem_scene.h"

static MPI_Comm comm;
enum { PROBES = 60, FEATURES = 6 };

/* Category c0 has feature 0 only, c1 features 1 and 2; feature 3 is on one probe in six, 4 everywhere, 5 nowhere. */
static void plant(struct problem_scene *scene)
{
    for (int64_t i = 0; i < PROBES; i++) {
        double *x = scene->x + i * FEATURES;
        memset(x, 0, FEATURES * sizeof *x);
        x[0] = i % 3 == 0 ? 1 + 0.25 * (double)(i % 4) : 0;
        x[1] = i % 3 == 1 ? 2 : 0;
        x[2] = i % 3 == 1 && i % 4 != 1 ? 0.5 : 0;
        x[3] = i % 6 == 1 ? 3 : 0;
        x[4] = 1 + (double)(i % 2);
    }
}

/* The definition, over the probes of a category that expect a behaviour. */
static void check_gap(const struct problem_scene *scene, const struct solution *solution, const struct gaps *gaps,
                      int64_t g)
{
    const struct gap *gap = &gaps->items[g];
    const struct probes *probes = &scene->problem.probes;
    const double *w = solution->coefficient + gap->behaviour * FEATURES;
    double contribution = 0, lift = 0, active_effect = 0, effect = 0, mean_y = 0;
    int64_t n = 0, n_active = 0;
    for (int64_t i = 0; i < PROBES; i++)
        if (probes->category[i] == gap->category && probes->expected[i * 2 + gap->behaviour]) {
            n++;
            mean_y += scene->y[i * 2 + gap->behaviour];
        }
    CHECK(gap->n_expecting == n && fabs(gap->behaviour_mean - mean_y / (double)n) < 1e-15);
    for (int j = 0; j < FEATURES; j++) {
        double sum = 0, all = 0, square = 0;
        int64_t active = 0;
        for (int64_t i = 0; i < PROBES; i++) {
            double x = scene->x[i * FEATURES + j];
            all += x / PROBES;
            square += x * x / PROBES;
            if (probes->category[i] == gap->category && probes->expected[i * 2 + gap->behaviour]) {
                sum += x / (double)n;
                active += x != 0;
            }
        }
        double size = fabs(w[j]) * sqrt(fmax(square - all * all, 0));
        effect = fmax(effect, size);
        if (active == 0 || (double)active < scene->config.gap_active * (double)n)
            continue;
        n_active++;
        contribution += w[j] * sum;
        lift += w[j] * (sum - all);
        active_effect = fmax(active_effect, size);
    }
    CHECK(gap->n_active == n_active);
    CHECK(fabs(gap->contribution - contribution) < 1e-12 && fabs(gap->lift - lift) < 1e-12);
    CHECK(fabs(gap->strongest - (effect > 0 ? active_effect / effect : 0)) < 1e-7);
    for (int64_t k = 0; k < gaps->n_evidence; k++)
        CHECK((gaps->feature[g * gaps->n_evidence + k] >= 0) == (k < n_active));
}

static enum gap_kind kind_of(const struct problem_scene *scene, const struct gaps *gaps, const char *category,
                             int behaviour)
{
    for (int64_t g = 0; g < gaps->n; g++)
        if (strcmp(scene->problem.probes.categories[gaps->items[g].category], category) == 0 &&
            gaps->items[g].behaviour == behaviour)
            return gaps->items[g].kind;
    return N_GAP_KINDS;
}

static void find(struct problem_scene *scene, struct solution *solution, const double *w, struct gaps *gaps)
{
    memcpy(solution->coefficient, w, 2 * FEATURES * sizeof *w);
    CHECK(gaps_find(comm, &scene->config, &scene->problem.probes, &scene->features, scene->behaviour.value, solution,
                    gaps) == STATUS_OK);
    CHECK(gaps->n == 4 && gaps_count(&scene->problem.probes) == 4);
    for (int64_t g = 0; g < gaps->n; g++)
        check_gap(scene, solution, gaps, g);
}

static void test(bool sparse)
{
    struct problem_scene scene;
    int rank;
    MPI_Comm_rank(comm, &rank);
    problem_scene_init(comm, PROBES, FEATURES, sparse, &scene);
    plant(&scene);
    MPI_Barrier(comm);
    if (rank == 0)
        problem_store(&scene);
    MPI_Barrier(comm);
    CHECK(problem_scene_read(comm, &scene) == STATUS_OK);
    struct solution solution;
    solution_init(&solution, 2, FEATURES);
    struct gaps gaps;
    /* "first" is carried in c0 by feature 0 and has the wrong sign in c1; "second" is about zero in both. */
    const double planted[2 * FEATURES] = {1, -1, 0.1, 0, 0.001, 5, 0.01, 0.01, 0.01, 100, 0.001, 0};
    find(&scene, &solution, planted, &gaps);
    CHECK(kind_of(&scene, &gaps, "c0", 0) == GAP_NONE && kind_of(&scene, &gaps, "c1", 0) == GAP_WRONG_SIGN);
    CHECK(kind_of(&scene, &gaps, "c0", 1) == GAP_ABOUT_ZERO && kind_of(&scene, &gaps, "c1", 1) == GAP_ABOUT_ZERO);
    CHECK(gaps.feature[0] == 0 && gaps.coefficient[0] == 1 && gaps.share[0] == 1); /* c0, first */
    CHECK(isnan(gaps.coefficient[2]) && gaps.feature[2] == -1);
    gaps_clear(&gaps);
    /* A policy of nothing. */
    const double nothing[2 * FEATURES] = {0};
    find(&scene, &solution, nothing, &gaps);
    for (int64_t g = 0; g < gaps.n; g++)
        CHECK(gaps.items[g].kind == GAP_ABOUT_ZERO);
    CHECK(gaps.feature[0] == 0 && gaps.feature[1] == 4); /* ties to the lower feature */
    gaps_clear(&gaps);
    /* No feature is active on more than all probes. */
    scene.config.gap_active = 1;
    find(&scene, &solution, planted, &gaps);
    CHECK(kind_of(&scene, &gaps, "c1", 0) != GAP_NO_FEATURE);
    gaps_clear(&gaps);
    solution_clear(&solution);
    problem_scene_close(&scene);
    problem_scene_clear(comm, &scene);
}

/* Where nothing is ever active. */
static void test_no_feature(void)
{
    struct problem_scene scene;
    int rank;
    MPI_Comm_rank(comm, &rank);
    problem_scene_init(comm, PROBES, FEATURES, true, &scene);
    plant(&scene);
    for (int64_t i = 0; i < PROBES; i++)
        scene.x[i * FEATURES + 4] = 0;
    for (int64_t i = 0; i < PROBES; i += 3)
        scene.x[i * FEATURES] = 0; /* c0 has nothing left */
    MPI_Barrier(comm);
    if (rank == 0)
        problem_store(&scene);
    MPI_Barrier(comm);
    CHECK(problem_scene_read(comm, &scene) == STATUS_OK);
    struct solution solution;
    solution_init(&solution, 2, FEATURES);
    const double w[2 * FEATURES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct gaps gaps;
    find(&scene, &solution, w, &gaps);
    CHECK(kind_of(&scene, &gaps, "c0", 0) == GAP_NO_FEATURE && kind_of(&scene, &gaps, "c0", 1) == GAP_NO_FEATURE);
    CHECK(kind_of(&scene, &gaps, "c1", 0) == GAP_NONE);
    gaps_clear(&gaps);
    solution_clear(&solution);
    problem_scene_close(&scene);
    problem_scene_clear(comm, &scene);
}

int main(int n, char **arguments)
{
    MPI_Init(&n, &arguments);
    comm = MPI_COMM_WORLD;
    test(false);
    test(true);
    test_no_feature();
    int code = check_end_mpi(comm);
    MPI_Finalize();
    return code;
}
