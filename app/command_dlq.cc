// tidemill dlq: the dead letters of a live engine or a stopped one - looked at, played again,
// dropped.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>

#include "app/commands.h"
#include "app/state_client.h"

namespace tidemill::app {
namespace {

struct DlqOptions {
  std::string data = "tidemill-data";
  bool json = false, dry_run = false, force = false, detach = false, yes = false;
  std::string pipeline, function, stage, code, since, where, rate;
  std::vector<std::uint64_t> numbers;
};

using Options = std::shared_ptr<DlqOptions>;

void run(Session& session, const DlqOptions& options, StateQuestion question) {
  Query& query = question.query;
  if (!options.json) query["form"] = "text";
  const std::pair<const char*, const std::string&> words[] = {
      {"pipeline", options.pipeline}, {"function", options.function}, {"stage", options.stage},
      {"code", options.code},         {"since", options.since},       {"where", options.where},
      {"rate", options.rate}};
  for (const auto& [name, word] : words)
    if (!word.empty()) query[name] = word;
  if (!options.numbers.empty())
    query["number"] = fmt::format("{}", fmt::join(options.numbers, ","));
  if (options.dry_run) query["dry_run"] = "1";
  if (options.force) query["force"] = "1";
  if (options.yes) query["yes"] = "1";
  // Progress is worth seeing as it comes.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const Result<> asked = ask(absolute(options.data), question);
  std::fflush(stdout);
  if (!asked) session.exit_code = complain(asked.error());
}

CLI::App* verb(CLI::App* parent, const Options& options, const char* name, const char* help) {
  CLI::App* command = parent->add_subcommand(name, help);
  command->add_option("--data", options->data, "Data folder of the engine")->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object a line");
  return command;
}

CLI::App* filtered(CLI::App* parent, const Options& options, const char* name, const char* help) {
  CLI::App* command = verb(parent, options, name, help);
  command->add_option("--pipeline", options->pipeline, "Only of this pipeline");
  command->add_option("--function", options->function, "Only of this function");
  command->add_option("--stage", options->stage,
                      "Only of this stage: source, step, function or sink");
  command->add_option("--code", options->code, "Only with this code, as `dlq stats` prints them");
  command->add_option("--since", options->since,
                      "Only those that died in the last 2h, say, or since an instant");
  command->add_option("--where", options->where,
                      "Only those that match this event pattern, as `filter` takes it; what "
                      "happened to an event is its field `letter`");
  return command;
}

void take_numbers(CLI::App* command, const Options& options) {
  command->add_option("NUMBER", options->numbers, "Only these, as `dlq list` prints them");
  command->add_flag("--dry-run", options->dry_run, "Only say which they would be");
}

void add_replay(CLI::App* dlq, Session& session, const Options& options) {
  CLI::App* replay = filtered(dlq, options, "replay", "Play them again where they failed");
  take_numbers(replay, options);
  replay->add_option("--rate", options->rate, "No faster than this, as 100/s or 5/m");
  replay->add_flag("--force", options->force,
                   "Also those that failed at three replays, or that no source could read");
  replay->add_flag("--detach", options->detach, "Do not wait for the end");
  replay->footer(
      "A letter whose event succeeds goes; one whose event fails again stays, and counts the "
      "replay.\n"
      "On a stopped engine they are replayed when it runs next, by --until-idle as well. Ctrl-C "
      "ends\n"
      "the replay; what was not replayed yet stays a dead letter.\n\n"
      "Examples:\n"
      "  tidemill dlq replay --pipeline orders --since 2h --dry-run\n"
      "  tidemill dlq replay --pipeline orders --rate 100/s\n"
      "  tidemill dlq replay 17 18\n"
      "  tidemill dlq replay --where '{\"data\": {\"kind\": [\"refund\"]}}'");
  replay->callback([&session, options] {
    StateQuestion question{.method = "POST", .path = "dead-letters/replay", .query = {}};
    if (!options->detach) question.query["follow"] = "1";
    run(session, *options, std::move(question));
  });
}

void add_drop(CLI::App* dlq, Session& session, const Options& options) {
  CLI::App* drop = filtered(dlq, options, "drop", "Remove them for good");
  take_numbers(drop, options);
  drop->add_flag("--yes", options->yes, "Also all of them, where no filter leaves one out");
  drop->footer(
      "Examples:\n"
      "  tidemill dlq drop 17\n"
      "  tidemill dlq drop --pipeline thumbnails --code bad_event --dry-run");
  drop->callback([&session, options] {
    run(session, *options, {.method = "DELETE", .path = "dead-letters", .query = {}});
  });
}

}  // namespace

void add_dlq(CLI::App& app, Session& session) {
  const auto options = std::make_shared<DlqOptions>();
  CLI::App* dlq = app.add_subcommand("dlq", "Dead letters: the events that were given up");
  dlq->require_subcommand(1);
  filtered(dlq, options, "list", "One line each: number, event, reason")
      ->callback(
          [&session, options] { run(session, *options, {.path = "dead-letters", .query = {}}); });
  CLI::App* show = verb(dlq, options, "show", "Everything about one, its event included");
  show->add_option("NUMBER", options->numbers, "As `dlq list` prints it")->required()->expected(1);
  show->callback([&session, options] {
    const std::string number = std::to_string(options->numbers.front());
    run(session, *options, {.path = "dead-letters/" + number, .query = {}});
  });
  filtered(dlq, options, "stats", "How many there are by pipeline, place and code")
      ->callback([&session, options] {
        run(session, *options, {.path = "dead-letters/stats", .query = {}});
      });
  add_replay(dlq, session, options);
  add_drop(dlq, session, options);
  dlq->footer("More: docs/reference/dead-letters.md");
}

}  // namespace tidemill::app
