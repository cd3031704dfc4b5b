# SPDX-License-Identifier: Apache-2.0
"""clang-format over every C, C++ and BPF file. `format.py --fix` writes the changes."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATTER = "clang-format-16"  # other versions format differently


def main():
    if not shutil.which(FORMATTER):
        print(f"skipped: no {FORMATTER}")
        sys.exit(77)
    files = [str(file) for folder in ("bpf", "daemon", "tests") for file in sorted((ROOT / folder).rglob("*"))
             if file.suffix in (".h", ".c", ".cpp")]
    how = ["-i"] if "--fix" in sys.argv else ["--dry-run", "-Werror"]
    done = subprocess.run([FORMATTER, *how, *files], capture_output=True, text=True)
    if done.returncode:
        places = re.findall(r"^(.+?):(\d+):\d+: error", done.stderr, re.MULTILINE)
        wrong = dict(reversed(places))  # the first line of each file
        print("\n".join(f"{os.path.relpath(file, ROOT)}:{line}: not formatted" for file, line in sorted(wrong.items())))
        print("repair with: python3 tests/check/format.py --fix" if places else done.stderr)
    else:
        print(f"format: {len(files)} files")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
