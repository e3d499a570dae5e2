#include "reference/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* Removes the files of `folder` that match; a folder that is not there has none. */
static enum status remove_files(const char *folder, const char *pattern)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return errno == ENOENT ? STATUS_OK : fail(CANNOT_WRITE, "%s: cannot be opened: %s", folder, strerror(errno));
    enum status status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(stream)) != NULL;)
        if (fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0 && unlinkat(dirfd(stream), entry->d_name, 0) != 0)
            status = fail(CANNOT_WRITE, "%s/%s: an older file cannot be removed: %s", folder, entry->d_name,
                          strerror(errno));
    closedir(stream);
    return status;
}

static enum status remove_captures(const char *folder)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return errno == ENOENT ? STATUS_OK : fail(CANNOT_WRITE, "%s: cannot be opened: %s", folder, strerror(errno));
    enum status status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(stream)) != NULL;) {
        if (fnmatch("step-*", entry->d_name, 0) != 0)
            continue;
        char *checkpoint = path_join(folder, entry->d_name);
        status = remove_files(checkpoint, "train-*.safetensors*");
        if (status == STATUS_OK)
            status = remove_files(checkpoint, "queries.safetensors*");
        rmdir(checkpoint); /* stays if something else is in it */
        memory_free(checkpoint);
    }
    closedir(stream);
    return status;
}

enum status sweep_refuse_foreign(const char *directory)
{
    static const char *const ours[] = {"samples.jsonl", "queries.jsonl", "checkpoints.jsonl",
                                       "checkpoints",   "order.npy",     "learning-rates.npy",
                                       "captures",      "sae",           "policy",
                                       "mechanism",     "truth",         "lineage"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        char *path = path_join(directory, ours[i]);
        bool there = path_exists(path);
        memory_free(path);
        if (there)
            return fail(CANNOT_WRITE,
                        "%s: expected a directory that is empty or has a train.json, found %s, which is not from an "
                        "earlier `assay train`; choose another train.directory",
                        directory, ours[i]);
    }
    return STATUS_OK;
}

/* The files of autoencoder, policy, mechanism, ground truth and lineage, whose names are always the same. */
static enum status remove_named(const char *directory)
{
    static const char *const named[][2] = {{"sae", "cfg.json*"},
                                           {"sae", "sae_weights.safetensors*"},
                                           {"policy", "features.jsonl*"},
                                           {"policy", "probes.jsonl*"},
                                           {"policy", "probes.safetensors*"},
                                           {"policy", "pairs.jsonl*"},
                                           {"policy", "pairs.safetensors*"},
                                           {"mechanism", "parts.jsonl*"},
                                           {"mechanism", "pairs.jsonl*"},
                                           {"mechanism", "interventions.safetensors*"},
                                           {"mechanism", "controls.safetensors*"},
                                           {"mechanism", "recomposition.safetensors*"},
                                           {"truth", "*.jsonl*"},
                                           {"truth", "*.npy*"},
                                           {"truth", "*.safetensors*"},
                                           {"truth", "timing.json*"},
                                           {"lineage", "rank-00000.sqlite*"}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof named / sizeof *named && status == STATUS_OK; i++) {
        char *folder = path_join(directory, named[i][0]);
        status = remove_files(folder, named[i][1]);
        memory_free(folder);
    }
    return status;
}

enum status sweep_earlier(const char *directory)
{
    char *checkpoints = path_join(directory, "checkpoints"), *captures = path_join(directory, "captures");
    enum status status = remove_files(checkpoints, "step-*.safetensors*");
    if (status == STATUS_OK)
        status = remove_captures(captures);
    if (status == STATUS_OK)
        status = remove_named(directory);
    memory_free(checkpoints);
    memory_free(captures);
    return status;
}
