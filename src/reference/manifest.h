/* train.json: what was handed over, written last; and the directory that it stands for. */
#ifndef ASSAY_REFERENCE_MANIFEST_H
#define ASSAY_REFERENCE_MANIFEST_H

#include <stdbool.h>

#include "base/status.h"
#include "base/text.h"
#include "reference/admissions.h"
#include "reference/hand_over.h"
#include "reference/images.h"
#include "reference/train.h"

/* The first part of the manifest: all that decides the files, which are the format, the resolved config and the digests
 * of the data and of the policies.  The caller owns the text.  @local */
void manifest_head(const struct train_config *config, const struct images *images, const struct admissions *admissions,
                   struct text *head);

/* Whether `directory` has a manifest with this head and every file it lists, in its size; then fills *summary.
 * @local */
bool manifest_is_current(const char *directory, const char *head, struct train_summary *summary);

/* Makes the directory ready: creates it, turns an older manifest into the mark train.json.partial (or writes that
 * mark), and removes what an earlier hand-over left, which a glob would take for new.  Without manifest or mark
 * no file of those names may be there.
 * @local   @fails CANNOT_WRITE */
enum status manifest_begin(const char *directory, const char *head);
/* Writes the manifest and removes the mark.  @local   @fails CANNOT_WRITE */
enum status manifest_end(const char *head, const struct train_summary *summary, const struct hand_over *hand_over);

/* `value` in the fewest digits that read back as the same double (finite).  @local */
void text_add_double(struct text *text, double value);

#endif
