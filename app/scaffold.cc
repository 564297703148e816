#include "app/scaffold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace tidemill::app {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t name_length_max = 64;

// Names that CMake keeps for targets of its own.
constexpr std::array<std::string_view, 7> cmake_targets = {
    "all", "clean", "help", "install", "package", "edit_cache", "test"};

// In these, @name@ is the function's name, @class@ that of its class and @version@ the engine's.

constexpr std::string_view cmake_lists = R"(cmake_minimum_required(VERSION 3.25)
project(@name@ LANGUAGES CXX)

find_package(Tidemill @version@ REQUIRED)
tidemill_add_function(@name@)
)";

constexpr std::string_view source =
    R"(// @name@: notes how long every event is, and how many words it has.
#include "tidemill/function.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace {

class @class@ {
 public:
  // Each option is a member with its default, and a line in spec(). What a pipeline file says under
  // `config:` is checked before the constructor sees it.
  struct Config {
    tidemill::ByteSize bytes_max{64 * 1024};
  };

  static tidemill::ConfigSpec<Config> spec() {
    return tidemill::ConfigSpec<Config>("Measures events.")
        .field("bytes_max", &Config::bytes_max, "Events larger than this are refused.");
  }

  static tidemill::FunctionInfo info() {
    return {.name = "@name@",
            .summary = "Notes how long every event is, and how many words it has.",
            .outputs = {{"lengths", tidemill::OutputKind::rows, "One row per event."}},
            .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_DETERMINISTIC};
  }

  explicit @class@(const Config& config) : config_(config) {}

  // Events in, effects out. The engine carries the effects out and repeats the call if it must:
  // nothing else should happen in here.
  tidemill::Response handle(const tidemill::Batch& batch, tidemill::Context& context) {
    tidemill::Response response(context);
    for (const tidemill::EventView event : batch) {
      const std::string_view data = event.data();
      if (data.size() > config_.bytes_max.value) {
        // The other events of the batch stand; this one goes to the dead letters with the reason.
        response.fail_event(event, tidemill::Fault::bad_event,
                            "larger than bytes_max: " + std::to_string(data.size()) + " bytes");
        continue;
      }
      response.put_row(event, lengths, event.id(),
                       "{\"bytes\": " + std::to_string(data.size()) +
                           ", \"words\": " + std::to_string(words_in(data)) + "}");
    }
    return response;
  }

 private:
  static constexpr std::uint32_t lengths = 0;  // Index in info().outputs.

  static std::size_t words_in(std::string_view text) {
    std::size_t words = 0;
    bool in_word = false;
    for (const char c : text) {
      const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      if (!space && !in_word) ++words;
      in_word = !space;
    }
    return words;
  }

  Config config_;
};

}  // namespace

TIDEMILL_FUNCTION(@class@)
)";

constexpr std::string_view pipeline =
    R"(# Ten events that the engine makes up, through @name@, into a table.
pipelines:
  @name@:
    source:
      generate: { count: 10 }
    function: @name@
    sinks:
      lengths:                # takes the function's output of the same name
        table: {}

functions:
  @name@:
    native: ./build/@name@.so
    config: { bytes_max: 64KiB }
)";

constexpr std::string_view readme = R"(# @name@

A native function for Tidemill: `@name@.cc` is all of it.

```sh
cmake -S . -B build && cmake --build build      # makes build/@name@.so
tidemill run pipeline.yaml --until-idle         # ten events through it
tidemill table scan lengths                     # what it wrote
```

If Tidemill is installed somewhere else than in the system, add `-DCMAKE_PREFIX_PATH=/where/it/is` to
the first command. After a change, build and run again: the engine itself is never rebuilt.
)";

std::string class_name(std::string_view name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') result += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = c == '_';
  }
  return result + "Function";
}

std::string filled_in(std::string_view text, std::string_view name) {
  const std::pair<std::string_view, std::string> words[] = {{"@name@", std::string(name)},
                                                            {"@class@", class_name(name)},
                                                            {"@version@", TIDEMILL_VERSION}};
  std::string result(text);
  for (const auto& [word, value] : words)
    for (auto at = result.find(word); at != std::string::npos;
         at = result.find(word, at + value.size()))
      result.replace(at, word.size(), value);
  return result;
}

Result<> check_name(std::string_view name) {
  const auto bad = [name](std::string_view why) {
    return fail(Fault::bad_config, fmt::format("'{}' is no name for a function: {}", name, why));
  };
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool plain = std::all_of(name.begin(), name.end(), [&](char c) {
    return lower(c) || (c >= '0' && c <= '9') || c == '_';
  });
  if (name.empty() || !plain || !lower(name.front()))
    return bad("use lower case letters, digits and underscores, and begin with a letter");
  if (name.size() > name_length_max)
    return bad(fmt::format("use at most {} characters", name_length_max));
  if (std::find(cmake_targets.begin(), cmake_targets.end(), name) != cmake_targets.end())
    return bad("CMake keeps it for a target of its own");
  return {};
}

Result<> write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Fault::transient, fmt::format("{} cannot be written", file.string()));
  return {};
}

}  // namespace

Result<> scaffold_function(std::string_view name, const fs::path& directory) {
  if (auto ok = check_name(name); !ok) return ok;
  const fs::path folder = directory / name;
  std::error_code error;
  fs::create_directories(directory, error);
  // Making the folder is the check that it is not there: two runs at once cannot both win.
  if (!error && !fs::create_directory(folder, error) && !error)
    return fail(
        Fault::bad_config,
        fmt::format("{} exists already; choose another name or remove it", folder.string()));
  if (error)
    return fail(Fault::transient,
                fmt::format("{} cannot be made: {}", folder.string(), error.message()));

  const std::pair<std::string, std::string_view> files[] = {
      {"CMakeLists.txt", cmake_lists},
      {std::string(name) + ".cc", source},
      {"pipeline.yaml", pipeline},
      {"README.md", readme},
      {".gitignore", "/build/\n/tidemill-data/\n"}};
  for (const auto& [file, text] : files)
    if (auto ok = write(folder / file, filled_in(text, name)); !ok) return ok;
  return {};
}

}  // namespace tidemill::app
