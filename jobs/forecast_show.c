#include <stdio.h>

#include "config/json.h"
#include "jobs/forecast.h"
#include "jobs/forecast_figures.h"

static void show_seconds(double seconds, char out[32])
{
    if (seconds < 0)
        snprintf(out, 32, "unknown");
    else
        figure_seconds(seconds, out);
}

/* "  what            12.3 MiB in all, 3.1 MiB by the busiest rank" */
static void show_bytes(struct text *out, const char *what, double all, double busiest)
{
    char total[32], rank[32];
    text_add(out, "  %-20s %s in all, %s by the busiest rank\n", what, figure_bytes(all, total),
             figure_bytes(busiest, rank));
}

static void show_count(struct text *out, const char *what, double all, double busiest)
{
    text_add(out, "  %-20s %.4g in all, %.4g by the busiest rank\n", what, all, busiest);
}

/* ---- the jobs -------------------------------------------------------------------------------------------------- */

static void show_train(const struct forecast *forecast, struct text *out)
{
    char bytes[32], seconds[32];
    show_seconds(forecast->train_seconds, seconds);
    text_add(out, "train       every rank trains the same small network\n");
    text_add(out, "  %-20s %.4g by every rank\n", "operations", forecast->train.operations);
    text_add(out, "  %-20s %s of captures\n", "writes", figure_bytes(forecast->train.output_bytes, bytes));
    text_add(out, "  %-20s %s, at an assumed 1e9 operations a second\n\n", "time", seconds);
}

static void show_memory(const struct forecast *forecast, struct text *out)
{
    const struct influence_plan *plan = &forecast->plan;
    char peak[32], most[32], digits[32], queries[32], kept[32], tile[32], totals[32], read[32], samples[32];
    if (plan->peak_bytes > 0)
        text_add(out, "  %-20s %s per rank, of %s in influence.memory:\n", "memory",
                 figure_bytes((double)plan->peak_bytes, peak), figure_bytes((double)forecast->shape.memory, most));
    else
        text_add(out, "  %-20s does not fit %s of influence.memory per rank:\n", "memory",
                 figure_bytes((double)forecast->shape.memory, most));
    text_add(out, "  %-20s digits of blocks %s, of queries %s, kept entries %s,\n", "",
             figure_bytes((double)plan->digit_bytes, digits), figure_bytes((double)plan->query_bytes, queries),
             figure_bytes((double)plan->top_bytes, kept));
    text_add(out, "  %-20s totals %s, a tile of %lld examples %s, reading %s,\n  %-20s samples %s\n", "",
             figure_bytes((double)plan->total_bytes, totals), (long long)plan->tile_rows,
             figure_bytes((double)plan->tile_bytes, tile), figure_bytes((double)plan->read_bytes, read), "",
             figure_bytes((double)plan->sample_bytes, samples));
    text_add(out, "  %-20s %s per rank, while the samples file is read for the first time\n", "before that",
             figure_bytes(forecast->record_bytes, peak));
    text_add(out, "  %-20s %s on rank 0, for the lists of inputs and of blocks\n", "beside that",
             figure_bytes(forecast->list_bytes, read));
}

/* What the words above mean, for who reads them for the first time. */
static void show_words(struct text *out)
{
    static const char *const words[][2] = {
        {"block", "examples that are read, scored and noted in the journal together"},
        {"team", "ranks that share a block, each with some of its checkpoints; a single rank"},
        {"", "while there are no more ranks than blocks"},
        {"round", "one block for every team"},
        {"tile", "the part of a block that is scored at a time: as much as fits the memory"},
        {"products", "multiplications of 8-bit digits; each number has influence.digits of them"},
        {"score terms", "example x query x checkpoint x layer, by pairs of positions in sequences"}};
    text_add(out, "\n");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        text_add(out, "  %-14s%s\n", words[i][0], words[i][1]);
    text_add(out, "\n");
}

static void show_time(const struct forecast *forecast, struct text *out)
{
    const struct influence_time *time = &forecast->time;
    char total[32], part[32];
    if (forecast->seconds < 0) {
        text_add(out, "  %-20s unknown: run `assay plan --calibrate` on a compute node\n", "time");
        return;
    }
    text_add(out, "  %-20s %s: samples %s, ", "time", figure_seconds(time->total, total),
             figure_seconds(time->records, part));
    text_add(out, "reading %s, ", figure_seconds(time->read, part));
    text_add(out, "scoring %s,\n", figure_seconds(time->score, part));
    text_add(out, "  %-20s writing %s, ", "", figure_seconds(time->write, part));
    text_add(out, "bringing results together %s\n", figure_seconds(time->reduce, part));
    if (time->total > 0)
        text_add(out, "  %-20s so the file system has to deliver %s/s in all\n", "",
                 figure_bytes(forecast->plan.input_bytes / time->total, part));
}

static void show_influence(const struct forecast *forecast, struct text *out)
{
    const struct influence_shape *shape = &forecast->shape;
    const struct influence_plan *plan = &forecast->plan;
    const struct influence_work *work = &forecast->work;
    char train[32], query[32], blocks[32], rows[32], teams[32], rounds[32], bytes[32];
    text_add(out, "influence   %s examples x %s queries, %d checkpoints x %d layers\n",
             figure_count(plan->n_train, train), figure_count(plan->n_query, query), shape->n_used, shape->n_layer);
    text_add(out, "            %s blocks of %s examples, %s teams of %lld %s, %s rounds\n",
             figure_count(plan->n_block, blocks), figure_count(plan->block_rows, rows),
             figure_count(plan->n_team, teams), (long long)plan->n_member, plan->n_member == 1 ? "rank" : "ranks",
             figure_count(plan->n_round, rounds));
    show_bytes(out, "reads and hashes", plan->input_bytes, work->read_bytes);
    show_count(out, "8-bit products", plan->digit_products, work->digit_products);
    show_count(out, "score terms", plan->score_terms, work->score_terms);
    text_add(out, "  %-20s %s of results\n", "writes", figure_bytes(plan->output_bytes, bytes));
    show_memory(forecast, out);
    text_add(out, "  %-20s %.4g per rank, %s in them\n", "messages", plan->n_message,
             figure_bytes(plan->message_bytes, bytes));
    show_time(forecast, out);
    show_words(out);
}

static void show_seal(const struct forecast *forecast, struct text *out)
{
    char bytes[32], seconds[32];
    show_seconds(forecast->seal_seconds, seconds);
    text_add(out, "seal        about %.3g entries of the log\n", forecast->seal.n_entry);
    text_add(out, "  %-20s %s of tables in all\n", "hashes", figure_bytes(forecast->seal.hashed_bytes, bytes));
    text_add(out, "  %-20s %s\n\n", "time", seconds);
}

/* ---- the header ------------------------------------------------------------------------------------------------ */

/* Slurm's D-HH:MM:SS. */
static void add_slurm_time(int64_t minutes, struct text *out)
{
    enum { HOUR = 60, DAY = 24 * HOUR };
    if (minutes >= DAY)
        text_add(out, "%lld-", (long long)(minutes / DAY));
    text_add(out, "%02d:%02d:00", (int)(minutes % DAY / HOUR), (int)(minutes % HOUR));
}

static void show_header(const struct forecast *forecast, struct text *out)
{
    const struct forecast_request *request = &forecast->request;
    text_add(out, "#!/bin/bash\n#SBATCH --job-name=assay\n#SBATCH --nodes=%lld\n#SBATCH --ntasks=%lld\n",
             (long long)request->n_node, (long long)request->n_rank);
    text_add(out,
             "#SBATCH --cpus-per-task=%lld\n#SBATCH --mem-per-cpu=%lldM\n#SBATCH --time=", (long long)request->n_cpu,
             (long long)forecast_mebibytes(forecast));
    add_slurm_time(forecast_minutes(forecast), out);
    text_add(out,
             "%s\n#SBATCH --output=assay-%%j.log\n#SBATCH --signal=B:USR1@120\n#SBATCH --requeue\n"
             "#SBATCH --open-mode=append\n",
             forecast->seconds < 0 ? "  # a guess: nothing is known of the speed" : "");
}

static void show_assumptions(const struct forecast *forecast, struct text *out)
{
    const struct calibration *calibration = forecast->request.calibration;
    if (calibration == NULL)
        return;
    text_add(out, "The times hold for cores like the calibrated one (");
    text_add(out,
             "%.40s, %s),\nfor files that come as fast as from memory, and for a network of 1 GB/s with 20 us a "
             "message%s.\n",
             calibration->cpu, calibration->date,
             forecast->request.n_cpu > 1 ? "" : ".  With\n--cpus 2 reading would run beside scoring");
}

void forecast_show(const struct forecast *forecast, const char *config, struct text *out)
{
    const struct forecast_request *request = &forecast->request;
    char ranks[32], nodes[32], bytes[32], per_node[32], seconds[32];
    int64_t most = (request->n_rank + request->n_node - 1) / request->n_node;
    text_add(out, "plan        %s\n            ranks %s, cores of each %lld, nodes %s\n", config,
             figure_count(request->n_rank, ranks), (long long)request->n_cpu, figure_count(request->n_node, nodes));
    if (request->n_train > 0)
        text_add(out, "            as if there were %s training examples\n", figure_count(request->n_train, ranks));
    text_add(out, "\n");
    if (forecast->has_train)
        show_train(forecast, out);
    if (forecast->has_lineage)
        lineage_forecast_show(&forecast->lineage, out);
    if (forecast->has_influence && forecast->awaits_training)
        text_add(out, "influence   its inputs are not there yet: `assay train` makes them; plan again after it\n\n");
    else if (forecast->has_influence)
        show_influence(forecast, out);
    if (forecast->has_policy)
        policy_forecast_show(&forecast->policy, out);
    if (forecast->has_mechanism)
        mechanism_forecast_show(&forecast->mechanism, out);
    if (forecast->has_counterfactual)
        counterfactual_forecast_show(&forecast->counterfactual, out);
    if (forecast->has_seal && !forecast->awaits_training)
        show_seal(forecast, out);
    show_seconds(forecast->seconds, seconds);
    text_add(out, "all         %s per rank with the program itself, %s per node; time %s\n",
             figure_bytes(forecast->rank_bytes, bytes), figure_bytes(forecast->rank_bytes * (double)most, per_node),
             seconds);
    show_assumptions(forecast, out);
    text_add(out, "\n");
    if (forecast->misfit == NULL)
        show_header(forecast, out);
    else
        text_add(out, "no header of a Slurm script, as a rank would not fit\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

#define ADD_FIGURES(name, figures, out)                                                                                \
    forecast_add_object(name, NULL, false, figures, sizeof(figures) / sizeof *(figures), out)

static void add_influence(const struct forecast *forecast, struct text *out)
{
    const struct influence_shape *shape = &forecast->shape;
    const struct influence_plan *plan = &forecast->plan;
    const struct influence_work *work = &forecast->work;
    const struct forecast_figure figures[] = {{"examples", (double)plan->n_train},
                                              {"queries", (double)plan->n_query},
                                              {"checkpoints", shape->n_used},
                                              {"layers", shape->n_layer},
                                              {"blocks", (double)plan->n_block},
                                              {"teams", (double)plan->n_team},
                                              {"members", (double)plan->n_member},
                                              {"rounds", (double)plan->n_round},
                                              {"input_bytes", plan->input_bytes},
                                              {"digit_products", plan->digit_products},
                                              {"score_terms", plan->score_terms},
                                              {"output_bytes", plan->output_bytes},
                                              {"rank_input_bytes", work->read_bytes},
                                              {"rank_digit_products", work->digit_products},
                                              {"rank_score_terms", work->score_terms},
                                              {"rank_messages", plan->n_message},
                                              {"rank_message_bytes", plan->message_bytes},
                                              {"memory_bytes", (double)plan->peak_bytes},
                                              {"memory_limit_bytes", (double)shape->memory},
                                              {"sample_bytes", (double)plan->sample_bytes},
                                              {"record_bytes", forecast->record_bytes},
                                              {"list_bytes", forecast->list_bytes}};
    const struct influence_time *time = &forecast->time;
    const struct forecast_figure seconds[] = {{"records", time->records}, {"read", time->read},
                                              {"score", time->score},     {"write", time->write},
                                              {"reduce", time->reduce},   {"total", time->total}};
    ADD_FIGURES("influence", figures, out);
    if (forecast->seconds >= 0)
        ADD_FIGURES("influence_seconds", seconds, out);
}

void forecast_add_json(const struct forecast *forecast, struct text *out)
{
    const struct forecast_request *request = &forecast->request;
    text_add(out, "{\n  \"ranks\": %lld,\n  \"nodes\": %lld,\n  \"cpus\": %lld,\n  \"fits\": %s,\n  \"misfit\": ",
             (long long)request->n_rank, (long long)request->n_node, (long long)request->n_cpu,
             forecast->misfit ? "false" : "true");
    if (forecast->misfit)
        text_add_json_string(out, forecast->misfit);
    else
        text_add(out, "null");
    if (forecast->has_train) {
        const struct forecast_figure figures[] = {{"operations", forecast->train.operations},
                                                  {"output_bytes", forecast->train.output_bytes},
                                                  {"seconds", forecast->train_seconds}};
        ADD_FIGURES("train", figures, out);
    }
    if (forecast->has_lineage)
        lineage_forecast_add_json(&forecast->lineage, out);
    if (forecast->has_influence && !forecast->awaits_training)
        add_influence(forecast, out);
    if (forecast->has_policy)
        policy_forecast_add_json(&forecast->policy, out);
    if (forecast->has_mechanism)
        mechanism_forecast_add_json(&forecast->mechanism, out);
    if (forecast->has_counterfactual)
        counterfactual_forecast_add_json(&forecast->counterfactual, out);
    if (forecast->has_seal && (forecast->has_influence || forecast->has_policy) && !forecast->awaits_training) {
        const struct forecast_figure figures[] = {{"entries", forecast->seal.n_entry},
                                                  {"hashed_bytes", forecast->seal.hashed_bytes}};
        ADD_FIGURES("seal", figures, out);
    }
    text_add(out, ",\n  \"rank_bytes\": ");
    json_add_number(out, forecast->rank_bytes);
    text_add(out, ",\n  \"seconds\": ");
    if (forecast->seconds >= 0)
        json_add_number(out, forecast->seconds);
    else
        text_add(out, "null");
    struct text header;
    text_init(&header);
    show_header(forecast, &header);
    text_add(out, ",\n  \"sbatch\": ");
    if (forecast->misfit == NULL) /* a job that the run refuses is not to be submitted */
        text_add_json_string(out, header.bytes);
    else
        text_add(out, "null");
    text_add(out, "\n}\n");
    text_clear(&header);
}
