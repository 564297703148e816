// PluginCatalog: the plugins that this process has loaded, each file once. It is what the config
// loader checks functions against, what `list` and `describe` print, and where the engine takes the
// plugins of its functions from.
//
// Thread safety: none; used while a plan is loaded and the engine is built, from one thread. The
// plugins it hands out are free of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/function_catalog.h"
#include "core/invoke/plugin.h"
#include "core/invoke/plugin_path.h"

namespace tidemill {

class PluginCatalog final : public config::FunctionCatalog {
 public:
  explicit PluginCatalog(PluginPath path) : path_(std::move(path)) {}

  /// The plugin that `native` names for a file in `folder`; see PluginPath::find. A plugin that
  /// failed once fails again with the same words: foreign code runs once.
  Result<std::shared_ptr<const Plugin>> plugin(std::string_view native, const std::string& folder);

  Result<const config::FunctionDecl*> find(std::string_view native,
                                           const std::string& folder) override;

  std::vector<std::string> names() const override;

  const PluginPath& path() const { return path_; }

 private:
  PluginPath path_;
  std::map<std::string, Result<std::shared_ptr<const Plugin>>> by_file_;
};

}  // namespace tidemill
