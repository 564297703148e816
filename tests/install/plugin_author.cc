// What tests/install/run needs of the engine, without its command line:
//
//     plugin_author scaffold NAME FOLDER      writes FOLDER/NAME, as `tidemill new function` does
//     plugin_author load FILE                 loads a plugin as the engine does, and invokes it
//     once
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "app/scaffold.h"
#include "core/invoke/native_function.h"
#include "core/invoke/plugin.h"

namespace tidemill {
namespace {

class ErrorOutput final : public Log {
 public:
  void write(LogLevel, std::string_view sentence) override { fmt::print(stderr, "{}\n", sentence); }
};

int complain(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 1;
}

int load(const std::string& file) {
  const auto plugin = Plugin::load(file);
  if (!plugin) return complain(plugin.error());
  ErrorOutput log;
  auto function = NativeFunction::make(*plugin, {}, {.now = [] { return Instant(); }, .log = &log});
  if (!function) return complain(function.error());

  std::vector<Event> events(1);
  events[0].source = "test";
  events[0].data = Bytes::forever("three small words");
  Request request;
  request.events = events;
  const Answer answer = (*function)->invoke(request);
  if (answer.error) return complain(*answer.error);
  fmt::print("{}\n", (*plugin)->decl().name);
  for (const Effect& effect : answer.effects) fmt::print("{} {}\n", effect.key, effect.data);
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "load") return load(arguments[1]);
  if (arguments.size() == 3 && arguments[0] == "scaffold") {
    const auto made = app::scaffold_function(arguments[1], arguments[2]);
    return made ? 0 : complain(made.error());
  }
  fmt::print(stderr, "usage: plugin_author scaffold NAME FOLDER | load FILE\n");
  return 2;
}

}  // namespace
}  // namespace tidemill

int main(int argc, char** argv) { return tidemill::run({argv + 1, argv + argc}); }
