// Reads `functions:`. Internal to load_plan().
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/load_context.h"
#include "core/config/plan.h"

namespace tidemill::config {

class Functions {
 public:
  explicit Functions(LoadContext& context) : context_(context) {}

  /// Takes in one file's `functions:`.
  void add(const Node& section);

  /// Whether this name stands under `functions:`, rightly or wrongly.
  bool exists(std::string_view name) const { return decls_.contains(name); }

  /// What the function behind a name declares; null when its plugin was not found.
  const FunctionDecl* decl(std::string_view name) const;

  std::vector<std::string> names() const;
  std::vector<FunctionPlan> take() { return std::move(plans_); }

 private:
  struct Known {
    const FunctionDecl* decl = nullptr;
    Mark where;
  };

  const FunctionDecl* read(const Node& entry);
  void warn_of_memory(const Node& entry);
  const FunctionDecl* find_plugin(const Node& entry, const FunctionPlan& plan);

  LoadContext& context_;
  std::vector<FunctionPlan> plans_;
  std::map<std::string, Known, std::less<>> decls_;
};

}  // namespace tidemill::config
