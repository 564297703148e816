#include "core/letters/letter_text.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/json_line.h"

namespace tidemill::letters {
namespace {

JsonLine what_happened(const ShownLetter& shown) {
  const DeadLetter& letter = shown.letter;
  JsonLine line;
  line.number("number", letter.number)
      .text("pipeline", shown.pipeline)
      .text("event_id", letter.event_id)
      .text("stage", name_of(letter.stage));
  if (!letter.sink.empty()) line.text("sink", letter.sink);
  if (!letter.function.empty())
    line.text("function", letter.function).text("function_version", letter.function_version);
  if (!letter.code.empty()) line.text("code", letter.code);
  line.text("reason", letter.reason)
      .number("attempts", letter.attempts)
      .number("replays", letter.replays)
      .time("first_died", letter.first_died.value)
      .time("died", letter.died.value)
      .time("expires", letter.expires.value);
  return line;
}

std::string headers(const DeadLetter& letter) {
  JsonLine line;
  for (const auto& [name, value] : letter.extensions) line.attribute(name, value);
  return line.finish();
}

std::string instant(std::uint64_t utc_micros) {
  return utc_micros == 0 ? std::string() : rfc3339(utc_micros);
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

}  // namespace

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::source:
      return "source";
    case Stage::step:
      return "step";
    case Stage::function:
      return "function";
    case Stage::sink:
      return "sink";
  }
  return "unknown";
}

std::string letter_line(const ShownLetter& shown) { return what_happened(shown).finish(); }

std::string whole_letter_line(const ShownLetter& shown) {
  const DeadLetter& letter = shown.letter;
  JsonLine event;
  event.text("id", letter.id)
      .text("source", letter.source)
      .text("type", letter.type)
      .text("subject", letter.subject)
      .text("version", letter.version)
      .text("origin", letter.origin)
      .number("partition", letter.partition.value)
      .number("offset", letter.offset.value)
      .text("key", letter.key)
      .time("time", letter.time.value)
      .text("datacontenttype", letter.content_type)
      .number("object_bytes", letter.object_bytes)
      .raw("headers", headers(letter))
      .body("data", letter.data);
  JsonLine line = what_happened(shown);
  if (!letter.taken_by.empty()) line.text("taken_by", joined(letter.taken_by));
  return line.raw("event", event.finish()).finish();
}

std::string matched_line(const ShownLetter& shown) {
  const DeadLetter& letter = shown.letter;
  JsonLine line;
  const std::pair<std::string_view, std::string_view> attributes[] = {
      {"id", letter.event_id},     {"source", letter.source}, {"type", letter.type},
      {"subject", letter.subject}, {"key", letter.key},
  };
  for (const auto& [name, value] : attributes)
    if (!value.empty()) line.text(name, value);
  line.time("time", letter.time.value);
  if (!letter.extensions.empty()) line.raw("headers", headers(letter));
  if (!letter.data.empty()) line.body("data", letter.data);
  return line.raw("letter", letter_line(shown)).finish();
}

std::string letter_text(const ShownLetter& shown) {
  const DeadLetter& letter = shown.letter;
  return fmt::format("{} {} {} {}: {}", letter.number, rfc3339(letter.died.value), shown.pipeline,
                     letter.event_id, letter.reason);
}

std::vector<std::string> letter_fields(const ShownLetter& shown) {
  const DeadLetter& letter = shown.letter;
  std::vector<std::pair<std::string, std::string>> fields = {
      {"number", std::to_string(letter.number)},
      {"pipeline", std::string(shown.pipeline)},
      {"event id", letter.event_id},
      {"code", letter.code},
      {"reason", letter.reason},
      {"stage", std::string(name_of(letter.stage))},
      {"sink", letter.sink},
      {"taken by", joined(letter.taken_by)},
      {"function", letter.function},
      {"function version", letter.function_version},
      {"attempts", std::to_string(letter.attempts)},
      {"replays", letter.replays == 0 ? "" : std::to_string(letter.replays)},
      {"first died", letter.replays == 0 ? "" : instant(letter.first_died.value)},
      {"died", instant(letter.died.value)},
      {"expires", instant(letter.expires.value)},
      {"source", letter.source},
      {"origin", letter.origin},
      {"type", letter.type},
      {"subject", letter.subject},
      {"version", letter.version},
      {"position", fmt::format("{}@{}", letter.partition.value, letter.offset.value)},
      {"key", letter.key},
      {"time", instant(letter.time.value)},
      {"content type", letter.content_type},
      {"object bytes", letter.object_bytes == 0 ? "" : std::to_string(letter.object_bytes)},
  };
  for (const auto& [name, value] : letter.extensions) fields.emplace_back("header " + name, value);
  fields.emplace_back("data", letter.data);
  std::vector<std::string> lines;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) lines.push_back(fmt::format("{:<17} {}", name, value));
  }
  return lines;
}

}  // namespace tidemill::letters
