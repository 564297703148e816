// tidemill table, stream, progress: what the state says, of a live engine or a stopped one.
#include <cstdio>
#include <memory>

#include "app/commands.h"
#include "app/state_client.h"

namespace tidemill::app {
namespace {

struct StateOptions {
  std::string data = "tidemill-data";
  bool json = false;
  std::string name, key, prefix;
  std::uint64_t limit = 0;
};

void run(Session& session, const StateOptions& options, StateQuestion question) {
  if (!options.json) question.query["form"] = "text";
  const Result<> asked = ask(absolute(options.data), question);
  std::fflush(stdout);
  if (!asked) session.exit_code = complain(asked.error());
}

using Options = std::shared_ptr<StateOptions>;

CLI::App* verb(CLI::App* parent, const Options& options, const char* name, const char* help) {
  CLI::App* command = parent->add_subcommand(name, help);
  command->add_option("--data", options->data, "Data folder of the engine")->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object a line");
  return command;
}

void add_table(CLI::App& app, Session& session, const Options& options) {
  CLI::App* table = app.add_subcommand("table", "Look into tables");
  table->require_subcommand(1);
  table->footer(
      "Examples:\n  tidemill table list\n  tidemill table get images holiday/beach.jpg\n"
      "  tidemill table scan images --prefix holiday/ --limit 10\n"
      "  tidemill table export images > images.ndjson");
  verb(table, options, "list", "The tables there are")->callback([&session, options] {
    run(session, *options, {.path = "tables"});
  });
  const auto named = [&](const char* name, const char* help) {
    CLI::App* command = verb(table, options, name, help);
    command->add_option("NAME", options->name, "The table")->required();
    return command;
  };
  CLI::App* get = named("get", "One row by its key");
  get->add_option("KEY", options->key)->required();
  get->callback([&session, options] {
    run(session, *options, {.path = "tables/" + options->name, .query = {{"key", options->key}}});
  });
  CLI::App* scan = named("scan", "Rows in the order of their keys");
  scan->add_option("--prefix", options->prefix, "Only keys that begin with this");
  scan->add_option("--limit", options->limit, "At most so many (default: all)");
  scan->callback([&session, options] {
    StateQuestion question{.path = "tables/" + options->name,
                           .query = {{"prefix", options->prefix}}};
    if (options->limit > 0) question.query["limit"] = std::to_string(options->limit);
    run(session, *options, question);
  });
  named("count", "The number of rows, alone")->callback([&session, options] {
    run(session, *options, {.path = "tables/" + options->name, .query = {{"count", "1"}}});
  });
  named("export", "All rows, one JSON object a line")->callback([&session, options] {
    options->json = true;
    run(session, *options, {.path = "tables/" + options->name, .query = {}});
  });
}

void add_stream(CLI::App& app, Session& session, const Options& options) {
  CLI::App* stream = app.add_subcommand("stream", "Look into the engine's own queues and logs");
  stream->require_subcommand(1);
  verb(stream, options, "list", "Queues, logs and changes of tables, and how much is in them")
      ->callback([&session, options] { run(session, *options, {.path = "streams"}); });
}

void add_progress(CLI::App& app, Session& session, const Options& options) {
  CLI::App* progress = app.add_subcommand("progress", "How far a pipeline's source has come");
  progress->require_subcommand(1);
  CLI::App* show = verb(progress, options, "show", "What is settled");
  show->add_option("PIPELINE", options->name)->required();
  show->callback(
      [&session, options] { run(session, *options, {.path = "progress/" + options->name}); });
  CLI::App* reset = verb(progress, options, "reset",
                         "Forget it: the next run starts afresh (the engine must be stopped)");
  reset->add_option("PIPELINE", options->name)->required();
  reset->callback([&session, options] {
    run(session, *options, {.method = "DELETE", .path = "progress/" + options->name});
  });
}

}  // namespace

void add_state(CLI::App& app, Session& session) {
  const auto options = std::make_shared<StateOptions>();
  add_table(app, session, options);
  add_stream(app, session, options);
  add_progress(app, session, options);
  add_dlq(app, session);
}

}  // namespace tidemill::app
