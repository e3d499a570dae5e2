#include "seal/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "base/memory.h"
#include "seal/key_id.h"

struct signing_key {
    EVP_PKEY *private_key;
    struct verify_key public_key;
};

/* An encrypted key must not make a batch job wait for a passphrase. */
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer, (void)size, (void)is_writing, (void)context;
    return -1;
}

static enum status check_mode(int descriptor, const char *path)
{
    struct stat entry;
    if (fstat(descriptor, &entry) != 0 || !S_ISREG(entry.st_mode))
        return fail(BAD_KEY, "%s: expected a regular file with a private key", path);
    if (entry.st_mode & 077)
        return fail(BAD_KEY,
                    "%s: a private key that others may read or write (mode %03o) is refused; make a new one, or if "
                    "nobody saw it: chmod 600 %s",
                    path, (unsigned)entry.st_mode & 0777, path);
    return STATUS_OK;
}

static enum status read_key(FILE *file, const char *path, EVP_PKEY **found)
{
    EVP_PKEY *private_key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    if (private_key != NULL && EVP_PKEY_is_a(private_key, "ED25519")) {
        *found = private_key;
        return STATUS_OK;
    }
    enum status status = private_key != NULL
                             ? fail(BAD_KEY, "%s: expected an Ed25519 private key, found one of type %s", path,
                                    EVP_PKEY_get0_type_name(private_key))
                             : fail(BAD_KEY,
                                    "%s: expected an Ed25519 private key in an unencrypted PKCS#8 PEM file, "
                                    "found no key that can be read",
                                    path);
    EVP_PKEY_free(private_key);
    return status;
}

static enum status load(const char *path, EVP_PKEY **private_key)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    if (descriptor < 0)
        return fail(BAD_KEY, "%s: the private key cannot be opened: %s", path, strerror(errno));
    enum status status = check_mode(descriptor, path);
    FILE *file = status == STATUS_OK ? fdopen(descriptor, "r") : NULL;
    if (file == NULL) {
        close(descriptor);
        return status != STATUS_OK ? status : fail(BAD_KEY, "%s: %s", path, strerror(errno));
    }
    status = read_key(file, path, private_key);
    fclose(file);
    return status;
}

static bool write_key(int descriptor, EVP_PKEY *private_key)
{
    FILE *file = fdopen(descriptor, "w");
    if (file == NULL) {
        close(descriptor);
        return false;
    }
    bool good = PEM_write_PKCS8PrivateKey(file, private_key, NULL, NULL, 0, NULL, NULL) == 1 && fflush(file) == 0 &&
                fsync(descriptor) == 0;
    return fclose(file) == 0 && good;
}

/* Writes beside `path`, then links: of two jobs that start at once one makes the key and the other finds it there. */
static enum status store(const char *path, EVP_PKEY *private_key)
{
    struct text temporary;
    text_init(&temporary);
    text_add(&temporary, "%s.tmp-%ld", path, (long)getpid());
    unlink(temporary.bytes);
    int descriptor = open(temporary.bytes, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good =
        descriptor >= 0 && write_key(descriptor, private_key) && (link(temporary.bytes, path) == 0 || errno == EEXIST);
    enum status status =
        good ? STATUS_OK : fail(BAD_KEY, "%s: a new private key cannot be written there: %s", path, strerror(errno));
    unlink(temporary.bytes);
    text_clear(&temporary);
    return status;
}

static enum status make(const char *path)
{
    char *directory = path_directory(path);
    enum status status = directory_make(directory);
    memory_free(directory);
    if (status != STATUS_OK)
        return fail(BAD_KEY, "%s", failure_sentence());
    EVP_PKEY *private_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    ASSERT(private_key != NULL);
    status = store(path, private_key);
    EVP_PKEY_free(private_key);
    return status;
}

enum status signing_key_open(const char *path, const char *name, struct signing_key **key)
{
    EVP_PKEY *private_key = NULL;
    enum status status = key_name_check(name);
    if (status == STATUS_OK && access(path, F_OK) != 0 && errno == ENOENT)
        status = make(path);
    if (status == STATUS_OK)
        status = load(path, &private_key);
    if (status != STATUS_OK)
        return status;
    struct signing_key *opened = memory_allocate(1, sizeof *opened);
    size_t n = KEY_BYTES;
    opened->private_key = private_key;
    memcpy(opened->public_key.name, name, strlen(name));
    ASSERT(EVP_PKEY_get_raw_public_key(private_key, opened->public_key.key, &n) == 1 && n == KEY_BYTES);
    verify_key_name(&opened->public_key);
    *key = opened;
    return STATUS_OK;
}

void signing_key_destroy(struct signing_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->private_key);
    memory_free(key);
}

const struct verify_key *signing_key_public(const struct signing_key *key)
{
    return &key->public_key;
}

void signing_key_sign(const struct signing_key *key, const void *bytes, size_t n, uint8_t signature[SIGNATURE_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t length = SIGNATURE_BYTES;
    ASSERT(context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key->private_key) == 1);
    ASSERT(EVP_DigestSign(context, signature, &length, bytes, n) == 1 && length == SIGNATURE_BYTES);
    EVP_MD_CTX_free(context);
}
