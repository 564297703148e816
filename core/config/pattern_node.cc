#include "core/config/pattern_node.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include "core/config/suggest.h"
#include "core/pattern/compile.h"

namespace tidemill::config {
namespace {

// What patterns see of an event.
const std::vector<std::string>& fields() {
  static const std::vector<std::string> names{"id",   "source", "type",    "subject",
                                              "time", "key",    "headers", "data"};
  return names;
}

bool has(const auto& list, std::string_view word) {
  return std::ranges::find(list, word) != std::ranges::end(list);
}

// -12.5e+3, and not 012, +1 or 1.
bool is_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end > 0;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = text.size();
  if (!digits() || (zero && whole - text.size() > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!digits()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (!digits()) return false;
  }
  return text.empty();
}

void append_json(const Node& node, std::string& out) {
  const auto list = [&](char open, char close, auto append) {
    out += open;
    for (const Node& child : node.children) {
      if (&child != &node.children.front()) out += ',';
      append(child);
    }
    out += close;
  };
  switch (node.kind) {
    case NodeKind::null:
      out += "null";
      return;
    case NodeKind::sequence:
      return list('[', ']', [&](const Node& child) { append_json(child, out); });
    case NodeKind::mapping:
      return list('{', '}', [&](const Node& child) {
        out += boost::json::serialize(child.key);
        out += ':';
        append_json(child, out);
      });
    case NodeKind::scalar:
      break;
  }
  constexpr std::array<std::string_view, 3> words{"null", "true", "false"};
  const bool plain = !node.quoted && (has(words, node.text) || is_number(node.text));
  if (plain) {
    out += node.text;
  } else {
    out += boost::json::serialize(node.text);
  }
}

// Where the value stands that a JSON Pointer leads to.
const Mark& place_of(const Node& root, std::string_view pointer) {
  const Node* node = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    std::string name(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(name.size());
    for (const auto& [escaped, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}})
      for (auto at = name.find(escaped); at != std::string::npos; at = name.find(escaped, at + 1))
        name.replace(at, 2, plain);
    std::size_t index = 0;
    if (node->is_sequence()) std::from_chars(name.data(), name.data() + name.size(), index);
    const Node* const child = !node->is_sequence()            ? node->find(name)
                              : index < node->children.size() ? &node->children[index]
                                                              : nullptr;
    if (child == nullptr) break;
    node = child;
  }
  return node->where;
}

std::string fix_of(const std::string& field) {
  if (field == "detail") return "the payload is `data`";
  const std::string near = suggest(field, fields(), "fields");
  return near.starts_with("fields") ? "what stands in the payload goes below `data:`" : near;
}

// A field that no event has is a mistake: nothing would ever pass.
void check_fields(const Node& node, const pattern::Pattern& pattern, std::string_view word,
                  Problems& problems) {
  std::vector<std::string> told;
  for (const auto& condition : pattern.conditions) {
    const std::string field = condition.path.substr(0, condition.path.find('.'));
    if (has(fields(), field) || has(told, field)) continue;
    told.push_back(field);
    const auto entry = std::ranges::find_if(node.children, [&](const Node& child) {
      return child.key == field || child.key.starts_with(field + ".");
    });
    problems.add(entry != node.children.end() ? entry->key_where : node.where,
                 fmt::format("{}: events have no field {}", word, shown(field)), fix_of(field));
  }
}

}  // namespace

bool any_broken(const Node& node) {
  return node.broken || std::ranges::any_of(node.children, any_broken);
}

std::string to_json(const Node& node) {
  std::string json;
  append_json(node, json);
  return json;
}

std::optional<std::string> read_pattern(const Node& node, std::string_view word,
                                        Problems& problems) {
  if (any_broken(node)) return std::nullopt;
  if (!node.is_mapping()) {
    problems.add(node.where,
                 fmt::format("{}: expected a pattern; got {}", word, kind_name(node.kind)),
                 fmt::format("write `{}: {{ type: [ order ] }}`", word));
    return std::nullopt;
  }
  std::string json = to_json(node);
  const pattern::Compiled compiled = pattern::compile_pattern(json);
  for (const auto& problem : compiled.problems)
    problems.add(place_of(node, problem.pointer), fmt::format("{}: {}", word, problem.message));
  if (!compiled.pattern) return std::nullopt;
  check_fields(node, *compiled.pattern, word, problems);
  return json;
}

}  // namespace tidemill::config
