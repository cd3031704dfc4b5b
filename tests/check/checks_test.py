# SPDX-License-Identifier: Apache-2.0
"""Each check must flag a tree that breaks its rule, and pass one that does not."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import layers  # noqa: E402
import run_tests  # noqa: E402
import tree  # noqa: E402


def tree_of(files):
    folder = tempfile.TemporaryDirectory()
    for name, text in files.items():
        path = pathlib.Path(folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class LayersTest(unittest.TestCase):
    FLAGGED = {
        "stage_includes_another_stage": ("daemon/detect/x.cpp", '#include "policy/policy.h"', "not policy"),
        "stage_includes_pipeline": ("daemon/alert/x.cpp", '#include "pipeline.h"', "not pipeline"),
        "model_includes_stage": ("daemon/model/x.h", '#include "detect/detector_set.h"', "not detect"),
        "base_includes_model": ("daemon/base/x.h", '  #  include "model/flow.h"', "nothing; not model"),
        "pipeline_includes_app": ("daemon/pipeline.cpp", '#include "app.h"', "not app"),
        "settings_includes_pipeline": ("daemon/settings.cpp", '#include "pipeline.h"', "not pipeline"),
        "main_includes_stage": ("daemon/main.cpp", '#include "detect/detector_set.h"', "not detect"),
        "module_without_a_row": ("daemon/newcomer/x.cpp", "#include <string>", "no row"),
        "abi_outside": ("daemon/stream/x.cpp", '#include "bpf/abi.h"', "may be used only"),
        "abi_in_unit_test": ("tests/unit/stream/x.cpp", '#include "bpf/abi.h"', "may be used only"),
        "libbpf_outside": ("daemon/app.cpp", "#include <bpf/libbpf.h>", "may be used only"),
        "asio_outside": ("daemon/capture/cgroup.cpp", "#include <boost/asio.hpp>", "may be used only"),
        "yaml_outside": ("daemon/policy/decide.cpp", "#include <yaml-cpp/yaml.h>", "may be used only"),
        "hyperscan_outside": ("daemon/policy/decide.cpp", "#include <hs/hs.h>", "may be used only"),
        "log_in_stage": ("daemon/enrich/x.cpp", "#include <spdlog/spdlog.h>", "may be used only"),
        "io_in_pure_stage": ("daemon/decode/x.cpp", "#include <fstream>", "no I/O"),
        "clock_in_pure_stage": ("daemon/stream/x.cpp", "auto t = std::chrono::steady_clock::now();", "no clock"),
    }

    def test_flags_each_violation(self):
        for name, (path, line, told) in self.FLAGGED.items():
            with self.subTest(name), tree_of({path: f"// first line\n{line}\n"}) as root:
                wrongs = list(layers.check_tree(pathlib.Path(root)))
                self.assertEqual([wrong for wrong in wrongs if wrong.startswith(f"{path}:2: ") and told in wrong], wrongs)
                self.assertTrue(wrongs)

    def test_passes_what_points_down(self):
        files = {"daemon/main.cpp": '#include "app.h"', "daemon/app.cpp": '#include <boost/asio.hpp>\n#include "pipeline.h"',
                 "daemon/pipeline.cpp": '#include "detect/x.h"', "daemon/detect/y.cpp": '#include "model/flow.h"',
                 "daemon/capture/ring_reader.cpp": '#include "bpf/abi.h"', "daemon/policy/policy_yaml_tree.cpp":
                 '#include <yaml-cpp/yaml.h>', "daemon/stream/x.cpp": "// steady_clock::now() is not called here"}
        with tree_of(files) as root:
            self.assertEqual(list(layers.check_tree(pathlib.Path(root))), [])


class TreeTest(unittest.TestCase):
    FLAGGED = {
        "no_licence_line": ("a.cpp", "int x;\n", "no line 'SPDX"),
        "too_long": ("a.py", f"# {tree.SPDX}\n" + "x = 1\n" * 600, "601 lines"),
        "dead_link": ("a.md", "see [this](docs/none.md)\n", "leads nowhere"),
        "dead_anchor": ("a.md", "# One\n[two](#two)\n", "no such heading"),
        "path_of_one_machine": ("a.md", "look into " + "/" + "home/me\n", "path of one machine"),
    }

    def test_flags_each_violation(self):
        for name, (path, text, told) in self.FLAGGED.items():
            with self.subTest(name), tree_of({path: text}) as root:
                wrongs = list(tree.check_tree(pathlib.Path(root)))
                self.assertEqual(len(wrongs), 1, wrongs)
                self.assertIn(told, wrongs[0])

    def test_passes_a_tidy_tree(self):
        files = {"a.md": "# The one\n[x](a.md#the-one) [y](https://example.org/none)\n", "a.py": f"# {tree.SPDX}\n",
                 "build/x.cpp": "int x;\n"}
        with tree_of(files) as root:
            self.assertEqual(list(tree.check_tree(pathlib.Path(root))), [])

    @unittest.skipUnless(tree.shutil.which("shellcheck"), "skipped: no shellcheck")
    def test_flags_a_mistake_in_a_script(self):
        with tree_of({"tool": "#!/usr/bin/env bash\n# a tool\nrm $1\n"}) as root:
            self.assertIn("SC2086", "\n".join(tree.check_tree(pathlib.Path(root))))


class RunTestsTest(unittest.TestCase):
    def test_verdict_and_time_come_last(self):
        lines = ["100% tests passed, 0 tests failed out of 3", "", "Total Test time (real) =   0.01 sec", "",
                 "The following tests did not run:", "\t  2 - kernel/x (Skipped)"]
        ordered = run_tests.order_closing(lines)
        self.assertEqual(ordered[-2:], [lines[0], lines[2]])
        self.assertLess(ordered.index(lines[5]), ordered.index(lines[0]))

    def test_tiers_that_need_root_are_left_out_without_it(self):
        self.assertEqual(run_tests.split_tiers(["unit", "kernel", "e2e"], is_root=False), (["unit"], ["kernel", "e2e"]))
        self.assertEqual(run_tests.split_tiers(["unit", "kernel"], is_root=True), (["unit", "kernel"], []))

    def test_reasons_of_skips_are_counted(self):
        results = ('<testsuite><testcase name="a" status="notrun"><skipped message=""/><system-out>x.cpp:3: Skipped\n'
                   'needs a kernel with BTF\n</system-out></testcase>'
                   '<testcase name="b" status="notrun"><skipped/><system-out>skipped: needs root\n</system-out></testcase>'
                   '<testcase name="c" status="run"><system-out>skipped nothing</system-out></testcase></testsuite>')
        with tree_of({"r.xml": results}) as root:
            self.assertEqual(run_tests.skip_reasons(f"{root}/r.xml"), {"needs a kernel with BTF": 1, "skipped: needs root": 1})


if __name__ == "__main__":
    unittest.main(verbosity=2)
