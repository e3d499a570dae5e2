/* A small recording that every kind of event is in: the Python recorder writes the same (recorder.py). */
#ifndef ASSAY_TESTS_CAPTURE_RECORD_H
#define ASSAY_TESTS_CAPTURE_RECORD_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "capture/recorder.h"
#include "capture/recorder_read.h"

static const uint8_t record_key[32] = "a key of thirty-two bytes, or so";

static inline struct recorder_options record_options(const char *samples_file)
{
    return (struct recorder_options){.run = "run é",
                                     .rank = 1,
                                     .world_size = 2,
                                     .samples_file = samples_file,
                                     .key = record_key,
                                     .n_key = sizeof record_key};
}

static inline enum status worse(enum status a, enum status b)
{
    return a != STATUS_OK ? a : b;
}

/* Everything that is not of a step. */
static inline enum status record_governance(struct recorder *r)
{
    const int64_t few[] = {0, 7, 3}, one[] = {12};
    const float weights[] = {0.5F, 0, 1.25F};
    const char *const ids[] = {"doc-0", "doc \"1\"'", "doc-2"};
    uint8_t contents[3][32];
    memset(contents, 0xa5, sizeof contents);
    enum status s = recorder_samples(r, 0, 3, ids, (const uint8_t(*)[32])contents);
    s = worse(s, recorder_definition(r, "policy", "open@2", "{\"license\": [\"CC0\"]}"));
    s = worse(s, recorder_definition(r, "profile", "shallow", "{\"fc1\": 0}"));
    s = worse(s, recorder_user(r, "user-ä", 3, few));
    s = worse(s, recorder_role(r, "train", 3, few));
    s = worse(s, recorder_role(r, "test", 1, one));
    s = worse(s, recorder_preprocessing(r, "crop", "{\"size\": 8}\n", 3, few));
    s = worse(s, recorder_modality(r, "image", 3, few, weights));
    s = worse(s, recorder_admission(
                     r, &(struct recorder_admission){.decision = "admit", .policy = "open@2", .n = 3, .samples = few}));
    s = worse(s, recorder_admission(r, &(struct recorder_admission){.decision = "modulate",
                                                                    .policy = "open@2",
                                                                    .profile = "shallow",
                                                                    .n = 3,
                                                                    .samples = few,
                                                                    .weights = weights}));
    s = worse(s, recorder_admission(
                     r, &(struct recorder_admission){
                            .decision = "reject", .policy = "open@2", .reason = "no license", .n = 1, .samples = one}));
    return worse(s, recorder_group(r, "fc1", 35, true));
}

/* A step of two micro-batches, with contributions to two groups. */
static inline enum status record_step(struct recorder *r, int64_t step)
{
    const int64_t first[] = {step, step + 5}, second[] = {0, 9, 8};
    const float losses[] = {0.25F, 1e-30F}, weights[] = {1, 0, 2}, norms[] = {1, 2, 3, 4, 5};
    const double shares[] = {0.5, -0.25, 1.0 / 3, 0, 1e-300};
    enum status s = recorder_step_begin(r, step, 0, 0.1);
    s = worse(s, recorder_use(r, 2, first, losses, NULL));
    s = worse(s, recorder_use(r, 3, second, NULL, weights));
    s = worse(s, recorder_contribute(r, &(struct recorder_contribution){.group = "fc1",
                                                                        .learning_rate = 0.1,
                                                                        .delta_norm = 0.75,
                                                                        .residual = 1e-17,
                                                                        .rounding = 1e-16,
                                                                        .n = 5,
                                                                        .norms = norms,
                                                                        .shares = shares}));
    s = worse(s, recorder_contribute(r, &(struct recorder_contribution){.group = "embedding",
                                                                        .learning_rate = 0.2,
                                                                        .delta_norm = NAN,
                                                                        .residual = NAN,
                                                                        .rounding = NAN,
                                                                        .conditional = true}));
    s = worse(s, recorder_optimizer(r, "fc1", "weight_decay", 0.01, -0.5));
    s = worse(s, recorder_optimizer(r, "fc1", "momentum", NAN, 0.25));
    return worse(s, recorder_step_end(r, 1.5));
}

static inline enum status record_all(struct recorder *r)
{
    const int64_t few[] = {0, 7, 3}, classes[] = {1, 9, -1};
    const double scores[] = {0.5, -1e9, 3};
    const float probabilities[] = {0.5F, 0.25F, 1};
    uint8_t sha256[32];
    memset(sha256, 0x3c, sizeof sha256);
    enum status s = record_governance(r);
    for (int64_t step = 0; step < 4; step++)
        s = worse(s, record_step(r, step));
    s = worse(s, recorder_step_begin(r, 4, -1, NAN)); /* nothing is known of this one */
    s = worse(s, recorder_step_end(r, NAN));
    s = worse(s, recorder_checkpoint(r, &(struct recorder_checkpoint){.step = 4,
                                                                      .name = "step-4",
                                                                      .file = "step-4.pt",
                                                                      .sha256 = sha256,
                                                                      .learning_rate = 0.1,
                                                                      .validation_loss = NAN}));
    s = worse(
        s,
        recorder_influence(
            r,
            &(struct recorder_influence){
                .checkpoint = "step-4", .query = "q1", .method = "tracin", .n = 3, .samples = few, .scores = scores}));
    s = worse(s, recorder_prediction(r, &(struct recorder_prediction){.checkpoint = "step-4",
                                                                      .n = 3,
                                                                      .samples = few,
                                                                      .predicted = classes,
                                                                      .labels = classes,
                                                                      .probabilities = probabilities}));
    s = worse(s, recorder_begin_session(r)); /* back to the checkpoint after step 1 */
    return worse(s, record_step(r, 2));
}

#endif
