// A YAML tree as the JSON that an editor validates against a schema. For tests.
#pragma once

#include <boost/json.hpp>
#include <charconv>
#include <cstdint>

#include "core/config/node.h"
#include "core/config/scalars.h"

namespace tidemill::config::testing {

/// Types as an editor guesses them from YAML's core schema.
inline boost::json::value guessed_json(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return nullptr;
    case NodeKind::sequence: {
      boost::json::array array;
      for (const auto& child : node.children) array.push_back(guessed_json(child));
      return array;
    }
    case NodeKind::mapping: {
      boost::json::object object;
      for (const auto& child : node.children) object[child.key] = guessed_json(child);
      return object;
    }
    case NodeKind::scalar:
      break;
  }
  if (node.quoted) return boost::json::value(node.text);
  if (const auto boolean = parse_boolean(node.text)) return *boolean;
  std::int64_t integer = 0;
  const char* end = node.text.data() + node.text.size();
  if (const auto read = std::from_chars(node.text.data(), end, integer);
      read.ec == std::errc() && read.ptr == end)
    return integer;
  if (const auto number = parse_number(node.text)) return *number;
  return boost::json::value(node.text);
}

}  // namespace tidemill::config::testing
