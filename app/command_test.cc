// tidemill test: rehearses pipelines in virtual time, and compares what comes of it with what was
// expected.
#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "app/commands.h"
#include "app/test_run.h"
#include "core/base/asio_scheduler.h"
#include "core/rehearsal/time_text.h"

namespace tidemill::app {
namespace {

struct TestWords {
  std::vector<std::string> paths;
  TestOptions options;
  bool json = false;
  bool log = false;
};

// What has been said so far, and how it came out.
class Printer {
 public:
  explicit Printer(const TestWords& words)
      : words_(words), colours_(::isatty(STDOUT_FILENO) == 1) {}

  void print(const TestResult& result) {
    ++(result.passed ? passed_ : failed_);
    malformed_ = malformed_ || !result.problems.empty();
    if (words_.json) {
      add_json(result);
    } else {
      print_text(result);
    }
  }

  void finish(Duration elapsed) {
    if (words_.json) {
      const boost::json::object all{{"cases", cases_}, {"passed", passed_}, {"failed", failed_}};
      fmt::print("{}\n", boost::json::serialize(all));
    } else if (passed_ + failed_ > 0) {
      fmt::print("{} passed, {} failed, in {}\n", passed_, failed_, shown(elapsed));
    }
  }

  std::size_t cases() const { return passed_ + failed_; }
  bool malformed() const { return malformed_; }
  bool failed() const { return failed_ > 0; }

 private:
  static std::string shown(Duration duration) {
    if (duration < std::chrono::seconds(1)) return fmt::format("{} ms", duration.count() / 1000);
    return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1e6);
  }

  std::string painted(std::string_view text, fmt::terminal_color colour) const {
    return colours_ ? fmt::format(fmt::fg(colour), "{}", text) : std::string(text);
  }

  void print_text(const TestResult& result) {
    using enum fmt::terminal_color;
    if (result.file != file_) fmt::print("{}\n", file_ = result.file);
    const auto verdict = !result.passed   ? painted("FAIL", red)
                         : result.updated ? painted("new ", yellow)
                                          : painted("ok  ", green);
    fmt::print("  {}  {}  ({} virtual, {})\n", verdict, result.name,
               rehearsal::time_text(result.virtual_time), shown(result.real_time));
    for (const auto& problem : result.problems) fmt::print("{}\n", config::to_string(problem));
    const std::string place =
        fmt::format("{}:{}:{}: ", result.where.file, result.where.line, result.where.column);
    if (!result.trouble.empty())
      fmt::print("{}error: {}: {}\n", place, result.name, result.trouble);
    if (!result.updated) {
      for (const TestDifference& difference : result.differences) print_difference(difference);
    }
    if (words_.log)
      for (const std::string& line : result.log) fmt::print("        log: {}\n", line);
    std::fflush(stdout);
  }

  void print_difference(const TestDifference& difference) const {
    using enum fmt::terminal_color;
    const Mark& where = difference.where;
    fmt::print("{}:{}:{}: error: {} is not as expected (- expected, + happened)\n", where.file,
               where.line, where.column, difference.section);
    for (const std::string& line : difference.lines) {
      const char sign = line.front();
      const auto shown = sign == '-'   ? painted(line, red)
                         : sign == '+' ? painted(line, green)
                                       : line;
      fmt::print("      {}\n", shown);
    }
  }

  void add_json(const TestResult& result) {
    boost::json::array differences;
    for (const TestDifference& one : result.differences) {
      boost::json::array lines(one.lines.begin(), one.lines.end());
      differences.push_back(boost::json::object{{"section", one.section},
                                                {"line", one.where.line},
                                                {"column", one.where.column},
                                                {"lines", std::move(lines)}});
    }
    boost::json::array problems;
    for (const auto& problem : result.problems) problems.emplace_back(config::to_string(problem));
    if (!result.trouble.empty()) problems.emplace_back(result.trouble);
    cases_.push_back(boost::json::object{
        {"file", result.file},
        {"name", result.name},
        {"line", result.where.line},
        {"passed", result.passed},
        {"updated", result.updated},
        {"virtual_seconds", static_cast<double>(result.virtual_time.count()) / 1e6},
        {"seconds", static_cast<double>(result.real_time.count()) / 1e6},
        {"differences", std::move(differences)},
        {"problems", std::move(problems)}});
  }

  const TestWords& words_;
  const bool colours_;
  std::string file_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  bool malformed_ = false;
  boost::json::array cases_;
};

int test(Session& session, const TestWords& words) {
  const Instant begun = steady_now();
  config::Problems problems;
  std::vector<std::string> files;
  for (const std::string& path : words.paths)
    for (std::string& file : test_files(path, problems)) files.push_back(std::move(file));
  Printer printer(words);
  TestRun run(session, words.options,
              [&printer](const TestResult& result) { printer.print(result); });
  for (const std::string& file : files) run.run(file, problems);
  for (const auto& problem : problems.errors())
    fmt::print(stderr, "{}\n", config::to_string(problem));
  printer.finish(std::chrono::duration_cast<Duration>(steady_now() - begun));
  if (problems.empty() && printer.cases() == 0) {
    fmt::print(stderr, "error: no case has {} in its name\n", config::shown(words.options.filter));
    return exit_code::usage;
  }
  if (!problems.empty() || printer.malformed()) return exit_code::usage;
  return printer.failed() ? exit_code::failed : exit_code::done;
}

}  // namespace

void add_test(CLI::App& app, Session& session) {
  auto words = std::make_shared<TestWords>();
  CLI::App* command = app.add_subcommand(
      "test", "Rehearse pipelines in virtual time: the cases of *.test.yaml beside them");
  command
      ->add_option("FILE", words->paths,
                   "Test files, pipeline files with one beside them, or folders")
      ->required();
  command->add_option("--filter", words->options.filter,
                      "Only cases with this in their names; * stands for anything");
  command->add_flag("--update", words->options.update,
                    "Record what happens as what is expected; the rest of the file stays");
  command->add_flag("--json", words->json, "One JSON object with all cases");
  command->add_flag("--log", words->log, "Show what the engine warned of");
  command->footer(
      "Exit: 0 all as expected; 1 something is not; 2 a file is malformed.\n"
      "Examples:\n"
      "  tidemill test pipelines/\n"
      "  tidemill test orders.yaml --filter retried\n"
      "  tidemill test orders.test.yaml --update\n"
      "A case, in orders.test.yaml beside orders.yaml:\n"
      "  cases:\n"
      "    - name: an order is counted once\n"
      "      events:\n"
      "        - { at: 0s, id: a, data: { customer: 7 } }\n"
      "      expect:\n"
      "        summary: { events: 1, committed: 1 }\n"
      "docs/reference/pipeline-tests.md has the whole language.");
  command->callback([&session, words] { session.exit_code = test(session, *words); });
}

}  // namespace tidemill::app
