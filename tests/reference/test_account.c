/* A weight of 0 must be an exact zero, bit for bit; every change of a layer must be the sum of its examples'
 * contributions and what momentum kept, up to rounding; and what is left out of the account must show. */
#include "scene.h"

#include <math.h>

#include "reference/training.h"

static const struct images *images;
static const struct admissions all_admitted = {0};

struct stage {
    struct config config;
    struct train_plan plan;
    struct training training;
};

static void begin(struct stage *stage, const char *members)
{
    scene_config(members, &stage->config);
    const struct train_config *train = config_get(&stage->config, "train");
    CHECK(train_plan_make(train, images->n, NULL, &stage->plan) == STATUS_OK);
    training_init(&stage->training, train, &stage->plan, images, &all_admitted);
}

static void end(struct stage *stage)
{
    training_clear(&stage->training);
    config_clear(&stage->config);
}

static bool same_layer(const struct layer *a, const struct layer *b)
{
    return memcmp(a->weight, b->weight, (size_t)(a->n_in * a->n_out) * sizeof(float)) == 0 &&
           memcmp(a->bias, b->bias, (size_t)a->n_out * sizeof(float)) == 0;
}

static bool same_network(const struct network *a, const struct network *b)
{
    bool same = true;
    for (int64_t k = 0; k < a->n_layer; k++)
        same = same && same_layer(&a->layers[k], &b->layers[k]);
    return same;
}

static void pass_through(const struct network *network, int64_t sample, struct pass *pass)
{
    float x[N_PIXEL];
    images_get(images, sample, x);
    network_forward(network, x, images->labels[sample], pass);
    network_backward(network, images->labels[sample], pass);
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

static bool is_left_out(int64_t row)
{
    return row % 5 == 3;
}

/* One step that never adds the gradient of those that are left out, but counts them. */
static void step_without(struct training *training)
{
    const struct train_config *config = training->config;
    const int64_t *rows = training->order + training->step * config->batch;
    int64_t n = 0;
    for (; n < config->batch && rows[n] >= 0; n++) {
        if (is_left_out(rows[n]))
            continue;
        pass_through(&training->network, training->splits.rows[SPLIT_TRAIN][rows[n]], &training->pass);
        network_add_gradient(&training->sum, &training->pass);
    }
    double rate = training->rates[training->step++];
    if (config->momentum > 0) {
        training->momentum.momentum = (float)config->momentum;
        training->momentum.scale = (float)(1 / (double)n);
        training->momentum.rate = (float)rate;
        network_descend_with_momentum(&training->network, &training->momentum, &training->sum);
    } else {
        network_descend(&training->network, &training->sum, (float)(rate / (double)n));
    }
}

static void check_zero(const char *members)
{
    struct stage with, without, all;
    begin(&with, members);
    begin(&without, members);
    begin(&all, members);
    int64_t n_layer = with.training.network.n_layer;
    for (int64_t r = 0; r < with.plan.n_train; r++)
        for (int64_t k = 0; k < n_layer && is_left_out(r); k++)
            with.training.weights[r * n_layer + k] = 0;
    for (int step = 0; step < 100; step++) {
        CHECK(training_step(&with.training) == STATUS_OK);
        CHECK(training_step(&all.training) == STATUS_OK);
        step_without(&without.training);
        CHECK(same_network(&with.training.network, &without.training.network));
    }
    CHECK(!same_network(&with.training.network, &all.training.network));
    end(&with);
    end(&without);
    end(&all);
}

/* Some examples added at these weights; the last one alone has others than 1. */
static void add_some(struct stage *stage, struct network *sum, const float *last)
{
    const float *ones = stage->training.weights; /* nobody is damped in this training */
    for (int64_t i = 0; i < 9; i++) {
        pass_through(&stage->training.network, i, &stage->training.pass);
        if (i < 8 || last != NULL)
            network_add_weighted_gradient(sum, i < 8 ? ones : last, &stage->training.pass);
    }
}

/* A layer from which an example is kept out is as if it were not there, and the others are as if it were. */
static void check_one_layer(void)
{
    struct stage stage;
    struct network sums[3], alone[2];
    begin(&stage, "\"directory\": \"-\"");
    for (int s = 0; s < 3; s++)
        network_init_like(&sums[s], &stage.training.network);
    add_some(&stage, &sums[0], (const float[]){0, 1, 1});
    add_some(&stage, &sums[1], NULL);
    add_some(&stage, &sums[2], (const float[]){1, 1, 1});
    CHECK(same_layer(&sums[0].layers[0], &sums[1].layers[0]) && !same_layer(&sums[0].layers[0], &sums[2].layers[0]));
    CHECK(same_layer(&sums[0].layers[1], &sums[2].layers[1]) && !same_layer(&sums[0].layers[1], &sums[1].layers[1]));
    CHECK(same_layer(&sums[0].layers[2], &sums[2].layers[2]) && !same_layer(&sums[0].layers[2], &sums[1].layers[2]));
    for (int s = 0; s < 2; s++) {
        network_init_like(&alone[s], &stage.training.network);
        network_add_weighted_gradient(&alone[s], s ? (const float[]){2, 0.5F, 0} : stage.training.weights,
                                      &stage.training.pass);
    }
    for (int64_t j = 0; j < 32; j++)
        CHECK(alone[1].layers[1].bias[j] == 0.5F * alone[0].layers[1].bias[j]);
    for (int64_t i = 0; i < 64 * 64; i++)
        CHECK(alone[1].layers[0].weight[i] == 2 * alone[0].layers[0].weight[i]);
    /* Zero even times what is not a number. */
    stage.training.pass.gradient[2][3] = INFINITY;
    stage.training.pass.gradient[2][4] = NAN;
    network_add_weighted_gradient(&sums[0], (const float[]){0, 0, 0}, &stage.training.pass);
    CHECK(same_layer(&sums[0].layers[2], &sums[2].layers[2]));
    for (int s = 0; s < 3; s++)
        network_clear(&sums[s]);
    for (int s = 0; s < 2; s++)
        network_clear(&alone[s]);
    end(&stage);
}

/* ---- the account ------------------------------------------------------------------------------------------------ */

/* Weights of all sorts, none of them in all layers the same. */
static void set_weights(struct stage *stage)
{
    static const float choice[] = {1, 0, 0.5F, 2, 0.3F};
    int64_t n = stage->plan.n_train * stage->training.network.n_layer;
    for (int64_t i = 0; i < n; i++)
        stage->training.weights[i] = choice[i % 5];
}

static bool is_near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fmax(fabs(a), fabs(b));
}

/* Parameter p of a layer: its weights, then its biases. */
static double parameter(const struct layer *layer, int64_t p)
{
    int64_t n_weight = layer->n_in * layer->n_out;
    return (double)(p < n_weight ? layer->weight[p] : layer->bias[p - n_weight]);
}

/* Norm and share of one example in layer k, from the definitions, parameter by parameter. */
static void define(const struct stage *stage, const struct network *before, int64_t k, double factor, double *norm,
                   double *share)
{
    const struct layer *now = &stage->training.network.layers[k], *then = &before->layers[k];
    const struct pass *pass = &stage->training.pass;
    double squares = 0, product = 0, change_squares = 0;
    for (int64_t p = 0; p < (now->n_in + 1) * now->n_out; p++) {
        int64_t i = p / now->n_out, j = p % now->n_out;
        double input = i < now->n_in ? (double)pass->input[k][i] : 1;
        double c = factor * input * (double)pass->gradient[k][j];
        double change = parameter(now, p) - parameter(then, p);
        squares += c * c;
        product += c * change;
        change_squares += change * change;
    }
    *norm = sqrt(squares);
    *share = product / change_squares;
}

static void check_against_definitions(const struct stage *stage, const struct account *account,
                                      const struct network *before)
{
    const struct training *training = &stage->training;
    int64_t n_layer = training->network.n_layer, step = training->step - 1;
    const int64_t *rows = training->order + step * training->config->batch;
    double rate = training->rates[step] / (double)account->n;
    struct pass *pass = (struct pass *)&training->pass;
    for (int64_t i = 0; i < account->n; i++) {
        pass_through(before, account->samples[i], pass);
        CHECK(account->samples[i] == training->splits.rows[SPLIT_TRAIN][rows[i]]);
        CHECK(account->losses[i] == (float)pass->loss);
        for (int64_t k = 0; k < n_layer; k++) {
            double norm, share, weight = (double)training->weights[rows[i] * n_layer + k];
            define(stage, before, k, -rate * weight, &norm, &share);
            CHECK(is_near((double)account->layers[k].norms[i], norm, 1e-6));
            CHECK(is_near(account->layers[k].shares[i], share, 1e-5) || fabs(share) < 1e-9);
            CHECK(weight != 0 || (account->layers[k].norms[i] == 0 && account->layers[k].shares[i] == 0));
        }
    }
}

static void check_conservation(const char *members, bool has_momentum)
{
    struct stage stage;
    struct account account;
    struct network before;
    begin(&stage, members);
    set_weights(&stage);
    account_init(&account, &stage.training.network, stage.training.config->batch);
    network_init_like(&before, &stage.training.network);
    stage.training.account = &account;
    for (int step = 0; step < 150; step++) {
        network_copy(&before, &stage.training.network);
        CHECK(training_step(&stage.training) == STATUS_OK);
        for (int64_t k = 0; k < account.n_layer; k++) {
            const struct layer_account *layer = &account.layers[k];
            double shares = layer->momentum_share;
            for (int64_t i = 0; i < account.n; i++)
                shares += layer->shares[i];
            CHECK(layer->delta_norm > 0 && layer->residual <= layer->rounding);
            CHECK(layer->rounding < 1e-4 && layer->rounding < 0.05 * layer->delta_norm);
            CHECK(fabs(shares - 1) <= 1e-12 + layer->residual / layer->delta_norm);
            CHECK((layer->momentum_norm > 0) == (has_momentum && step > 0));
        }
        if (step % 50 == 44) /* a short batch among them */
            check_against_definitions(&stage, &account, &before);
    }
    network_clear(&before);
    account_clear(&account);
    end(&stage);
}

/* ---- violations ------------------------------------------------------------------------------------------------- */

/* A step in which sample 0 is used twice; `told` of its uses are in the account, and `others` of 15 other samples. */
static void step_with_reuse(struct stage *stage, struct account *account, int64_t told, int64_t others)
{
    struct training *training = &stage->training;
    const float *ones = training->weights;
    account_begin(account, &training->network, NULL);
    for (int64_t i = 0; i < 17; i++) {
        int64_t sample = i < 2 ? 0 : i;
        pass_through(&training->network, sample, &training->pass);
        network_add_gradient(&training->sum, &training->pass);
        if (i < 2 ? i < told : i - 2 < others)
            account_add(account, sample, ones, &training->pass);
    }
    float scale = 0.3F / 17;
    network_descend(&training->network, &training->sum, scale);
    account_end(account, &training->network, &(struct account_step){1, (double)scale, 0});
}

static void check_violations(void)
{
    static const int64_t told[][2] = {{2, 15}, {1, 15}, {2, 14}, {0, 15}}; /* all; a use unlogged; one dropped; both */
    for (size_t t = 0; t < sizeof told / sizeof *told; t++) {
        struct stage stage;
        struct account account;
        begin(&stage, "\"directory\": \"-\"");
        account_init(&account, &stage.training.network, 17);
        step_with_reuse(&stage, &account, told[t][0], told[t][1]);
        for (int64_t k = 0; k < account.n_layer; k++)
            CHECK(t == 0 ? account.layers[k].residual <= account.layers[k].rounding
                         : account.layers[k].residual > 100 * account.layers[k].rounding);
        account_clear(&account);
        end(&stage);
    }
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    struct config config;
    struct images loaded;
    scene_config("\"directory\": \"-\"", &config);
    CHECK(images_load(MPI_COMM_SELF, config_get(&config, "train"), "", &loaded) == STATUS_OK);
    config_clear(&config);
    images = &loaded;
    check_zero("\"directory\": \"-\"");
    check_zero("\"directory\": \"-\", \"hidden\": [9], \"batch\": 50, \"momentum\": 0.9");
    check_one_layer();
    check_conservation("\"directory\": \"-\"", false);
    check_conservation("\"directory\": \"-\", \"momentum\": 0.9, \"learning_rate\": {\"initial\": 0.1}", true);
    check_conservation("\"directory\": \"-\", \"hidden\": [], \"batch\": 7, \"momentum\": 0.5", true);
    check_violations();
    images_clear(&loaded);
    int code = check_end();
    MPI_Finalize();
    return code;
}
