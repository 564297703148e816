// FileLog: the files that had one name, one after the other, as a log of one partition.
//
// Follows a name as `tail -F` does: a file that grows, is cut, is renamed and replaced. The
// blocking half of a file source: it knows nothing of coroutines, timers or clocks. FileSource
// calls fill() on the pool, and takes the records in between; one thread at a time.
//
// Offsets: (generation << 48) | byte. The generation counts how often the name began anew (its file
// was cut, or replaced), so that offsets never go back; FileHistory knows which file it is. The
// byte counts what an archive holds, not the archive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "file.h"
#include "file_history.h"
#include "file_id.h"
#include "open_file.h"
#include "records/record_reader.h"
#include "tidemill/ids.h"
#include "tidemill/log.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::file {

class FileLog {
 public:
  enum class Fill {
    some,     ///< There may be new records.
    nothing,  ///< Nothing more for now.
    missing,  ///< There is no such file, for now.
    ended,    ///< Nothing more, ever: only after end().
  };

  /// All of it outlives the log.
  struct Shared {
    const SourceConfig& config;
    FileHistory& history;
    Log& log;
  };

  /// What its events say of their origin; lives as long as any record's owner does.
  struct Origin {
    std::string source;
    std::string subject;
  };

  FileLog(std::string name, Partition partition, Shared shared,
          std::shared_ptr<const Origin> origin);

  /// Continues at an offset that an event had as its next; without one, at the beginning of the
  /// file that has the name.
  void resume(std::optional<Offset> next);

  /// From now on the log ends at the end of the file that has the name.
  void end() { ends_ = true; }

  /// Reads on. `now` is for how long a file that was replaced may still grow. Precondition: all
  /// records so far were taken.
  ///
  /// Errors: bad_config (a folder, no permission, a damaged archive), transient.
  Result<Fill> fill(Instant now);

  records::RecordReader& records() { return reader_; }
  Offset offset(std::uint64_t byte) const;

  const std::string& name() const { return name_; }
  Partition partition() const { return partition_; }
  const Origin& origin() const { return *origin_; }

  /// Was all read, of a file that has no name any more?
  bool is_gone() const;

 private:
  using Generation = FileHistory::Generation;

  Result<Fill> find_file();
  Result<Fill> take_up(Descriptor file, const FileId& id);
  Descriptor find_renamed(const FileId& wanted, FileId& found) const;
  Result<> begin(Generation generation);
  Result<> begin_next();
  Result<> begin_anew(std::string_view why);
  Result<> look_at_name(Instant now);
  bool is_done_with_file(Instant now) const;
  Result<bool> finish_file();
  std::unexpected<Error> unreadable(const Error& error) const;

  const std::string name_;
  const Partition partition_;
  const Shared shared_;
  const std::shared_ptr<const Origin> origin_;
  bool ends_ = false;
  records::RecordReader reader_;

  std::optional<Generation> generation_;  ///< Empty: to be known when there is a file.
  std::uint64_t resume_at_ = 0;           ///< Byte where the records to be read begin.
  std::optional<OpenFile> file_;
  bool at_end_ = false;    ///< The last read found nothing.
  bool finished_ = false;  ///< What follows the last line end was made a record.

  std::uint64_t named_inode_ = 0;  ///< The file that had the name at the last look.
  std::optional<Instant> replaced_at_;
  Instant next_look_{};
  bool said_missing_ = false;
};

}  // namespace tidemill::file
