/* A small problem in files of a fresh directory, opened on all ranks, and its ridge in quadruple precision. */
#ifndef ASSAY_TESTS_POLICY_PROBLEM_SCENE_H
#define ASSAY_TESTS_POLICY_PROBLEM_SCENE_H

#include <math.h>
#include <mpi.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "policy/behaviour.h"
#include "policy/features.h"
#include "policy/problem_plan.h"
#include "tensor/safetensors.h"

__extension__ typedef __float128 quad;

enum { PROBLEM_BEHAVIOURS = 2 };

struct problem_scene {
    int64_t n_probe, n_feature;
    bool sparse;
    double *x, *y; /* owned; n_probe × n_feature, n_probe × 2 */
    char directory[4096];
    struct policy_config config;
    struct strings also;
    struct problem_request request;
    struct problem problem;
    struct policy_shape shape;
    struct policy_plan plan;
    struct behaviour behaviour;
    struct features features;
};

static uint64_t problem_state = 1;
static inline double problem_random(void) /* in (−1, 1), the same on every rank */
{
    problem_state = problem_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(problem_state >> 11) + 0.5) * 0x1p-52 - 1;
}

/* Integers of up to 20 bits at scales that differ by feature: exact in 4 digits, so that both forms see the same. */
static inline void problem_draw(struct problem_scene *scene)
{
    int64_t n = scene->n_probe, m = scene->n_feature;
    problem_state = 1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) {
            double value = rint(problem_random() * 0x1p20) * ldexp(1, (int)(j % 7) - 22);
            scene->x[i * m + j] = scene->sparse && problem_random() < 0.6 ? 0 : value + (scene->sparse ? 0 : j % 3);
        }
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < m && j < 9; j++)
            sum += scene->x[i * m + j] * (j % 2 ? 0.3 : -0.2);
        scene->y[i * 2] = fmin(fmax(0.5 + 0.2 * sum + 0.1 * problem_random(), 0), 1);
        scene->y[i * 2 + 1] = fmin(fmax(0.1 + 0.05 * scene->x[i * m] + 0.05 * problem_random(), 0), 1);
    }
}

static inline void problem_store_dense(const struct problem_scene *scene, const char *path)
{
    struct safetensors_item item = {
        .name = "x", .type = TENSOR_F64, .n_dim = 2, .dims = {scene->n_probe, scene->n_feature}, .data = scene->x};
    CHECK(safetensors_store(path, &item, 1, NULL) == STATUS_OK);
}

static inline void problem_store_sparse(const struct problem_scene *scene, const char *path)
{
    int64_t n = 0, *starts = memory_allocate(scene->n_probe + 1, sizeof *starts);
    double *values = memory_allocate(scene->n_probe * scene->n_feature, sizeof *values);
    int32_t *indices = memory_allocate(scene->n_probe * scene->n_feature, sizeof *indices);
    for (int64_t i = 0; i < scene->n_probe; i++) {
        for (int64_t j = 0; j < scene->n_feature; j++)
            if (scene->x[i * scene->n_feature + j] != 0) {
                values[n] = scene->x[i * scene->n_feature + j];
                indices[n++] = (int32_t)j;
            }
        starts[i + 1] = n;
    }
    const struct safetensors_item items[] = {
        {.name = "x", .type = TENSOR_F64, .n_dim = 1, .dims = {n}, .data = values},
        {.name = "indices", .type = TENSOR_I32, .n_dim = 1, .dims = {n}, .data = indices},
        {.name = "starts", .type = TENSOR_I64, .n_dim = 1, .dims = {scene->n_probe + 1}, .data = starts}};
    CHECK(safetensors_store(path, items, 3, NULL) == STATUS_OK);
    memory_free(indices);
    memory_free(values);
    memory_free(starts);
}

static inline void problem_store(const struct problem_scene *scene)
{
    char *features = path_join(scene->directory, "x.safetensors"),
         *behaviour = path_join(scene->directory, "y.safetensors");
    char *probes = path_join(scene->directory, "probes.jsonl");
    struct text text;
    text_init(&text);
    for (int64_t i = 0; i < scene->n_probe; i++)
        text_add(&text, "{\"id\": \"p%d\", \"category\": \"c%d\", \"expected\": [%s]}\n", (int)i, (int)(i % 3),
                 i % 3 == 2 ? ""
                 : i % 2    ? "\"first\""
                            : "\"second\"");
    CHECK(file_store(probes, text.bytes, text.length, 0666) == STATUS_OK);
    if (scene->sparse)
        problem_store_sparse(scene, features);
    else
        problem_store_dense(scene, features);
    struct safetensors_item item = {
        .name = "y", .type = TENSOR_F64, .n_dim = 2, .dims = {scene->n_probe, 2}, .data = scene->y};
    CHECK(safetensors_store(behaviour, &item, 1, NULL) == STATUS_OK);
    text_clear(&text);
    memory_free(probes);
    memory_free(behaviour);
    memory_free(features);
}

/* A problem that is drawn and stored, its config ready for changes.  @collective comm */
static inline void problem_scene_init(MPI_Comm comm, int64_t n_probe, int64_t n_feature, bool sparse,
                                      struct problem_scene *scene)
{
    static char *names[] = {(char *)"first", (char *)"second"};
    static double lambda[] = {0.25, 4};
    int rank;
    MPI_Comm_rank(comm, &rank);
    *scene = (struct problem_scene){.n_probe = n_probe, .n_feature = n_feature, .sparse = sparse};
    scene->x = memory_allocate(n_probe * n_feature, sizeof *scene->x);
    scene->y = memory_allocate(n_probe * 2, sizeof *scene->y);
    problem_draw(scene);
    if (rank == 0) {
        const char *parent = getenv("TMPDIR");
        snprintf(scene->directory, sizeof scene->directory, "%s/assay-problem-XXXXXX", parent ? parent : "/tmp");
        CHECK(mkdtemp(scene->directory) != NULL);
        problem_store(scene);
    }
    MPI_Bcast(scene->directory, sizeof scene->directory, MPI_CHAR, 0, comm);
    struct policy_config *config = &scene->config;
    *config = (struct policy_config){.probes = (char *)"probes.jsonl",
                                     .behaviours = {names, 2},
                                     .behaviour_values = (char *)"y.safetensors#y",
                                     .lambda = {lambda, 2},
                                     .folds = 3,
                                     .leverages = true,
                                     .gap_active = 0.5,
                                     .gap_about_zero = 0.02,
                                     .keep_features = 4,
                                     .n_digit = 4,
                                     .block_rows = 16,
                                     .memory = INT64_C(1) << 30,
                                     .width = n_feature,
                                     .backend = (char *)"auto"};
    config->features.values = (char *)"x.safetensors#x";
    if (sparse) {
        config->features.indices = (char *)"x.safetensors#indices";
        config->features.starts = (char *)"x.safetensors#starts";
    }
    scene->request = (struct problem_request){.directory = scene->directory, .policy = config, .also = &scene->also};
}

/* Opens and reads it.  @collective comm */
static inline enum status problem_scene_read(MPI_Comm comm, struct problem_scene *scene)
{
    int size;
    MPI_Comm_size(comm, &size);
    enum status status = problem_open(comm, &scene->request, &scene->problem);
    if (status != STATUS_OK)
        return status;
    problem_shape(&scene->problem, size, &scene->shape);
    status = policy_plan_make(&scene->shape, &scene->plan);
    if (status == STATUS_OK)
        status = behaviour_read(comm, &scene->problem, &scene->problem.segments, &scene->behaviour);
    if (status == STATUS_OK)
        status = features_read(comm, &scene->problem, &scene->shape, &scene->plan, &scene->problem.segments,
                               &scene->features);
    return status;
}

static inline void problem_scene_close(struct problem_scene *scene)
{
    features_clear(&scene->features);
    behaviour_clear(&scene->behaviour);
    problem_close(&scene->problem);
}

/* @collective comm */
static inline void problem_scene_clear(MPI_Comm comm, struct problem_scene *scene)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Barrier(comm);
    if (rank == 0) {
        struct text command;
        text_init(&command);
        text_add(&command, "rm -rf '%s'", scene->directory);
        CHECK(system(command.bytes) == 0);
        text_clear(&command);
    }
    memory_free(scene->y);
    memory_free(scene->x);
}

/* w (2 × n_feature) and intercepts (2) of the ridge by elimination on [1 X], without the probes of a fold (−1: none
 * left out, n_fold otherwise ignored), or without one probe. */
static inline void problem_ridge(const struct problem_scene *scene, double lambda, int fold, int64_t left_out,
                                 double *w, double *intercept)
{
    int64_t n = scene->n_probe, m = scene->n_feature, s = m + 1;
    quad *a = memory_allocate(s * (s + 2), sizeof *a);
    for (int64_t p = 0; p < n; p++) {
        if (p == left_out || (fold >= 0 && p % scene->config.folds == fold))
            continue;
        for (int64_t i = 0; i < s; i++) {
            quad zi = i ? scene->x[p * m + i - 1] : 1;
            for (int64_t j = 0; j < s; j++)
                a[i * (s + 2) + j] += zi * (j ? (quad)scene->x[p * m + j - 1] : 1);
            for (int64_t b = 0; b < 2; b++)
                a[i * (s + 2) + s + b] += zi * (quad)scene->y[p * 2 + b];
        }
    }
    for (int64_t i = 1; i < s; i++)
        a[i * (s + 2) + i] += lambda;
    for (int64_t k = 0; k < s; k++) /* positive definite: no pivoting */
        for (int64_t i = 0; i < s; i++) {
            if (i == k)
                continue;
            quad factor = a[i * (s + 2) + k] / a[k * (s + 2) + k];
            for (int64_t j = k; j < s + 2; j++)
                a[i * (s + 2) + j] -= factor * a[k * (s + 2) + j];
        }
    for (int64_t b = 0; b < 2; b++)
        for (int64_t i = 0; i < s; i++) {
            double value = (double)(a[i * (s + 2) + s + b] / a[i * (s + 2) + i]);
            if (i == 0)
                intercept[b] = value;
            else
                w[b * m + i - 1] = value;
        }
    memory_free(a);
}

#endif
