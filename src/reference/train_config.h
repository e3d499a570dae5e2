/* The config section "train": what the reference trainer trains on, how, and where it writes. */
#ifndef ASSAY_REFERENCE_TRAIN_CONFIG_H
#define ASSAY_REFERENCE_TRAIN_CONFIG_H

#include <stdint.h>

#include "config/config.h"

enum rate_schedule { RATE_CONSTANT, RATE_STEP, RATE_COSINE };

struct rate_config {
    double initial; /* learning rate of the first step */
    int schedule;   /* enum rate_schedule */
    double final;   /* cosine: where it ends */
    int64_t every;  /* step: epochs between two drops */
    double factor;  /* step: what a drop multiplies by */
};

/* Section member "sae": the sparse autoencoder on what the last Linear layer is given. */
struct sae_config {
    int64_t features, active; /* how many there are; how many of them describe a sample, at most */
    int64_t epochs, batch;    /* passes over the training split; samples per step of Adam */
    double rate;              /* learning rate of the first step */
};

/* Section member "policy": what single updates do to the network, for a policy over its features. */
struct probing_config {
    int64_t probes;            /* of the validation split, at most */
    int64_t pairs;             /* of the training split, at most */
    struct numbers behaviours; /* digits whose probability is a behaviour */
    int64_t intended;          /* features that a pair is meant to move */
    double rate;               /* learning rate of the update on a pair */
};

/* Section member "interventions": what ablating and patching the parts of the final network does. */
struct interventions_config {
    int64_t controls; /* random changes of equal size per part; 0: nothing is intervened on */
    int64_t paired;   /* strongest features of each behaviour that are taken away two at a time */
    int64_t draws;    /* of random features to keep, for recomposition */
};

/* Section member "scenario": truths planted in the training split, whose answers are known. */
struct backdoor_config {
    int64_t samples;       /* that get the patch and the target's label, at most */
    char *policy;          /* under which all of them were admitted */
    int64_t target;        /* digit that the patch stands for */
    struct numbers pixels; /* of the patch: set to the brightest */
    int64_t queries;       /* asked once more with the patch */
};
struct scenario_config {
    double mislabelled; /* share of the training split */
    int64_t duplicates; /* samples that become copies of others */
    struct backdoor_config backdoor;
};

/* Section member "retrain": which networks are trained again without some of the training split. */
struct retrain_config {
    int64_t subsets;       /* random ones */
    double fraction;       /* of the training split that a subset keeps */
    int64_t leave_one_out; /* the first samples of the training split, each left out alone */
    struct strings leave;  /* ids of further samples, each left out alone */
    struct strings groups; /* governance columns: each of their values left out */
    int64_t seeds;         /* networks per set */
};

/* Section member "admission": who is let in. */
struct train_admission {
    char *policies; /* file of policies and depth profiles, relative to the config; NULL: all are let in */
};

struct train_config {
    char *images, *labels; /* npy, relative to the config: u8 [n, 64] in 0..16, u8 [n] in 0..9 */
    char *directory;       /* where the hand-over goes, relative to the config */
    int64_t seed;
    struct numbers hidden;   /* widths of the hidden layers */
    int64_t epochs, batch;   /* passes over the training split; examples per step */
    struct rate_config rate; /* section member "learning_rate" */
    double momentum;         /* of SGD; 0: none */
    struct train_admission admission;
    int64_t validation, test; /* samples in these splits; the rest is trained on */
    int64_t queries;          /* of the test split */
    int64_t checkpoint_every; /* epochs */
    int64_t rows_per_shard;   /* of the captures of training samples */
    struct sae_config sae;
    struct probing_config policy;
    struct interventions_config interventions;
    struct scenario_config scenario;
    struct retrain_config retrain;
};
extern const struct section train_section;

/* Columns of samples.jsonl that say where a sample is from; the last is NULL. */
extern const char *const governance_columns[];

#endif
