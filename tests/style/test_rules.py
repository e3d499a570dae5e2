#!/usr/bin/python3
"""What must hold: each rule of rules.py finds a violation of it, and a tree that keeps the rules has none."""
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rules  # noqa: E402

GUARDED = "/* An idea. */\n#ifndef ASSAY_{0}_H\n#define ASSAY_{0}_H\n{1}\n#endif\n"
TMP = "/tm" + "p/"

# Everything here is allowed, the last lines because they are comments, strings or names that only look alike.
CLEAN = {
    "src/base/text.h": GUARDED.format("BASE_TEXT", "int text_length(const char *text);"),
    "src/base/text.c": '#include "base/text.h"\n\n#include <string.h>\n',
    "src/matrix/system.c": '#include "exact/gram.h"\n\ndouble f(double x)\n{\n    return fma(x, x, x);\n}\n',
    "src/base/status.c": 'void f(void)\n{\n    fprintf(stderr, "x");\n    abort();\n}\n',
    "src/comm/agree.c": '#include <mpi.h>\n\n#include "base/text.h"\n',
    "src/tensor/safetensors.c": '#include "config/json.h"\n#include <hdf5.h>\n',
    "src/seal/entry.c": '#include "records/records.h"\n#include "table/table.h"\n#include "seal/merkle.h"\n'
                        '/* exp(x), printf("x"), exit(1) and MPI_COMM_WORLD */\n// strcpy(a, b)\n'
                        'const char *text = "exp(1) \\" printf(2) /* exit(3)";\n'
                        "int log_size(int n);\nint n = text_printf(1) + job->exit_code;\n"
                        'char path[] = "' + TMP + 'assay-XXXXXX";\n',
    "jobs/main.c": '#include "seal/entry.h"\n#include "influence/run.h"\n\nint main(void)\n{\n    printf("x");\n}\n',
    "tests/base/test_text.c": "/* What must hold. */\nint main(void)\n{\n    return 0;\n}\n",
    "tests/base/test_text.py": '"""What must hold: the same."""\n',
    "tests/base/fixtures.py": '"""Files to read."""\n',
    "README.md": "A line as long as a table needs: " + "x" * 200 + "\n",
    "data/digits.csv": "a line \t \n",
    "go/check.go": "\tindented as gofmt does\n",
}

# rule, file, its text
PLANTED = [
    ("unsafe-call", "src/base/text.c", "char *f(char *a)\n{\n    return strcpy(a, a);\n}\n"),
    ("unsafe-call", "src/base/text.c", "char *f(int n)\n{\n    return alloca (n);\n}\n"),
    ("unsafe-call", "tests/base/test_text.c", "/* What must hold. */\nint n = sprintf(text, format);\n"),
    ("library-exits", "src/seal/entry.c", "void f(void)\n{\n    exit(1);\n}\n"),
    ("library-exits", "src/seal/entry.c", "void f(void)\n{\n    MPI_Abort(comm, 1);\n}\n"),
    ("library-prints", "src/seal/entry.c", 'void f(void)\n{\n    printf("%d", 1);\n}\n'),
    ("library-prints", "src/seal/entry.c", 'void f(void)\n{\n    fprintf(stderr, "%d", 1);\n}\n'),
    ("library-prints", "src/seal/entry.c", "void f(void)\n{\n    fputs(text, stdout);\n}\n"),
    ("libm", "src/exact/sum.c", "double f(double x)\n{\n    return exp(x);\n}\n"),
    ("libm", "src/exact/sum.c", "float f(float x)\n{\n    return x * tanhf (x);\n}\n"),
    ("world", "src/table/write.c", "int f(void)\n{\n    return MPI_Barrier(MPI_COMM_WORLD);\n}\n"),
    ("return-in-macro", "src/base/text.h",
     GUARDED.format("BASE_TEXT", "#define TRY(x) \\\n    if (x) \\\n        return x;")),
    ("caseless-json", "src/config/config.c", "int f(void)\n{\n    return cJSON_GetObjectItem(a, b);\n}\n"),
    ("unfinished", "src/config/config.c", "#if 0\nint f(void);\n#endif\n"),
    ("include", "src/base/text.c", "#include <mpi.h>\n"),
    ("include", "src/base/text.c", '#include "comm/agree.h"\n'),
    ("include", "src/comm/share.c", "#include <hdf5.h>\n"),
    ("include", "src/table/write.c", '#include "tensor/tensor.h"\n'),
    ("include", "src/exact/sum.c", '#include "config/config.h"\n'),
    ("include", "src/exact/sum.c", '#include "matrix/system.h"\n'),
    ("include", "src/tensor/tensor.c", '#include "records/records.h"\n'),
    ("include", "src/influence/run.c", '#include "seal/entry.h"\n'),
    ("include", "src/seal/entry.c", '#  include "influence/influence.h"\n'),
    ("include", "src/seal/entry.c", '#include "entry.h"\n'),
    ("include", "src/seal/entry.c", '#include "jobs/context.h"\n'),
    ("include", "src/novelty/run.c", '#include "base/text.h"\n'),
    ("guard", "src/base/text.h", "/* An idea. */\n#ifndef TEXT_H\n#define TEXT_H\n#endif\n"),
    ("first-line", "src/base/text.h", GUARDED.format("BASE_TEXT", "")[len("/* An idea. */\n"):]),
    ("first-line", "tests/base/test_text.c", "int main(void)\n{\n    return 0;\n}\n"),
    ("trailing-space", "README.md", "A line. \n"),
    ("tab", "setup.sh", "\techo\n"),
    ("machine-path", "README.md", "See " + TMP + "lab/notes.\n"),
    ("machine-path", "configs/digits.json", '{ "file": "/ho' + 'me/someone/samples.jsonl" }\n'),
    ("conflict", "README.md", "<" * 7 + " HEAD\n"),
    ("to-do", "src/base/text.c", "/* TO" + "DO: more */\n"),
    ("long-line", "src/base/text.c", "/* " + "x" * 120 + " */\n"),
    ("long-line", "setup.sh", "# " + "x" * 120 + "\n"),
    ("long-file", "src/base/text.c", "int x;\n" * 400),
    ("long-file", "tests/base/fixture.py", "x = 1\n" * 600),
    ("last-line", "README.md", "A line"),
    ("utf-8", "README.md", b"\xff\xfe\n"),
    ("shebang", "tests/base/executable.py", "import sys\n"),
    ("not-built", "src/base/forgotten.c", "int x;\n"),
    ("not-built", "jobs/forgotten.c", "int x;\n"),
    ("not-built", "tests/base/test_forgotten.c", "/* What must hold. */\nint main(void);\n"),
    ("not-run", "tests/base/forgotten.sh", "#!/usr/bin/env bash\n# What must hold: all of it.\n"),
]


def found_in(files, build):
    """The rules that a tree of these files breaks, with the files."""
    with tempfile.TemporaryDirectory() as tree:
        for name, text in files.items():
            path = os.path.join(tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
            os.chmod(path, 0o755 if "executable" in name else 0o644)
        os.makedirs(os.path.join(tree, "build"))
        with open(os.path.join(tree, "build", "compile_commands.json"), "w", encoding="utf-8") as file:
            json.dump([{"file": os.path.join(tree, name)} for name in build], file)
        with open(os.path.join(tree, "build", "CTestTestfile.cmake"), "w", encoding="utf-8") as file:
            file.write("add_test(clean tests/base/test_text.py)\n")
        return {(rule, name) for name, _, rule, _ in rules.check_tree(tree, os.path.join(tree, "build"))}


def main():
    wrong = []
    built = [name for name in CLEAN if name.endswith(".c")]
    found = found_in(CLEAN, built)
    if found:
        wrong.append(f"a clean tree breaks {found}")
    for rule, name, text in PLANTED:
        present = built if rule == "not-built" else built + [name]
        found = found_in({**CLEAN, name: text}, present)
        if found != {(rule, name)}:
            wrong.append(f"{rule} planted in {name}: found {found or 'nothing'}")
    untested = {row[0] for row in rules.CODE_RULES + rules.TEXT_RULES} - {rule for rule, _, _ in PLANTED}
    if untested:
        wrong.append(f"no violation is planted of {untested}")
    print("\n".join(wrong))
    print(f"{1 + len(PLANTED) - len(wrong)} passed, {len(wrong)} failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
