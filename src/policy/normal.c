#include "policy/normal.h"

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "policy/solution.h"

/* Number 0 is the system of all probes, number 1 + f the one without fold f. */
struct normal {
    MPI_Comm comm;
    const struct features *features;
    const struct policy_plan *plan;
    const int *shift;
    struct grid grid;
    struct system **system; /* owned; numbers [first, first + n) are held */
    int first, n, n_system;
    bool show;
};

struct normal *normal_create(const struct fit_request *request, const int *shift)
{
    const struct policy_plan *plan = request->plan;
    struct normal *normal = memory_allocate(1, sizeof *normal);
    *normal = (struct normal){.comm = request->comm,
                              .features = request->features,
                              .plan = plan,
                              .shift = shift,
                              .show = request->show,
                              .n_system = request->features->n_part > 1 ? 1 + request->features->n_part : 1};
    normal->system = memory_allocate(plan->n_loaded, sizeof *normal->system);
    grid_open(request->comm, plan->grid_rows, plan->grid_columns, &normal->grid);
    return normal;
}

static void drop_systems(struct normal *normal)
{
    for (int i = 0; i < normal->n; i++)
        system_destroy(normal->system[i]);
    normal->n = 0;
}

void normal_destroy(struct normal *normal)
{
    if (normal == NULL)
        return;
    drop_systems(normal);
    grid_close(&normal->grid);
    memory_free(normal->system);
    memory_free(normal);
}

/* ---- panels ----------------------------------------------------------------------------------------------------- */

static const int64_t low_base = (int64_t)1 << 40;

static int64_t panel_entries(const struct gram_panel *panel)
{
    return (panel->n - panel->first) * panel->width;
}

/* into += from, with low words in [0, 2^40) as gram_add leaves them. */
static void panel_add(struct gram_panel *into, const struct gram_panel *from)
{
    int64_t n = panel_entries(into);
    for (int64_t i = 0; i < n; i++) {
        int64_t low = into->low[i] + from->low[i];
        int64_t carry = low >= low_base;
        into->low[i] = low - carry * low_base;
        into->high[i] += from->high[i] + carry;
    }
}

/* part = all − part. */
static void panel_take_from(struct gram_panel *part, const struct gram_panel *all)
{
    int64_t n = panel_entries(part);
    for (int64_t i = 0; i < n; i++) {
        int64_t low = all->low[i] - part->low[i];
        int64_t borrow = low < 0;
        part->low[i] = low + borrow * low_base;
        part->high[i] = all->high[i] - part->high[i] - borrow;
    }
}

static bool is_held(const struct normal *normal, int number)
{
    return number >= normal->first && number < normal->first + normal->n;
}

/* Columns [first, first + width) of every system that is held.  Each fold's panel is made once: the sum of all is that
 * of all probes, and less one fold that of the others, since integers lose nothing. */
static void add_folds(struct normal *normal, int64_t first, int64_t width)
{
    const struct features *features = normal->features;
    int64_t n = normal->plan->n_unknown;
    struct gram_panel all, other;
    struct gram_panel *kept = memory_allocate(normal->n, sizeof *kept);
    gram_panel_init(&all, n, first, width);
    for (int f = 0; f < features->n_part; f++) {
        struct gram_panel *panel = is_held(normal, 1 + f) ? &kept[1 + f - normal->first] : &other;
        gram_panel_init(panel, n, first, width);
        gram_add(panel, &features->part[f], GRAM_AUTO);
        panel_add(&all, panel);
        if (panel == &other)
            gram_panel_clear(&other);
    }
    for (int i = 0; i < normal->n; i++) {
        if (normal->first + i == 0) {
            system_add_panel(normal->system[i], &all, normal->shift);
            continue;
        }
        panel_take_from(&kept[i], &all);
        system_add_panel(normal->system[i], &kept[i], normal->shift);
        gram_panel_clear(&kept[i]);
    }
    gram_panel_clear(&all);
    memory_free(kept);
}

static void add_all(struct normal *normal, int64_t first, int64_t width)
{
    struct gram_panel panel;
    gram_panel_init(&panel, normal->plan->n_unknown, first, width);
    gram_add(&panel, &normal->features->part[0], GRAM_AUTO);
    system_add_panel(normal->system[0], &panel, normal->shift);
    gram_panel_clear(&panel);
}

/* Makes the systems from number `first` on, as many as may be held.  @collective */
static enum status make(struct normal *normal, int first)
{
    const struct policy_plan *plan = normal->plan;
    drop_systems(normal);
    normal->first = first;
    normal->n = normal->n_system - first < plan->n_loaded ? normal->n_system - first : (int)plan->n_loaded;
    for (int i = 0; i < normal->n; i++)
        normal->system[i] = system_create(&normal->grid, plan->n_unknown, plan->system_block);
    struct progress progress;
    enum status status = STATUS_OK;
    progress_begin(&progress, normal->show, "policy", "columns", plan->n_unknown, plan->n_unknown);
    for (int64_t column = 0; column < plan->n_unknown; column += plan->panel_width) {
        status =
            agree(normal->comm,
                  stop_requested()
                      ? fail(STOPPED, "policy: stopped on request before it was fitted; run the same command again")
                      : STATUS_OK);
        if (status != STATUS_OK)
            break;
        int64_t left = plan->n_unknown - column, width = left < plan->panel_width ? left : plan->panel_width;
        if (normal->n_system > 1)
            add_folds(normal, column, width);
        else
            add_all(normal, column, width);
        progress_add(&progress, width);
    }
    progress_end(&progress);
    if (status != STATUS_OK)
        drop_systems(normal);
    return status;
}

enum status normal_get(struct normal *normal, int fold, struct system **system)
{
    int number = fold == NO_FOLD ? 0 : 1 + fold;
    ASSERT(number < normal->n_system);
    if (!is_held(normal, number)) {
        enum status status = make(normal, number);
        if (status != STATUS_OK)
            return status;
    }
    *system = normal->system[number - normal->first];
    return STATUS_OK;
}
