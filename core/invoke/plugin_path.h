// PluginPath: where the name of a native function in a pipeline file becomes the path of a .so.
//
//     native: thumbnail           -> thumbnail.so in the first folder of the plugin path that has
//     it native: ./build/hello.so    -> that file, relative to the folder of the pipeline file
//
// Immutable after construction; free to copy and to share between threads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill {

class PluginPath {
 public:
  explicit PluginPath(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  /// The path of this process: the folders of $TIDEMILL_PLUGIN_PATH (separated by colons), then
  /// `plugins` beside the executable (a build tree), then the installed ones.
  static PluginPath of_process();

  /// The same from its parts, for tests and for other front ends.
  static PluginPath standard(std::string_view environment, const std::filesystem::path& executable);

  /// The file that `native` means in a pipeline file of `config_folder`, which is searched last.
  ///
  /// Errors: bad_config, naming every place that was looked at.
  Result<std::string> find(std::string_view native,
                           const std::filesystem::path& config_folder) const;

  /// Every plugin by file, each name once: the first folder wins. Sorted by name.
  std::vector<std::string> all() const;

  const std::vector<std::filesystem::path>& folders() const { return folders_; }

 private:
  std::vector<std::filesystem::path> folders_;
};

}  // namespace tidemill
