/* For the tests in Python: `record write FILE SAMPLES` writes the small recording of record.h, `record read FILE…`
 * shows what recorder_read.h reads of files, `record pseudonym KEY NAME` a pseudonym, with a key in hex. */
#include "record.h"
#include "capture/pseudonym.h"

static int say(enum status status)
{
    if (status != STATUS_OK)
        fprintf(stderr, "%s: %s\n", status_name(status), failure_sentence());
    return (int)status;
}

static enum status write_file(const char *path, const char *samples_file)
{
    struct recorder *recorder;
    struct recorder_options options = record_options(samples_file);
    enum status status = recorder_open(path, &options, &recorder);
    if (status == STATUS_OK)
        status = record_all(recorder);
    return worse(status, recorder_close(recorder, NULL));
}

/* One line per step: what a later reader sums up. */
static enum status show_steps(struct recording *recording)
{
    struct recording_steps *steps = NULL;
    struct recorded_step step;
    bool more = true, more_groups = true;
    enum status status = recording_steps_open(recording, &steps);
    while (status == STATUS_OK && (status = recording_next_step(steps, &step, &more)) == STATUS_OK && more) {
        printf("step %lld session %lld void %d n %lld first %lld", (long long)step.step, (long long)step.session,
               step.superseded, (long long)step.n, (long long)(step.n > 0 ? step.samples[0] : -1));
        struct recorded_contribution c;
        while (status == STATUS_OK && (status = recording_next_contribution(steps, &c, &more_groups)) == STATUS_OK &&
               more_groups)
            printf(" %s", recording_group(recording, c.group));
        printf("\n");
    }
    recording_steps_close(steps);
    return status;
}

static enum status read_file(const char *path)
{
    struct recording *recording;
    struct recording_survey survey = {0};
    enum status status = recording_open(path, &recording);
    if (status == STATUS_OK) {
        status = show_steps(recording);
        if (status == STATUS_OK)
            status = recording_survey(recording, &survey);
        for (int64_t i = 0; i < survey.n_gap; i++) {
            struct text sentence;
            text_init(&sentence);
            recording_gap_say(&survey.gaps[i], &sentence);
            printf("gap %s\n", sentence.bytes);
            text_clear(&sentence);
        }
        if (status == STATUS_OK)
            printf("all steps %lld uses %lld last %lld\n", (long long)survey.n_step, (long long)survey.n_use,
                   (long long)survey.step_last);
        recording_survey_clear(&survey);
    }
    recording_close(recording);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "write") == 0)
        return say(write_file(argv[2], argv[3]));
    if (argc == 4 && strcmp(argv[1], "pseudonym") == 0) {
        uint8_t key[128], name[32];
        char hex[65];
        size_t n = strlen(argv[2]) / 2;
        if (n > sizeof key || !hex_decode(argv[2], key, n))
            return BAD_USAGE;
        pseudonym(key, n, argv[3], name);
        hex_encode(name, sizeof name, hex);
        printf("%s\n", hex);
        return 0;
    }
    if (argc < 3 || strcmp(argv[1], "read") != 0)
        return BAD_USAGE;
    for (int i = 2; i < argc; i++) {
        enum status status = read_file(argv[i]);
        if (status != STATUS_OK)
            return say(status);
    }
    return 0;
}
