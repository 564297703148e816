// TempFolder: a folder of its own for one test, and the few things tests do to files.
//
// Lives below TMPDIR and goes away with the object. A failure ends the process:
// a test that cannot prepare its files has nothing to say.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace tidemill::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tidemill-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    // Without symlinks, as connectors name their places.
    path_ = std::filesystem::canonical(name).string();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;  // A left-over folder fails no test.
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }

  /// Writes a whole file; makes its folders.
  void write(std::string_view name, std::string_view content) const {
    put(name, content, std::ios::trunc);
  }
  void append(std::string_view name, std::string_view content) const {
    put(name, content, std::ios::app);
  }
  void make_folder(std::string_view name) const {
    std::filesystem::create_directories(*this / name);
  }
  void rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(*this / from, *this / to);
  }
  void remove(std::string_view name) const { std::filesystem::remove_all(*this / name); }
  bool exists(std::string_view name) const { return std::filesystem::exists(*this / name); }

  std::string read(std::string_view name) const {
    std::ifstream file(*this / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

 private:
  void put(std::string_view name, std::string_view content, std::ios::openmode mode) const {
    const std::filesystem::path path = *this / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary | mode);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) std::abort();
  }

  std::string path_;
};

}  // namespace tidemill::testing
