/* Shifts are those of refits in quadruple precision, by either route and from either form of the base; their parts add
 * up; the first order and its resolution by source feature are what their formulas say; the bits never change. */
#include "check.h"

#include "base/digest.h"
#include "base/text.h"
#include "policy/shift_scene.h"

static const double exact = 1e-13, derived = 1e-9; /* relative to the norm of the vector */

/* ‖a − b‖ / ‖b‖ over m entries of a, and those behind the intercept of column k of n in b. */
static double distance(const double *a, const quad *b, int64_t m, int64_t k, int64_t n)
{
    quad error = 0, size = 0;
    for (int64_t j = 0; j < m; j++) {
        quad value = b[(j + 1) * n + k];
        error += ((quad)a[j] - value) * ((quad)a[j] - value);
        size += value * value;
    }
    return size == 0 ? sqrt((double)error) : sqrt((double)(error / size));
}

static quad *quad_sum(const struct scene *scene, const quad *a, const quad *b, const quad *c, const quad *d)
{
    int64_t n = (scene->shape.n_feature + 1) * scene->shape.n_behaviour;
    quad *sum = memory_allocate(n, sizeof *sum);
    for (int64_t i = 0; i < n; i++)
        sum[i] = a[i] - b[i] - (c == NULL ? 0 : c[i]) + (d == NULL ? 0 : d[i]);
    return sum;
}

struct refits {
    quad *total, *x, *y, *interaction;
};

static struct refits refit(const struct scene *scene)
{
    quad *before = quad_fit(scene, 0, 0), *x = quad_fit(scene, 1, 0), *y = quad_fit(scene, 0, 1);
    quad *after = quad_fit(scene, 1, 1);
    struct refits refits = {.total = quad_sum(scene, after, before, NULL, NULL),
                            .x = quad_sum(scene, x, before, NULL, NULL),
                            .y = quad_sum(scene, after, x, NULL, NULL),
                            .interaction = quad_sum(scene, after, x, y, before)};
    memory_free(after);
    memory_free(y);
    memory_free(x);
    memory_free(before);
    return refits;
}

static void refits_clear(struct refits *refits)
{
    memory_free(refits->total);
    memory_free(refits->x);
    memory_free(refits->y);
    memory_free(refits->interaction);
}

static void measure(const struct scene *scene, enum shift_route route, struct shift *shift)
{
    struct shift_study *study = NULL;
    shift_init(shift, scene->shape.n_behaviour, scene->shape.n_feature);
    CHECK(shift_prepare(&scene->base, route, &study) == STATUS_OK);
    if (study != NULL)
        CHECK(shift_compute(study, &scene->change, scene->dy, shift) == STATUS_OK);
    shift_study_destroy(study);
}

static void check_shift(const struct scene *scene, const struct shift *shift, const struct refits *refits)
{
    int64_t m = scene->shape.n_feature, n = scene->shape.n_behaviour;
    double *total = memory_allocate(m, sizeof *total);
    for (int64_t b = 0; b < n; b++) {
        CHECK(distance(shift->x + b * m, refits->x, m, b, n) <= exact);
        CHECK(distance(shift->y + b * m, refits->y, m, b, n) <= exact);
        CHECK(distance(shift->interaction + b * m, refits->interaction, m, b, n) <= exact);
        for (int64_t j = 0; j < m; j++) {
            int64_t i = b * m + j;
            total[j] = shift_total(shift, i);
            double shapley = shift_shapley_x(shift, i) + shift_shapley_y(shift, i);
            double largest = fabs(shift->x[i]) + fabs(shift->y[i]) + fabs(shift->interaction[i]);
            CHECK(fabs(shapley - total[j]) <= 4e-16 * largest);
        }
        CHECK(distance(total, refits->total, m, b, n) <= exact);
        double intercept = (double)refits->total[b];
        CHECK(fabs(shift->intercept[b] - intercept) <= 1e-12 * fabs(intercept) + 1e-16);
    }
    memory_free(total);
}

/* Both routes, from a base of either form. */
static void test_shape(struct scene_shape shape)
{
    for (int dual = 0; dual < 2; dual++) {
        struct scene scene;
        shape.dual = dual;
        scene_init(&scene, shape);
        struct refits refits = refit(&scene);
        for (int route = SHIFT_AUTO; route <= SHIFT_LOW_RANK; route++) {
            struct shift shift;
            measure(&scene, (enum shift_route)route, &shift);
            check_shift(&scene, &shift, &refits);
            shift_clear(&shift);
        }
        refits_clear(&refits);
        scene_clear(&scene);
    }
}

static void test_exact(void)
{
    struct scene_shape wide = {.n_probe = 33,
                               .n_feature = 70,
                               .n_behaviour = 2,
                               .changed = 4,
                               .density = 1,
                               .part = 1,
                               .size = 1e-3,
                               .lambda = 0.1};
    struct scene_shape tall = wide, square = wide, sparse = wide, tall_sparse = wide;
    tall.n_probe = 75, tall.n_feature = 24;
    square.n_probe = 30, square.n_feature = 30, square.changed = 9;
    sparse.sparse = true, sparse.density = 0.1, sparse.part = 0.3, sparse.changed = 70;
    tall_sparse.n_probe = 80, tall_sparse.n_feature = 31, tall_sparse.sparse = true, tall_sparse.density = 0.2;
    tall_sparse.part = 0.2, tall_sparse.changed = 31;
    struct scene_shape shapes[] = {wide, tall, square, sparse, tall_sparse};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        test_shape(shapes[i]);
        shapes[i].size = 0.5; /* a change as large as the features */
        test_shape(shapes[i]);
        shapes[i].size = 1e-7; /* smaller ones are beyond quadruple precision: it subtracts */
        shapes[i].part = 0.1;
        test_shape(shapes[i]);
    }
    for (double lambda = 1e-3; lambda > 1e-9; lambda *= 1e-2) { /* conditions up to 1e12 */
        wide.lambda = tall.lambda = square.lambda = lambda;
        test_shape(wide);
        test_shape(tall);
        test_shape(square);
    }
    wide.density = tall.density = 0.1; /* dense rows, mostly of zeros; features that are all 0 come alive */
    test_shape(wide);
    test_shape(tall);
}

/* Sums over lanes, their tails, packed panels that are not full: sizes around their edges. */
static void test_sizes(void)
{
    const int64_t sizes[][2] = {{1, 1}, {1, 5}, {5, 1}, {2, 1}, {2, 2}, {31, 33}, {33, 31}, {7, 65}, {65, 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        test_shape((struct scene_shape){.n_probe = sizes[i][0],
                                        .n_feature = sizes[i][1],
                                        .n_behaviour = 1,
                                        .changed = sizes[i][1],
                                        .density = 1,
                                        .part = 1,
                                        .size = 0.1,
                                        .lambda = 0.5});
}

/* Panels of more than 256 terms, in either form. */
static void test_panels(void)
{
    for (int tall = 0; tall < 2; tall++) {
        struct scene scene;
        struct scene_shape shape = {.n_probe = tall ? 300 : 9,
                                    .n_feature = tall ? 11 : 300,
                                    .n_behaviour = 1,
                                    .changed = tall ? 11 : 290,
                                    .density = 1,
                                    .part = 0.9,
                                    .size = 0.1,
                                    .lambda = 0.3,
                                    .dual = !tall};
        struct shift anew, update;
        scene_init(&scene, shape);
        measure(&scene, SHIFT_REFACTOR, &anew);
        measure(&scene, SHIFT_LOW_RANK, &update);
        for (int64_t j = 0; j < shape.n_feature; j++)
            CHECK(fabs(shift_total(&anew, j) - shift_total(&update, j)) <= 1e-14);
        shift_clear(&update);
        shift_clear(&anew);
        scene_clear(&scene);
    }
}

static void test_nothing_changes(void)
{
    struct scene scene;
    struct shift shift;
    scene_init(&scene, (struct scene_shape){
                           .n_probe = 12, .n_feature = 9, .n_behaviour = 2, .density = 1, .size = 0.1, .lambda = 1});
    measure(&scene, SHIFT_AUTO, &shift); /* only behaviour */
    for (int64_t i = 0; i < 18; i++) {
        CHECK(shift.x[i] == 0 && shift.interaction[i] == 0 && shift.y[i] != 0);
        CHECK(shift.first_order[i] == shift.y[i]);
    }
    shift_clear(&shift);
    memset(scene.dy, 0, 24 * sizeof *scene.dy);
    measure(&scene, SHIFT_AUTO, &shift);
    for (int64_t i = 0; i < 18; i++)
        CHECK(shift_total(&shift, i) == 0 && shift.first_order[i] == 0);
    CHECK(shift.intercept[0] == 0 && shift.intercept[1] == 0);
    shift_clear(&shift);
    scene_clear(&scene);
}

/* ---- first order ----------------------------------------------------------------------------------------------- */

/* Relative distance of the first order from the exact shift. */
static double first_order_error(struct scene_shape shape)
{
    struct scene scene;
    struct shift shift;
    double error = 0, size = 0;
    scene_init(&scene, shape);
    measure(&scene, SHIFT_AUTO, &shift);
    for (int64_t i = 0; i < shape.n_behaviour * shape.n_feature; i++) {
        double missed = shift.first_order[i] - shift_total(&shift, i);
        error += missed * missed;
        size += shift_total(&shift, i) * shift_total(&shift, i);
    }
    shift_clear(&shift);
    scene_clear(&scene);
    return sqrt(error / size);
}

static void test_first_order(void)
{
    for (int tall = 0; tall < 2; tall++) {
        struct scene_shape shape = {.n_probe = tall ? 60 : 25,
                                    .n_feature = tall ? 20 : 40,
                                    .n_behaviour = 1,
                                    .changed = 6,
                                    .density = 0.5,
                                    .part = 1,
                                    .size = 1e-2,
                                    .lambda = 0.2};
        double coarse = first_order_error(shape);
        shape.size = 1e-3;
        double fine = first_order_error(shape);
        shape.size = 1e-4;
        double finest = first_order_error(shape);
        CHECK(coarse > 1e-4 && coarse < 0.3);
        CHECK(coarse / fine > 8 && coarse / fine < 12);
        CHECK(fine / finest > 9.5 && fine / finest < 10.5);
    }
}

/* A⁻¹ (s × s) of the base, w (s, intercept first) and r (P) of behaviour b. */
struct quad_base {
    quad *inverse, *w, *r;
};

static struct quad_base quad_base(const struct scene *scene, int64_t b)
{
    int64_t s = scene->shape.n_feature + 1, n = scene->shape.n_probe, k = scene->shape.n_behaviour;
    quad *system = quad_system(scene, 0), *fit = quad_fit(scene, 0, 0);
    struct quad_base base = {memory_allocate(s * s, sizeof(quad)), memory_allocate(s, sizeof(quad)),
                             memory_allocate(n, sizeof(quad))};
    for (int64_t i = 0; i < s; i++) {
        base.inverse[i * s + i] = 1;
        base.w[i] = fit[i * k + b];
    }
    quad_solve(s, s, system, base.inverse);
    for (int64_t p = 0; p < n; p++) {
        base.r[p] = scene->y[b * n + p];
        for (int64_t j = 0; j < s; j++)
            base.r[p] -= scene_entry(scene, 0, p, j) * base.w[j];
    }
    memory_free(fit);
    memory_free(system);
    return base;
}

/* (A⁻¹)_jk (δ_kᵀ r) − w_k (A⁻¹ Zᵀ δ_k)_j for features j, k. */
static quad source_entry(const struct scene *scene, const struct quad_base *base, int64_t j, int64_t k)
{
    int64_t m = scene->shape.n_feature, s = m + 1;
    quad moved = 0, felt = 0;
    for (int64_t p = 0; p < scene->shape.n_probe; p++) {
        quad delta = scene->dx[p * m + k], response = 0;
        for (int64_t i = 0; i < s && delta != 0; i++)
            response += base->inverse[(j + 1) * s + i] * scene_entry(scene, 0, p, i);
        moved += delta * base->r[p];
        felt += response * delta;
    }
    return base->inverse[(j + 1) * s + k + 1] * moved - base->w[k + 1] * felt;
}

/* All features kept: every entry is as its formula says, and rows add up to the first order's ΔX part. */
static void test_source_shape(struct scene_shape shape)
{
    struct scene scene;
    struct shift shift, only_y;
    struct shift_study *study = NULL;
    int64_t m = shape.n_feature, b = shape.n_behaviour - 1;
    int64_t *kept = memory_allocate(m, sizeof *kept);
    double *matrix = memory_allocate(m * m, sizeof *matrix), *all = memory_allocate(m, sizeof *all);
    double *off = memory_allocate(m, sizeof *off);
    scene_init(&scene, shape);
    shift_init(&shift, shape.n_behaviour, m);
    shift_init(&only_y, shape.n_behaviour, m);
    for (int64_t j = 0; j < m; j++)
        kept[j] = m - 1 - j; /* any order */
    struct rows none;
    rows_init_sparse(&none, m);
    for (int64_t p = 0; p < shape.n_probe; p++)
        rows_add(&none, 0, NULL, NULL);
    struct quad_base base = quad_base(&scene, b);
    CHECK(shift_prepare(&scene.base, SHIFT_AUTO, &study) == STATUS_OK);
    CHECK(shift_compute(study, &none, scene.dy, &only_y) == STATUS_OK);
    CHECK(shift_compute(study, &scene.change, scene.dy, &shift) == STATUS_OK);
    shift_source(study, b, m, kept, &(struct shift_sources){matrix, all, off});
    quad error = 0, size = 0;
    for (int64_t i = 0; i < m; i++) {
        double row = 0, magnitude = 0, x = shift.first_order[b * m + kept[i]] - only_y.first_order[b * m + kept[i]];
        for (int64_t k = 0; k < m; k++) {
            quad expected = source_entry(&scene, &base, kept[i], kept[k]);
            error += ((quad)matrix[i * m + k] - expected) * ((quad)matrix[i * m + k] - expected);
            size += expected * expected;
            row += matrix[i * m + k];
            magnitude += fabs(matrix[i * m + k]);
        }
        CHECK(fabs(row - x) <= 1e-11 * magnitude);
        CHECK(fabs(all[i] - magnitude) <= 1e-13 * magnitude);
        CHECK(fabs(off[i] - (magnitude - fabs(matrix[i * m + i]))) <= 1e-13 * magnitude);
    }
    CHECK(size > 0 && sqrt((double)(error / size)) <= derived);
    double one, one_all, one_off; /* one kept feature alone: the sums are still over all that change */
    shift_source(study, b, 1, &kept[3], &(struct shift_sources){&one, &one_all, &one_off});
    CHECK(fabs(one - matrix[3 * m + 3]) <= 1e-12 * one_all && fabs(one_all - all[3]) <= 1e-12 * all[3]);
    CHECK(fabs(one_off - off[3]) <= 1e-12 * all[3]);
    shift_study_destroy(study);
    memory_free(base.inverse);
    memory_free(base.w);
    memory_free(base.r);
    rows_clear(&none);
    shift_clear(&only_y);
    shift_clear(&shift);
    scene_clear(&scene);
    memory_free(off);
    memory_free(all);
    memory_free(matrix);
    memory_free(kept);
}

static void test_source(void)
{
    struct scene_shape shape = {.n_probe = 18,
                                .n_feature = 25,
                                .n_behaviour = 2,
                                .changed = 5,
                                .density = 1,
                                .part = 1,
                                .size = 1e-2,
                                .lambda = 0.3};
    test_source_shape(shape); /* few features change: only their columns are looked at */
    shape.changed = 25;
    test_source_shape(shape);
    shape.density = 0.3, shape.sparse = true;
    test_source_shape(shape);
    shape.n_probe = 40;
    test_source_shape(shape);
    shape.density = 1, shape.sparse = false, shape.changed = 4;
    test_source_shape(shape);
}

/* ---- bits and refusals ----------------------------------------------------------------------------------------- */

/* One digest for every compiler, optimisation and instruction set that this test is built for. */
static void test_bits(void)
{
    struct digest *digest = digest_create();
    digest_begin(digest);
    for (int form = 0; form < 4; form++)
        for (int route = SHIFT_REFACTOR; route <= SHIFT_LOW_RANK; route++) {
            struct scene_shape shape = {.n_probe = form % 2 ? 90 : 40,
                                        .n_feature = form % 2 ? 37 : 101,
                                        .n_behaviour = 2,
                                        .changed = 8,
                                        .density = form < 2 ? 1 : 0.2,
                                        .part = 0.6,
                                        .size = 0.01,
                                        .lambda = 0.07,
                                        .dual = form % 2 == 0};
            struct scene scene;
            struct shift shift;
            scene_init(&scene, shape);
            measure(&scene, (enum shift_route)route, &shift);
            size_t n = (size_t)(shape.n_behaviour * shape.n_feature) * sizeof(double);
            digest_add(digest, shift.x, n);
            digest_add(digest, shift.y, n);
            digest_add(digest, shift.interaction, n);
            digest_add(digest, shift.first_order, n);
            digest_add(digest, shift.intercept, (size_t)shape.n_behaviour * sizeof(double));
            shift_clear(&shift);
            scene_clear(&scene);
        }
    uint8_t sha256[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    digest_end(digest, sha256);
    digest_destroy(digest);
    hex_encode(sha256, sizeof sha256, hex);
    if (strcmp(hex, "31d0dd7dd466081d2ce5d14627b29238cf248b30b74c3614b93926cfaea08d15") != 0)
        fprintf(stderr, "bits: %s\n", hex);
    CHECK(strcmp(hex, "31d0dd7dd466081d2ce5d14627b29238cf248b30b74c3614b93926cfaea08d15") == 0);
}

static void test_refused(void)
{
    struct scene scene;
    struct shift shift;
    struct shift_study *study = NULL;
    struct scene_shape shape = {.n_probe = 20,
                                .n_feature = 30,
                                .n_behaviour = 1,
                                .changed = 3,
                                .density = 1,
                                .part = 1,
                                .size = 1,
                                .lambda = 1e-18};
    shape.dual = true;
    scene_init(&scene, shape);
    memcpy(scene.rows.dense + 30, scene.rows.dense, 30 * sizeof(double)); /* two probes alike: nearly singular */
    memcpy(scene.x, scene.rows.dense, 600 * sizeof(double));
    memory_free(scene.small);
    scene_base(&scene);
    CHECK_FAILS(shift_prepare(&scene.base, SHIFT_AUTO, &study), NOT_CONVERGED, "lambda 1e-18");
    CHECK(study == NULL);
    scene_clear(&scene);
    shape.lambda = 0.1;
    scene_init(&scene, shape);
    shift_init(&shift, 1, 30);
    CHECK(shift_prepare(&scene.base, SHIFT_AUTO, &study) == STATUS_OK);
    scene.change.value[0] = 1e200; /* its square is out of range */
    CHECK_FAILS(shift_compute(study, &scene.change, scene.dy, &shift), NOT_CONVERGED, "expected");
    scene.change.value[0] = 1; /* the study is as good as before */
    CHECK(shift_compute(study, &scene.change, scene.dy, &shift) == STATUS_OK);
    shift_study_destroy(study);
    shift_clear(&shift);
    scene_clear(&scene);
}

static void test_size(void)
{
    struct shift_shape shape = {.dual = true,
                                .n_probe = 500,
                                .n_feature = 4096,
                                .n_behaviour = 1,
                                .n_kept = 10,
                                .row_entries = 4096,
                                .change_entries = 4096};
    int64_t dense = shift_bytes(&shape);
    double work = shift_operations(&shape);
    CHECK(dense > INT64_C(80) << 20 && dense < INT64_C(300) << 20);
    CHECK(work > 5e8 && work < 5e9);
    shape.row_entries = shape.change_entries = 64;
    CHECK(shift_bytes(&shape) < dense / 3 && shift_operations(&shape) < work / 10);
    shape.n_probe = 1 << 30, shape.n_feature = 1 << 30;
    CHECK(shift_bytes(&shape) == INT64_MAX);
}

int main(void)
{
    test_exact();
    test_sizes();
    test_panels();
    test_nothing_changes();
    test_first_order();
    test_source();
    test_bits();
    test_refused();
    test_size();
    return check_end();
}
