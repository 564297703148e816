// FieldTrie: the paths of all fields that any pattern asks for. Built once, then read by any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/string_table.h"

namespace tidemill::pattern {

/// A path is a text with points in it, and so is the name of a field in an event: "c.count" in an
/// object and "count" in the object "c" are one field, as they are for EventBridge.
class FieldTrie {
 public:
  static constexpr std::uint32_t root = 0;

  FieldTrie() : nodes_(1) {}

  /// Gives the field at `path` the number `field`. Ends with build().
  void add(std::string_view path, std::uint32_t field);
  void build();

  /// The node of the field `name` within that of `node`, or `none` where no pattern asks for it or
  /// for anything below it.
  std::uint32_t find(std::uint32_t node, std::string_view name) const {
    const Node& parent = nodes_[node];
    if (const std::uint32_t child = parent.names.find(name); child != none)
      return parent.children[child];
    return parent.children.empty() ? none : find_parts(node, name);
  }

  /// The number of the field that ends here, or `none`.
  std::uint32_t field(std::uint32_t node) const { return nodes_[node].field; }

  bool has_fields_below(std::uint32_t node) const { return !nodes_[node].children.empty(); }

 private:
  struct Node {
    StringTable names;
    std::vector<std::uint32_t> children;  // by index among the names
    std::uint32_t field = none;
    std::map<std::string, std::uint32_t, std::less<>> growing;  // until build()
  };

  std::uint32_t find_parts(std::uint32_t node, std::string_view name) const;

  std::vector<Node> nodes_;
};

}  // namespace tidemill::pattern
