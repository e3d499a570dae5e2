#include "base/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t requested;

static void remember(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

static void handle(void (*handler)(int))
{
    static const int signals[] = {SIGTERM, SIGUSR1, SIGINT};
    /* SA_RESETHAND: whoever asks twice does not want to wait.  SA_RESTART: reads and writes under way go on. */
    struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

void stop_listen(void)
{
    handle(remember);
}

void stop_unlisten(void)
{
    handle(SIG_DFL);
}

bool stop_requested(void)
{
    return requested != 0;
}
