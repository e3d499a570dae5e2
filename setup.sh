#!/usr/bin/env bash
# Everything from a bare machine to a finished run.  ./setup.sh --help says how.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
readonly cannot_install=3 logs=build/log demo_config=configs/digits.json demo_run=runs/digits

# One line per need: the Debian package | what shows that it is here already, from wherever | its module or Spack name.
readonly build_needs='
build-essential        | header stdio.h                            | gcc
cmake                  | cmake_version 3.25                        | cmake (3.25 or newer)
ninja-build            | command ninja                             | ninja
pkg-config             | command pkg-config                        | pkgconf
git                    | command git                               | git
openmpi-bin            | command mpirun                            | openmpi
libopenmpi-dev         | command mpicc                             | openmpi
libhdf5-openmpi-dev    | library hdf5-openmpi hdf5-mpi hdf5        | hdf5+mpi
libopenblas-dev        | library openblas                          | openblas
libscalapack-openmpi-dev | library scalapack-openmpi scalapack     | netlib-scalapack
libsqlite3-dev         | library sqlite3                           | sqlite
libcjson-dev           | library libcjson                          | cjson
libssl-dev             | library libcrypto                         | openssl (3.0 or newer)
libdnnl-dev            | header dnnl.h                             | onednn
gnuplot-nox            | command gnuplot                           | gnuplot
'
# python3-torch, for the tests of the PyTorch hooks, is the largest: 190 MB to fetch and 800 MB installed, for Debian's
# build of it stands on OpenCV.
readonly test_needs='
clang                  | command clang                             | llvm
clang-format           | command clang-format                      | llvm
clang-tidy             | command clang-tidy                        | llvm
hdf5-tools             | command h5dump                            | hdf5+mpi
python3                | file /usr/bin/python3                     | python
python3-numpy          | python numpy                              | py-numpy
python3-scipy          | python scipy                              | py-scipy
python3-h5py           | python h5py                               | py-h5py
python3-sklearn        | python sklearn                            | py-scikit-learn
python3-torch          | python torch                              | py-torch
openssl                | command openssl                           | openssl
slurm-wlm              | commands sbatch slurmctld slurmd          | slurm
munge                  | commands munged                           | munge
golang-go              | command go                                | go
golang-golang-x-mod-dev | file /usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go | go (golang.org/x/mod)
chromium               | command chromium                          | chromium
poppler-utils          | command pdftoppm                          | poppler
groff-base             | command groff                             | groff
shellcheck             | command shellcheck                        | shellcheck
strace                 | command strace                            | strace
time                   | file /usr/bin/time                        | time
'

usage()
{
    cat <<'END'
Usage: ./setup.sh demo|test|build|deps [test]

  demo        install what is missing, build, run the main job on real data on 2 ranks, verify the run from its files,
              and say where its report is
  test        install what is missing, also for the tests; build with and without sanitizers; run all tests
  build       install what is missing and build build/release/assay
  deps        only install what the build needs; `deps test` what the tests need too

Installing needs apt, as root or with sudo. Without them this script names the packages and the usual cluster modules
and ends with exit code 3. Any other failure shows the whole output of the step that failed and ends with exit code 1.
END
}

# ---- output --------------------------------------------------------------------------------------------------------

say()
{
    if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi
}

# Runs a step with its output put aside, and shows all of it only if the step fails.
step() # NAME COMMAND…
{
    local name=$1 log seconds=$SECONDS code=0
    shift
    mkdir -p "$logs"
    log=$logs/${name//[^a-zA-Z0-9]/-}.log
    printf '%-44s' "$name …"
    "$@" >"$log" 2>&1 || code=$?
    if [ "$code" -ne 0 ]; then
        printf 'failed after %d s (exit code %d): %s\n' $((SECONDS - seconds)) "$code" "$*"
        cat "$log"
        return 1
    fi
    printf '%4d s\n' $((SECONDS - seconds))
}

# ---- what is missing -----------------------------------------------------------------------------------------------

has_command() { command -v "$1" >/dev/null; }

has_file() { [ -e "$1" ]; }

# Daemons are in sbin, which is not on the path of everyone.
has_commands()
{
    local name
    for name; do
        PATH=$PATH:/usr/sbin:/sbin has_command "$name" || return 1
    done
}

has_cmake_version()
{
    local found
    found=$(cmake --version 2>/dev/null | sed -n '1s/[^0-9]*//p') || return 1
    [ -n "$found" ] && [ "$(printf '%s\n' "$1" "$found" | sort -V | head -n 1)" = "$1" ]
}

has_library()
{
    local name
    has_command pkg-config || return 1
    for name; do
        pkg-config --exists "$name" 2>/dev/null && return
    done
    return 1
}

has_header() { printf '#include <%s>\n' "$1" | cc -E - >/dev/null 2>&1; }

# The tests call /usr/bin/python3 by its full name: another python may be first on the path, without these modules.
has_python() { /usr/bin/python3 -c "import $1" 2>/dev/null; }

is_installed() # PACKAGE
{
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The lines of the given needs that are not met, on stdout.
missing_of() # NEEDS
{
    local package probe module
    while IFS='|' read -r package probe module; do
        package=${package// /}
        [ -n "$package" ] || continue
        # shellcheck disable=SC2086 # a probe is a word and its arguments
        is_installed "$package" || has_${probe# } || printf '%s|%s|%s\n' "$package" "$probe" "$module"
    done <<<"$1"
}

# ---- installing ----------------------------------------------------------------------------------------------------

may_be_root()
{
    [ "$(id -u)" -eq 0 ] || { has_command sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes "$@"
}

explain_missing() # LINES
{
    local packages modules
    packages=$(cut -d '|' -f 1 <<<"$1" | tr '\n' ' ')
    modules=$(cut -d '|' -f 3 <<<"$1" | sed 's/^ *//; s/ *$//' | sort -u | sed 's/^/    /')
    cat >&2 <<END
These are missing, and may not be installed from here (that takes apt, and root or sudo):

  on Debian 12, as root:
    apt-get update && apt-get install --no-install-recommends $packages

  on a cluster, load these modules, or install them with Spack (spack install NAME):
$modules

Then run this again.
END
}

install_missing() # NEEDS
{
    local missing packages
    missing=$(missing_of "$1")
    if [ -z "$missing" ]; then
        say "Nothing is missing on this machine."
        return
    fi
    if ! has_command apt-get || ! may_be_root; then
        explain_missing "$missing"
        return "$cannot_install"
    fi
    mapfile -t packages < <(cut -d '|' -f 1 <<<"$missing")
    say "Missing here: ${packages[*]}"
    step "refreshing the package lists" apt update || return
    step "installing ${#packages[@]} packages" apt install --no-install-recommends "${packages[@]}"
}

# ---- building and running ------------------------------------------------------------------------------------------

build() # PRESET
{
    step "configuring $1" cmake --preset "$1"
    step "building $1" cmake --build --preset "$1"
}

# Runs a program on N ranks of this machine, whatever it is: as root, in a container, on fewer cores than ranks.
ranks() # N COMMAND…
{
    local n=$1 options=()
    shift
    if mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
        options=(--oversubscribe)
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        # Containers often forbid reading another process's memory, which Open MPI would complain about and then avoid.
        export OMPI_MCA_btl_vader_single_copy_mechanism=none
    fi
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 mpirun "${options[@]}" -n "$n" "$@"
}

run_build()
{
    install_missing "$build_needs"
    build release
    say "The program is build/release/assay; build/release/assay --help says what it does."
}

run_demo()
{
    run_build
    say "$ mpirun -n 2 build/release/assay run $demo_config"
    ranks 2 build/release/assay run "$demo_config"
    say "$ build/release/assay verify $demo_run"
    build/release/assay verify "$demo_run"
    say "The report of the run, for any browser: $demo_run/report.html"
}

# The tests of a build that ctest chooses by these options; all if there are none.  Closes with the sum of the tests.
test_preset() # PRESET [CTEST-OPTIONS…]
{
    local preset=$1 options=("${@:2}")
    step "testing $preset" ctest --preset "$preset" --parallel "$(nproc)" --no-tests=error "${options[@]}" &&
        sed -n '/tests passed/,$p' "$logs/testing-$preset.log"
}

# Both test runs are made, so that one failure does not hide another.
run_test()
{
    local code=0
    install_missing "$build_needs$test_needs"
    build ci
    build dev
    step "configuring clang" cmake --preset clang
    step "building clang" cmake --build --preset clang --target assay
    export ASSAY_CLANG_PROGRAM=$PWD/build/clang/assay # the results of two compilers are compared
    test_preset ci || code=1
    # Under the sanitizers on one rank, on a few and on many: what other numbers would do there, these do too.
    test_preset dev -L '^(unit|mpi)$' -E '@[2456]$' || code=1
    [ "$code" -ne 0 ] || say "All tests passed, and under the sanitizers those of the units and of the ranks."
    return "$code"
}

main()
{
    case "${1:-}:${2:-}" in
        demo: | test: | build:) "run_$1" ;;
        deps:) install_missing "$build_needs" ;;
        deps:test) install_missing "$build_needs$test_needs" ;;
        --help: | -h: | help:) usage ;;
        *)
            usage >&2
            return 2
            ;;
    esac
}

main "$@"
