#include "core/invoke/plugin_path.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <system_error>
#include <utility>

namespace tidemill {
namespace fs = std::filesystem;

namespace {

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

PluginPath PluginPath::of_process() {
  const char* environment = std::getenv("TIDEMILL_PLUGIN_PATH");
  std::error_code ignored;
  return standard(environment == nullptr ? "" : environment,
                  fs::read_symlink("/proc/self/exe", ignored));
}

PluginPath PluginPath::standard(std::string_view environment, const fs::path& executable) {
  std::vector<fs::path> folders;
  const auto add = [&folders](const fs::path& folder) {
    std::error_code ignored;
    auto absolute = fs::absolute(folder, ignored).lexically_normal();
    for (const auto& known : folders)
      if (known == absolute) return;
    folders.push_back(std::move(absolute));
  };
  while (!environment.empty()) {
    const auto colon = environment.find(':');
    if (colon != 0) add(environment.substr(0, colon));
    environment.remove_prefix(colon == std::string_view::npos ? environment.size() : colon + 1);
  }
  if (!executable.empty()) {
    const fs::path bin = executable.parent_path();
    add(bin / "plugins");
    // TIDEMILL_LIBDIR is where this build installs to: on Debian it may name the architecture.
    add(bin / ".." / TIDEMILL_LIBDIR / "tidemill" / "plugins");
    add(bin / ".." / "lib" / "tidemill" / "plugins");
  }
  return PluginPath(std::move(folders));
}

Result<std::string> PluginPath::find(std::string_view native, const fs::path& config_folder) const {
  if (native.empty()) return fail(Fault::bad_config, "native: expected a plugin's name or path");
  std::error_code ignored;
  if (native.find('/') != std::string_view::npos || native.ends_with(".so")) {
    const fs::path file = fs::absolute(config_folder / native, ignored).lexically_normal();
    if (is_file(file)) return file.string();
    return fail(Fault::bad_config, fmt::format("there is no plugin at {}", file.string()));
  }
  std::string searched;
  const auto try_folder = [&](const fs::path& folder) -> std::string {
    const fs::path file = folder / (std::string(native) + ".so");
    if (is_file(file)) return file.string();
    searched += (searched.empty() ? "" : ", ") + folder.string();
    return {};
  };
  for (const fs::path& folder : folders_)
    if (auto file = try_folder(folder); !file.empty()) return file;
  const auto last = fs::absolute(config_folder, ignored).lexically_normal();
  if (auto file = try_folder(last); !file.empty()) return file;
  return fail(Fault::bad_config,
              fmt::format("there is no plugin '{0}': no {0}.so in {1}; add its folder to "
                          "TIDEMILL_PLUGIN_PATH or write the path to its .so",
                          native, searched));
}

std::vector<std::string> PluginPath::all() const {
  std::map<std::string, std::string> files;
  for (const fs::path& folder : folders_) {
    std::error_code unreadable;
    // A folder that is missing or not ours to read holds no plugins; that is no error here.
    for (const auto& entry : fs::directory_iterator(folder, unreadable))
      if (entry.path().extension() == ".so" && is_file(entry.path()))
        files.emplace(entry.path().stem().string(), entry.path().string());
  }
  std::vector<std::string> sorted;
  for (auto& [name, file] : files) sorted.push_back(std::move(file));
  return sorted;
}

}  // namespace tidemill
