#!/usr/bin/env bash
# What must hold: format.sh and tidy.sh pass a clean file and find a mistake that is planted.
set -uo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/src/base" "$tree/tests/style" "$tree/build"
cp "$source/.clang-format" "$source/.clang-tidy" "$tree/"
cp "$source/src/base/status.h" "$tree/src/base/"
cp "$source/tests/style/analyzer_model.h" "$tree/tests/style/"
made=0 failed=0

# Whether TOOL ends well on a tree with the C of stdin in it.
expect() # good|bad WHAT TOOL
{
    local found=bad file=$tree/src/base/planted.c
    cat >"$file"
    cat >"$tree/build/compile_commands.json" <<END
[{"directory": "$tree", "file": "$file", "command": "cc -Wall -Wextra -Wshadow -I$tree/src -c $file"}]
END
    "$source/tests/style/$3" "$tree" "$tree/build" >"$tree/out" 2>&1 && found=good
    made=$((made + 1))
    [ "$found" != "$1" ] || return
    failed=$((failed + 1))
    echo "$3: expected $1, found $found: $2" >&2
    cat "$tree/out" >&2
}

clean='#include "base/status.h"

enum status halve(const int *number, int *half);

enum status halve(const int *number, int *half)
{
    if (*number % 2 != 0)
        return fail(BAD_INPUT, "expected an even number, found %d", *number);
    *half = *number / 2;
    return STATUS_OK;
}
'
expect good "clean code" format.sh <<<"${clean%$'\n'}"
expect good "clean code" tidy.sh <<<"${clean%$'\n'}"
expect good "a status that fail() gives is a failure" tidy.sh <<END
$clean
int quarter(int number);

int quarter(int number)
{
    int half;
    return halve(&number, &half) == STATUS_OK ? half / 2 : 0;
}
END
expect bad "a brace that clang-format puts elsewhere" format.sh <<<'int f(void) { return 1; }'
expect bad "NULL is dereferenced" tidy.sh <<<'int f(const int *p); int f(const int *p) { return p == 0 ? *p : 0; }'
expect bad "a warning of the compiler" tidy.sh <<<'int f(int n); int f(int n) { int n_unused; return n; }'
expect bad "sizeof of a pointer" tidy.sh <<<'#include <string.h>
void f(int *p); void f(int *p) { memset(p, 0, sizeof(p)); }'

echo "$((made - failed)) passed, $failed failed"
[ "$made" -gt 0 ] && [ "$failed" -eq 0 ]
