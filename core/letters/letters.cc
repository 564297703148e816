#include "core/letters/letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/json_line.h"
#include "core/config/scalars.h"

namespace tidemill::letters {
namespace {

// Nothing: of all of them.
Result<std::optional<PipelineId>> one_pipeline(const RocksStore& store, const std::string& name) {
  if (name.empty()) return std::nullopt;
  return inspect::find_pipeline(store, name);
}

std::string name_of(const RocksStore& store, PipelineId pipeline) {
  for (const auto& [name, number] : store.pipelines())
    if (number == pipeline) return name;
  return fmt::format("#{}", pipeline.value);
}

using Visit = std::function<bool(PipelineId pipeline, const ShownLetter& shown)>;

Result<> each_match(const RocksStore& store, LetterFilter& filter, WallTime now,
                    const Visit& visit) {
  const auto only = one_pipeline(store, filter.pipeline());
  if (!only) return std::unexpected(only.error());
  // Letters come pipeline by pipeline, so that a name is looked up once for each.
  std::optional<PipelineId> named;
  std::string name;
  return store.each_dead_letter(*only, now,
                                [&](PipelineId of, std::uint64_t, const DeadLetter& letter) {
                                  if (named != of) {
                                    named = of;
                                    name = name_of(store, of);
                                  }
                                  const ShownLetter shown{name, letter};
                                  return !filter.matches(shown) || visit(of, shown);
                                });
}

std::string line_of(const ShownLetter& shown, Form form) {
  return form == Form::text ? letter_text(shown) : letter_line(shown);
}

struct Group {
  std::string pipeline;
  Stage stage = Stage::function;
  std::string sink, function, code;
  friend auto operator<=>(const Group&, const Group&) = default;
};

struct Count {
  std::uint64_t letters = 0;
  std::uint64_t waiting = 0;
  WallTime first, last;
};

std::string stats_line(const Group& group, const Count& count, Form form) {
  const std::string_view stage = letters::name_of(group.stage);
  if (form == Form::json) {
    JsonLine line;
    line.text("pipeline", group.pipeline).text("stage", stage);
    if (!group.sink.empty()) line.text("sink", group.sink);
    if (!group.function.empty()) line.text("function", group.function);
    if (!group.code.empty()) line.text("code", group.code);
    return line.number("letters", count.letters)
        .number("waiting", count.waiting)
        .time("first_died", count.first.value)
        .time("died", count.last.value)
        .finish();
  }
  const std::string& place = group.stage == Stage::sink ? group.sink : group.function;
  const bool named = group.stage != Stage::source && !place.empty();
  return fmt::format(
      "{}: {} at {}{}{}{}{}, from {} to {}{}", group.pipeline, count.letters, stage,
      named ? " " : "", named ? place : "", group.code.empty() ? "" : ": ", group.code,
      rfc3339(count.first.value), rfc3339(count.last.value),
      count.waiting == 0 ? "" : fmt::format("; {} wait for their replay", count.waiting));
}

// Why a letter is not replayed; empty: it is.
std::string objection(PipelineId of, const ShownLetter& shown, const ReplayOrder& order) {
  if (order.runs && !order.runs(of))
    return fmt::format("pipeline {} does not run in this engine", shown.pipeline);
  if (order.force) return {};
  if (shown.letter.replays >= replays_max)
    return fmt::format(
        "it was replayed {} times or more and failed each time; --force replays it "
        "all the same",
        replays_max);
  if (shown.letter.stage == Stage::source)
    return "its source could not read it; --force hands it on as it is";
  return {};
}

}  // namespace

Result<> list(const RocksStore& store, LetterFilter& filter, WallTime now, Form form,
              const LineSink& lines) {
  return each_match(store, filter, now, [&](PipelineId, const ShownLetter& shown) {
    return lines(line_of(shown, form));
  });
}

Result<> show(const RocksStore& store, std::uint64_t number, WallTime now, Form form,
              const LineSink& lines) {
  auto filter = LetterFilter::read({{"number", std::to_string(number)}}, now);
  if (!filter) return std::unexpected(filter.error());
  bool found = false;
  auto visited = each_match(store, *filter, now, [&](PipelineId, const ShownLetter& shown) {
    found = true;
    if (form == Form::json) {
      lines(whole_letter_line(shown));
    } else {
      for (const std::string& line : letter_fields(shown))
        if (!lines(line)) break;
    }
    return false;
  });
  if (!visited) return visited;
  if (!found) return fail(Fault::bad_config, fmt::format("there is no dead letter {}", number));
  return {};
}

Result<> stats(const RocksStore& store, LetterFilter& filter, WallTime now, Form form,
               const LineSink& lines) {
  std::set<DeadLetterId> waiting;
  auto marked = store.each_replay(std::nullopt, [&](DeadLetterId id) {
    waiting.insert(id);
    return true;
  });
  if (!marked) return marked;
  std::map<Group, Count> groups;
  auto visited = each_match(store, filter, now, [&](PipelineId of, const ShownLetter& shown) {
    const DeadLetter& letter = shown.letter;
    Count& count = groups[{std::string(shown.pipeline), letter.stage, letter.sink, letter.function,
                           letter.code}];
    if (count.letters++ == 0) count.first = letter.first_died;
    count.first = std::min(count.first, letter.first_died);
    count.last = std::max(count.last, letter.died);
    if (waiting.contains({of, letter.number})) ++count.waiting;
    return true;
  });
  if (!visited) return visited;
  for (const auto& [group, count] : groups)
    if (!lines(stats_line(group, count, form))) break;
  return {};
}

Result<ReplayOrder> read_order(const Words& words) {
  ReplayOrder order;
  order.force = words.contains("force");
  const auto rate = words.find("rate");
  if (rate == words.end() || rate->second.empty()) return order;
  const auto per_second = config::parse_rate(rate->second);
  if (!per_second || *per_second <= 0)
    return fail(Fault::bad_config,
                "rate: expected a rate such as 100/s or 5/m; got '" + rate->second + "'");
  constexpr double micros = 1'000'000;
  constexpr double gap_max = 24 * 3600 * micros;
  order.gap = Duration(static_cast<std::int64_t>(std::min(gap_max, micros / *per_second)));
  return order;
}

Result<Choice> choose_for_replay(const RocksStore& store, LetterFilter& filter,
                                 const ReplayOrder& order, WallTime now, Form form,
                                 const LineSink& lines) {
  Choice choice;
  auto visited = each_match(store, filter, now, [&](PipelineId of, const ShownLetter& shown) {
    if (std::string why = objection(of, shown, order); !why.empty()) {
      ++choice.skipped[std::move(why)];
      return true;
    }
    choice.letters.push_back({of, shown.letter.number});
    choice.pipelines.insert(of);
    return !lines || lines(line_of(shown, form));
  });
  if (!visited) return std::unexpected(visited.error());
  return choice;
}

Result<Choice> choose(const RocksStore& store, LetterFilter& filter, WallTime now, Form form,
                      const LineSink& lines) {
  ReplayOrder any;
  any.force = true;
  return choose_for_replay(store, filter, any, now, form, lines);
}

void report(const Choice& choice, std::string_view what, Form form, const LineSink& lines) {
  if (form == Form::json) {
    JsonLine line;
    line.number("letters", choice.letters.size()).text("what", what);
    std::string skipped;
    for (const auto& [why, count] : choice.skipped)
      skipped += (skipped.empty() ? "" : ",") +
                 JsonLine().number("letters", count).text("why", why).finish();
    if (!skipped.empty()) line.raw("skipped", '[' + skipped + ']');
    lines(line.finish());
    return;
  }
  lines(fmt::format("{} dead letter{} {}", choice.letters.size(),
                    choice.letters.size() == 1 ? "" : "s", what));
  for (const auto& [why, count] : choice.skipped) lines(fmt::format("{} skipped: {}", count, why));
}

Result<ReplayProgress> progress(const RocksStore& store, const Choice& choice, bool whole) {
  std::set<DeadLetterId> waiting;
  const std::set<DeadLetterId> chosen(choice.letters.begin(), choice.letters.end());
  auto visited = store.each_replay(std::nullopt, [&](DeadLetterId id) {
    if (chosen.contains(id)) waiting.insert(id);
    return true;
  });
  if (!visited) return std::unexpected(visited.error());
  ReplayProgress progress{.waiting = waiting.size()};
  if (!whole) return progress;
  // At an instant at which none has expired: one that does just now was not replayed.
  visited = store.each_dead_letter(std::nullopt, WallTime(0),
                                   [&](PipelineId of, std::uint64_t number, const DeadLetter&) {
                                     const DeadLetterId id{of, number};
                                     if (chosen.contains(id) && !waiting.contains(id))
                                       ++progress.failed;
                                     return true;
                                   });
  if (!visited) return std::unexpected(visited.error());
  progress.replayed = choice.letters.size() - progress.failed - progress.waiting;
  return progress;
}

}  // namespace tidemill::letters
