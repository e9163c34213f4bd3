"""Which files lint looks at, and how they are compiled.

    sources.py all                all C++ files
    sources.py changed REV        those that differ from REV or that git does not know yet, and all that include them
    sources.py unproven FILE...   of these, the headers that no source file includes first
    sources.py flags              the compiler's options for a header that stands alone
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("base", "storage", "streams", "world", "net", "api", "aws", "server", "app", "bench", "tests")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def all_files():
    return sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*")
                  if path.suffix in (".h", ".cpp"))


def includes_of(name):
    return INCLUDE.findall((ROOT / name).read_text())


def with_includers(changed, includes):
    """`changed` and every file of `includes` (name to the names it includes) that includes one of them, however deep."""
    reached, size = set(changed), -1
    while size != len(reached):
        size = len(reached)
        reached |= {name for name, included in includes.items() if reached.intersection(included)}
    return sorted(reached & set(includes))


def changed_files(revision):
    def names(*command):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.split()
    differing = names("diff", "--name-only", revision) + names("ls-files", "--others", "--exclude-standard")
    if any(name in (".clang-tidy", "tests/tools/lint", "CMakePresets.json") or name.startswith("cmake/") for name in differing):
        return all_files()
    return with_includers(differing, {name: includes_of(name) for name in all_files()})


def first_include(text):
    """The name of our header that a file includes before anything else, or None."""
    found = re.search(r'^#include ([<"])([^">]+)', text, re.MULTILINE)
    return found.group(2) if found and found.group(1) == '"' else None


def unproven(names):
    """The headers of `names` that no source file includes first."""
    proven = {first_include((ROOT / name).read_text()) for name in all_files() if name.endswith(".cpp")}
    return [name for name in names if name.endswith(".h") and not name.startswith("tests/fuzz/") and name not in proven]


def flags():
    entries = json.loads((ROOT / "build/dev/compile_commands.json").read_text())
    words = shlex.split(next(one for one in entries if one["file"].endswith("/app/server.cpp"))["command"])
    kept = [word for number, word in enumerate(words)
            if word.startswith(("-I", "-D", "-std")) or word == "-isystem" or words[number - 1] == "-isystem"]
    return " ".join(map(shlex.quote, kept))


def main():
    match sys.argv[1:]:
        case ["all"]:
            lines = all_files()
        case ["changed", revision]:
            lines = changed_files(revision)
        case ["unproven", *names]:
            lines = unproven(names)
        case ["flags"]:
            lines = [flags()]
        case _:
            sys.exit(__doc__)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
