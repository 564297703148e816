// Reads `connections:` and the one connector of a source or sink. Internal to load_plan().
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/config/load_context.h"
#include "core/config/options.h"
#include "core/config/plan.h"

namespace tidemill::config {

enum class Side { source, sink };

/// Options of a kind of connector that several sources and sinks share by name.
struct Connection {
  std::string kind;
  Node options;
  Mark where;
  bool used = false;
};

class Connectors {
 public:
  explicit Connectors(LoadContext& context) : context_(context) {}

  /// Takes in one file's `connections:`.
  void add_connections(const Node& section);

  /// The connector that stands in `node`, beside the keys in `others`. Nothing after a problem
  /// that leaves no kind to speak of; `sound` tells whether its options are right.
  std::optional<ConnectorPlan> read(const Node& node, Side side, const OtherKeys& others,
                                    bool& sound);

  /// Warns of connections that nothing named.
  void warn_unused() const;

 private:
  const std::vector<OptionDecl>* declared(Side side, std::string_view kind) const;
  std::vector<std::string> kinds(Side side) const;
  const Node* find_kind(const Node& node, Side side, const OtherKeys& others, bool& one);
  void refuse_kind(const Node& entry, Side side);
  std::optional<Node> with_connection(const Node& options, const std::string& kind,
                                      const std::vector<OptionDecl>& decls);
  void read_sources_within(const Node& options, const std::vector<OptionDecl>& decls,
                           ConnectorPlan& plan);
  void need_paths(const Node& options, const std::vector<OptionDecl>& decls,
                  const ResolvedOptions& resolved);

  LoadContext& context_;
  std::map<std::string, Connection, std::less<>> connections_;
};

}  // namespace tidemill::config
