/* What the files of a scene share; for scene*.c and run.c alone. */
#ifndef ASSAY_MECHANISM_SCENE_PARTS_H
#define ASSAY_MECHANISM_SCENE_PARTS_H

#include "mechanism/scene.h"

/* Bytes that a file of records may have: every rank holds all of them while it parses them. */
#define SCENE_RECORD_LIMIT (INT64_C(1) << 30)

/* Pairs of parts, one object per line: first, second (ids of parts taken).  @local   @fails BAD_INPUT */
enum status scene_parse_pairs(struct scene *scene, const char *bytes, size_t n);

/* Opens every tensor that the config names, and checks its shape.  @local   @fails BAD_INPUT */
enum status scene_open_tensors(struct scene *scene);

/* Segments of all bytes of all input files that no row read covers, the same on every rank, their digests still zero.
 * @local   @fails BAD_INPUT */
enum status scene_list_rest(const struct scene *scene, struct segment_list *rest);

/* What a rank needs, against mechanism.memory.  @local   @fails CANNOT_FIT */
enum status scene_plan(const struct scene *scene);

#endif
