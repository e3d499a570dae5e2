/* Private keys are made once, for their owner only; vkeys are one text; notes hold for their key and their bytes alone.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "scratch.h"
#include "seal/checkpoint.h"

#define ORIGIN "example.org/audit/test"

/* The example of the signed-note specification, which golang.org/x/mod/sumdb/note has too. */
#define NOTE_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define NOTE_BODY                                                                                                      \
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define NOTE_SIGNATURE                                                                                                 \
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyB" \
    "wJnAM=\n"

static void test_creation(const char *directory)
{
    struct signing_key *first = NULL, *second = NULL;
    struct stat entry;
    char *path = path_join(directory, "deep/audit.key");
    CHECK(signing_key_open(path, ORIGIN, &first) == STATUS_OK);
    CHECK(stat(path, &entry) == 0 && (entry.st_mode & 07777) == 0600);
    CHECK(signing_key_open(path, ORIGIN, &second) == STATUS_OK);
    CHECK(verify_key_equal(signing_key_public(first), signing_key_public(second)));
    CHECK(scratch_run("ls % | wc -l | grep -qx 1", directory) == 0); /* nothing temporary is left */
    CHECK(scratch_run("openssl pkey -in %/deep/audit.key -noout -text | grep -q ED25519", directory) == 0);
    signing_key_destroy(first);
    signing_key_destroy(second);

    /* Two at once: one makes it, both have it. */
    char *raced = path_join(directory, "raced.key");
    pid_t child[4];
    struct verify_key keys[4];
    for (int i = 0; i < 4; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            struct signing_key *key = NULL;
            bool good = signing_key_open(raced, ORIGIN, &key) == STATUS_OK;
            char name[16];
            snprintf(name, sizeof name, "vkey-%d", i);
            if (good) {
                struct text text;
                text_init(&text);
                verify_key_text(signing_key_public(key), &text);
                scratch_store(directory, name, text.bytes, text.length);
                text_clear(&text);
            }
            signing_key_destroy(key);
            _exit(good ? 0 : 1);
        }
    }
    for (int i = 0; i < 4; i++) {
        int code = -1;
        char name[16];
        waitpid(child[i], &code, 0);
        CHECK(code == 0);
        snprintf(name, sizeof name, "vkey-%d", i);
        char *file = path_join(directory, name);
        CHECK(verify_key_load(file, &keys[i]) == STATUS_OK);
        CHECK(verify_key_equal(&keys[0], &keys[i]));
        memory_free(file);
    }
    memory_free(raced);
    memory_free(path);
}

static void test_refused_keys(const char *directory)
{
    struct signing_key *key = NULL;
    char *path = path_join(directory, "open.key"), *rsa = path_join(directory, "ec.key"),
         *none = path_join(directory, "none.key"), *locked = path_join(directory, "locked.key"),
         *below = path_join(directory, "none.key/under.key");
    CHECK(signing_key_open(path, ORIGIN, &key) == STATUS_OK);
    signing_key_destroy(key);
    for (unsigned mode = 0604; mode <= 0660; mode += mode == 0604 ? 0640 - 0604 : 0660 - 0640) {
        CHECK(chmod(path, mode) == 0);
        CHECK_FAILS(signing_key_open(path, ORIGIN, &key), BAD_KEY, "others may read or write");
    }
    CHECK(
        scratch_run("cd % && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null && "
                    "chmod 600 ec.key",
                    directory) == 0);
    CHECK_FAILS(signing_key_open(rsa, ORIGIN, &key), BAD_KEY, "expected an Ed25519 private key, found one of type EC");
    CHECK(scratch_run("cd % && echo hello > none.key && chmod 600 none.key", directory) == 0);
    CHECK_FAILS(signing_key_open(none, ORIGIN, &key), BAD_KEY, "found no key that can be read");
    CHECK_FAILS(signing_key_open(below, ORIGIN, &key), BAD_KEY, "none.key");
    CHECK(scratch_run("cd % && openssl genpkey -algorithm ED25519 -aes256 -pass pass:x -out locked.key && "
                      "chmod 600 locked.key",
                      directory) == 0);
    CHECK_FAILS(signing_key_open(locked, ORIGIN, &key), BAD_KEY, "unencrypted PKCS#8");
    CHECK_FAILS(signing_key_open(directory, ORIGIN, &key), BAD_KEY, "regular file");
    static const char *const names[] = {"", "a b", "a+b", "https://example.org", "caf\xc3\xa9", "a\n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_FAILS(signing_key_open(path, names[i], &key), BAD_KEY, "expected a URL without its scheme");
    memory_free(path);
    memory_free(rsa);
    memory_free(none);
    memory_free(locked);
    memory_free(below);
}

static void test_vkey(const char *directory)
{
    struct verify_key key, other;
    struct text text;
    text_init(&text);
    CHECK(verify_key_find(NOTE_VKEY, &key) == STATUS_OK && strcmp(key.name, "PeterNeumann") == 0);
    verify_key_text(&key, &text);
    CHECK(strcmp(text.bytes, NOTE_VKEY) == 0);
    scratch_store(directory, "peter", NOTE_VKEY "\n", strlen(NOTE_VKEY) + 1);
    char *path = path_join(directory, "peter"), *absent = path_join(directory, "paul");
    CHECK(verify_key_find(path, &other) == STATUS_OK && verify_key_equal(&key, &other));
    CHECK_FAILS(verify_key_find(absent, &other), BAD_KEY, "expected a verification key");
    CHECK_FAILS(verify_key_load(absent, &other), BAD_KEY, "paul");
    scratch_store(directory, "peter", NOTE_VKEY "\n\n", strlen(NOTE_VKEY) + 2);
    CHECK_FAILS(verify_key_find(path, &other), BAD_KEY, "expected a verification key");
    /* The id covers name and key, and base64 has one form: every change of a byte is seen. */
    size_t n = strlen(NOTE_VKEY);
    char *copy = memory_copy_text(NOTE_VKEY);
    for (size_t at = 0; at < n; at++)
        for (int byte = 0; byte < 256; byte++)
            if ((char)byte != NOTE_VKEY[at]) {
                copy[at] = (char)byte;
                CHECK(verify_key_parse(copy, n, "here", &other) == BAD_KEY);
                copy[at] = NOTE_VKEY[at];
            }
    memory_free(copy);
    memory_free(path);
    memory_free(absent);
    text_clear(&text);
}

static void test_note(void)
{
    static const char *const note = NOTE_BODY "\n" NOTE_SIGNATURE;
    static const char *const foreign = NOTE_BODY "\n\xe2\x80\x94 Paul AAAAAAAA\n" NOTE_SIGNATURE;
    static const char *const unsigned_note = NOTE_BODY "\n\xe2\x80\x94 Paul AAAAAAAA\n";
    static const char *const twice = NOTE_BODY "\n" NOTE_SIGNATURE NOTE_SIGNATURE;
    struct verify_key key;
    size_t n = 0;
    CHECK(verify_key_find(NOTE_VKEY, &key) == STATUS_OK);
    CHECK(note_verify(note, strlen(note), &key, "note", &n) == STATUS_OK && n == strlen(NOTE_BODY));
    CHECK(note_verify(foreign, strlen(foreign), &key, "note", &n) == STATUS_OK && n == strlen(NOTE_BODY));
    CHECK(note_verify(twice, strlen(twice), &key, "note", &n) == STATUS_OK);
    CHECK_FAILS(note_verify(unsigned_note, strlen(unsigned_note), &key, "note", &n), DIFFERS,
                "expected a signature by the key of PeterNeumann, found none");
    CHECK_FAILS(note_verify(note, strlen(note) - 1, &key, "note", &n), BAD_RUN, "expected a signed note");
    CHECK_FAILS(note_verify(NOTE_BODY, strlen(NOTE_BODY), &key, "note", &n), BAD_RUN, "expected a signed note");
    CHECK_FAILS(note_verify(NOTE_BODY "\n", strlen(NOTE_BODY) + 1, &key, "note", &n), BAD_RUN,
                "expected a signed note");
    CHECK_FAILS(note_verify("", 0, &key, "note", &n), BAD_RUN, "expected a signed note");
    size_t length = strlen(note);
    char *copy = memory_copy_text(note);
    for (size_t at = 0; at < length; at++)
        for (int bit = 0; bit < 8; bit++) {
            copy[at] = (char)(note[at] ^ 1 << bit);
            enum status status = note_verify(copy, length, &key, "note", &n);
            CHECK(status == DIFFERS || status == BAD_RUN);
            copy[at] = note[at];
        }
    memory_free(copy);
}

static void test_checkpoint(const char *directory)
{
    struct signing_key *key = NULL, *stranger = NULL;
    struct hash root;
    struct log_checkpoint found = {0};
    struct text note, again, odd, body;
    char *path = path_join(directory, "a.key"), *other = path_join(directory, "b.key");
    CHECK(signing_key_open(path, ORIGIN, &key) == STATUS_OK);
    CHECK(signing_key_open(other, ORIGIN, &stranger) == STATUS_OK);
    merkle_leaf("x", 1, &root);
    text_init(&note);
    text_init(&again);
    text_init(&odd);
    text_init(&body);
    checkpoint_write(123456789012, &root, key, &note);
    checkpoint_write(123456789012, &root, key, &again);
    CHECK(note.length == again.length && strcmp(note.bytes, again.bytes) == 0);
    CHECK(checkpoint_verify(note.bytes, note.length, signing_key_public(key), "cp", &found) == STATUS_OK);
    CHECK(strcmp(found.origin, ORIGIN) == 0 && found.size == 123456789012 && hash_equal(&found.root, &root));
    CHECK_FAILS(checkpoint_verify(note.bytes, note.length, signing_key_public(stranger), "cp", &found), DIFFERS,
                "expected a signature by the key");
    for (size_t at = 0; at < note.length; at++)
        for (int bit = 0; bit < 8; bit++) {
            note.bytes[at] ^= (char)(1 << bit);
            CHECK(checkpoint_verify(note.bytes, note.length, signing_key_public(key), "cp", &found) != STATUS_OK);
            note.bytes[at] ^= (char)(1 << bit);
        }
    text_add(&body, "example.org/other\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n");
    note_write(&body, key, &odd);
    CHECK_FAILS(checkpoint_verify(odd.bytes, odd.length, signing_key_public(key), "cp", &found), DIFFERS,
                "the origin is example.org/other");
    static const char *const bodies[] = {ORIGIN "\n01\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n",
                                         ORIGIN "\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB==\n",
                                         ORIGIN "\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\nmore\n",
                                         ORIGIN "\n1\n", ORIGIN "\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        body.length = odd.length = 0;
        text_add(&body, "%s", bodies[i]);
        note_write(&body, key, &odd);
        CHECK_FAILS(checkpoint_verify(odd.bytes, odd.length, signing_key_public(key), "cp", &found), BAD_RUN,
                    "expected the three lines of a checkpoint");
    }
    text_clear(&note);
    text_clear(&again);
    text_clear(&odd);
    text_clear(&body);
    signing_key_destroy(key);
    signing_key_destroy(stranger);
    memory_free(path);
    memory_free(other);
}

int main(void)
{
    char *directory = scratch_begin();
    test_creation(directory);
    test_refused_keys(directory);
    test_vkey(directory);
    test_note();
    test_checkpoint(directory);
    scratch_end(directory);
    return check_end();
}
