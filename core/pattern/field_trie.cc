#include "core/pattern/field_trie.h"

#include <utility>

namespace tidemill::pattern {
namespace {

// Takes the part up to the next point off `path`; whether there was one more.
bool next_part(std::string_view& path, bool& more, std::string_view& part) {
  if (!more) return false;
  const std::size_t point = path.find('.');
  part = path.substr(0, point);
  more = point != std::string_view::npos;
  if (more) path.remove_prefix(point + 1);
  return true;
}

}  // namespace

void FieldTrie::add(std::string_view path, std::uint32_t field) {
  std::uint32_t node = root;
  bool more = true;
  for (std::string_view part; next_part(path, more, part);) {
    const auto fresh = static_cast<std::uint32_t>(nodes_.size());
    const auto [known, added] = nodes_[node].growing.try_emplace(std::string(part), fresh);
    node = known->second;
    if (added) nodes_.emplace_back();
  }
  nodes_[node].field = field;
}

void FieldTrie::build() {
  for (Node& node : nodes_) {
    std::vector<std::string> names;
    for (const auto& [name, child] : node.growing) {
      names.push_back(name);
      node.children.push_back(child);
    }
    node.names = StringTable(names);
    node.growing.clear();
  }
}

std::uint32_t FieldTrie::find_parts(std::uint32_t node, std::string_view name) const {
  if (name.find('.') == std::string_view::npos) return none;
  bool more = true;
  for (std::string_view part; next_part(name, more, part);) {
    const std::uint32_t child = nodes_[node].names.find(part);
    if (child == none) return none;
    node = nodes_[node].children[child];
  }
  return node;
}

}  // namespace tidemill::pattern
