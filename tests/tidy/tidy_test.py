"""Each check must find what it is there for: a check that finds nothing is worse than none."""

import tempfile
import unittest
from pathlib import Path

import documents
import includes
import style
from tree import Tree


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("core/CMakeLists.txt", "foreach(folder base state dispatch)\nendforeach()\n")
        self.write("sdk/tidemill/event.h", "// Event.\n")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def faults(self, check, *arguments):
        return [(fault.path, fault.line) for fault in check(Tree(self.root), *arguments)]

    def test_a_connector_cannot_include_core(self):
        self.write("connectors/file/file.cc", '#include "tidemill/event.h"\n'
                                              '#include "core/state/store.h"\n')
        self.assertEqual(self.faults(includes.include_order), [("connectors/file/file.cc", 2)])

    def test_a_connector_cannot_include_another(self):
        self.write("connectors/kafka/kafka.h", "// Kafka.\n")
        self.write("connectors/file/file.cc", '#include "connectors/kafka/kafka.h"\n')
        self.assertEqual(self.faults(includes.include_order), [("connectors/file/file.cc", 1)])

    def test_functions_share_a_folder_that_is_no_function_itself(self):
        self.write("functions/imaging/CMakeLists.txt", "add_library(tidemill_imaging pixels.cc)\n")
        self.write("functions/imaging/pixels.h", "// Pixels.\n")
        self.write("functions/metadata/CMakeLists.txt", "tidemill_builtin_function(metadata)\n")
        self.write("functions/metadata/metadata.h", "// Metadata.\n")
        self.write("functions/thumbnail/thumbnail.cc", '#include "imaging/pixels.h"\n'
                                                       '#include "metadata/metadata.h"\n')
        self.assertEqual(self.faults(includes.include_order),
                         [("functions/thumbnail/thumbnail.cc", 2)])

    def test_a_core_folder_includes_only_what_lies_below_it(self):
        self.write("core/state/store.h", '// Store.\n#include "core/dispatch/loop.h"\n'
                                         '#include "core/base/gate.h"\n')
        self.assertEqual(self.faults(includes.include_order), [("core/state/store.h", 2)])

    def test_a_library_stays_in_its_folder(self):
        self.write("core/dispatch/loop.cc", "#include <rocksdb/db.h>\n#include <vector>\n")
        self.write("core/state/rocks.cc", "#include <rocksdb/db.h>\n#include <unistd.h>\n")
        self.assertEqual(self.faults(includes.include_order), [("core/dispatch/loop.cc", 1)])

    def test_an_undeclared_library_is_a_decision_to_make(self):
        self.write("core/base/json.cc", "#include <nlohmann/json.hpp>\n")
        self.assertEqual(self.faults(includes.include_order), [("core/base/json.cc", 1)])

    def test_gtest_is_for_tests(self):
        self.write("core/base/gate.cc", "#include <gtest/gtest.h>\n")
        self.write("core/base/gate_test.cc", "#include <gtest/gtest.h>\n")
        self.assertEqual(self.faults(includes.include_order), [("core/base/gate.cc", 1)])

    def test_function_h_stays_free_of_other_libraries_however_deep(self):
        self.write("sdk/tidemill/function.h", '// F.\n#include "tidemill/async.h"\n')
        self.write("sdk/tidemill/async.h", "// A.\n#include <boost/asio/post.hpp>\n")
        self.assertEqual(self.faults(includes.std_only_function_header),
                         [("sdk/tidemill/async.h", 2)])

    def test_a_file_past_the_hard_limit_is_split(self):
        self.write("core/base/long.cc", "int x;\n" * 601)
        self.write("core/base/fine.cc", "int x;\n" * 600)
        self.assertEqual(self.faults(style.file_sizes), [("core/base/long.cc", 601)])

    def test_a_header_opens_with_its_purpose(self):
        self.write("core/base/bare.h", "#pragma once\n")
        self.assertEqual(self.faults(style.header_comments), [("core/base/bare.h", 1)])

    def test_names_that_say_nothing_are_refused(self):
        self.write("core/base/string_utilities.h", "// Fine.\n")
        for name in ("utils.h", "helpers.cc", "common/a.h", "util_test.cc"):
            self.write("core/base/" + name, "// Bad.\n")
        self.assertEqual(len(self.faults(style.names)), 4)

    def test_marks_of_unfinished_work_are_refused(self):
        self.write("app/main.cc", "int x;  // TO" "DO: all of it\n")
        self.assertEqual(self.faults(style.unfinished), [("app/main.cc", 1)])

    def test_only_core_base_knows_the_clock(self):
        self.write("core/base/clock.cc", "auto t = steady_clock::now();\n")
        self.write("core/dispatch/loop.cc", "auto t = std::chrono::system_clock::now();\n")
        self.write("core/base/wait.cc", "std::this_thread::sleep_for(1s);\n")
        self.assertEqual(self.faults(style.injected_time),
                         [("core/base/wait.cc", 1), ("core/dispatch/loop.cc", 1)])

    def test_layout_is_clang_formats(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("core/base/wide.cc", "int   x ;\n")
        self.assertEqual(set(self.faults(style.clang_format)), {("core/base/wide.cc", 1)})

    def test_scripts_quote_their_variables(self):
        self.write("scripts/bad", "#!/usr/bin/env bash\nrm -r $1\n")
        (self.root / "tests/data").mkdir(parents=True)
        (self.root / "tests/data/no_text").write_bytes(b"\xf9\x00\xff")
        self.assertEqual(self.faults(style.shellcheck), [("scripts/bad", 2)])

    def test_paths_in_documents_exist(self):
        self.write("docs/a.md", "See [b](b.md), [site](https://example.org/x),\n"
                                "`core/CMakeLists.txt` and `core/nothing.h`.\n"
                                "```\n[not](a-link.md)\n```\n")
        self.write("core/base/x.h", "// See docs/nowhere.md.\n")
        self.assertEqual(self.faults(documents.mentioned_paths),
                         [("docs/a.md", 1), ("docs/a.md", 2), ("core/base/x.h", 1)])

    def test_tests_that_a_reference_names_exist(self):
        self.write("core/dispatch/window_test.cc", "TEST(Window, Closes) {}\n"
                                                   "TEST_F(\n    WindowTest, Opens) {}\n")
        self.write("docs/reference/rules.md", "`Window.Closes`, `WindowTest.Opens`\n`Window.Sings`\n")
        self.assertEqual(self.faults(documents.named_tests), [("docs/reference/rules.md", 2)])

    def test_an_option_table_is_what_the_binary_says(self):
        self.write("tidemill", '#!/bin/sh\necho "| $2 $3 |"\n')
        (self.root / "tidemill").chmod(0o755)
        table = "# T\n<!-- options: source file -->\n| {} |\n<!-- /options -->\n"
        tidemill = str(self.root / "tidemill")

        self.write("connectors/file/README.md", table.format("source file"))
        self.assertEqual(self.faults(documents.option_tables, tidemill), [])

        self.write("connectors/file/README.md", table.format("old"))
        self.assertEqual(self.faults(documents.option_tables, tidemill),
                         [("connectors/file/README.md", 2)])
        self.assertEqual(self.faults(documents.option_tables, tidemill, True), [])
        self.assertEqual(self.faults(documents.option_tables, tidemill), [])


if __name__ == "__main__":
    unittest.main()
