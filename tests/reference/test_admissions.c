/* Who is trained on is the gate's word alone: the same hand-over on any ranks, true to the policies in numpy's eyes,
 * made anew when a policy or an opt-out list changes, and every rank refuses the same for the same reason. */
#include "scene.h"

#include "reference/admissions.h"

static int rank, size;

/* 597 samples are drawn for training. */
#define SMALL                                                                                                          \
    "\"hidden\": [8], \"epochs\": 2, \"checkpoint_every\": 1, \"batch\": 32, \"validation\": 600, \"test\": 600, "     \
    "\"sae\": {\"features\": 12, \"active\": 2, \"epochs\": 2}, \"policy\": {\"probes\": 31, \"pairs\": 7}, "          \
    "\"momentum\": 0.5, \"learning_rate\": {\"initial\": 0.1}, \"admission\": {\"policies\": \"%s\"}, "                \
    "\"directory\": \"%s\""

/* On rank 0, while no other reads or writes. */
static void put(const char *scene, const char *name, const char *content)
{
    char *path = path_join(scene, name);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK(file_store(path, content, strlen(content), 0666) == STATUS_OK);
    memory_free(path);
    MPI_Barrier(MPI_COMM_WORLD);
}

static enum status train(MPI_Comm comm, const char *scene, const char *policies, const char *directory,
                         struct train_summary *summary)
{
    char members[1024];
    snprintf(members, sizeof members, SMALL, policies, directory);
    *summary = (struct train_summary){0};
    return scene_train(comm, scene, members, summary);
}

static void manifest_digest(const char *scene, const char *directory, uint8_t sha256[DIGEST_BYTES])
{
    char name[SCENE_PATH_BYTES + 64], *bytes = NULL;
    size_t n = 0;
    snprintf(name, sizeof name, "%s/%s/train.json", scene, directory);
    memset(sha256, 0, DIGEST_BYTES);
    if (file_load(name, 1 << 30, &bytes, &n) != STATUS_OK)
        CHECK(!"a manifest that can be read");
    else
        digest_of(bytes, n, sha256);
    memory_free(bytes);
}

/* The demonstration's own policies, beside the data. */
static void demonstration(char path[SCENE_PATH_BYTES])
{
    snprintf(path, SCENE_PATH_BYTES, "%s/../configs/digits-policies.json", scene_data());
}

static void check_any_ranks(const char *scene)
{
    char policies[SCENE_PATH_BYTES];
    struct train_summary all, alone;
    uint8_t together[DIGEST_BYTES], single[DIGEST_BYTES];
    demonstration(policies);
    CHECK(train(MPI_COMM_WORLD, scene, policies, "all", &all) == STATUS_OK);
    CHECK(all.n_train + all.n_rejected == 597 && all.n_rejected > 20 && all.n_modulated > 100);
    if (rank == 0) {
        CHECK(train(MPI_COMM_SELF, scene, policies, "alone", &alone) == STATUS_OK);
        CHECK(alone.n_train == all.n_train && alone.n_modulated == all.n_modulated && alone.bytes == all.bytes);
        manifest_digest(scene, "all", together);
        manifest_digest(scene, "alone", single);
        CHECK(memcmp(together, single, DIGEST_BYTES) == 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(train(MPI_COMM_WORLD, scene, policies, "all", &alone) == STATUS_OK && alone.unchanged);
    CHECK(alone.n_rejected == all.n_rejected && alone.n_modulated == all.n_modulated);
}

static int verify(const char *scene, const char *directory, const char *errors)
{
    const char *source = getenv("ASSAY_SOURCE");
    char command[4 * SCENE_PATH_BYTES], policies[SCENE_PATH_BYTES];
    demonstration(policies);
    snprintf(command, sizeof command,
             "OPENBLAS_NUM_THREADS=1 /usr/bin/python3 '%s/tests/reference/verify_lineage.py' '%s/%s' '%s' '%s' %s",
             source != NULL ? source : ".", scene, directory, scene_data(), policies, errors);
    return system(command);
}

/* numpy agrees, and would not if a share, an admission or a use were another. */
static void check_with_numpy(const char *scene)
{
    static const char *const changes[] = {
        "UPDATE contribution SET shares = zeroblob(8 * n) WHERE record = 3 AND parameter_group = 1",
        "UPDATE admission SET decision = 'admit' WHERE decision = 'modulate'",
        "UPDATE step SET samples = (SELECT samples FROM step WHERE record = 6) WHERE record = 5",
    };
    if (size > 1) /* it is the same hand-over */
        return;
    CHECK(verify(scene, "alone", "") == 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char command[4 * SCENE_PATH_BYTES];
        snprintf(
            command, sizeof command,
            "cd '%s' && rm -rf changed && cp -r alone changed && /usr/bin/python3 -c \"import sqlite3; d = "
            "sqlite3.connect('changed/lineage/rank-00000.sqlite'); n = d.execute(\\\"%s\\\").rowcount; d.commit(); "
            "assert n > 0\"",
            scene, changes[i]);
        CHECK(system(command) == 0);
        CHECK(verify(scene, "changed", "2>/dev/null") != 0);
    }
}

#define OPEN(more)                                                                                                     \
    "{\"policies\": [" more "{\"name\": \"open-license\", \"version\": \"1\", \"opt_out\": \"out.txt\"}]}"

/* Another list, another training; a sample under a policy that is not there is rejected. */
static void check_changes(const char *scene)
{
    struct train_summary first, second, third;
    put(scene, "p.json", OPEN(""));
    put(scene, "out.txt", "");
    CHECK(train(MPI_COMM_WORLD, scene, "p.json", "changes", &first) == STATUS_OK && !first.unchanged);
    CHECK(first.n_modulated == 0 && first.n_train > 200 && first.n_rejected == 597 - first.n_train);
    put(scene, "out.txt", "writer-00\n");
    CHECK(train(MPI_COMM_WORLD, scene, "p.json", "changes", &second) == STATUS_OK && !second.unchanged);
    CHECK(second.n_train < first.n_train);
    put(scene, "p.json", OPEN("{\"name\": \"legacy-import\", \"version\": \"1\"}, "));
    CHECK(train(MPI_COMM_WORLD, scene, "p.json", "changes", &third) == STATUS_OK && !third.unchanged);
    CHECK(third.n_train > second.n_train);
}

static void check_refused(const char *scene)
{
    static const struct {
        const char *file;
        enum status status;
        const char *sentence;
    } refused[] = {
        {NULL, BAD_INPUT, "bad.json"},
        {"{\"policies\": [{\"name\": \"open-license\", \"version\": \"1\", \"admit\": {\"licence\": [\"CC0-1.0\"]}}]}",
         BAD_INPUT, "bad.json: policies[0].admit.licence: expected only source, license, classification or collected"},
        {"{\"policies\": [{\"name\": \"open-license\", \"version\": \"1\", \"profile\": \"p\"}], \"profiles\": "
         "[{\"name\": "
         "\"p\", \"version\": \"1\", \"weights\": {\"fc3\": 0}}]}",
         BAD_INPUT,
         "bad.json: profile p: expected layers of the network (fc1, fc2) or *, found fc3; did you mean fc1?"},
        {"{\"policies\": [{\"name\": \"nobody's\", \"version\": \"1\"}]}", BAD_CONFIG,
         "train.admission.policies: expected some samples to train on, found all 597 rejected"},
        {"{\"policies\": [{\"name\": \"legacy-import\", \"version\": \"1\", \"admit\": {\"source\": "
         "[\"weather-logbooks\"]}}]}",
         BAD_CONFIG, "train.batch: expected at most the"},
        {"{\"policies\": [{\"name\": \"open-license\", \"version\": \"1\", \"opt_out\": \"absent.txt\"}]}", BAD_INPUT,
         "absent.txt"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct train_summary summary;
        if (refused[i].file != NULL)
            put(scene, "bad.json", refused[i].file);
        CHECK_FAILS(train(MPI_COMM_WORLD, scene, "bad.json", "refused", &summary), refused[i].status,
                    refused[i].sentence);
        char *path = path_join(scene, "refused");
        CHECK(!path_exists(path));
        memory_free(path);
    }
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char scene[SCENE_PATH_BYTES];
    scene_directory(MPI_COMM_WORLD, scene);
    check_any_ranks(scene);
    check_with_numpy(scene);
    check_changes(scene);
    check_refused(scene);
    scene_remove(MPI_COMM_WORLD, scene);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
