// StreamHub: the embedded queues and logs of one engine, and the changes of its tables, each once,
// whichever pipelines use it.
//
// Filled while pipelines are built, emptied when they are gone: after a failed write all is made
// anew from what the store holds. Lives on the executor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/dispatch/commit_sequencer.h"
#include "core/streams/embedded_log.h"
#include "core/streams/embedded_queue.h"

namespace tidemill {

class StreamHub {
 public:
  /// `store` and `sequencer` outlive it. `trim_wanted` is called when a log has outgrown its
  /// retention: whoever keeps house calls trim() then, and now and then because of age.
  StreamHub(Store& store, CommitSequencer& sequencer, std::function<void()> trim_wanted)
      : store_(store), sequencer_(sequencer), trim_wanted_(std::move(trim_wanted)) {}

  /// The queue of this name. Errors: transient.
  Result<EmbeddedQueue*> queue(const std::string& name);

  /// The log of this name, with that many partitions at least. Ask for the most first: readers
  /// count them when they are made. Errors: transient.
  Result<EmbeddedLog*> log(const std::string& name, std::uint32_t partitions);

  /// The changes of a table, which the store feeds already. Errors: transient.
  Result<EmbeddedLog*> changes(const std::string& table);

  /// Forgets all. Precondition: no pipeline uses any.
  void clear();

  /// Removes what no retention keeps. Errors: transient.
  Task<Result<>> trim(WallTime now);

 private:
  Result<EmbeddedLog*> log_of(StreamKind kind, const std::string& place, const std::string& name,
                              std::uint32_t partitions);

  Store& store_;
  CommitSequencer& sequencer_;
  const std::function<void()> trim_wanted_;
  std::map<std::string, std::unique_ptr<EmbeddedQueue>> queues_;
  // By place. Shared with a trim under way, which may outlast a clear().
  std::map<std::string, std::shared_ptr<EmbeddedLog>> logs_;
};

}  // namespace tidemill
