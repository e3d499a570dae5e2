/* A slow disk for benchmarks: preloaded, it lets pread deliver at most ASSAY_READ_RATE bytes a second to this process.
 * A read comes back when a device of that rate would have delivered it, after all reads before it: the time is the
 * device's, so that a thread that reads ahead hides it and a processor is free meanwhile.
 *
 *     LD_PRELOAD=libslow_read.so ASSAY_READ_RATE=5e8 assay run CONFIG */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef ssize_t (*read_function)(int file, void *into, size_t n, off_t offset);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double rate;       /* bytes a second; 0: no limit */
static double idle_since; /* when the device has delivered all that was asked for */
static read_function real_pread;

ssize_t pread(int file, void *into, size_t n, off_t offset);
ssize_t pread64(int file, void *into, size_t n, off_t offset);

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void __attribute__((constructor)) begin(void)
{
    const char *wish = getenv("ASSAY_READ_RATE");
    rate = wish != NULL ? atof(wish) : 0;
    *(void **)&real_pread = dlsym(RTLD_NEXT, "pread");
}

/* Queues n bytes on the device, and gives the time when they are there. */
static double delivered_at(double asked, size_t n)
{
    pthread_mutex_lock(&lock);
    double start = asked > idle_since ? asked : idle_since;
    double end = start + (double)n / rate;
    idle_since = end;
    pthread_mutex_unlock(&lock);
    return end;
}

ssize_t pread(int file, void *into, size_t n, off_t offset)
{
    double asked = seconds();
    ssize_t got = real_pread(file, into, n, offset);
    if (got <= 0 || rate <= 0)
        return got;
    double wait = delivered_at(asked, (size_t)got) - seconds();
    if (wait > 0) {
        struct timespec pause = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
        nanosleep(&pause, NULL);
    }
    return got;
}

ssize_t pread64(int file, void *into, size_t n, off_t offset)
{
    return pread(file, into, n, offset);
}
