#!/usr/bin/env bash
# What must hold: all C of src/, jobs/ and tests/ is as clang-format writes it.  Mend with format.sh TREE -i.
# Usage: format.sh TREE [-i]
set -euo pipefail
cd "$1"
folders=()
for folder in src jobs tests; do [ ! -d "$folder" ] || folders+=("$folder"); done
mode=(--dry-run -Werror)
[ "${2:-}" != -i ] || mode=(-i)
find "${folders[@]}" -name '*.[ch]' -print0 | xargs -0 clang-format --style=file "${mode[@]}"
