// Declarations as trees: options with dotted names regrouped as a user writes them. What the
// schema, `describe` and `--explain` walk. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tidemill/config_spec.h"

namespace tidemill::config {

/// An option, or a group of them. Refers to the declarations it was made from.
struct DeclTree {
  std::string key;
  const OptionDecl* decl = nullptr;  ///< Null: a group.
  std::vector<DeclTree> below;

  bool required() const;
};

/// In the order of declaration.
std::vector<DeclTree> tree_of(std::span<const OptionDecl> decls);

/// The default for people: "250ms", "none" when there is none, never a secret.
std::string shown_default(const OptionDecl& decl);

/// The range in human units, as "1 to 10000" or "at least 1s"; empty when there is none that says
/// more than the type.
std::string shown_range(const OptionDecl& decl);

/// The type for people: "duration", "list of text", "full | none".
std::string shown_type(const OptionDecl& decl);

}  // namespace tidemill::config
