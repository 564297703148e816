// tidemill match: which patterns does each event match? To try patterns out, and to count.
#include <fmt/core.h>
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"

namespace tidemill::app {
namespace {

struct MatchOptions {
  std::string patterns, events;
  bool count = false;
};

constexpr std::string_view standard_input = "-";

std::string shown(const std::string& path) { return path == standard_input ? "stdin" : path; }

// A file, or standard input.
class Input {
 public:
  explicit Input(const std::string& path) {
    if (path != standard_input) file_.open(path, std::ios::binary);
    in_ = path == standard_input ? &std::cin : &file_;
  }

  std::istream& stream() { return *in_; }

 private:
  std::ifstream file_;
  std::istream* in_;
};

std::optional<pattern::PatternSet> read_patterns(const std::string& path) {
  Input input(path);
  if (!input.stream()) {
    complain({Fault::bad_config, "cannot read " + path});
    return std::nullopt;
  }
  const std::string json(std::istreambuf_iterator<char>(input.stream()), {});
  std::vector<pattern::Pattern> patterns;
  bool right = true;
  for (auto& compiled : pattern::compile_patterns(json)) {
    for (const auto& problem : compiled.problems)
      fmt::print(stderr, "{}:{}:{}: error: {}\n", shown(path), problem.line, problem.column,
                 problem.message);
    right = right && compiled.problems.empty();
    if (compiled.pattern) patterns.push_back(std::move(*compiled.pattern));
  }
  if (!right) return std::nullopt;
  return pattern::PatternSet(patterns);
}

// Writes what it is given in large pieces.
class Output {
 public:
  ~Output() { flush(); }

  template <class Numbers>
  void line(const Numbers& numbers) {
    fmt::format_to(std::back_inserter(text_), "[{}]\n", fmt::join(numbers, ","));
    if (text_.size() > piece_bytes) flush();
  }

 private:
  static constexpr std::size_t piece_bytes = 1 << 16;

  void flush() {
    std::fwrite(text_.data(), 1, text_.size(), stdout);
    text_.clear();
  }

  std::string text_;
};

int match(const MatchOptions& options) {
  if (options.patterns == standard_input && options.events == standard_input)
    return complain({Fault::bad_config, "only one of --patterns and --events can be -"});
  const auto set = read_patterns(options.patterns);
  if (!set) return exit_code::usage;
  std::ios::sync_with_stdio(false);
  Input input(options.events);
  if (!input.stream()) return complain({Fault::bad_config, "cannot read " + options.events});

  pattern::PatternSet::Scratch scratch;
  std::vector<std::uint64_t> counts(set->size());
  Output output;
  int code = exit_code::done;
  std::uint64_t number = 0;
  for (std::string line; std::getline(input.stream(), line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto matches = set->match(line, scratch);
    if (!matches) {
      fmt::print(stderr, "{}:{}: error: {}\n", shown(options.events), number,
                 matches.error().message);
      code = exit_code::failed;
    }
    const auto indexes = matches.value_or(pattern::PatternSet::Matches());
    if (!options.count) output.line(indexes);
    for (const std::uint32_t index : indexes) ++counts[index];
  }
  if (options.count) output.line(counts);
  return code;
}

}  // namespace

void add_match(CLI::App& app, Session& session) {
  auto options = std::make_shared<MatchOptions>();
  CLI::App* command = app.add_subcommand(
      "match", "Match events against EventBridge patterns: for each event the patterns it matches");
  command->add_option("--patterns", options->patterns, "A JSON array of patterns; - for stdin")
      ->required();
  command->add_option("--events", options->events, "Events, one JSON object a line; - for stdin")
      ->required();
  command->add_flag("--count", options->count, "Only how many events each pattern matched");
  command->footer(
      "For each event one line: a JSON array of the indexes of the patterns that it matches, the "
      "first\n"
      "pattern being 0. With --count a single line: how many events each pattern matched. A line "
      "that\n"
      "is no JSON object matches nothing, is told on stderr, and makes the exit code 1.\n\n"
      "Examples:\n"
      "  tidemill match --patterns patterns.json --events events.ndjson\n"
      "  tidemill match --patterns patterns.json --events events.ndjson --count\n"
      "  echo '{\"type\": \"page\"}' | tidemill match --patterns patterns.json --events -\n\n"
      "The language: docs/reference/patterns.md");
  command->callback([&session, options] { session.exit_code = match(*options); });
}

}  // namespace tidemill::app
