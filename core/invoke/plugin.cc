#include "core/invoke/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <set>
#include <utility>

#include "core/invoke/fingerprint.h"
#include "core/invoke/strided.h"

namespace tidemill {

using config::FunctionDecl;
using config::FunctionOutput;
using config::OutputKind;

namespace {

namespace fs = std::filesystem;

// The fields of tidemill_function that stand still over all major versions.
constexpr std::uint32_t frozen_head_bytes = 4 * sizeof(std::uint32_t);

// How far above our own major to look for the one that a plugin speaks, to be able to name it.
constexpr std::uint32_t majors_probed = 16;

std::unexpected<Error> bad(const std::string& path, std::string_view what) {
  return fail(Fault::bad_config, fmt::format("{} {}", path, what));
}

std::string other_version(std::uint32_t major, std::uint32_t minor) {
  return fmt::format(
      "was built for ABI {}.{}, this engine speaks {}.{}; rebuild it against this version", major,
      minor, TIDEMILL_ABI_MAJOR, TIDEMILL_ABI_MINOR);
}

// The plugin's entry is foreign code: it must not throw, but if it does, only it has failed.
Result<const tidemill_function*> ask(tidemill_entry entry, std::uint32_t major,
                                     const std::string& path) {
  try {
    return entry(major);
  } catch (const std::exception& e) {
    return bad(path, fmt::format("failed while it declared its function: {}", e.what()));
  } catch (...) {
    return bad(path, "failed while it declared its function: it threw an unknown exception");
  }
}

// The table for our major version, or the sentence that says which one the plugin has.
Result<const tidemill_function*> find_table(tidemill_entry entry, const std::string& path) {
  auto table = ask(entry, TIDEMILL_ABI_MAJOR, path);
  if (!table || *table != nullptr) return table;
  for (std::uint32_t major = 0; major <= TIDEMILL_ABI_MAJOR + majors_probed; ++major) {
    if (major == TIDEMILL_ABI_MAJOR) continue;
    auto other = ask(entry, major, path);
    if (!other) return other;
    if (*other == nullptr) continue;
    const auto minor = (*other)->size >= frozen_head_bytes ? (*other)->abi_minor : 0;
    return bad(path, other_version(major, minor));
  }
  return bad(path, fmt::format("speaks no ABI version that this engine knows of (it speaks {}.{}); "
                               "rebuild it against this version",
                               TIDEMILL_ABI_MAJOR, TIDEMILL_ABI_MINOR));
}

std::string text(const tidemill_slice& s) {
  return s.data == nullptr ? std::string() : std::string(s.data, s.size);
}

Result<std::vector<FunctionOutput>> outputs_of(const tidemill_function& table,
                                               const std::string& path) {
  const Strided<tidemill_output> raw(table.outputs, table.output_count, table.output_stride);
  if (!raw.well_formed()) return bad(path, "declares its outputs in a malformed array");
  std::vector<FunctionOutput> outputs;
  std::set<std::string> names;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto& o = raw[i];
    const auto kind = o.kind & ~TIDEMILL_OUTPUT_OPTIONAL;
    if (kind < TIDEMILL_OUTPUT_OBJECTS || kind > TIDEMILL_OUTPUT_MESSAGES)
      return bad(path,
                 fmt::format("declares output '{}' of the unknown kind {}", text(o.name), o.kind));
    outputs.push_back({text(o.name), static_cast<OutputKind>(kind), text(o.doc), kind != o.kind});
    if (outputs.back().name.empty()) return bad(path, "declares an output without a name");
    if (!names.insert(outputs.back().name).second)
      return bad(path, fmt::format("declares the output '{}' twice", outputs.back().name));
  }
  return outputs;
}

Result<std::vector<OptionDecl>> options_of(const tidemill_function& table,
                                           const std::string& path) {
  const Strided<tidemill_option> raw(table.options, table.option_count, table.option_stride);
  if (!raw.well_formed()) return bad(path, "declares its options in a malformed array");
  std::vector<OptionDecl> options;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto& o = raw[i];
    OptionDecl decl;
    decl.name = text(o.name);
    if (decl.name.empty()) return bad(path, "declares an option without a name");
    if (o.type < static_cast<std::uint32_t>(OptionType::text) ||
        o.type > static_cast<std::uint32_t>(OptionType::mapping))
      return bad(path,
                 fmt::format("declares option '{}' of the unknown type {}", decl.name, o.type));
    if (o.choice_count != 0 && o.choices == nullptr)
      return bad(path, fmt::format("declares option '{}' with missing choices", decl.name));
    decl.type = static_cast<OptionType>(o.type);
    decl.required = (o.flags & TIDEMILL_OPTION_REQUIRED) != 0;
    decl.list = (o.flags & TIDEMILL_OPTION_LIST) != 0;
    decl.default_value = text(o.default_value);
    decl.doc = text(o.doc);
    for (std::uint32_t c = 0; c < o.choice_count; ++c) decl.choices.push_back(text(o.choices[c]));
    if ((o.flags & TIDEMILL_OPTION_HAS_MIN) != 0) decl.min = o.min;
    if ((o.flags & TIDEMILL_OPTION_HAS_MAX) != 0) decl.max = o.max;
    options.push_back(std::move(decl));
  }
  return options;
}

}  // namespace

Plugin::Plugin(FunctionDecl decl, std::string path, const tidemill_function* table,
               std::string binary_hash)
    : decl_(std::move(decl)),
      path_(std::move(path)),
      table_(table),
      binary_hash_(std::move(binary_hash)) {}

Result<FunctionDecl> Plugin::declaration(const tidemill_function& table, const std::string& path) {
  if (table.size < frozen_head_bytes) return bad(path, "answered with a malformed function table");
  if (table.abi_major != TIDEMILL_ABI_MAJOR || table.abi_minor > TIDEMILL_ABI_MINOR)
    return bad(path, other_version(table.abi_major, table.abi_minor));
  if (table.size < sizeof(tidemill_function))
    return bad(
        path, fmt::format("answered with a function table of {} bytes, ABI {}.{} has {}",
                          table.size, table.abi_major, table.abi_minor, sizeof(tidemill_function)));
  const std::pair<bool, std::string_view> required[] = {
      {table.create != nullptr, "create"},
      {table.destroy != nullptr, "destroy"},
      {table.handle != nullptr, "handle"},
      {table.free_response != nullptr, "free_response"}};
  for (const auto& [present, name] : required)
    if (!present) return bad(path, fmt::format("has no {}() in its function table", name));

  FunctionDecl decl;
  decl.name = text(table.name);
  if (decl.name.empty()) return bad(path, "declares a function without a name");
  decl.summary = text(table.summary);
  auto outputs = outputs_of(table, path);
  if (!outputs) return std::unexpected(outputs.error());
  decl.outputs = std::move(*outputs);
  auto options = options_of(table, path);
  if (!options) return std::unexpected(options.error());
  decl.options = std::move(*options);
  const std::pair<std::uint32_t, const char*> flags[] = {{TIDEMILL_NON_BLOCKING, "non_blocking"},
                                                         {TIDEMILL_THREAD_SAFE, "thread_safe"},
                                                         {TIDEMILL_DETERMINISTIC, "deterministic"}};
  for (const auto& [flag, name] : flags)
    if ((table.flags & flag) != 0) decl.flags.emplace_back(name);
  return decl;
}

Result<std::shared_ptr<const Plugin>> Plugin::load(const std::string& path) {
  std::error_code ignored;
  // dlopen searches the system's folders for a name without a slash, and never returns from a pipe.
  const std::string file = fs::absolute(path, ignored).lexically_normal().string();
  if (!fs::exists(file, ignored)) return bad(file, "does not exist");
  if (!fs::is_regular_file(file, ignored)) return bad(file, "is not a file");

  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::string_view why = dlerror();
    if (why.starts_with(file)) why.remove_prefix(file.size());
    if (why.starts_with(": ")) why.remove_prefix(2);
    return bad(file, fmt::format("cannot be loaded as a shared object: {}", why));
  }
  const auto entry = reinterpret_cast<tidemill_entry>(dlsym(library, TIDEMILL_ENTRY_SYMBOL));
  if (entry == nullptr)
    return bad(file, "is not a Tidemill function: it exports no " TIDEMILL_ENTRY_SYMBOL
                     "; build it with tidemill_add_function()");

  auto table = find_table(entry, file);
  if (!table) return std::unexpected(table.error());
  auto decl = declaration(**table, file);
  if (!decl) return std::unexpected(decl.error());
  auto hash = fingerprint_of_file(file);
  if (!hash) return std::unexpected(hash.error());
  return std::shared_ptr<const Plugin>(
      new Plugin(std::move(*decl), file, *table, std::move(*hash)));
}

}  // namespace tidemill
