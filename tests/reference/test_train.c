/* A hand-over must be the same bytes for any number of ranks, complete or refused by all ranks alike, never mixed with
 * an older one, and not done twice. */
#include "scene.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "comm/agree.h"

static int rank, size;

/* 597 training samples, 19 steps an epoch, 3 shards; a small autoencoder, few pairs. */
#define SMALL                                                                                                          \
    "\"hidden\": [8], \"epochs\": 2, \"checkpoint_every\": 1, \"batch\": 32, \"rows_per_shard\": 250, "                \
    "\"validation\": 600, \"test\": 600, \"sae\": {\"features\": 12, \"active\": 2, \"epochs\": 4}, "                  \
    "\"policy\": {\"probes\": 31, \"pairs\": 7}"

/* The digest of a file, in hex; "absent" if it is not there. */
static void file_digest(const char *directory, const char *name, char hex[2 * DIGEST_BYTES + 1])
{
    char *path = path_join(directory, name), *bytes = NULL;
    size_t n = 0;
    uint8_t sha256[DIGEST_BYTES];
    snprintf(hex, 2 * DIGEST_BYTES + 1, "absent");
    if (path_exists(path) && file_load(path, 1 << 30, &bytes, &n) == STATUS_OK) {
        digest_of(bytes, n, sha256);
        hex_encode(sha256, DIGEST_BYTES, hex);
        memory_free(bytes);
    }
    memory_free(path);
}

static bool is_there(const char *directory, const char *name)
{
    char *path = path_join(directory, name);
    bool there = path_exists(path);
    memory_free(path);
    return there;
}

/* On rank 0, when no rank reads the old one any more. */
static void put_file(const char *directory, const char *name, const char *content)
{
    char *path = path_join(directory, name);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK(file_store(path, content, strlen(content), 0666) == STATUS_OK);
    memory_free(path);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Every rank must have come to the same status and sentence. */
static void check_unanimous(enum status status)
{
    int codes[2] = {(int)status, -(int)status};
    MPI_Allreduce(MPI_IN_PLACE, codes, 2, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    CHECK(codes[0] == -codes[1]);
    if (status == STATUS_OK)
        return;
    char mine[256], first[256];
    snprintf(mine, sizeof mine, "%s", failure_sentence());
    memcpy(first, mine, sizeof first);
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    CHECK(strcmp(mine, first) == 0);
}

static bool same_summary(const struct train_summary *a, const struct train_summary *b)
{
    return a->n_train == b->n_train && a->n_step == b->n_step && a->n_checkpoint == b->n_checkpoint &&
           a->n_file == b->n_file && a->bytes == b->bytes && a->validation_loss == b->validation_loss &&
           a->validation_accuracy == b->validation_accuracy && a->test_accuracy == b->test_accuracy &&
           a->autoencoder.explained == b->autoencoder.explained && a->autoencoder.n_dead == b->autoencoder.n_dead &&
           a->n_probe == b->n_probe && a->n_pair == b->n_pair;
}

/* train.json lists the digest of every file: equal manifests are equal hand-overs. */
static void check_same_for_any_ranks(const char *scene)
{
    struct train_summary all = {0}, alone = {0}, other = {0};
    char together[2 * DIGEST_BYTES + 1], single[2 * DIGEST_BYTES + 1], reseeded[2 * DIGEST_BYTES + 1];
    CHECK(scene_train(MPI_COMM_WORLD, scene, SMALL ", \"directory\": \"all\"", &all) == STATUS_OK);
    CHECK(!all.unchanged && all.n_checkpoint == 3 && all.n_step == 38 && all.n_file == 1 + 3 + 3 * 5 + 2 + 7);
    CHECK(all.n_probe == 31 && all.n_pair == 7 && all.autoencoder.explained > 0.5 && all.autoencoder.explained < 1);
    if (rank == 0)
        CHECK(scene_train(MPI_COMM_SELF, scene, SMALL ", \"directory\": \"alone\"", &alone) == STATUS_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    file_digest(scene, "all/train.json", together);
    file_digest(scene, "alone/train.json", single);
    CHECK(strlen(together) == 2 * DIGEST_BYTES && strcmp(together, single) == 0);
    if (rank == 0)
        CHECK(same_summary(&all, &alone) && all.bytes > 0);
    CHECK(scene_train(MPI_COMM_WORLD, scene, SMALL ", \"directory\": \"other\", \"seed\": 2", &other) == STATUS_OK);
    static const char *const differ[] = {"train.json",
                                         "samples.jsonl",
                                         "order.npy",
                                         "checkpoints/step-000000.safetensors",
                                         "captures/step-000038/train-00002.safetensors",
                                         "sae/sae_weights.safetensors",
                                         "policy/features.jsonl",
                                         "policy/probes.jsonl",
                                         "policy/probes.safetensors",
                                         "policy/pairs.jsonl",
                                         "policy/pairs.safetensors",
                                         "lineage/rank-00000.sqlite"};
    for (size_t i = 0; i < sizeof differ / sizeof *differ; i++) {
        char name[128];
        snprintf(name, sizeof name, "all/%s", differ[i]);
        file_digest(scene, name, together);
        snprintf(name, sizeof name, "other/%s", differ[i]);
        file_digest(scene, name, reseeded);
        CHECK(strlen(reseeded) == 2 * DIGEST_BYTES && strcmp(together, reseeded) != 0);
    }
    CHECK(!is_there(scene, "all/train.json.partial"));
}

/* Done once; done again when a file is cut, gone, or the config or the data are others; the result is always the same.
 */
static void check_unchanged(const char *scene)
{
    struct train_summary first = {0}, again = {0};
    char before[2 * DIGEST_BYTES + 1], after[2 * DIGEST_BYTES + 1];
    const char *members = SMALL ", \"directory\": \"twice\"";
    CHECK(scene_train(MPI_COMM_WORLD, scene, members, &first) == STATUS_OK && !first.unchanged);
    file_digest(scene, "twice/train.json", before);
    CHECK(scene_train(MPI_COMM_WORLD, scene, members, &again) == STATUS_OK && again.unchanged);
    CHECK(same_summary(&first, &again) && again.bytes > 0);

    static const char *const broken[] = {"order.npy", "captures/step-000019/train-00001.safetensors", "sae/cfg.json",
                                         "policy/pairs.safetensors"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char name[128];
        snprintf(name, sizeof name, "twice/%s", broken[i]);
        put_file(scene, name, "cut");
        CHECK(scene_train(MPI_COMM_WORLD, scene, members, &again) == STATUS_OK && !again.unchanged);
        file_digest(scene, "twice/train.json", after);
        CHECK(strcmp(before, after) == 0);
    }
    /* What a killed run left under a temporary name goes; what is not ours stays. */
    put_file(scene, "twice/policy/pairs.safetensors.tmp-1", "half");
    put_file(scene, "twice/sae/notes.txt", "not in the way");
    put_file(scene, "twice/train.json", "{\n  \"format\": \"assay-train/1\",\n  \"config\": {");
    CHECK(scene_train(MPI_COMM_WORLD, scene, members, &again) == STATUS_OK && !again.unchanged);
    CHECK(!is_there(scene, "twice/policy/pairs.safetensors.tmp-1") && is_there(scene, "twice/sae/notes.txt"));

    /* Larger shards: there are fewer, and none of the old ones may be left for a glob to find. */
    CHECK(is_there(scene, "twice/captures/step-000019/train-00001.safetensors"));
    CHECK(scene_train(
              MPI_COMM_WORLD, scene,
              "\"hidden\": [8], \"epochs\": 1, \"batch\": 128, \"rows_per_shard\": 2000, \"directory\": \"twice\"",
              &again) == STATUS_OK);
    CHECK(!again.unchanged && !is_there(scene, "twice/captures/step-000019"));
    CHECK(is_there(scene, "twice/captures/step-000012/train-00000.safetensors"));
    CHECK(!is_there(scene, "twice/checkpoints/step-000019.safetensors"));
    CHECK(scene_train(MPI_COMM_WORLD, scene, members, &again) == STATUS_OK && !again.unchanged);
    file_digest(scene, "twice/train.json", after);
    CHECK(strcmp(before, after) == 0);
}

/* train_run with other data files than the committed ones. */
static enum status train_on(const char *scene, const char *images, const char *labels)
{
    struct config config;
    struct train_summary summary;
    scene_config(SMALL ", \"directory\": \"bad\"", &config);
    struct train_config train = *(struct train_config *)config_get(&config, "train");
    train.images = images != NULL ? (char *)images : train.images;
    train.labels = labels != NULL ? (char *)labels : train.labels;
    enum status status = train_run(MPI_COMM_WORLD, &train, scene, true, &summary);
    config_clear(&config);
    check_unanimous(status);
    return status;
}

static void check_bad_data(const char *scene)
{
    char command[2 * SCENE_PATH_BYTES];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -c \"import numpy as np; d = '%s/'; i = np.zeros((1797, 64), 'u1'); l = np.zeros(1797, "
             "'u1'); "
             "np.save(d + 'wide', np.zeros((1797, 65), 'u1')); np.save(d + 'float', i.astype('f4')); "
             "np.save(d + 'short', l[1:]); i[5, 3] = 17; np.save(d + 'bright', i); l[9] = 10; np.save(d + 'ten', l)\"",
             scene);
    if (rank == 0)
        CHECK(system(command) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_FAILS(train_on(scene, "missing.npy", NULL), BAD_INPUT, "missing.npy");
    CHECK_FAILS(train_on(scene, NULL, "missing.npy"), BAD_INPUT, "missing.npy");
    CHECK_FAILS(train_on(scene, "wide.npy", NULL), BAD_INPUT, "wide.npy: expected rows of 64 u8, found rows of 65 u8");
    CHECK_FAILS(train_on(scene, "float.npy", NULL), BAD_INPUT,
                "float.npy: expected rows of 64 u8, found rows of 64 f32");
    CHECK_FAILS(train_on(scene, "bright.npy", NULL), BAD_INPUT,
                "bright.npy: row 5, column 3: expected 0 to 16, found 17");
    CHECK_FAILS(train_on(scene, NULL, "ten.npy"), BAD_INPUT, "ten.npy: row 9, column 0: expected 0 to 9, found 10");
    CHECK_FAILS(train_on(scene, NULL, "short.npy"), BAD_INPUT, "short.npy: expected 1797 labels");
    CHECK(!is_there(scene, "bad"));
}

static enum status train_refused(const char *scene, const char *members)
{
    struct train_summary summary = {.n_step = -7};
    enum status status = scene_train(MPI_COMM_WORLD, scene, members, &summary);
    CHECK(status == STATUS_OK || summary.n_step == -7); /* untouched on failure */
    check_unanimous(status);
    return status;
}

static void check_bad_directories(const char *scene)
{
    CHECK_FAILS(train_refused(scene, "\"directory\": \"b\", \"validation\": 1600"), BAD_CONFIG, "train.batch");
    put_file(scene, "plain", "a file");
    CHECK_FAILS(train_refused(scene, SMALL ", \"directory\": \"plain/out\""), CANNOT_WRITE, "plain");
    CHECK_FAILS(train_refused(scene, SMALL ", \"directory\": \"/proc/assay\""), CANNOT_WRITE, "/proc/assay");

    /* A directory with files of these names that are somebody's own. */
    put_file(scene, "foreign/checkpoints/step-1.safetensors", "precious");
    CHECK_FAILS(train_refused(scene, SMALL ", \"directory\": \"foreign\""), CANNOT_WRITE, "found checkpoints");
    CHECK(is_there(scene, "foreign/checkpoints/step-1.safetensors") && !is_there(scene, "foreign/train.json.partial"));
    put_file(scene, "foreign3/train.json", "{\"format\": \"of another program\"}");
    CHECK_FAILS(train_refused(scene, SMALL ", \"directory\": \"foreign3\""), CANNOT_WRITE, "found something else");
    CHECK(is_there(scene, "foreign3/train.json"));
    put_file(scene, "foreign4/policy/probes.jsonl", "precious");
    CHECK_FAILS(train_refused(scene, SMALL ", \"directory\": \"foreign4\""), CANNOT_WRITE, "found policy");
    put_file(scene, "foreign5/sae/cfg.json", "precious");
    CHECK_FAILS(train_refused(scene, SMALL ", \"directory\": \"foreign5\""), CANNOT_WRITE, "found sae");
    put_file(scene, "foreign2/notes.txt", "not in the way");
    CHECK(train_refused(scene, SMALL ", \"directory\": \"foreign2\"") == STATUS_OK);
    CHECK(is_there(scene, "foreign2/notes.txt"));
}

/* The last rank can write no file above 64 KiB, as on a full disk. */
static void check_full_disk(const char *scene)
{
    const char *members = SMALL ", \"directory\": \"full\"";
    struct rlimit limit, kept;
    struct train_summary summary = {0};
    char full[2 * DIGEST_BYTES + 1], clean[2 * DIGEST_BYTES + 1];
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &kept) == 0);
    limit = (struct rlimit){.rlim_cur = 64 << 10, .rlim_max = kept.rlim_max};
    if (rank == size - 1)
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    enum status status = train_refused(scene, members);
    CHECK(setrlimit(RLIMIT_FSIZE, &kept) == 0);
    CHECK_FAILS(status, CANNOT_WRITE, "writing stopped");
    CHECK(!is_there(scene, "full/train.json") && is_there(scene, "full/train.json.partial"));

    CHECK(scene_train(MPI_COMM_WORLD, scene, members, &summary) == STATUS_OK && !summary.unchanged);
    file_digest(scene, "full/train.json", full);
    file_digest(scene, "all/train.json", clean);
    CHECK(strcmp(full, clean) == 0);
}

/* Every agreement fails once, on the first and on the last rank: all leave with it, and the next run ends as ever. */
static void check_faults(const char *scene)
{
    char after[2 * DIGEST_BYTES + 1], clean[2 * DIGEST_BYTES + 1];
    file_digest(scene, "all/train.json", clean);
    for (int guilty = 0; guilty<size; guilty += size> 1 ? size - 1 : 1) {
        long k = 1;
        for (;; k++) {
            char members[512];
            snprintf(members, sizeof members, SMALL ", \"directory\": \"fault-%d-%ld\"", guilty, k);
            agree_fail_at(k, guilty);
            enum status status = train_refused(scene, members);
            agree_fail_at(0, 0);
            CHECK(status == STATUS_OK || status == FAULT_INJECTED);
            if (status == STATUS_OK)
                break;
            CHECK(train_refused(scene, members) == STATUS_OK);
            snprintf(members, sizeof members, "fault-%d-%ld/train.json", guilty, k);
            file_digest(scene, members, after);
            CHECK(strcmp(after, clean) == 0);
        }
        CHECK(k == 8); /* data, plan, directory, network, files, lineage, manifest */
    }
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char scene[SCENE_PATH_BYTES];
    scene_directory(MPI_COMM_WORLD, scene);
    check_same_for_any_ranks(scene);
    check_unchanged(scene);
    check_bad_data(scene);
    check_bad_directories(scene);
    check_full_disk(scene);
    check_faults(scene);
    scene_remove(MPI_COMM_WORLD, scene);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
