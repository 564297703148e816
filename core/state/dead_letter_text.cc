#include "core/state/dead_letter_text.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/json_line.h"

namespace tidemill::inspect {

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

namespace {

JsonLine what_happened(const ShownDeadLetter& shown) {
  const DeadLetter& letter = shown.letter;
  JsonLine line;
  line.number("number", shown.number)
      .text("pipeline", shown.pipeline)
      .text("event_id", letter.event_id)
      .text("stage", name_of(letter.stage));
  if (!letter.sink.empty()) line.text("sink", letter.sink);
  line.text("reason", letter.reason)
      .number("attempts", letter.attempts)
      .time("died", letter.died.value)
      .time("expires", letter.expires.value);
  return line;
}

std::string instant(std::uint64_t utc_micros) {
  return utc_micros == 0 ? std::string() : rfc3339(utc_micros);
}

}  // namespace

std::string dead_letter_line(const ShownDeadLetter& shown) { return what_happened(shown).finish(); }

std::string whole_dead_letter_line(const ShownDeadLetter& shown) {
  const DeadLetter& letter = shown.letter;
  JsonLine event;
  event.text("source", letter.source)
      .text("type", letter.type)
      .text("subject", letter.subject)
      .text("version", letter.version)
      .number("partition", letter.partition.value)
      .number("offset", letter.offset.value)
      .text("key", letter.key)
      .time("time", letter.time.value)
      .text("datacontenttype", letter.content_type)
      .number("object_bytes", letter.object_bytes)
      .body("data", letter.data);
  JsonLine line = what_happened(shown);
  line.text("function", letter.function)
      .text("function_version", letter.function_version)
      .raw("event", event.finish());
  return line.finish();
}

std::vector<std::string> dead_letter_fields(const ShownDeadLetter& shown) {
  const DeadLetter& letter = shown.letter;
  const std::pair<std::string_view, std::string> fields[] = {
      {"number", std::to_string(shown.number)},
      {"pipeline", std::string(shown.pipeline)},
      {"event id", letter.event_id},
      {"reason", letter.reason},
      {"stage", std::string(name_of(letter.stage))},
      {"sink", letter.sink},
      {"function", letter.function},
      {"function version", letter.function_version},
      {"attempts", std::to_string(letter.attempts)},
      {"died", instant(letter.died.value)},
      {"expires", instant(letter.expires.value)},
      {"source", letter.source},
      {"type", letter.type},
      {"subject", letter.subject},
      {"version", letter.version},
      {"position", fmt::format("{}@{}", letter.partition.value, letter.offset.value)},
      {"key", letter.key},
      {"time", instant(letter.time.value)},
      {"content type", letter.content_type},
      {"object bytes", letter.object_bytes == 0 ? "" : std::to_string(letter.object_bytes)},
      {"data", letter.data},
  };
  std::vector<std::string> lines;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) lines.push_back(fmt::format("{:<17} {}", name, value));
  }
  return lines;
}

}  // namespace tidemill::inspect
