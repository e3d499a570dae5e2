#include "report/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

extern char **environ;

/* Ends of the three channels; −1: closed.  Sockets, since writing to a program that is gone must not raise a signal. */
struct child {
    pid_t id;
    int ours[3], theirs[3];
};

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static bool open_channels(struct child *child)
{
    bool good = true;
    for (int i = 0; i < 3; i++)
        child->ours[i] = child->theirs[i] = -1;
    for (int i = 0; i < 3 && good; i++) {
        int ends[2];
        good = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
        child->ours[i] = good ? ends[0] : -1;
        child->theirs[i] = good ? ends[1] : -1;
    }
    return good;
}

/* Our environment but for what would change how numbers are written. */
static char **plain_environment(void)
{
    int64_t n = 0, kept = 0;
    while (environ[n] != NULL)
        n++;
    char **list = memory_allocate(n + 2, sizeof *list);
    for (int64_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LC_", 3) != 0 && strncmp(environ[i], "LANG", 4) != 0 &&
            strncmp(environ[i], "GNU", 3) != 0)
            list[kept++] = environ[i];
    static char locale[] = "LC_ALL=C";
    list[kept] = locale;
    return list;
}

/* Signals that a job listens to are its own: the child starts as any program does. */
static int start(const char *const *arguments, struct child *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, child->theirs[i], i);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    char **environment = plain_environment();
    int trouble = posix_spawnp(&child->id, arguments[0], &actions, &attributes, (char *const *)arguments, environment);
    memory_free(environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return trouble;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void send_some(struct child *child, const struct text *input, size_t *sent)
{
    ssize_t n = send(child->ours[0], input->bytes + *sent, input->length - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
        *sent += (size_t)n;
    if (*sent == input->length || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_end(&child->ours[0]);
}

static void take_some(int *end, struct text *into)
{
    char bytes[65536];
    ssize_t n = recv(*end, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        text_add_bytes(into, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_end(end);
}

/* Until it has closed its channels; false when that takes too long or says too much. */
static bool talk(struct child *child, const struct text *input, double deadline, size_t most, struct text *output,
                 struct text *errors)
{
    size_t sent = 0;
    if (input->length == 0)
        close_end(&child->ours[0]);
    while (child->ours[1] >= 0 || child->ours[2] >= 0) {
        double left = deadline - now();
        if (left <= 0 || output->length > most || errors->length > most)
            return false;
        struct pollfd ends[3] = {
            {child->ours[0], POLLOUT, 0}, {child->ours[1], POLLIN, 0}, {child->ours[2], POLLIN, 0}};
        if (poll(ends, 3, (int)(1000 * left) + 1) < 0 && errno != EINTR)
            return false;
        if (child->ours[0] >= 0 && ends[0].revents != 0)
            send_some(child, input, &sent);
        if (child->ours[1] >= 0 && ends[1].revents != 0)
            take_some(&child->ours[1], output);
        if (child->ours[2] >= 0 && ends[2].revents != 0)
            take_some(&child->ours[2], errors);
    }
    return true;
}

/* Its end, once it has been told everything; it has a moment to leave after its last word. */
static enum child_end reap(pid_t id, bool in_time, double deadline)
{
    int state = 0;
    pid_t found = 0;
    while (in_time && (found = waitpid(id, &state, WNOHANG)) == 0 && now() < deadline)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (found == 0) {
        kill(id, SIGKILL);
        while (waitpid(id, &state, 0) < 0 && errno == EINTR) {
        }
        return CHILD_TOO_LATE;
    }
    if (found == id && WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return CHILD_ABSENT;
    return found == id && WIFEXITED(state) && WEXITSTATUS(state) == 0 ? CHILD_DONE : CHILD_FAILED;
}

enum child_end child_run(const char *const *arguments, const struct text *input, double seconds, size_t most,
                         struct text *output, struct text *errors)
{
    struct child child;
    double deadline = now() + seconds;
    bool open = open_channels(&child);
    int trouble = open ? start(arguments, &child) : EIO;
    for (int i = 0; i < 3; i++)
        close_end(&child.theirs[i]);
    enum child_end end = trouble == ENOENT || trouble == EACCES ? CHILD_ABSENT : CHILD_FAILED;
    if (trouble == 0) {
        bool in_time = talk(&child, input, deadline, most, output, errors);
        end = reap(child.id, in_time, deadline);
    }
    for (int i = 0; i < 3; i++)
        close_end(&child.ours[i]);
    return end;
}
