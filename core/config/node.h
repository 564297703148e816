// Node: a YAML file as a small tree that remembers where everything stands.
//
// YAML's own guesses about types are ignored: a scalar is text until an option's declaration says
// what it should be (so `on`, `010` and `1.10` keep their spelling). Plain values; no I/O but in
// read_yaml(). yaml-cpp and its exceptions stay behind this header.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/mark.h"
#include "core/config/problems.h"

namespace tidemill::config {

enum class NodeKind { null, scalar, sequence, mapping };

struct Node {
  NodeKind kind = NodeKind::null;
  std::string text;     ///< Scalars: the value, after interpolation.
  std::string written;  ///< Scalars: as it stands in the file; what messages may show.
  bool quoted = false;
  bool broken = false;  ///< A problem was reported for this value; do not judge it again.
  Mark where;

  std::string key;  ///< Children of mappings.
  Mark key_where;

  std::vector<Node> children;  ///< In the file's order. Keys of a mapping are unique.

  bool is_mapping() const { return kind == NodeKind::mapping; }
  bool is_scalar() const { return kind == NodeKind::scalar; }
  bool is_sequence() const { return kind == NodeKind::sequence; }
  bool is_null() const { return kind == NodeKind::null; }

  /// The child with this key; null when there is none.
  const Node* find(std::string_view name) const;
  Node* find(std::string_view name);
};

/// "a mapping", "a list", "text", "nothing": what stands there, for messages.
std::string_view kind_name(NodeKind kind);

/// What a file may cost. Aliases count as what they expand to, so that a few lines of them cannot
/// become gigabytes.
struct YamlLimits {
  std::size_t bytes = 1024 * 1024;
  std::size_t nodes = 50'000;
  std::size_t depth = 64;
};

/// Parses one document; `file` is the name that marks carry. Duplicate keys, tags and keys that are
/// not text are problems but do not end the parse; broken syntax and exceeded limits do, and answer
/// nothing. Merge keys (`<<`) are applied: a mapping's own keys win. An empty file is a null node.
std::optional<Node> parse_yaml(std::string_view text, const std::string& file, Problems& problems,
                               YamlLimits limits = {});

/// As parse_yaml(), of a file. A file that cannot be read is a problem.
std::optional<Node> read_yaml(const std::string& file, Problems& problems, YamlLimits limits = {});

/// The bytes of a file. Answers nothing, and says why in `reason`, when it cannot be read or is
/// larger than `bytes_max`.
std::optional<std::string> read_text(const std::string& file, std::size_t bytes_max,
                                     std::string& reason);

}  // namespace tidemill::config
