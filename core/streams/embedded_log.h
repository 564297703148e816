// EmbeddedLog: a log of the engine, or the changes of one of its tables, between the pipelines that
// put and the pipelines that read. Each reader has its own progress; nothing leaves by being read.
//
// What goes, goes by retention: by the age of records, and by the size of all of them, from the
// front of each partition. A reader that was not there yet is told how much it has lost.
//
// Lives on one executor; reads block on the store's own threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "core/streams/embedded_stream.h"

namespace tidemill {

struct LogRetention {
  std::optional<Duration> age;
  std::optional<std::uint64_t> bytes;  ///< Over all partitions, which have equal parts of it.
};

class EmbeddedLog final : public EmbeddedStream {
 public:
  /// All outlive the log. `trim_wanted` is called when it has grown too large.
  EmbeddedLog(std::string place, StreamInfo info, Store& store, CommitSequencer& sequencer,
              std::function<void()> trim_wanted);

  /// Reads how large it is. Errors: transient.
  Result<> load();

  void set_retention(LogRetention retention) { retention_ = retention; }

  /// Removes what retention no longer keeps. Errors: transient; the next time does it all.
  Task<Result<>> trim(WallTime now);

  void news() override;
  /// How often there were any.
  std::uint64_t news_count() const { return news_count_; }

  /// The number of the first record that was written at `since` or later, or the one that will be
  /// put next. Blocking. Errors: transient.
  Result<std::uint64_t> first_since(Partition partition, WallTime since) const;

  Store& store() const { return store_; }
  CommitSequencer& sequencer() const { return sequencer_; }

 private:
  struct Cut {
    StreamTrim trim;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
  };

  std::optional<std::uint64_t> part_bytes() const;
  Result<std::optional<Cut>> cut(Partition partition, WallTime now) const;
  Result<std::uint64_t> first_where(Partition partition, const StreamState& state,
                                    const std::function<bool(const StreamRecord&)>& holds) const;

  Store& store_;
  CommitSequencer& sequencer_;
  const std::function<void()> trim_wanted_;
  LogRetention retention_;
  std::uint64_t news_count_ = 0;
};

}  // namespace tidemill
