/* What the trainer hands over must be true: numpy recomputes captures, losses, accuracy, the first epochs' weights, the
 * autoencoder's quality, and what every pair did to every probe, from the files alone; and accuracy and quality must
 * not hang on one lucky seed. */
#include "scene.h"

static void check_with_numpy(const char *scene)
{
    struct train_summary summary = {0};
    CHECK(scene_train(MPI_COMM_SELF, scene, "\"directory\": \"digits\"", &summary) == STATUS_OK);
    CHECK(summary.validation_accuracy >= 0.97 && summary.test_accuracy >= 0.95);
    CHECK(summary.autoencoder.explained >= 0.95 && summary.n_probe == 180 && summary.n_pair == 200);
    const char *source = getenv("ASSAY_SOURCE");
    char command[4 * SCENE_PATH_BYTES];
    CHECK(source != NULL);
    snprintf(command, sizeof command,
             "OPENBLAS_NUM_THREADS=1 /usr/bin/python3 '%s/tests/reference/verify_hand_over.py' '%s/digits' '%s'",
             source != NULL ? source : ".", scene, scene_data());
    CHECK(system(command) == 0);

    /* The checker must be able to say no: one bit of one captured gradient, and one line's digest. */
    char broken[6 * SCENE_PATH_BYTES];
    snprintf(broken, sizeof broken,
             "cd '%s/digits' && printf '\\101' | dd of=captures/step-000090/train-00001.safetensors bs=1 seek=200000 "
             "conv=notrunc 2>/dev/null; %s >/dev/null 2>&1",
             scene, command);
    CHECK(system(broken) != 0);
}

static void check_other_seeds(const char *scene)
{
    static const int seeds[] = {2, 1000003};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct train_summary summary = {0};
        char members[256];
        snprintf(members, sizeof members,
                 "\"directory\": \"seed\", \"checkpoint_every\": 1000, \"sae\": {\"epochs\": 20}, \"policy\": "
                 "{\"pairs\": 10}, "
                 "\"seed\": %d",
                 seeds[i]);
        CHECK(scene_train(MPI_COMM_SELF, scene, members, &summary) == STATUS_OK && !summary.unchanged);
        CHECK(summary.validation_accuracy >= 0.95 && summary.test_accuracy >= 0.95);
        CHECK(summary.autoencoder.explained >= 0.9 && summary.autoencoder.n_dead <= 5);
    }
}

int main(int n_argument, char **arguments)
{
    MPI_Init(&n_argument, &arguments);
    char scene[SCENE_PATH_BYTES];
    scene_directory(MPI_COMM_WORLD, scene);
    check_with_numpy(scene);
    check_other_seeds(scene);
    scene_remove(MPI_COMM_WORLD, scene);
    int code = check_end();
    MPI_Finalize();
    return code;
}
