/* Questions that have names: each is a few statements of SQL, chosen by what the argument is. */
#ifndef ASSAY_QUERY_QUESTION_H
#define ASSAY_QUERY_QUESTION_H

#include "query/format.h"

/* One answer. */
struct question_part {
    const char *title;
    const char *needs[3]; /* tables without which it is left out; ends with NULL */
    /* ?1 is the argument, ?2 the most rows of a long list, ?3 is there when people read the answer.  {TABLE ALIAS}
     * stands for the columns that users chose to group by, each after a comma; {TABLE ALIAS a b} for those of a and b
     * that there are; {=TABLE COLUMN} for the name of a change, by the unit of the column: loss_change, or score_change
     * where the scale of the scores is not known. */
    const char *sql;
    const char *instead; /* a sentence where a table is missing; NULL: nothing is said */
    const char *list;    /* a column of numbers with blanks between them; NULL: none */
    const char *unless;  /* a table that tells more: with it this is left out; NULL: none */
};

/* What an argument can be. */
struct question_case {
    const char *what;                  /* "query"; NULL: no argument */
    const char *table;                 /* where such things are listed */
    const char *test;                  /* gives a row if ?1 is one */
    const char *names;                 /* lists them, for near names */
    const struct question_part *parts; /* end with a title of NULL */
};

struct question {
    const char *name, *argument, *text; /* "top", "[QUERY | LAYER]", one line */
    const struct question_case *cases;  /* in this order; end with parts of NULL */
};

extern const struct question top_question, trace_question, groups_question, rejected_question, without_question;
extern const struct question *const questions[]; /* NULL-terminated */

/* NULL when there is none of that name. */
const struct question *question_find(const char *name);

/* Answers it; `most` is how many rows of a long list people want, 0: all, for programs.
 * @local   @fails BAD_USAGE for an argument that the run does not know; as query_run */
enum status question_answer(struct query *query, const struct question *question, const char *argument, int most,
                            struct format *format);

/* Adds a sentence for a word that is neither a question nor SQL.  @fails BAD_USAGE */
enum status question_unknown(const char *word);

#endif
