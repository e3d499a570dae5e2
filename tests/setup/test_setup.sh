#!/usr/bin/env bash
# What must hold: setup.sh installs what is missing, no more, and only where it may; if not, it says so with code 3.
# The machine is made of stand-ins: a folder of programs that is the whole path.
set -uo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/project"
cp "$source/setup.sh" "$work/project/"
for program in bash cat cut dirname env head mkdir sed sort tr true; do
    ln -s "$(type -P "$program")" "$work/bin/$program"
done
made=0 failed=0 code=0

stand_in() # NAME, script on stdin
{
    { echo '#!/usr/bin/env bash' && cat; } >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# Who asks (root or someone), and which packages dpkg calls installed ("*": all).
machine() # USER_ID INSTALLED
{
    rm -f "$work/bin/apt-get" "$work/bin/sudo" "$work/called"
    stand_in id <<<"echo $1"
    stand_in dpkg-query <<<"case ' $2 ' in *\" \${*: -1} \"* | ' * ') echo installed ;; *) exit 1 ;; esac"
}

with_apt() { stand_in apt-get <<<"echo \"\$DEBIAN_FRONTEND \$*\" >>'$work/called'; $1"; }

setup()
{
    (cd / && PATH=$work/bin "$work/project/setup.sh" "$@") >"$work/out" 2>&1 </dev/null
    code=$?
}

check() # WHAT COMMAND…
{
    made=$((made + 1))
    "${@:2}" && return
    failed=$((failed + 1))
    echo "not true: $1 (exit code $code)" >&2
    cat "$work/out" >&2
}

says() { grep -qF -- "$1" "$work/out"; }
says_not() { ! says "$1"; }
ended() { [ "$code" -eq "$1" ]; }
apt_not_called() { [ ! -e "$work/called" ]; }
installed_line() { grep -m 1 ' install ' "$work/called"; }
installs() { [[ "$(installed_line) " == *" $1 "* ]]; }
installs_not() { ! installs "$1"; }

machine 1000 ""
setup --help
check "--help ends well" ended 0
for verb in demo test build deps; do check "--help names $verb" says "$verb"; done
setup
check "no verb is a usage error" ended 2
setup tset
check "an unknown verb is a usage error" ended 2
setup demo test
check "an argument too many is a usage error" ended 2

setup deps
check "without root and apt, the packages are named" ended 3
check "with their Debian names" says libdnnl-dev
check "with their module names" says onednn
check "not those of the tests" says_not slurm
setup deps test
check "for the tests, those of the tests too" says slurm-wlm
check "what the system has from elsewhere is not missing" says_not "python3 "
for verb in build demo test; do
    setup $verb
    check "$verb does not start without what it needs" ended 3
done

machine 1000 ""
with_apt "exit 0"
setup deps
check "apt without root: the packages are named" ended 3
check "apt is not called without root" apt_not_called
machine 0 ""
setup deps
check "root without apt: the packages are named" ended 3

machine 0 "cmake git"
with_apt "exit 0"
setup deps
check "root with apt installs" ended 0
check "the lists are refreshed first" test "$(head -n 1 "$work/called")" = "noninteractive --quiet --yes update"
check "nothing is installed that is only recommended" installs --no-install-recommends
check "what is missing is installed" installs libhdf5-openmpi-dev
check "what is there is not installed again" installs_not cmake

machine 1000 ""
with_apt "exit 0"
stand_in sudo <<"END"
[ "$1" != -n ] || shift
exec "$@"
END
setup deps
check "sudo will do in place of root" ended 0
check "and installs" installs libopenmpi-dev

machine 0 ""
with_apt 'echo "the mirror is on fire"; exit 100'
setup deps
check "a failing apt is a failure" ended 1
check "its output is shown" says "the mirror is on fire"
check "and nothing goes on after it" test "$(wc -l <"$work/called")" -eq 1

machine 0 "*"
with_apt "exit 0"
setup deps test
check "nothing missing ends well" ended 0
check "and calls no apt" apt_not_called

echo "$((made - failed)) passed, $failed failed"
[ "$made" -gt 0 ] && [ "$failed" -eq 0 ]
