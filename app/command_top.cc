// tidemill top: how fast the pipelines of a running engine go, each second.
#include <fmt/core.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/commands.h"
#include "app/engine_door.h"
#include "app/screen.h"
#include "app/text_table.h"
#include "app/top_view.h"
#include "core/base/asio_scheduler.h"
#include "core/config/scalars.h"

namespace tidemill::app {
namespace {

constexpr Duration interval_min = std::chrono::milliseconds(100);

// On a screen: meanwhile no key is read.
constexpr Duration answer_max = std::chrono::seconds(2);

struct TopOptions {
  EngineDoor door;
  std::string interval = "1s";
  bool once = false;
  bool json = false;
};

Result<EngineSnapshot> look(const AdminClient& client) {
  const auto answer = client.request("GET", "/api/v1/status?latencies=1");
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return fail(Fault::transient, "the engine says: " + answer->body);
  return parse_snapshot(answer->body);
}

std::optional<SortBy> sort_of(int key) {
  switch (key) {
    case 'e':
      return SortBy::events;
    case 'l':
      return SortBy::latency;
    case 'g':
      return SortBy::lag;
    case 'r':
      return SortBy::errors;
    case 'n':
      return SortBy::name;
    default:
      return std::nullopt;
  }
}

// Page after page until it is told to end. An engine that stops answering may come back.
int on_screen(const AdminClient& client, EngineSnapshot before, Duration interval) {
  Screen screen;
  const AsioScheduler clock(1);  // Its thread does not take the signals that are for the screen.
  EngineSnapshot now = before;
  auto rates = rates_between(before, now);
  TopPage page{.on_screen = true};
  Instant next = clock.now() + interval;
  while (true) {
    const Screen::Size size = Screen::size();
    page.columns = size.columns;
    page.rows = size.rows;
    auto sorted = rates;
    sort(sorted, page.sort);
    screen.draw(top_lines(now, sorted, page));
    const auto left = std::chrono::duration_cast<Duration>(next - clock.now());
    const int key = screen.key(left);
    if (key == 'q' || key == Screen::quit) return exit_code::done;
    if (const auto by = sort_of(key)) page.sort = page.sort == *by ? SortBy::plan : *by;
    if (key != Screen::none || clock.now() < next) continue;
    next = std::max<Instant>(next + interval, clock.now());
    auto looked = look(client);
    page.trouble = looked ? "" : "trying again: " + looked.error().message;
    if (!looked) continue;
    before = std::exchange(now, std::move(*looked));
    rates = rates_between(before, now);
  }
}

// For a pipe or a file: one table, or line after line of JSON.
int in_lines(const AdminClient& client, EngineSnapshot before, Duration interval,
             const TopOptions& options) {
  AsioScheduler clock(1);
  const TopPage endless{.columns = std::numeric_limits<std::size_t>::max(),
                        .rows = std::numeric_limits<std::size_t>::max()};
  while (true) {
    boost::asio::steady_timer(clock.context(), interval).wait();
    auto now = look(client);
    if (!now) return complain(now.error());
    const auto rates = rates_between(before, *now);
    if (options.json) {
      fmt::print("{}\n", top_json(*now, rates));
    } else {
      for (const std::string& line : top_lines(*now, rates, endless)) fmt::print("{}\n", line);
    }
    // Nobody may read on.
    if (std::fflush(stdout) != 0) return exit_code::failed;
    if (options.once || !options.json) return exit_code::done;
    before = std::move(*now);
  }
}

int top(const TopOptions& options) {
  const auto interval = config::parse_duration(options.interval);
  if (!interval || Duration(*interval) < interval_min)
    return complain(
        {Fault::bad_config, "--interval: expected a duration from 100ms on, such as 1s; got '" +
                                options.interval + "'"});
  const bool drawn = !options.once && !options.json && Screen::possible();
  const auto client = drawn ? options.door.open(answer_max) : options.door.open();
  if (!client) return complain(client.error());
  auto before = look(*client);
  if (!before) return complain(before.error());
  use_utf8();
  return drawn ? on_screen(*client, std::move(*before), Duration(*interval))
               : in_lines(*client, std::move(*before), Duration(*interval), options);
}

}  // namespace

void add_top(CLI::App& app, Session& session) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command =
      app.add_subcommand("top", "How fast the pipelines of a running engine go, each second");
  command->add_option("--interval", options->interval, "From one look to the next")
      ->capture_default_str();
  command->add_flag("--once", options->once, "One table, over one interval, and the end");
  command->add_flag("--json", options->json, "One JSON object each interval");
  options->door.add_to(*command);
  command->footer(
      "On a terminal: e, l, g, r and n sort by events, latency, lag, errors and name, once more "
      "the same\nkey as the files have them; q and Ctrl-C end it. Elsewhere it prints one "
      "table.\n\n"
      "Examples:\n  tidemill top\n  tidemill top --once --interval 5s\n"
      "  tidemill top --json | jq -c '.pipelines[] | [.name, .events_per_second]'\n\n"
      "What the columns mean: docs/reference/live.md");
  command->callback([&session, options] { session.exit_code = top(*options); });
}

}  // namespace tidemill::app
