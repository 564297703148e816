#include "scheduled_payload.h"

#include <array>
#include <utility>

#include "json_text/json_text.h"
#include "template_text/dice.h"
#include "template_text/template_payload.h"
#include "template_text/utc_text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::schedule {
namespace {

// AWS's account and region of nobody: what reads its events may take them apart.
constexpr std::string_view rule_arn = "arn:aws:events:local:000000000000:rule/";

std::uint64_t count_of(Seconds instant) {
  return static_cast<std::uint64_t>(instant.time_since_epoch().count());
}

}  // namespace

Result<ScheduledPayload> ScheduledPayload::make(std::string_view data, std::string_view pipeline,
                                                std::string_view identity) {
  ScheduledPayload made;
  const std::string all = std::string(pipeline) + '\n' + std::string(identity);
  made.seed_ = XXH3_64bits(all.data(), all.size());
  append_json_string(made.resource_, std::string(rule_arn) + std::string(pipeline));
  if (data.empty()) return made;
  // An event's index is its instant in seconds, so {{time}} is the instant.
  const template_text::TemplatePayload::Terms terms{
      .seed = made.seed_, .start_us = 0, .step_us = 1'000'000};
  auto parsed = template_text::TemplatePayload::parse(data, terms);
  if (!parsed) return fail(Fault::bad_config, "data: " + parsed.error().message);
  made.template_ = std::move(*parsed);
  return made;
}

std::uint64_t ScheduledPayload::dice(Seconds instant) const {
  return template_text::mixed(seed_ ^ template_text::mixed(count_of(instant)));
}

std::string ScheduledPayload::text(Seconds instant) const {
  if (!template_) return event_bridge(instant);
  std::string text(template_->bytes_max(), '\0');
  text.resize(template_->write(count_of(instant), text.data()).text.size());
  return text;
}

std::string ScheduledPayload::event_bridge(Seconds instant) const {
  std::array<char, 36> id{};
  template_text::put_uuid(id.data(), dice(instant));
  std::array<char, template_text::utc_text_bytes> time{};
  template_text::put_utc(time.data(), count_of(instant) * 1'000'000);
  constexpr std::size_t to_seconds = 19;  // 2026-01-31T08:00:00
  std::string text = R"({"version":"0","id":")";
  text.append(id.data(), id.size())
      .append(R"(","detail-type":"Scheduled Event","source":"aws.events","account":)")
      .append(R"("000000000000","time":")")
      .append(time.data(), to_seconds)
      .append(R"(Z","region":"local","resources":[)")
      .append(resource_)
      .append(R"(],"detail":{}})");
  return text;
}

}  // namespace tidemill::schedule
