/* Labels, and the features that stand for a digit, must follow from the samples that excite them. */
#include "check.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/json.h"
#include "reference/feature_notes.h"

enum { N_SAMPLE = 8, N_FEATURE = 6, WIDTH = N_FEATURE };

/* Feature j is coordinate j; all but the negative ones are kept. */
static const float rows[N_SAMPLE * WIDTH] = {
    4, 0, 1, 0,  2, 0, /* digit 3 */
    6, 0, 1, 0,  2, 0, /* digit 3 */
    0, 1, 1, 0,  0, 0, /* digit 3 */
    0, 5, 0, 0,  2, 0, /* digit 7 */
    1, 7, 0, 0,  2, 0, /* digit 7 */
    0, 0, 3, -9, 0, 8, /* digit 0 */
    0, 0, 3, -9, 0, 0, /* digit 0 */
    0, 0, 0, 0,  0, 8, /* digit 9 */
};
static uint8_t labels[] = {9, 3, 3, 3, 7, 7, 0, 0, 9};
static const int64_t samples[N_SAMPLE] = {1, 2, 3, 4, 5, 6, 7, 8};

static void notes_of_rows(struct feature_notes *notes)
{
    struct autoencoder model;
    const struct images images = {.n = sizeof labels, .labels = labels};
    autoencoder_init(&model, WIDTH, N_FEATURE, N_FEATURE);
    for (int j = 0; j < N_FEATURE; j++)
        model.encoder[j * N_FEATURE + j] = 1;
    feature_notes_init(notes, &model, &(struct activations){N_SAMPLE, WIDTH, rows}, &images, samples);
    autoencoder_clear(&model);
}

static void check_counts(const struct feature_notes *notes)
{
    CHECK(notes->n_feature == N_FEATURE && notes->n_sample[3] == 3 && notes->n_sample[7] == 2);
    CHECK(notes->n_sample[0] == 2 && notes->n_sample[9] == 1 && notes->n_sample[1] == 0);
    CHECK(notes->n_fired[0 * N_CLASS + 3] == 2 && notes->sum[0 * N_CLASS + 3] == 10);
    CHECK(notes->n_fired[3 * N_CLASS + 0] == 0 && notes->sum[3 * N_CLASS + 0] == 0);
}

static void check_digits(const struct feature_notes *notes)
{
    int64_t chosen[N_FEATURE];
    /* Of digit 3 against the five others: 10/3 − 1/5, 1/3 − 12/5, 1 − 6/5, 0, 4/3 − 4/5, −16/5. */
    CHECK(features_of_digit(notes, 3, 3, chosen) == 2 && chosen[0] == 0 && chosen[1] == 4);
    CHECK(features_of_digit(notes, 3, 1, chosen) == 1 && chosen[0] == 0);
    /* Of 7: 1/2 − 10/6, 6 − 1/6, …, 2 − 4/6. */
    CHECK(features_of_digit(notes, 7, N_FEATURE, chosen) == 2 && chosen[0] == 1 && chosen[1] == 4);
    /* Of 0: feature 5, 4 − 8/6, before feature 2, 3 − 3/6, which comes earlier. */
    CHECK(features_of_digit(notes, 0, 2, chosen) == 2 && chosen[0] == 5 && chosen[1] == 2);
    CHECK(features_of_digit(notes, 1, 2, chosen) == 0); /* no sample of it */
}

static void check_labels(const struct feature_notes *notes)
{
    static const char *const expected[N_FEATURE] = {"mostly 3", "mostly 7", "mostly 3", "dead", "often 3", "often 0"};
    static const double active[N_FEATURE] = {3.0 / 8, 3.0 / 8, 5.0 / 8, 0, 4.0 / 8, 2.0 / 8};
    static const double share[N_FEATURE] = {2.0 / 3, 2.0 / 3, 3.0 / 5, 0, 2.0 / 4, 1.0 / 2};
    struct text text;
    text_init(&text);
    features_list(notes, &text);
    const char *line = text.bytes;
    for (int j = 0; j < N_FEATURE; j++) {
        cJSON *json = NULL;
        int64_t index = -1;
        size_t n = strcspn(line, "\n");
        CHECK(json_parse_line(line, n, "features.jsonl", j + 1, BAD_INPUT, &json) == STATUS_OK);
        CHECK(json_integer(json_member(json, "index"), &index) && index == j);
        CHECK(strcmp(cJSON_GetStringValue(json_member(json, "label")), expected[j]) == 0);
        CHECK(cJSON_GetNumberValue(json_member(json, "active")) == active[j]);
        CHECK(cJSON_GetNumberValue(json_member(json, "share")) == share[j]);
        cJSON_Delete(json);
        line += n + 1;
    }
    CHECK(*line == 0);
    text_clear(&text);
}

int main(void)
{
    struct feature_notes notes;
    notes_of_rows(&notes);
    check_counts(&notes);
    check_digits(&notes);
    check_labels(&notes);
    feature_notes_clear(&notes);
    return check_end();
}
