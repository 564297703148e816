// Where the plugins of core/invoke/testdata are: the build puts them beside the test that loads
// them.
#pragma once

#include <filesystem>
#include <string>

namespace tidemill {

inline std::string test_plugins() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "testdata").string();
}

}  // namespace tidemill
