/* The network's loss, gradients and updates must be those of the mathematics: an independent double-precision forward
 * pass, finite differences of its loss, and the update rule written out. */
#include "check.h"

#include <math.h>

#include "base/memory.h"
#include "reference/network.h"
#include "reference/rng.h"

enum { N_LAYER = 3 };
static const int64_t widths[N_LAYER + 1] = {6, 5, 4, 3};

/* The same network in double, weights as nested arrays; written apart from network.c on purpose. */
struct copy {
    double weight[N_LAYER][8][8], bias[N_LAYER][8]; /* [in][out] */
};

static void copy_network(const struct network *network, struct copy *copy)
{
    for (int64_t k = 0; k < N_LAYER; k++)
        for (int64_t j = 0; j < widths[k + 1]; j++) {
            copy->bias[k][j] = (double)network->layers[k].bias[j];
            for (int64_t i = 0; i < widths[k]; i++)
                copy->weight[k][i][j] = (double)network->layers[k].weight[i * widths[k + 1] + j];
        }
}

/* Loss of one example; `shift` (may be NULL) is added to the outputs of the layers. */
static double copy_loss(const struct copy *copy, const float *x, int64_t label, double (*shift)[8])
{
    double a[8], z[8];
    for (int64_t i = 0; i < widths[0]; i++)
        a[i] = (double)x[i];
    for (int64_t k = 0; k < N_LAYER; k++) {
        for (int64_t j = 0; j < widths[k + 1]; j++) {
            z[j] = copy->bias[k][j] + (shift != NULL ? shift[k][j] : 0);
            for (int64_t i = 0; i < widths[k]; i++)
                z[j] += a[i] * copy->weight[k][i][j];
        }
        for (int64_t j = 0; j < widths[k + 1]; j++)
            a[j] = fmax(z[j], 0);
    }
    double sum = 0;
    for (int64_t j = 0; j < widths[N_LAYER]; j++)
        sum += exp(z[j]);
    return log(sum) - z[label];
}

static void random_input(int64_t seed, float *x)
{
    struct rng rng;
    rng_init(&rng, seed, STREAM_SPLIT, 99);
    for (int64_t i = 0; i < widths[0]; i++)
        x[i] = i == 2 ? 0 : 2 * rng_uniform(&rng) - 0.5f; /* one input is zero: the skipped case */
}

static void randomise_all(struct network *network, int64_t seed)
{
    network_randomise(network, seed);
    struct rng rng;
    rng_init(&rng, seed, STREAM_SPLIT, 100);
    for (int64_t k = 0; k < N_LAYER; k++)
        for (int64_t j = 0; j < widths[k + 1]; j++)
            network->layers[k].bias[j] = 0.6f * rng_uniform(&rng) - 0.2f;
}

static void check_forward_and_gradients(const struct network *network, const float *x, int64_t label)
{
    struct pass pass;
    struct copy copy = {0};
    pass_init(&pass, network);
    copy_network(network, &copy);
    network_forward(network, x, label, &pass);
    network_backward(network, label, &pass);
    CHECK(fabs(pass.loss - copy_loss(&copy, x, label, NULL)) < 1e-6);

    double sum = 0;
    for (int64_t j = 0; j < widths[N_LAYER]; j++)
        sum += pass.probability[j];
    CHECK(fabs(sum - 1) < 1e-14 && fabs(-log(pass.probability[label]) - pass.loss) < 1e-12);

    const double step = 1e-5;
    for (int64_t k = 0; k < N_LAYER; k++)
        for (int64_t j = 0; j < widths[k + 1]; j++) {
            double shift[N_LAYER][8] = {{0}};
            shift[k][j] = step;
            double up = copy_loss(&copy, x, label, shift);
            shift[k][j] = -step;
            double down = copy_loss(&copy, x, label, shift);
            CHECK(fabs((up - down) / (2 * step) - (double)pass.gradient[k][j]) < 2e-6);
        }
    pass_clear(&pass);
}

/* Σ gradients of two examples, against finite differences of the summed loss in every single parameter. */
static void check_parameter_gradients(const struct network *network, float x[2][8], const int64_t *labels)
{
    struct network sum;
    struct pass pass;
    struct copy copy = {0};
    network_init(&sum, widths, N_LAYER);
    pass_init(&pass, network);
    copy_network(network, &copy);
    for (int e = 0; e < 2; e++) {
        network_forward(network, x[e], labels[e], &pass);
        network_backward(network, labels[e], &pass);
        network_add_gradient(&sum, &pass);
    }
    const double step = 1e-5;
    for (int64_t k = 0; k < N_LAYER; k++)
        for (int64_t i = 0; i <= widths[k]; i++)
            for (int64_t j = 0; j < widths[k + 1]; j++) {
                double *parameter = i < widths[k] ? &copy.weight[k][i][j] : &copy.bias[k][j], kept = *parameter;
                double found =
                    i < widths[k] ? (double)sum.layers[k].weight[i * widths[k + 1] + j] : (double)sum.layers[k].bias[j];
                *parameter = kept + step;
                double up = copy_loss(&copy, x[0], labels[0], NULL) + copy_loss(&copy, x[1], labels[1], NULL);
                *parameter = kept - step;
                double down = copy_loss(&copy, x[0], labels[0], NULL) + copy_loss(&copy, x[1], labels[1], NULL);
                *parameter = kept;
                CHECK(fabs((up - down) / (2 * step) - found) < 4e-6);
            }
    pass_clear(&pass);
    network_clear(&sum);
}

static void check_descent(void)
{
    struct network network, sum;
    network_init(&network, widths, N_LAYER);
    network_init(&sum, widths, N_LAYER);
    for (int64_t k = 0; k < N_LAYER; k++) {
        for (int64_t i = 0; i < widths[k] * widths[k + 1]; i++) {
            network.layers[k].weight[i] = (float)(i + 1);
            sum.layers[k].weight[i] = (float)(2 * i);
        }
        for (int64_t j = 0; j < widths[k + 1]; j++)
            sum.layers[k].bias[j] = 8;
    }
    network_descend(&network, &sum, 0.25f);
    for (int64_t k = 0; k < N_LAYER; k++) {
        for (int64_t i = 0; i < widths[k] * widths[k + 1]; i++)
            CHECK(network.layers[k].weight[i] == (float)(i + 1) - 0.5f * (float)i && sum.layers[k].weight[i] == 0);
        for (int64_t j = 0; j < widths[k + 1]; j++)
            CHECK(network.layers[k].bias[j] == -2 && sum.layers[k].bias[j] == 0);
    }
    network_clear(&network);
    network_clear(&sum);
}

/* He: variance 2 / n_in, mean 0, bounded by sqrt(6 / n_in); and layers differ. */
static void check_initial_weights(void)
{
    static const int64_t wide[3] = {100, 400, 400};
    struct network network;
    network_init(&network, wide, 2);
    network_randomise(&network, 3);
    for (int k = 0; k < 2; k++) {
        double mean = 0, square = 0, largest = 0;
        int64_t n = wide[k] * wide[k + 1];
        for (int64_t i = 0; i < n; i++) {
            double w = (double)network.layers[k].weight[i];
            mean += w / (double)n;
            square += w * w / (double)n;
            largest = fmax(largest, fabs(w));
        }
        double variance = 2 / (double)wide[k], limit = sqrt(6 / (double)wide[k]);
        CHECK(fabs(mean) < 5 * sqrt(variance / (double)n));
        CHECK(fabs(square / variance - 1) < 0.03);
        CHECK(largest <= limit * (1 + 1e-7) && largest > 0.99 * limit);
        for (int64_t j = 0; j < wide[k + 1]; j++)
            CHECK(network.layers[k].bias[j] == 0);
    }
    CHECK(network.layers[0].weight[0] * 2 != network.layers[1].weight[0]); /* limits are 2 : 1: no stream used twice */
    network_clear(&network);
}

static void check_prediction_and_nan(struct network *network)
{
    struct pass pass;
    float x[8] = {1, 1, 1, 1, 1, 1};
    pass_init(&pass, network);
    network_forward(network, x, 0, &pass);
    pass.logits[0] = 1;
    pass.logits[1] = 4;
    pass.logits[2] = 4;
    CHECK(pass_prediction(network, &pass) == 1); /* the first of equals */
    network->layers[0].bias[1] = NAN;
    network_forward(network, x, 0, &pass);
    CHECK(isnan(pass.loss)); /* not swallowed by a ReLU */
    pass_clear(&pass);
}

int main(void)
{
    struct network network;
    network_init(&network, widths, N_LAYER);
    for (int64_t seed = 1; seed <= 20; seed++) {
        float x[2][8] = {{0}};
        const int64_t labels[2] = {seed % 3, (seed + 1) % 3};
        randomise_all(&network, seed);
        random_input(seed, x[0]);
        random_input(seed + 1000, x[1]);
        check_forward_and_gradients(&network, x[0], labels[0]);
        check_parameter_gradients(&network, x, labels);
    }
    check_prediction_and_nan(&network);
    network_clear(&network);
    check_descent();
    check_initial_weights();
    return check_end();
}
