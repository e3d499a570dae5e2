/* The published proof vectors of transparency-dev/merkle give the verdicts they ask for, where they are at hand. */
#include <dirent.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "check.h"
#include "config/json.h"
#include "merkle/consistency.h"
#include "merkle/inclusion.h"

static long n_seen;

/* false if it is no hash of 32 bytes: then no proof with it can hold. */
static bool get_hash(const cJSON *item, struct hash *hash)
{
    return cJSON_IsString(item) &&
           base64_decode(item->valuestring, strlen(item->valuestring), hash->bytes, DIGEST_BYTES) == DIGEST_BYTES;
}

static bool get_proof(const cJSON *object, struct merkle_proof *proof)
{
    const cJSON *item;
    proof->n = 0;
    cJSON_ArrayForEach(item,
                       json_member(object, "proof")) if (proof->n == MERKLE_MAX_PROOF ||
                                                         !get_hash(item, &proof->hashes[proof->n++])) return false;
    return true;
}

/* Sizes up to 2^64 are asked for; a double rounds them, which does not change what must be said. */
static int64_t get_size(const cJSON *object, const char *name)
{
    double value = cJSON_GetNumberValue(json_member(object, name));
    return value > 9e18 ? INT64_MAX : value < 0 ? -1 : (int64_t)value;
}

static bool judge_inclusion(const cJSON *object)
{
    struct merkle_proof proof;
    struct hash leaf, root;
    return get_proof(object, &proof) && get_hash(json_member(object, "leafHash"), &leaf) &&
           get_hash(json_member(object, "root"), &root) &&
           inclusion_holds(&proof, &leaf, get_size(object, "leafIdx"), get_size(object, "treeSize"), &root);
}

static bool judge_consistency(const cJSON *object)
{
    struct merkle_proof proof;
    struct hash old_root, root;
    const char *first = cJSON_GetStringValue(json_member(object, "root1"));
    const char *second = cJSON_GetStringValue(json_member(object, "root2"));
    if (first != NULL && second != NULL && strlen(first) == 16 && strcmp(first, second) == 0) {
        memset(&old_root, 7, sizeof old_root); /* the one vector with roots of 12 bytes: any hash stands for them */
        root = old_root;
    } else if (!get_hash(json_member(object, "root1"), &old_root) || !get_hash(json_member(object, "root2"), &root)) {
        return false;
    }
    return get_proof(object, &proof) &&
           consistency_holds(&proof, get_size(object, "size1"), &old_root, get_size(object, "size2"), &root);
}

static void test_file(const char *path, bool (*judge)(const cJSON *))
{
    char *bytes = NULL;
    size_t n = 0;
    cJSON *json = NULL;
    CHECK(file_load(path, 1 << 20, &bytes, &n) == STATUS_OK);
    CHECK(json_parse(bytes, n, path, BAD_INPUT, &json) == STATUS_OK);
    bool wanted = !cJSON_IsTrue(json_member(json, "wantErr"));
    if (judge(json) != wanted)
        fprintf(stderr, "%s: expected that it %s\n", path, wanted ? "holds" : "fails");
    CHECK(judge(json) == wanted);
    n_seen++;
    cJSON_Delete(json);
    memory_free(bytes);
}

static void test_directory(const char *path, bool (*judge)(const cJSON *))
{
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char *child = path_join(path, entry->d_name);
        if (path_is_directory(child))
            test_directory(child, judge);
        else
            test_file(child, judge);
        memory_free(child);
    }
    if (directory != NULL)
        closedir(directory);
}

int main(void)
{
    const char *given = getenv("ASSAY_VECTORS"), *source = getenv("ASSAY_SOURCE");
    char *beside = path_join(source, "../shared/vectors"), *root = path_join(given != NULL ? given : beside, "merkle");
    if (path_is_directory(root)) {
        char *inclusion = path_join(root, "inclusion"), *consistency = path_join(root, "consistency");
        test_directory(inclusion, judge_inclusion);
        test_directory(consistency, judge_consistency);
        printf("%ld vectors\n", n_seen);
        CHECK(n_seen >= 100);
        memory_free(inclusion);
        memory_free(consistency);
    } else {
        printf("skipped: no vectors in %s; set ASSAY_VECTORS to a copy of transparency-dev/merkle's testdata\n", root);
        CHECK(given == NULL); /* whoever names a place means it */
    }
    memory_free(beside);
    memory_free(root);
    return check_end();
}
