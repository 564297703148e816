// FunctionCatalog: what the config needs to know of native functions - the loader's view of the
// plugin host, which implements it. Used from one thread, while a plan is loaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/effect_kind.h"
#include "tidemill/result.h"

namespace tidemill::config {

using tidemill::OutputKind;

/// As `describe` and messages call it: what a sink takes of this output.
inline std::string_view name_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::objects:
      return "objects";
    case OutputKind::rows:
      return "rows";
    case OutputKind::messages:
      break;
  }
  return "messages";
}

struct FunctionOutput {
  std::string name;
  OutputKind kind = OutputKind::messages;
  std::string doc;        ///< One sentence; may be empty.
  bool optional = false;  ///< It may be left without a sink.
};

/// What a plugin says about itself.
struct FunctionDecl {
  std::string name;
  std::string summary;
  std::vector<OptionDecl> options;
  std::vector<FunctionOutput> outputs;
  std::vector<std::string> flags;  ///< "non_blocking", "thread_safe", "deterministic".
  bool takes_any_config = false;   ///< Its options are not known, and not checked.

  const FunctionOutput* output(std::string_view output_name) const {
    for (const auto& o : outputs)
      if (o.name == output_name) return &o;
    return nullptr;
  }
};

class FunctionCatalog {
 public:
  virtual ~FunctionCatalog() = default;

  /// The function that `native` names: a plugin on the plugin path, or a path to a .so, relative
  /// ones from `folder`. The declaration lives as long as the catalog.
  ///
  /// Errors: bad_config, with a sentence for the user.
  virtual Result<const FunctionDecl*> find(std::string_view native, const std::string& folder) = 0;

  /// What stands in for the function that a plan calls `name`; null: its plugin is asked.
  virtual const FunctionDecl* stand_in(std::string_view name) const {
    std::ignore = name;
    return nullptr;
  }

  /// Names of the plugins on the plugin path, sorted.
  virtual std::vector<std::string> names() const = 0;
};

}  // namespace tidemill::config
