#include "reference/feature_notes.h"

#include "base/memory.h"
#include "config/json.h"

void feature_notes_init(struct feature_notes *notes, const struct autoencoder *autoencoder,
                        const struct activations *activations, const struct images *images, const int64_t *samples)
{
    *notes = (struct feature_notes){
        .n_feature = autoencoder->n_feature,
        .n_fired = memory_allocate(autoencoder->n_feature * N_CLASS, sizeof *notes->n_fired),
        .sum = memory_allocate(autoencoder->n_feature * N_CLASS, sizeof *notes->sum),
    };
    struct excitation excitation;
    excitation_init(&excitation, autoencoder);
    for (int64_t r = 0; r < activations->n; r++) {
        int digit = images->labels[samples[r]];
        notes->n_sample[digit]++;
        autoencoder_encode(autoencoder, activations->rows + r * activations->width, &excitation);
        for (int64_t a = 0; a < excitation.n; a++) {
            int64_t at = excitation.features[a] * N_CLASS + digit;
            notes->n_fired[at]++;
            notes->sum[at] += (double)excitation.values[a];
        }
    }
    excitation_clear(&excitation);
}

void feature_notes_clear(struct feature_notes *notes)
{
    memory_free(notes->n_fired);
    memory_free(notes->sum);
    *notes = (struct feature_notes){0};
}

/* Mean on the digit's samples less the mean on all others. */
static double contrast(const struct feature_notes *notes, int64_t feature, int digit)
{
    double others = 0;
    int64_t n_other = 0;
    for (int c = 0; c < N_CLASS; c++)
        if (c != digit) {
            others += notes->sum[feature * N_CLASS + c];
            n_other += notes->n_sample[c];
        }
    double own = notes->sum[feature * N_CLASS + digit] / (double)notes->n_sample[digit];
    return n_other > 0 ? own - others / (double)n_other : own;
}

int64_t features_of_digit(const struct feature_notes *notes, int digit, int64_t n, int64_t *chosen)
{
    if (notes->n_sample[digit] == 0)
        return 0;
    double *contrasts = memory_allocate(n, sizeof *contrasts);
    int64_t n_chosen = 0;
    for (int64_t j = 0; j < notes->n_feature; j++) {
        double value = contrast(notes, j, digit);
        bool is_full = n_chosen == n;
        if (!(value > 0) || (is_full && value <= contrasts[n - 1]))
            continue;
        int64_t place = is_full ? n - 1 : n_chosen++;
        for (; place > 0 && contrasts[place - 1] < value; place--) {
            contrasts[place] = contrasts[place - 1];
            chosen[place] = chosen[place - 1];
        }
        contrasts[place] = value;
        chosen[place] = j;
    }
    memory_free(contrasts);
    return n_chosen;
}

/* The digit that excites a feature most often, the first among equals; *all: how many samples do. */
static int most_frequent(const struct feature_notes *notes, int64_t feature, int64_t *all)
{
    const int64_t *n_fired = notes->n_fired + feature * N_CLASS;
    int most = 0;
    *all = 0;
    for (int c = 0; c < N_CLASS; c++) {
        *all += n_fired[c];
        most = n_fired[c] > n_fired[most] ? c : most;
    }
    return most;
}

void feature_label(const struct feature_notes *notes, int64_t feature, struct text *text)
{
    int64_t all;
    int most = most_frequent(notes, feature, &all);
    if (all == 0)
        text_add(text, "dead");
    else
        text_add(text, "%s %d", 2 * notes->n_fired[feature * N_CLASS + most] > all ? "mostly" : "often", most);
}

void features_list(const struct feature_notes *notes, struct text *text)
{
    int64_t n_sample = 0;
    for (int c = 0; c < N_CLASS; c++)
        n_sample += notes->n_sample[c];
    for (int64_t j = 0; j < notes->n_feature; j++) {
        int64_t all;
        int most = most_frequent(notes, j, &all);
        text_add(text, "{\"index\": %lld, \"label\": \"", (long long)j);
        feature_label(notes, j, text);
        text_add(text, "\", \"active\": ");
        json_add_number(text, (double)all / (double)n_sample);
        text_add(text, ", \"share\": ");
        json_add_number(text, all > 0 ? (double)notes->n_fired[j * N_CLASS + most] / (double)all : 0);
        text_add(text, "}\n");
    }
}
