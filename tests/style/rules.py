#!/usr/bin/python3
"""What must hold: every file of the tree keeps the rules below.

Usage: rules.py TREE [BUILD].  Prints one line per violation (file:line: rule: what to do), and ends with 1 if there is
any.  With the build folder it also finds sources and tests that nothing builds or runs.  tests/style/test_rules.py
plants a violation of every rule and sees it found.
"""
import json
import os
import re
import subprocess
import sys

# ---- the picture of who may include whom ---------------------------------------------------------------------------
# A folder of src/ includes itself and what lies on a lower floor; what else it may include is said here.
FLOORS = [
    ["base"],
    ["comm"],
    ["exact", "config", "tensor", "table", "matrix"],
    ["records", "cost", "capture", "admission", "merkle", "usage"],
    ["lineage", "influence", "policy", "mechanism", "counterfactual"]
    + ["seal", "query", "report", "reference", "diff"],
]
FLOOR = {folder: floor for floor, folders in enumerate(FLOORS) for folder in folders}
BESIDE = {("tensor", "config"),  # headers of safetensors files are JSON
          ("matrix", "exact"),   # the entries of its systems come as exact integers
          ("usage", "merkle")}   # a tree of samples is a Merkle tree
SYSTEM = {"mpi.h": 1, "hdf5.h": 2}  # the lowest floor that may include it

# ---- what no line may say ------------------------------------------------------------------------------------------
# Not fma: IEEE 754 defines its one rounding, so that all machines agree on it.
LIBM = ("exp exp2 expm1 log log2 log10 log1p pow cbrt hypot sin cos tan sinh cosh tanh asin acos atan atan2 asinh "
        "acosh atanh erf erfc tgamma lgamma").split()
UNSAFE = "alloca strcpy strcat sprintf vsprintf gets strtok tmpnam mktemp".split()
CASELESS = ["cJSON_GetObjectItem", "cJSON_HasObjectItem"]


def call(names):
    return r"\b(?:" + "|".join(names) + r")\s*\("


# Rows: rule, files (a pattern), except these, pattern that must not occur, what to do.  In C, comments and strings are
# blanked before.
CODE_RULES = [
    ("unsafe-call", r"(src|jobs|tests)/", (), call(UNSAFE), "use snprintf, memcpy or the functions of base/text.h"),
    ("library-exits", r"src/", ("src/base/status.c", "src/base/memory.c", "src/comm/agree.c"),
     call(["exit", "_exit", "_Exit", "quick_exit", "abort", "MPI_Abort"]), "return fail(...) and let the job end"),
    ("library-prints", r"src/", ("src/base/status.c", "src/base/memory.c", "src/comm/progress.c"),
     call(["printf", "vprintf", "puts", "putchar", "perror"])
     + r"|\bf(?:printf|puts|putc|write|flush)\s*\(.*\bstd(?:out|err)\b",
     "return a sentence with fail(...), or text that the job prints"),
    ("libm", r"src/", (), call([name + suffix for name in LIBM for suffix in ("", "f", "l")]),
     "its last bit varies between machines: use exact/elementary.h"),
    ("world", r"src/", ("src/comm/agree.c",), r"\bMPI_COMM_WORLD\b", "take the communicator as an argument"),
    ("return-in-macro", r"(src|jobs)/", (), r"^[ \t]*#[ \t]*define(?:.*\\\n)*.*\breturn\b", "write a function"),
    ("caseless-json", r"(src|jobs)/", (), call(CASELESS), "use config/json.h: cJSON ignores case here"),
    ("unfinished", r"(src|jobs|tests)/", (), r"^[ \t]*#[ \t]*if\s+0\b", "finish it, or leave it out"),
]

# The same for any text, comments and strings included.  Written so that no row finds itself.
TEXT_RULES = [
    ("trailing-space", r"", (), r"[ \t]+$", "remove it"),
    ("tab", r"(?!.*\.(go|mod|mk)$)", (), r"\t", "use spaces"),
    ("machine-path", r"", (), r"(?<![\w.$}/])/(?:home|Users|roo[t]|wor[k]|far[m]|tm[p])/(?![\w.-]*X{6})[\w.-]",
     "use a path of the project or mktemp"),
    ("conflict", r"", (), r"^(?:<{7}|>{7}) ", "resolve the conflict"),
    ("to-do", r"(src|jobs|tests|slurm|configs|setup)", (), r"\b(?:TO[D]O|FIXM[E]|XX[X])\b", "do it, or write an issue"),
]
LINE_LENGTH = 120
FILE_LENGTH = {"src": 400, "jobs": 400, "tests": 600}
LONG_LINES = re.compile(r"\.(c|h|py|sh|sbatch|cmake|go)$|CMakeLists\.txt$|^setup\.sh$|^\.ci/")
LONG_FILES = re.compile(r"\.(c|h|py|sh|go)$")
TEXT_FILES = re.compile(r"\.(c|h|py|sh|sbatch|cmake|go|mod|txt|md|json|jsonl|html|css|js)$|^\.(ci/|clang|gitignore)")
DATA = re.compile(r"^data/|\.(jsonl|csv)$")  # data are as they are


def tree_files(tree):
    """The files that are or will be committed; all files where there is no git."""
    listing = subprocess.run(["git", "-C", tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, check=False)
    if os.path.exists(os.path.join(tree, ".git")) and listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
    else:
        names = (os.path.relpath(os.path.join(at, name), tree) for at, _, files in os.walk(tree) for name in files)
        names = [name for name in names if not re.match(r"(build|runs|\.git)/", name)]
    return sorted(name for name in names if TEXT_FILES.search(name) and os.path.isfile(os.path.join(tree, name)))


def code_only(text):
    """C with comments and the inside of strings blanked; what is left keeps its line, and includes keep their name."""
    pattern = r'//[^\n]*|/\*.*?\*/|^[ \t]*#[ \t]*include[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        token = match.group()
        return token if token.lstrip().startswith("#") else re.sub(r"[^\n]", " ", token)
    return re.sub(pattern, blank, text, flags=re.S | re.M)


def search(rows, name, text):
    for rule, files, exceptions, pattern, advice in rows:
        if re.match(files, name) and name not in exceptions:
            for match in re.finditer(pattern, text, re.M):
                yield text.count("\n", 0, match.start()) + 1, rule, f"“{match.group().strip()[:60]}”: {advice}"


def check_include(name, included, is_system):
    """What is wrong with an #include of a file of src/, or None."""
    folder = name.split("/")[1]
    if folder not in FLOOR:
        return f"src/{folder} is not in the picture: give it a floor in tests/style/rules.py and in src/README.md"
    if is_system:
        if FLOOR[folder] < SYSTEM.get(included, 0):
            return f"{folder} knows nothing of <{included}>"
        return None
    target = included.split("/")[0]
    if "/" not in included or target not in FLOOR:
        return f"“{included}” is not FOLDER/NAME.h of src/"
    if target == folder or FLOOR[target] < FLOOR[folder] or (folder, target) in BESIDE:
        return None
    return f"{folder} may not include {target}: what both need moves down"


def check_c(name, text):
    code = code_only(text)
    yield from search(CODE_RULES, name, code)
    if name.startswith("src/"):
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', code, re.M):
            wrong = check_include(name, match.group(2), match.group(1) == "<")
            if wrong:
                yield text.count("\n", 0, match.start()) + 1, "include", wrong
    if name.startswith("src/") and name.endswith(".h"):
        guard = "ASSAY_" + re.sub(r"[/.]", "_", name[len("src/"):]).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield 1, "guard", f"expected the include guard {guard}"
    if not text.startswith("/*") and (name.endswith(".h") or re.match(r"tests/.*/test_", name)):
        yield 1, "first-line", "the first line is a comment: the one idea of a header, what must hold in a test"


def check_lengths(name, text):
    lines = text.split("\n")
    if LONG_LINES.search(name):
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_LENGTH:
                yield number, "long-line", f"{len(line)} columns, {LINE_LENGTH} at most"
    most = FILE_LENGTH.get(name.split("/")[0])
    if most and LONG_FILES.search(name) and len(lines) > most:
        yield len(lines), "long-file", f"{len(lines)} lines, {most} at most: is this two ideas?"
    if text and not text.endswith("\n"):
        yield len(lines), "last-line", "the last line has no line feed"


def check_built(tree, names, build):
    """Whatever is not built rots, and a test that nothing runs proves nothing."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        built = {os.path.relpath(os.path.realpath(row["file"]), os.path.realpath(tree)) for row in json.load(file)}
    with open(os.path.join(build, "CTestTestfile.cmake"), encoding="utf-8") as file:
        run = file.read()
    for name in names:
        if re.fullmatch(r"(src/\w+|jobs|tests/\w+)/\w+\.c", name) and name not in built:
            yield name, 1, "not-built", "no target of CMakeLists.txt has it"
        if re.fullmatch(r"tests/\w+/\w+\.(py|sh|go)", name) and name not in run:
            with open(os.path.join(tree, name), encoding="utf-8") as file:
                if "What must hold" in file.read(200):
                    yield name, 1, "not-run", "no test of CMakeLists.txt runs it"


def check_tree(tree, build=None):
    names = tree_files(tree)
    for name in names:
        if DATA.search(name):
            continue
        try:
            with open(os.path.join(tree, name), encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError as error:
            yield name, 1, "utf-8", str(error)
            continue
        if os.access(os.path.join(tree, name), os.X_OK) and not text.startswith("#!"):
            yield name, 1, "shebang", "an executable file says in its first line what runs it"
        if name.endswith((".c", ".h")):
            yield from ((name, *found) for found in check_c(name, text))
        yield from ((name, *found) for found in search(TEXT_RULES, name, text))
        yield from ((name, *found) for found in check_lengths(name, text))
    if build:
        yield from check_built(tree, names, build)


def main():
    if len(sys.argv) not in (2, 3) or not all(os.path.isdir(folder) for folder in sys.argv[1:]):
        sys.exit("usage: rules.py TREE [BUILD]")
    found = list(check_tree(*sys.argv[1:]))
    for name, line, rule, advice in found:
        print(f"{name}:{line}: {rule}: {advice}")
    print(f"{len(tree_files(sys.argv[1]))} files, {len(found)} violations")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
