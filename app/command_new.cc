// tidemill new function NAME: a folder to start from.
#include <fmt/core.h>

#include <memory>

#include "app/commands.h"
#include "app/scaffold.h"

namespace tidemill::app {

void add_new(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("new", "Start a function of your own");
  command->require_subcommand(1);
  CLI::App* function = command->add_subcommand(
      "function", "Write a folder with a native function that builds and runs as it is");
  auto name = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>(".");
  function->add_option("NAME", *name, "Lower case letters, digits and underscores")->required();
  function->add_option("--in", *folder, "Folder that gets the new one")->capture_default_str();
  function->footer("Example:\n  tidemill new function hello");
  function->callback([&session, name, folder] {
    const auto made = scaffold_function(*name, *folder);
    if (made) {
      fmt::print("made {0}/{1}; {0}/{1}/README.md has the next steps\n", *folder, *name);
    } else {
      session.exit_code = complain(made.error());
    }
  });
}

}  // namespace tidemill::app
