/* assay completion SHELL: what a shell needs to complete command lines, made of the same tables as --help. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jobs/options.h"

/* What the words after a job's name are. */
enum kind { KIND_CONFIG, KIND_DIRECTORY, KIND_FILE, KIND_SHELL, KIND_NONE };

static enum kind kind_of(const struct job *job)
{
    if (strncmp(job->arguments, "RUN | ", 6) == 0)
        return KIND_FILE; /* or a proof */
    if (strncmp(job->arguments, "RUN", 3) == 0)
        return KIND_DIRECTORY;
    if (job == &completion_job)
        return KIND_SHELL;
    return strstr(job->arguments, "CONFIG") != NULL ? KIND_CONFIG : KIND_NONE;
}

static bool is_value(const struct option *option, const char *value)
{
    return option->value != NULL && strcmp(option->value, value) == 0;
}

/* Text between single quotes; `also` are further characters that want a backslash there. */
static void add_quoted(struct text *out, const char *words, const char *quote, const char *also)
{
    for (; *words; words++)
        if (*words == '\'')
            text_add(out, "%s", quote);
        else
            text_add(out, "%s%c", strchr(also, *words) != NULL ? "\\" : "", *words);
}

/* ---- bash ------------------------------------------------------------------------------------------------------- */

static void add_bash_values(struct text *out, const struct job *job)
{
    for (int i = 0; i < n_options; i++) {
        const struct option *option = &all_options[i];
        if (!option_applies(option, job) || option->value == NULL)
            continue;
        text_add(out, "        '%s %s') ", job->name, option->name);
        if (option->choices != NULL)
            text_add(out, "_assay_words '%s'; return ;;\n", option->choices);
        else if (is_value(option, "DIR"))
            text_add(out, "_assay_files -d; return ;;\n");
        else if (is_value(option, "FILE") || is_value(option, "VKEY"))
            text_add(out, "_assay_files -f; return ;;\n");
        else
            text_add(out, "return ;;\n");
    }
}

static void add_bash_job(struct text *out, const struct job *job)
{
    static const char *const positional[] = {[KIND_CONFIG] = "_assay_files -f -X '!*.json'; _assay_files -d",
                                             [KIND_DIRECTORY] = "_assay_files -d",
                                             [KIND_FILE] = "_assay_files -f",
                                             [KIND_SHELL] = "_assay_words 'bash zsh fish'",
                                             [KIND_NONE] = ":"};
    text_add(out, "        %s)\n            case $current in\n                -*) _assay_words '", job->name);
    for (int i = 0; i < n_options; i++)
        if (option_applies(&all_options[i], job))
            text_add(out, "%s ", all_options[i].name);
    text_add(out, "--help' ;;\n                *) %s ;;\n            esac ;;\n", positional[kind_of(job)]);
}

static void add_bash(struct text *out)
{
    text_add(out,
             "# Completion of assay " ASSAY_VERSION " in bash: source it, or put it into the folder of completions.\n"
             "_assay_words() { mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }\n"
             "_assay_files()\n{\n    compopt -o filenames 2>/dev/null\n"
             "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen \"$@\" -- \"$current\")\n}\n"
             "_assay()\n{\n    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
             "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        _assay_words '");
    for (int i = 0; i < n_jobs; i++)
        text_add(out, "%s ", all_jobs[i]->name);
    text_add(out, "--help --version'\n        return\n    fi\n    case \"${COMP_WORDS[1]} $previous\" in\n");
    for (int i = 0; i < n_jobs; i++)
        add_bash_values(out, all_jobs[i]);
    text_add(out, "    esac\n    case ${COMP_WORDS[1]} in\n");
    for (int i = 0; i < n_jobs; i++)
        add_bash_job(out, all_jobs[i]);
    text_add(out, "    esac\n}\ncomplete -F _assay assay\n");
}

/* ---- zsh -------------------------------------------------------------------------------------------------------- */

static void add_zsh_job(struct text *out, const struct job *job)
{
    static const char *const positional[] = {[KIND_CONFIG] = "'*:config:_files -g \"*.json(-.)\"'",
                                             [KIND_DIRECTORY] = "'*:run:_files -/'",
                                             [KIND_FILE] = "'*:file:_files'",
                                             [KIND_SHELL] = "'*:shell:(bash zsh fish)'",
                                             [KIND_NONE] = "'*:argument:'"};
    text_add(out, "    %s) _arguments", job->name);
    for (int i = 0; i < n_options; i++) {
        const struct option *option = &all_options[i];
        if (!option_applies(option, job))
            continue;
        text_add(out, " \\\n        '%s[", option->name);
        add_quoted(out, option->text, "'\\''", "[]:\\");
        text_add(out, "]");
        if (option->choices != NULL)
            text_add(out, ":%s:(%s)", option->value, option->choices);
        else if (option->value != NULL)
            text_add(out, ":%s:%s", option->value,
                     is_value(option, "DIR")    ? "_files -/"
                     : is_value(option, "FILE") ? "_files"
                                                : "");
        text_add(out, "'");
    }
    text_add(out, " \\\n        '--help[tell more]' %s ;;\n", positional[kind_of(job)]);
}

static void add_zsh(struct text *out)
{
    text_add(out, "#compdef assay\n# Completion of assay " ASSAY_VERSION " in zsh: put it as _assay into a folder of "
                  "$fpath.\n_assay() {\n  local -a jobs\n  jobs=(\n");
    for (int i = 0; i < n_jobs; i++) {
        text_add(out, "    '%s:", all_jobs[i]->name);
        add_quoted(out, all_jobs[i]->text, "'\\''", ":\\");
        text_add(out, "'\n");
    }
    text_add(out, "  )\n  if (( CURRENT == 2 )); then\n    _describe job jobs\n    return\n  fi\n  shift words\n"
                  "  (( CURRENT-- ))\n  case $words[1] in\n");
    for (int i = 0; i < n_jobs; i++)
        add_zsh_job(out, all_jobs[i]);
    text_add(out, "  esac\n}\nif [ \"$funcstack[1]\" = _assay ]; then _assay \"$@\"; else compdef _assay assay; fi\n");
}

/* ---- fish ------------------------------------------------------------------------------------------------------- */

static void add_fish_job(struct text *out, const struct job *job)
{
    static const char *const positional[] = {[KIND_CONFIG] = "(__fish_complete_suffix .json)",
                                             [KIND_DIRECTORY] = "(__fish_complete_directories)",
                                             [KIND_FILE] = "(__fish_complete_path)",
                                             [KIND_SHELL] = "bash zsh fish",
                                             [KIND_NONE] = ""};
    text_add(out, "complete -c assay -n __fish_use_subcommand -a %s -d '", job->name);
    add_quoted(out, job->text, "\\'", "\\");
    text_add(out, "'\n");
    if (positional[kind_of(job)][0])
        text_add(out, "complete -c assay -n '__fish_seen_subcommand_from %s' -a '%s'\n", job->name,
                 positional[kind_of(job)]);
    for (int i = 0; i < n_options; i++) {
        const struct option *option = &all_options[i];
        if (!option_applies(option, job))
            continue;
        text_add(out, "complete -c assay -n '__fish_seen_subcommand_from %s' -l %s", job->name, option->name + 2);
        if (option->choices != NULL)
            text_add(out, " -x -a '%s'", option->choices);
        else if (option->value != NULL)
            text_add(out, is_value(option, "DIR") ? " -x -a '(__fish_complete_directories)'" : " -r -F");
        text_add(out, " -d '");
        add_quoted(out, option->text, "\\'", "\\");
        text_add(out, "'\n");
    }
}

static void add_fish(struct text *out)
{
    text_add(out,
             "# Completion of assay " ASSAY_VERSION " in fish: put it as assay.fish into a folder of completions.\n"
             "complete -c assay -f\n");
    for (int i = 0; i < n_jobs; i++)
        add_fish_job(out, all_jobs[i]);
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const struct {
        const char *name;
        void (*add)(struct text *out);
    } shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};
    (void)comm;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, options->target) == 0) {
            struct text out;
            text_init(&out);
            shells[i].add(&out);
            fputs(out.bytes, stdout);
            text_clear(&out);
            return STATUS_OK;
        }
    return fail(BAD_USAGE, "assay completion: expected bash, zsh or fish, found \"%s\"", options->target);
}

const struct job completion_job = {
    .name = "completion",
    .arguments = "SHELL",
    .text = "print what bash, zsh or fish needs to complete command lines",
    .options = "",
    .more = "For bash: eval \"$(assay completion bash)\".  `cmake --install` puts the files of all three shells where "
            "they look for them.",
    .mpi = WITHOUT_MPI,
    .run = run,
};
