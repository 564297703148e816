// Catalog: the immutable numbers behind the names of pipelines, tables, outboxes and streams.
//
// Keys and files carry the number, so that a rename rewrites nothing. A number is never used again,
// whatever becomes of its name. Everything is kept in memory too: there are as many entries as
// names in a user's files.
//
//   registry family   kind:u8 name -> integer      kind: 'p' pipeline, 't' table, 'o' outbox,
//                                                  whose name is pipeline:u32 and its sink's name,
//                                                  'q' queue, 'l' log, 'c' changes of a table
//                     '#'          -> integer      the next free number
//
// Thread safety: any thread; all but find() and all() under a lock of Database::hold(). Errors of
// all members: transient, and what each says.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/database.h"
#include "tidemill/result.h"

namespace tidemill::state {

enum class NameKind : char {
  pipeline = 'p',
  table = 't',
  outbox = 'o',
  queue = 'q',
  log = 'l',
  changes = 'c',
  archive = 'a',
};

class Catalog {
 public:
  /// `database` outlives the catalog.
  explicit Catalog(Database& database) : database_(database) {}

  /// Reads the registry family. Called once, before anything else.
  Result<> load();

  /// After the database was opened again: makes the registry say what was answered, whatever became
  /// of the writes that said it first.
  Result<> restore();

  std::optional<std::uint32_t> find(NameKind kind, std::string_view name) const;

  /// The name's number, made at first use; durable before anything that carries it.
  Result<std::uint32_t> number(NameKind kind, std::string_view name);

  /// As number(), but a name that has none takes over the number of `from`, if that has one. Errors
  /// with bad_config when `from` was itself asked for since the folder was opened: two live names
  /// must not share a number.
  Result<std::uint32_t> number_renamed(NameKind kind, std::string_view name, std::string_view from);

  /// Every name with its number, in order of names.
  std::vector<std::pair<std::string, std::uint32_t>> all(NameKind kind) const;

 private:
  Result<std::uint32_t> make(const std::string& key);

  Database& database_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, std::uint32_t, std::less<>> numbers_;  // By kind and name.
  std::set<std::string, std::less<>> asked_for_;
  std::uint32_t next_ = 1;
};

}  // namespace tidemill::state
