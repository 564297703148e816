#include "core/pattern/wildcard.h"

#include <string.h>

namespace tidemill::pattern {
namespace {

std::string at(std::size_t index) { return "character " + std::to_string(index + 1); }

// The bytes after the first occurrence of `part` in `text`; nothing if there is none. memmem() is
// linear in both, which string_view::find() is not.
std::optional<std::string_view> after(std::string_view text, std::string_view part) {
  if (text.size() < part.size()) return std::nullopt;
  const void* found = ::memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return std::nullopt;
  const auto begin = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  return text.substr(begin + part.size());
}

}  // namespace

std::optional<std::string> Wildcard::problem(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*' && i + 1 < text.size() && text[i + 1] == '*')
      return "two stars in a row, at " + at(i) + "; one already stands for any run of characters";
    if (text[i] != '\\') continue;
    if (i + 1 == text.size() || (text[i + 1] != '*' && text[i + 1] != '\\'))
      return "a backslash at " + at(i) +
             R"( that escapes neither * nor \; write \\ for the character itself ("\\\\" in JSON))";
    ++i;
  }
  return std::nullopt;
}

Wildcard::Wildcard(std::string_view text) : parts_(1) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      parts_.emplace_back();
      continue;
    }
    if (text[i] == '\\') ++i;
    parts_.back() += text[i];
  }
}

bool Wildcard::matches(std::string_view value) const {
  const std::string& first = parts_.front();
  const std::string& last = parts_.back();
  if (parts_.size() == 1) return value == first;
  if (value.size() < first.size() + last.size() || !value.starts_with(first) ||
      !value.ends_with(last))
    return false;
  std::string_view between = value.substr(first.size());
  between.remove_suffix(last.size());
  // The earliest place for each part leaves the most room for those behind it.
  for (const std::string& part : std::span(parts_).subspan(1, parts_.size() - 2)) {
    const auto rest = after(between, part);
    if (!rest) return false;
    between = *rest;
  }
  return true;
}

}  // namespace tidemill::pattern
