#include "base/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t requested;

static void remember(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

void stop_listen(void)
{
    /* SA_RESETHAND: whoever asks twice does not want to wait.  SA_RESTART: reads and writes under way go on. */
    struct sigaction action = {.sa_handler = remember, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

bool stop_requested(void)
{
    return requested != 0;
}
