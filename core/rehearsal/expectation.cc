#include "core/rehearsal/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/options.h"
#include "core/config/scalars.h"
#include "core/config/suggest.h"
#include "core/rehearsal/edit_script.h"
#include "core/rehearsal/event_match.h"
#include "core/rehearsal/payload.h"

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;
using config::Node;

const std::vector<std::string>& operators() {
  static const std::vector<std::string> names{"$like",      "$contains", "$count",
                                              "$unordered", "$exact",    "$absent"};
  return names;
}

// The operator that a mapping is; null: it is none.
const Node* operator_of(const Node& node) {
  if (!node.is_mapping() || node.children.size() != 1) return nullptr;
  const Node& child = node.children.front();
  return child.key.starts_with('$') ? &child : nullptr;
}

// What records of a section consist of.
const std::vector<std::string>& fields_of(std::string_view section) {
  static const std::vector<std::string> invocation{"pipeline", "function", "at",   "attempt",
                                                   "events",   "failed",   "error"};
  static const std::vector<std::string> write{"event",      "key",   "object",       "deleted",
                                              "data",       "bytes", "content_type", "headers",
                                              "written_at", "id"};
  static const std::vector<std::string> row{"key", "data"};
  static const std::vector<std::string> entry{"id",    "type", "subject",   "key",
                                              "group", "data", "partition", "headers"};
  static const std::vector<std::string> letter{"event",    "stage",    "sink",     "reason",
                                               "attempts", "pipeline", "function", "version",
                                               "at",       "key",      "data"};
  if (section == "invocations") return invocation;
  if (section == "sinks") return write;
  if (section == "tables") return row;
  return section == "dead_letters" ? letter : entry;
}

void check_records(const Node& list, std::string_view section, config::Problems& problems) {
  const Node* op = operator_of(list);
  const Node& records = op != nullptr && op->key == "$unordered" ? *op : list;
  if (!records.is_sequence()) return;
  for (const Node& record : records.children) {
    const Node* exact = operator_of(record);
    const Node& fields = exact != nullptr && exact->key == "$exact" ? *exact : record;
    if (fields.is_mapping() && operator_of(fields) == nullptr)
      config::check_keys(fields, fields_of(section), problems);
  }
}

void check_operand(const Node& op, config::Problems& problems) {
  const auto expect = [&](bool right, std::string_view what) {
    if (!right)
      problems.add(op.where, fmt::format("{}: expected {}; got {}", op.key, what,
                                         op.is_scalar() ? config::shown(op.written)
                                                        : std::string(kind_name(op.kind))));
  };
  if (op.key == "$like" || op.key == "$contains") expect(op.is_scalar(), "text");
  if (op.key == "$count") expect(config::parse_integer(op.text).has_value(), "a whole number");
  if (op.key == "$unordered") expect(op.is_sequence(), "a list");
  if (op.key == "$absent") expect(op.text == "true", "true");
}

void check_operators(const Node& node, config::Problems& problems) {
  for (const Node& child : node.children) {
    if (child.key.starts_with('$')) {
      if (std::ranges::find(operators(), child.key) == operators().end()) {
        problems.add(child.key_where,
                     fmt::format("there is no operator {}", config::shown(child.key)),
                     config::suggest(child.key, operators(), "operators"));
      } else if (node.children.size() > 1) {
        problems.add(child.key_where, fmt::format("{} stands alone", child.key),
                     "remove the keys beside it, or put it below one of them");
      } else {
        check_operand(child, problems);
      }
    }
    check_operators(child, problems);
  }
}

bool is_nothing(const json::value& value) {
  if (value.is_string()) return value.get_string().empty();
  if (value.is_array()) return value.get_array().empty();
  return value.is_null();
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

bool scalar_matches(const Node& expected, const json::value& actual) {
  if (actual.is_string()) return actual.get_string() == expected.text;
  if (expected.quoted) return false;
  if (actual.is_array()) return expected.text == std::to_string(actual.get_array().size());
  const json::value wanted = json_of(expected);
  if (wanted.is_number() && actual.is_number()) {
    if (wanted.is_double() || actual.is_double())
      return wanted.to_number<double>() == actual.to_number<double>();
  }
  return wanted == actual;
}

bool is_exactly(const Node& expected, const json::value& actual) {
  if (expected.is_mapping()) {
    if (!actual.is_object() || actual.get_object().size() != expected.children.size()) return false;
    return std::ranges::all_of(expected.children, [&](const Node& child) {
      const json::value* value = actual.get_object().if_contains(child.key);
      return value != nullptr && is_exactly(child, *value);
    });
  }
  if (expected.is_sequence())
    return actual.is_array() &&
           std::ranges::equal(expected.children, actual.get_array(), is_exactly);
  if (expected.is_null()) return actual.is_null();
  return scalar_matches(expected, actual);
}

// For each that is expected, the element it was given; an element is given once. As many as can be.
class Pairing {
 public:
  Pairing(const std::vector<Node>& expected, const json::array& actual)
      : expected_(expected), actual_(actual), owner_(actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      tried_.assign(actual.size(), false);
      place(i);
    }
  }

  std::vector<std::optional<std::size_t>> partners() const {
    std::vector<std::optional<std::size_t>> partners(expected_.size());
    for (std::size_t j = 0; j < owner_.size(); ++j)
      if (owner_[j]) partners[*owner_[j]] = j;
    return partners;
  }

 private:
  // Takes a free element, or one whose owner can be content with another.
  bool place(std::size_t i) {
    for (std::size_t j = 0; j < actual_.size(); ++j) {
      if (tried_[j] || !matches(expected_[i], actual_[j])) continue;
      tried_[j] = true;
      if (owner_[j] && !place(*owner_[j])) continue;
      owner_[j] = i;
      return true;
    }
    return false;
  }

  const std::vector<Node>& expected_;
  const json::array& actual_;
  std::vector<std::optional<std::size_t>> owner_;
  std::vector<bool> tried_;
};

bool matches_unordered(const Node& expected, const json::value& actual) {
  if (!actual.is_array() || actual.get_array().size() != expected.children.size()) return false;
  const auto partners = Pairing(expected.children, actual.get_array()).partners();
  return std::ranges::all_of(partners, [](const auto& partner) { return partner.has_value(); });
}

bool operator_matches(const Node& op, const json::value& actual) {
  if (op.key == "$like") return is_like(text_of(actual), op.text);
  if (op.key == "$contains") return text_of(actual).find(op.text) != std::string::npos;
  if (op.key == "$count")
    return actual.is_array() && op.text == std::to_string(actual.get_array().size());
  if (op.key == "$unordered") return matches_unordered(op, actual);
  if (op.key == "$exact") return is_exactly(op, actual);
  return false;  // $absent: it is there.
}

bool may_be_absent(const Node& expected) {
  if (expected.is_null()) return true;
  const Node* op = operator_of(expected);
  return op != nullptr && op->key == "$absent";
}

// What was expected and what came, in its order, with what belongs together side by side.
json::array aligned(const std::vector<Node>& expected, const json::array& actual, bool records) {
  // The same number where they fit. Numbers of elements that fit nothing are nobody else's.
  std::vector<std::size_t> wanted, got;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    std::size_t same = 0;
    while (shown(expected[same]) != shown(expected[i])) ++same;
    wanted.push_back(same);
  }
  for (std::size_t j = 0; j < actual.size(); ++j) {
    std::size_t fits = 0;
    while (fits < expected.size() && !matches(expected[fits], actual[j])) ++fits;
    got.push_back(fits < expected.size() ? fits : expected.size() + j);
  }
  json::array result;
  std::vector<std::size_t> missing, surplus;
  const auto close_gap = [&] {
    for (std::size_t k = 0; k < surplus.size(); ++k) {
      const json::value& value = actual[surplus[k]];
      if (k < missing.size()) {
        result.push_back(shaped(expected[missing[k]], value));
      } else {
        result.push_back(records ? brief(value) : value);
      }
    }
    missing.clear();
    surplus.clear();
  };
  std::size_t i = 0, j = 0;
  for (const Edit edit : edit_script(wanted, got)) {
    if (edit == Edit::remove) {
      missing.push_back(i++);
    } else if (edit == Edit::insert) {
      surplus.push_back(j++);
    } else {
      close_gap();
      result.push_back(shown(expected[i++]));
      ++j;
    }
  }
  close_gap();
  return result;
}

json::array gathered(const std::vector<Node>& expected, const json::array& actual, bool records) {
  const auto partners = Pairing(expected, actual).partners();
  std::vector<bool> taken(actual.size());
  for (const auto& partner : partners)
    if (partner) taken[*partner] = true;
  std::size_t next = 0;
  const auto next_free = [&] {
    while (next < actual.size() && taken[next]) ++next;
    return next < actual.size();
  };
  json::array result;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (partners[i]) {
      result.push_back(shown(expected[i]));
    } else if (next_free()) {
      result.push_back(shaped(expected[i], actual[next++]));
    }
  }
  for (; next_free(); ++next) result.push_back(records ? brief(actual[next]) : actual[next]);
  return result;
}

json::value shaped_by(const Node& expected, const json::value& actual, bool records) {
  if (matches(expected, actual)) return shown(expected);
  if (const Node* op = operator_of(expected)) {
    if (op->key == "$exact") return json::object{{op->key, actual}};
    if (!actual.is_array()) return actual;
    if (op->key == "$unordered")
      return json::object{{op->key, gathered(op->children, actual.get_array(), records)}};
    if (op->key == "$count") return json::object{{op->key, actual.get_array().size()}};
    return actual;
  }
  if (expected.is_mapping() && actual.is_object()) {
    json::object object;
    for (const Node& child : expected.children)
      if (const json::value* value = actual.get_object().if_contains(child.key)) {
        object[child.key] = shaped_by(child, *value, false);
      } else if (may_be_absent(child)) {
        object[child.key] = shown(child);
      }
    return object;
  }
  if (expected.is_sequence() && actual.is_array())
    return aligned(expected.children, actual.get_array(), records);
  const bool counts = expected.is_scalar() && config::parse_integer(expected.text).has_value();
  if (counts && actual.is_array()) return actual.get_array().size();
  return records ? brief(actual) : actual;
}

// Of a record; what stands in them is the user's own.
constexpr std::array<std::string_view, 8> not_worth_recording{
    "id", "pipeline", "function", "version", "partition", "content_type", "bytes", "written_at"};

}  // namespace

const std::vector<std::string>& expected_sections() {
  static const std::vector<std::string> names{"invocations", "sinks",        "tables", "queues",
                                              "logs",        "dead_letters", "summary"};
  return names;
}

void check_expectation(const Node& expect, config::Problems& problems) {
  if (!config::expect_mapping(expect, "expect", problems)) return;
  config::check_keys(expect, expected_sections(), problems);
  for (const std::string_view by_name : {"sinks", "tables", "queues", "logs"})
    if (const Node* section = expect.find(by_name))
      if (config::expect_mapping(*section, by_name, problems))
        for (const Node& list : section->children) {
          check_records(list, by_name, problems);
          if (list.is_mapping() && list.children.empty())
            problems.add(list.where, fmt::format("{{}} fits whatever {} has", list.key),
                         "write [] if it has nothing");
        }
  for (const std::string_view list : {"invocations", "dead_letters"})
    if (const Node* section = expect.find(list)) check_records(*section, list, problems);
  check_operators(expect, problems);
}

bool matches(const Node& expected, const json::value& actual) {
  if (expected.is_null()) return is_nothing(actual);
  if (expected.is_scalar()) return scalar_matches(expected, actual);
  if (const Node* op = operator_of(expected)) return operator_matches(*op, actual);
  if (expected.is_mapping()) {
    if (!actual.is_object()) return false;
    return std::ranges::all_of(expected.children, [&](const Node& child) {
      const json::value* value = actual.get_object().if_contains(child.key);
      return value == nullptr ? may_be_absent(child) : matches(child, *value);
    });
  }
  return actual.is_array() && std::ranges::equal(expected.children, actual.get_array(), matches);
}

json::value shown(const Node& expected) { return json_of(expected); }

json::value shaped(const Node& expected, const json::value& actual) {
  // A record's own parts are compared as they are.
  const bool records = actual.is_array();
  return shaped_by(expected, actual, records);
}

json::value brief(const json::value& record) {
  if (record.is_array()) {
    json::array all;
    for (const json::value& one : record.get_array()) all.push_back(brief(one));
    return all;
  }
  if (!record.is_object()) return record;
  json::object object;
  for (const auto& [name, value] : record.get_object())
    if (std::ranges::find(not_worth_recording, std::string_view(name)) == not_worth_recording.end())
      object[name] = value;
  return object;
}

}  // namespace tidemill::rehearsal
