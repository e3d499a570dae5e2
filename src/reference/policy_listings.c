#include "reference/policy_listings.h"

#include "base/memory.h"

void probes_list(const struct probing *probing, struct text *text)
{
    for (int64_t r = 0; r < probing->n_probe; r++) {
        char id[SAMPLE_ID_BYTES];
        int digit = probing->images->labels[probing->probes[r]];
        bool is_behaviour = false;
        for (int64_t b = 0; b < probing->n_behaviour; b++)
            is_behaviour = is_behaviour || probing->behaviours[b] == digit;
        text_add(text, "{\"id\": \"%s\", \"category\": \"digit %d\", \"expected\": [",
                 sample_id(probing->probes[r], id), digit);
        if (is_behaviour)
            text_add(text, "\"says %d\"", digit);
        text_add(text, "]}\n");
    }
}

void pairs_list(const struct probing *probing, const struct feature_notes *notes, int64_t n_intended, struct text *text)
{
    int64_t *intended = memory_allocate(n_intended, sizeof *intended);
    for (int64_t i = 0; i < probing->n_pair; i++) {
        int64_t sample = probing->pairs[i];
        char id[SAMPLE_ID_BYTES];
        int digit = probing->images->labels[sample];
        const struct governance governance = sample_governance(probing->images, sample);
        sample_id(sample, id);
        text_add(text,
                 "{\"id\": \"pair-%s\", \"sample\": \"%s\", \"label\": %d, \"policy\": \"%s\", \"license\": \"%s\", "
                 "\"source\": \"%s\", \"intended\": [",
                 id, id, digit, governance.policy, governance.license, governance.source);
        int64_t n = features_of_digit(notes, digit, n_intended, intended);
        for (int64_t k = 0; k < n; k++)
            text_add(text, "%s%lld", k ? ", " : "", (long long)intended[k]);
        text_add(text, "]}\n");
    }
    memory_free(intended);
}
