// tidemill: the command line.
#include <string_view>

#include "app/commands.h"
#include "core/worker/run_worker.h"

int main(int argc, char** argv) {
  using namespace tidemill::app;
  // Started by an engine, for a function with `isolation: worker`; nothing for a user to call.
  if (argc > 1 && std::string_view(argv[1]) == "worker") return tidemill::run_worker();
  Session session;
  CLI::App app("Tidemill runs event pipelines: sources, functions, state and sinks in one binary.",
               "tidemill");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  tidemill run pipelines/thumbnails.yaml\n"
      "  tidemill run pipelines/ --data /var/lib/tidemill\n"
      "  tidemill check pipelines/ --explain\n"
      "  tidemill test pipelines/\n"
      "  tidemill table scan images --limit 3\n"
      "  tidemill describe source bucket\n"
      "Each command has its own --help.");
  add_run(app, session);
  add_check(app, session);
  add_test(app, session);
  add_describe(app, session);
  add_state(app, session);
  add_status(app, session);
  add_healthcheck(app, session);
  add_top(app, session);
  add_tap(app, session);
  add_invoke(app, session);
  add_match(app, session);
  add_new(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_code::done : exit_code::usage;
  }
  return session.exit_code;
}
