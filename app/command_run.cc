// tidemill run: the options, and the help that goes with them.
#include <memory>

#include "app/commands.h"
#include "app/run_session.h"
#include "core/config/scalars.h"

namespace tidemill::app {
namespace {

const std::map<std::string, LogLevel> log_levels = {{"debug", LogLevel::debug},
                                                    {"info", LogLevel::info},
                                                    {"warning", LogLevel::warning},
                                                    {"error", LogLevel::error}};
const std::map<std::string, LogFormat> log_formats = {{"text", LogFormat::text},
                                                      {"json", LogFormat::json}};

// Durations on the command line are written as in the files: 25s, 500ms, 2m.
std::string take_duration(const std::string& text, Duration& out) {
  const auto parsed = config::parse_duration(text);
  if (!parsed) return "expected a duration such as 25s; got '" + text + "'";
  out = Duration(*parsed);
  return {};
}

std::string take_bytes(const std::string& text, std::uint64_t& out) {
  const auto parsed = config::parse_bytes(text);
  if (!parsed || *parsed < (1u << 20))
    return "expected a size of at least 1MiB; got '" + text + "'";
  out = *parsed;
  return {};
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  struct Text {
    std::string summary, fail_on, drain_timeout = "25s", memory = "256MiB";
  };
  auto options = std::make_shared<RunOptions>();
  auto text = std::make_shared<Text>();
  CLI::App* run = app.add_subcommand("run", "Run pipelines");
  run->add_option("FILE", options->paths, "Pipeline files, or folders of them")->required();
  run->add_option("--data", options->data, "Folder of the state, the local buckets and the outputs")
      ->capture_default_str();
  run->add_flag("--until-idle", options->until_idle,
                "End when every source is exhausted and nothing is in flight");
  run->add_option("--summary", text->summary, "Print a summary as the last line of stdout: json")
      ->check(CLI::IsMember({"json"}));
  run->add_option("--summary-file", options->summary_path, "Write the JSON summary there too");
  run->add_option("--fail-on", text->fail_on, "Exit with 3 when there were any: dead-letters")
      ->check(CLI::IsMember({"dead-letters"}));
  run->add_option("--set", options->overrides, "PATH=VALUE: replace one value of the files");
  run->add_option("--admin-listen", options->admin_listen,
                  "HOST:PORT of the admin API, or off (default 127.0.0.1:8787; off with "
                  "--until-idle)");
  run->add_option(
      "--admin-token-file", options->admin_token_path,
      "File with the token that a listener beyond loopback asks for; made with a random "
      "one when it is missing");
  run->add_option("--drain-timeout", text->drain_timeout, "How long a stop may take")
      ->capture_default_str();
  run->add_option("--memory", text->memory,
                  "Memory for events under way, over all pipelines; half of it in equal, "
                  "guaranteed shares")
      ->capture_default_str();
  run->add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(log_levels))
      ->default_str("info");
  run->add_option("--log-format", options->log_format, "text or json")
      ->transform(CLI::CheckedTransformer(log_formats))
      ->default_str("text");
  run->footer(
      "Examples:\n"
      "  tidemill run pipelines/thumbnails.yaml\n"
      "  tidemill run pipelines/thumbnails.yaml --until-idle --summary json\n"
      "  tidemill run pipelines/ --set functions.thumbnail.config.width=320\n"
      "Ctrl-C drains and exits; a second Ctrl-C stops at once.");
  run->callback([&session, options, text] {
    const std::string wrong = take_duration(text->drain_timeout, options->drain_timeout);
    if (!wrong.empty()) throw CLI::ValidationError("--drain-timeout", wrong);
    const std::string wrong_size = take_bytes(text->memory, options->memory_bytes);
    if (!wrong_size.empty()) throw CLI::ValidationError("--memory", wrong_size);
    options->summary_json = !text->summary.empty();
    options->fail_on_dead_letters = !text->fail_on.empty();
    RunSession run_session(session, *options);
    session.exit_code = run_session.run();
  });
}

}  // namespace tidemill::app
