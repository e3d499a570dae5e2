#!/usr/bin/env bash
# What must hold: shellcheck finds nothing in any shell script of the tree.
# Usage: shell.sh TREE
set -euo pipefail
cd "$1"
scripts=(setup.sh .ci/run)
for script in slurm/*.sbatch tests/*/*.sh; do [ ! -e "$script" ] || scripts+=("$script"); done
echo "${#scripts[@]} scripts"
shellcheck --external-sources "${scripts[@]}"
