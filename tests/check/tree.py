# SPDX-License-Identifier: Apache-2.0
"""Cheap checks of the whole tree: licence lines, links in the docs, shell scripts, file lengths.

    tree.py [ROOT]        prints FILE:LINE: what is wrong; exit code 1 if anything is
"""

import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED_FOLDERS = re.compile(r"(^|/)(\.git|build|build-[^/]*|__pycache__)(/|$)")
CODE = {".h", ".c", ".cpp", ".py", ".sh"}
SPDX = "SPDX-License-Identifier: Apache-2.0"
SPDX_BPF = "SPDX-License-Identifier:"  # BPF C must be GPL compatible, so it has a line of its own
LENGTH_TOLD, LENGTH_REFUSED = 400, 600
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
# Everything a reader needs is in the repository: no absolute path of somebody's machine.
FOREIGN_PATH = re.compile(r"(?<![\w./-])/(home|work|Users|mnt)/\w+")


def files_of(root):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if path.is_file() and not SKIPPED_FOLDERS.search(relative):
            yield relative


def is_shell(root, path):
    if path.endswith(".sh"):
        return True
    if "." in pathlib.PurePosixPath(path).name.lstrip("."):
        return False
    with open(root / path, "rb") as file:
        return re.match(rb"#!.*\b(ba)?sh\b", file.readline(80)) is not None


def check_licence(path, lines):
    suffix = pathlib.PurePosixPath(path).suffix
    if not lines or suffix not in CODE or path.startswith("tests/data/"):
        return
    wanted = SPDX_BPF if path.startswith("bpf/") or path.endswith(".bpf.c") else SPDX
    if not any(wanted in line for line in lines[:3]):
        yield f"{path}:1: no line '{wanted}' at the top"


def check_length(path, lines):
    if pathlib.PurePosixPath(path).suffix in CODE and len(lines) > LENGTH_REFUSED:
        yield f"{path}:{len(lines)}: {len(lines)} lines; split it (the aim is {LENGTH_TOLD})"


def anchor_of(heading):
    """A heading's anchor as the usual renderers make it."""
    text = re.sub(r"[`*]", "", heading.lstrip("#").strip()).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(text):
    return {anchor_of(line) for line in text.splitlines() if line.startswith("#")}


def check_links(root, path, lines):
    if not path.endswith(".md"):
        return
    for number, line in enumerate(lines, 1):
        for link in LINK.findall(line):
            if re.match(r"[a-z]+:", link):
                continue  # on the network: not asked here
            target, _, anchor = link.partition("#")
            file = (root / path).parent / target if target else root / path
            if not file.exists():
                yield f"{path}:{number}: the link '{link}' leads nowhere"
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(errors="replace")):
                yield f"{path}:{number}: '{link}': no such heading"


def check_paths(path, lines):
    for number, line in enumerate(lines, 1):
        foreign = FOREIGN_PATH.search(line)
        if foreign and not path.startswith("tests/"):
            yield f"{path}:{number}: '{foreign[0]}' is a path of one machine"


def check_shell(root, path):
    if not is_shell(root, path):
        return
    done = subprocess.run(["shellcheck", "--format=gcc", path], cwd=root, capture_output=True, text=True)
    yield from done.stdout.splitlines()


def check_tree(root):
    for path in files_of(root):
        try:
            lines = (root / path).read_text().splitlines()
        except UnicodeDecodeError:
            continue  # test data
        yield from check_licence(path, lines)
        yield from check_length(path, lines)
        yield from check_links(root, path, lines)
        yield from check_paths(path, lines)
        if shutil.which("shellcheck"):
            yield from check_shell(root, path)


def report_lengths(root):
    """The tail, which is what makes a tree hard to read."""
    lengths = sorted((len((root / path).read_bytes().splitlines()), path) for path in files_of(root)
                     if pathlib.PurePosixPath(path).suffix in CODE)
    print(f"{len(lengths)} source files, median {lengths[len(lengths) // 2][0]} lines")
    for length, path in lengths[::-1]:
        if length > LENGTH_TOLD:
            print(f"  {path}: {length} lines, the aim is {LENGTH_TOLD}")


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    report_lengths(root)
    if not shutil.which("shellcheck"):
        print("shellcheck is not installed: shell scripts were not checked")
    wrongs = list(check_tree(root))
    print("\n".join(wrongs) or "tree: licence lines, links, lengths and scripts are fine")
    sys.exit(1 if wrongs else 0)


if __name__ == "__main__":
    main()
