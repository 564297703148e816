#include "core/config/overrides.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace tidemill::config {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (true) {
    const auto dot = path.find('.');
    parts.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

// The child that `part` names; a mapping, or nothing yet, grows it. Null where there is no way on.
Node* step(Node& node, const std::string& part, const Mark& where) {
  if (node.is_sequence()) {
    std::size_t index = 0;
    const char* end = part.data() + part.size();
    const auto read = std::from_chars(part.data(), end, index);
    if (read.ec != std::errc() || read.ptr != end || index >= node.children.size()) return nullptr;
    return &node.children[index];
  }
  if (node.is_scalar()) return nullptr;
  if (auto* child = node.find(part)) return child;
  node.kind = NodeKind::mapping;
  Node made;
  made.key = part;
  made.where = made.key_where = where;
  node.children.push_back(std::move(made));
  return &node.children.back();
}

Node* section_entry(Node& file, const std::vector<std::string>& path) {
  Node* section = file.find(path[0]);
  return section == nullptr ? nullptr : section->find(path[1]);
}

// Everything an override brings stands at the override.
void place(Node& node, const Mark& where) {
  node.where = where;
  node.key_where = where;
  for (auto& child : node.children) place(child, where);
}

}  // namespace

void apply_overrides(std::span<const std::string> overrides, std::vector<Node>& files,
                     Problems& problems) {
  for (const auto& text : overrides) {
    const Mark where{"--set " + text.substr(0, text.find('=')), 0, 0};
    const auto equals = text.find('=');
    const auto path = split(std::string_view(text).substr(0, equals));
    bool whole = equals != std::string::npos && path.size() >= 3;
    for (const auto& part : path) whole = whole && !part.empty();
    if (!whole) {
      problems.add(where, "expected PATH=VALUE", "as in pipelines.NAME.batch.events=4");
      continue;
    }
    auto value = parse_yaml(std::string_view(text).substr(equals + 1), where.file, problems);
    if (!value) continue;
    place(*value, where);

    Node* target = nullptr;
    for (auto& file : files)
      if (target == nullptr) target = section_entry(file, path);
    if (target == nullptr) {
      problems.add(where, fmt::format("no file has {}.{}", path[0], path[1]),
                   "correct the path; --set changes what is there, it adds no new names");
      continue;
    }
    for (std::size_t i = 2; i < path.size() && target != nullptr; ++i)
      target = step(*target, path[i], where);
    if (target == nullptr) {
      problems.add(where, "the path leads through something that is not a mapping",
                   "correct the path");
      continue;
    }
    value->key = target->key;
    *target = std::move(*value);
  }
}

}  // namespace tidemill::config
