/* Probes and pairs must be chosen evenly and in a stated order; an update must start from the final network each time,
 * leave it as it is, and say when it leaves the finite numbers; pairs must give the same responses on any number of
 * ranks, wherever they are gathered, and a rank that fails must not keep the others waiting. */
#include <mpi.h>

#include "check.h"

#include <math.h>

#include "base/memory.h"
#include "reference/pair_share.h"
#include "reference/policy_listings.h"
#include "reference/probing.h"

enum { N_IMAGE = 60, N_PROBE = 9, N_PAIR = 5, N_BEHAVIOUR = 2, N_HIDDEN = 6 };

static int rank, size;
static uint8_t pixels[N_IMAGE * N_PIXEL], labels[N_IMAGE];

/* Images of a pattern per digit; many digits 1, no digit 4, one digit 9. */
static struct images make_images(void)
{
    for (int i = 0; i < N_IMAGE; i++) {
        static const uint8_t few[] = {0, 2, 3, 5, 6, 7, 8};
        labels[i] = i == 17 ? 9 : i % 3 == 0 ? 1 : few[i % 7];
        for (int j = 0; j < N_PIXEL; j++)
            pixels[i * N_PIXEL + j] = (uint8_t)((j * (labels[i] + 2) + i) % (PIXEL_MAXIMUM + 1));
    }
    return (struct images){.n = N_IMAGE, .pixels = pixels, .labels = labels};
}

static void check_choice(const struct images *images)
{
    int64_t rows[N_IMAGE], chosen[N_IMAGE], available[N_CLASS] = {0};
    for (int i = 0; i < N_IMAGE; i++) {
        rows[i] = i;
        available[labels[i]]++;
    }
    for (int64_t n = 1; n <= N_IMAGE; n++) {
        int64_t taken[N_CLASS] = {0}, most = 0;
        choose_evenly(images, rows, N_IMAGE, n, chosen);
        for (int64_t k = 0; k < n; k++) {
            int digit = labels[chosen[k]];
            int64_t before = 0; /* of this digit, chosen and in all */
            for (int64_t i = 0; i < chosen[k]; i++)
                before += labels[i] == digit;
            CHECK(before == taken[digit]++); /* the first ones, in their order */
            CHECK(k == 0 || labels[chosen[k - 1]] <= digit);
            most = taken[digit] > most ? taken[digit] : most;
        }
        for (int digit = 0; digit < N_CLASS; digit++)
            CHECK(taken[digit] == available[digit] || taken[digit] >= most - 1);
    }
    const int64_t some[] = {5, 8, 11}; /* only these, whatever else there is */
    choose_evenly(images, some, 3, 2, chosen);
    CHECK((chosen[0] == 5 || chosen[0] == 8 || chosen[0] == 11) && chosen[1] != chosen[0]);
}

static void make_network(struct network *network)
{
    network_init(network, (const int64_t[]){N_PIXEL, 8, N_HIDDEN, N_CLASS}, 3);
    network_randomise(network, 3);
}

static void make_probing(struct probing *probing, const struct network *network, const struct images *images,
                         double rate)
{
    static int64_t probes[N_PROBE], pairs[N_PAIR], behaviours[N_BEHAVIOUR] = {3, 8};
    for (int i = 0; i < N_PROBE; i++)
        probes[i] = 3 + 4 * i;
    for (int i = 0; i < N_PAIR; i++)
        pairs[i] = 50 + i;
    *probing = (struct probing){.network = network,
                                .images = images,
                                .probes = probes,
                                .pairs = pairs,
                                .behaviours = behaviours,
                                .n_probe = N_PROBE,
                                .n_pair = N_PAIR,
                                .n_behaviour = N_BEHAVIOUR,
                                .n_hidden = N_HIDDEN,
                                .rate = rate};
}

static struct response make_response(int64_t n)
{
    return (struct response){memory_allocate(n * N_PROBE * N_HIDDEN, sizeof(float)),
                             memory_allocate(n * N_PROBE * N_BEHAVIOUR, sizeof(double))};
}

static void free_response(struct response *response)
{
    memory_free(response->hidden);
    memory_free(response->probability);
}

static bool same_floats(const float *a, const float *b, int64_t n)
{
    int64_t same = 0;
    while (same < n && a[same] == b[same])
        same++;
    return same == n;
}

static bool same_response(const struct response *a, const struct response *b, int64_t n)
{
    int64_t n_probability = n * N_PROBE * N_BEHAVIOUR, same = 0;
    while (same < n_probability && a->probability[same] == b->probability[same])
        same++;
    return same == n_probability && same_floats(a->hidden, b->hidden, n * N_PROBE * N_HIDDEN);
}

/* The response after a step on `sample`, by the network's own functions. */
static void respond_to(const struct probing *probing, int64_t sample, const struct response *response)
{
    struct network network, gradient;
    struct pass pass;
    float x[N_PIXEL];
    make_network(&network);
    network_init_like(&gradient, &network);
    pass_init(&pass, &network);
    images_get(probing->images, sample, x);
    network_forward(&network, x, labels[sample], &pass);
    network_backward(&network, labels[sample], &pass);
    network_add_gradient(&gradient, &pass);
    network_descend(&network, &gradient, (float)probing->rate);
    for (int r = 0; r < N_PROBE; r++) {
        images_get(probing->images, probing->probes[r], x);
        network_forward(&network, x, 0, &pass);
        memcpy(response->hidden + r * N_HIDDEN, pass.input[2], N_HIDDEN * sizeof(float));
        response->probability[r * N_BEHAVIOUR] = pass.probability[3];
        response->probability[r * N_BEHAVIOUR + 1] = pass.probability[8];
    }
    pass_clear(&pass);
    network_clear(&network);
    network_clear(&gradient);
}

static void check_update(const struct probing *probing)
{
    struct response all = make_response(N_PAIR), one = make_response(1), before = make_response(1);
    float *hidden = memory_allocate(N_PROBE * N_HIDDEN, sizeof *hidden);
    probing_measure(probing, probing->network, &before);
    hidden_of_samples(probing->network, probing->images, probing->probes, N_PROBE, hidden);
    CHECK(same_floats(hidden, before.hidden, N_PROBE * N_HIDDEN));
    CHECK(probing_update(probing, 0, N_PAIR, &all) == STATUS_OK);
    for (int i = 0; i < N_PAIR; i++) {
        const struct response of_pair = {all.hidden + i * N_PROBE * N_HIDDEN,
                                         all.probability + i * N_PROBE * N_BEHAVIOUR};
        respond_to(probing, probing->pairs[i], &one);
        CHECK(same_response(&of_pair, &one, 1) && !same_response(&of_pair, &before, 1));
    }
    probing_measure(probing, probing->network, &one);
    CHECK(same_response(&one, &before, 1)); /* the network is as it was */
    CHECK(probing_update(probing, 3, 1, &one) == STATUS_OK);
    CHECK(same_floats(one.hidden, all.hidden + 3 * N_PROBE * N_HIDDEN, N_PROBE * N_HIDDEN));
    free_response(&all);
    free_response(&one);
    free_response(&before);
    memory_free(hidden);
}

static void check_shares(const struct probing *probing)
{
    struct response alone = make_response(N_PAIR), all = make_response(N_PAIR);
    CHECK(probing_update(probing, 0, N_PAIR, &alone) == STATUS_OK);
    for (int root = 0; root < size; root++) {
        struct response none = {0};
        memset(all.hidden, 0xff, N_PAIR * N_PROBE * N_HIDDEN * sizeof(float));
        CHECK(pairs_update(MPI_COMM_WORLD, probing, root, rank == root ? &all : &none) == STATUS_OK);
        CHECK(rank != root || same_response(&all, &alone, N_PAIR));
    }
    free_response(&alone);
    free_response(&all);
}

/* A rate that leaves the finite numbers; and on one rank only, as no config can ask for. */
static void check_failures(const struct probing *probing)
{
    struct probing wild = *probing;
    struct response all = make_response(N_PAIR);
    wild.rate = 1e30;
    CHECK_FAILS(probing_update(&wild, 0, N_PAIR, &all), NOT_CONVERGED, "the update on pair-digit-0050 leaves");
    CHECK_FAILS(probing_update(&wild, 4, 1, &all), NOT_CONVERGED, "train.policy.learning_rate than 1e+30");
    bool is_guilty = rank == size - 1;
    enum status status = pairs_update(MPI_COMM_WORLD, is_guilty ? &wild : probing, 0, &all);
    CHECK(is_guilty ? status == NOT_CONVERGED : status == STATUS_OK);
    free_response(&all);
}

static void check_listings(const struct probing *probing)
{
    struct text text;
    text_init(&text);
    probes_list(probing, &text);
    CHECK(strstr(text.bytes, "{\"id\": \"digit-0003\", \"category\": \"digit 1\", \"expected\": []}\n") == text.bytes);
    CHECK(strstr(text.bytes, "{\"id\": \"digit-0023\", \"category\": \"digit 3\", \"expected\": [\"says 3\"]}\n") !=
          NULL);
    text_clear(&text);
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    struct images images = make_images();
    struct network network;
    struct probing probing;
    make_network(&network);
    make_probing(&probing, &network, &images, 0.5);
    check_choice(&images);
    check_update(&probing);
    check_shares(&probing);
    check_failures(&probing);
    check_listings(&probing);
    network_clear(&network);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
