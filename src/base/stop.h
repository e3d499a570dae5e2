/* An orderly stop on request: long work asks now and then whether it should end. */
#ifndef ASSAY_BASE_STOP_H
#define ASSAY_BASE_STOP_H

#include <stdbool.h>

/* From now on SIGTERM, SIGUSR1 and SIGINT are remembered instead of ending the program; a second one ends it.  SIGUSR1
 * is what mpirun passes on to its ranks, SIGTERM what Slurm sends before a time limit.  @local */
void stop_listen(void);

/* From now on they end the program again; one that came stays known.  @local */
void stop_unlisten(void);

/* Whether one of them came.  @local */
bool stop_requested(void);

#endif
