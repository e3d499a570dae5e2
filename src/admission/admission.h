/* Policies that say which samples may train a model, depth profiles that say how strongly in each layer, and the gate
 * that holds one against the other. */
#ifndef ASSAY_ADMISSION_ADMISSION_H
#define ASSAY_ADMISSION_ADMISSION_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/segment.h"
#include "base/status.h"

/* What is told of a sample. */
enum fact {
    FACT_POLICY,         /* the name of the policy that it comes under */
    FACT_SOURCE,         /* one of a list, as license and classification */
    FACT_LICENSE,        /* "CC-BY-4.0" */
    FACT_CLASSIFICATION, /* "public" */
    FACT_COLLECTED,      /* a day, 2024-03-31, or a time in UTC, 2024-03-31T12:00:00Z */
    FACT_OWNER,          /* whose it is, as the opt-out list names them */
    N_FACT
};

struct policies; /* a file of policies and profiles, all of it checked */

/* Reads the file `name`, as seen from `directory`, and the opt-out lists that it names (relative to itself): rank 0
 * reads, every rank gets them.  comm may be MPI_COMM_NULL: this process alone, with or without MPI.  `segments` (may be
 * NULL, and is for one process alone) gets on rank 0 what was read, under names as `name` is.
 * @collective comm   @fails BAD_INPUT */
enum status policies_open(MPI_Comm comm, const char *directory, const char *name, struct segment_list *segments,
                          struct policies **policies);
/* The same from bytes, without opt-out lists in files; `name` appears in sentences.  @local   @fails BAD_INPUT */
enum status policies_parse(const char *bytes, size_t n, const char *name, struct policies **policies);
void policies_close(struct policies *policies); /* NULL is fine */

/* The key of the samples file that tells a fact.  Borrowed, as all texts here. */
const char *policies_column(const struct policies *policies, enum fact fact);

int64_t policies_count(const struct policies *policies);
int64_t policies_find(const struct policies *policies, const char *name); /* -1 if there is none */
/* `text` is the canonical text, which has all that decides (of opt-out lists the number and the SHA-256 of the owners,
 * each with a line feed, in bytewise order), and sha256 its digest. */
struct definition {
    const char *name, *version, *text;
    uint8_t sha256[DIGEST_BYTES];
};
const struct definition *policies_get(const struct policies *policies, int64_t policy);
int64_t profiles_count(const struct policies *policies);
const struct definition *profiles_get(const struct policies *policies, int64_t profile);
/* The digest of the canonical text of a policy or profile that `text` tells in the words of a file of policies, with
 * the columns and profiles of `beside`.  False if it tells none, or names a file of owners.  @local */
bool definition_digest(const struct policies *beside, bool is_profile, const char *text, uint8_t sha256[DIGEST_BYTES]);
/* The weight of a layer under a profile: 0 keeps an example out of it, 1 lets it in fully.  Profile -1: 1. */
double profile_weight(const struct policies *policies, int64_t profile, const char *layer);
/* Whether every layer that a profile names is one of the n: a slip would let in what should be kept out.
 * @local   @fails BAD_INPUT */
enum status profiles_check_layers(const struct policies *policies, const char *const *layers, int n);

enum decision { ADMIT, MODULATE, REJECT, N_DECISION };
const char *decision_name(enum decision decision); /* "admit" */

enum { REASON_BYTES = 512 };
struct verdict {
    enum decision decision;
    int64_t policy;            /* under which it comes; -1 if that is not among them */
    int64_t profile;           /* of the policy; -1 if it has none, or for a rejection */
    char reason[REASON_BYTES]; /* of a rejection, the first one; "" otherwise.  Tells neither owner nor day */
};

/* facts[f]: numbers as decimal text; NULL or "" where nothing is told.  A sample is rejected if it names no policy or
 * one that is not among them, if its owner opted out, or if a fact that the policy asks for is not told or is outside;
 * modulated if a weight of its profile is not 1; else admitted.  @local */
void policies_decide(const struct policies *policies, const char *const facts[N_FACT], struct verdict *verdict);

#endif
