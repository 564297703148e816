// tidemill tap: live events of a pipeline, as NDJSON.
#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <boost/url/url.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "app/commands.h"
#include "app/engine_door.h"
#include "app/event_stream.h"

namespace tidemill::app {
namespace {

struct TapOptions {
  EngineDoor door;
  std::string pipeline;
  std::string at = "source";
  std::string where, rate, limit_bytes;
  std::uint64_t sample = 0, count = 0;
  bool json = false;
};

std::string target(const TapOptions& options) {
  boost::urls::url url("/api/v1/tap");
  url.segments().push_back(options.pipeline);
  url.params().append({"at", options.at});
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) url.params().append({name, value});
  };
  add("where", options.where);
  add("rate", options.rate);
  add("limit_bytes", options.limit_bytes);
  if (options.sample > 0) add("sample", std::to_string(options.sample));
  return std::string(url.buffer());
}

// What went by unseen. Static: it is asked for whenever the command is told to end.
std::atomic<std::uint64_t> dropped_so_far = 0;

void say_what_is_missing(bool json) {
  const std::uint64_t dropped = dropped_so_far;
  if (dropped > 0 && !json)
    fmt::print(stderr, "{} more went by unseen: --where, --sample and --rate ask for fewer\n",
               dropped);
}

// Ctrl-C is how most taps end, while nothing but the stream is waited for.
void end_at_signals(bool json) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, json] {
    int signal = 0;
    ::sigwait(&signals, &signal);
    say_what_is_missing(json);
    ::_exit(128 + signal);
  }).detach();
}

// Prints what the stream says, until there was enough of it or nobody reads on.
class Printer {
 public:
  Printer(std::uint64_t count, bool json) : count_(count), json_(json) {}

  bool take(std::string_view line) {
    const auto event = stream_.add(line);
    if (!event) return true;
    if (event->type == "dropped") {
      dropped_so_far += dropped_of(event->data);
      if (json_) fmt::print("{}\n", event->data);
    } else {
      fmt::print("{}\n", event->data);
      ++printed_;
    }
    // Whoever watches wants to see it now.
    const bool broken = std::fflush(stdout) != 0;
    return !broken && (count_ == 0 || printed_ < count_);
  }

 private:
  EventStreamReader stream_;
  const std::uint64_t count_;
  const bool json_;
  std::uint64_t printed_ = 0;
};

int tap(const TapOptions& options) {
  const auto client = options.door.open();
  if (!client) return complain(client.error());
  end_at_signals(options.json);
  Printer printer(options.count, options.json);
  const auto answer = client->lines("GET", target(options),
                                    [&](std::string_view line) { return printer.take(line); });
  say_what_is_missing(options.json);
  if (!answer) return complain(answer.error());
  if (answer->status == 200) return exit_code::done;
  std::string sentence = answer->body;
  while (sentence.ends_with('\n')) sentence.pop_back();
  const bool asked_wrong = answer->status == 400 || answer->status == 404;
  return complain({asked_wrong ? Fault::bad_config : Fault::transient, std::move(sentence)});
}

}  // namespace

void add_tap(CLI::App& app, Session& session) {
  auto options = std::make_shared<TapOptions>();
  CLI::App* command =
      app.add_subcommand("tap", "Live events of a pipeline, one JSON object a line");
  command->add_option("PIPELINE", options->pipeline, "As `tidemill status` names it")->required();
  command
      ->add_option("--at", options->at,
                   "source: as they come; function: what it was given, and what came of it; sinks: "
                   "what was carried out and committed")
      ->check(CLI::IsMember({"source", "function", "sinks"}))
      ->capture_default_str();
  command->add_option("--where", options->where,
                      "Only events that this pattern matches, in EventBridge's language");
  command->add_option("--sample", options->sample, "Only one in so many, by chance")
      ->check(CLI::PositiveNumber);
  command->add_option("--rate", options->rate, "At most so many, as 10/s");
  command->add_option("--count", options->count, "End after so many")->check(CLI::PositiveNumber);
  command->add_option("--limit-bytes", options->limit_bytes,
                      "Of each payload; the rest is cut off (default: 16KiB)");
  command->add_flag("--json", options->json, "Tell what went by unseen among the lines as well");
  options->door.add_to(*command);
  command->footer(
      "A tap never slows its pipeline: what there is no time or room for goes by unseen, and is "
      "counted.\nCtrl-C ends it.\n\n"
      "Examples:\n"
      "  tidemill tap orders --count 5\n"
      "  tidemill tap orders --at function --where '{\"data\": {\"total\": [{\"numeric\": [\">\", "
      "100]}]}}'\n"
      "  tidemill tap orders --at sinks --rate 2/s | jq .data\n\n"
      "The fields: docs/reference/live.md; the language of --where: docs/reference/patterns.md");
  command->callback([&session, options] { session.exit_code = tap(*options); });
}

}  // namespace tidemill::app
