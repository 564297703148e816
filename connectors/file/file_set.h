// FileSet: the logs of a file source, one for each name: the one of its path, or those that match
// its pattern, also when they come and go.
//
// The blocking half, together with FileLog: FileSource calls it on the pool, one thread at a time.
// Logs take turns, one chunk each; none but the current one holds more than an unfinished record.
// Those that end are worked a few at a time, so that few files are open.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file.h"
#include "file_history.h"
#include "file_log.h"
#include "file_pattern.h"
#include "folder_news.h"
#include "tidemill/registry.h"
#include "tidemill/source.h"

namespace tidemill::file {

class FileSet {
 public:
  enum class Fill {
    some,     ///< current() has, or may have, new records.
    nothing,  ///< Nothing more for now.
    ended,    ///< Nothing more, ever.
  };

  /// `config` outlives it. A pattern if `matches`, else one path.
  FileSet(const SourceConfig& config, bool matches, Services services,
          std::shared_ptr<FileHistories> histories);

  std::string identity() const { return "file:" + config_.path.value; }
  const std::optional<FilePattern>& pattern() const { return pattern_; }

  /// Errors: bad_config (no file, and none will come; what FileLog says), transient.
  Result<> open(const Progress& progress, Instant now);

  /// Reads on, from logs whose partition is not `paused`; those keep the records they have.
  /// Precondition: all records of current() were taken, or it is paused.
  ///
  /// Errors: as open(). A file that cannot be read at all ends only itself while others have more.
  Result<Fill> fill(Instant now, const std::vector<Partition>& paused);

  /// The log whose records come next; null while there are none.
  FileLog* current() { return current_; }

  /// Where news of the files comes from; see concerns().
  FolderNews& news() { return news_; }

  /// Is a file that is called so in its folder one of these, or may it become one?
  bool concerns(std::string_view file_name) const;

 private:
  Result<> add_matching(const Progress* progress);
  void add_renamed(const Progress& progress);
  void add(const std::string& name, Partition partition, std::optional<Offset> next);
  bool has(std::string_view name) const;
  std::size_t turns() const;
  void remove_at_turn();
  Result<> set_aside(const Error& error);

  const SourceConfig& config_;
  const Services services_;
  const std::shared_ptr<FileHistories> histories_;
  std::optional<FilePattern> pattern_;
  const bool ends_;

  std::shared_ptr<FileHistory> history_;
  FolderNews news_;
  std::vector<std::unique_ptr<FileLog>> logs_;
  std::size_t turn_ = 0;
  FileLog* current_ = nullptr;
  Instant next_scan_{};
  std::vector<std::string> aside_;  ///< Names that cannot be read.
  std::optional<Error> failure_;    ///< Of the first of them; told when the others are done.
};

}  // namespace tidemill::file
