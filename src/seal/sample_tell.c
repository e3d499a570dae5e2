/* What a proof of use or of non-use says, in words. */
#include <inttypes.h>
#include <string.h>

#include "seal/sample_proof.h"
#include "usage/record.h"

/* Of how many samples a proof of non-use speaks, where that is not all: the others may have the content. */
static void tell_limit(const struct usage_summary *samples, struct text *summary)
{
    char size[32], all[32], unlisted[32];
    if (samples->unlisted > 0)
        text_add(summary, "; this speaks of the %s of %s samples with a content digest, %s %s none",
                 figure_count(samples->size, size), figure_count(samples->samples, all),
                 figure_count(samples->unlisted, unlisted), samples->unlisted == 1 ? "has" : "have");
    text_add(summary, "\n");
}

/* The first line: what the proof comes to. */
static void tell_verdict(const struct sample_proof *proof, int64_t n_use, struct text *summary)
{
    char count[64];
    const struct usage_summary *samples = &proof->entry.samples;
    if (n_use > 0) {
        text_add(summary, "proved: used in training, %s\n", figure_things(n_use, "time", "times", count));
        return;
    }
    if (proof->usage.n_record == 0)
        text_add(summary, "proved: not used: no sample %s has this content",
                 samples->unlisted > 0 ? "with a content digest" : "of this run");
    else
        text_add(summary, "proved: listed, never used in training");
    tell_limit(samples, summary);
}

static void tell_place(const struct sample_proof *proof, struct text *summary)
{
    const struct usage_proof *usage = &proof->usage;
    char count[64];
    int64_t place = usage->place, size = proof->entry.samples.size;
    text_add(summary, "  the list has %s in order of key; ", figure_things(size, "leaf", "leaves", count));
    if (usage->n_record > 0)
        text_add(summary, "those with the key of this content are shown, all of them\n");
    else if (size == 0)
        text_add(summary, "nothing is in it\n");
    else if (place == 0)
        text_add(summary, "the key of this content comes before the first\n");
    else if (place == size)
        text_add(summary, "the key of this content comes after the last\n");
    else
        text_add(summary,
                 "the key of this content lies between leaves %" PRId64 " and %" PRId64 ", with nothing between them\n",
                 place - 1, place);
}

static void tell_record(const struct text *record, struct text *summary)
{
    text_add(summary, "  what the run says of it:\n");
    for (const char *line = strchr(record->bytes, '\n') + 1; *line;) {
        size_t n = strcspn(line, "\n");
        text_add(summary, "    ");
        text_add_bytes(summary, line, n + 1);
        line += n + 1;
    }
}

/* How complete the list is, as the run itself counts. */
static void tell_counts(const struct usage_summary *samples, struct text *summary)
{
    char figures[8][64];
    text_add(summary, "  the run counts %s: %s used in training, %s never, %s rejected; %s in %s, %s\n",
             figure_things(samples->samples, "sample", "samples", figures[0]),
             figure_count(samples->trained, figures[1]), figure_count(samples->never_used, figures[2]),
             figure_count(samples->rejected, figures[3]), figure_things(samples->uses, "use", "uses", figures[4]),
             figure_things(samples->steps, "step", "steps", figures[5]),
             figure_things(samples->epochs, "epoch", "epochs", figures[6]));
    if (samples->unlisted > 0)
        text_add(summary, "  %s in the list: this proof does not speak of %s\n",
                 figure_things(samples->unlisted, "sample has no content digest and is not",
                               "samples have no content digest and are not", figures[7]),
                 samples->unlisted == 1 ? "it" : "them");
}

static void tell_ground(const struct sample_proof *proof, const char *content_path, struct text *summary)
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(proof->usage.content, DIGEST_BYTES, hex);
    if (content_path != NULL)
        text_add(summary, "  content: %s, SHA-256 %s\n", content_path, hex);
    else
        text_add(summary, "  content: SHA-256 %s; no file was compared with it\n", hex);
    text_add(summary, "  signed by %s for run %s, %" PRId64 " entries under the root ", proof->checkpoint.origin,
             proof->entry.run, proof->checkpoint.size);
    base64_encode(summary, proof->checkpoint.root.bytes, DIGEST_BYTES);
    text_add(summary, "\n");
}

enum status sample_proof_tell(const struct sample_proof *proof, const char *where, const char *content_path,
                              struct text *summary)
{
    int64_t n_use = 0;
    for (int64_t i = 0; i < proof->usage.n_record; i++) {
        struct usage_record record;
        const struct text *text = &proof->usage.records[i];
        enum status status = usage_record_parse(text->bytes, text->length, where, &record);
        if (status != STATUS_OK)
            return status;
        n_use = record.uses > INT64_MAX - n_use ? INT64_MAX : n_use + record.uses; /* never around to 0 */
        usage_record_clear(&record);
    }
    tell_verdict(proof, n_use, summary);
    for (int64_t i = 0; i < proof->usage.n_record; i++)
        tell_record(&proof->usage.records[i], summary);
    tell_place(proof, summary);
    tell_counts(&proof->entry.samples, summary);
    tell_ground(proof, content_path, summary);
    return STATUS_OK;
}
