/* "Did you mean …?" */
#ifndef ASSAY_CONFIG_SUGGEST_H
#define ASSAY_CONFIG_SUGGEST_H

/* The number of single letters to insert, delete, replace or swap with their neighbour (each letter once) that turn one
 * word into the other, upper and lower case alike; words longer than 63 bytes count as unlike anything.  @local
 * @source Damerau 1964; the restricted form, "optimal string alignment" */
int word_distance(const char *a, const char *b);

/* The candidate nearest to `word`, if it is near enough to be a slip (a third of its letters, at least one); the first
 * of equals; NULL if none is.  @local */
const char *word_nearest(const char *word, const char *const *candidates, int n);

#endif
