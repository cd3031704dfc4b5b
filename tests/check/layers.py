# SPDX-License-Identifier: Apache-2.0
"""The direction of includes: main > app > pipeline > {stages} > model > base, and where each library may be used.

    layers.py [ROOT]      prints FILE:LINE: what is wrong; exit code 1 if anything is

A module is a folder of daemon/ or, for files in daemon/ itself, the file's name. Each may use itself and what MAY_USE
says. What two stages share is a struct in model/.
"""

import pathlib
import re
import sys

STAGES = {"capture", "enrich", "stream", "decode", "detect", "policy", "enforce", "alert"}
BELOW = {"base", "model"}
APP = {"app", "app_status", "inspection", "policy_files", "arguments", "settings"}

MAY_USE = {
    "base": set(),
    "model": {"base"},
    **{stage: BELOW for stage in STAGES},
    "control": BELOW,
    "settings": BELOW | {"policy"},  # its mistakes are told as policy's are: file:line:col and a suggestion
    "pipeline": BELOW | STAGES,
    "arguments": BELOW | {"settings"},
    "policy_files": BELOW | {"detect", "policy", "pipeline", "settings"},
    "inspection": BELOW | STAGES | {"pipeline"},
    "app": BELOW | STAGES | {"control", "pipeline"} | APP,
    "app_status": BELOW | STAGES | {"control", "pipeline"} | APP,
    "main": BELOW | {"app", "arguments"},
    # The command `sluice` works on files and the control socket; it never runs the pipeline.
    "cli": BELOW | {"detect", "decode", "policy", "alert", "capture", "control", "policy_files", "settings"},
}

# Header (a prefix of the include) -> the files that may include it (prefixes of the path in the tree).
ONLY_IN = {
    "bpf/abi.h": ("bpf/", "daemon/capture/", "daemon/enforce/", "tests/kernel/", "tests/fuzz/capture/",
                  "tests/unit/capture/", "tests/unit/enforce/"),  # the tests of the two that may
    "sluice.skel.h": ("daemon/capture/", "daemon/enforce/", "tests/kernel/"),
    "bpf/libbpf": ("daemon/capture/", "daemon/enforce/", "tests/kernel/"),
    "bpf/bpf": ("bpf/", "daemon/capture/", "daemon/enforce/", "tests/kernel/"),
    "boost/": ("daemon/app", "daemon/inspection", "daemon/capture/ring_reader", "daemon/control/",
               "daemon/alert/sinks/", "tests/unit/control/", "tests/bench/", "tests/kernel/"),
    "yaml-cpp/": ("daemon/policy/policy_yaml", "daemon/settings"),
    "CLI/": ("daemon/arguments", "daemon/cli/"),
    "hs/": ("daemon/detect/", "tests/bench/", "tests/unit/detect/"),
    "hs.h": ("daemon/detect/", "tests/bench/", "tests/unit/detect/"),
    "spdlog/": ("daemon/app", "daemon/inspection", "daemon/main", "daemon/alert/"),
    "systemd/": ("daemon/app", "daemon/main", "daemon/alert/sinks/"),
}

# These do no I/O, read no clock and log nothing, so they are tested and fuzzed as plain functions.
PURE = {"model", "stream", "decode", "detect", "policy"}
IMPURE = re.compile(r"(fstream|iostream|filesystem|thread|unistd\.h|fcntl\.h|stdio\.h|cstdio|time\.h|ctime|dirent\.h"
                    r"|sys/.*|spdlog/.*|linux/.*)$")
CLOCK = re.compile(r"\b(system|steady|high_resolution)_clock::now\b|\bclock_gettime\b|\bgetenv\b")

INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')


def module_of(path):
    """The module of daemon/<module>/... or daemon/<module>.cpp."""
    parts = pathlib.PurePosixPath(path).parts
    return parts[1] if len(parts) > 2 else parts[1].split(".")[0]


def check_include(path, header, quoted):
    """What is wrong with one include; nothing if it may stand."""
    for prefix, allowed in ONLY_IN.items():
        if header.startswith(prefix) and not path.startswith(allowed):
            yield f"<{header}> may be used only in {', '.join(allowed)}"
    if not path.startswith("daemon/"):
        return
    module = module_of(path)
    if module not in MAY_USE:
        yield f"module '{module}' has no row in MAY_USE of tests/check/layers.py"
        return
    if module in PURE and IMPURE.match(header):
        yield f"{module}/ does no I/O, reads no clock and logs nothing: <{header}>"
    if quoted and header not in ("bpf/abi.h", "sluice.skel.h"):
        used = header.split("/")[0].removesuffix(".h")
        if used != module and used not in MAY_USE[module]:
            yield f"{module} may use {', '.join(sorted(MAY_USE[module])) or 'nothing'}; not {used} (\"{header}\")"


def check_file(root, path):
    module = module_of(path) if path.startswith("daemon/") else ""
    for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            for wrong in check_include(path, include[2], include[1] == '"'):
                yield f"{path}:{number}: {wrong}"
        elif module in PURE and CLOCK.search(line.split("//")[0]):
            yield f"{path}:{number}: {module}/ reads no clock and no environment: they come in as parameters"


def check_tree(root):
    for folder in ("bpf", "daemon", "tests"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".c", ".cpp"):
                yield from check_file(root, file.relative_to(root).as_posix())


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    wrongs = list(check_tree(root))
    print("\n".join(wrongs) or "layers: every include points down")
    sys.exit(1 if wrongs else 0)


if __name__ == "__main__":
    main()
