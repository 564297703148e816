#include "core/rehearsal/yaml_text.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "core/config/scalars.h"

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;

constexpr std::size_t line_max = 96;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Readers of YAML do not agree on the words for true, false and nothing.
bool is_taken(std::string_view text) {
  constexpr std::array<std::string_view, 7> words{"true", "false", "null", "yes",
                                                  "no",   "on",    "off"};
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::find(words, low) != words.end() || config::parse_number(text).has_value() ||
         config::parse_integer(text).has_value();
}

bool needs_quotes(std::string_view text) {
  constexpr std::string_view harmless = "./@+-$ ";
  if (text.empty() || text.back() == ' ' || is_taken(text)) return true;
  if (!is_word(text.front()) && text.front() != '/' && text.front() != '$') return true;
  return !std::ranges::all_of(
      text, [&](char c) { return is_word(c) || harmless.find(c) != harmless.npos; });
}

void append_flow(std::string& out, const json::value& value) {
  std::string_view separator;
  if (value.is_array()) {
    out += '[';
    for (const json::value& item : value.get_array()) {
      out += std::exchange(separator, ", ");
      append_flow(out, item);
    }
    out += ']';
  } else if (value.is_object()) {
    out += value.get_object().empty() ? "{" : "{ ";
    for (const auto& [key, item] : value.get_object()) {
      out += std::exchange(separator, ", ");
      out += yaml_scalar(json::string(key)) + ": ";
      append_flow(out, item);
    }
    out += value.get_object().empty() ? "}" : " }";
  } else {
    out += yaml_scalar(value);
  }
}

class Writer {
 public:
  // `lead` stands in front of the first line: "key: ", "- ", or both.
  void put(const std::string& lead, const json::value& value, std::size_t indentation,
           bool one_line) {
    std::string flow;
    append_flow(flow, value);
    const bool fits = indentation + lead.size() + flow.size() <= line_max;
    const bool leaf = !value.is_structured() || is_empty(value);
    if (leaf || (one_line && fits)) {
      lines_.push_back(std::string(indentation, ' ') + lead + flow);
    } else if (value.is_array()) {
      lines_.push_back(std::string(indentation, ' ') + without_space(lead));
      for (const json::value& item : value.get_array()) put("- ", item, indentation + 2, true);
    } else {
      put_object(lead, value.get_object(), indentation);
    }
  }

  std::vector<std::string> take() { return std::move(lines_); }

 private:
  static bool is_empty(const json::value& value) {
    return value.is_array() ? value.get_array().empty() : value.get_object().empty();
  }

  static std::string without_space(std::string lead) {
    if (lead.ends_with(' ')) lead.pop_back();
    return lead;
  }

  // The first key of an element of a list stands behind its dash.
  void put_object(const std::string& lead, const json::object& object, std::size_t indentation) {
    const bool element = lead == "- ";
    if (!element) lines_.push_back(std::string(indentation, ' ') + without_space(lead));
    bool first = element;
    for (const auto& [key, item] : object) {
      const std::size_t begin = lines_.size();
      put(yaml_scalar(json::string(key)) + ": ", item, indentation + 2, true);
      if (std::exchange(first, false)) lines_[begin][indentation] = '-';
    }
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::string yaml_scalar(const json::value& value) {
  if (!value.is_string()) return json::serialize(value);
  const std::string_view text = value.get_string();
  return needs_quotes(text) ? json::serialize(value) : std::string(text);
}

// A list or mapping of its own is easier to compare with one entry a line.
std::vector<std::string> yaml_lines(std::string_view key, const json::value& value,
                                    std::size_t indentation) {
  Writer writer;
  const bool flat = value.is_object() &&
                    std::ranges::none_of(value.get_object(),
                                         [](const auto& e) { return e.value().is_structured(); });
  writer.put(yaml_scalar(json::string(key)) + ": ", value, indentation, flat);
  return writer.take();
}

}  // namespace tidemill::rehearsal
