// FileHistory: which files had the names that a source reads, in which order.
//
// A name's files are its generations, numbered from 0, and a name is a partition. Progress says how
// far a generation was read (see FileLog); this says which file that was, so that it is found again
// after a restart, under another name too. Kept in the data folder, one small file per identity of
// a source; pipelines that read the same place share it.
//
// What is lost with it is only that: progress is then taken to be of the file that has the name
// now.
//
// Thread-safe. Changes are durable after save(), which comes before any event of a new generation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file_id.h"
#include "tidemill/ids.h"
#include "tidemill/log.h"
#include "tidemill/result.h"

namespace tidemill::file {

class FileHistory {
 public:
  using Generation = std::uint32_t;
  static constexpr Generation generation_max = 0xffff;

  /// With more names than these, those without a file may be forgotten.
  static constexpr std::size_t names_max = 1024;

  /// Reads the file at `path`, if there is one. `identity` is the source's.
  FileHistory(std::string path, std::string identity, Log& log);

  /// A name that stands in the configuration is partition 0; one that matched a pattern gets a
  /// partition of its own, the same again after a restart.
  Partition partition_of(const std::string& name, bool matched);

  /// All names that had a file.
  std::vector<std::string> names() const;

  /// Forgets the name if there are too many.
  void forget(const std::string& name);

  std::optional<FileId> find(const std::string& name, Generation generation) const;

  /// For a reader that begins: the last generation if that is the open file, which is `now`; else
  /// that becomes the next one.
  Generation current(const std::string& name, int file, const FileId& now);

  /// For a reader whose generation is no more: the next one known, else `now` becomes it.
  Generation after(const std::string& name, Generation generation, const FileId& now);

  /// For a reader that is through with a generation, which is the open file: the next one known
  /// that is another file.
  std::optional<Generation> next(const std::string& name, Generation generation, int file,
                                 const FileId& now) const;

  /// Says what a generation is, or knows more of its beginning.
  void record(const std::string& name, Generation generation, const FileId& now);

  /// The name of which the open file is a generation; empty if it is of none.
  std::string owner_of(int file, const FileId& now) const;

  /// Does nothing without a change since the last.
  ///
  /// Errors: transient.
  Result<> save();

 private:
  // Of one name. Older ones are forgotten: nobody is so far behind.
  static constexpr std::size_t files_max = 1024;

  struct Name {
    Partition partition;
    std::map<Generation, FileId> files;
  };

  void load(std::string_view text);
  std::string text() const;
  bool is_taken(Partition partition) const;
  void set(Name& name, Generation generation, const FileId& file);

  const std::string path_;
  const std::string identity_;
  mutable std::mutex mutex_;
  std::map<std::string, Name> names_;
  std::uint64_t forgotten_ = 0;  ///< A forgotten name that comes back must not get its partition.
  bool dirty_ = false;
};

/// The histories in use, so that sources of one identity share one. Thread-safe.
class FileHistories {
 public:
  std::shared_ptr<FileHistory> open(const std::string& data_folder, const std::string& identity,
                                    Log& log);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<FileHistory>> open_;
};

}  // namespace tidemill::file
