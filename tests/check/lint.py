# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the .cpp files of daemon/, one a core.

    lint.py BUILD [PATH...]      BUILD holds compile_commands.json and the generated skeleton

The whole tree takes about 5 s a file, so with SLUICE_LINT=changed (./dev test and CI) only what the last commit, the
commits since origin/main and the working tree touch, themselves or through an include, is read; ./dev check reads all.
A file whose text, includes, command and .clang-tidy are as they were when it passed is not read again: the stamps are
in BUILD/lint/.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-16"  # the first that reads libstdc++'s std::expected
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def closure(file, build, seen):
    """The file and all headers of the tree (or generated) that it includes."""
    if file in seen:
        return
    seen.add(file)
    for name in INCLUDE.findall(file.read_bytes()):
        for folder in (file.parent, ROOT / "daemon", ROOT, build / "bpf"):
            header = folder / os.fsdecode(name)
            if header.is_file():
                closure(header.resolve(), build, seen)
                break


def changed_files():
    """Paths that differ from the commit to compare with, or None without git."""
    base = "HEAD~1"
    for candidate in (["merge-base", "HEAD", "origin/main"], ["rev-parse", "--verify", "-q", "HEAD~1"]):
        found = subprocess.run(["git", *candidate], cwd=ROOT, capture_output=True, text=True).stdout.strip()
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
        if found and found != head:
            base = found
            break
    done = subprocess.run(["git", "diff", "--name-only", base], cwd=ROOT, capture_output=True, text=True)
    return {ROOT / name for name in done.stdout.splitlines()} if done.returncode == 0 else None


def is_touched(entry, build, changed):
    seen = set()
    closure(pathlib.Path(entry["file"]), build, seen)
    return bool(seen & changed) or ROOT / ".clang-tidy" in changed


def stamp_of(entry, build):
    seen = set()
    closure(pathlib.Path(entry["file"]), build, seen)
    digest = hashlib.sha256(entry.get("command", "").encode())
    for file in [ROOT / ".clang-tidy", *sorted(seen)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def write_commands(entries, folder):
    """The compile commands as clang 16 reads them; the compiler's warnings are gcc's business.

    It calls C++23 c++2b, and libstdc++ hides std::expected from it (as in cmake/flags.cmake).
    """
    folder.mkdir(exist_ok=True)
    header = folder / "clang16.h"
    header.write_text("#pragma clang system_header\n#undef __cpp_concepts\n#define __cpp_concepts 202002L\n")
    for entry in entries:
        words = entry["command"].replace("-std=c++23", f"-std=c++2b -include {header}").split(" ")
        entry["command"] = " ".join(word for word in words if not word.startswith("-W"))
    (folder / "compile_commands.json").write_text(json.dumps(entries))


def lint(entry, build):
    """None if the file is fine, else what clang-tidy says."""
    stamp = build / "lint" / stamp_of(entry, build)
    if stamp.exists():
        return None
    done = subprocess.run([TIDY, "-p", str(build / "lint"), "--quiet", entry["file"]],
                          capture_output=True, text=True, timeout=600)
    if done.returncode:
        return done.stdout + "".join(line for line in done.stderr.splitlines(True) if "error" in line)
    stamp.touch()
    return None


def main():
    if not shutil.which(TIDY):
        print(f"skipped: no {TIDY}")
        sys.exit(77)
    build = pathlib.Path(sys.argv[1]).resolve()
    only = [str(pathlib.Path(path).resolve()) for path in sys.argv[2:]]
    entries = [entry for entry in json.loads((build / "compile_commands.json").read_text())
               if entry["file"].startswith(f"{ROOT}/daemon/") and (not only or entry["file"].startswith(tuple(only)))]
    if os.environ.get("SLUICE_LINT") == "changed":
        changed = changed_files() if shutil.which("git") else None
        if changed is None:
            print("skipped: no git history to compare with; ./dev check lints the whole tree")
            sys.exit(77)
        entries = [entry for entry in entries if is_touched(entry, build, changed)]
    write_commands(entries, build / "lint")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [said for said in pool.map(lambda entry: lint(entry, build), entries) if said]
    print("\n".join(complaints) or f"lint: {len(entries)} files are clean")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
