#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "report/html.h"

enum { WIDTH = 620, HEIGHT = 300, FONT = 14, LONGEST_LABEL = 28, MOST_OUTPUT = 8 << 20 };
#define PATIENCE 20.0 /* seconds for one chart */

/* Told apart without colour too: by dash and mark.  @source Okabe and Ito, colours for the colour-blind */
static const struct look {
    const char *colour;
    int dash, mark;
} looks[MOST_SERIES] = {
    {"#0072b2", 1, 7}, {"#d55e00", 2, 5}, {"#1b1b1b", 4, 9}, {"#009e73", 3, 13}, {"#cc79a7", 5, 11}, {"#8a6d00", 6, 2},
};

/* Gnuplot never sees a text of ours or of data: each is a word of as many letters, which is replaced in the drawing. */
struct words {
    const char *texts[256]; /* borrowed */
    int n;
};

static void add_word(struct text *script, struct words *words, const char *text)
{
    enum { MOST = sizeof words->texts / sizeof *words->texts };
    struct text shown;
    text_init(&shown);
    text_add_visible(&shown, text, LONGEST_LABEL);
    int width = 0;
    for (const char *at = shown.bytes ? shown.bytes : ""; *at; at++)
        width += ((unsigned char)*at & 0xc0) != 0x80;
    text_clear(&shown);
    if (words->n == MOST) {
        text_add(script, "''");
        return;
    }
    size_t before = script->length;
    text_add(script, "'ZQ%dZ", words->n);
    while (script->length - before < (size_t)width + 1)
        text_add(script, "Z");
    text_add(script, "'");
    words->texts[words->n++] = text;
}

/* ---- the script ------------------------------------------------------------------------------------------------- */

static bool is_drawn(const struct chart *chart, const struct series *series, int64_t i)
{
    return isfinite(series->x[i]) && isfinite(series->y[i]) && (!chart->log_x || series->x[i] > 0) &&
           (!chart->log_y || series->y[i] > 0);
}

static int64_t drawn(const struct chart *chart, const struct series *series)
{
    int64_t n = 0;
    for (int64_t i = 0; i < series->n; i++)
        n += is_drawn(chart, series, i);
    return n;
}

static void add_data(const struct chart *chart, int s, struct text *script)
{
    const struct series *series = &chart->series[s];
    text_add(script, "$d%d << EOD\n", s);
    for (int64_t i = 0; i < series->n; i++)
        if (is_drawn(chart, series, i)) {
            double low = series->low != NULL && isfinite(series->low[i]) ? series->low[i] : series->y[i];
            double high = series->high != NULL && isfinite(series->high[i]) ? series->high[i] : series->y[i];
            text_add(script, "%.9g %.9g %.9g %.9g\n", series->x[i], series->y[i], low, high);
        }
    text_add(script, "EOD\n");
}

static void add_axes(const struct chart *chart, struct words *words, struct text *script)
{
    text_add(script,
             "set terminal svg size %d,%d noenhanced font 'sans-serif,%d' linewidth 1.4 background rgb 'white'\n"
             "set encoding utf8\nset border 3 lw 0.7 lc rgb '#555555'\nset tics nomirror out scale 0.6\n"
             "set grid ytics lt 1 lw 0.5 lc rgb '#dddddd'\nset key outside top left horizontal Left reverse\n"
             "set style fill solid 0.85 border lt -1\nset boxwidth 0.6\nset autoscale fix\nset offsets graph 0.02, "
             "graph 0.03, graph 0.05, "
             "graph 0.03\nset xlabel ",
             WIDTH, HEIGHT, FONT);
    add_word(script, words, chart->x_label);
    text_add(script, "\nset ylabel ");
    add_word(script, words, chart->y_label);
    text_add(script, "\n");
    if (chart->log_x)
        text_add(script, "set logscale x\nset format x '%%.3g'\n");
    if (chart->log_y)
        text_add(script, "set logscale y\nset format y '%%.3g'\n");
    if (chart->x_names != NULL) {
        text_add(script, "set xtics rotate by -50 left font ',11' (");
        for (int64_t i = 0; i < chart->n_name; i++) {
            text_add(script, "%s", i > 0 ? ", " : "");
            add_word(script, words, chart->x_names[i]);
            text_add(script, " %lld", (long long)i);
        }
        text_add(script, ")\n");
    }
    if (chart->n_series == 1)
        text_add(script, "unset key\n");
}

static void add_series(const struct chart *chart, int s, struct words *words, struct text *script)
{
    const struct series *series = &chart->series[s];
    const struct look *look = &looks[s];
    text_add(script, "$d%d using 1:2 ", s);
    switch (series->style) {
        case STYLE_LINE:
            text_add(script, "with linespoints lc rgb '%s' dt %d pt %d ps 0.7", look->colour, look->dash, look->mark);
            break;
        case STYLE_POINTS:
            text_add(script, "with points lc rgb '%s' pt %d ps 0.6", look->colour, look->mark);
            break;
        case STYLE_MARKS:
            text_add(script, "with points lc rgb '#1b1b1b' pt 6 ps 1.7 lw 1.4");
            break;
        case STYLE_BARS:
            text_add(script, "with boxes lc rgb '%s'", look->colour);
            break;
    }
    text_add(script, " title ");
    add_word(script, words, series->name);
    if (series->low != NULL)
        text_add(script, ", $d%d using 1:2:3:4 with yerrorbars lc rgb '%s' dt 1 pt %d ps 0.7 lw 0.8 notitle", s,
                 look->colour, look->mark);
}

/* False when there is nothing to draw. */
static bool make_script(const struct chart *chart, struct words *words, struct text *script)
{
    int n = 0;
    add_axes(chart, words, script);
    for (int s = 0; s < chart->n_series; s++)
        if (drawn(chart, &chart->series[s]) > 0)
            add_data(chart, s, script);
    for (int s = 0; s < chart->n_series; s++)
        if (drawn(chart, &chart->series[s]) > 0) {
            text_add(script, n++ == 0 ? "plot " : ", ");
            add_series(chart, s, words, script);
        }
    text_add(script, "\n");
    return n > 0;
}

/* ---- the drawing ------------------------------------------------------------------------------------------------ */

/* Names that gnuplot gives to parts of every drawing: on one page they must differ. */
static size_t own_name(const char *at)
{
    static const char *const names[] = {"gpPt", "gpDot", "textbox", "greybox", "gnuplot_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(at, names[i], strlen(names[i])) == 0)
            return strlen(names[i]);
    return 0;
}

/* The text that a word stands for; 0 when there is no word at `at`, else its length. */
static size_t put_word(const char *at, const struct words *words, struct text *out)
{
    int number = 0, used = 0;
    if (*at != 'Z') /* sscanf looks for the end of the drawing each time */
        return 0;
    if (sscanf(at, "ZQ%3d%n", &number, &used) != 1 || at[used] != 'Z' || number < 0 || number >= words->n)
        return 0;
    html_add_name(out, words->texts[number], LONGEST_LABEL);
    return (size_t)used + strspn(at + used, "Z");
}

/* Whether gnuplot's element is what we expect: nothing that acts, loads or links. */
static bool is_harmless(const char *svg)
{
    static const char *const acting[] = {"<script",     "<image", "<foreignObject", "<a ",
                                         "javascript:", "onload", "onclick"};
    for (size_t i = 0; i < sizeof acting / sizeof *acting; i++)
        if (strstr(svg, acting[i]) != NULL)
            return false;
    return true;
}

/* Gnuplot names its curves in elements that browsers show as tooltips: their length. */
static size_t skip_title(const char *at)
{
    const char *end = strncmp(at, "<title>", 7) == 0 ? strstr(at, "</title>") : NULL;
    return end != NULL ? (size_t)(end - at) + 8 : 0;
}

/* From <svg> to </svg>, without the fixed size. */
static bool take_drawing(const struct chart *chart, const char *drawing, const struct words *words, int number,
                         struct text *out)
{
    const char *begin = strstr(drawing, "<svg"), *canvas = begin ? strstr(begin, "<g id=\"gnuplot_canvas\"") : NULL;
    const char *end = canvas ? strstr(canvas, "</svg>") : NULL;
    if (end == NULL || !is_harmless(begin))
        return false;
    text_add(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    html_add_attribute(out, chart->title);
    text_add(out, "\" xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n");
    for (const char *at = canvas; at < end;) {
        size_t n = own_name(at);
        if (n > 0)
            text_add(out, "c%d-", number);
        else
            n = put_word(at, words, out) + skip_title(at);
        if (n == 0 || own_name(at) > 0) {
            n = n > 0 ? n : 1;
            text_add_bytes(out, at, n);
        }
        at += n;
    }
    text_add(out, "</svg>\n");
    return true;
}

static void tell(enum child_end end, const struct text *errors, char trouble[200])
{
    if (end == CHILD_ABSENT)
        snprintf(trouble, 200, "gnuplot is not installed");
    else if (end == CHILD_TOO_LATE)
        snprintf(trouble, 200, "gnuplot took more than %g s, or drew too much", PATIENCE);
    else
        snprintf(trouble, 200, "gnuplot failed: %.150s", errors->length > 0 ? errors->bytes : "it said nothing");
}

enum child_end plot_chart(const struct chart *chart, int number, struct text *out, char trouble[200])
{
    static const char *const program[] = {"gnuplot", "--default-settings", "-", NULL};
    struct words words = {.n = 0};
    struct text script, drawing, errors;
    text_init(&script);
    text_init(&drawing);
    text_init(&errors);
    enum child_end end = CHILD_FAILED;
    if (make_script(chart, &words, &script)) {
        end = child_run(program, &script, PATIENCE, MOST_OUTPUT, &drawing, &errors);
        if (end == CHILD_DONE && !take_drawing(chart, drawing.bytes ? drawing.bytes : "", &words, number, out))
            end = CHILD_FAILED;
        if (end != CHILD_DONE)
            tell(end, &errors, trouble);
    } else {
        snprintf(trouble, 200, "it has no finite numbers");
    }
    text_clear(&errors);
    text_clear(&drawing);
    text_clear(&script);
    return end;
}
