#include "core/archive/object_note.h"

#include <charconv>
#include <string_view>

namespace tidemill {
namespace {

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

}  // namespace

std::string text_of(const ObjectNote& note) {
  std::string text = std::to_string(note.hour.value);
  text.append(" ").append(std::to_string(note.first));
  return text.append(" ").append(std::to_string(note.end));
}

std::optional<ObjectNote> note_of(const StreamRecord& record) {
  ObjectNote note;
  std::string_view text = record.data;
  const bool whole = take_number(text, note.hour.value) && take_number(text, note.first) &&
                     take_number(text, note.end) && text.empty();
  if (!whole || note.first >= note.end) return std::nullopt;
  note.object = {std::string(record.key), std::string(record.type)};
  return note;
}

}  // namespace tidemill
