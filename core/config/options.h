// Checks a mapping of a user's file against declared options.
//
// The one place where a value's type, unit, range and choice are judged, for the engine's own
// sections as for connectors and functions. A secret's value never enters a message.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/node.h"
#include "core/config/not_yet.h"
#include "core/config/problems.h"
#include "tidemill/config_spec.h"

namespace tidemill::config {

/// Keys of a mapping beside its declared options.
struct OtherKeys {
  std::vector<std::string> handled;  ///< The caller reads these itself.
  std::span<const NotYet> later;     ///< Refused: not in this version.
};

/// The options that `mapping` sets, normalized, and problems for all that is wrong with it: keys
/// that nobody declared, values of the wrong type or outside their range, required ones missing.
/// Dotted names are nested mappings; a list takes a lone value; paths come back absolute. A null
/// node is an empty mapping. `where` is blamed for what is missing.
ResolvedOptions check_options(const Node& mapping, const Mark& where,
                              std::span<const OptionDecl> decls, Problems& problems,
                              const OtherKeys& others = {});

/// Reports the keys that are neither declared, handled nor known for later.
void check_keys(const Node& mapping, std::span<const std::string> known, Problems& problems,
                std::span<const NotYet> later = {});

/// True when `node` is a mapping, or nothing, which stands for an empty one; else a problem.
bool expect_mapping(const Node& node, std::string_view name, Problems& problems);

/// Checks `mapping` and builds the config that `spec` describes; its defaults where that failed.
template <class Config>
Config read_section(const Node& mapping, const ConfigSpec<Config>& spec, Problems& problems,
                    const OtherKeys& others = {}) {
  const Mark& where = mapping.key.empty() ? mapping.where : mapping.key_where;
  const auto before = problems.size();
  const auto options = check_options(mapping, where, spec.decls(), problems, others);
  if (problems.size() != before) return Config{};
  auto made = spec.make(options);
  if (made) return std::move(*made);
  problems.add(where, made.error().message);
  return Config{};
}

}  // namespace tidemill::config
