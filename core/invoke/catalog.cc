#include "core/invoke/catalog.h"

#include <filesystem>

namespace tidemill {

Result<std::shared_ptr<const Plugin>> PluginCatalog::plugin(std::string_view native,
                                                            const std::string& folder) {
  const auto file = path_.find(native, folder);
  if (!file) return std::unexpected(file.error());
  auto known = by_file_.find(*file);
  if (known == by_file_.end()) known = by_file_.emplace(*file, Plugin::load(*file)).first;
  return known->second;
}

Result<const config::FunctionDecl*> PluginCatalog::find(std::string_view native,
                                                        const std::string& folder) {
  const auto loaded = plugin(native, folder);
  if (!loaded) return std::unexpected(loaded.error());
  return &(*loaded)->decl();
}

std::vector<std::string> PluginCatalog::names() const {
  std::vector<std::string> names;
  for (const auto& file : path_.all()) names.push_back(std::filesystem::path(file).stem().string());
  return names;
}

}  // namespace tidemill
