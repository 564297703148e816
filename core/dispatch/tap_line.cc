#include "core/dispatch/tap_line.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/json_line.h"
#include "core/observe/printable.h"

namespace tidemill {
namespace {

constexpr std::string_view hidden = "***";

// Of every text but the data.
constexpr std::size_t text_bytes_max = 1024;

bool same_letters(std::string_view name, std::string_view lower) {
  return std::ranges::equal(name, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// What callers of a web hook prove themselves with.
bool is_credential(std::string_view header) {
  constexpr std::array<std::string_view, 8> names = {
      "authorization", "proxy-authorization", "cookie",       "set-cookie",
      "api-key",       "x-api-key",           "x-auth-token", "x-amz-security-token"};
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return same_letters(header, name); });
}

// Not in the middle of a letter.
std::string_view beginning(std::string_view text, std::size_t bytes) {
  std::size_t end = std::min(bytes, text.size());
  for (int i = 0; i < 3 && end > 0 && end < text.size(); ++i, --end)
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80) break;
  return text.substr(0, end);
}

// A line in the making.
class TapLine {
 public:
  TapLine(std::string_view point, const Event& event, std::size_t data_bytes_max)
      : data_bytes_max_(data_bytes_max) {
    line_.text("at", point).text("position", short_of(event_id(event)));
    text("id", event.id);
    text("source", event.source);
    text("type", event.type);
    text("subject", event.subject);
    line_.time("time", event.time.value);
  }

  void text(std::string_view name, std::string_view text) {
    if (!text.empty()) line_.text(name, short_of(text));
  }

  void number(std::string_view name, std::uint64_t number) { line_.number(name, number); }

  void raw(std::string_view name, std::string_view json) { line_.raw(name, json); }

  void headers(std::span<const Attribute> headers) {
    if (headers.empty()) return;
    std::string object;
    for (const Attribute& header : headers) {
      object += object.empty() ? '{' : ',';
      append_string(object, header.name);
      object += ':';
      append_string(object, is_credential(header.name) ? hidden : header.value);
    }
    line_.raw("headers", object + '}');
  }

  void data(std::string_view data) {
    if (data.empty()) return;
    if (data.size() <= data_bytes_max_) {
      line_.body("data", data);
    } else {
      line_.text("data", beginning(data, data_bytes_max_)).number("data_bytes", data.size());
    }
  }

  // A payload that is JSON stands there as it came, and may hold what a terminal takes for a
  // command: only in strings, where an escape says the same. Tabs stand only between the tokens.
  std::string finish() {
    std::string line = line_.finish();
    std::ranges::replace(line, '\t', ' ');
    return printable(line, Place::terminal);
  }

 private:
  static std::string short_of(std::string_view text) {
    if (text.size() <= text_bytes_max) return std::string(text);
    return std::string(beginning(text, text_bytes_max)).append("…");
  }

  static void append_string(std::string& out, std::string_view text) {
    out.append("\"").append(printable(short_of(text), Place::json_string)).append("\"");
  }

  JsonLine line_;
  std::size_t data_bytes_max_;
};

void add_rest(TapLine& line, const Event& event) {
  line.text("key", event.key);
  line.headers(event.extensions);
  if (event.object_bytes > 0) line.number("object_bytes", event.object_bytes);
  line.text("content_type", event.content_type);
  line.data(event.data.view());
}

std::string_view name_of(EffectKind kind) {
  switch (kind) {
    case EffectKind::message:
      return "message";
    case EffectKind::put_object:
      return "put_object";
    case EffectKind::delete_object:
      return "delete_object";
    case EffectKind::put_row:
      return "put_row";
    case EffectKind::delete_row:
      return "delete_row";
    case EffectKind::merge_row:
      return "merge_row";
    case EffectKind::reply:
      return "reply";
  }
  return "unknown";
}

}  // namespace

std::string_view word_of(Fate fate) {
  switch (fate) {
    case Fate::settle:
      return "ok";
    case Fate::retry:
      return "retry";
    case Fate::rerun:
      return "rerun";
    case Fate::dead_letter:
      return "dead_letter";
    case Fate::duplicate:
      return "duplicate";
  }
  return "unknown";
}

std::string source_line(const Event& event, std::size_t data_bytes_max) {
  TapLine line("source", event, data_bytes_max);
  add_rest(line, event);
  return line.finish();
}

std::string function_line(const Event& event, const Outcome& outcome, std::size_t data_bytes_max) {
  TapLine line("function", event, data_bytes_max);
  line.text("outcome", outcome.word);
  line.text("reason", outcome.reason);
  line.text("request_id", outcome.request_id);
  line.number("attempt", outcome.attempt);
  line.number("took_us",
              static_cast<std::uint64_t>(std::max<std::int64_t>(0, outcome.took.count())));
  line.number("effects", outcome.effects);
  add_rest(line, event);
  return line.finish();
}

std::string effect_line(const Event& event, const Effect& effect, std::string_view sink,
                        std::string_view output, std::size_t data_bytes_max) {
  TapLine line("sinks", event, data_bytes_max);
  line.text("sink", sink);
  line.text("output", output);
  line.text("effect", name_of(effect.kind));
  line.text("key", effect.key);
  line.headers(effect.metadata);
  line.text("content_type", effect.content_type);
  if (effect.kind == EffectKind::merge_row) line.raw("operand", std::to_string(effect.operand));
  line.data(effect.data);
  return line.finish();
}

}  // namespace tidemill
