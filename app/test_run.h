// TestRun: the cases of test files, one after the other, each on a stage of its own.
//
// Driven from the main thread. Prints nothing: what came of a case goes to the caller.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/session.h"
#include "core/config/problems.h"
#include "core/rehearsal/case_file.h"
#include "core/rehearsal/outcome.h"
#include "tidemill/time.h"

namespace tidemill::app {

/// One part of an expectation that does not hold.
struct TestDifference {
  std::string section;  ///< "sinks.out".
  Mark where;
  std::vector<std::string> lines;  ///< Of ' ', '-' and '+'.
};

struct TestResult {
  std::string file;
  std::string name;
  Mark where;
  bool passed = false;
  bool updated = false;                   ///< Its expectation was recorded.
  std::vector<config::Problem> problems;  ///< It could not be run, or judged.
  std::vector<TestDifference> differences;
  std::string trouble;  ///< Why it did not come to its end.
  std::vector<std::string> log;
  Duration virtual_time{0};
  Duration real_time{0};
};

struct TestOptions {
  std::string filter;   ///< Cases whose names have this in them, in which * stands for anything.
  bool update = false;  ///< Record what happened instead of failing.
};

/// The test files that `path` stands for: itself, the one beside a pipeline file, or those in a
/// folder (not below it), sorted.
std::vector<std::string> test_files(const std::string& path, config::Problems& problems);

class TestRun {
 public:
  using Report = std::function<void(const TestResult&)>;

  TestRun(Session& session, TestOptions options, Report report)
      : session_(session), options_(std::move(options)), report_(std::move(report)) {}

  /// Runs the cases of one file. What is wrong with the file itself goes to `problems`.
  void run(const std::string& file, config::Problems& problems);

 private:
  void run_case(const rehearsal::CaseFile& file, std::size_t index, TestResult& result);
  void judge(const rehearsal::Case& one, std::size_t index, const rehearsal::Outcome& outcome,
             TestResult& result);
  void record(std::size_t index, const rehearsal::Case& one, const rehearsal::Outcome& outcome,
              TestResult& result);

  Session& session_;
  TestOptions options_;
  Report report_;
  std::string text_;  // Of the file at hand, as it is recorded.
};

}  // namespace tidemill::app
