#include "schedule.h"

#include <memory>
#include <string_view>
#include <utility>

#include "schedule_source.h"
#include "scheduled_payload.h"
#include "template_text/utc_text.h"

namespace tidemill::schedule {
namespace {

bool is_instant(const std::string& text) {
  return text.empty() || template_text::utc_micros(text).has_value();
}

std::optional<Seconds> instant_of(const std::string& text) {
  const auto micros = template_text::utc_micros(text);
  if (!micros) return std::nullopt;
  return Seconds(std::chrono::seconds(*micros / 1'000'000));
}

// As a URI reference has it.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~()*,/:@";
  constexpr std::string_view hex = "0123456789ABCDEF";
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append("%").append(1, hex[byte / 16]).append(1, hex[byte % 16]);
  }
}

}  // namespace

ConfigSpec<Config> source_spec() {
  return ConfigSpec<Config>("An event at each instant of a schedule: cron, rate, or once.")
      .field("expression", &Config::expression,
             "cron(0 8 ? * MON-FRI *), rate(5 minutes), at(2030-01-31T08:00:00), or Unix's five "
             "fields as 0 8 * * 1-5.")
      .field("every", &Config::every, "Instead of an expression: the time between two instants.",
             in_range(1e6, 3.15e15))
      .field("timezone", &Config::timezone,
             "Whose clock the expression goes by, of the IANA database, as Europe/Berlin.")
      .field("start", &Config::start,
             "No instant before it, in UTC, as 2026-01-31T08:00:00Z; evenly spaced ones are "
             "counted from it.")
      .field("end", &Config::end, "No instant behind it, in UTC.")
      .field("jitter", &Config::jitter,
             "Each instant is delivered up to so much later, by a delay of its own that is the "
             "same after a restart.",
             in_range(0, 86'400e6))
      .choice("misfire", &Config::misfire,
              "Of instants that were missed: deliver none, the last one, or all.",
              {{"skip", Misfire::skip}, {"once", Misfire::once}, {"all", Misfire::all}})
      .field("misfire_limit", &Config::misfire_limit,
             "With misfire: all, so many at most, the latest ones.", in_range(1, 1e6))
      .field("grace", &Config::grace,
             "An instant is missed when it could not be delivered until so long after it was due.",
             in_range(0, 86'400e6))
      .field("data", &Config::data,
             "What each event says, with placeholders such as {{time}} in its texts; without it, "
             "what EventBridge sends for a schedule.")
      .check("a schedule takes an expression or every, one of the two",
             [](const Config& c) { return c.expression.empty() == c.every.has_value(); })
      .check("every takes whole seconds",
             [](const Config& c) { return !c.every || c.every->count() % 1'000'000 == 0; })
      .check("start takes an instant such as 2026-01-31 or 2026-01-31T12:00:00Z",
             [](const Config& c) { return is_instant(c.start); })
      .check("end takes an instant such as 2026-01-31 or 2026-01-31T12:00:00Z",
             [](const Config& c) { return is_instant(c.end); });
}

Result<Timetable> make_timetable(const Config& config) {
  Timetable::Terms terms{.timezone = config.timezone,
                         .start = instant_of(config.start),
                         .end = instant_of(config.end)};
  if (config.every)
    return Timetable::make(Every{std::chrono::duration_cast<std::chrono::seconds>(*config.every)},
                           terms);
  auto expression = parse_expression(config.expression);
  if (!expression)
    return fail(Fault::bad_config,
                "expression: " + expression.error().message + " (in " + config.expression + ")");
  return Timetable::make(std::move(*expression), terms);
}

std::string identity_of(const Config& config) {
  std::string identity = "schedule:";
  if (config.every) {
    identity += "every/" + std::to_string(config.every->count() / 1'000'000) + "s";
  } else {
    append_escaped(identity, config.expression);
  }
  if (config.timezone != "UTC") {
    identity += "?timezone=";
    append_escaped(identity, config.timezone);
  }
  return identity;
}

void register_with(Registry& registry) {
  registry.add_source(
      "schedule", source_spec(),
      [](const Config& config, Services services) -> Result<std::unique_ptr<Source>> {
        auto timetable = make_timetable(config);
        if (!timetable) return std::unexpected(timetable.error());
        auto payload =
            ScheduledPayload::make(config.data.json, services.pipeline, identity_of(config));
        if (!payload) return std::unexpected(payload.error());
        return std::make_unique<ScheduleSource>(config, std::move(*timetable), std::move(*payload),
                                                std::move(services));
      });
}

}  // namespace tidemill::schedule
