# SPDX-License-Identifier: Apache-2.0
"""clang-format over every C, C++ and BPF file. `format.py --fix` writes the changes."""

import pathlib
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
    done = subprocess.run([FORMATTER, *how, *files])
    if done.returncode:
        print("repair with: tests/check/format.py --fix")
    else:
        print(f"format: {len(files)} files")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
