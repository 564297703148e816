// Plugin: one shared object with a native function in it, loaded and understood.
//
// Loading asks the plugin what it is (name, outputs, options) and copies that into engine types, so
// that nobody else reads the C structs of a declaration. A plugin is never unloaded: code, thread
// locals and exception tables of a foreign library cannot be taken back safely.
//
// Thread safety: load() may run on any thread; a Plugin is immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/config/function_catalog.h"
#include "tidemill/function_abi.h"
#include "tidemill/result.h"

namespace tidemill {

class Plugin {
 public:
  /// Loads the shared object at `path`. Whatever is wrong with the file, the engine stays up.
  ///
  /// Errors: bad_config, with a sentence that says what to do about it.
  static Result<std::shared_ptr<const Plugin>> load(const std::string& path);

  /// Reads the declaration in a table that `path` handed out: load() with the file left out.
  static Result<config::FunctionDecl> declaration(const tidemill_function& table,
                                                  const std::string& path);

  const config::FunctionDecl& decl() const { return decl_; }

  /// The file it was loaded from, absolute.
  const std::string& path() const { return path_; }

  /// The plugin's own table; every pointer in it but `cancel` is set.
  const tidemill_function& table() const { return *table_; }

  /// One of TIDEMILL_NON_BLOCKING and so on.
  bool has(std::uint32_t flag) const { return (table_->flags & flag) != 0; }

  /// xxh3 of the file's bytes, as hex: which build this is.
  const std::string& binary_hash() const { return binary_hash_; }

 private:
  Plugin(config::FunctionDecl decl, std::string path, const tidemill_function* table,
         std::string binary_hash);

  config::FunctionDecl decl_;
  std::string path_;
  const tidemill_function* table_;
  std::string binary_hash_;
};

}  // namespace tidemill
