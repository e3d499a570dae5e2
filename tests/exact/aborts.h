/* Whether a call ends the program by an assertion: tried in a child process, whose message is not shown. */
#ifndef ASSAY_TESTS_EXACT_ABORTS_H
#define ASSAY_TESTS_EXACT_ABORTS_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool aborts(void (*call)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(EXIT_FAILURE);
        call();
        _exit(EXIT_SUCCESS);
    }
    int how = 0;
    return child > 0 && waitpid(child, &how, 0) == child && WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT;
}

#endif
