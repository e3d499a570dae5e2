/* Both forms give the ridge of the definition: coefficients, predictions, leave-one-out and folds equal refits in
 * quadruple precision, and the bits depend neither on ranks nor on the memory given. */
#include <mpi.h>

#include "policy/fit.h"
#include "policy/model.h"
#include "policy/problem_scene.h"
#include "policy/small_gram.h"

static MPI_Comm comm;

static struct fit *create(MPI_Comm ranks, const struct problem_scene *scene, const double *small)
{
    return fit_create(&(struct fit_request){.comm = ranks,
                                            .features = &scene->features,
                                            .behaviour = &scene->behaviour,
                                            .plan = &scene->plan,
                                            .config = &scene->config,
                                            .small = small});
}

static double largest(const double *values, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(values[i]));
    return most;
}

static double difference(const double *a, const double *b, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i] - b[i]));
    return most;
}

static void check_solution(const struct problem_scene *scene, const struct solution *solution, int fold)
{
    int64_t m = scene->n_feature;
    double *w = memory_allocate(2 * m, sizeof *w), intercept[2];
    problem_ridge(scene, solution->lambda, fold, -1, w, intercept);
    for (int b = 0; b < 2; b++) {
        double relative = difference(solution->coefficient + b * m, w + b * m, m) / largest(w + b * m, m);
        CHECK(relative < 1e-9);
        CHECK(fabs(solution->intercept[b] - intercept[b]) < 1e-10);
    }
    memory_free(w);
}

/* What a refit without a probe, or without its fold, predicts for it. */
static double predict(const struct problem_scene *scene, double lambda, int fold, int64_t left_out, int64_t probe,
                      int b)
{
    double *w = memory_allocate(2 * scene->n_feature, sizeof *w), intercept[2];
    problem_ridge(scene, lambda, fold, left_out, w, intercept);
    double sum = intercept[b];
    for (int64_t j = 0; j < scene->n_feature; j++)
        sum += w[b * scene->n_feature + j] * scene->x[probe * scene->n_feature + j];
    memory_free(w);
    return sum;
}

static void check_model(const struct problem_scene *scene, const struct model *model)
{
    int64_t n = scene->n_probe;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += model->leverage[i];
    CHECK(fabs(sum - model->path.degrees[model->path.chosen]) < 1e-9);
    for (int b = 0; b < 2; b++) {
        double zero = 0;
        for (int64_t i = 0; i < n; i++)
            zero += model->residual[b * n + i]; /* the intercept is free */
        CHECK(fabs(zero) < 1e-9);
        for (int64_t i = b; i < n; i += n / 3) {
            double y = scene->y[i * 2 + b], lambda = model->solution.lambda;
            CHECK(fabs(model->prediction[b * n + i] + model->residual[b * n + i] - y) < 1e-15);
            CHECK(fabs(model->loo_residual[b * n + i] - (y - predict(scene, lambda, -1, i, i, b))) < 1e-9);
            double fold = predict(scene, lambda, (int)(i % scene->config.folds), -1, i, b);
            CHECK(fabs(model->fold_prediction[b * n + i] - fold) < 1e-9);
        }
    }
}

/* A digest of everything that reaches the table. */
static uint64_t hash_of(const struct model *model)
{
    uint64_t hash = 1469598103934665603u;
    int64_t n = model->n_behaviour * model->n_probe;
    const struct {
        const double *values;
        int64_t n;
    } all[] = {{model->solution.coefficient, model->n_behaviour * model->solution.n_feature},
               {model->solution.intercept, model->n_behaviour},
               {model->prediction, n},
               {model->loo_residual, n},
               {model->fold_prediction, n},
               {model->leverage, model->n_probe},
               {model->path.gcv, model->path.n * model->n_behaviour},
               {model->path.press, model->path.n * model->n_behaviour},
               {model->judgements[JUDGED_FOLDS].log_loss, model->n_behaviour}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (size_t i = 0; i < (size_t)all[k].n * sizeof(double); i++)
            hash = (hash ^ ((const unsigned char *)all[k].values)[i]) * 1099511628211u;
    return hash;
}

static uint64_t fit_all(MPI_Comm ranks, struct problem_scene *scene, bool checked)
{
    CHECK(problem_scene_read(ranks, scene) == STATUS_OK);
    double *small = scene->plan.primal ? NULL : small_gram_rows(ranks, &scene->features.all);
    struct fit *fit = create(ranks, scene, small);
    struct model model;
    CHECK(model_make(fit, &scene->behaviour, &scene->config, scene->n_feature, &model) == STATUS_OK);
    if (checked) {
        check_solution(scene, &model.solution, NO_FOLD);
        check_model(scene, &model);
        struct solution solution;
        solution_init(&solution, 2, scene->n_feature);
        for (int fold = 0; fold < scene->config.folds; fold++) {
            CHECK(fit_solve(fit, fold, 0.5, &solution) == STATUS_OK);
            check_solution(scene, &solution, fold);
        }
        solution_clear(&solution);
    }
    uint64_t hash = hash_of(&model);
    model_clear(&model);
    fit_destroy(fit);
    memory_free(small);
    problem_scene_close(scene);
    return hash;
}

/* The least memory that the plan takes. */
static void shrink(struct problem_scene *scene)
{
    struct policy_plan plan;
    int64_t less = 0, enough = INT64_C(1) << 30;
    while (enough - less > 1) {
        scene->shape.memory = less + (enough - less) / 2;
        if (policy_plan_make(&scene->shape, &plan) == STATUS_OK)
            enough = scene->shape.memory;
        else
            less = scene->shape.memory;
    }
    scene->shape.memory = enough;
    scene->config.memory = scene->shape.memory;
}

static void test(int64_t n_probe, int64_t n_feature, bool sparse, enum policy_form form)
{
    struct problem_scene scene;
    problem_scene_init(comm, n_probe, n_feature, sparse, &scene);
    scene.config.form = form;
    uint64_t hash = fit_all(comm, &scene, true);
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    /* On one rank alone, each for itself, and in two parts of the ranks. */
    MPI_Comm part;
    MPI_Comm_split(comm, rank % 2, rank, &part);
    CHECK(fit_all(part, &scene, false) == hash);
    MPI_Comm_free(&part);
    CHECK(fit_all(MPI_COMM_SELF, &scene, false) == hash);
    shrink(&scene);
    CHECK(fit_all(MPI_COMM_SELF, &scene, false) == hash);
    CHECK(form != FORM_PRIMAL || scene.plan.n_loaded < 1 + scene.config.folds);
    problem_scene_clear(comm, &scene);
}

/* Primal and dual are the same ridge. */
static void test_forms_agree(void)
{
    struct problem_scene scene;
    problem_scene_init(comm, 40, 30, false, &scene);
    struct solution solutions[2];
    for (int k = 0; k < 2; k++) {
        scene.config.form = k == 0 ? FORM_PRIMAL : FORM_DUAL;
        CHECK(problem_scene_read(comm, &scene) == STATUS_OK);
        double *small = k == 0 ? NULL : small_gram_rows(comm, &scene.features.all);
        struct fit *fit = create(comm, &scene, small);
        solution_init(&solutions[k], 2, 30);
        CHECK(fit_solve(fit, NO_FOLD, 2, &solutions[k]) == STATUS_OK);
        CHECK(solutions[k].condition >= 1);
        fit_destroy(fit);
        memory_free(small);
        problem_scene_close(&scene);
    }
    CHECK(difference(solutions[0].coefficient, solutions[1].coefficient, 60) < 1e-10);
    CHECK(difference(solutions[0].intercept, solutions[1].intercept, 2) < 1e-10);
    for (int k = 0; k < 2; k++)
        solution_clear(&solutions[k]);
    problem_scene_clear(comm, &scene);
}

/* A tiny λ on equal features is hopeless, and says so by its name. */
static void test_hopeless(void)
{
    struct problem_scene scene;
    problem_scene_init(comm, 30, 4, false, &scene);
    for (int64_t i = 0; i < 30; i++)
        scene.x[i * 4 + 1] = scene.x[i * 4];
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Barrier(comm);
    if (rank == 0)
        problem_store(&scene);
    MPI_Barrier(comm);
    CHECK(problem_scene_read(comm, &scene) == STATUS_OK);
    struct fit *fit = create(comm, &scene, NULL);
    struct solution solution;
    solution_init(&solution, 2, 4);
    CHECK_FAILS(fit_solve(fit, NO_FOLD, 1e-30, &solution), NOT_CONVERGED, "policy.ridge.lambda 1e-30, primal form: ");
    CHECK_FAILS(fit_solve(fit, 1, 1e-30, &solution), NOT_CONVERGED, "primal form, without fold 1");
    CHECK(fit_solve(fit, NO_FOLD, 1, &solution) == STATUS_OK);
    CHECK(fabs(solution.coefficient[0] - solution.coefficient[1]) < 1e-10);
    solution_clear(&solution);
    fit_destroy(fit);
    problem_scene_close(&scene);
    problem_scene_clear(comm, &scene);
}

int main(int n, char **arguments)
{
    MPI_Init(&n, &arguments);
    comm = MPI_COMM_WORLD;
    for (int sparse = 0; sparse < 2; sparse++) {
        test(61, 11, sparse, FORM_PRIMAL);
        test(31, 45, sparse, FORM_DUAL);
    }
    test_forms_agree();
    test_hopeless();
    int code = check_end_mpi(comm);
    MPI_Finalize();
    return code;
}
