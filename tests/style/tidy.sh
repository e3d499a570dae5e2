#!/usr/bin/env bash
# What must hold: clang-tidy finds nothing in src/ and jobs/ (.clang-tidy says what it looks for).
# Usage: tidy.sh TREE BUILD [FILES…]; all of src/ and jobs/ that BUILD compiles if no files are given.
set -euo pipefail
tree=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
shift 2

compiled()
{
    /usr/bin/python3 - "$tree" "$build" <<'END'
import json, os, sys
tree, build = map(os.path.realpath, sys.argv[1:])
for row in json.load(open(os.path.join(build, "compile_commands.json"))):
    name = os.path.relpath(os.path.realpath(row["file"]), tree)
    if name.startswith(("src/", "jobs/")):
        print(name)
END
}

# The two files that define what the model wraps are read without it.
check() # FILE
{
    local model=(--extra-arg=-include "--extra-arg=$tree/tests/style/analyzer_model.h" "--extra-arg=-I$tree/src")
    case $1 in src/base/status.c | src/comm/agree.c) model=() ;; esac
    # Its stderr counts the warnings of system headers, which nobody asked about.
    clang-tidy -p "$build" --quiet "${model[@]}" "$tree/$1" 2> >(grep -v ' warnings\? generated\.$' >&2)
}
export -f check
export tree build

cd "$tree"
if [ $# -eq 0 ]; then
    mapfile -t names < <(compiled | sort -u)
    set -- "${names[@]}"
fi
echo "$# files"
[ $# -gt 0 ]
# nproc minds OMP_NUM_THREADS, which the tests set for what they run.
printf '%s\n' "$@" | xargs -P "$(env -u OMP_NUM_THREADS nproc)" -I FILE bash -c 'check FILE'
